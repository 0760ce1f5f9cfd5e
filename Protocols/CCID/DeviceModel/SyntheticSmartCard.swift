import CCIDCodec

/// A card of nobody, with contacts or without: what it says when it gets power, its UID, and a small application.
public struct SyntheticSmartCard: Sendable, Equatable {
  public var answerToReset: [UInt8]
  /// Empty: a card with contacts, which knows no such question.
  public var uid: [UInt8]
  /// What the command `80 10 00 00 …` brings: longer than 256 bytes comes in pieces.
  public var file: [UInt8] = []
  /// Names that it lets itself be selected by; `nil`: by any.
  public var names: [[UInt8]]?
  /// Times that it asks for more time before each answer (T=1: WTX; else the reader does).
  public var extensions = 0
  /// Says nothing below this voltage: `bPowerSelect` 1 5 V, 2 3 V, 3 1.8 V.
  public var onlyVoltage: UInt8?
  /// T=1: tells its reader once to send fields no longer than this.
  public var shrinksField: UInt8?

  public init(answerToReset: [UInt8], uid: [UInt8] = []) {
    self.answerToReset = answerToReset
    self.uid = uid
  }

  /// T=0, with contacts.
  public static let contact = SyntheticSmartCard(answerToReset: [0x3B, 0x02, 0x14, 0x50])
  /// T=0 and T=1, as readers say of a card without contacts of ISO 14443-4.
  public static func contactless(_ uid: [UInt8]) -> SyntheticSmartCard {
    SyntheticSmartCard(answerToReset: [0x3B, 0x81, 0x80, 0x01, 0x80, 0x80], uid: uid)
  }
  /// A memory card, as readers say of it.
  public static func storage(_ uid: [UInt8]) -> SyntheticSmartCard {
    SyntheticSmartCard(
      answerToReset: [
        0x3B, 0x8F, 0x80, 0x01, 0x80, 0x4F, 0x0C, 0xA0, 0x00, 0x00, 0x03, 0x06, 0x03, 0x00, 0x01, 0, 0, 0, 0, 0x6A,
      ], uid: uid)
  }

  /// What it answers to a whole command.
  func answer(_ command: [UInt8]) -> [UInt8] {
    guard command.count >= 4 else { return [0x67, 0x00] }
    switch (command[0], command[1]) {
    case (0xFF, 0xCA):
      guard !uid.isEmpty else { return [0x6D, 0x00] }
      return uid + [0x90, 0x00]
    case (0x00, 0xA4):
      guard let names, command.count > 5 else { return [0x90, 0x00] }
      return names.contains(Array(command[5...].prefix(Int(command[4])))) ? [0x90, 0x00] : [0x6A, 0x82]
    case (0x80, 0x10): return file + [0x90, 0x00]
    case (0x80, 0x20):
      // Says how much it was told.
      guard command.count > 5 else { return [0x67, 0x00] }
      let length = command[4] != 0 ? Int(command[4]) : command.count > 6 ? Int(command[5]) << 8 | Int(command[6]) : 0
      return [UInt8(length >> 8), UInt8(length & 0xFF), 0x90, 0x00]
    default: return [0x6E, 0x00]
    }
  }
}

/// A card with power, on its side of the contacts: T=0 or T=1 as its reader carries it, or whole commands.
struct PoweredCard: Sendable, Equatable {
  let card: SyntheticSmartCard
  var speaksT1: Bool
  /// T=0: what `GET RESPONSE` will bring.
  private var rest: [UInt8] = []
  private var extensionsLeft = 0
  // T=1.
  private var own: UInt8 = 0
  private var wanted: UInt8 = 0
  private var hostField = 32
  private var incoming: [UInt8] = []
  private var outgoing: ArraySlice<UInt8> = []
  private var outLength = 0
  private var last: [UInt8] = []
  private var held: [UInt8]?
  private var hasShrunk = false
  private let crc: Bool

  init(_ card: SyntheticSmartCard, speaksT1: Bool) {
    self.card = card
    self.speaksT1 = speaksT1
    crc = AnswerToReset(card.answerToReset)?.usesCRC ?? false
    extensionsLeft = card.extensions
  }

  /// Whole commands: all of the answer.
  func whole(_ command: [UInt8]) -> [UInt8] { card.answer(command) }

  /// T=0: five bytes and data. Longer answers are fetched.
  mutating func byte(_ unit: [UInt8]) -> [UInt8] {
    guard unit.count >= 5 else { return [0x67, 0x00] }
    if unit[1] == 0xC0 {
      guard !rest.isEmpty else { return [0x69, 0x85] }
      return hand(Int(unit[4]) == 0 ? 256 : Int(unit[4]))
    }
    let answer = card.answer(unit)
    let data = answer.dropLast(2)
    if unit.count > 5 {
      rest = Array(answer)
      return data.isEmpty ? answer : [0x61, UInt8(truncatingIfNeeded: min(data.count, 256))]
    }
    let length = Int(unit[4]) == 0 ? 256 : Int(unit[4])
    if data.isEmpty || data.count == length { return answer }
    if data.count < 256, unit[0] != 0xFF { return [0x6C, UInt8(data.count)] }
    if data.count < 256 { return answer }
    rest = Array(answer)
    return hand(256)
  }

  private mutating func hand(_ length: Int) -> [UInt8] {
    let data = rest.dropLast(2)
    let piece = Array(data.prefix(length))
    let left = data.count - piece.count
    rest = Array(rest.dropFirst(piece.count))
    return piece + (left > 0 ? [0x61, UInt8(truncatingIfNeeded: min(left, 256))] : [0x90, 0x00])
  }

  /// T=1: a block for a block.
  mutating func block(_ bytes: [UInt8]) -> [UInt8] {
    let crc = crc
    guard case .success(let (control, range)) = T1Block.decode(bytes.span, crc: crc) else {
      return T1Block.encode(.ready(number: wanted, error: 1), crc: crc)
    }
    let field = bytes[range]
    switch control {
    case .supervisory(.field, false):
      hostField = Int(field.first ?? 32)
      return T1Block.encode(.supervisory(.field, isAnswer: true), field, crc: crc)
    case .supervisory(.field, true): return answerOrMore()
    case .supervisory(.wait, true): return answerOrMore()
    case .supervisory: return T1Block.encode(.ready(number: wanted, error: 2), crc: crc)
    case .ready(let number, _):
      guard number != own, outLength < outgoing.count else { return last }
      outgoing = outgoing.dropFirst(outLength)
      own ^= 1
      return information()
    case .information(let number, let more):
      guard number == wanted else { return last }
      // The host goes on: whatever went out before has arrived.
      if outLength > 0 {
        own ^= 1
        outgoing = []
        outLength = 0
      }
      wanted ^= 1
      incoming += field
      guard !more else { return keep(.ready(number: wanted, error: 0)) }
      held = card.answer(incoming)
      incoming = []
      extensionsLeft = card.extensions
      return answerOrMore()
    }
  }

  private mutating func answerOrMore() -> [UInt8] {
    if let size = card.shrinksField, !hasShrunk, held != nil {
      hasShrunk = true
      return keep(.supervisory(.field, isAnswer: false), [size])
    }
    if extensionsLeft > 0 {
      extensionsLeft -= 1
      return keep(.supervisory(.wait, isAnswer: false), [2])
    }
    guard let held else { return last }
    self.held = nil
    outgoing = held[...]
    return information()
  }

  private mutating func information() -> [UInt8] {
    let piece = outgoing.prefix(max(1, min(hostField, T1Block.longestField)))
    outLength = piece.count
    return keep(.information(number: own, more: piece.count < outgoing.count), piece)
  }

  private mutating func keep(_ control: T1Block.Control, _ field: some Sequence<UInt8> = []) -> [UInt8] {
    last = T1Block.encode(control, field, crc: crc)
    return last
  }
}
