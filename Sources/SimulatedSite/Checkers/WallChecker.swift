import DeviceKit
import DeviceVocabulary
import Station
import StationRuntime

/// The console never says of an output what its device was not; once everything is whole, the wall is what was wished; who saw what is written
/// down, and nobody is said to see what has ended.
struct WallChecker: SiteChecker {
  private(set) var findings: [SiteFinding] = []
  /// What the matrix really had, since when.
  private var history: [(at: Instant, inputs: [UInt16]?)] = []
  private var last: WallView?
  private var shown: [WallCall: String] = [:]

  /// A reading is on its way, waits for the disk and for the page: so much older may it be than the page says.
  private static let slack = Interval.seconds(3)

  mutating func see(_ fact: SiteFact, at now: Instant) {
    switch fact {
    case .matrix(let inputs): if history.last.map({ $0.inputs != inputs }) ?? true { history.append((now, inputs)) }
    case .wall(let view):
      last = view
      check(view, now)
    case .durable(let entries): for item in entries { take(item.entry.change, now) }
    case .programEnded: last = nil
    default: break
    }
  }

  private mutating func check(_ view: WallView, _ now: Instant) {
    for tile in view.tiles {
      guard case .verified = tile.proof, let age = tile.ageMilliseconds, let output = view.plan.output(tile.output),
        let matrix = output.matrix, let source = tile.shown.flatMap({ view.plan.source($0) }),
        let input = source.input(of: matrix.device)
      else { continue }
      // The journal shows what is on disk, so a page may be late by as long as the disk refuses.
      let since = now - .milliseconds(Int(age)) - Self.slack
      if !wasSo(Int(matrix.number) - 1, input, since: since) {
        find(now, "output \(tile.output) is said to show \(source.id), which it did not in the last \(age) ms")
      }
    }
  }

  private func wasSo(_ output: Int, _ input: UInt16, since: Instant) -> Bool {
    for (index, moment) in history.enumerated().reversed() {
      if let inputs = moment.inputs, inputs.indices.contains(output), inputs[output] == input { return true }
      if moment.at <= since || index == 0 { return false }
    }
    return false
  }

  private mutating func take(_ change: Change, _ now: Instant) {
    switch change {
    case .wall(.callShown(let call, let source, _)): shown[call] = source
    case .wall(.callHidden(let call, let source)):
      if shown[call] != source { find(now, "call \(call.id) is said to be shown \(source) no longer, which it was not shown") }
      shown[call] = nil
    default: break
    }
  }

  mutating func finish(_ end: SiteEnd, at now: Instant) {
    guard let view = last else { return }
    for tile in view.tiles {
      if case .verified = tile.proof, tile.shown == tile.wished { continue }
      let isTold = (end.view?.faults ?? []).contains { fault in
        fault.present && (fault.key.description.hasPrefix("output \(tile.output):") || fault.key.description.hasPrefix("wall "))
      }
      if !isTold {
        find(
          now,
          "output \(tile.output) should show \(tile.wished ?? "-"), is \(tile.proof) with \(tile.shown ?? "-"), and no card says so"
        )
      } else {
        find(now, "output \(tile.output) is \(tile.proof) although everything has been whole for long")
      }
    }
    let open = Set((end.view?.incidents ?? []).map { WallCall(station: nil, id: $0.id) })
    for call in shown.keys.sorted(by: { $0.id < $1.id }) where !open.contains(call) {
      find(now, "call \(call.id) is closed and still said to be shown")
    }
  }

  private mutating func find(_ at: Instant, _ text: String) {
    findings.append(SiteFinding(checker: "wall", at: at, text: text))
  }
}
