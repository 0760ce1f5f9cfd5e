import Foundation

/// Row 18: the inputs of 16 panels on one serial line, set and read back.
enum WallChainRow {
  private struct Result {
    var whole = Samples()
    /// Percent of the limit in the best turn.
    var best = 0.0
    private var taken = 0.0
    private var limit = 0.0

    mutating func add(_ turn: Turn) {
      for microseconds in turn.whole.values { whole.add(microseconds) }
      best = max(best, turn.limit / turn.taken * 100)
      taken += turn.taken
      limit += turn.limit
    }

    var share: Double { limit / taken * 100 }
    var limitEach: Double { limit / Double(whole.count) }
  }

  private struct Turn {
    /// From being told to its answer, in microseconds.
    var whole = Samples()
    var taken = 0.0
    var limit = 0.0
  }

  private static let turns = 5

  /// Turn and turn about, and the best of each counts, as in row 1: other work on the machine only ever takes away.
  static func measure(_ bench: Bench) throws -> [Figure] {
    let layouts = bench.samples(50) / turns
    var (own, inC) = (Result(), Result())
    Report.progress("\(turns) times \(layouts) layouts on a chain of \(WallClient.chained), and in C")
    for _ in 0..<turns {
      own.add(try turn("linli", layouts) { [bench.own, "wall", "--chain", $0] })
      inC.add(try turn("in C", layouts) { [bench.reference("wall"), "chain", $0] })
    }
    return [
      Figure(
        "share of the limit, best of \(turns) turns", Report.text(own.best, 2) + " %", goal: "≥ 97 %",
        reference: "write, poll, read in C \(Report.text(inC.best, 2)) %", ratio: own.best / inC.best, isMet: own.best >= 97),
      Figure(
        "  over all \(own.whole.count) layouts", Report.text(own.share, 2) + " %",
        reference: "in C \(Report.text(inC.share, 2)) %", ratio: own.share / inC.share),
      Figure(
        "from the wish to the last proof, p50", Report.milliseconds(own.whole.percentile(50)),
        reference: "the bytes \(Report.milliseconds(own.limitEach)), in C \(Report.milliseconds(inC.whole.percentile(50)))",
        ratio: own.whole.percentile(50) / inC.whole.percentile(50)),
      Figure(
        "  the longest", Report.milliseconds(own.whole.percentile(100)),
        reference: "in C \(Report.milliseconds(inC.whole.percentile(100)))"),
    ]
  }

  private static func turn(_ name: String, _ layouts: Int, _ command: (String) -> [String]) throws -> Turn {
    let wire = try ChainWire(panels: Int(WallClient.chained))
    defer { wire.stop() }
    let controller = try WallController(name, command(wire.path))
    var turn = Turn()
    for _ in 0..<layouts {
      usleep(100_000)
      wire.forget()
      turn.whole.add(try controller.round().microseconds)
      let (taken, limit) = try wire.switching()
      turn.taken += taken
      turn.limit += limit
    }
    return turn
  }
}
