import CCIDCodec
import CCIDDeviceModel
import CCIDDriver
import DeviceKit
import DeviceVocabulary
import Testing

/// What real readers do wrong, and what an independent one does otherwise.
@Suite struct FaultTests {
  static let card = SyntheticSmartCard.contactless([0x04, 0xA1, 0xB2, 0xC3])
  static let uidAnswer: [UInt8] = [0x04, 0xA1, 0xB2, 0xC3, 0x90, 0x00]

  @Test func theQuirksOfAnIndependentDevice() throws {
    let descriptor = try #require(CCIDDescriptor(in: try CardVectors("qemu").bytes("descriptor", "d")))
    let quirks: CCIDReaderModel.Quirks = [.hiddenParameters, .quietAbsence, .oldAnswer, .alwaysActive]
    var rig = CCIDRig.ready(Self.card, descriptor, notices: false, quirks: quirks)
    #expect(rig.told == ["ready", "present 4 a1 b2 c3"])
    #expect(rig.ask(CardCommand.uid) == .success(Self.uidAnswer))
    rig.touch(.take)
    #expect(rig.ask([0x80, 0x10, 0, 0, 0]) == .failure(.cardRemoved) && rig.told.last == "removed")
    rig.touch(.put(.contact))
    rig.pass(.seconds(1))
    #expect(rig.told.last == "present -" && rig.effects == ["open"] && rig.driver.counters.rejected == 0)
  }

  @Test func answersToEarlierCommandsAreDroppedUpToTen() {
    for count in [UInt8(1), 10] {
      var rig = CCIDRig.ready(Self.card)
      rig.set(.stale(count))
      #expect(rig.ask(CardCommand.uid) == .success(Self.uidAnswer))
      #expect(rig.driver.counters.stale >= UInt64(count) && rig.effects == ["open"])
    }
    var rig = CCIDRig.ready(Self.card)
    rig.set(.stale(11))
    #expect(rig.ask(CardCommand.uid) == .failure(.timedOut))
  }

  @Test func aHaltIsClearedAndNothingElse() {
    var rig = CCIDRig.ready(Self.card)
    rig.set(.halted)
    #expect(rig.ask(CardCommand.uid) == .failure(.timedOut))
    rig.pass(.seconds(2))
    #expect(rig.effects == ["open", "clear"] && rig.health.last == .online)
    #expect(rig.ask(CardCommand.uid) == .success(Self.uidAnswer))
    #expect(rig.told == ["ready", "present 4 a1 b2 c3"] && rig.broken.isEmpty)
  }

  @Test(arguments: [(CCIDReaderModel.Fault.deadUntilReset, ["clear", "reset"]), (.deadUntilOpened, ["clear", "reset", "open"])])
  func theLadderEndsWhereItHelps(fault: CCIDReaderModel.Fault, rungs: [String]) {
    var rig = CCIDRig.ready(Self.card)
    rig.set(fault)
    rig.pass(.seconds(20))
    #expect(Array(rig.effects.dropFirst()) == rungs && rig.health.last == .online && rig.broken.isEmpty)
    #expect(rig.told == ["ready", "present 4 a1 b2 c3"])
    #expect(rig.ask(CardCommand.uid) == .success(Self.uidAnswer))
  }

  @Test(arguments: [CCIDReaderModel.Fault.silent, .garbled, .wrongLength, .dead])
  func aReaderThatStaysBrokenIsToldOnceAndComesBack(
    fault: CCIDReaderModel.Fault
  ) {
    var rig = CCIDRig.ready(Self.card)
    rig.set(fault)
    rig.pass(until: { $0.told.contains { $0.hasPrefix("repair ") } }, within: .seconds(16))
    rig.pass(.seconds(60))
    #expect(
      rig.told.count { $0.hasPrefix("repair ") } == 1
        && rig.told.last == "repair \(fault == .garbled || fault == .wrongLength ? "garbled" : "silent")")
    #expect(rig.told.count { $0 == "removed" } == 1 && rig.health.last == .faulted)
    #expect(rig.ask(CardCommand.uid) == .failure(.outOfOrder))
    rig.set(nil)
    rig.pass(.seconds(15))
    #expect(Array(rig.told.suffix(2)) == ["repaired", "present 4 a1 b2 c3"] && rig.health.last == .online && rig.broken.isEmpty)
  }

  @Test func unpluggedAndPluggedInAgain() {
    var rig = CCIDRig.ready(Self.card)
    let token = rig.transmit(CardCommand.uid)
    rig.touch(.unplug)
    #expect(rig.answers[token] == .failure(.cardRemoved))
    #expect(Array(rig.told.suffix(2)) == ["removed", "detached"] && rig.health.last == .absent)
    #expect(rig.cards.allSatisfy { $0.uid?.isEmpty == true })
    rig.pass(.seconds(10))
    #expect(rig.told.last == "repair absent")
    rig.touch(.plug)
    rig.pass(.seconds(1))
    #expect(Array(rig.told.suffix(3)) == ["repaired", "ready", "present 4 a1 b2 c3"])
  }

  @Test func noiseBetweenCardAndReaderIsRepaired() {
    for count in 1...3 {
      var card = Self.card
      card.file = (0..<700).map { UInt8(truncatingIfNeeded: $0) }
      var rig = CCIDRig.ready(card)
      rig.set(.noisyCard(count))
      #expect(rig.ask([0x80, 0x10, 0, 0, 0]) == .success(card.file + [0x90, 0x00]), "\(count)")
    }
    var rig = CCIDRig.ready(Self.card)
    rig.set(.noisyCard(100))
    #expect(rig.ask(CardCommand.uid) == .failure(.cardFailed))
    rig.set(nil)
    #expect(rig.ask(CardCommand.uid) == .success(Self.uidAnswer) && rig.effects == ["open"])
    #expect(rig.told == ["ready", "present 4 a1 b2 c3"])
  }

  @Test func aCardThatFailsGetsPowerAnewBeforeItIsAskedAgain() {
    var rig = CCIDRig.ready(Self.card)
    rig.set(.parity(1))
    #expect(rig.ask(CardCommand.uid) == .failure(.cardFailed))
    let before = rig.model.commands.count { $0.kind == .powerOn }
    #expect(rig.ask(CardCommand.uid) == .success(Self.uidAnswer))
    #expect(rig.model.commands.count { $0.kind == .powerOn } == before + 1 && rig.told.count == 2)
  }

  @Test(arguments: CardTests.levels) func aBusySlotIsAskedAgain(features: UInt32) {
    var rig = CCIDRig.ready(Self.card, CCIDDescriptor(features: features))
    rig.set(.busy(3))
    #expect(rig.ask(CardCommand.uid) == .success(Self.uidAnswer) && rig.effects == ["open"])
  }

  @Test func aReaderThatLeavesEverythingToTheHostIsNotUsed() {
    for descriptor in [CCIDDescriptor(features: 0x30), CCIDDescriptor(slots: 0, features: 0x1_0030)] {
      var rig = CCIDRig.ready(Self.card, descriptor)
      rig.pass(.seconds(60))
      #expect(rig.told == ["repair unsupported"] && rig.model.commands.isEmpty && rig.health.last == .faulted)
    }
  }

  /// Whatever happens in whatever order: every command is answered once, the transport's rules are kept, and afterwards all is well.
  @Test(arguments: 0..<40) func anyOrderOfFaultsEndsWell(seed: Int) {
    var random = SeededRandom(seed: UInt64(seed) &+ 900)
    let level = CardTests.levels[Int(random.below(3))]
    var rig = CCIDRig.ready(nil, CCIDDescriptor(features: level), notices: random.chance(1, in: 2))
    var asked = 0
    for _ in 0..<40 {
      switch random.below(16) {
      case 0: rig.touch(.put(Self.card))
      case 1: rig.touch(.swap(.storage([4, 4, 4, 4])))
      case 2: rig.touch(.take)
      case 3: rig.touch(.putMute)
      case 4: rig.set(.silent)
      case 5: rig.set(.garbled)
      case 6: rig.set(.halted)
      case 7: rig.set(.stale(UInt8(random.below(13))))
      case 8: rig.set(.noisyCard(Int(random.below(6)) + 1))
      case 9: rig.set(.deadUntilReset)
      case 10: rig.touch(.unplug)
      case 11: rig.touch(.plug)
      case 12: rig.set(nil)
      default:
        asked += 1
        rig.transmit(
          random.chance(1, in: 2) ? CardCommand.uid : [0x80, 0x10, 0, 0, 0], within: .milliseconds(Int(random.below(3_000))))
      }
      rig.pass(.milliseconds(Int(random.below(1_500))))
    }
    rig.touch(.unplug)
    rig.touch(.plug)
    rig.touch(.take)
    rig.set(nil)
    rig.touch(.put(Self.card))
    rig.pass(.seconds(30))
    #expect(rig.ask(CardCommand.uid) == .success(Self.uidAnswer))
    #expect(rig.answered == asked + 1 && rig.broken.isEmpty && rig.health.last == .online, "\(rig.told.suffix(5)) \(rig.broken)")
    #expect(rig.told.last == "present 4 a1 b2 c3")
    // No card is there twice.
    var isThere = false
    for event in rig.told {
      if event.hasPrefix("present") || event.hasPrefix("unusable") {
        #expect(!isThere, "\(rig.told)")
        isThere = true
      } else if event == "removed" {
        isThere = false
      }
    }
  }
}
