import CCIDCodec
import DeviceVocabulary

/// The host's half of T=1: one command in blocks, one answer in blocks, with everything that may come between (ISO/IEC 7816-3, 11.6).
///
/// When blocks do not get through it gives up and says so: the card gets power anew then, and is not asked the same thing behind its back.
struct T1Conversation: Sendable {
  enum Next: Equatable {
    /// `waiting`: the card has asked for so many times its waiting time.
    case send([UInt8], waiting: UInt8)
    case done
    /// The card has taken note of how long a field may be.
    case fieldTold
    case failed(SmartCardFailure)
  }

  static let errorLimit = 3
  /// A card that asks for time without end is ended by the command's limit; one that asks for other things by this.
  static let requestLimit = 64

  let crc: Bool
  /// The longest field that the card takes.
  private(set) var cardField: Int
  /// Of the block that is out, and of the block that is wanted.
  private var own: UInt8 = 0
  private var wanted: UInt8 = 0
  private var rest: ArraySlice<UInt8> = []
  private var outLength = 0
  private var last: [UInt8] = []
  private var errors = 0
  private var requests = 0
  private var tellsField: UInt8?
  /// Part of an answer has come: what was asked is not out any more.
  private var isAnswering = false

  init(crc: Bool, cardField: Int) {
    self.crc = crc
    self.cardField = min(max(cardField, 1), T1Block.longestField)
  }

  mutating func tell(field: UInt8) -> [UInt8] {
    tellsField = field
    errors = 0
    return keep(.supervisory(.field, isAnswer: false), [field])
  }

  mutating func begin(_ command: [UInt8]) -> [UInt8] {
    rest = command[...]
    tellsField = nil
    errors = 0
    requests = 0
    isAnswering = false
    return information()
  }

  mutating func received(_ block: SecretBuffer, into answer: SecretBuffer) -> Next {
    let crc = crc
    let decoded = block.withSpan { bytes in
      T1Block.decode(bytes, crc: crc).map { found in (found.control, found.field, found.field.isEmpty ? 0 : bytes[3]) }
    }
    switch decoded {
    case .failure(let rejection): return refuse(rejection == .check ? 1 : 2)
    case .success((.information(let number, let more), let field, _)):
      guard tellsField == nil, number == wanted, rest.count == outLength else { return refuse(2) }
      let fits = block.withSpan { bytes in
        var fits = true
        for index in field where !answer.append(bytes[index]) { fits = false }
        return fits
      }
      guard fits else { return .failed(.answerTooLong) }
      if !isAnswering {
        own ^= 1
        rest = []
        outLength = 0
        isAnswering = true
      }
      wanted ^= 1
      errors = 0
      guard more else { return .done }
      return .send(keep(.ready(number: wanted, error: 0)), waiting: 0)
    case .success((.ready(let number, _), _, _)): return ready(number)
    case .success((.supervisory(let kind, let isAnswer), let field, let value)):
      return isAnswer ? told(kind, value) : asked(kind, field.count, value)
    }
  }

  private mutating func ready(_ number: UInt8) -> Next {
    // The next piece, when there is one.
    if tellsField == nil, !isAnswering, number != own, outLength < rest.count {
      rest = rest.dropFirst(outLength)
      own ^= 1
      errors = 0
      return .send(information(), waiting: 0)
    }
    // It has what is out, and there is no next piece to ask for.
    if tellsField == nil, !isAnswering, number != own { return refuse(2) }
    errors += 1
    return errors > Self.errorLimit ? giveUp() : .send(last, waiting: 0)
  }

  private mutating func told(_ kind: T1Block.Supervisory, _ value: UInt8) -> Next {
    guard kind == .field, let tellsField, value == tellsField else { return refuse(2) }
    self.tellsField = nil
    return .fieldTold
  }

  private mutating func asked(_ kind: T1Block.Supervisory, _ length: Int, _ value: UInt8) -> Next {
    requests += 1
    guard requests <= Self.requestLimit || kind == .wait else { return giveUp() }
    switch kind {
    case .field where length == 1 && (1...UInt8(T1Block.longestField)).contains(value):
      cardField = Int(value)
      return .send(T1Block.encode(.supervisory(.field, isAnswer: true), [value], crc: crc), waiting: 0)
    case .wait where length == 1:
      return .send(T1Block.encode(.supervisory(.wait, isAnswer: true), [value], crc: crc), waiting: max(value, 1))
    case .abort: return .failed(.cardFailed)
    default: return refuse(2)
    }
  }

  private mutating func refuse(_ error: UInt8) -> Next {
    errors += 1
    guard errors <= Self.errorLimit else { return giveUp() }
    // What was to be told is told once more.
    if tellsField != nil { return .send(last, waiting: 0) }
    return .send(T1Block.encode(.ready(number: wanted, error: error), crc: crc), waiting: 0)
  }

  private func giveUp() -> Next { .failed(.cardFailed) }

  private mutating func information() -> [UInt8] {
    let piece = rest.prefix(cardField)
    outLength = piece.count
    return keep(.information(number: own, more: piece.count < rest.count), piece)
  }

  private mutating func keep(_ control: T1Block.Control, _ field: some Sequence<UInt8> = []) -> [UInt8] {
    last = T1Block.encode(control, field, crc: crc)
    return last
  }
}
