import DeviceKit
import DeviceVocabulary

/// A frame from the module, without its content: that went where `SDTReplyDecoder.expect` said, or nowhere.
public struct SDTReply: Sendable, Equatable {
  public var status: SDTStatus
  /// The first two status bytes, forwarded from the card: 0 on success, anything on errors.
  public var cardStatus: UInt16
  public var dataLength: Int

  public init(status: SDTStatus, cardStatus: UInt16 = 0, dataLength: Int = 0) {
    self.status = status
    self.cardStatus = cardStatus
    self.dataLength = dataLength
  }

  /// The bytes of a reply, one by one, as a module sends them: for device models and tests. Cut to what a frame can hold.
  public static func encode(
    _ status: SDTStatus, cardStatus: UInt16 = 0, data: some Collection<UInt8>, _ emit: (UInt8) -> Void
  ) {
    let data = data.prefix(SDTFrame.longest - 4)
    let length = data.count + 4
    var sum: UInt8 = 0
    func put(_ byte: UInt8) {
      sum ^= byte
      emit(byte)
    }
    for byte in SDTFrame.preamble { emit(byte) }
    put(UInt8(truncatingIfNeeded: length >> 8))
    put(UInt8(truncatingIfNeeded: length))
    put(UInt8(truncatingIfNeeded: cardStatus >> 8))
    put(UInt8(truncatingIfNeeded: cardStatus))
    put(status.rawValue)
    for byte in data { put(byte) }
    emit(sum)
  }
}

/// Finds replies in a stream of bytes; holds at most one, takes any bytes, and looks for the next preamble behind what it did not understand.
///
/// What a card holds goes straight into the `SecretBuffer` that was handed in, and no further than the text of it: photo and prints are
/// counted while they pass and kept nowhere.
public struct SDTReplyDecoder: Sendable {
  /// What of the next reply's data is kept.
  public enum Keep: Sendable, Equatable {
    case nothing
    /// Up to 16 bytes that are about the module (`short`).
    case short
    /// The text of a card, 256 bytes, into the buffer.
    case text
    /// The address added last, 70 bytes, into the buffer.
    case address
  }

  private enum Place: Equatable {
    case preamble(matched: Int)
    case length(high: UInt8?)
    /// How many bytes behind the length have passed.
    case body(Int)
  }

  public private(set) var short = FixedBytes<16>()
  private var keep = Keep.nothing
  private var secret: SecretBuffer?
  private var place = Place.preamble(matched: 0)
  private var length = 0
  private var sum: UInt8 = 0
  private var reply = SDTReply(status: SDTStatus(rawValue: 0))
  /// The lengths of the parts of a record, as it says them itself.
  private var parts = FixedBytes<6>()
  private var textStart: Int?
  /// Bytes outside frames, since it was made.
  public private(set) var strayBytes: UInt64 = 0

  public init() {}

  /// How many bytes are missing until the head, or else the frame, is complete.
  public var needed: Int {
    switch place {
    case .preamble(let matched): SDTFrame.headLength - matched
    case .length(let high): high == nil ? 2 : 1
    case .body(let passed): length - passed
    }
  }

  /// The head is complete; the rest of the frame comes through the other pipe, where there are two.
  public var isInBody: Bool { if case .body = place { true } else { false } }
  /// Something that may be a frame has begun.
  public var hasBegun: Bool { place != .preamble(matched: 0) }

  /// Forgets what is under way and says what to do with the data of the next reply, which replaces what was expected before.
  public mutating func expect(_ keep: Keep, into secret: SecretBuffer? = nil) {
    self.keep = keep
    self.secret = secret
    short.removeAll()
    startFrame()
  }

  /// What this byte completed, if anything. After a whole frame nothing is kept until `expect` is called again.
  public mutating func push(_ byte: UInt8) -> Result<SDTReply, SDTRejection>? {
    switch place {
    case .preamble(let matched):
      let now = SDTFrame.match(byte, after: matched)
      if now <= matched { strayBytes &+= UInt64(matched + 1 - now) }
      place = now == SDTFrame.preamble.count ? .length(high: nil) : .preamble(matched: now)
      return nil
    case .length(nil):
      place = .length(high: byte)
      return nil
    case .length(let high?): return begin(high, byte)
    case .body(let passed):
      sum ^= byte
      place = .body(passed + 1)
      switch passed {
      case length - 1: return end()
      case 0: reply.cardStatus = UInt16(byte) << 8
      case 1: reply.cardStatus |= UInt16(byte)
      case 2: reply.status = SDTStatus(rawValue: byte)
      default: data(byte, at: passed - 3)
      }
      return nil
    }
  }

  private mutating func startFrame() {
    place = .preamble(matched: 0)
    length = 0
    sum = 0
    reply = SDTReply(status: SDTStatus(rawValue: 0))
    parts.removeAll()
    textStart = nil
  }

  private mutating func begin(_ high: UInt8, _ low: UInt8) -> Result<SDTReply, SDTRejection>? {
    length = Int(high) << 8 | Int(low)
    guard (4...SDTFrame.longest).contains(length) else {
      let rejection = reject(.length)
      // The two may be the beginning of the next preamble.
      place = .preamble(matched: SDTFrame.match(low, after: SDTFrame.match(high, after: 0)))
      return rejection
    }
    sum = high ^ low
    short.removeAll()
    reply.dataLength = length - 4
    place = .body(0)
    return nil
  }

  private mutating func data(_ byte: UInt8, at index: Int) {
    guard reply.status == .done else { return }
    switch keep {
    case .nothing: break
    case .short: short.append(byte)
    case .address: if index < CardText.addressLength { secret?.append(byte) }
    case .text:
      if let start = textStart {
        if index >= start, index < start + CardText.length { secret?.append(byte) }
      } else if parts.append(byte), index == 3 || index == 5 {
        findText()
      }
    }
  }

  /// A record says the lengths of text and photo, and of the prints where there are some. Which of the two forms it is shows by the sum.
  private mutating func findText() {
    guard Int(parts.bigEndian(at: 0)) == CardText.length else { return }
    let said = CardText.length + Int(parts.bigEndian(at: 2)) + (parts.count == 6 ? Int(parts.bigEndian(at: 4)) : 0)
    if parts.count + said == reply.dataLength { textStart = parts.count }
  }

  private mutating func end() -> Result<SDTReply, SDTRejection> {
    guard sum == 0 else { return reject(.checksum) }
    let isWhole =
      switch keep {
      case _ where reply.status != .done: true
      case .nothing, .short: true
      case .text: textStart != nil
      case .address: reply.dataLength == CardText.addressLength
      }
    guard isWhole else { return reject(.content) }
    let whole = reply
    keepNothing()
    startFrame()
    return .success(whole)
  }

  private mutating func reject(_ why: SDTRejection) -> Result<SDTReply, SDTRejection> {
    secret?.wipe()
    short.removeAll()
    // Behind a wrong length the true frame may follow.
    if why != .length { keepNothing() }
    startFrame()
    return .failure(why)
  }

  /// What is under way is read on, and nothing of it is kept from here on.
  public mutating func keepNothing() {
    keep = .nothing
    secret = nil
  }
}
