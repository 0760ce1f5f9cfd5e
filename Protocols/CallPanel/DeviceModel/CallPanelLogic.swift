import CallPanelCodec
import DeviceKit
import FirmwareUpdateCodec
import FirmwareUpdateDeviceModel
import ModbusRTUCodec
import ModbusRTUDeviceModel

/// The firmware of a call panel over abstract pins and UART bytes. A board feeds it inputs and does what the effects say; a simulator
/// does the same (`SimulatedPanel`).
///
/// It is driven by `deadline`: a board with a 1 ms tick and a simulation that wakes it once a minute see the same presses. Time must not
/// go back; where the queue survives a reset, the clock must survive with it, or go on from where it stood.
public struct CallPanelLogic: Machine, Sendable {
  public enum Input: Sendable {
    /// The processor started; nothing is done before this.
    case started(PanelStart)
    case wake
    /// All contacts, bit 0 = button 1, 1 = closed; on every change, or on every tick.
    case contacts(UInt8)
    /// One sample of a supervised line, 12 bits; every 10 to 100 ms.
    case line(button: UInt8, code: UInt16)
    /// The housing is open.
    case tamper(Bool)
    case supply(millivolts: UInt16)
    case byte(UInt8)
    /// Parity, framing or overrun error at the UART.
    case lineError
    /// The last stop bit of `reply` is on the wire and the RS-485 driver is off.
    case transmitted
    /// How the save went that `.saveSettings` asked for.
    case settingsSaved(Bool)
  }

  public enum Effect: Sendable, Equatable {
    /// Send `reply`, then say `.transmitted`.
    case transmit
    case lamp(button: UInt8, isOn: Bool)
    case buzzer(Bool)
    /// Write `settings` (as they are now) to flash, then say `.settingsSaved`.
    case saveSettings
    /// Address or baud changed by a held button: set the UART to `baud`, after an answer that is on its way.
    case applyLine
  }

  var slave: ModbusSlave<PanelCore>
  private var isStarted = false
  private var pins: UInt8 = 0
  private var buzzes = false

  /// `unit` is burnt in at manufacture and not 0; `buttons` outside 1...8 is brought inside.
  public init(unit: UInt32, buttons: UInt8) {
    slave = ModbusSlave(
      address: PanelSettings.factory.address, timing: ModbusTiming(baud: 19_200), bank: PanelCore(unit: unit, buttons: buttons))
  }

  public var settings: PanelSettings { slave.bank.settings }
  public var reply: FixedBytes<256> { slave.reply }
  /// Bytes of `reply`, and byte `index` of it: a board takes them so, without a copy of all.
  public var replyCount: Int { mutating get { slave.replyCount } }
  public mutating func replyByte(_ index: Int) -> UInt8 { slave.replyByte(index) }
  public var baud: UInt32 { PanelMap.baud(code: settings.baudCode) ?? 19_200 }
  /// `baud`, without a copy of all this.
  public mutating func lineBaud() -> UInt32 { PanelMap.baud(code: slave.bank.settings.baudCode) ?? 19_200 }
  public var unit: UInt32 { slave.bank.unit }
  /// What it tells of its board and image.
  public var about: FirmwareAbout { slave.bank.about }
  /// How an update stands.
  public var updateStatus: UpdateStatus { slave.bank.update.status }
  public var buttons: UInt8 { slave.bank.buttons }
  /// What the resident is shown at a button (the meaning, not the momentary state of the pin).
  public func shown(_ button: UInt8) -> PanelLamp { slave.bank.lamps.shown(button) }
  /// Idle lamps flash every 5 s because no host has spoken for 10 s.
  public var showsHostSilence: Bool { slave.bank.lamps.hostIsSilent }
  /// Lamps lit at this moment, bit 0 = button 1.
  public var lampPins: UInt8 { pins }
  public var isBuzzing: Bool { buzzes }
  /// Events that the host has not acknowledged.
  public var waitingEvents: Int { slave.bank.queue.count }
  public var droppedEvents: UInt16 { slave.bank.queue.dropped }
  /// The address it answers to; a simulator may set it wrong.
  public var address: UInt8 {
    get { slave.address }
    set { slave.address = newValue }
  }

  /// Waiting event `index`, oldest first, with its age at `now`.
  public mutating func waitingEvent(_ index: Int, at now: Instant) -> PanelEvent? {
    slave.bank.queue.event(index, at: now)
  }

  public var deadline: Instant? {
    guard isStarted else { return nil }
    guard let first = slave.bank.deadline else { return slave.deadline }
    guard let second = slave.deadline else { return first }
    return min(first, second)
  }

  public mutating func handle(_ input: Input, at now: Instant, into effects: inout Effects<Effect>) {
    if take(input, at: now) { effects.append(.transmit) }
    tell(takeDue(), into: &effects)
  }

  /// Several bytes that were read at once; the newest came at the time of the call. No input: an `Input` of 265 bytes would be copied for
  /// each tick of a microcontroller.
  public mutating func receive(_ bytes: FixedBytes<256>, at now: Instant, into effects: inout Effects<Effect>) {
    receive(bytes, at: now)
    tell(takeDue(), into: &effects)
  }

  private func tell(_ due: Due, into effects: inout Effects<Effect>) {
    var button: UInt8 = 1
    while button <= 8 {
      let bit = UInt8(1) << (button &- 1)
      if due.changedLamps & bit != 0 { effects.append(.lamp(button: button, isOn: due.litLamps & bit != 0)) }
      button &+= 1
    }
    if due.buzzerChanged { effects.append(.buzzer(due.buzzes)) }
    if due.appliesLine { effects.append(.applyLine) }
    if due.saves { effects.append(.saveSettings) }
  }
}

// For the owner that runs on a microcontroller: an input and what follows from it, without a buffer of effects between the two.
extension CallPanelLogic {
  /// What has to be done at pins, UART and flash since it was last asked for.
  struct Due {
    /// Bit 0 = button 1.
    var changedLamps: UInt8 = 0
    var litLamps: UInt8 = 0
    var buzzerChanged = false
    var buzzes = false
    var appliesLine = false
    var saves = false
  }

  /// Takes an input. True when `reply` is to be sent now.
  mutating func take(_ input: Input, at now: Instant) -> Bool {
    if case .started(let start) = input {
      isStarted = true
      slave.bank.start(start, at: now)
      applyLine()
    }
    guard isStarted else { return false }
    switch input {
    // What is only noted: nothing becomes due by it that a wake-up would not see, and bytes are many.
    case .byte(let byte): slave.hear(byte, at: now)
    case .lineError: slave.lineFailed(at: now)
    case .transmitted: slave.transmitted()
    case .line(let button, let code): slave.bank.sampleLine(button, code)
    case .supply(let millivolts): slave.bank.supplyMillivolts = millivolts
    case .started: slave.bank.advance(to: now)
    case .wake:
      slave.bank.advance(to: now)
      return slave.wake(at: now)
    case .contacts(let mask):
      slave.bank.advance(to: now)
      slave.bank.sampleContacts(mask)
    case .tamper(let open):
      slave.bank.advance(to: now)
      slave.bank.setTamper(open)
    case .settingsSaved(let succeeded):
      slave.bank.advance(to: now)
      slave.bank.settingsSaved(succeeded)
    }
    return false
  }

  mutating func receive(_ bytes: FixedBytes<256>, at now: Instant) {
    guard isStarted else { return }
    slave.bank.advance(to: now)
    slave.hear(bytes, at: now)
  }

  mutating func takeDue() -> Due {
    var due = Due()
    if slave.bank.lamps.takeChange() {
      due.litLamps = slave.bank.lamps.pins() & slave.bank.buttonMask
      due.changedLamps = due.litLamps ^ pins
      pins = due.litLamps
      due.buzzes = slave.bank.lamps.buzzes()
      due.buzzerChanged = due.buzzes != buzzes
      buzzes = due.buzzes
    }
    if slave.bank.wantsLineChange {
      slave.bank.wantsLineChange = false
      applyLine()
      due.appliesLine = true
    }
    if slave.bank.wantsSave {
      slave.bank.wantsSave = false
      due.saves = true
    }
    return due
  }

  private mutating func applyLine() {
    slave.address = slave.bank.settings.address
    slave.timing = ModbusTiming(baud: lineBaud())
  }
}
