import DeviceKit
import Testing

@testable import FirmwareUpdateDeviceModel

/// What the boot loader decides, case by case, and what is left of it when the power goes at any of its writes.
@Suite struct BootChoiceTests {
  private func decide(_ record: BootRecord?, good: Set<UInt8>) -> BootChoice {
    BootChoice.decide(record: record) { good.contains($0) }
  }

  @Test func aTrialIsStartedOnceAndItsTryIsTakenFirst() {
    for old in [UInt8(0), 1] {
      let new = 1 - old
      #expect(
        decide(BootRecord(confirmed: old, trial: new, tries: 1), good: [0, 1])
          == BootChoice(slot: UInt16(new), record: BootRecord(confirmed: old, trial: new, tries: 0), isTrial: true))
      // Its one start is over.
      #expect(
        decide(BootRecord(confirmed: old, trial: new, tries: 0), good: [0, 1])
          == BootChoice(slot: UInt16(old), record: BootRecord(confirmed: old)))
      // It is not whole.
      #expect(
        decide(BootRecord(confirmed: old, trial: new, tries: 1), good: [old])
          == BootChoice(slot: UInt16(old), record: BootRecord(confirmed: old)))
      // It is no trial of another image.
      #expect(
        decide(BootRecord(confirmed: old, trial: old, tries: 1), good: [0, 1])
          == BootChoice(slot: UInt16(old), record: BootRecord(confirmed: old)))
    }
  }

  @Test func theConfirmedImageRunsOrTheOtherOneThatIsWhole() {
    #expect(decide(BootRecord(confirmed: 1), good: [0, 1]) == BootChoice(slot: 1))
    #expect(decide(BootRecord(confirmed: 1), good: [0]) == BootChoice(slot: 0, record: BootRecord(confirmed: 0)))
    #expect(decide(BootRecord(confirmed: 1), good: []) == BootChoice())
    #expect(decide(nil, good: [0, 1]) == BootChoice(slot: 0, record: BootRecord(confirmed: 0)))
    #expect(decide(nil, good: [1]) == BootChoice(slot: 1, record: BootRecord(confirmed: 1)))
    #expect(decide(nil, good: []) == BootChoice())
  }

  @Test func withoutARecordOfItNoTrialIsStarted() {
    for old in [UInt8(0), 1] {
      let record = BootRecord(confirmed: old, trial: 1 - old, tries: 1)
      #expect(BootChoice.withoutRecord(record) { _ in true } == UInt16(old))
      #expect(BootChoice.withoutRecord(record) { $0 != old } == UInt16(1 - old), "nothing else is whole")
      #expect(BootChoice.withoutRecord(record) { _ in false } == nil)
    }
    #expect(BootChoice.withoutRecord(nil) { _ in true } == 0)
  }

  @Test func aRecordThatCannotBeIsNone() {
    let record = BootRecord(confirmed: 1, trial: 0, tries: 1)
    #expect(BootRecord(stored: record.stored) == record)
    for (byte, value) in [(0, UInt8(0)), (1, 2), (2, 2), (3, 2)] {
      var wrong = record.stored
      wrong[byte] = value
      #expect(BootRecord(stored: wrong) == nil, "byte \(byte)")
    }
  }

  // MARK: - The power goes at any write

  /// A board between two starts: flash, which slots are whole, and what a checker remembers of it.
  private struct Board {
    var flash = FlashOfTests(FlashOfTests.records)
    var good: Set<UInt8> = [0, 1]
    /// Slots that have proved themselves.
    var proved: Set<UInt8> = [0]
    /// Starts of the image on trial since it was ordered.
    var trials = 0

    var record: BootRecord? {
      var copy = flash
      var store = RecordStore(page: FlashOfTests.records.boot, pageBytes: FlashOfTests.records.pageBytes)
      return store.load(from: &copy).flatMap { BootRecord(stored: $0.payload) }
    }

    /// What the running image does: `true` when it was told that the record is kept.
    mutating func save(_ record: BootRecord) -> Bool {
      var store = RecordStore(page: FlashOfTests.records.boot, pageBytes: FlashOfTests.records.pageBytes)
      _ = store.load(from: &flash)
      store.save(record.stored)
      while store.isBusy && !flash.isCut {
        store.start(&flash)
        if let succeeded = flash.finished(at: .zero) { store.finished(succeeded, &flash) }
      }
      return store.outcome() ?? false
    }

    /// The boot loader. `nil` when the power went before the jump.
    mutating func start() -> BootChoice? {
      let good = good
      let choice = BootChoice.make(&flash, layout: FlashOfTests.records) { slot, _ in good.contains(slot) }
      guard !flash.isCut else { return nil }
      if choice.isTrial { trials += 1 }
      return choice
    }
  }

  /// What an image does after its start.
  private enum Act: CaseIterable { case nothing, confirm, activate }

  /// Each place in the two pages where the record may stand, each start of it, and a cut at every operation of the memory, at its beginning, in
  /// its middle and just before its end; then another one at the next start.
  @Test func whateverIsCutAWholeImageRunsAndATrialRunsOnce() {
    var cuts = 0
    let records = [
      BootRecord(confirmed: 0), BootRecord(confirmed: 0, trial: 1, tries: 1), BootRecord(confirmed: 0, trial: 1, tries: 0),
    ]
    // Whole slots and worn pages; a second cut after the first one only where both slots are whole, or in a long run.
    let worlds: [(good: Set<UInt8>, worn: UInt32?)] = [([0, 1], nil), ([0], nil), ([1], nil), ([0, 1], 0), ([0, 1], 1)]
    for before in 0..<4 {
      for record in records {
        for (number, world) in worlds.enumerated() {
          var board = Board()
          for _ in 0..<before { _ = board.save(BootRecord(confirmed: 0)) }
          guard board.save(record) else {
            Issue.record("the beginning cannot be stored")
            return
          }
          board.good = world.good
          board.trials = record.trial == 1 && record.tries == 0 ? 1 : 0
          if let worn = world.worn { board.flash.worn = [FlashOfTests.records.boot + worn * FlashOfTests.records.pageBytes] }
          let depth = isLongRun || number == 0 && before < 2 ? 2 : 1
          for act in Act.allCases { cuts += explore(board, act, depth: depth) }
        }
      }
    }
    #expect(cuts > 1_000, "\(cuts)")
  }

  /// A start and what follows, whole and with a cut at each operation. How many cuts there were.
  private func explore(_ board: Board, _ act: Act, depth: Int) -> Int {
    var whole = board
    live(&whole, act)
    check(whole, since: board)
    guard depth > 0 else { return 0 }
    let operations = whole.flash.operations.count - board.flash.operations.count
    var cuts = 0
    for operation in 0..<operations {
      for bytes in isLongRun ? [0, 1, 3, 16, 31, 32, 63] : [0, 16, 31, 48] {
        var cut = board
        cut.flash.cut = (operation, bytes)
        live(&cut, act)
        cut.flash.restore()
        check(cut, since: board)
        cuts += 1 + explore(cut, .nothing, depth: depth - 1)
      }
    }
    return cuts
  }

  private func live(_ board: inout Board, _ act: Act) {
    guard let choice = board.start(), let slot = choice.slot else { return }
    let running = UInt8(slot)
    #expect(board.good.contains(running))
    if choice.isTrial {
      #expect(board.record == BootRecord(confirmed: 1 - running, trial: running, tries: 0), "a trial is on record before it runs")
    }
    switch act {
    case .nothing: break
    case .confirm:
      board.proved.insert(running)
      _ = board.save(BootRecord(confirmed: running))
    case .activate:
      guard !choice.isTrial else { return }
      _ = board.save(BootRecord(confirmed: running, trial: 1 - running, tries: 1))
      // It may be on record although nobody was told.
      if board.record?.tries == 1 { board.trials = 0 }
    }
  }

  /// Whatever happened: the next start, of a board with power, runs a whole image, the trial only once, and nothing is taken for confirmed that
  /// did not prove itself while the one that did was whole.
  private func check(_ board: Board, since former: Board) {
    #expect(board.trials <= 1)
    if let record = board.record, !board.proved.contains(record.confirmed) {
      #expect(board.proved.isDisjoint(with: board.good), "\(record) from \(String(describing: former.record))")
    }
    #expect(board.record != nil || former.record == nil, "the record is never lost")
    var next = board
    let choice = next.start()
    #expect(choice?.slot != nil, "\(String(describing: board.record)), whole \(board.good.sorted())")
  }

  @Test func whereNoRecordCanBeWrittenTheConfirmedImageRuns() {
    var board = Board()
    let isStored = board.save(BootRecord(confirmed: 0, trial: 1, tries: 1))
    #expect(isStored)
    board.flash.worn = [FlashOfTests.records.boot, FlashOfTests.records.boot + FlashOfTests.records.pageBytes]
    for _ in 0..<3 {
      let choice = board.start()
      #expect(choice == BootChoice(slot: 0))
    }
    // It says that it was written, and it was not.
    board.flash.worn = []
    board.flash.lying = [FlashOfTests.records.boot, FlashOfTests.records.boot + FlashOfTests.records.pageBytes]
    for _ in 0..<3 {
      let choice = board.start()
      #expect(choice == BootChoice(slot: 0))
    }
    board.flash.lying = []
    let healed = board.start()
    #expect(healed?.isTrial == true)
  }
}
