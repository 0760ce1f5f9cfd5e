import DeviceKit
import DeviceVocabulary
import ResidentCardCodec
import ResidentCardDeviceModel
import ResidentCardDriver
import Testing

@Suite struct ReadingTests {
  static let card = SyntheticCard.person(.resident, seed: 4, newestAddress: "测试省示例市新址路2号")

  @Test(arguments: PipeLayout.allCases) func aReaderComesUpAndReadsACard(layout: PipeLayout) throws {
    var rig = ReaderRig.ready(layout)
    #expect(rig.told == [.attached, .ready] && rig.health == [.absent, .identifying, .online])
    #expect(rig.numbers.map(\.description) == ["05.01-20101129-0001228293-0296863149"])
    rig.touch(.put(Self.card))
    rig.pass(.seconds(5))
    // Nobody asked: nothing is looked for.
    #expect(!rig.commands.contains(.find))
    rig.read(newestAddress: true)
    rig.pass(.seconds(2))
    let record = try #require(rig.records.first)
    #expect(rig.told.suffix(2) == [.cardArrived, .read(record.handle)] && rig.records.count == 1)
    #expect(record.kind == .resident && record.doubts == [])
    let content = try #require(record.content.open(for: .seal) { _ in true })
    let address = try #require(record.newestAddress?.open(for: .seal) { _ in true })
    #expect(contents(content) == Self.card.text && contents(address) == Self.card.newestAddress)
    #expect(Array(rig.commands.suffix(4)) == [.find, .select, .read, .newestAddress])
    // The request is over: nothing more is looked for, and what was read is erased at the latest after its time.
    let before = rig.commands.count
    rig.pass(.seconds(8))
    #expect(rig.commands.count == before && rig.vault.bytesLeft > 0)
    rig.pass(.seconds(60))
    #expect(rig.told.last == .wiped(record.handle) && rig.vault.bytesLeft == 0 && content.isEmpty)
    #expect(rig.driver.counters.records == 1 && rig.driver.counters.timeouts == 0 && !rig.effects.contains("refused"))
  }

  @Test(arguments: CardKind.allCases) func everyKindIsRead(kind: CardKind) throws {
    var rig = ReaderRig.ready(.single)
    rig.read(newestAddress: true)
    rig.pass(.seconds(1))
    let card = SyntheticCard.person(kind, seed: 9)
    rig.touch(.put(card))
    rig.pass(.seconds(3))
    let record = try #require(rig.records.first)
    #expect(record.kind == kind && record.doubts == [] && record.newestAddress == nil)
    #expect(record.masked.name.hasSuffix("*") && record.masked.number.contains("*******"))
  }

  /// No command reads the text alone: the photo comes with it, unasked, and is dropped byte by byte as it arrives. Prints are not sent for.
  @Test(arguments: PipeLayout.allCases) func printsAreNeverAskedForAndThePhotoIsNeverKept(layout: PipeLayout) {
    var rig = ReaderRig.ready(layout)
    rig.read(newestAddress: true)
    rig.touch(.put(Self.card))
    // Any eight bytes of it, in whatever the driver was given, at every moment of the reading.
    let photo = Self.card.photo
    let text = Array(Self.card.text[122..<158])
    var sawText = false
    for _ in 0..<600 {
      rig.pass(.milliseconds(5))
      let held = rig.vault.contents
      sawText = sawText || held.contains { $0.contains(text) }
      for start in stride(from: 0, to: photo.count - 8, by: 256) {
        #expect(!held.contains { $0.contains(photo[start..<start + 8]) }, "from byte \(start) on")
      }
    }
    #expect(rig.records.count == 1 && sawText, "what is kept is seen by this test")
    #expect(Set(rig.commands) == [.moduleStatus, .moduleNumber, .find, .select, .read, .newestAddress])
    // Text and address, and not one buffer in which a photo would have room.
    #expect(rig.vault.count == 2)
    #expect(rig.transfers.bytesLeft == 0, "what a pipe brought is erased when the driver has taken it")
  }

  @Test func aCardWithoutNewestAddressIsReadAndOneThatTheReaderCannotAskForIsADoubt() throws {
    var rig = ReaderRig.ready()
    rig.read(newestAddress: true)
    rig.touch(.put(SyntheticCard.person(.resident, seed: 4)))
    rig.pass(.seconds(2))
    #expect(rig.records.map(\.doubts) == [[]] && rig.records.first?.newestAddress == nil)
    rig.read(newestAddress: false)
    rig.touch(.take)
    rig.pass(.milliseconds(900))
    rig.touch(.put(Self.card))
    rig.pass(.seconds(2))
    #expect(rig.records.count == 2 && rig.records.last?.newestAddress == nil)
    #expect(rig.commands.count { $0 == .newestAddress } == 1)
  }

  @Test func theReadersOf9600BaudHaveTheirOwnCommands() {
    var settings = CardReaderSettings()
    settings.commands = .only9600
    settings.longestRadioFrame = 0x50
    var rig = ReaderRig.ready(.serial, settings: settings)
    rig.read(newestAddress: true)
    rig.touch(.put(Self.card))
    rig.pass(.seconds(3))
    #expect(rig.records.count == 1 && rig.commands == [.start9600, .find9600, .select9600, .read9600])
  }

  @Test func aQuirkIsSentOnceAfterEachStart() {
    var settings = CardReaderSettings()
    settings.longestRadioFrame = 0x50
    var rig = ReaderRig.ready(.single, settings: settings)
    #expect(rig.commands == [.moduleStatus, .moduleNumber, .longestRadioFrame] && rig.told == [.attached, .ready])
    rig.pass(.seconds(30))
    #expect(rig.commands.count { $0 == .longestRadioFrame } == 1 && rig.commands.count { $0 == .moduleStatus } == 4)
  }

  @Test func theSameCardStillLyingIsNoError() {
    var rig = ReaderRig.ready()
    rig.read()
    rig.touch(.put(Self.card))
    rig.pass(.seconds(2))
    rig.read()
    rig.pass(.seconds(5))
    // Found by nobody until it was lifted; nothing is wrong.
    #expect(
      rig.records.count == 1 && rig.driver.notice == nil
        && !rig.told.contains { if case .readFailed = $0 { true } else { false } })
    rig.touch(.take)
    rig.pass(.milliseconds(500))
    rig.touch(.put(Self.card))
    rig.pass(.seconds(2))
    #expect(rig.records.count == 2)
  }

  @Test func aReaderThatFindsLyingCardsTellsWhenOneIsTakenAndItIsErased() throws {
    var settings = CardReaderSettings()
    settings.findsLyingCard = true
    var rig = ReaderRig.ready(.single, settings: settings, findsLyingCard: true)
    rig.read(newestAddress: true)
    rig.touch(.put(Self.card))
    rig.pass(.seconds(4))
    let handle = try #require(rig.records.first?.handle)
    #expect(rig.records.count == 1 && !rig.told.contains(.removed) && rig.vault.bytesLeft > 0)
    rig.touch(.take)
    let taken = rig.now
    rig.pass(.milliseconds(500))
    #expect(rig.told.suffix(2) == [.removed, .wiped(handle)] && rig.vault.bytesLeft == 0)
    #expect(try #require(rig.when(.removed)) - taken <= .milliseconds(450))
    let before = rig.commands.count
    rig.pass(.seconds(9))
    #expect(rig.commands.count { $0 == .find } > 2 && rig.commands.count <= before + 1)
  }

  @Test func aConsentIsForOneReadingAndEnds() {
    var rig = ReaderRig.ready()
    let consent = CardConsent(number: 7, until: rig.now + .seconds(20))
    rig.give(.read(newestAddress: false, consent: consent))
    rig.touch(.put(Self.card))
    rig.pass(.seconds(2))
    #expect(rig.records.count == 1 && rig.recordConsents == [7])
    rig.give(.read(newestAddress: false, consent: consent))
    #expect(rig.told.last == .readFailed(.consentEnded))
    rig.give(.read(newestAddress: false, consent: CardConsent(number: 8, until: rig.now)))
    #expect(rig.count(.readFailed(.consentEnded)) == 2)
    rig.touch(.take)
    rig.read(for: .seconds(3))
    rig.pass(.milliseconds(2999))
    #expect(rig.count(.readFailed(.consentEnded)) == 2)
    rig.pass(.milliseconds(1))
    #expect(rig.count(.readFailed(.consentEnded)) == 3)
    let finds = rig.commands.count { $0 == .find }
    rig.touch(.put(Self.card))
    rig.pass(.seconds(10))
    #expect(rig.commands.count { $0 == .find } == finds && rig.records.count == 1)
  }

  @Test func cancellingErasesWhatIsUnderWayAndWhatWasRead() {
    // Before, in and behind every part of a reading.
    for delay in stride(from: 0, through: 1400, by: 20) {
      var rig = ReaderRig.ready(delay % 40 == 0 ? .split : .serial)
      rig.read(newestAddress: true)
      rig.touch(.put(Self.card))
      rig.pass(.milliseconds(delay))
      rig.give(.cancel)
      #expect(rig.vault.bytesLeft == 0, "at \(delay) ms")
      let (events, records) = (rig.events.count, rig.records.count)
      rig.pass(.seconds(3))
      #expect(rig.vault.bytesLeft == 0 && rig.events.count == events && rig.records.count == records, "at \(delay) ms")
      // The late answer is nobody's: the next one who agrees gets his own card.
      rig.touch(.take)
      rig.read()
      rig.pass(.milliseconds(800))
      let other = SyntheticCard.person(.resident, seed: 5)
      rig.touch(.put(other))
      rig.pass(.seconds(2))
      let last = rig.records.last?.content.open(for: .seal) { _ in true }
      #expect(last.map(contents) == other.text && rig.driver.counters.timeouts == 0, "at \(delay) ms")
    }
  }

  @Test func somebodyElseAskingAtOnceGetsNothingOfTheFirst() throws {
    for delay in stride(from: 0, through: 1000, by: 25) {
      var rig = ReaderRig.ready()
      rig.read()
      rig.touch(.put(Self.card))
      rig.pass(.milliseconds(delay))
      rig.touch(.take)
      rig.read()
      let other = SyntheticCard.person(.regional, seed: 6)
      rig.pass(.milliseconds(700))
      rig.touch(.put(other))
      rig.pass(.seconds(3))
      let last = try #require(rig.records.last?.content.open(for: .seal) { _ in true })
      #expect(contents(last) == other.text, "after \(delay) ms")
    }
  }

  @Test func unknownStatusesAndKindsAreFailuresOfTheCard() {
    for (mark, expected) in [(UInt8(0x51), ReadFailure.unknownCard)] {
      var rig = ReaderRig.ready()
      var card = Self.card
      card.text[248] = mark
      rig.read()
      rig.touch(.put(card))
      rig.pass(.seconds(3))
      #expect(rig.records.isEmpty && rig.count(.readFailed(expected)) == 1 && rig.vault.bytesLeft == 0)
    }
  }

  @Test func aWrongCheckDigitIsADoubtAndNoFailure() {
    var rig = ReaderRig.ready()
    var card = Self.card
    card.text[122] ^= 1
    rig.read()
    rig.touch(.put(card))
    rig.pass(.seconds(2))
    #expect(rig.records.map(\.doubts) == [.number])
  }
}
