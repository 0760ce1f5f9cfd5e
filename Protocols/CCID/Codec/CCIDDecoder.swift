import DeviceVocabulary

public enum CCIDRejection: Error, Sendable, Equatable {
  /// A type that no reader sends.
  case type(UInt8)
  /// It says that it is longer than anything that fits.
  case length(UInt32)
  /// The packet ended before the message did.
  case short
  /// The packet went on behind the message.
  case long
}

/// Answers, packet by packet. A message begins with a packet and ends with one: whatever was not understood is over with the next.
///
/// What stands behind the header is written into a buffer that erases itself, and is nowhere else.
public struct CCIDReplyDecoder: Sendable {
  private var header: (UInt8, UInt32, UInt8, UInt8, UInt8, UInt8, UInt8) = (0, 0, 0, 0, 0, 0, 0)
  private var position = 0
  private var length: UInt32 = 0
  private var rejected: CCIDRejection?
  private let data: SecretBuffer

  /// - Parameter data: for what stands behind the header. It is emptied when a message begins.
  public init(into data: SecretBuffer) { self.data = data }

  public var hasBegun: Bool { position > 0 }

  public mutating func startOver() {
    position = 0
    rejected = nil
  }

  /// - Parameters:
  ///   - packet: what one packet brought.
  ///   - isLast: it was shorter than packets can be, so that nothing of this message follows.
  /// - Returns: `nil`: more is to come.
  public mutating func push(_ packet: SecretBuffer, isLast: Bool) -> Result<CCIDReply, CCIDRejection>? {
    // An empty packet ends a message that filled its last one: it belongs to nothing.
    if packet.isEmpty, position == 0 { return nil }
    var decoder = self
    let surplus = packet.withSpan { bytes in
      var surplus = 0
      for index in bytes.indices {
        if decoder.isWhole { surplus += 1 } else { decoder.take(bytes[index]) }
      }
      return surplus
    }
    self = decoder
    return finish(surplus, isLast)
  }

  private var isWhole: Bool { position >= CCIDHeader.length && position - CCIDHeader.length >= Int(length) }

  private mutating func take(_ byte: UInt8) {
    switch position {
    case 0:
      header.0 = byte
      length = 0
      data.wipe()
      if CCIDReply.Kind(rawValue: byte) == nil { rejected = rejected ?? .type(byte) }
    case 1...4:
      length |= UInt32(byte) << (8 * (position - 1))
      if position == 4, length > UInt32(data.capacity) {
        rejected = rejected ?? .length(length)
        // So many bytes will never come: what does come is dropped to the end of the packet.
        length = 0
      }
    case 5: header.2 = byte
    case 6: header.3 = byte
    case 7: header.4 = byte
    case 8: header.5 = byte
    case 9: header.6 = byte
    default: data.append(byte)
    }
    position += 1
  }

  private mutating func finish(_ surplus: Int, _ isLast: Bool) -> Result<CCIDReply, CCIDRejection>? {
    guard isWhole || rejected != nil else {
      guard isLast else { return nil }
      startOver()
      data.wipe()
      return .failure(.short)
    }
    let failure = rejected
    startOver()
    guard failure == nil, let kind = CCIDReply.Kind(rawValue: header.0) else {
      data.wipe()
      return .failure(failure ?? .type(header.0))
    }
    let reply = CCIDReply(
      kind, slot: header.2, sequence: header.3, status: header.4, error: header.5, specific: header.6)
    // One device sends its parameters and says that there are none (README.md, "Quirks").
    guard surplus == 0 || kind == .parameters else {
      data.wipe()
      return .failure(.long)
    }
    return .success(reply)
  }
}

/// Commands, byte by byte, as a reader hears them. What is longer than a reader takes is told as soon as its length is known, and then dropped.
public struct CCIDCommandDecoder: Sendable {
  private var bytes: [UInt8] = []
  private var length = 0
  private var toDrop = 0
  private let limit: Int

  /// - Parameter limit: `dwMaxCCIDMessageLength`.
  public init(limit: Int) { self.limit = max(limit, CCIDHeader.length) }

  public mutating func startOver() {
    bytes = []
    toDrop = 0
  }

  /// - Returns: a failure is the header of what was too long.
  public mutating func push(_ byte: UInt8) -> (command: CCIDCommand, isTooLong: Bool)? {
    if toDrop > 0 {
      toDrop -= 1
      return nil
    }
    bytes.append(byte)
    guard bytes.count >= CCIDHeader.length else { return nil }
    if bytes.count == CCIDHeader.length {
      length = (1...4).reversed().reduce(0) { $0 << 8 | Int(bytes[$1]) }
    }
    let isTooLong = length > limit - CCIDHeader.length
    guard isTooLong || bytes.count == CCIDHeader.length + length else { return nil }
    let command = CCIDCommand(
      type: bytes[0], slot: bytes[5], sequence: bytes[6], specific: (bytes[7], bytes[8], bytes[9]),
      data: Array(bytes[CCIDHeader.length...]))
    if isTooLong { toDrop = min(length, 1 << 20) }
    bytes = []
    return (command, isTooLong)
  }
}
