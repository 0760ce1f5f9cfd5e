import CallPanelCodec
import CallPanelDeviceModel
import CallPanelDriver
import DeviceKit
import DeviceVocabulary
import Foundation
import ModbusRTUCodec
import ModbusRTUDriver
import Testing

/// Our master and its panels on a pair of wires that somebody else talks on.
@Suite struct RandomBytesTests {
  /// An hour of line time at 19,200 baud is 6,912,000 characters; a twentieth by default.
  @Test func anHourOfRandomBytesMakesNoPressAndAllPanelsComeBack() {
    let isLong = ProcessInfo.processInfo.environment["LINLI_LONG"] != nil
    let total = isLong ? 6_912_000 : 345_600
    var line = NoisyLine(panels: 3, seed: 11)
    line.run(for: .seconds(2))
    #expect(line.online == [1, 2, 3])
    var noise = 0
    var round = 0
    while noise < total {
      round += 1
      // By turns: babble without a pause, bursts between which the master gets a word in, and true frames with something wrong.
      switch round % 3 {
      case 0: noise += line.babble(2000)
      case 1: noise += line.bursts(200)
      default: noise += line.falseFrames(60)
      }
      // The bus heals now and then, and may then be believed again.
      if round % 8 == 0 { line.run(for: .seconds(3)) }
    }
    #expect(line.presses.isEmpty, "nobody has touched a button")
    #expect(line.noiseHeard == noise)

    line.run(for: .seconds(15))
    #expect(line.online == [1, 2, 3])
    for panel in 1...3 {
      line.hand(panel, .press(UInt8(panel)))
      line.run(for: .milliseconds(200))
      line.hand(panel, .release(UInt8(panel)))
      line.run(for: .seconds(1))
    }
    #expect(line.presses.map(\.button.description) == ["A/1/1", "A/2/2", "A/3/3"])
    #expect(Set(line.presses.map(\.identity)).count == 3)
  }

  /// The same checker sees a press that is there: without this, the test above might listen to nothing.
  @Test func aPressBetweenBurstsIsHeardOnce() {
    var line = NoisyLine(panels: 3, seed: 12)
    line.run(for: .seconds(2))
    line.hand(2, .press(1))
    for _ in 0..<20 { _ = line.bursts(10) }
    line.hand(2, .release(1))
    line.run(for: .seconds(10))
    #expect(line.presses.map(\.button.description) == ["A/2/1"])
  }
}

/// A master, panels and a stranger on one line, in virtual time. The stranger's characters reach everybody.
struct NoisyLine {
  private(set) var now = Instant(microseconds: 1_000_000)
  private var master: ModbusMaster<CallPanelDriver>
  private var panels: [SimulatedPanel]
  private var random: SeededRandom
  private let timing = ModbusTiming(baud: 19_200)
  private var toMaster: [(at: Instant, bytes: FixedBytes<256>, from: Int)] = []
  private var toPanels: [(at: Instant, bytes: FixedBytes<256>)] = []
  /// The last answer of a panel, to be falsified.
  private var lastAnswer = FixedBytes<256>()
  private var health: [UInt8: Health] = [:]
  /// Presses as a station would record them: each identity once.
  private(set) var presses: [Press] = []
  private(set) var noiseHeard = 0

  init(panels count: Int, seed: UInt64) {
    random = SeededRandom(seed: seed)
    let nodes = (1...count).map { CallPanelDriver(CallPanelConfiguration(device: DeviceID(bus: "A", node: UInt8($0)))) }
    master = ModbusMaster(settings: ModbusMasterSettings(bus: "A", timing: timing), nodes: nodes)
    panels = (1...count).map {
      SimulatedPanel(unit: 1000 + UInt32($0), buttons: 8, settings: PanelSettings(address: UInt8($0)), seed: seed &+ UInt64($0))
    }
    for panel in 1...count { hand(panel, .powerOn(.powerOn, keepsQueue: false)) }
    tell(.lineUp)
  }

  /// Addresses of the panels that the master holds for online.
  var online: [UInt8] { health.keys.sorted().filter { health[$0] == .online } }

  mutating func hand(_ panel: Int, _ hand: PanelHand) { give(.hand(hand), to: panel - 1) }

  mutating func run(for interval: Interval) {
    let end = now + interval
    while let next, next <= end {
      now = max(now, next)
      step()
    }
    now = end
  }

  // MARK: - The stranger

  /// So many random characters without a pause. All of these answer how many characters they sent.
  mutating func babble(_ count: Int) -> Int {
    var left = count
    while left > 0 {
      let piece = randomBytes(min(left, 64))
      send(piece)
      left -= piece.count
    }
    return count
  }

  /// So many short bursts with pauses of up to 60 ms.
  mutating func bursts(_ count: Int) -> Int {
    var sent = 0
    for _ in 0..<count {
      let piece = randomBytes(1 + Int(random.below(40)))
      send(piece)
      sent += piece.count
      run(for: .milliseconds(Int(random.below(60))))
    }
    return sent
  }

  /// So many true answers of a panel with one character changed, cut short, or with others before and behind.
  mutating func falseFrames(_ count: Int) -> Int {
    var sent = 0
    for _ in 0..<count {
      var piece = lastAnswer
      guard !piece.isEmpty else { return sent + bursts(1) }
      switch random.below(3) {
      case 0: piece[Int(random.below(UInt32(piece.count)))] ^= UInt8(1 + random.below(255))
      case 1: piece.removeFirst(1 + Int(random.below(UInt32(piece.count))))
      default:
        var longer = randomBytes(1 + Int(random.below(20)))
        for index in 0..<(piece.count - 1) { longer.append(piece[index]) }
        piece = longer
      }
      guard !piece.isEmpty else { continue }
      send(piece)
      sent += piece.count
      run(for: .milliseconds(Int(random.below(40))))
    }
    return sent
  }

  private mutating func randomBytes(_ count: Int) -> FixedBytes<256> {
    var bytes = FixedBytes<256>()
    for _ in 0..<count { bytes.append(UInt8(truncatingIfNeeded: random.next())) }
    return bytes
  }

  private mutating func send(_ bytes: FixedBytes<256>) {
    let end = now + timing.interval(ofCharacters: bytes.count)
    toMaster.append((end, bytes, -1))
    toPanels.append((end, bytes))
    run(for: end - now)
    noiseHeard += bytes.count
  }

  // MARK: - The line

  private var next: Instant? {
    let moments = [master.deadline] + panels.map(\.deadline) + toMaster.map(\.at) + toPanels.map(\.at)
    return moments.compactMap { $0 }.min()
  }

  private mutating func step() {
    while let index = toPanels.firstIndex(where: { $0.at <= now }) {
      let item = toPanels.remove(at: index)
      for panel in panels.indices { give(.received(item.bytes), to: panel) }
    }
    while let index = toMaster.firstIndex(where: { $0.at <= now }) {
      let item = toMaster.remove(at: index)
      if item.from >= 0 {
        lastAnswer = item.bytes
        give(.transmitted, to: item.from)
      }
      tell(.received(item.bytes))
    }
    for panel in panels.indices { if let due = panels[panel].deadline, due <= now { give(.wake, to: panel) } }
    if let due = master.deadline, due <= now { tell(.wake) }
  }

  private mutating func give(_ input: SimulatedPanel.Input, to panel: Int) {
    var effects = Effects<SimulatedPanel.Effect>()
    panels[panel].handle(input, at: now, into: &effects)
    for index in 0..<effects.count where effects[index] == .transmit {
      let bytes = panels[panel].reply
      toMaster.append((now + timing.interval(ofCharacters: bytes.count), bytes, panel))
    }
  }

  private mutating func tell(_ input: ModbusMaster<CallPanelDriver>.Input) {
    var effects = Effects<ModbusMaster<CallPanelDriver>.Effect>()
    master.handle(input, at: now, into: &effects)
    for index in 0..<effects.count {
      switch effects[index] {
      case .transmit(let bytes): toPanels.append((now + timing.interval(ofCharacters: bytes.count), bytes))
      case .event(let event): hear(event)
      case nil: break
      }
    }
  }

  private mutating func hear(_ event: DeviceEvent) {
    switch event {
    case .pressed(let press):
      let counts = press.kind == .press || press.kind == .repeat
      if counts, !presses.contains(where: { $0.identity == press.identity }) { presses.append(press) }
      if let identity = press.identity { tell(.command(.accept(press.button.device, identity))) }
    case .released(let button, .some(let identity), _): tell(.command(.accept(button.device, identity)))
    case .healthChanged(let device, let new): health[device.node] = new
    default: break
    }
  }
}
