import CallPanelDriver
import DeviceKit
import DeviceVocabulary
import DigitalIOCodec
import DigitalIODriver
import ModbusRTUCodec
import ModbusRTUDriver

/// Every driver that a site file can name. Adding a device is one folder under `Protocols/`, its line in `Package.swift` and one here.
public enum DriverCatalog {
  /// The owner of a bus's line with all its nodes, as the site file describes them.
  public static func master(_ bus: BusPlan) -> ModbusMaster<CatalogNode> {
    var settings = ModbusMasterSettings(bus: bus.name, timing: bus.timing)
    settings.dropsEcho = bus.echo
    return ModbusMaster(settings: settings, nodes: nodes(bus))
  }

  static func nodes(_ bus: BusPlan) -> [CatalogNode] {
    bus.panels.map { CatalogNode(CallPanelDriver(CallPanelConfiguration(device: DeviceID(bus: bus.name, node: $0.node)))) }
      + bus.modules.map { CatalogNode(DigitalIODriver(configuration($0, bus.name))) }
  }

  static func configuration(_ module: ModulePlan, _ bus: String) -> DigitalIOConfiguration {
    var layout = DigitalIOLayout()
    layout.inputFunction = module.inputsAreCoils ? .coils : .discreteInputs
    layout.inputStart = UInt16(clamping: module.inputStart)
    layout.inputCount = UInt16(clamping: module.inputCount)
    layout.activeLowMask = module.activeLowMask
    layout.outputStart = UInt16(clamping: module.outputStart)
    layout.outputCount = UInt16(clamping: module.outputCount)
    return DigitalIOConfiguration(
      device: DeviceID(bus: bus, node: module.node), layout: layout, product: module.name,
      longestReply: .milliseconds(module.longestReplyMilliseconds))
  }
}

/// Any driver of the catalogue on one line.
public struct CatalogNode: ModbusNode {
  private var driver: any ModbusNode

  init(_ driver: any ModbusNode) {
    self.driver = driver
  }

  public var device: DeviceID { driver.device }
  public var carriesCalls: Bool { driver.carriesCalls }
  public var urgency: ModbusUrgency { driver.urgency }
  public var longestReply: Interval? { driver.longestReply }
  public var due: Instant { driver.due }
  public mutating func nextTransaction(at now: Instant) -> ModbusTransaction? { driver.nextTransaction(at: now) }
  public func accepts(_ answer: ModbusPDU) -> Bool { driver.accepts(answer) }
  public mutating func completed(_ outcome: ModbusOutcome, at now: Instant, into events: inout Effects<DeviceEvent>) {
    driver.completed(outcome, at: now, into: &events)
  }
  public mutating func command(_ command: DeviceCommand, at now: Instant) { driver.command(command, at: now) }
  public mutating func lineRestored(at now: Instant) { driver.lineRestored(at: now) }
}
