import DeviceKit
import FirmwareUpdateDeviceModel
import Testing

/// One record in two pages: what is said to be kept is kept.
@Suite struct RecordStoreTests {
  private func payload(_ number: Int) -> FixedBytes<24> {
    FixedBytes((0..<24).map { UInt8(truncatingIfNeeded: number &+ $0 &* 3) & 0xEF })
  }

  private func load(_ flash: FlashOfTests) -> (store: RecordStore, payload: FixedBytes<24>?) {
    var copy = flash
    var store = RecordStore(page: FlashOfTests.records.settings, pageBytes: FlashOfTests.records.pageBytes)
    let found = store.load(from: &copy)
    return (store, found?.payload)
  }

  private func save(_ number: Int, _ store: inout RecordStore, _ flash: inout FlashOfTests) -> Bool? {
    store.save(payload(number))
    for _ in 0..<100 where store.hasWork {
      store.start(&flash)
      if let succeeded = flash.finished(at: .zero) { store.finished(succeeded, &flash) }
    }
    let isBusy = store.isBusy
    #expect(!isBusy)
    return store.outcome()
  }

  private func saveWell(_ number: Int, _ store: inout RecordStore, _ flash: inout FlashOfTests) {
    let outcome = save(number, &store, &flash)
    #expect(outcome == true, "record \(number)")
  }

  @Test func theNewestIsFoundOverMoreSavesThanThePagesHold() {
    var flash = FlashOfTests(FlashOfTests.records)
    #expect(load(flash).payload == nil)
    var store = load(flash).store
    for number in 1...20 {
      let (outcome, again) = (save(number, &store, &flash), store.outcome())
      #expect(outcome == true && again == nil, "told once")
      #expect(load(flash).payload == payload(number))
      if number % 3 == 0 { store = load(flash).store }
    }
    #expect(flash.operations.filter { $0 == .erase(0) || $0 == .erase(64) }.count <= 11, "one erasure for each page of records")
  }

  /// The memory says "done", and something else stands there.
  @Test func aWriteThatDidNotArriveIsNoSuccess() {
    for lying in [Set<UInt32>([0]), [64], [0, 64]] {
      var flash = FlashOfTests(FlashOfTests.records)
      var store = load(flash).store
      saveWell(1, &store, &flash)
      flash.lying = lying
      var kept = 1
      for number in 2...9 {
        let outcome = save(number, &store, &flash)
        #expect(outcome != nil)
        if outcome == true { kept = number }
        if lying.count == 2 { #expect(outcome == false) }
        #expect(load(flash).payload == payload(kept), "\(lying), \(number)")
        if number % 4 == 0 { store = load(flash).store }
      }
    }
  }

  @Test func aPageThatTakesNothingCostsNoRecord() {
    for worn in [UInt32(0), 64] {
      var flash = FlashOfTests(FlashOfTests.records)
      var store = load(flash).store
      saveWell(1, &store, &flash)
      flash.worn = [worn]
      var kept = 1
      for number in 2...9 {
        if save(number, &store, &flash) == true { kept = number }
        #expect(load(flash).payload == payload(kept), "\(worn), \(number)")
      }
    }
  }

  @Test func aCutAtAnyOperationLeavesTheOldOrTheNew() {
    for before in 1...6 {
      var flash = FlashOfTests(FlashOfTests.records)
      var store = load(flash).store
      for number in 1...before { saveWell(number, &store, &flash) }
      for operation in 0..<2 {
        for bytes in 0...64 {
          var cut = flash
          cut.cut = (operation, bytes)
          var again = load(cut).store
          again.save(payload(99))
          while again.hasWork && !cut.isCut {
            again.start(&cut)
            if let succeeded = cut.finished(at: .zero) { again.finished(succeeded, &cut) }
          }
          cut.restore()
          let found = load(cut).payload
          #expect(found == payload(before) || found == payload(99), "\(before), operation \(operation), \(bytes) bytes")
          // And it goes on from there.
          var next = load(cut).store
          saveWell(50, &next, &cut)
          #expect(load(cut).payload == payload(50))
        }
      }
    }
  }

  /// Only the newest counts, and it is told of once.
  @Test func aSaveDuringASaveIsKeptInItsPlace() {
    var flash = FlashOfTests(FlashOfTests.records)
    var store = load(flash).store
    store.save(payload(1))
    store.start(&flash)
    store.save(payload(2))
    var outcomes: [Bool] = []
    for _ in 0..<20 where store.isBusy {
      if let succeeded = flash.finished(at: .zero) { store.finished(succeeded, &flash) }
      if let outcome = store.outcome() { outcomes.append(outcome) }
      store.start(&flash)
    }
    #expect(outcomes == [true] && load(flash).payload == payload(2))
  }
}
