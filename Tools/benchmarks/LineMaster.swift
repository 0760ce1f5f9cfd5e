import ArgumentParser
import CallPanelCodec
import DeviceKit
import DeviceVocabulary
import ModbusRTUCodec
import ModbusRTUDriver
import StationRuntime
import Synchronization
import Transports

/// A process that does nothing but what the station's bus thread does: the same loop, master and line, on a bus of nodes that are short
/// polled all the time.
struct LineMaster: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "line", shouldDisplay: false)
  @Argument var path: String
  @Argument var baud: Int
  @Argument var count: Int

  func run() throws {
    let site = try SiteFile.read(SiteText.make(port: path, baud: baud), file: "line")
    let tally = Tally(goal: count)
    let nodes = site.buses[0].panels.map { AnyModbusNode(ShortPollNode(DeviceID(bus: "A", node: $0.node), tally)) }
    let wake = try WakeSignal()
    let loop = BusLoop(
      plan: site.buses[0], nodes: nodes, commands: BoundedMailbox(capacity: 0, reserve: 1), wake: wake,
      heartbeat: Heartbeat(name: "line"), board: BusBoard(), log: { _ in }, deliver: { _, _ in .accepted })
    loop.run(until: tally.stop)
    // A few are to be expected while valgrind translates the program.
    guard tally.failed * 10 < count else { throw BenchError("\(tally.failed) of \(count) polls failed") }
  }
}

private final class Tally: Sendable {
  let stop = StopFlag()
  private let goal: Int
  private let answered = Atomic<Int>(0)
  private let failures = Atomic<Int>(0)

  init(goal: Int) { self.goal = goal }

  var failed: Int { failures.load(ordering: .relaxed) }

  func note(_ outcome: ModbusOutcome) {
    guard case .answered = outcome else {
      failures.add(1, ordering: .relaxed)
      return
    }
    if answered.add(1, ordering: .relaxed).newValue >= goal { stop.raise() }
  }
}

/// A call panel that is never asked anything but its status word.
private struct ShortPollNode: ModbusNode {
  let device: DeviceID
  let carriesCalls = true
  let due = Instant.zero
  private let tally: Tally
  private var token: UInt8 = 0

  init(_ device: DeviceID, _ tally: Tally) {
    self.device = device
    self.tally = tally
  }

  mutating func nextTransaction(at now: Instant) -> ModbusTransaction? {
    token = (token &+ 1) & 15
    return ModbusTransaction(request: PanelTransaction.poll(token: token), toleratesLateAnswers: true)
  }

  func accepts(_ answer: ModbusPDU) -> Bool { PanelTransaction.pollAnswer(answer)?.token == token }
  mutating func completed(_ outcome: ModbusOutcome, at now: Instant, into events: inout Effects<DeviceEvent>) {
    tally.note(outcome)
  }
  mutating func command(_ command: DeviceCommand, at now: Instant) {}
  mutating func lineRestored(at now: Instant) {}
}

/// The site file of the measurements.
enum SiteText {
  static let panels = 16
  static let buttons = 2

  static func make(port: String, baud: Int, more: String = "") -> String {
    var text = "site: {name: 测速站, station: \(LinkSite.communityName)}\nplaces:\n"
    for node in 1...panels { text += "  - {id: p\(node), name: \(node) 号房间, grid: G01}\n" }
    text += "posts:\n  - {id: desk, name: 值班台}\nbuses:\n  - name: A\n    port: \(port)\n    baud: \(baud)\n    panels:\n"
    for node in 1...panels {
      let points = (1...buttons).map { "{button: \($0), place: p\(node)}" }.joined(separator: ", ")
      text += "      - {node: \(node), name: \(node) 号面板, buttons: [\(points)]}\n"
    }
    return text + more + "desk: {port: 0}\njournal: {folder: journal, ballastMiB: 1}\n"
  }
}
