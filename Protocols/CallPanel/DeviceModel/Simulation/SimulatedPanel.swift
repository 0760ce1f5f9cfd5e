import CallPanelCodec
import DeviceKit
import FirmwareUpdateCodec
import FirmwareUpdateDeviceModel

/// A whole panel for tests and simulators: the firmware with a power supply, memories, contacts, and things that go wrong.
///
/// It begins without power. The wire is bytes in, `reply` out; the hand is `PanelHand`.
public struct SimulatedPanel: Machine, Sendable {
  public enum Input: Sendable {
    case wake
    case byte(UInt8)
    case received(FixedBytes<256>)
    /// The reply is on the wire.
    case transmitted
    case hand(PanelHand)
  }

  public enum Effect: Sendable, Equatable {
    /// Send `reply`, then say `.transmitted`.
    case transmit
    case lamp(button: UInt8, isOn: Bool)
    case buzzer(Bool)
  }

  /// Pause between two bursts of a jabbering panel.
  static let jabberPause = Interval.milliseconds(5)
  static let cutCode: UInt16 = 4_095
  static let shortCode: UInt16 = 0
  static let soundCode: UInt16 = 2_048

  public var firmware: PanelFirmware<SimulatedMemory, SimulatedCells>
  public private(set) var reply = FixedBytes<256>()
  public private(set) var isPowered = false
  public private(set) var fault = PanelFault.none
  /// Contacts closed, bit 0 = button 1.
  public private(set) var contacts: UInt8 = 0
  private var lines = PackedLines()
  private var housingIsOpen = false
  private var supplyMillivolts: UInt16 = 12_000
  private var replyAt: Instant?
  private var jabberAt: Instant?
  private var random: SeededRandom
  /// What memories hold after a loss of power.
  private var noise: SeededRandom
  private let layout: StoreLayout
  private let key: FixedBytes<32>

  /// `settings` lie in its flash at the beginning; `nil` is an empty one. `images` are what the factory put into slots 0 and 1 (header, then
  /// payload): with one at least, the panel takes updates that are signed with `key`.
  public init(
    unit: UInt32, buttons: UInt8, settings: PanelSettings?, seed: UInt64, images: [[UInt8]] = [],
    key: FixedBytes<32> = FixedBytes()
  ) {
    random = SeededRandom(seed: seed)
    noise = SeededRandom(seed: ~seed)
    self.key = key
    var layout = SimulatedMemory.layout
    if images.isEmpty { layout.slotBytes = 0 }
    var memory = SimulatedMemory(bytes: Int(images.isEmpty ? layout.slot0 : layout.slot1 + layout.slotBytes))
    for (slot, image) in images.prefix(2).enumerated() { memory.install(image, slot: UInt16(slot)) }
    if let settings { memory.save(settings.stored, at: layout.settings) }
    firmware = PanelFirmware(
      unit: unit, buttons: buttons, board: PanelBoard.simulated.rawValue, layout: layout, key: key, memory: memory,
      cells: SimulatedCells(noise: &noise))
    self.layout = layout
  }

  /// Read where it is: a copy of it is large.
  public var logic: CallPanelLogic { _read { yield firmware.logic } }
  /// What lies in the panel's flash; `nil` is an empty or damaged one.
  public var flash: PanelSettings? {
    firmware.memory.newest(at: layout.settings).flatMap { PanelSettings(stored: $0) }
  }
  /// The rate its UART is set to.
  public var baud: UInt32 { logic.baud }
  /// What the resident sees at a button; nothing without power.
  public func indicator(of button: UInt8) -> PanelLamp { isPowered ? logic.shown(button) : .off }
  /// Idle lamps tell that no host has spoken for 10 s.
  public var showsHostSilence: Bool { isPowered && logic.showsHostSilence }
  public func isLit(_ button: UInt8) -> Bool {
    isPowered && button >= 1 && button <= 8 && logic.lampPins & (1 << (button &- 1)) != 0
  }
  /// The wire to a button as it is, whatever the panel has noticed.
  public func line(of button: UInt8) -> PanelLine { lines[button] }
  public var isBuzzing: Bool { isPowered && logic.isBuzzing }

  public var deadline: Instant? {
    guard isPowered else { return nil }
    var earliest = firmware.deadline
    for candidate in [replyAt, jabberAt] {
      guard let candidate else { continue }
      if let known = earliest, known <= candidate { continue }
      earliest = candidate
    }
    return earliest
  }

  public mutating func handle(_ input: Input, at now: Instant, into effects: inout Effects<Effect>) {
    if isPowered { catchUp(now, &effects) }
    switch input {
    case .wake: break
    case .byte(let byte): feed(.byte(byte), now, &effects)
    case .received(let bytes): receive(bytes, now, &effects)
    case .transmitted: feed(.transmitted, now, &effects)
    case .hand(let hand): use(hand, now, &effects)
    }
  }

  private mutating func catchUp(_ now: Instant, _ effects: inout Effects<Effect>) {
    feed(.wake, now, &effects)
    if let at = replyAt, at <= now {
      replyAt = nil
      effects.append(.transmit)
    }
    if let at = jabberAt, at <= now, effects.room > 0 {
      jabberAt = now + SimulatedPanel.jabberPause
      reply.removeAll()
      while reply.count < 32 { reply.append(UInt8(truncatingIfNeeded: random.next())) }
      effects.append(.transmit)
    }
  }

  private mutating func use(_ hand: PanelHand, _ now: Instant, _ effects: inout Effects<Effect>) {
    switch hand {
    case .press(let button): contacts |= SimulatedPanel.bit(button)
    case .release(let button): contacts &= ~SimulatedPanel.bit(button)
    case .contacts(let mask): contacts = mask
    case .cutLine(let button): lines[button] = .open
    case .shortLine(let button): lines[button] = .short
    case .repairLine(let button): lines[button] = .normal
    case .openHousing: housingIsOpen = true
    case .closeHousing: housingIsOpen = false
    case .supply(let millivolts): supplyMillivolts = millivolts
    case .powerOff: switchOff(&effects)
    case .powerOn(let cause, let keepsQueue): switchOn(cause, keepsQueue, now, &effects)
    case .configure(let address, let baudCode): configure(address, baudCode, now, &effects)
    case .fault(let new): become(new, now)
    }
    sample(now, &effects)
  }

  /// The pins and converters as they are, as a board would sample them.
  private mutating func sample(_ now: Instant, _ effects: inout Effects<Effect>) {
    feed(.contacts(contacts), now, &effects)
    feed(.tamper(housingIsOpen), now, &effects)
    feed(.supply(millivolts: supplyMillivolts), now, &effects)
    var button: UInt8 = 1
    while button <= logic.buttons {
      let code =
        switch lines[button] {
        case .normal: SimulatedPanel.soundCode
        case .open: SimulatedPanel.cutCode
        case .short: SimulatedPanel.shortCode
        }
      for _ in 0..<3 { feed(.line(button: button, code: code), now, &effects) }
      button &+= 1
    }
  }

  private mutating func switchOff(_ effects: inout Effects<Effect>) {
    guard isPowered else { return }
    isPowered = false
    firmware.memory.cut(share: UInt8(truncatingIfNeeded: noise.next()))
    (replyAt, jabberAt) = (nil, nil)
    var button: UInt8 = 1
    while button <= logic.buttons {
      if logic.lampPins & SimulatedPanel.bit(button) != 0 { effects.append(.lamp(button: button, isOn: false)) }
      button &+= 1
    }
    if logic.isBuzzing { effects.append(.buzzer(false)) }
  }

  private mutating func switchOn(_ cause: PanelResetCause, _ keepsQueue: Bool, _ now: Instant, _ effects: inout Effects<Effect>) {
    switchOff(&effects)
    isPowered = true
    var memory = firmware.memory
    let about = layout.slotBytes == 0 ? .bare : memory.chooseImage(board: PanelBoard.simulated.rawValue)
    firmware = PanelFirmware(
      unit: logic.unit, buttons: logic.buttons, board: PanelBoard.simulated.rawValue, layout: layout, key: key, memory: memory,
      cells: keepsQueue ? firmware.cells : SimulatedCells(noise: &noise))
    let start = BoardStart(cause: cause, entropy: UInt16(truncatingIfNeeded: random.next()), about: about)
    feed(.started(start), now, &effects)
    become(fault, now)
  }

  private mutating func configure(_ address: UInt8?, _ baudCode: UInt16?, _ now: Instant, _ effects: inout Effects<Effect>) {
    var settings = isPowered ? logic.settings : flash ?? .factory
    if let address, PanelSettings.isValid(address: UInt16(address)) { settings.address = address }
    if let baudCode, PanelMap.baud(code: baudCode) != nil { settings.baudCode = baudCode }
    let wasPowered = isPowered
    switchOff(&effects)
    firmware.memory.save(settings.stored, at: layout.settings)
    if wasPowered { switchOn(.software, true, now, &effects) }
  }

  private mutating func become(_ new: PanelFault, _ now: Instant) {
    if case .answersFor = fault { firmware.logic.address = logic.settings.address }
    fault = new
    if case .answersFor(let other) = new { firmware.logic.address = other }
    firmware.memory.isBroken = new == .flashBroken
    jabberAt = new == .jabber && isPowered ? now : nil
  }

  private mutating func feed(
    _ input: PanelFirmware<SimulatedMemory, SimulatedCells>.Input, _ now: Instant, _ effects: inout Effects<Effect>
  ) {
    guard isPowered else { return }
    var wanted = Effects<PanelFirmware<SimulatedMemory, SimulatedCells>.Effect>()
    firmware.handle(input, at: now, into: &wanted)
    perform(&wanted, now, &effects)
  }

  private mutating func receive(_ bytes: FixedBytes<256>, _ now: Instant, _ effects: inout Effects<Effect>) {
    guard isPowered else { return }
    var wanted = Effects<PanelFirmware<SimulatedMemory, SimulatedCells>.Effect>()
    firmware.receive(bytes, at: now, into: &wanted)
    perform(&wanted, now, &effects)
  }

  private mutating func perform(
    _ wanted: inout Effects<PanelFirmware<SimulatedMemory, SimulatedCells>.Effect>, _ now: Instant,
    _ effects: inout Effects<Effect>
  ) {
    while let effect = wanted.takeFirst() {
      switch effect {
      case .transmit: answer(now, &effects)
      case .lamp(let button, let isOn): effects.append(.lamp(button: button, isOn: isOn))
      case .buzzer(let isOn): effects.append(.buzzer(isOn))
      case .applyLine: become(fault, now)
      case .restart:
        switchOn(.software, true, now, &effects)
        sample(now, &effects)
      }
    }
  }

  private mutating func answer(_ now: Instant, _ effects: inout Effects<Effect>) {
    reply = logic.reply
    switch fault {
    case .none, .answersFor, .flashBroken: effects.append(.transmit)
    case .mute, .jabber:
      // To the logic it has been sent; the wire never saw it.
      feed(.transmitted, now, &effects)
    case .late(let milliseconds): replyAt = now + .milliseconds(Int(min(milliseconds, 60_000)))
    case .signsAs(let address):
      sign(as: address)
      effects.append(.transmit)
    }
  }

  private mutating func sign(as address: UInt8) {
    guard reply.count >= 4 else { return }
    reply[0] = address
    var sum = Checksum.CRC16Modbus()
    for index in 0..<reply.count - 2 { sum.update(reply[index]) }
    reply[reply.count - 2] = UInt8(truncatingIfNeeded: sum.value)
    reply[reply.count - 1] = UInt8(truncatingIfNeeded: sum.value >> 8)
  }

  private static func bit(_ button: UInt8) -> UInt8 {
    button >= 1 && button <= 8 ? 1 << (button &- 1) : 0
  }
}
