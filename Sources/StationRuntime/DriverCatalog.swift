import CCIDDriver
import Crypto
import CallPanelDriver
import DeviceKit
import DeviceVocabulary
import DigitalIOCodec
import DigitalIODriver
import ESCPOSDriver
import ExtronSISCodec
import ExtronSISDriver
import KramerP3000Codec
import KramerP3000Driver
import LineProtocolCodec
import LineProtocolDriver
import ModbusRTUCodec
import ModbusRTUDriver
import PJLinkDriver
import ResidentCardDriver
import SamsungMDCDriver
import VideohubCodec
import VideohubDriver

/// Every driver that a site file can name. Adding a device is one folder under `Protocols/`, its line in `Package.swift` and one here; of the wall
/// a few more (README.md, "Adding a device").
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

  /// Of a device of the display wall; `nil`: it comes to the station by itself.
  public static func wall(_ plan: WallDevicePlan) -> (any WallDriver)? {
    // Spread apart, so that what hangs on one switch does not come back in step.
    let seed = plan.name.utf8.reduce(UInt64(plan.name.utf8.count)) { $0 &* 31 &+ UInt64($1) }
    let quirks = plan.quirks
    switch plan.kind {
    case .videohub: return VideohubDriver(HubDialect(), ports: plan.ports, seed: seed)
    case .extronSIS: return ExtronSISDriver(SISDialect(SISSettings(password: quirks.password)), ports: plan.ports, seed: seed)
    case .kramerP3000:
      let settings = P3000Settings(
        noInput: quirks.noInputIsLast ? .afterLast : .zero, machine: quirks.machine, login: quirks.password)
      return KramerP3000Driver(P3000Dialect(settings), ports: plan.ports, seed: seed)
    case .kramerP2000:
      return KramerP2000Driver(P2000Dialect(P2000Settings(machine: quirks.machine ?? 1)), ports: plan.ports, seed: seed)
    case .line: return quirks.line.map { LineProtocolDriver(LineDialect($0), ports: plan.ports, seed: seed) }
    case .samsungMDC:
      let line = if case .serial = plan.connection { MDCSettings.Line.chain } else { MDCSettings.Line.direct }
      let settings = MDCSettings(
        line: line, ids: plan.ports.compactMap { UInt8(exactly: $0) }, wallDivOrder: quirks.rowsHigh ? .rowsHigh : .columnsHigh,
        hasVideoWall: quirks.hasVideoWall, powerOnDeafSeconds: quirks.powerOnDeafSeconds)
      return MDCDriver(settings, seed: seed)
    case .pjlink:
      return PJLinkDriver(PJLinkSettings(password: quirks.password, md5: { Array(Insecure.MD5.hash(data: $0)) }), seed: seed)
    case .player: return nil
    }
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
