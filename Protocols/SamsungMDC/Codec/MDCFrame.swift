/// Commands that a wall needs (README.md, "Commands").
public enum MDCCommand {
  public static let status: UInt8 = 0x00
  public static let errorStatus: UInt8 = 0x0D
  public static let softwareVersion: UInt8 = 0x0E
  public static let power: UInt8 = 0x11
  public static let mute: UInt8 = 0x13
  public static let input: UInt8 = 0x14
  public static let wallMode: UInt8 = 0x5C
  public static let deviceName: UInt8 = 0x67
  public static let hours: UInt8 = 0x83
  public static let wallOn: UInt8 = 0x84
  public static let wallLayout: UInt8 = 0x89
  public static let modelName: UInt8 = 0x8A
  /// 0: lit, 1: dark. Inverted, other than all else.
  public static let backlight: UInt8 = 0xF9
}

/// `AA CMD ID LEN DATA CHK`. Without data it asks, with data it sets.
public struct MDCRequest: Sendable, Equatable {
  /// Every panel obeys, and none answers.
  public static let everyID: UInt8 = 0xFE

  public var command: UInt8
  public var id: UInt8
  public var data: [UInt8]

  public init(_ command: UInt8, id: UInt8, data: [UInt8] = []) {
    self.command = command
    self.id = id
    self.data = data
  }

  public var isSet: Bool { !data.isEmpty }

  /// Data beyond 255 bytes is left out.
  public var bytes: [UInt8] { MDCFrame.bytes([command, id], data) }

  init?(frame: ArraySlice<UInt8>) {
    guard frame.count >= 5, let command = frame.dropFirst().first, let id = frame.dropFirst(2).first else { return nil }
    self.init(command, id: id, data: Array(frame.dropFirst(4).dropLast()))
  }
}

/// `AA FF ID LEN 'A'|'N' rCMD DATA CHK`; LEN counts from 'A' on.
public struct MDCReply: Sendable, Equatable {
  public var id: UInt8
  /// False for NAK: `data` is one code then, of which nothing is written down.
  public var isAccepted: Bool
  public var command: UInt8
  public var data: [UInt8]

  public init(id: UInt8, isAccepted: Bool = true, command: UInt8, data: [UInt8] = []) {
    self.id = id
    self.isAccepted = isAccepted
    self.command = command
    self.data = data
  }

  public var bytes: [UInt8] {
    MDCFrame.bytes([MDCFrame.reply, id], [isAccepted ? MDCFrame.accepted : MDCFrame.refused, command] + data.prefix(253))
  }

  init?(frame: ArraySlice<UInt8>) {
    let body = Array(frame.dropFirst(2).dropLast())
    guard body.count >= 4, body[2] == MDCFrame.accepted || body[2] == MDCFrame.refused else { return nil }
    self.init(id: body[0], isAccepted: body[2] == MDCFrame.accepted, command: body[3], data: Array(body[4...]))
  }
}

enum MDCFrame {
  static let start: UInt8 = 0xAA
  /// Stands where a request has its command.
  static let reply: UInt8 = 0xFF
  static let accepted: UInt8 = 0x41
  static let refused: UInt8 = 0x4E
  /// Start, command, id, length; 255 bytes; sum.
  static let longest = 260

  static func bytes(_ head: [UInt8], _ data: [UInt8]) -> [UInt8] {
    let data = data.prefix(255)
    let counted = head + [UInt8(truncatingIfNeeded: data.count)] + data
    return [start] + counted + [sum(counted)]
  }

  /// The low eight bits of the sum of everything behind the start.
  static func sum(_ bytes: some Sequence<UInt8>) -> UInt8 { bytes.reduce(0, &+) }
}
