import DeviceKit
import DeviceVocabulary
import Station
import Testing

@testable import StationRuntime

/// Which kind of card lies on a terminal's reader of smart cards.
@Suite struct CardGlanceTests {
  struct Rig {
    var glance = CardGlance()
    var asked: [UInt32] = []

    mutating func give(_ input: CardGlance.Input) {
      var effects = Effects<CardGlance.Effect>()
      glance.handle(input, at: .zero, into: &effects)
      while let effect = effects.takeFirst() { if case .askKind(let card) = effect { asked.append(card) } }
    }

    mutating func lay(_ number: UInt32) {
      give(.heard(.present(SmartCard(number: number, answerToReset: SecretBuffer(capacity: 33), uid: nil))))
    }

    var lies: CardPicture.Lying? { glance.picture.lies }
  }

  @Test func whatLiesThereIsSaidUntilItIsTakenAway() {
    var rig = Rig()
    #expect(rig.glance.picture == CardPicture(revision: 1, stage: .waiting) && rig.glance.deadline == nil)
    let answers: [(Result<Bool, SmartCardFailure>, CardPicture.Lying?)] = [
      (.success(true), .socialSecurity), (.success(false), .other), (.failure(.timedOut), .dead), (.failure(.cardFailed), .dead),
      (.failure(.noCard), nil), (.failure(.cardRemoved), nil),
    ]
    for (index, (answer, lies)) in answers.enumerated() {
      let (number, before) = (UInt32(index + 1), rig.glance.picture.revision)
      rig.lay(number)
      #expect(rig.asked.last == number && rig.lies == nil)
      rig.give(.told(card: number, answer))
      #expect(rig.lies == lies)
      rig.give(.heard(.removed))
      #expect(rig.lies == nil && rig.glance.picture.revision == before + (lies == nil ? 0 : 2))
    }
    rig.give(.heard(.unusable(.mute)))
    #expect(rig.lies == .dead)
    rig.give(.heard(.detached))
    #expect(rig.lies == nil)
  }

  @Test func ofACardThatIsGoneNothingIsSaid() {
    for gone in [SmartCardEvent.removed, .detached, .repairNeeded(.silent)] {
      var rig = Rig()
      rig.lay(1)
      rig.give(.heard(gone))
      rig.give(.told(card: 1, .success(true)))
      #expect(rig.lies == nil)
      // The answer to another one's question is not this one's.
      rig.lay(2)
      rig.give(.told(card: 1, .success(true)))
      #expect(rig.lies == nil)
      rig.give(.told(card: 2, .success(false)))
      rig.give(.told(card: 2, .success(true)))
      #expect(rig.lies == .other)
    }
  }
}
