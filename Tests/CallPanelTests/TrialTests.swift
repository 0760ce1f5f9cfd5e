import CallPanelCodec
import DeviceKit
import FirmwareUpdateCodec
import FirmwareUpdateDeviceModel
import ModbusRTUCodec
import Testing

@testable import CallPanelDeviceModel

/// New firmware proves itself or gives way.
@Suite struct TrialTests {
  let images = TestImages()

  /// Of the panel in `rig`, by itself: no host is asked.
  private func runs(_ rig: PanelRig, _ patch: UInt16, onTrial: Bool = false) -> Bool {
    rig.panel.logic.about.patch == patch && rig.panel.logic.about.isOnTrial == onTrial
  }

  private var takesNote: PanelOrder { PanelOrder(token: 5, acknowledgesRestart: true, unit: PanelRig.unit) }

  // MARK: - Who gives way

  @Test func anImageThatNoHostPollsGivesWay() throws {
    var rig = try images.rig()
    rig.startTrial(of: try images.image(patch: 2, slot: 1))
    rig.idle(.seconds(30))
    #expect(runs(rig, 2, onTrial: true))
    rig.idle(.seconds(100))
    #expect(runs(rig, 1))
  }

  /// Somebody asks it, and it may not even be heard: only a host that took note of the start confirms it.
  @Test func anImageThatIsOnlyAskedGivesWay() throws {
    var rig = try images.rig()
    rig.startTrial(of: try images.image(patch: 2, slot: 1))
    for _ in 0..<22 {
      rig.idle(.seconds(5))
      _ = rig.ask(.writeRegister(PanelMap.identify, value: 0))
    }
    #expect(runs(rig, 2, onTrial: true))
    rig.idle(.seconds(20))
    #expect(runs(rig, 1))
  }

  /// Its hash is wrong by the time of its self-test: a good host polls it, and it gives way all the same.
  @Test func anImageWhoseSelfTestIsNotGoodGivesWay() throws {
    var rig = try images.rig()
    rig.startTrial(of: try images.image(patch: 2, slot: 1))
    rig.panel.firmware.memory.patch(Int(SimulatedMemory.layout.slot1) + 0x200 + 1_400, [0x00, 0xFF])
    rig.run(.seconds(115))
    #expect(runs(rig, 2, onTrial: true) && rig.panel.logic.about.selfTest == SelfTest.image)
    rig.run(.seconds(10))
    #expect(runs(rig, 1) && rig.panel.logic.about.selfTest == 0)
    rig.tap(3)
    rig.run(.seconds(1))
    #expect(rig.recorded.map(\.button.button) == [3])
  }

  @Test func anImageThatLosesItsPowerBeforeItHasProvedItselfGivesWay() throws {
    var rig = try images.rig()
    rig.startTrial(of: try images.image(patch: 2, slot: 1))
    rig.hand(.powerOff)
    rig.idle(.seconds(1))
    rig.hand(.powerOn(.powerOn, keepsQueue: false))
    rig.idle(.seconds(1))
    #expect(runs(rig, 1))
    // And after it has proved itself it stays.
    rig.startTrial(of: try images.image(patch: 2, slot: 1))
    rig.run(.seconds(2))
    #expect(runs(rig, 2))
    rig.hand(.powerOff)
    rig.hand(.powerOn(.powerOn, keepsQueue: false))
    rig.idle(.seconds(1))
    #expect(runs(rig, 2))
  }

  @Test func anUpdateThatBeginsDuringATrialLeavesTheImageThatWouldComeBack() throws {
    var rig = try images.rig()
    rig.startTrial(of: try images.image(patch: 2, slot: 1))
    rig.begin(try images.image(patch: 3, slot: 0))
    rig.idle(.seconds(3))
    #expect(rig.updateStatus()?.refusal == .trial && runs(rig, 2, onTrial: true))
    rig.idle(.seconds(120))
    #expect(runs(rig, 1))
  }

  // MARK: - Who has taken note

  /// What is said to all may come from somebody who hears nobody.
  @Test func aBroadcastConfirmsNothing() throws {
    var rig = try images.rig()
    rig.startTrial(of: try images.image(patch: 2, slot: 1))
    #expect(rig.ask(PanelTransaction.poll(token: 1)) != nil, "the start was told")
    let words = FixedRegisters<123>((UInt16(0)..<PanelMap.exchangeWriteCount).map { takesNote.register($0) })
    for _ in 0..<3 {
      rig.broadcast(.writeRegisters(start: PanelMap.exchangeWrite, values: words))
      rig.broadcast(PanelTransaction.exchange(takesNote, events: 0))
    }
    rig.idle(.seconds(2))
    #expect(runs(rig, 2, onTrial: true))
    // The same to this panel alone.
    #expect(rig.ask(.writeRegisters(start: PanelMap.exchangeWrite, values: words))?.isException == false)
    rig.idle(.seconds(2))
    #expect(runs(rig, 2))
  }

  /// The first order after a start can only be of the start before.
  @Test func anOrderBeforeAnyAnswerConfirmsNothing() throws {
    let answers: [(ModbusPDU, tells: Bool)] = [
      (PanelTransaction.poll(token: 3), true),
      (.readHoldingRegisters(start: PanelMap.exchangeRead, count: 1), true),
      (PanelTransaction.exchange(PanelOrder(token: 2), events: 0), true),
      (PanelTransaction.identification(), false),
      (UpdateTransaction.about(), false),
      // One register too many: the answer is an exception.
      (.readInputRegisters(start: PanelMap.poll + 15, count: 2), false),
      (.readHoldingRegisters(start: PanelMap.exchangeRead + 1, count: 4), false),
    ]
    for (request, tells) in answers {
      var rig = try images.rig()
      rig.startTrial(of: try images.image(patch: 2, slot: 1))
      let words = FixedRegisters<123>((UInt16(0)..<PanelMap.exchangeWriteCount).map { takesNote.register($0) })
      _ = rig.ask(.writeRegisters(start: PanelMap.exchangeWrite, values: words))
      rig.idle(.seconds(2))
      #expect(runs(rig, 2, onTrial: true))
      #expect(rig.ask(request) != nil)
      _ = rig.ask(.writeRegisters(start: PanelMap.exchangeWrite, values: words))
      rig.idle(.seconds(2))
      #expect(runs(rig, 2, onTrial: !tells), "\(request)")
    }
  }

  /// A host was about to take note of a start when the panel started again with another image, which cannot be heard.
  @Test func aHostThatHearsNothingConfirmsNothing() throws {
    var rig = PanelRig(
      images: [try images.image(patch: 1, slot: 0), try images.image(patch: 2, slot: 1)], key: images.key)
    while rig.exchanges == 0 { rig.transact() }
    rig.hand(.powerOff)
    rig.panel.firmware.memory.save(
      BootRecord(confirmed: 0, trial: 1, tries: 1).stored, at: SimulatedMemory.layout.boot)
    rig.hand(.fault(.mute))
    rig.hand(.powerOn(.powerOn, keepsQueue: false))
    rig.run(.seconds(100))
    #expect(runs(rig, 2, onTrial: true))
    rig.hand(.fault(.none))
    rig.run(.seconds(5))
    #expect(runs(rig, 2))
  }

  // MARK: - Worn memory

  @Test func aWornPageOfTheBootRecordCostsNoImage() throws {
    let layout = SimulatedMemory.layout
    for page in [layout.boot, layout.boot + layout.pageBytes] {
      var rig = try images.rig()
      rig.panel.firmware.memory.wornPage = page
      for patch in UInt16(2)...5 {
        let before = rig.panel.logic.about.patch
        rig.update(try images.image(patch: patch, slot: 1 - rig.panel.logic.about.slot))
        rig.run(.seconds(2))
        // Where the record cannot be written the update says so, and the panel stays as it is.
        if rig.panel.logic.about.patch == before { #expect(rig.panel.logic.updateStatus.refusal == .memory) }
        #expect(runs(rig, before) || runs(rig, patch), "page \(page), \(before) to \(patch)")
      }
      // Healed, it takes an update as if nothing had been.
      rig.panel.firmware.memory.wornPage = nil
      rig.update(try images.image(patch: 9, slot: 1 - rig.panel.logic.about.slot))
      rig.run(.seconds(2))
      #expect(runs(rig, 9))
    }
  }

  @Test func aRecordThatCannotBeWrittenFailsTheUpdateAndTheNextOneMaySucceed() throws {
    var rig = try images.rig()
    let image = try images.image(patch: 2, slot: 1)
    rig.begin(image)
    rig.sendBlocks(image)
    #expect(rig.verify()?.state == .ready)
    // The page that holds the newest record: it is never erased for another one.
    rig.panel.firmware.memory.wornPage = SimulatedMemory.layout.boot
    rig.order(.activate)
    rig.run(.seconds(2))
    #expect(runs(rig, 1) && rig.updateStatus()?.state == .failed && rig.updateStatus()?.refusal == .memory)
    rig.panel.firmware.memory.wornPage = nil
    rig.update(image)
    rig.run(.seconds(2))
    #expect(runs(rig, 2))
  }

  @Test func aWornPageOfTheSlotFailsTheUpdate() throws {
    let image = try images.image(patch: 2, slot: 1)
    for page in [UInt32(0), 1_024] {
      var rig = try images.rig()
      rig.panel.firmware.memory.wornPage = SimulatedMemory.layout.slot1 + page
      rig.begin(image)
      rig.sendBlocks(image)
      rig.run(.seconds(1))
      #expect(rig.updateStatus()?.state == .failed && rig.updateStatus()?.refusal == .memory, "page \(page)")
      rig.order(.activate)
      rig.run(.seconds(1))
      #expect(runs(rig, 1))
    }
  }

  @Test func whatIsOrderedAfterTheStartOfAnImageWasOrderedChangesNothing() throws {
    var rig = try images.rig()
    let image = try images.image(patch: 2, slot: 1)
    rig.begin(image)
    rig.sendBlocks(image)
    #expect(rig.verify()?.state == .ready)
    // The record takes its time: there is room for another request.
    rig.panel.firmware.memory.operationTime = .milliseconds(500)
    rig.order(.activate)
    rig.begin(try images.image(patch: 3, slot: 1))
    rig.order(.abort)
    rig.run(.seconds(5))
    #expect(runs(rig, 2))
  }

  // MARK: - Answers and the memory

  /// Some flash memories stop the processor, and a restart stops everything: neither happens while an answer leaves.
  @Test func neitherMemoryNorRestartCutsAnAnswer() throws {
    var bench = AnswerBench(image: try images.image(patch: 1, slot: 0), key: images.key)
    let image = try images.image(patch: 2, slot: 1)
    let header = try #require(ImageHeader(FixedBytes(image.prefix(ImageHeader.length))))
    // A save of the settings beside it, too.
    bench.say(.writeRegister(PanelMap.silentMask, value: 2))
    bench.say(UpdateTransaction.begin(unit: PanelRig.unit, header))
    for number in UInt16(0)..<UInt16((image.count - 128 + 63) / 64) {
      let block = FixedBytes<64>(image.dropFirst(128 + Int(number) * 64).prefix(64))
      for _ in 0..<500 where bench.say(UpdateTransaction.block(number, block)) == false {}
    }
    bench.say(UpdateTransaction.order(unit: PanelRig.unit, .verify))
    for _ in 0..<500 where bench.firmware.logic.updateStatus.state != .ready { bench.say(PanelTransaction.poll(token: 1)) }
    #expect(bench.firmware.logic.updateStatus.state == .ready)
    bench.say(UpdateTransaction.order(unit: PanelRig.unit, .activate))
    for _ in 0..<50 where !bench.wasRestarted { bench.say(PanelTransaction.poll(token: 2)) }
    #expect(bench.wasRestarted && bench.firmware.memory.operations > 30)
    #expect(bench.operationsDuringAnswers == 0)
    #expect(!bench.wasRestartedDuringAnAnswer)
  }
}

/// A panel's firmware on a slow line: each answer takes 60 ms to leave, longer than any operation of its memory.
private struct AnswerBench {
  var firmware: PanelFirmware<SimulatedMemory, SimulatedCells>
  private(set) var operationsDuringAnswers = 0
  private(set) var wasRestarted = false
  private(set) var wasRestartedDuringAnAnswer = false
  private var now = Instant(microseconds: 1_000_000)
  private var sendsUntil: Instant?
  private var answered = false

  init(image: [UInt8], key: FixedBytes<32>) {
    var noise = SeededRandom(seed: 3)
    let layout = SimulatedMemory.layout
    var memory = SimulatedMemory(bytes: Int(layout.slot1 + layout.slotBytes))
    memory.install(image, slot: 0)
    memory.save(PanelSettings(address: 3).stored, at: layout.settings)
    let about = memory.chooseImage(board: PanelBoard.simulated.rawValue)
    memory.operationTime = .milliseconds(20)
    firmware = PanelFirmware(
      unit: PanelRig.unit, buttons: 8, board: PanelBoard.simulated.rawValue, layout: layout, key: key, memory: memory,
      cells: SimulatedCells(noise: &noise))
    feed { $0.handle(.started(BoardStart(cause: .powerOn, entropy: 5, about: about)), at: $1, into: &$2) }
  }

  /// Says it, and waits for the end of the answer; at once the next may follow. Whether it was no exception.
  @discardableResult
  mutating func say(_ request: ModbusPDU) -> Bool {
    answered = false
    let wire = ModbusFrame(address: 3, pdu: request).encoded()
    feed { $0.receive(wire, at: $1, into: &$2) }
    for _ in 0..<200 where !wasRestarted {
      now += .milliseconds(1)
      let isLeaving = sendsUntil != nil
      if let until = sendsUntil, now >= until {
        sendsUntil = nil
        feed { $0.handle(.transmitted, at: $1, into: &$2) }
        answered = true
      }
      feed { $0.handle(.wake, at: $1, into: &$2) }
      if answered || isLeaving && sendsUntil == nil { break }
    }
    return firmware.reply[1] & 0x80 == 0
  }

  private mutating func feed(
    _ input: (
      inout PanelFirmware<SimulatedMemory, SimulatedCells>, Instant,
      inout Effects<PanelFirmware<SimulatedMemory, SimulatedCells>.Effect>
    ) -> Void
  ) {
    var effects = Effects<PanelFirmware<SimulatedMemory, SimulatedCells>.Effect>()
    let before = firmware.memory.operations
    let wasLeaving = sendsUntil != nil
    input(&firmware, now, &effects)
    while let effect = effects.takeFirst() {
      switch effect {
      case .transmit: sendsUntil = now + .milliseconds(60)
      case .restart:
        wasRestarted = true
        if sendsUntil != nil { wasRestartedDuringAnAnswer = true }
      default: break
      }
    }
    // One that began in the same round as the answer counts as well.
    if wasLeaving || sendsUntil != nil { operationsDuringAnswers += firmware.memory.operations - before }
  }
}
