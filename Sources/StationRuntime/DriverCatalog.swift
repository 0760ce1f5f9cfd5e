import CCIDDriver
import CallPanelDriver
import DeviceKit
import DeviceVocabulary
import DigitalIOCodec
import DigitalIODriver
import ESCPOSDriver
import ModbusRTUCodec
import ModbusRTUDriver
import ResidentCardDriver

/// Every driver that a site file can name. Adding a device is one folder under `Protocols/`, its line in `Package.swift` and one here.
public enum DriverCatalog {
  /// The owner of a bus's line with all its nodes, as the site file describes them unless given.
  public static func master(_ bus: BusPlan, nodes: [AnyModbusNode]? = nil) -> ModbusMaster<AnyModbusNode> {
    var settings = ModbusMasterSettings(bus: bus.name, timing: bus.timing)
    settings.dropsEcho = bus.echo
    return ModbusMaster(settings: settings, nodes: nodes ?? self.nodes(bus))
  }

  /// Of a ticket printer. Whoever stands there is not kept waiting for a printer that cannot: the number is on the screen then.
  static func printer(_ plan: PrinterPlan) -> PrinterDriver {
    PrinterDriver(PrinterSettings(status: plan.status, patience: .seconds(6), separator: plan.profile.separator))
  }

  /// Of a reader of resident identity cards.
  static func reader(_ plan: ReaderPlan, makeBuffer: @escaping @Sendable (Int) -> SecretBuffer) -> CardReader {
    CardReader(settings: plan.settings, makeBuffer: makeBuffer)
  }

  /// Of a reader of smart cards, where the system's own service does not speak with it.
  static func smartCards(_ settings: CCIDReaderSettings, makeBuffer: @escaping @Sendable (Int) -> SecretBuffer) -> CCIDReader {
    CCIDReader(settings: settings, makeBuffer: makeBuffer)
  }

  static func nodes(_ bus: BusPlan) -> [AnyModbusNode] {
    bus.panels.map { AnyModbusNode(CallPanelDriver(CallPanelConfiguration(device: DeviceID(bus: bus.name, node: $0.node)))) }
      + bus.modules.map { AnyModbusNode(DigitalIODriver(configuration($0, bus.name))) }
  }

  static func configuration(_ module: ModulePlan, _ bus: String) -> DigitalIOConfiguration {
    var layout = DigitalIOLayout()
    layout.inputFunction = module.inputsAreCoils ? .coils : .discreteInputs
    layout.inputStart = UInt16(clamping: module.inputStart)
    layout.inputCount = UInt16(clamping: module.inputCount)
    layout.activeLowMask = module.activeLowMask
    layout.outputStart = UInt16(clamping: module.outputStart)
    layout.outputCount = UInt16(clamping: module.outputCount)
    layout.writeFunction = module.writesSingly ? .single : .multiple
    return DigitalIOConfiguration(
      device: DeviceID(bus: bus, node: module.node), layout: layout, product: module.name,
      longestReply: .milliseconds(module.longestReplyMilliseconds))
  }
}
