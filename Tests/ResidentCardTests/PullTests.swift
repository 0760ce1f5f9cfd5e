import DeviceKit
import DeviceVocabulary
import ResidentCardCodec
import ResidentCardDeviceModel
import ResidentCardDriver
import Testing

/// The card is gone before it was read: noticed within 300 ms, erased at once, ready for the next one within a second.
@Suite struct PullTests {
  static let card = ReadingTests.card
  static let next = SyntheticCard.person(.foreign2023, seed: 8)

  /// A report of the module behind the last bytes may fill the frame up: then it is damaged, and not broken off.
  private func pull(_ layout: PipeLayout, at byte: Int, ofAddress: Bool, says: Bool) {
    var rig = ReaderRig.ready(layout)
    rig.touch(.put(Self.card))
    rig.touch(.takeAtByte(byte, ofAddress: ofAddress, says: says))
    rig.read(newestAddress: true)
    let name = "\(layout) at \(byte)\(ofAddress ? " of the address" : "")"
    rig.pass(.milliseconds(700))
    rig.pass(until: { $0.failed != nil }, within: .milliseconds(1100), name)
    guard let taken = rig.cardGone, let noticed = rig.failed else {
      Issue.record("\(name): never taken, or never noticed")
      return
    }
    // The model takes it when the answer is made; its last byte goes out up to 115 ms later.
    let onTheWay = Interval.microseconds(byte * (layout == .serial ? 88 : 16) + 2000)
    #expect(noticed - taken <= .milliseconds(300), "\(name): noticed after \((noticed - taken).microseconds) µs")
    #expect(noticed - (taken + onTheWay) <= .milliseconds(says ? 260 : 160), "\(name)")
    #expect(rig.leftAtFailure == 0 && rig.vault.bytesLeft == 0 && rig.transfers.bytesLeft == 0, "\(name): not erased at once")
    // Laid there again at once.
    rig.touch(.put(Self.next))
    rig.pass(until: { $0.count(.cardArrived) == 2 }, within: .seconds(1), name)
    #expect((rig.when(.cardArrived) ?? .distantFuture) - taken <= .seconds(1), "\(name)")
    rig.pass(.milliseconds(1300))
    let last = rig.records.last?.content.open(for: .seal) { _ in true }
    #expect(last.map(contents) == Self.next.text && rig.records.count == 1, "\(name)")
    #expect(rig.failures == 1 && rig.driver.notice == nil && rig.driver.counters.ladders == 0, "\(name)")
  }

  @Test(arguments: PipeLayout.allCases) func atEveryByteOfTheRecord(layout: PipeLayout) {
    for byte in 0..<1295 { pull(layout, at: byte, ofAddress: false, says: byte % 7 == 3) }
  }

  @Test(arguments: PipeLayout.allCases) func atEveryByteOfTheAddress(layout: PipeLayout) {
    for byte in 0..<81 { pull(layout, at: byte, ofAddress: true, says: byte % 2 == 0) }
  }

  /// While the radio is at it and no byte of the answer has come: the module says so.
  @Test func atEveryMomentOfAReading() {
    for delay in stride(from: 0, through: 1300, by: 10) {
      var rig = ReaderRig.ready()
      rig.touch(.put(Self.card))
      rig.read(newestAddress: true)
      rig.pass(.milliseconds(delay))
      let before = rig.records.count
      rig.touch(.take)
      let taken = rig.now
      rig.pass(.milliseconds(300))
      if rig.records.isEmpty {
        // Not begun, or broken off: nothing is kept.
        #expect(rig.vault.bytesLeft == 0, "after \(delay) ms")
        #expect(
          rig.told.contains(.readFailed(.brokeOff)) || !rig.told.contains(.cardArrived)
            || rig.told.contains(.readFailed(.unclear)), "after \(delay) ms: \(rig.told)")
        if let noticed = rig.when(.readFailed(.brokeOff)) { #expect(noticed - taken <= .milliseconds(300)) }
        rig.touch(.put(Self.next))
        rig.pass(.seconds(2))
        #expect(rig.records.count == 1, "after \(delay) ms: \(rig.told)")
      } else {
        #expect(before == 1 || rig.records.count == 1, "what was on its way was whole")
      }
    }
  }

  @Test func takenAwayIsToldOnceAndThenThatNothingLiesThere() {
    var rig = ReaderRig.ready()
    rig.touch(.put(Self.card))
    rig.touch(.takeAtByte(500))
    rig.read()
    rig.pass(.seconds(10))
    #expect(Array(rig.told.dropFirst(2)) == [.cardArrived, .readFailed(.brokeOff)])
    rig.touch(.put(Self.card))
    rig.touch(.takeAtByte(600))
    rig.pass(.seconds(2))
    #expect(rig.count(.readFailed(.brokeOff)) == 2 && rig.count(.cardArrived) == 2)
  }

  /// The module says 41 of a card that was taken away as of two that lie there: looking once more tells them apart.
  @Test func whatTheModuleCannotReadIsTakenAwayOnlyWhenNothingLiesThere() {
    for (isTaken, failure) in [(true, ReadFailure.brokeOff), (false, .unclear)] {
      var rig = ReaderRig.ready()
      rig.touch(isTaken ? .put(Self.card) : .putTwoCards)
      rig.read()
      rig.pass(.milliseconds(300))
      if isTaken { rig.touch(.take) }
      rig.pass(.seconds(1))
      #expect(Array(rig.told.dropFirst(2)) == [.cardArrived, .readFailed(failure)] && rig.vault.bytesLeft == 0)
      rig.touch(.put(Self.card))
      rig.pass(.seconds(2))
      #expect(rig.records.count == 1, "\(rig.told)")
    }
  }

  @Test func aGhostAndTwoCardsAreToldOnceUntilTheyAreGone() {
    for (hand, failure) in [(CardReaderModel.Hand.putGhost, ReadFailure.unclear), (.putTwoCards, .unclear)] {
      var rig = ReaderRig.ready()
      rig.touch(hand)
      rig.read()
      rig.pass(.seconds(10))
      #expect(rig.count(.readFailed(failure)) == 1 && rig.driver.notice == nil, "\(rig.told)")
      #expect(rig.count(.readFailed(.brokeOff)) == 0, "nothing was taken away")
      // Looked for again and again, but not without pause.
      let finds = rig.commands.count { $0 == .find }
      #expect((10...30).contains(finds))
      rig.touch(.take)
      rig.pass(.milliseconds(500))
      rig.touch(hand)
      rig.pass(.seconds(3))
      #expect(rig.count(.readFailed(failure)) == 2)
      rig.touch(.put(Self.card))
      rig.pass(.seconds(2))
      #expect(rig.records.count == 1)
    }
  }
}
