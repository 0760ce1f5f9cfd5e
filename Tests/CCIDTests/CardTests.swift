import CCIDCodec
import CCIDDeviceModel
import CCIDDriver
import DeviceKit
import DeviceVocabulary
import Testing

/// Cards that come, are asked, and go.
@Suite struct CardTests {
  static let uid: [UInt8] = [0x04, 0xA1, 0xB2, 0xC3]
  static let contactless = SyntheticSmartCard.contactless(uid)
  /// Blocks, short commands, long commands.
  static let levels: [UInt32] = [0x1_0030, 0x2_00B2, 0x4_00B2]

  @Test(arguments: levels, [true, false]) func aCardThatIsLaidThereIsToldWithItsUIDAndThenThatItIsGone(
    features: UInt32, notices: Bool
  ) throws {
    var rig = CCIDRig.ready(nil, CCIDDescriptor(features: features), notices: notices)
    #expect(rig.told == ["ready"] && rig.health.last == .online)
    for _ in 0..<2 {
      rig.touch(.put(Self.contactless))
      let laid = rig.now
      rig.pass(until: { $0.told.last == "present 4 a1 b2 c3" }, within: .seconds(1))
      #expect(rig.now - laid <= .milliseconds(notices ? 100 : 550))
      let card = try #require(rig.cards.last)
      #expect(plain(card.answerToReset) == Self.contactless.answerToReset)
      rig.touch(.take)
      rig.pass(until: { $0.told.last == "removed" }, within: .seconds(1))
      // Whoever held it holds nothing.
      #expect(card.uid?.isEmpty == true && card.answerToReset.isEmpty)
    }
    #expect(rig.cards.map(\.number) == [1, 2] && rig.broken.isEmpty && rig.effects == ["open"])
  }

  /// By its name alone, at every level and with both protocols; and without its UID being asked for.
  @Test(arguments: levels, [SyntheticSmartCard.contact, contactless]) func aSocialSecurityCardIsToldFromOthers(
    features: UInt32, card: SyntheticSmartCard
  ) throws {
    var settings = CCIDReaderSettings()
    settings.asksUID = false
    func isMet(_ answer: [UInt8]) -> Bool { SocialSecurityCard.isMet(by: answer.span) }
    for (names, isOne) in [([SocialSecurityCard.environment], true), ([[0xA0, 0, 0, 3, 0x33]], false), ([], false)] {
      var card = card
      card.names = names
      var rig = CCIDRig.ready(card, CCIDDescriptor(features: features), settings: settings)
      let answer = rig.ask(SocialSecurityCard.select)
      #expect(try isMet(#require(answer).get()) == isOne)
      #expect(rig.cards.last?.uid == nil)
    }
    #expect(isMet([0x61, 0x20]) && isMet([0x6F, 0x00, 0x90, 0x00]))
    for other: [UInt8] in [[], [0x90], [0x90, 0x01], [0x62, 0x83], [0x90, 0x00, 0x6A, 0x82]] { #expect(!isMet(other)) }
  }

  @Test func theHostSaysWhatTheHostOfTheVectorsSays() throws {
    let vectors = try CardVectors("libccid")
    var settings = CCIDReaderSettings()
    settings.asksUID = false
    func bytes(_ command: CCIDCommand) -> [UInt8] { [command.type, command.specific.0, command.specific.1] + command.data }
    func wanted(_ names: [String]) throws -> [[UInt8]] {
      try names.map { name in
        let line = try vectors.bytes(name, ">")
        return [line[0], line[7], line[8]] + line[10...]
      }
    }
    var rig = CCIDRig.ready(Self.contactless, settings: settings)
    _ = rig.ask([0x00, 0xA4, 0x04, 0x00, 0x07, 0xA0, 0x00, 0x00, 0x00, 0x03, 0x10, 0x10])
    #expect(rig.ask(CardCommand.uid) == .success(Self.uid + [0x90, 0x00]))
    #expect(
      rig.model.commands.filter { $0.kind != .slotStatus }.map(bytes)
        == (try wanted(["power T=1", "PPS", "T=1", "field", "I(0)", "I(1)"])))
    rig = CCIDRig.ready(.contact, settings: settings)
    _ = rig.ask([0x00, 0xA4, 0x04, 0x00, 0x07, 0xA0, 0x00, 0x00, 0x00, 0x03, 0x10, 0x10])
    #expect(rig.model.commands.filter { $0.kind != .slotStatus }.map(bytes) == (try wanted(["power", "T=0", "select"])))
    rig = CCIDRig.ready(nil, settings: settings)
    rig.touch(.putMute)
    rig.pass(.seconds(1))
    #expect(
      rig.model.commands.filter { $0.kind != .slotStatus }.map(bytes) == (try wanted(["mute 5 V", "mute 1.8 V", "mute 3 V"])))
  }

  @Test func theDeviceAnswersWhatTheDeviceOfTheVectorsAnswers() throws {
    let vectors = try CardVectors("libccid")
    var model = CCIDReaderModel(CCIDDescriptor(features: 0x1_0030))
    func answers(_ names: [String]) throws {
      for name in names {
        for input in [CCIDReaderModel.Input.written(try vectors.bytes(name, ">")), .asked, .wake] {
          var effects = Effects<CCIDReaderModel.Effect>()
          model.handle(input, at: input == .wake ? Instant(microseconds: 60_000_000) : .zero, into: &effects)
          guard input == .wake else { continue }
          #expect(effects[0] == .packet(try vectors.bytes(name, "<"), isLast: true), "\(name)")
        }
      }
    }
    func lay(_ hand: CCIDReaderModel.Hand) {
      var effects = Effects<CCIDReaderModel.Effect>()
      model.handle(.hand(hand), at: .zero, into: &effects)
    }
    var card = SyntheticSmartCard.contact
    card.uid = Self.uid
    lay(.put(card))
    try answers(["status", "power", "T=0", "select", "uid", "off"])
    lay(.put(Self.contactless))
    try answers(["power T=1", "PPS", "T=1", "field", "I(0)", "I(1)"])
  }

  @Test func aCardWithContactsHasNoUID() {
    let rig = CCIDRig.ready(.contact)
    #expect(rig.told == ["ready", "present -"])
  }

  @Test func anotherCardLaidSoQuicklyThatNobodySawTheSlotEmpty() {
    for notices in [true, false] {
      var rig = CCIDRig.ready(Self.contactless, notices: notices)
      rig.touch(.swap(.contactless([0x04, 1, 2, 3, 4, 5, 6])))
      rig.pass(.seconds(1))
      #expect(rig.told == ["ready", "present 4 a1 b2 c3", "removed", "present 4 1 2 3 4 5 6"])
    }
  }

  @Test func aMuteCardIsToldOnceAndTheNextOneWorks() {
    var rig = CCIDRig.ready()
    rig.touch(.putMute)
    rig.pass(.seconds(20))
    #expect(rig.told == ["ready", "unusable mute"])
    #expect(rig.ask(CardCommand.uid) == .failure(.noCard))
    rig.touch(.take)
    rig.pass(.seconds(1))
    rig.touch(.put(Self.contactless))
    rig.pass(.seconds(1))
    #expect(Array(rig.told.dropFirst(2)) == ["removed", "present 4 a1 b2 c3"] && rig.effects == ["open"])
  }

  @Test(arguments: [UInt8(1), 2, 3]) func aCardGetsTheVoltageThatItNeeds(voltage: UInt8) {
    var card = Self.contactless
    card.onlyVoltage = voltage
    #expect(CCIDRig.ready(card).told.last == "present 4 a1 b2 c3")
    #expect(
      CCIDRig.ready(card, CCIDDescriptor(voltages: 1, features: 0x1_0030)).told.last
        == (voltage == 1 ? "present 4 a1 b2 c3" : "unusable mute"))
  }

  @Test func aCardThatSpeaksNothingTheReaderSpeaksIsUnknown() {
    let onlyT1 = SyntheticSmartCard(answerToReset: [0x3B, 0x80, 0x01, 0x81])
    #expect(CCIDRig.ready(onlyT1, CCIDDescriptor(speaksT1: false, features: 0x1_0030)).told.last == "unusable unknown")
    #expect(CCIDRig.ready(onlyT1).told.last == "present -")
    #expect(CCIDRig.ready(SyntheticSmartCard(answerToReset: [0x3B, 0x80, 0x01, 0x80])).told.last == "unusable unknown")
  }

  // MARK: commands

  @Test(arguments: levels, [0, 1, 200, 254, 255, 256, 257, 600, 2_000]) func answersOfEveryLengthArriveWhole(
    features: UInt32, length: Int
  ) {
    for var card in [SyntheticSmartCard.contact, Self.contactless] {
      card.file = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 / 256) }
      // A message of the reader holds 90 bytes at the most with long commands.
      var rig = CCIDRig.ready(
        card, CCIDDescriptor(features: features, longestMessage: features == 0x4_00B2 ? 100 : features == 0x2_00B2 ? 4_096 : 271))
      #expect(rig.ask([0x80, 0x10, 0x00, 0x00, 0x00]) == .success(card.file + [0x90, 0x00]), "\(card.answerToReset.count)")
      // And the next command is in step.
      #expect(rig.ask([0x00, 0xA4, 0x04, 0x00, 0x01, 0xA0]) == .success([0x90, 0x00]))
      #expect(rig.broken.isEmpty && rig.effects == ["open"])
    }
  }

  @Test(arguments: levels, [1, 31, 32, 33, 80, 254, 255]) func dataOfEveryLengthArrivesWhole(features: UInt32, length: Int) {
    for card in [SyntheticSmartCard.contact, Self.contactless] {
      var rig = CCIDRig.ready(card, CCIDDescriptor(features: features, longestMessage: features == 0x4_00B2 ? 100 : 271))
      let command: [UInt8] = [0x80, 0x20, 0x00, 0x00, UInt8(length)] + [UInt8](repeating: 0x5A, count: length) + [0x00]
      #expect(rig.ask(command) == .success([0, UInt8(length), 0x90, 0x00]))
      #expect(rig.broken.isEmpty)
    }
  }

  @Test func longCommandsNeedAReaderThatTakesThem() {
    let command: [UInt8] = [0x80, 0x20, 0, 0, 0, 0x02, 0x00] + [UInt8](repeating: 1, count: 512)
    var long = CCIDRig.ready(Self.contactless, CCIDDescriptor(features: 0x4_00B2, longestMessage: 271))
    #expect(long.ask(command) == .success([2, 0, 0x90, 0x00]))
    var short = CCIDRig.ready(Self.contactless, CCIDDescriptor(features: 0x2_00B2))
    #expect(short.ask(command) == .failure(.notACommand))
  }

  @Test(arguments: levels) func aCardOrAReaderThatAsksForTimeGetsIt(features: UInt32) {
    var card = Self.contactless
    card.extensions = 5
    card.shrinksField = 16
    var rig = CCIDRig.ready(card, CCIDDescriptor(features: features), quirks: .asksForTime)
    #expect(rig.told.last == "present 4 a1 b2 c3")
    rig.set(.slow(.milliseconds(2_500)))
    #expect(rig.ask([0x80, 0x10, 0, 0, 0], within: .seconds(60)) == .success([0x90, 0x00]))
    #expect(rig.driver.counters.extensions > 0 && rig.driver.counters.timeouts == 0)
  }

  @Test func oneCommandAtATimeAndNoneWithoutACard() {
    var rig = CCIDRig.ready(Self.contactless)
    let first = rig.transmit(CardCommand.uid)
    let second = rig.transmit(CardCommand.uid)
    #expect(rig.answers[second] == .failure(.busy))
    rig.pass(.seconds(1))
    #expect(rig.answers[first] == .success(Self.uid + [0x90, 0x00]))
    #expect(rig.ask([1, 2]) == .failure(.notACommand))
    rig.touch(.take)
    rig.pass(.seconds(1))
    #expect(rig.ask(CardCommand.uid) == .failure(.noCard))
    #expect(rig.answered == 4)
  }

  @Test func aCommandEndsAtItsLimitAndTheCardAnswersAfterwards() throws {
    var rig = CCIDRig.ready(Self.contactless)
    rig.set(.slow(.seconds(30)))
    let began = rig.now
    let token = rig.transmit(CardCommand.uid, within: .milliseconds(700))
    rig.pass(until: { $0.answers[token] != nil }, within: .seconds(2))
    #expect(rig.answers[token] == .failure(.timedOut) && rig.now - began <= .milliseconds(720))
    rig.set(nil)
    rig.pass(.seconds(40))
    // The same card: nobody is told that it is another.
    #expect(rig.told.count { $0.hasPrefix("present") } == 1 && !rig.told.contains("removed"))
    #expect(rig.ask(CardCommand.uid) == .success(Self.uid + [0x90, 0x00]))
  }

  @Test func aCardTakenAwayInTheMiddleOfACommand() {
    for milliseconds in stride(from: 0, through: 60, by: 3) {
      var card = Self.contactless
      card.file = [UInt8](repeating: 7, count: 900)
      var rig = CCIDRig.ready(card)
      let token = rig.transmit([0x80, 0x10, 0, 0, 0])
      rig.pass(.milliseconds(milliseconds))
      rig.touch(.take)
      rig.pass(.seconds(8))
      let result = rig.answers[token]
      #expect(
        result == .failure(.cardRemoved) || result == .failure(.cardFailed) || result == .success(card.file + [0x90, 0]),
        "\(milliseconds)")
      #expect(rig.told.last == "removed" && rig.broken.isEmpty, "\(milliseconds) \(rig.told)")
    }
  }
}
