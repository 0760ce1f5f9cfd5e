import Foundation

/// Rows 1 and 2: the line, against other masters on the same wire.
enum LineRows {
  private struct Master {
    var name: String
    var command: (_ path: String, _ baud: Int, _ count: Int) -> [String]
  }

  private static func ours(_ bench: Bench) -> Master {
    Master(name: "linli") { [bench.own, "line", $0, "\($1)", "\($2)"] }
  }

  private static func line(_ bench: Bench, _ kind: String, as name: String) -> Master {
    Master(name: name) { [bench.reference("line"), kind, $0, "\($1)", "\($2)"] }
  }

  // MARK: - Row 1

  /// What the rounds of one master came to.
  private struct Use {
    var name: String
    /// Percent of the limit in the best round, and over all rounds.
    var best = 0.0
    var whole = 0.0
    var violations = 0
    var judged = 0
    private var limit = 0.0
    private var spent = 0.0

    init(name: String) { self.name = name }

    mutating func add(_ figures: PacedWire.Figures, limitMicroseconds: Double) {
      let least = limitMicroseconds * Double(figures.transactions)
      best = max(best, least / figures.microseconds * 100)
      limit += least
      spent += figures.microseconds
      whole = limit / spent * 100
      violations += figures.violations
      judged += figures.judged
    }
  }

  private static let rounds = 5

  /// The masters take turns in short rounds and the best round of each counts, because other work on the machine only ever takes away;
  /// violations are those of all rounds.
  static func useOfTheLine(_ bench: Bench) throws -> [Figure] {
    let masters = [
      ours(bench), line(bench, "libmodbus", as: "libmodbus+wait"),
      Master(name: "libserialport+wait") { ["umockdev-wrapper", bench.reference("serialport"), $0, "\($1)", "\($2)"] },
      line(bench, "bare", as: "libmodbus as shipped"),
    ]
    var figures: [Figure] = []
    for (baud, count, goal) in [(9_600, max(bench.samples(60), 3 * PacedWire.warmUp), 99.0), (115_200, bench.samples(250), 97.0)]
    {
      Report.progress("\(rounds) rounds of \(masters.count) masters at \(baud) baud")
      var uses = masters.map { Use(name: $0.name) }
      for _ in 0..<rounds {
        for (index, master) in masters.enumerated() { try add(master, baud, count, to: &uses[index]) }
      }
      let own = uses.removeFirst()
      let best = uses.filter { $0.violations == 0 }.max { $0.best < $1.best }
      figures.append(
        Figure(
          "\(baud) baud: share of the limit, best of \(rounds) rounds", Report.text(own.best, 2) + " %",
          goal: "≥ \(Report.text(goal, 0)) %", reference: best.map { "\($0.name) \(Report.text($0.best, 2)) %" },
          ratio: best.map { own.best / $0.best }, isMet: own.best >= goal))
      figures.append(Figure("  over all rounds", Report.text(own.whole, 2) + " %", reference: wholes(uses)))
      figures.append(
        Figure(
          "  t3.5 violations of \(own.judged) requests", "\(own.violations)", goal: "0",
          reference: uses.map { "\($0.name) \($0.violations)" }.joined(separator: ", "), isMet: own.violations == 0))
    }
    return figures
  }

  private static func wholes(_ uses: [Use]) -> String {
    uses.map { "\($0.name) \(Report.text($0.whole, 2)) %" }.joined(separator: ", ")
  }

  private static func add(_ master: Master, _ baud: Int, _ count: Int, to use: inout Use) throws {
    let wire = try PacedWire(baud: baud)
    let ending = Result { try ChildProgram(master.command(wire.path, baud, count)).finish(seconds: 120) }
    let figures = wire.stop()
    _ = try ending.get()
    // A master that gave up once in a while was starved by the machine; one that does so often is not measured.
    guard figures.malformed * 20 < figures.transactions else {
      throw BenchError("\(master.name) gave up too often, or asked no more than \(PacedWire.warmUp) times: \(figures)")
    }
    use.add(figures, limitMicroseconds: wire.limitMicroseconds)
  }

  // MARK: - Row 2

  /// What is wanted is the cost of one more transaction, so each is run twice and start and end fall out.
  static func costOfATransaction(_ bench: Bench) throws -> [Figure] {
    let libmodbus = line(bench, "libmodbus", as: "libmodbus+wait")
    let termios = line(bench, "termios", as: "termios VMIN")
    let few = 50
    let many = few + bench.samples(1_000)
    // Also for a rough look: with 60 the start of the program outweighs them.
    let counted = few + 300
    func calls(_ master: Master) throws -> Double {
      try perTransaction(master, few, counted, ["strace", "-f", "-c", "-o", "FILE"]) { _, file in
        let total = file.split(separator: "\n").last { $0.hasSuffix(" total") }?.split(separator: " ")
        return total.flatMap { $0.count > 3 ? Double($0[3]) : nil }
      }
    }
    func instructions(_ master: Master) throws -> Double {
      let tool = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null", "--log-file=FILE"]
      return try perTransaction(master, few, counted, tool, repeats: 3) { _, file in
        let line = file.split(separator: "\n").last { $0.contains("I   refs:") }
        return line?.split(separator: " ").last.flatMap { Double($0.filter { $0 != "," }) }
      }
    }
    func processor(_ master: Master) throws -> Double {
      try perTransaction(master, few, many, []) { usage, _ in usage.processorMicroseconds }
    }
    let (ourCalls, theirCalls, leastCalls) = try (calls(ours(bench)), calls(libmodbus), calls(termios))
    let (ourTime, theirTime, leastTime) = try (processor(ours(bench)), processor(libmodbus), processor(termios))
    var figures = [
      Figure(
        "system calls (strace)", Report.text(ourCalls, 1), goal: "≤ 4",
        reference: "libmodbus+wait \(Report.text(theirCalls, 1)), termios \(Report.text(leastCalls, 1))",
        ratio: ourCalls / theirCalls, isMet: (ourCalls * 10).rounded() <= 40),
      Figure(
        "processor time", Report.text(ourTime, 1) + " µs", goal: "≤ libmodbus",
        reference: "libmodbus+wait \(Report.text(theirTime, 1)), termios \(Report.text(leastTime, 1)) µs",
        ratio: ourTime / theirTime, isMet: ourTime <= theirTime),
    ]
    let (own, theirs, least) = try (instructions(ours(bench)), instructions(libmodbus), instructions(termios))
    figures.append(
      Figure(
        "user instructions (valgrind)", Report.text(own, 0), goal: "≤ 2 × libmodbus",
        reference: "libmodbus+wait \(Report.text(theirs, 0)), termios \(Report.text(least, 0))", ratio: own / theirs,
        isMet: own <= 2 * theirs))
    return figures
  }

  /// Runs the master under `tool` (FILE in it is where it writes) with few and with many transactions, each so often, and takes the least.
  private static func perTransaction(
    _ master: Master, _ few: Int, _ many: Int, _ tool: [String], repeats: Int = 1, read: (ChildProgram.Usage, String) -> Double?
  ) throws -> Double {
    Report.progress("\(master.name)\(tool.first.map { " under \($0)" } ?? "")")
    let file = FileManager.default.temporaryDirectory.path + "/linli-bench-\(getpid())-tool"
    defer { unlink(file) }
    let totals = try [few, many].map { count in
      let found = try (0..<repeats).map { _ in
        let wire = try PacedWire(baud: 115_200)
        defer { _ = wire.stop() }
        let tool = tool.map { $0.replacingOccurrences(of: "FILE", with: file) }
        let usage = try ChildProgram(tool + master.command(wire.path, 115_200, count)).finish(seconds: 120)
        let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
        guard let total = read(usage, text) else { throw BenchError("\(tool.first ?? master.name) told nothing: \(text)") }
        return total
      }
      return found.min() ?? 0
    }
    return (totals[1] - totals[0]) / Double(many - few)
  }
}
