import DeviceKit
import DeviceVocabulary
import ResidentCardCodec
import ResidentCardDeviceModel
import ResidentCardDriver
import Testing

@Suite struct LadderTests {
  static let card = ReadingTests.card

  /// She tries, and it does not answer. What brings it back, and within which time.
  @Test(arguments: PipeLayout.allCases) func eachRungBringsBackWhatItIsFor(layout: PipeLayout) {
    let rungs: [(CardReaderModel.Fault, [String])] =
      layout == .serial
      ? [(.halted, ["open"]), (.deadUntilReset, ["open"]), (.deadUntilOpened, ["open"])]
      : [
        (.halted, ["clearHalt"]), (.deadUntilReset, ["clearHalt", "reset"]), (.deadUntilOpened, ["clearHalt", "reset", "open"]),
      ]
    for (fault, expected) in rungs {
      for delay in [0, 60, 200, 760, 800] {
        var rig = ReaderRig.ready(layout)
        rig.effects = []
        rig.read()
        rig.touch(.put(Self.card))
        rig.pass(.milliseconds(delay))
        rig.set(fault)
        let since = rig.now
        rig.pass(until: { !$0.effects.isEmpty }, within: .seconds(16))
        let begun = rig.now
        // A fault that strikes behind the last write lets that answer through, and is found when the reader is asked how it is.
        rig.pass(until: { $0.model.fault == nil }, within: .seconds(16))
        if rig.records.isEmpty {
          #expect(rig.effects == expected, "\(layout) \(fault) after \(delay) ms: \(rig.effects)")
          // R5: 5 s. A card that is being read may take 3 s to its first byte, of a reader that is well, too: those come before.
          let patience = delay >= 60 ? rig.driver.settings.readTimeout : .zero
          #expect(begun - since <= patience + .seconds(1), "\(fault): \((begun - since).microseconds)")
          #expect(rig.now - begun <= .seconds(4), "\(fault): \((rig.now - begun).microseconds)")
        }
        rig.touch(.take)
        rig.pass(.seconds(1))
        rig.touch(.put(Self.card))
        rig.pass(.seconds(3))
        #expect(rig.records.count == 1 && rig.driver.notice == nil, "\(layout) \(fault) after \(delay) ms: \(rig.told)")
        #expect(rig.broken == [], "\(layout) \(fault) after \(delay) ms")
        #expect(!rig.told.contains { if case .repairNeeded = $0 { true } else { false } })
      }
    }
  }

  @Test(arguments: PipeLayout.allCases) func aDeadReaderIsOneNoticeAndComesBackWithoutARestart(layout: PipeLayout) throws {
    var rig = ReaderRig.ready(layout)
    rig.set(.dead)
    rig.read()
    let since = rig.now
    rig.pass(until: { $0.driver.notice != nil }, within: .seconds(6))
    #expect(try #require(rig.when(.repairNeeded(.silent))) - since <= .seconds(5))
    // The way without a card is offered, once.
    #expect(rig.count(.readFailed(.outOfOrder)) == 1 && rig.health.last == .faulted)
    rig.pass(.seconds(600))
    rig.read()
    #expect(rig.count(.readFailed(.outOfOrder)) == 2, "whoever asks later is told at once")
    #expect(rig.count(.repairNeeded(.silent)) == 1)
    // Unplugged and plugged in again by somebody.
    rig.touch(.unplug)
    rig.pass(.seconds(2))
    rig.touch(.plug)
    let plugged = rig.now
    rig.pass(until: { $0.driver.notice == nil }, within: .seconds(5))
    #expect(rig.now - plugged <= .seconds(5) && rig.told.suffix(2) == [.repaired, .ready] && rig.health.last == .online)
    rig.read()
    rig.touch(.put(Self.card))
    rig.pass(.seconds(2))
    #expect(rig.records.count == 1)
    #expect(rig.told.count { if case .repairNeeded = $0 { true } else { false } } == 1)
  }

  @Test func itComesBackAlsoWhenNobodyTellsThatItWasPluggedIn() {
    var rig = ReaderRig.ready()
    rig.isHotplugDeaf = true
    rig.touch(.unplug)
    rig.pass(.seconds(20))
    #expect(rig.count(.repairNeeded(.absent)) == 1 && rig.health.last == .absent && rig.count(.detached) == 1)
    rig.touch(.plug)
    rig.pass(until: { $0.told.last == .ready }, within: .seconds(5))
    #expect(rig.count(.repaired) == 1 && rig.count(.attached) == 2)
    // A fault that goes by itself, too.
    rig.set(.silent)
    rig.pass(.seconds(60))
    #expect(rig.count(.repairNeeded(.silent)) == 1)
    rig.set(nil)
    rig.pass(until: { $0.driver.notice == nil }, within: .seconds(6))
    #expect(rig.count(.repaired) == 2)
  }

  @Test func aReaderThatWasNeverThereIsOneNoticeAndAShortAbsenceIsNone() {
    var rig = ReaderRig()
    rig.touch(.unplug)
    rig.read()
    rig.pass(.milliseconds(2900))
    #expect(rig.driver.notice == nil)
    rig.pass(.seconds(60))
    #expect(rig.told == [.readFailed(.outOfOrder), .repairNeeded(.absent)])
    rig.touch(.plug)
    rig.pass(.seconds(1))
    #expect(rig.told.suffix(3) == [.attached, .repaired, .ready])
    rig.touch(.unplug)
    rig.pass(.milliseconds(2000))
    rig.touch(.plug)
    rig.pass(.seconds(1))
    #expect(rig.count(.repairNeeded(.absent)) == 1 && rig.count(.repaired) == 1)
    #expect(rig.told.suffix(3) == [.detached, .attached, .ready])
  }

  @Test func unpluggedWhileReadingNothingIsLeft() {
    for delay in stride(from: 0, through: 1200, by: 13) {
      var rig = ReaderRig.ready(delay % 2 == 0 ? .split : .single)
      rig.touch(.put(Self.card))
      rig.read(newestAddress: true)
      rig.pass(.milliseconds(delay))
      rig.touch(.unplug)
      #expect(rig.vault.bytesLeft == 0, "after \(delay) ms")
      if rig.told.contains(.cardArrived), rig.records.isEmpty {
        #expect(rig.told.contains(.readFailed(.brokeOff)), "after \(delay) ms: \(rig.told)")
      }
      rig.pass(.milliseconds(500))
      rig.touch(.plug)
      rig.touch(.take)
      rig.pass(.milliseconds(500))
      rig.touch(.put(Self.card))
      rig.pass(.seconds(2))
      #expect(rig.records.count == 1, "the request stands, after \(delay) ms: \(rig.told)")
    }
  }

  @Test func aModuleThatWillNotWorkIsToldApartFromASilentOne() {
    for (fault, repair) in [
      (CardReaderModel.Fault.selfTestFailed, ReaderRepair.moduleSelfTest), (.notAuthorised, .moduleNotAuthorised),
    ] {
      var rig = ReaderRig()
      rig.set(fault)
      rig.read()
      rig.pass(.seconds(60))
      #expect(rig.told == [.attached, .readFailed(.outOfOrder), .repairNeeded(repair)] && rig.health.last == .faulted)
      #expect(rig.effects == ["open"], "no reset changes that")
      rig.set(nil)
      rig.pass(.seconds(6))
      #expect(rig.told.suffix(2) == [.repaired, .ready])
      // In the middle of a conversation.
      rig.read()
      rig.pass(.milliseconds(900))
      rig.set(fault)
      rig.pass(.seconds(2))
      #expect(rig.told.suffix(2) == [.readFailed(.outOfOrder), .repairNeeded(repair)])
      rig.touch(.put(Self.card))
      rig.pass(.seconds(60))
      #expect(rig.records.isEmpty && rig.count(.repairNeeded(repair)) == 2)
    }
  }

  @Test(arguments: PipeLayout.allCases) func damagedAnswersAreNoCard(layout: PipeLayout) throws {
    for fault in [CardReaderModel.Fault.garbled, .wrongChecksum, .wrongLength] {
      var rig = ReaderRig.ready(layout)
      rig.set(fault)
      rig.read()
      let since = rig.now
      rig.touch(.put(Self.card))
      rig.pass(until: { $0.driver.notice != nil }, within: .seconds(6), "\(layout) \(fault)")
      #expect(rig.now - since <= .seconds(5) && rig.records.isEmpty && rig.vault.bytesLeft == 0)
      if fault != .wrongLength { #expect(rig.count(.repairNeeded(.garbled)) == 1, "\(layout) \(fault): \(rig.told)") }
      rig.pass(.seconds(120))
      #expect(rig.told.count { if case .repairNeeded = $0 { true } else { false } } == 1, "\(layout) \(fault)")
      rig.set(nil)
      rig.pass(.seconds(10))
      #expect(rig.driver.notice == nil && rig.told.suffix(2) == [.repaired, .ready], "\(layout) \(fault): \(rig.told)")
      rig.read()
      rig.pass(.seconds(2))
      #expect(rig.records.count == 1)
    }
  }

  /// Only the record is damaged: the reader is well, and the card can be put there again.
  @Test(arguments: PipeLayout.allCases) func aDamagedRecordIsAFailureOfTheReadingOnly(layout: PipeLayout) {
    for fault in [CardReaderModel.Fault.garbled, .wrongChecksum, .wrongLength] {
      var rig = ReaderRig.ready(layout)
      rig.touch(.put(Self.card))
      rig.read()
      rig.pass(until: { $0.commands.last == .read }, within: .seconds(2))
      rig.set(fault)
      rig.pass(.milliseconds(710))
      rig.set(nil)
      rig.pass(.seconds(4))
      let expected: ReadFailure = fault == .wrongChecksum ? .garbled : .brokeOff
      #expect(rig.count(.readFailed(expected)) == 1 && rig.vault.bytesLeft == 0, "\(layout) \(fault): \(rig.told)")
      #expect(rig.driver.notice == nil && rig.driver.counters.ladders == 0, "\(layout) \(fault)")
      rig.touch(.take)
      rig.pass(.milliseconds(500))
      rig.touch(.put(Self.card))
      rig.pass(.seconds(2))
      #expect(rig.records.count == 1, "\(layout) \(fault): \(rig.told)")
    }
  }

  @Test func aSlowReaderIsWaitedForAndOneThatIsTooSlowIsNeverMistaken() {
    for milliseconds in stride(from: 0, through: 280, by: 20) {
      var rig = ReaderRig.ready(.single)
      rig.set(.slow(reply: .milliseconds(milliseconds), gap: .milliseconds(min(milliseconds, 140))))
      rig.touch(.put(Self.card))
      rig.read(newestAddress: true)
      rig.pass(.seconds(9))
      #expect(rig.records.count == 1 && rig.driver.counters.timeouts == 0, "\(milliseconds) ms")
    }
    // Beyond what is waited for: whatever is told, a record is never wrong, and it comes back.
    for milliseconds in stride(from: 300, through: 2500, by: 100) {
      var rig = ReaderRig.ready(.single)
      rig.set(.slow(reply: .milliseconds(milliseconds), gap: .milliseconds(1)))
      rig.touch(.put(Self.card))
      rig.read(newestAddress: true, for: .seconds(600))
      rig.pass(.seconds(30))
      for record in rig.records {
        #expect(record.content.open(for: .seal) { _ in true }.map(contents).map { $0.isEmpty || $0 == Self.card.text } == true)
      }
      rig.set(nil)
      rig.touch(.take)
      rig.pass(.seconds(12))
      #expect(rig.driver.notice == nil, "\(milliseconds) ms: \(rig.told)")
    }
  }

  /// In the middle of the ladder the link goes down by itself, so that it shows at the end of it only.
  @Test func unpluggedDuringTheLadderItIsAbsentAndNotSilent() {
    var rig = ReaderRig.ready()
    rig.set(.dead)
    rig.read()
    rig.pass(until: { $0.effects.last == "reset" }, within: .seconds(3))
    rig.touch(.unplug)
    rig.pass(.seconds(10))
    #expect(rig.told.suffix(3) == [.detached, .readFailed(.outOfOrder), .repairNeeded(.absent)], "\(rig.told)")
    #expect(rig.health.last == .absent && rig.count(.detached) == 1)
    rig.touch(.plug)
    rig.pass(.seconds(2))
    #expect(rig.told.suffix(3) == [.attached, .repaired, .ready])
  }

  /// Answers do not say what they answer: what belongs to no step is passed over, and what comes when nobody asked is nothing.
  @Test func lateAnswersAreNobodys() {
    for (last, late) in [
      (SDTCommand.select, SDTStatus.noCard), (.select, .found), (.read, .found), (.read, .noCard), (.newestAddress, .noCard),
      (.find, .done),
    ] {
      var rig = ReaderRig.ready(.serial)
      rig.touch(.put(Self.card))
      rig.read(newestAddress: true)
      rig.pass(until: { $0.commands.last == last }, within: .seconds(2))
      let stale = SecretBuffer(capacity: 64)
      var frame: [UInt8] = []
      SDTReply.encode(late, data: []) { frame.append($0) }
      stale.fill(from: frame)
      rig.give(.received(stale, from: .whole))
      rig.pass(.seconds(2))
      #expect(rig.records.count == 1 && rig.failures == 0, "\(late.words) after \(last): \(rig.told)")
      #expect(rig.driver.counters.foreign == 1 && rig.records.first?.newestAddress != nil)
      stale.fill(from: frame)
      rig.give(.received(stale, from: .whole))
      rig.pass(.seconds(1))
      #expect(rig.records.count == 1 && rig.driver.notice == nil)
    }
  }

  @Test func aReaderThatNeverFallsQuietIsBroughtBackToo() {
    var rig = ReaderRig.ready(.serial)
    let since = rig.now
    rig.read()
    for _ in 0..<600 {
      let noise = SecretBuffer(capacity: 64)
      noise.fill(from: [0xAA, 0x96, 0x00, 0xFF])
      rig.give(.received(noise, from: .whole))
      #expect(noise.isEmpty)
      rig.set(.silent)
      rig.pass(.milliseconds(10))
    }
    #expect(rig.count(.repairNeeded(.garbled)) == 1 && rig.now - since <= .seconds(7))
    #expect((rig.when(.repairNeeded(.garbled)) ?? .distantFuture) - since <= .seconds(5))
    rig.set(nil)
    rig.pass(.seconds(6))
    #expect(rig.told.last == .ready)
  }

  @Test func aDriverThatRestsWantsToBeWokenSeldom() {
    var rig = ReaderRig.ready()
    rig.wakes = 0
    rig.pass(.seconds(100))
    #expect(rig.wakes <= 60)
    var settings = CardReaderSettings()
    settings.idleCheck = nil
    rig = ReaderRig.ready(settings: settings)
    #expect(rig.driver.deadline == nil)
  }
}
