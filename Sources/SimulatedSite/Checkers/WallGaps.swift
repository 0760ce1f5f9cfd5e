import DeviceKit
import Station

/// At every moment: an output shows what is wished, by its devices themselves, and the console says that this is read back; or a card says
/// which output or device it is, since when, and why.
struct WallGaps {
  /// An output that is not so.
  private struct Gap {
    var wish: WallExpectation
    /// The last moment at which all was well, something else was wished, or a card said so.
    var since: Instant
    /// Since when a device of it has had no power: no wish helps then.
    var darkSince: Instant?
    var isFound = false
  }

  private var open: [Int: Gap] = [:]
  /// Displays that were to be on and were off, since when.
  private var waking: [Int: Instant] = [:]
  private var startedAt: Instant?
  /// Outputs that were well in this run of the program.
  private var known: Set<Int> = []
  /// By how much the wall clock was put back meanwhile: a card may be so much younger than the page.
  private var putBackMilliseconds: Int64 = 0

  /// By then an output is what was wished last, or a card stands: a round of readings, two retries, and what a silent device is given.
  static let patience = Interval.seconds(20)
  /// A display that is told to go on may be silent for so long: its driver's `powerOnLimitSeconds`.
  static let warming = Interval.seconds(60)
  /// A device that is switched on together with the station's computer is given so long to be heard of at all.
  static let startPatience = Interval.seconds(45) + patience

  mutating func start(at now: Instant) { startedAt = now }
  mutating func end() { (open, known, waking, startedAt) = ([:], [], [:], nil) }
  mutating func clockStepped(milliseconds: Int64) { putBackMilliseconds += max(0, -milliseconds) }

  /// What is wrong, a text each, once for each gap.
  mutating func compare(_ view: WallView, _ cards: [DeskView.FaultCard], _ truth: [WallTruth], at now: Instant) -> [String] {
    guard let startedAt else { return [] }
    var found: [String] = []
    for tile in view.tiles {
      let wish = WallExpectation(tile, view)
      let real = truth.first { $0.output == tile.output }
      noteWaking(tile.output, wish, real, view, now)
      guard let real, !(wish.isSo(real) && tile.isProved) else {
        open[tile.output] = nil
        known.insert(tile.output)
        continue
      }
      var gap = open[tile.output] ?? Gap(wish: wish, since: now)
      if gap.wish != wish { (gap.wish, gap.since) = (wish, now) }
      gap.darkSince = wish.isDark(real) ? gap.darkSince ?? now : nil
      if isTold(tile.output, wish, real, view, cards) {
        (gap.since, gap.isFound) = (now, false)
        if gap.darkSince != nil { gap.darkSince = now }
      }
      let age = now - min(gap.since, gap.darkSince ?? now)
      let isWarming = waking[tile.output] != nil && wish.isRoute(of: real)
      let isDue = age > Self.patience && !isWarming && (known.contains(tile.output) || now - startedAt > Self.startPatience)
      if isDue, !gap.isFound {
        gap.isFound = true
        found.append(
          "output \(tile.output) should show \(tile.wished ?? "-"), is \(tile.proof), has been \(real) for \(age.microseconds / 1000) ms, and no card says so"
        )
      }
      open[tile.output] = gap
    }
    return found
  }

  /// Displays go on one after the other. One that stays off has had its time as well.
  private mutating func noteWaking(
    _ output: Int, _ wish: WallExpectation, _ real: WallTruth?, _ view: WallView, _ now: Instant
  ) {
    guard wish.display?.isOn == true else { return waking[output] = nil }
    let isOff = real?.display?.isOn == false
    if isOff, waking[output] == nil, !(open[output].map { now - $0.since > Self.warming } ?? false) { waking[output] = now }
    let limit = Self.warming + .milliseconds(view.plan.powerOnGapMilliseconds) * view.plan.outputs.count
    if let since = waking[output], now - since > limit { waking[output] = nil }
  }

  private func isTold(
    _ number: Int, _ wish: WallExpectation, _ real: WallTruth, _ view: WallView, _ cards: [DeskView.FaultCard]
  ) -> Bool {
    let output = view.plan.output(number)
    let matrix = wish.isRoute(of: real) ? nil : output?.matrix?.device
    let display = wish.isDisplay(of: real) ? nil : output?.display?.device
    let wrong = [matrix, display].compactMap { $0 }
    // All is as wished, and the station cannot know it.
    let devices = wrong.isEmpty ? [output?.matrix?.device, output?.display?.device].compactMap { $0 } : wrong
    return cards.contains { card in
      let says =
        switch (card.key.subject, card.key.kind) {
        case (.output(let other), .outputNotSwitched), (.output(let other), .outputRefused), (.output(let other), .outputCannot),
          (.output(let other), .outputUnanswered), (.output(let other), .outputContested):
          other == number && !card.detail.isEmpty
        case (.wall(let device), .wallSilent), (.wall(let device), .wallAnswersWrongly), (.wall(let device), .wallPassword):
          devices.contains(device)
        default: false
        }
      return says && card.present && !card.whereText.isEmpty && !card.whatChinese.isEmpty && card.sinceMilliseconds > 0
        && card.sinceMilliseconds <= view.asOfMilliseconds + putBackMilliseconds + 2000
    }
  }
}

extension WallView.Tile {
  /// The console says of it that it is as wished.
  var isProved: Bool {
    guard case .verified = proof else { return false }
    return shown == wished || isOff
  }
}
