import DeviceKit

/// A command: two bytes, and what goes with it (README.md, "Commands").
public struct SDTCommand: Hashable, Sendable {
  public var command: UInt8
  public var parameter: UInt8

  public init(_ command: UInt8, _ parameter: UInt8) {
    self.command = command
    self.parameter = parameter
  }

  public static let reset = SDTCommand(0x10, 0xFF)
  public static let moduleStatus = SDTCommand(0x11, 0xFF)
  public static let moduleNumber = SDTCommand(0x12, 0xFF)
  public static let find = SDTCommand(0x20, 0x01)
  public static let select = SDTCommand(0x20, 0x02)
  /// Text and photo. There is no command for the text alone.
  public static let read = SDTCommand(0x30, 0x01)
  /// The address that was added last.
  public static let newestAddress = SDTCommand(0x30, 0x03)
  /// Text, photo and prints of fingers. Only the device model and the vectors know it: a driver never sends it.
  public static let readWithPrints = SDTCommand(0x30, 0x10)
  public static let longestRadioFrame = SDTCommand(0x61, 0xFF)
  public static func baud(_ index: UInt8) -> SDTCommand { SDTCommand(0x60, index) }

  // Another set, of one maker's readers at 9600 baud (README.md, "Quirks").
  public static let start9600 = SDTCommand(0x00, 0x01)
  public static let find9600 = SDTCommand(0x00, 0x81)
  public static let select9600 = SDTCommand(0x00, 0x82)
  public static let read9600 = SDTCommand(0x00, 0x83)
}

/// A frame from the host. Nothing in it is about a person.
public struct SDTRequest: Sendable, Equatable {
  public static let longestData = 8

  public var command: SDTCommand
  public var data: FixedBytes<8>

  public init(_ command: SDTCommand, data: FixedBytes<8> = FixedBytes()) {
    self.command = command
    self.data = data
  }

  public var encoded: FixedBytes<20> {
    var bytes = FixedBytes<20>()
    for byte in SDTFrame.preamble { bytes.append(byte) }
    bytes.append(bigEndian: UInt16(data.count + 3))
    bytes.append(command.command)
    bytes.append(command.parameter)
    for index in 0..<data.count { bytes.append(data[index]) }
    var sum: UInt8 = 0
    for index in SDTFrame.preamble.count..<bytes.count { sum ^= bytes[index] }
    bytes.append(sum)
    return bytes
  }
}

public enum SDTFrame {
  public static let preamble: [UInt8] = [0xAA, 0xAA, 0xAA, 0x96, 0x69]
  /// Preamble and length: what goes through a pipe of its own where there are two.
  public static let headLength = 7
  /// A length above this one is noise.
  public static let longest = 0x1000

  /// How much of the preamble has been seen after `byte`, when `matched` of it (0 ... 4) had been seen before.
  static func match(_ byte: UInt8, after matched: Int) -> Int {
    if byte == preamble[matched] { return matched + 1 }
    // The three first ones are alike: one more of them still leaves three seen.
    if byte == 0xAA { return matched == 3 ? 3 : 1 }
    return 0
  }
}

/// Why bytes behind a preamble are no frame.
public enum SDTRejection: Error, Sendable, Hashable, CaseIterable {
  case length
  case checksum
  /// A frame, but what it holds has not the lengths that were asked for.
  case content
}

/// The module's ear: requests in a stream of bytes. Holds one at most and takes any bytes.
public struct SDTRequestDecoder: Sendable {
  private var matched = 0
  private var head = FixedBytes<2>()
  private var body = FixedBytes<11>()

  public init() {}

  public mutating func push(_ byte: UInt8) -> Result<SDTRequest, SDTRejection>? {
    if matched < SDTFrame.preamble.count {
      matched = SDTFrame.match(byte, after: matched)
      return nil
    }
    guard head.count == 2 else {
      head.append(byte)
      guard head.count == 2, !(3...SDTRequest.longestData + 3).contains(length) else { return nil }
      let high = head[0]
      startOver()
      // They may be the beginning of the next preamble.
      matched = SDTFrame.match(byte, after: SDTFrame.match(high, after: 0))
      return .failure(.length)
    }
    body.append(byte)
    guard body.count == length else { return nil }
    defer { startOver() }
    var sum = head[0] ^ head[1]
    for index in 0..<body.count { sum ^= body[index] }
    guard sum == 0 else { return .failure(.checksum) }
    var data = FixedBytes<8>()
    for index in 2..<body.count - 1 { data.append(body[index]) }
    return .success(SDTRequest(SDTCommand(body[0], body[1]), data: data))
  }

  public mutating func startOver() { self = SDTRequestDecoder() }

  private var length: Int { Int(head.bigEndian(at: 0)) }
}
