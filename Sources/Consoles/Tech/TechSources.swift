import DeviceVocabulary
import Station

/// What the duty desk's picture does not say of the site's devices: where each of them hangs, and how the conversations with them go.
public struct TechSources: Sendable, Equatable {
  public struct Wire: Sendable, Equatable {
    public var bus: String
    /// As the site file says it: a device file, or its place on USB.
    public var port: String
    /// The device file that is open; `nil` while none is.
    public var path: String?
    public var baud: Int
    public var format: String
    /// `nil` before the first word about the bus.
    public var condition: BusCondition?
    /// Why the port is not open, or what was said of it last.
    public var remark: String
    public var bytesSent: UInt32
    public var bytesHeard: UInt32
    public var nodes: [Node]

    public init(
      bus: String, port: String, path: String?, baud: Int, format: String, condition: BusCondition?, remark: String,
      bytesSent: UInt32, bytesHeard: UInt32, nodes: [Node]
    ) {
      self.bus = bus
      self.port = port
      self.path = path
      self.baud = baud
      self.format = format
      self.condition = condition
      self.remark = remark
      self.bytesSent = bytesSent
      self.bytesHeard = bytesHeard
      self.nodes = nodes
    }
  }

  public struct Node: Sendable, Equatable {
    public var address: UInt8
    public var name: String
    public var isPanel: Bool
    /// It is only looked for now and then.
    public var isLost: Bool
    /// Since the start; each wraps.
    public var requests: UInt32
    public var answers: UInt32
    public var timeouts: UInt32
    /// Of the answer, in microseconds; 0 before the first.
    public var turnaroundMicroseconds: UInt32
    /// What it says of itself; `nil`: nothing yet.
    public var unit: String?
    public var firmware: String?
    /// Of its supply.
    public var supply: AgedReading?

    public init(
      address: UInt8, name: String, isPanel: Bool, isLost: Bool, requests: UInt32, answers: UInt32, timeouts: UInt32,
      turnaroundMicroseconds: UInt32, unit: String? = nil, firmware: String? = nil, supply: AgedReading? = nil
    ) {
      self.address = address
      self.name = name
      self.isPanel = isPanel
      self.isLost = isLost
      self.requests = requests
      self.answers = answers
      self.timeouts = timeouts
      self.turnaroundMicroseconds = turnaroundMicroseconds
      self.unit = unit
      self.firmware = firmware
      self.supply = supply
    }
  }

  public struct WallDevice: Sendable, Equatable {
    public var at: String
    /// As the site file says it.
    public var kind: String

    public init(at: String, kind: String) {
      self.at = at
      self.kind = kind
    }
  }

  public var wires: [Wire] = []
  /// The newest picture of the visits and of the wall; `nil`: the site has none, or there is none yet.
  public var visits: VisitView?
  public var wall: WallView?
  /// Where readers hang, by their terminals.
  public var readers: [String: String] = [:]
  public var smartCards: [String: String] = [:]
  /// Terminals: the page said not long ago that it works, or has stopped saying so; none: it was never opened.
  public var kiosksAlive: [String: Bool] = [:]
  /// `nil`: the site has none.
  public var printer: String?
  public var printerCondition = PrinterCondition.unknown
  /// `nil`: the site has none.
  public var staffReader: String?
  public var isStaffReaderReady = false
  /// The wall's devices, by their names.
  public var wallDevices: [String: WallDevice] = [:]
  /// Of sources, with passwords masked.
  public var sources: [String: String] = [:]
  /// Of the ways to the parent.
  public var paths: [String: String] = [:]
  /// Of the journal's file system; `nil`: it does not say.
  public var freeMebibytes: Int?

  public init() {}
}
