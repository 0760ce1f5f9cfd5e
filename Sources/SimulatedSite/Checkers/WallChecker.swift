import DeviceKit
import DeviceVocabulary
import Station
import StationRuntime

/// The console never says of an output what its devices were not; what they show is what was wished, or a card says which output, since when
/// and why; once everything is whole, it is so; who saw what is written down, and nobody is said to see what has ended.
struct WallChecker: SiteChecker {
  private(set) var findings: [SiteFinding] = []
  /// What the outputs really showed, since when.
  private var history: [(at: Instant, truth: [WallTruth])] = []
  private var last: WallView?
  private var cards: [DeskView.FaultCard] = []
  private var gaps = WallGaps()
  private var shown: [WallCall: String] = [:]

  /// A reading is on its way, waits for the disk and for the page: so much older may it be than the page says.
  private static let slack = Interval.seconds(3)
  /// Longer than any reading counts.
  private static let kept = Interval.seconds(60)

  mutating func see(_ fact: SiteFact, at now: Instant) {
    switch fact {
    case .wallTruth(let truth):
      guard history.last?.truth != truth else { break }
      history.append((now, truth))
      while history.count > 1, history[1].at + Self.kept < now { history.removeFirst() }
      compare(now)
    case .wall(let view):
      last = view
      checkClaims(view, now)
      compare(now)
    case .page(let view): cards = view.faults
    case .durable(let entries): for item in entries { take(item.entry.change, now) }
    case .act(.host(.stepClock(let milliseconds))): gaps.clockStepped(milliseconds: milliseconds)
    case .programStarted: gaps.start(at: now)
    case .programEnded:
      (last, cards) = (nil, [])
      gaps.end()
    default: break
    }
  }

  // MARK: - What is said

  private mutating func checkClaims(_ view: WallView, _ now: Instant) {
    for tile in view.tiles {
      guard case .verified = tile.proof, let age = tile.ageMilliseconds else { continue }
      let wish = WallExpectation(tile, view)
      // The journal shows what is on disk, so a page may be late by as long as the disk refuses.
      let since = now - .milliseconds(Int(age)) - Self.slack
      // Each device was read at its own moment.
      if !wasSo(tile.output, since: since, wish.isRoute) {
        find(now, "output \(tile.output) is said to show \(tile.wished ?? "-"), which it did not in the last \(age) ms")
      }
      if !wasSo(tile.output, since: since, wish.isDisplay) {
        find(now, "the display of output \(tile.output) is said to be as wished, which it was not in the last \(age) ms")
      }
    }
  }

  private func wasSo(_ output: Int, since: Instant, _ isSo: (WallTruth) -> Bool) -> Bool {
    for (index, moment) in history.enumerated().reversed() {
      if let truth = moment.truth.first(where: { $0.output == output }), isSo(truth) { return true }
      if moment.at <= since || index == 0 { return false }
    }
    return false
  }

  // MARK: - What is so

  private mutating func compare(_ now: Instant) {
    guard let view = last, let truth = history.last?.truth else { return }
    for text in gaps.compare(view, cards, truth, at: now) { find(now, text) }
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
      let real = history.last?.truth.first { $0.output == tile.output }
      let isSo = real.map { WallExpectation(tile, view).isSo($0) } ?? false
      if tile.isProved, isSo { continue }
      find(
        now,
        "output \(tile.output) should show \(tile.wished ?? "-"), is \(tile.proof) with \(tile.shown ?? "-"), really \(real.map { "\($0)" } ?? "-"), although everything has been whole for long"
      )
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
