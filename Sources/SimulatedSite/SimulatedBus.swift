import CallPanelCodec
import CallPanelDeviceModel
import DeviceKit
import ModbusRTUCodec

/// A pair of wires with panels on it: paces bytes by the baud rate, lets two that speak at once garble each other, and can be cut,
/// swapped, shorted or noisy. Pure; `linli sim bus` and the tests run the same one.
///
/// Host and panels each have a baud rate of their own; who listens at another rate than the speaker's hears what a UART makes of it.
public struct SimulatedBus: Machine, Sendable {
  public enum Input: Sendable {
    /// The host has written these bytes; they are on the wire from now on.
    case received(FixedBytes<256>)
    /// What the host's port is set to; until this is said, the bus's own baud rate and one stop bit. A pseudo-terminal shows no parity.
    case hostLine(baud: UInt32, stopBits: UInt32)
    case hand(panel: Int, PanelHand)
    case wire(WireFault)
    case wake
  }

  public enum Effect: Sendable {
    /// What reaches the host, at the moment its last bit is over.
    case transmit(FixedBytes<256>)
  }

  /// What is wrong with the wires; `none` heals them.
  public enum WireFault: Sendable, Equatable {
    case none
    /// Panels from this place on (0 = the first) hear nothing and are not heard.
    case cutBefore(Int)
    /// A and B are exchanged at the host.
    case swapped
    /// A and B touch: nothing gets through in either direction.
    case shorted
    /// Of 1,000 bytes each way so many are changed.
    case noisy(perMille: UInt32)
    /// Of 1,000 messages each way so many vanish.
    case lossy(perMille: UInt32)
    /// A converter on the way holds each message back by 0 to so many milliseconds; none overtakes another.
    case delayed(milliseconds: UInt32)
    /// A converter on the way repeats, of 1,000 messages each way, so many: the copy is heard right behind the first.
    case doubled(perMille: UInt32)
  }

  /// The baud rate that the bus was made for; a panel or the host may be set to another one.
  public let timing: ModbusTiming
  public private(set) var panels: [SimulatedPanel]
  /// What was to be seen and heard at each panel, since the bus was made.
  public private(set) var signs: [PanelSigns]
  public private(set) var fault = WireFault.none
  private var random: SeededRandom
  /// Each panel's deadline and line after its last input: asking a whole panel copies it.
  private var panelDue: [Instant]
  private var panelTiming: [ModbusTiming]
  private var hostTiming: ModbusTiming
  private var onWire: [Transmission] = []
  /// Heard by the host's adapter, on their way to the host.
  private var arrivals: [(bytes: FixedBytes<256>, at: Instant)] = []
  private var hostSpeaksUntil = Instant.zero

  /// How often a lamp went on (element 0 = button 1) and the buzzer began to sound: nothing that was shown for a moment is missed.
  public struct PanelSigns: Sendable, Equatable {
    public var lit: [Int]
    public var buzzed = 0
  }

  /// Panels at addresses 1, 2, 3 ... with unit ids from `firstUnit` on, without power; `start` switches them on.
  ///
  /// - Parameters:
  ///   - images: what the factory put into slots 0 and 1 of each panel (header, then payload); with none, panels have no boot loader.
  ///   - key: the Ed25519 public key that signs later images, 32 bytes.
  ///   - epoch: of the presses before the panels are switched on: they go on under the next one.
  public init(
    panels count: Int, buttons: UInt8, baud: UInt32, seed: UInt64, firstUnit: UInt32 = 1001, images: [[UInt8]] = [],
    key: FixedBytes<32> = FixedBytes(), epoch: UInt16 = PanelSettings.factory.epoch
  ) {
    timing = ModbusTiming(baud: baud)
    hostTiming = timing
    random = SeededRandom(seed: seed)
    panels = []
    panelDue = Array(repeating: .distantFuture, count: max(0, count))
    panelTiming = Array(repeating: timing, count: max(0, count))
    signs = Array(repeating: PanelSigns(lit: Array(repeating: 0, count: Int(min(buttons, 8)))), count: max(0, count))
    for index in 0..<count {
      var settings = PanelSettings(address: UInt8(clamping: index + 1), baudCode: Self.baudCode(baud))
      settings.epoch = epoch
      panels.append(
        SimulatedPanel(
          unit: firstUnit + UInt32(index), buttons: buttons, settings: settings, seed: random.next(), images: images, key: key))
    }
  }

  /// The code of a baud rate that panels know; that of a new panel for any other.
  private static func baudCode(_ baud: UInt32) -> UInt16 { PanelMap.baudCode(baud) ?? PanelSettings.factory.baudCode }

  public var deadline: Instant? {
    var earliest: Instant?
    func consider(_ moment: Instant?) {
      if let moment { earliest = min(earliest ?? moment, moment) }
    }
    for due in panelDue where due != .distantFuture { consider(due) }
    for item in onWire { consider(item.until) }
    consider(arrivals.first?.at)
    return earliest
  }

  public mutating func handle(_ input: Input, at now: Instant, into effects: inout Effects<Effect>) {
    settle(now, &effects)
    switch input {
    case .wake: break
    case .received(let bytes): hostSpeaks(bytes, now)
    case .hostLine(let baud, let stopBits): hostTiming = ModbusTiming(baud: baud, stopBits: stopBits)
    case .hand(let index, let hand):
      if panels.indices.contains(index) { give(index, .hand(hand), now) }
    case .wire(let new): fault = new
    }
    settle(now, &effects)
  }

  /// Switches every panel on.
  public mutating func start(at now: Instant, into effects: inout Effects<Effect>) {
    for index in panels.indices { handle(.hand(panel: index, .powerOn(.powerOn, keepsQueue: false)), at: now, into: &effects) }
  }

  // MARK: - Speaking

  private mutating func hostSpeaks(_ bytes: FixedBytes<256>, _ now: Instant) {
    var sent = bytes
    if isDoubled() { for index in 0..<bytes.count { sent.append(bytes[index]) } }
    let start = max(now + delay(), hostSpeaksUntil)
    let item = Transmission(panel: nil, bytes: sent, timing: hostTiming, from: start)
    hostSpeaksUntil = item.until
    speak(item)
  }

  private mutating func give(_ index: Int, _ input: SimulatedPanel.Input, _ now: Instant) {
    var wanted = Effects<SimulatedPanel.Effect>()
    panels[index].handle(input, at: now, into: &wanted)
    panelDue[index] = panels[index].deadline ?? .distantFuture
    if panels[index].baud != panelTiming[index].baud { panelTiming[index] = ModbusTiming(baud: panels[index].baud) }
    for place in 0..<wanted.count {
      switch wanted[place] {
      case .transmit: speak(Transmission(panel: index, bytes: panels[index].reply, timing: panelTiming[index], from: now))
      case .lamp(let button, isOn: true):
        if signs[index].lit.indices.contains(Int(button) - 1) { signs[index].lit[Int(button) - 1] += 1 }
      case .buzzer(true): signs[index].buzzed += 1
      case .lamp, .buzzer, nil: break
      }
    }
  }

  /// Two transmitters at once: neither is understood.
  private mutating func speak(_ new: Transmission) {
    var new = new
    for index in onWire.indices where onWire[index].overlaps(new) && isReached(onWire[index].panel) && isReached(new.panel) {
      onWire[index].isGarbled = true
      new.isGarbled = true
    }
    onWire.append(new)
  }

  // MARK: - Hearing

  /// Lets everything happen that is due, in order of time.
  private mutating func settle(_ now: Instant, _ effects: inout Effects<Effect>) {
    while let due = deadline, due <= now, effects.room > 0 {
      if let first = arrivals.first, first.at <= due {
        arrivals.removeFirst()
        effects.append(.transmit(first.bytes))
      } else if let index = onWire.firstIndex(where: { $0.until <= due }) {
        finish(onWire.remove(at: index), due)
      } else {
        for index in panelDue.indices where panelDue[index] <= now { give(index, .wake, panelDue[index]) }
      }
    }
  }

  private mutating func finish(_ item: Transmission, _ now: Instant) {
    guard let speaker = item.panel else {
      guard let bytes = carried(item) else { return }
      for panel in panels.indices where isReached(panel) {
        give(panel, .received(MistunedUART.heard(bytes, sent: item.timing, heard: panelTiming[panel])), now)
      }
      return
    }
    give(speaker, .transmitted, now)
    guard isReached(speaker), let bytes = carried(item) else { return }
    let heard = MistunedUART.heard(bytes, sent: item.timing, heard: hostTiming)
    let at = max(now + delay(), arrivals.last?.at ?? .zero)
    arrivals.append((heard, at))
    if isDoubled() { arrivals.append((heard, at + hostTiming.interval(ofCharacters: heard.count))) }
  }

  /// The host itself is always there.
  private func isReached(_ panel: Int?) -> Bool {
    if case .cutBefore(let place) = fault, let panel { return panel < place }
    return true
  }

  private mutating func carried(_ item: Transmission) -> FixedBytes<256>? {
    var bytes = item.bytes
    if item.isGarbled { for index in 0..<bytes.count { bytes[index] ^= UInt8(truncatingIfNeeded: random.next()) | 1 } }
    switch fault {
    case .none, .cutBefore, .delayed, .doubled: break
    case .shorted: return nil
    case .swapped: for index in 0..<bytes.count { bytes[index] = ~bytes[index] }
    case .noisy(let perMille):
      for index in 0..<bytes.count where random.chance(perMille, in: 1000) { bytes[index] ^= UInt8(1) << UInt8(random.below(8)) }
    case .lossy(let perMille): if random.chance(perMille, in: 1000) { return nil }
    }
    return bytes
  }

  private mutating func delay() -> Interval {
    guard case .delayed(let milliseconds) = fault else { return .zero }
    return .microseconds(Int(random.below(min(milliseconds, 60_000) * 1000 + 1)))
  }

  private mutating func isDoubled() -> Bool {
    guard case .doubled(let perMille) = fault else { return false }
    return random.chance(perMille, in: 1000)
  }
}
