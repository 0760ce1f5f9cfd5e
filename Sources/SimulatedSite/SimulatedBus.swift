import CallPanelCodec
import CallPanelDeviceModel
import DeviceKit
import ModbusRTUCodec

/// A pair of wires with panels on it: paces bytes by the baud rate, lets two that speak at once garble each other, and can be cut,
/// swapped or noisy. Pure; `linli sim bus` and the tests run the same one.
public struct SimulatedBus: Machine, Sendable {
  public enum Input: Sendable {
    /// The host has written these bytes; they are on the wire from now on.
    case received(FixedBytes<256>)
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
    /// Of 1,000 bytes each way so many are changed.
    case noisy(perMille: UInt32)
    /// Of 1,000 messages each way so many vanish.
    case lossy(perMille: UInt32)
  }

  public let timing: ModbusTiming
  public private(set) var panels: [SimulatedPanel]
  /// What was to be seen and heard at each panel, since the bus was made.
  public private(set) var signs: [PanelSigns]
  public private(set) var fault = WireFault.none
  private var random: SeededRandom
  /// Each panel's deadline after its last input: asking a whole panel copies it.
  private var panelDue: [Instant]
  /// On their way to the panels, whole at the end of their time.
  private var downward: [(bytes: FixedBytes<256>, at: Instant)] = []
  private var upward: [Transmission] = []
  private var hostSpeaksUntil = Instant.zero

  /// How often a lamp went on (element 0 = button 1) and the buzzer began to sound: nothing that was shown for a moment is missed.
  public struct PanelSigns: Sendable, Equatable {
    public var lit: [Int]
    public var buzzed = 0
  }

  private struct Transmission: Sendable {
    var panel: Int
    var bytes: FixedBytes<256>
    var from: Instant
    var until: Instant
    /// Somebody else spoke at the same time.
    var isGarbled = false
  }

  /// Panels at addresses 1, 2, 3 ... with unit ids from `firstUnit` on, without power; `start` switches them on.
  public init(panels count: Int, buttons: UInt8, baud: UInt32, seed: UInt64, firstUnit: UInt32 = 1001) {
    timing = ModbusTiming(baud: baud)
    random = SeededRandom(seed: seed)
    panels = []
    panelDue = Array(repeating: .distantFuture, count: max(0, count))
    signs = Array(repeating: PanelSigns(lit: Array(repeating: 0, count: Int(min(buttons, 8)))), count: max(0, count))
    for index in 0..<count {
      let settings = PanelSettings(address: UInt8(clamping: index + 1), baudCode: Self.baudCode(baud))
      panels.append(SimulatedPanel(unit: firstUnit + UInt32(index), buttons: buttons, settings: settings, seed: random.next()))
    }
  }

  private static func baudCode(_ baud: UInt32) -> UInt16 {
    (0...15).first { PanelMap.baud(code: $0) == baud } ?? PanelSettings.factory.baudCode
  }

  public var deadline: Instant? {
    var earliest: Instant?
    func consider(_ moment: Instant?) {
      if let moment { earliest = min(earliest ?? moment, moment) }
    }
    for due in panelDue where due != .distantFuture { consider(due) }
    for item in downward { consider(item.at) }
    for item in upward { consider(item.until) }
    return earliest
  }

  public mutating func handle(_ input: Input, at now: Instant, into effects: inout Effects<Effect>) {
    settle(now, &effects)
    switch input {
    case .wake: break
    case .received(let bytes): hostSpeaks(bytes, now)
    case .hand(let index, let hand):
      if panels.indices.contains(index) { give(index, .hand(hand), now) }
    case .wire(let new): fault = new
    }
    settle(now, &effects)
  }

  private mutating func hostSpeaks(_ bytes: FixedBytes<256>, _ now: Instant) {
    let start = max(now, hostSpeaksUntil)
    hostSpeaksUntil = start + .microseconds(Int(timing.microseconds(ofCharacters: bytes.count)))
    if let changed = carried(bytes) { downward.append((changed, hostSpeaksUntil)) }
  }

  /// Lets everything happen that is due, in order of time.
  private mutating func settle(_ now: Instant, _ effects: inout Effects<Effect>) {
    while let due = deadline, due <= now, effects.room > 0 {
      if let index = downward.firstIndex(where: { $0.at <= due }) {
        let item = downward.remove(at: index)
        for panel in panels.indices where isReached(panel) { give(panel, .received(item.bytes), due) }
      } else if let index = upward.firstIndex(where: { $0.until <= due }) {
        let item = upward.remove(at: index)
        give(item.panel, .transmitted, due)
        if isReached(item.panel), let bytes = carried(garbledByOthers(item)) { effects.append(.transmit(bytes)) }
      } else {
        for index in panelDue.indices where panelDue[index] <= now { give(index, .wake, panelDue[index]) }
      }
    }
  }

  private mutating func give(_ index: Int, _ input: SimulatedPanel.Input, _ now: Instant) {
    var wanted = Effects<SimulatedPanel.Effect>()
    panels[index].handle(input, at: now, into: &wanted)
    panelDue[index] = panels[index].deadline ?? .distantFuture
    for place in 0..<wanted.count {
      switch wanted[place] {
      case .transmit:
        let bytes = panels[index].reply
        let until = now + .microseconds(Int(timing.microseconds(ofCharacters: bytes.count)))
        speak(Transmission(panel: index, bytes: bytes, from: now, until: until))
      case .lamp(let button, isOn: true):
        if signs[index].lit.indices.contains(Int(button) - 1) { signs[index].lit[Int(button) - 1] += 1 }
      case .buzzer(true): signs[index].buzzed += 1
      case .lamp, .buzzer, nil: break
      }
    }
  }

  private func isReached(_ panel: Int) -> Bool {
    if case .cutBefore(let place) = fault { return panel < place }
    return true
  }

  /// Two transmitters at once: neither is understood.
  private mutating func speak(_ item: Transmission) {
    var item = item
    for index in upward.indices where upward[index].panel != item.panel && upward[index].until > item.from {
      guard isReached(item.panel), isReached(upward[index].panel) else { continue }
      upward[index].isGarbled = true
      item.isGarbled = true
    }
    upward.append(item)
  }

  private mutating func garbledByOthers(_ item: Transmission) -> FixedBytes<256> {
    guard item.isGarbled else { return item.bytes }
    var bytes = item.bytes
    for index in 0..<bytes.count { bytes[index] ^= UInt8(truncatingIfNeeded: random.next()) | 1 }
    return bytes
  }

  private mutating func carried(_ bytes: FixedBytes<256>) -> FixedBytes<256>? {
    var bytes = bytes
    switch fault {
    case .none, .cutBefore: break
    case .swapped: for index in 0..<bytes.count { bytes[index] = ~bytes[index] }
    case .noisy(let perMille):
      for index in 0..<bytes.count where random.chance(perMille, in: 1000) { bytes[index] ^= UInt8(1) << UInt8(random.below(8)) }
    case .lossy(let perMille): if random.chance(perMille, in: 1000) { return nil }
    }
    return bytes
  }

  /// Switches every panel on.
  public mutating func start(at now: Instant, into effects: inout Effects<Effect>) {
    for index in panels.indices { handle(.hand(panel: index, .powerOn(.powerOn, keepsQueue: false)), at: now, into: &effects) }
  }
}
