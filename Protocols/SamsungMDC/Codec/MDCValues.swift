/// What command 00 tells at once.
public struct MDCStatus: Sendable, Equatable {
  public var isOn: Bool
  public var volume: UInt8
  public var mute: UInt8
  public var input: UInt8
  public var aspect: UInt8

  public init(isOn: Bool, volume: UInt8 = 0xFF, mute: UInt8 = 0xFF, input: UInt8, aspect: UInt8 = 0x10) {
    self.isOn = isOn
    self.volume = volume
    self.mute = mute
    self.input = input
    self.aspect = aspect
  }

  public init?(_ data: [UInt8]) {
    guard data.count >= 4, data[0] <= 1 else { return nil }
    self.init(isOn: data[0] == 1, volume: data[1], mute: data[2], input: data[3], aspect: data.count > 4 ? data[4] : 0)
  }

  /// What a byte of commands 00 and 13 says; `nil` (FF): the panel has no sound.
  public static func isMuted(_ byte: UInt8) -> Bool? { byte <= 1 ? byte == 1 : nil }

  public var data: [UInt8] { [isOn ? 1 : 0, volume, mute, input, aspect, 0, 0] }
}

/// What command 0D tells.
public struct MDCErrorStatus: Sendable, Equatable {
  public enum Sync: UInt8, Sendable {
    case present, none
    /// An application of the panel itself is shown.
    case notUsed
  }

  public var lampFailed: Bool
  public var isTooHot: Bool
  public var sensorFailed: Bool
  public var sync: Sync
  public var celsius: UInt8
  public var fanFailed: Bool

  public init(
    lampFailed: Bool = false, isTooHot: Bool = false, sensorFailed: Bool = false, sync: Sync = .present, celsius: UInt8 = 42,
    fanFailed: Bool = false
  ) {
    self.lampFailed = lampFailed
    self.isTooHot = isTooHot
    self.sensorFailed = sensorFailed
    self.sync = sync
    self.celsius = celsius
    self.fanFailed = fanFailed
  }

  public init?(_ data: [UInt8]) {
    guard data.count >= 6, let sync = Sync(rawValue: data[3]) else { return nil }
    self.init(
      lampFailed: data[0] == 1, isTooHot: data[1] == 1, sensorFailed: data[2] == 1, sync: sync, celsius: data[4],
      fanFailed: data[5] == 1)
  }

  public var data: [UInt8] {
    [lampFailed ? 1 : 0, isTooHot ? 1 : 0, sensorFailed ? 1 : 2, sync.rawValue, celsius, fanFailed ? 1 : 0]
  }
}

/// Command 89: how many panels share the picture, and which of them this is.
public struct MDCWallLayout: Sendable, Equatable {
  /// Which half of the first byte holds the rows: sources disagree, and it does not matter on a square wall.
  public enum Order: String, Sendable, CaseIterable { case rowsHigh, columnsHigh }

  public static let mostPanels = 100

  public var columns: UInt8
  public var rows: UInt8
  /// From 1, row by row.
  public var position: UInt8

  public init(columns: UInt8, rows: UInt8, position: UInt8) {
    self.columns = columns
    self.rows = rows
    self.position = position
  }

  public init?(_ data: [UInt8], _ order: Order) {
    guard data.count >= 2 else { return nil }
    let (high, low) = (data[0] >> 4, data[0] & 15)
    self.init(
      columns: order == .rowsHigh ? low : high, rows: order == .rowsHigh ? high : low, position: data[1])
  }

  public func data(_ order: Order) -> [UInt8] {
    let (high, low) = order == .rowsHigh ? (rows, columns) : (columns, rows)
    return [high << 4 | (low & 15), position]
  }

  /// What the panels can: 100 in all, one side beyond 10 only while the other is at most 6.
  public var isPossible: Bool {
    guard (1...15).contains(columns), (1...15).contains(rows), position >= 1 else { return false }
    guard max(columns, rows) <= 10 || min(columns, rows) <= 6 else { return false }
    let count = Int(columns) * Int(rows)
    return count <= Self.mostPanels && Int(position) <= count
  }
}

public enum MDCHours {
  /// Command 83: two or three bytes, units of ten minutes.
  public static func read(_ data: [UInt8]) -> Int64? {
    guard (2...3).contains(data.count) else { return nil }
    return Int64(data.reduce(0) { $0 << 8 | UInt32($1) } / 6)
  }
}

extension MDCReply {
  /// Names of the panel: what is printable of it, at most 40 characters.
  public var text: String {
    String(decoding: data.filter { (0x20..<0x7F).contains($0) }.prefix(40), as: UTF8.self)
  }
}
