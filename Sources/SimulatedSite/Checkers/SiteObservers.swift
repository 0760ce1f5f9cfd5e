import DeviceKit

/// All checkers of one run.
struct SiteObservers {
  let ground: SiteGround
  private var press: PressChecker
  private var lamp: LampChecker
  private var page = PageChecker()
  private var chain = ChainChecker()
  private var fold = FoldChecker()
  private var turn: TurnChecker
  private var bus: BusFaultChecker
  private var heal: HealChecker
  private var receipt = ReceiptChecker()
  private var once = OnceChecker()
  private var arrival = ArrivalChecker()
  private var command = CommandChecker()
  private var visit = VisitChecker()
  private var seal = SealChecker()
  private var wall = WallChecker()
  private var streetPage = StreetPageChecker()
  private var streetChain = ChainChecker()
  private var streetFold = FoldChecker()

  init(_ ground: SiteGround) {
    self.ground = ground
    press = PressChecker(ground)
    lamp = LampChecker(ground)
    turn = TurnChecker(ground)
    bus = BusFaultChecker(ground)
    heal = HealChecker(ground)
  }

  mutating func see(_ fact: SiteFact, at now: Instant) {
    press.see(fact, at: now)
    lamp.see(fact, at: now)
    page.see(fact, at: now)
    fold.see(fact, at: now)
    turn.see(fact, at: now)
    bus.see(fact, at: now)
    heal.see(fact, at: now)
    receipt.see(fact, at: now)
    once.see(fact, at: now)
    arrival.see(fact, at: now)
    command.see(fact, at: now)
    visit.see(fact, at: now)
    seal.see(fact, at: now)
    wall.see(fact, at: now)
    streetPage.see(fact, at: now)
    if case .street(let own) = fact { streetFold.see(own, at: now) }
  }

  mutating func finish(_ end: SiteEnd, at now: Instant) {
    press.finish(end, at: now)
    chain.finish(end, at: now)
    heal.finish(end, at: now)
    receipt.finish(end, at: now)
    arrival.finish(end, at: now)
    visit.finish(end, at: now)
    seal.finish(end, at: now)
    wall.finish(end, at: now)
    if let street = end.street {
      streetChain.finish(SiteEnd(entries: street.entries, waiting: [], lamps: [], view: nil), at: now)
    }
  }

  var findings: [SiteFinding] {
    (press.findings + lamp.findings + page.findings + chain.findings + fold.findings + turn.findings + bus.findings
      + heal.findings + receipt.findings + once.findings + arrival.findings + command.findings + visit.findings + seal.findings
      + wall.findings
      + streetPage.findings
      + streetChain.findings + streetFold.findings).enumerated().sorted {
        ($0.element.at, $0.offset) < ($1.element.at, $1.offset)
      }.map(\.element)
  }

  var measured: SiteMeasures {
    SiteMeasures(recorded: press.recorded, lampShown: lamp.shown, pageShown: page.shown, longestTurn: turn.longest)
  }
}

/// How long things took, for budgets.
public struct SiteMeasures: Sendable, Equatable {
  /// From the finger to the disk.
  public var recorded: [Interval]
  /// From the finger to the lamp that says so.
  public var lampShown: [Interval]
  /// From the finger to the duty page.
  public var pageShown: [Interval]
  /// The longest that a sound alarm node waited for its turn.
  public var longestTurn: Interval

  /// The value that `permille` of 1,000 do not exceed; zero when there are none.
  public static func percentile(_ values: [Interval], _ permille: Int) -> Interval {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return .zero }
    return sorted[min(sorted.count - 1, sorted.count * permille / 1000)]
  }
}
