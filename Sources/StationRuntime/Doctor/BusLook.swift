import DeviceKit
import DeviceVocabulary

/// Where a bus hangs and how it is driven.
public struct BusPlace: Sendable, Equatable {
  /// Empty where no site file names it.
  public var bus: String
  public var port: String
  public var line: LineSetting

  public init(bus: String, port: String, line: LineSetting) {
    self.bus = bus
    self.port = port
    self.line = line
  }
}

/// Speed and character of a line, for instance `9600 8N1`.
public struct LineSetting: Sendable, Equatable, CustomStringConvertible {
  public var baud: Int
  public var format: String

  public init(baud: Int, format: String) {
    self.baud = baud
    self.format = format
  }

  public var description: String { "\(baud) \(format)" }
}

/// What one question on an idle bus led to.
public enum ProbeOutcome: Sendable, Equatable {
  case silent
  /// So many bytes came, and no frame among them.
  case garbled(bytes: Int)
  /// A good frame with another address.
  case foreign(UInt8)
  /// One answer, or more than one to the same question.
  case answered([Answer])

  public struct Answer: Sendable, Equatable {
    /// Serial number that a call panel of ours tells; `nil` for anything else.
    public var unit: UInt32?
    /// From the end of the request to the begin of the answer.
    public var turnaround: Interval

    public init(unit: UInt32?, turnaround: Interval) {
      self.unit = unit
      self.turnaround = turnaround
    }
  }
}

/// What was heard of one device of the site file.
public struct NodeLook: Sendable, Equatable {
  public var node: BusNode
  public private(set) var asked = 0
  public private(set) var silent = 0
  public private(set) var garbled = 0
  /// Questions that got more than one answer.
  public private(set) var doubled = 0
  public private(set) var turnarounds: [Interval] = []
  /// Different serial numbers that answered, in the order they were heard.
  public private(set) var units: [UInt32] = []
  public private(set) var foreign: [UInt8] = []
  /// It answered there, and not at the bus's own setting.
  public var elsewhere: LineSetting?
  /// Who a call panel says it is, with its firmware.
  public var identity: DeviceIdentity?

  public init(_ node: BusNode) {
    self.node = node
  }

  public var answers: Int { turnarounds.count }
  public var isHeard: Bool { answers > 0 || garbled > 0 || !foreign.isEmpty }
  public var slowest: Interval? { turnarounds.max() }
  public var fastest: Interval? { turnarounds.min() }

  public mutating func note(_ outcome: ProbeOutcome) {
    asked += 1
    switch outcome {
    case .silent: silent += 1
    case .garbled: garbled += 1
    case .foreign(let address): if !foreign.contains(address) { foreign.append(address) }
    case .answered(let answers):
      if answers.count > 1 { doubled += 1 }
      if let first = answers.first { turnarounds.append(first.turnaround) }
      for unit in answers.compactMap(\.unit) where !units.contains(unit) { units.append(unit) }
    }
  }
}

/// Everything that was heard on an idle bus; `findings` says what it means.
public struct BusLook: Sendable, Equatable {
  public struct Listening: Sendable, Equatable {
    public var milliseconds = 0
    public var bytes = 0
    /// Whole requests: somebody else asks.
    public var requests = 0

    public init() {}
  }

  public enum Echo: Sendable, Equatable {
    /// Nothing was sent yet, or it is as the site file says.
    case asExpected
    /// What was sent came back, and the site file does not say so.
    case unexpected
    /// The site file says that it comes back, and it did not.
    case missing
  }

  /// A device at an address that the site file does not name.
  public struct Stranger: Sendable, Equatable {
    public var address: UInt8
    public var unit: UInt32?
    /// `nil` when its answers are broken.
    public var turnaround: Interval?

    public init(address: UInt8, unit: UInt32?, turnaround: Interval?) {
      self.address = address
      self.unit = unit
      self.turnaround = turnaround
    }
  }

  public var place: BusPlace
  public var listening = Listening()
  public var echo = Echo.asExpected
  public var nodes: [NodeLook]
  public var strangers: [Stranger] = []
  /// Other settings at which the silent nodes were looked for.
  public var settingsTried: [LineSetting] = []
  public var searchedAddresses = false

  public init(place: BusPlace, nodes: [BusNode]) {
    self.place = place
    self.nodes = nodes.map { NodeLook($0) }
  }

  /// More than an eighth of what the line can carry: somebody transmits without pause.
  public var isJammed: Bool {
    listening.bytes >= 40 && listening.bytes * 10_000 * 8 > place.line.baud * listening.milliseconds
  }
}
