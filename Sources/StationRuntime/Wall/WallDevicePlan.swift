import DeviceVocabulary
import LineProtocolCodec
import Transports

/// What the runtime opens for the wall; what it shows is in `WallPlan`.
public struct WallDevices: Sendable, Equatable {
  public var devices: [WallDevicePlan]
  /// Where players fetch the sources from, by the sources' ids. May hold a camera's password: in no log, on no page.
  public var addresses: [String: String]
  /// Those of the sources that are asked by ONVIF where they are to be fetched from.
  public var cameras: [String: CameraPlan]
  /// The operator's console, on loopback.
  public var consolePort: Int

  public init(
    devices: [WallDevicePlan], addresses: [String: String], cameras: [String: CameraPlan] = [:], consolePort: Int
  ) {
    self.cameras = cameras
    self.consolePort = consolePort
    self.devices = devices
    self.addresses = addresses
  }
}

/// A matrix, a chain of panels, a projector or a player.
public struct WallDevicePlan: Sendable, Equatable {
  /// At most 12 ASCII letters, digits, `-` or `_`.
  public var name: String
  public var kind: Kind
  public var connection: Connection
  /// Those of its ports that the wall uses, in rising order.
  public var ports: [UInt16] = []

  /// What differs between models, and is not certain of any.
  public var quirks = Quirks()

  public enum Kind: String, Sendable, CaseIterable {
    case videohub, samsungMDC, pjlink, extronSIS, kramerP3000, kramerP2000, line, player
  }

  public struct Quirks: Sendable, Equatable {
    /// Of a projector, or of a matrix that asks for one.
    public var password: String?
    /// Of a chain of panels: which half of a wall's size its rows are.
    public var rowsHigh = true
    /// Seconds in which a panel hears nothing after it was switched on.
    public var powerOnDeafSeconds = 10
    /// False: the panel has no video wall of its own.
    public var hasVideoWall = true
    /// Of a matrix that nobody has heard of.
    public var line: LineSettings?
    /// Of a Kramer matrix: its number, and whether input 0 takes a picture away, or the one behind the last does.
    public var machine: UInt8?
    public var noInputIsLast = false
    /// Of a matrix: how many it has, where the site file says so.
    public var inputs: UInt16?
    public var outputs: UInt16?
  }

  public enum Connection: Sendable, Equatable {
    case network(host: String, port: Int)
    /// A path, or what `linli ports` calls an adapter.
    case serial(String, baud: BaudRate)
    /// Players come to the station, not the station to them.
    case none
  }

  public init(name: String, kind: Kind, connection: Connection) {
    self.name = name
    self.kind = kind
    self.connection = connection
  }
}

extension WallDevicePlan.Kind {
  /// TCP port where the site file names none; `nil`: it must name one, or there is none.
  var port: Int? {
    switch self {
    case .videohub: 9990
    case .samsungMDC: 1515
    case .pjlink: 4352
    case .extronSIS: 23
    case .kramerP3000, .kramerP2000: 5000
    case .line, .player: nil
    }
  }

  /// Speed of its serial port where the site file names none; `nil`: it has no serial port.
  var baud: BaudRate? {
    switch self {
    case .samsungMDC, .extronSIS, .kramerP2000, .line: .b9600
    case .kramerP3000: .b115200
    case .videohub, .pjlink, .player: nil
    }
  }

  /// An output of it can be left without an input.
  var disconnects: Bool { self != .videohub }

  /// Switches inputs to outputs; else it shows pictures itself.
  var isMatrix: Bool {
    switch self {
    case .videohub, .extronSIS, .kramerP3000, .kramerP2000, .line: true
    case .samsungMDC, .pjlink, .player: false
    }
  }
  var isDisplay: Bool { displayNumbers != nil }
}
