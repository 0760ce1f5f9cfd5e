import DeviceKit
import DeviceVocabulary
import Station

/// What lies on a terminal's reader of smart cards, as far as whoever laid it there is told: which kind of card it is. Nothing is read from it,
/// nobody has to agree to that, and nothing of it is left when it is taken away.
struct CardGlance: Machine {
  enum Input: Sendable {
    case heard(SmartCardEvent)
    /// Whether that card is a social-security card.
    case told(card: UInt32, Result<Bool, SmartCardFailure>)
  }

  enum Effect: Sendable {
    /// Answered by `told`.
    case askKind(card: UInt32)
  }

  private var asked: UInt32?
  private(set) var picture = CardPicture(revision: 1, stage: .waiting)

  var deadline: Instant? { nil }

  mutating func handle(_ input: Input, at now: Instant, into effects: inout Effects<Effect>) {
    switch input {
    case .heard(.present(let card)):
      show(nil)
      asked = card.number
      effects.append(.askKind(card: card.number))
    case .heard(.unusable): settle(.dead)
    case .heard(.removed), .heard(.detached), .heard(.repairNeeded): settle(nil)
    case .heard(.ready), .heard(.repaired): break
    case .told(let card, let kind):
      // Of one that was taken away meanwhile nothing is said.
      guard asked == card else { return }
      switch kind {
      case .success(let isSocialSecurity): settle(isSocialSecurity ? .socialSecurity : .other)
      case .failure(.noCard), .failure(.cardRemoved): settle(nil)
      case .failure: settle(.dead)
      }
    }
  }

  private mutating func settle(_ lies: CardPicture.Lying?) {
    asked = nil
    show(lies)
  }

  private mutating func show(_ lies: CardPicture.Lying?) {
    guard picture.lies != lies else { return }
    picture.lies = lies
    picture.revision &+= 1
  }
}
