import CallPanelCodec
import CallPanelDeviceModel
import DeviceKit
import Support

/// The board-independent program: interrupts fill rings, this loop hands them to the panel's logic and does what its effects say.
///
/// One round: bytes that were heard, pins when a millisecond has passed, the logic's own deadline, its effects, the watchdog. Then the
/// processor sleeps until the next interrupt, at most a millisecond.
struct MainLoop<B: Board>: ~Copyable {
  /// A conversion is started so often; nine channels make 45 ms for each.
  private static var conversionTicks: UInt32 { 5 }

  private var board = B()
  private var panel: CallPanelLogic
  private var effects = Effects<CallPanelLogic.Effect>()
  private var now = Instant.zero
  private var seenTicks: UInt32 = 0
  /// The logic's deadline, as it was after the last input: working it out costs more than an idle round.
  private var deadline: Instant?
  private var contacts: UInt8 = 0
  private var housingIsOpen = false
  private var channel: UInt8 = 0
  private var nextConversion: UInt32 = 0
  private var isSending = false

  init() {
    panel = CallPanelLogic(unit: board.unit, buttons: B.buttons)
  }

  mutating func run() {
    start()
    while true {
      round()
      board.dog.feed()
      sleep()
    }
  }

  private mutating func start() {
    var record = FaultRecord()
    let cause = record.resetCause == .unknown ? board.resetCause : record.resetCause
    record.noteStarted()
    board.dog.start()
    support_enable_interrupts()
    feed(.started(PanelStart(cause: cause, stored: nil, queueKept: false, entropy: board.entropy)))
    board.line.open(baud: panel.baud)
    samplePins(isFirst: true)
  }

  private mutating func round() {
    Hooks.obey()
    let tick = ticks.now
    let passed = tick &- seenTicks
    seenTicks = tick
    if passed != 0 { now += Interval(microseconds: Int64(passed) &* 1_000) }
    listen()
    if passed != 0 {
      samplePins(isFirst: false)
      convert(tick)
    }
    // A byte that came just now belongs to the frame: it is heard first, in the next round.
    if let deadline, deadline <= now, received.isEmpty { feed(.wake) }
    if isSending && board.line.isSent {
      isSending = false
      board.line.stopDriving()
      feed(.transmitted)
    }
    if !StackGuard.isWhole { FaultRecord.restart(.stack, programCounter: 0, linkRegister: 0) }
  }

  private mutating func listen() {
    while let value = received.pop() {
      feed(value & ReceiveRing.error != 0 ? .lineError : .byte(UInt8(truncatingIfNeeded: value)))
    }
  }

  private mutating func samplePins(isFirst: Bool) {
    let closed = Hooks.contacts(board.pins.contacts())
    if isFirst || closed != contacts {
      contacts = closed
      feed(.contacts(closed))
    }
    let isOpen = Hooks.housing(board.pins.housingIsOpen())
    if isFirst || isOpen != housingIsOpen {
      housingIsOpen = isOpen
      feed(.tamper(isOpen))
    }
  }

  /// One channel after the other; what a conversion brought is taken when the next one is due.
  private mutating func convert(_ tick: UInt32) {
    guard Int32(truncatingIfNeeded: tick &- nextConversion) >= 0 else { return }
    nextConversion = tick &+ MainLoop.conversionTicks
    if let raw = board.adc.value() {
      let value = Hooks.converted(channel, raw)
      if channel == 0 {
        feed(.supply(millivolts: board.adc.millivolts(value)))
        Hooks.report()
      } else {
        feed(.line(button: channel, code: value))
      }
    }
    channel = channel >= B.buttons ? 0 : channel &+ 1
    board.adc.start(channel)
  }

  private mutating func feed(_ input: CallPanelLogic.Input) {
    panel.handle(input, at: now, into: &effects)
    while let effect = effects.takeFirst() { perform(effect) }
    deadline = panel.deadline
  }

  private mutating func perform(_ effect: CallPanelLogic.Effect) {
    switch effect {
    case .transmit: transmit()
    case .lamp(let button, let isOn): board.pins.setLamp(button, isOn)
    case .buzzer(let isOn): board.pins.setBuzzer(isOn)
    case .saveSettings: panel.handle(.settingsSaved(false), at: now, into: &effects)
    case .applyLine: board.line.open(baud: panel.baud)
    }
  }

  private mutating func transmit() {
    sending.begin()
    var index = 0
    let count = panel.replyCount
    while index < count {
      sending.append(panel.replyByte(index))
      index &+= 1
    }
    isSending = true
    board.line.startSending()
  }

  private func sleep() {
    support_disable_interrupts()
    if received.isEmpty && ticks.now == seenTicks { support_wait_for_interrupt() }
    support_enable_interrupts()
  }
}
