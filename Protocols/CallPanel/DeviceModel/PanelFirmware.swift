import CallPanelCodec
import DeviceKit
import FirmwareUpdateCodec
import FirmwareUpdateDeviceModel
import ModbusRTUDeviceModel

/// What a board finds when its processor starts.
public struct BoardStart: Sendable, Equatable {
  public var cause: PanelResetCause
  /// Any number that differs from start to start.
  public var entropy: UInt16
  /// Board, image, running slot and faults. `selfTest` holds what the board itself found wrong (RAM, converter).
  public var about: FirmwareAbout

  public init(cause: PanelResetCause, entropy: UInt16, about: FirmwareAbout) {
    self.cause = cause
    self.entropy = entropy
    self.about = about
  }
}

/// The whole firmware of a call panel above a board's pins, UART and memories: `CallPanelLogic` with its settings in stable memory, its
/// queue in memory that survives a reset, its self-test and its update. The simulated panel is this very machine over simulated memories.
///
/// A board feeds it what happens, at least a `.wake` a millisecond, and does what the effects say. A press is in kept memory before
/// anything shows it.
public struct PanelFirmware<Memory: StableMemory, Cells: KeptCells>: Machine {
  public enum Input: Sendable {
    /// The processor started; nothing is done before this. The time goes on from `keptClock`.
    case started(BoardStart)
    case wake
    /// As of `CallPanelLogic`.
    case contacts(UInt8)
    case line(button: UInt8, code: UInt16)
    case tamper(Bool)
    case supply(millivolts: UInt16)
    case byte(UInt8)
    case lineError
    case transmitted
  }

  public enum Effect: Sendable, Equatable {
    /// Send `reply`, then say `.transmitted`.
    case transmit
    case lamp(button: UInt8, isOn: Bool)
    case buzzer(Bool)
    /// Set the UART to `logic.baud`, after an answer that is on its way.
    case applyLine
    /// Start the processor again by software: the boot loader chooses the image. Kept memory must survive it.
    case restart
  }

  /// A new image that no host polled for so long, or whose self-test is not good by then, gives way to the one before it.
  public static var trialTime: Interval { .seconds(120) }
  /// Own image bytes hashed in a slice of the self-test.
  static var checkedPerSlice: Int { 32 }
  static var sliceInterval: Interval { .milliseconds(1) }

  private enum Owner: Sendable { case nobody, settings, boot, update }

  public var memory: Memory
  public var cells: Cells
  public var logic: CallPanelLogic
  private let board: UInt16
  private let layout: StoreLayout
  private let key: FixedBytes<32>
  private var settings: RecordStore
  private var boot: RecordStore
  private var kept = KeptQueue<Cells>()
  private var keptRevision: UInt32 = 0
  private var keptShown = false
  private var owner = Owner.nobody
  private var isStarted = false
  private var running = UpdateMap.noSlot
  private var check: SlotCheck?
  /// `check` is there: to ask it itself would copy all of it.
  private var isChecking = false
  private var sliceAt: Instant?
  private var trialEnds: Instant?
  private var confirming = false
  private var activating = false
  private var restartWanted = false

  /// `unit` is burnt in at manufacture and not 0; `key` is the Ed25519 public key that signs images for this board.
  public init(
    unit: UInt32, buttons: UInt8, board: UInt16, layout: StoreLayout, key: FixedBytes<32>, memory: Memory, cells: Cells
  ) {
    self.board = board
    self.layout = layout
    self.key = key
    self.memory = memory
    self.cells = cells
    logic = CallPanelLogic(unit: unit, buttons: buttons)
    settings = RecordStore(page: layout.settings, pageBytes: layout.pageBytes)
    boot = RecordStore(page: layout.boot, pageBytes: layout.pageBytes)
  }

  public var reply: FixedBytes<256> { logic.reply }

  /// The time that was kept over a reset; a board's clock goes on from it. `nil` after a loss of power.
  public mutating func keptClock() -> Instant? { kept.clock(in: &cells) }

  public var deadline: Instant? {
    guard isStarted else { return nil }
    var earliest = logic.deadline
    func consider(_ instant: Instant?) {
      guard let instant else { return }
      if let known = earliest, known <= instant { return }
      earliest = instant
    }
    consider(sliceAt)
    consider(trialEnds)
    return earliest
  }

  public mutating func handle(_ input: Input, at now: Instant, into effects: inout Effects<Effect>) {
    switch input {
    case .started(let start):
      begin(start, at: now, into: &effects)
      work(now, &effects)
    case .wake: wake(at: now, into: &effects)
    case .contacts(let mask): sampleContacts(mask, at: now, into: &effects)
    case .line(let button, let code): sampleLine(button, code: code)
    case .tamper(let open): setTamper(open, at: now, into: &effects)
    case .supply(let millivolts): setSupply(millivolts: millivolts)
    case .byte(let byte): hear(byte, at: now)
    case .lineError: lineFailed(at: now)
    case .transmitted: transmitted()
    }
  }

  // The inputs one by one, for a main loop on a microcontroller: an `Input` is as large as its largest case and would be filled for each.

  public mutating func wake(at now: Instant, into effects: inout Effects<Effect>) {
    guard isStarted else { return }
    logic.slave.bank.advance(to: now)
    let answers = logic.slave.wake(at: now)
    if answers { effects.append(.transmit) }
    pass(to: &effects)
    kept.keep(now, in: &cells)
    work(now, &effects)
  }

  public mutating func sampleContacts(_ mask: UInt8, at now: Instant, into effects: inout Effects<Effect>) {
    guard isStarted else { return }
    logic.slave.bank.advance(to: now)
    logic.slave.bank.sampleContacts(mask)
    pass(to: &effects)
    work(now, &effects)
  }

  public mutating func setTamper(_ open: Bool, at now: Instant, into effects: inout Effects<Effect>) {
    guard isStarted else { return }
    logic.slave.bank.advance(to: now)
    logic.slave.bank.setTamper(open)
    pass(to: &effects)
    work(now, &effects)
  }

  // What is only noted: the next wake-up sees to what follows.

  public mutating func sampleLine(_ button: UInt8, code: UInt16) {
    if isStarted { logic.slave.bank.sampleLine(button, code) }
  }

  public mutating func setSupply(millivolts: UInt16) {
    if isStarted { logic.slave.bank.supplyMillivolts = millivolts }
  }

  public mutating func hear(_ byte: UInt8, at now: Instant) {
    if isStarted { logic.slave.hear(byte, at: now) }
  }

  public mutating func lineFailed(at now: Instant) {
    if isStarted { logic.slave.lineFailed(at: now) }
  }

  public mutating func transmitted() {
    if isStarted { logic.slave.transmitted() }
  }

  /// As of `CallPanelLogic`.
  public mutating func receive(_ bytes: FixedBytes<256>, at now: Instant, into effects: inout Effects<Effect>) {
    guard isStarted else { return }
    logic.receive(bytes, at: now)
    pass(to: &effects)
    work(now, &effects)
  }

  // Never inlined: what a start needs of stack and copies is no part of a tick.
  @inline(never) private mutating func begin(_ start: BoardStart, at now: Instant, into effects: inout Effects<Effect>) {
    isStarted = true
    (owner, sliceAt, confirming, activating, restartWanted) = (.nobody, nil, false, false, false)
    settings = RecordStore(page: layout.settings, pageBytes: layout.pageBytes)
    boot = RecordStore(page: layout.boot, pageBytes: layout.pageBytes)
    var about = start.about
    running = layout.slotBytes == 0 ? UpdateMap.noSlot : about.slot
    about.slot = running
    about.isOnTrial = false
    if running <= 1 {
      if let record = boot.load(from: &memory).flatMap({ BootRecord(stored: $0.payload) }) {
        about.isOnTrial = UInt16(record.trial) == running && record.trial != record.confirmed
      }
      check = SlotCheck(&memory, layout: layout, slot: running, board: board)
    } else {
      check = nil
    }
    isChecking = running <= 1
    about.selfTest |= SelfTest.unfinished
    trialEnds = about.isOnTrial ? now + PanelFirmware.trialTime : nil
    logic.slave.bank.update = UpdateReceiver(board: board, running: running, layout: layout, key: key)
    startLogic(start, about, at: now, into: &effects)
    keep()
    kept.keep(now, in: &cells)
    sliceAt = now
  }

  /// Settings from stable memory and the queue from kept memory decide under which epoch presses go on.
  private mutating func startLogic(
    _ start: BoardStart, _ about: FirmwareAbout, at now: Instant, into effects: inout Effects<Effect>
  ) {
    var about = about
    var stored: PanelSettings?
    if let found = settings.load(from: &memory) {
      stored = PanelSettings(stored: found.payload)
      // Each save that did not survive may have raised the epoch, and presses may have been shown under it.
      for _ in 0..<found.damaged { stored?.raiseEpoch() }
      if found.damaged > 0 { about.selfTest |= SelfTest.settings }
    }
    let found = kept.restore(&logic.slave.bank.queue, from: &cells)
    if let found {
      // What was shown under that epoch still waits, whatever the settings say.
      if stored == nil { stored = .factory }
      stored?.epoch = found.epoch
    }
    let begin = PanelStart(
      cause: start.cause, stored: stored, queueKept: found != nil, epochWasShown: found?.isShown ?? false,
      heldContacts: found?.contacts ?? 0, entropy: start.entropy,
      about: about)
    feed(.started(begin), now, &effects)
  }

  private mutating func feed(_ input: CallPanelLogic.Input, _ now: Instant, _ effects: inout Effects<Effect>) {
    guard isStarted else { return }
    let answers = logic.take(input, at: now)
    if answers { effects.append(.transmit) }
    pass(to: &effects)
  }

  private mutating func pass(to effects: inout Effects<Effect>) {
    // Before a lamp shows it or an answer tells it.
    // (Two reads, not `||`: its right side would be a closure over a copy of all this.)
    let revision = logic.slave.bank.queue.revision
    let isShown = logic.slave.bank.epochIsStored
    if revision != keptRevision || isShown != keptShown { keep() }
    let due = logic.takeDue()
    if due.changedLamps != 0 {
      var button: UInt8 = 1
      while button <= 8 {
        let bit = UInt8(1) << (button &- 1)
        if due.changedLamps & bit != 0 { effects.append(.lamp(button: button, isOn: due.litLamps & bit != 0)) }
        button &+= 1
      }
    }
    if due.buzzerChanged { effects.append(.buzzer(due.buzzes)) }
    if due.appliesLine { effects.append(.applyLine) }
    if due.saves { settings.save(logic.slave.bank.settings.stored) }
  }

  private mutating func keep() {
    keptRevision = logic.slave.bank.queue.revision
    keptShown = logic.slave.bank.epochIsStored
    let (epoch, contacts) = (logic.slave.bank.shownEpoch, logic.slave.bank.closedContacts())
    kept.keep(&logic.slave.bank.queue, epoch: epoch, isShown: keptShown, contacts: contacts, in: &cells)
  }

  /// One piece of what goes on in the background: memory operations one at a time, computing in slices.
  private mutating func work(_ now: Instant, _ effects: inout Effects<Effect>) {
    if isResting() { return }
    if owner != .nobody, let succeeded = memory.finished(at: now) {
      switch owner {
      case .nobody: break
      case .settings: settings.finished(succeeded, &memory)
      case .boot: boot.finished(succeeded, &memory)
      case .update: logic.slave.bank.update.finished(succeeded, &memory)
      }
      owner = .nobody
    }
    // Not while an answer is due or under way: some flash memories stop the processor, and the answer with it.
    if owner == .nobody && !logic.slave.isSending { startNext() }
    if let succeeded = settings.outcome() {
      note(SelfTest.settings, !succeeded)
      feed(.settingsSaved(succeeded), now, &effects)
    }
    if let succeeded = boot.outcome() { bootRecordWritten(succeeded) }
    if let due = sliceAt, due <= now {
      slice()
      sliceAt = nil
    }
    settle(now, &effects)
    if sliceAt == nil && isAtWork() { sliceAt = now + PanelFirmware.sliceInterval }
  }

  /// Nothing is under way that could go on: the state of almost every tick, so it is found out first.
  private mutating func isResting() -> Bool {
    sliceAt == nil && trialEnds == nil && !settings.isBusy && !boot.isBusy && logic.slave.bank.update.isResting
      && logic.slave.bank.about.selfTest & SelfTest.unfinished == 0 && !restartWanted
  }

  private mutating func isAtWork() -> Bool {
    if owner != .nobody || isChecking || restartWanted || settings.hasWork || boot.hasWork { return true }
    return logic.slave.bank.update.hasWork || logic.slave.bank.update.isVerifying
  }

  private mutating func startNext() {
    if settings.hasWork {
      owner = .settings
      settings.start(&memory)
    } else if boot.hasWork {
      owner = .boot
      boot.start(&memory)
    } else if logic.slave.bank.update.hasWork && !logic.slave.isListening {
      owner = .update
      logic.slave.bank.update.start(&memory)
    }
  }

  @inline(never) private mutating func slice() {
    guard isChecking else {
      logic.slave.bank.update.slice(&memory)
      return
    }
    if let isGood = check?.step(&memory, bytes: PanelFirmware.checkedPerSlice) {
      note(SelfTest.image, !isGood)
      isChecking = false
    }
  }

  private mutating func note(_ bit: UInt16, _ failed: Bool) {
    if failed { logic.slave.bank.about.selfTest |= bit } else { logic.slave.bank.about.selfTest &= ~bit }
  }

  /// What follows from how far the self-test, the trial and an update have come.
  private mutating func settle(_ now: Instant, _ effects: inout Effects<Effect>) {
    if logic.slave.bank.about.selfTest & SelfTest.unfinished != 0 && !isChecking && !settings.isBusy {
      note(SelfTest.unfinished, false)
    }
    if let end = trialEnds, !confirming {
      if logic.slave.bank.about.selfTest == 0 && logic.slave.bank.hostKnowsOfStart {
        confirming = true
        boot.save(BootRecord(confirmed: UInt8(truncatingIfNeeded: running)).stored)
      } else if now >= end {
        trialEnds = nil
        restartWanted = true
      }
    }
    if logic.slave.bank.update.wantsActivation && !activating {
      activating = true
      let slot = UInt8(truncatingIfNeeded: running)
      boot.save(BootRecord(confirmed: slot, trial: 1 &- slot, tries: 1).stored)
    }
    if restartWanted && owner == .nobody && !logic.slave.isSending && !settings.isBusy && !boot.isBusy {
      restartWanted = false
      effects.append(.restart)
    }
  }

  private mutating func bootRecordWritten(_ succeeded: Bool) {
    if activating {
      // Once only: from here on the processor starts again, or the update has failed.
      if succeeded {
        restartWanted = true
      } else {
        activating = false
        logic.slave.bank.update.activationFailed()
      }
    } else if succeeded {
      trialEnds = nil
      logic.slave.bank.about.isOnTrial = false
      logic.slave.bank.update.isOnTrial = false
    } else {
      // Tried again until the trial ends.
      confirming = false
    }
  }
}

extension PanelFirmware: Sendable where Memory: Sendable, Cells: Sendable {}
