import CallPanelCodec
import CallPanelDeviceModel
import DeviceKit
import FirmwareUpdateCodec
import FirmwareUpdateDeviceModel
import Support

/// The board-independent program: interrupts fill rings, this loop hands them to the panel's firmware and does what its effects say.
///
/// One round: bytes that were heard, pins when a millisecond has passed, the firmware's background work, its effects, the watchdog. Then the
/// processor sleeps until the next interrupt, at most a millisecond.
struct MainLoop<B: Board>: ~Copyable {
  typealias Firmware = PanelFirmware<B.Memory, KeptMemory>

  /// A conversion is started so often; nine channels make 45 ms for each.
  private static var conversionTicks: UInt32 { 5 }

  private var board: B
  /// In memory of its own (common.ld): a variable of 5 KB would be built on the stack, and copied.
  private let state: UnsafeMutablePointer<Firmware>
  private var effects = Effects<Firmware.Effect>()
  private var now = Instant.zero
  private var seenTicks: UInt32 = 0
  private var contacts: UInt8 = 0
  private var housingIsOpen = false
  private var channel: UInt8 = 0
  private var nextConversion: UInt32 = 0
  private var isSending = false
  /// The UART is set anew once the answer that is leaving has left.
  private var lineIsDue = false

  init?() {
    board = B()
    guard MemoryLayout<Firmware>.size <= Int(support_state_end() &- support_state_start()),
      let state = UnsafeMutablePointer<Firmware>(bitPattern: support_state_start())
    else { return nil }
    self.state = state
    MainLoop.make(state, unit: board.unit)
  }

  @inline(never) private static func make(_ state: UnsafeMutablePointer<Firmware>, unit: UInt32) {
    var memory = B.Memory()
    memory.open()
    var key = FixedBytes<32>()
    var index = 0
    while index < 32 {
      key.append(makersKey[index])
      index &+= 1
    }
    state.initialize(
      to: Firmware(
        unit: unit, buttons: B.buttons, board: B.Memory.kind.rawValue, layout: B.Memory.layout, key: key, memory: memory,
        cells: KeptMemory()))
  }

  /// Never returns. `memoryIsGood` is what the test of the RAM said.
  mutating func run(memoryIsGood: Bool) {
    start(memoryIsGood)
    while true {
      Hooks.roundBegins()
      round()
      Hooks.roundEnds()
      board.dog.feed()
      sleep()
    }
  }

  @inline(never) private mutating func start(_ memoryIsGood: Bool) {
    var record = FaultRecord()
    let cause = record.resetCause == .unknown ? board.resetCause : record.resetCause
    record.noteStarted()
    var about = Image.about(in: &state.pointee.memory)
    about.faults = UInt16(clamping: record.count)
    about.lastFault = UInt16(truncatingIfNeeded: record.cause.rawValue)
    about.programCounter = record.programCounter
    about.linkRegister = record.linkRegister
    // Protocols/FirmwareUpdate/README.md: bit 2 RAM, bit 3 converter.
    about.selfTest = (memoryIsGood ? 0 : 1 << 2) | (board.adc.works() ? 0 : 1 << 3)
    board.dog.start()
    support_enable_interrupts()
    // The clock goes on from where it stood; the reset itself took less than a tick.
    if let kept = state.pointee.keptClock() { now = kept + .milliseconds(1) }
    state.pointee.handle(.started(BoardStart(cause: cause, entropy: board.entropy, about: about)), at: now, into: &effects)
    perform()
    board.line.open(baud: state.pointee.logic.lineBaud())
    samplePins(isFirst: true)
  }

  private mutating func round() {
    Hooks.obey()
    let tick = ticks.now
    let passed = tick &- seenTicks
    seenTicks = tick
    if passed != 0 { now.microseconds &+= UInt64(passed) &* 1_000 }
    listen()
    if passed != 0 {
      samplePins(isFirst: false)
      convert(tick)
      // A byte that came just now belongs to the frame: it is heard first, in the next round.
      if received.isEmpty {
        state.pointee.wake(at: now, into: &effects)
        perform()
      }
    }
    if isSending && board.line.isSent {
      isSending = false
      board.line.stopDriving()
      state.pointee.transmitted()
      if lineIsDue { openLine() }
    }
    if !StackGuard.isWhole { FaultRecord.restart(.stack, programCounter: 0, linkRegister: 0) }
  }

  private mutating func listen() {
    while let value = received.pop() {
      if value & ReceiveRing.error != 0 {
        state.pointee.lineFailed(at: now)
      } else {
        state.pointee.hear(UInt8(truncatingIfNeeded: value), at: now)
      }
    }
  }

  private mutating func samplePins(isFirst: Bool) {
    let closed = Hooks.contacts(board.pins.contacts())
    if isFirst || closed != contacts {
      contacts = closed
      state.pointee.sampleContacts(closed, at: now, into: &effects)
      perform()
    }
    let isOpen = Hooks.housing(board.pins.housingIsOpen())
    if isFirst || isOpen != housingIsOpen {
      housingIsOpen = isOpen
      state.pointee.setTamper(isOpen, at: now, into: &effects)
      perform()
    }
  }

  /// One channel after the other; what a conversion brought is taken when the next one is due.
  private mutating func convert(_ tick: UInt32) {
    guard Int32(truncatingIfNeeded: tick &- nextConversion) >= 0 else { return }
    nextConversion = tick &+ MainLoop.conversionTicks
    Hooks.report()
    if let value = Hooks.converted(channel, board.adc.value()) {
      if channel == 0 {
        state.pointee.setSupply(millivolts: board.adc.millivolts(value))
      } else {
        state.pointee.sampleLine(channel, code: value)
      }
    }
    channel = channel >= B.buttons ? 0 : channel &+ 1
    board.adc.start(channel)
  }

  private mutating func perform() {
    while let effect = effects.takeFirst() { perform(effect) }
  }

  private mutating func perform(_ effect: Firmware.Effect) {
    switch effect {
    case .transmit: transmit()
    case .lamp(let button, let isOn): board.pins.setLamp(button, isOn)
    case .buzzer(let isOn): board.pins.setBuzzer(isOn)
    case .applyLine: if isSending { lineIsDue = true } else { openLine() }
    case .restart: FaultRecord.restartAsAsked()
    }
  }

  private mutating func openLine() {
    lineIsDue = false
    board.line.open(baud: state.pointee.logic.lineBaud())
  }

  private mutating func transmit() {
    var index = 0
    let count = state.pointee.logic.replyCount
    while index < count {
      sending.put(state.pointee.logic.replyByte(index), at: index)
      index &+= 1
    }
    sending.publish(count)
    isSending = true
    board.line.startSending()
  }

  private func sleep() {
    support_disable_interrupts()
    if received.isEmpty && ticks.now == seenTicks { support_wait_for_interrupt() }
    support_enable_interrupts()
  }
}
