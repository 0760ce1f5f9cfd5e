import DeviceKit

/// Four bytes of Protocol 2000: instruction, input, output, machine. Only the first has its highest bit clear, so that a beginning is always found.
public struct P2000Frame: Sendable, Equatable {
  public static let switchVideo: UInt8 = 1
  public static let queryOutput: UInt8 = 5
  public static let error: UInt8 = 16
  public static let identify: UInt8 = 61
  /// Input field 1: how many inputs, 2: how many outputs; the answer stands in the output field.
  public static let defineMachine: UInt8 = 62

  /// 0 ... 63
  public var instruction: UInt8
  /// From a unit.
  public var isReply: Bool
  /// 0 ... 127
  public var input: UInt8
  public var output: UInt8
  /// 0 ... 31
  public var machine: UInt8

  public init(_ instruction: UInt8, input: UInt8, output: UInt8, machine: UInt8, isReply: Bool = false) {
    self.instruction = instruction & 0x3F
    self.input = input & 0x7F
    self.output = output & 0x7F
    self.machine = machine & 0x1F
    self.isReply = isReply
  }

  /// Whether bytes that may end too early begin as a unit's answer does; two of them at least.
  static func isReply(_ bytes: [UInt8], of machine: UInt8) -> Bool {
    guard bytes.count >= 2, bytes[0] & 0xC0 == 0x40 else { return false }
    return bytes.prefix(4).dropFirst().allSatisfy { $0 & 0x80 != 0 } && (bytes.count < 4 || bytes[3] & 0x1F == machine & 0x1F)
  }

  public var bytes: [UInt8] { [instruction | (isReply ? 0x40 : 0), 0x80 | input, 0x80 | output, 0x80 | machine] }
}

public struct P2000Decoder: Sendable {
  public enum Piece: Sendable, Equatable {
    case frame(P2000Frame)
    /// Bytes that belong to none.
    case stray
    /// Nothing but such bytes for long.
    case tooLong
  }

  static let strayLimit = 4_096
  private var bytes: [UInt8] = []
  private var strays = 0

  public init() {}

  public mutating func startOver() { self = P2000Decoder() }

  public mutating func push(_ byte: UInt8) -> Piece? {
    if byte & 0x80 == 0 {
      let isCut = !bytes.isEmpty
      bytes = [byte]
      return isCut ? stray() : nil
    }
    guard !bytes.isEmpty else { return stray() }
    bytes.append(byte)
    guard bytes.count == 4 else { return nil }
    defer {
      bytes = []
      strays = 0
    }
    return .frame(
      P2000Frame(bytes[0] & 0x3F, input: bytes[1], output: bytes[2], machine: bytes[3], isReply: bytes[0] & 0x40 != 0))
  }

  private mutating func stray() -> Piece {
    strays += 1
    guard strays >= Self.strayLimit else { return .stray }
    strays = 0
    return .tooLong
  }
}
