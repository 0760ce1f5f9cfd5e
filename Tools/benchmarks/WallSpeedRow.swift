import DeviceKit
import Foundation
import Transports

/// Row 17: a layout that changes part and input of 64 panels, applied and read back, against controllers that do nothing else.
enum WallSpeedRow {
  static let panels = 64
  /// Every panel answers after so long.
  static let latencyMicroseconds = 20_000
  /// One after the other for each panel: size and place, stretching, input; then wall mode, size and place, input are read.
  static let steps = 6
  private static let refusing = 2
  private static let mute = 2
  private static let holes = 1

  private struct Result {
    var microseconds = Samples()
    var used = 0.0
    var commands = 0

    mutating func add(_ round: WallController.Round) {
      microseconds.add(round.microseconds)
      used += round.processorMicroseconds
      commands += round.commands
    }

    var processorPerCommand: Double { used / Double(commands) }
    /// How many times a panel's own time a step took.
    func roundTrips(_ percent: Double) -> Double {
      microseconds.percentile(percent) / Double(steps * latencyMicroseconds)
    }
  }

  static func measure(_ bench: Bench) throws -> [Figure] {
    let python = try bench.python("samsung_mdc")
    let rounds = bench.samples(60)
    // Each has the panels for itself; all of them in two turns, so that a busy minute of the machine hits them alike.
    var (own, inC, inPython, wounded) = (Result(), Result(), Result(), Result())
    var panelTime = 0.0
    var answers = 0
    for _ in 0..<2 {
      let panels = try WallPanels(bench, answering: Self.panels)
      let ports = panels.answering.map { "\($0)" }
      let before = try panels.program.processorMicroseconds()
      let had = own.commands + inC.commands + inPython.commands
      try run("linli", [bench.own, "wall"] + ports, rounds / 2, &own)
      try run("parallel in C", [bench.reference("wall"), "parallel"] + ports, rounds / 2, &inC)
      try run("python-samsung-mdc", [python, bench.script("wall.py")] + ports, rounds / 2, &inPython)
      panelTime += try panels.program.processorMicroseconds() - before
      answers += own.commands + inC.commands + inPython.commands - had
      try runWounded(bench, rounds / 2, &wounded)
    }
    let sequential = try oneAfterTheOther(bench)
    return figures(own, inC, inPython) + [
      Figure("  one panel after the other, in C", Report.text(sequential, 1) + " round trips a step")
    ] + woundedFigures(own, wounded) + [
      Figure("  what the panels themselves used", Report.text(panelTime / Double(answers), 1) + " µs an answer")
    ]
  }

  private static func run(_ name: String, _ command: [String], _ rounds: Int, _ result: inout Result) throws {
    Report.progress("\(rounds) layouts on \(panels) panels by \(name)")
    let controller = try WallController(name, command)
    for _ in 0..<rounds {
      usleep(250_000)
      result.add(try controller.round())
    }
  }

  /// The same with five that do not answer, each in its own way.
  private static func runWounded(_ bench: Bench, _ rounds: Int, _ result: inout Result) throws {
    let dead = refusing + mute + holes
    let panels = try WallPanels(bench, answering: Self.panels - dead, mute: mute, holes: holes)
    let nobody = try (0..<refusing).map { _ in Int(try LoopbackListener.freePort()) }
    let ports = (panels.answering + nobody + panels.silent).map { "\($0)" }
    try run("linli, \(dead) dead", [bench.own, "wall", "--dead", "\(dead)"] + ports, rounds, &result)
  }

  private static func oneAfterTheOther(_ bench: Bench) throws -> Double {
    let panels = try WallPanels(bench, answering: Self.panels)
    var result = Result()
    try run("one after the other", [bench.reference("wall"), "sequential"] + panels.answering.map { "\($0)" }, 1, &result)
    return result.roundTrips(50)
  }

  private static func figures(_ own: Result, _ inC: Result, _ inPython: Result) -> [Figure] {
    func trips(_ percent: Double) -> String {
      "in C \(Report.text(inC.roundTrips(percent), 3)), python-samsung-mdc \(Report.text(inPython.roundTrips(percent), 3))"
    }
    let (ours, theirs, python) = (own.processorPerCommand, inC.processorPerCommand, inPython.processorPerCommand)
    return [
      Figure(
        "round trips a step, p50 of \(own.microseconds.count) layouts", Report.text(own.roundTrips(50), 3), goal: "≤ 1.1",
        reference: trips(50), ratio: own.roundTrips(50) / inC.roundTrips(50), isMet: own.roundTrips(50) <= 1.1),
      Figure(
        "  p95", Report.text(own.roundTrips(95), 3), reference: trips(95), ratio: own.roundTrips(95) / inC.roundTrips(95)),
      Figure(
        "  the fastest", Report.text(own.roundTrips(0), 3), reference: trips(0), ratio: own.roundTrips(0) / inC.roundTrips(0)),
      Figure(
        "  a layout, p50", Report.milliseconds(own.microseconds.percentile(50)),
        reference: "\(steps) times 20 ms; in C \(Report.milliseconds(inC.microseconds.percentile(50)))"),
      Figure(
        "processor time a command", Report.text(ours, 1) + " µs", goal: "≤ 3 × in C",
        reference: "in C \(Report.text(theirs, 1)) µs",
        ratio: ours / theirs, isMet: ours <= 3 * theirs),
      Figure(
        "  beside python-samsung-mdc", Report.text(ours, 1) + " µs", goal: "≤ 1/4",
        reference: "python-samsung-mdc \(Report.text(python, 1)) µs", ratio: ours / python, isMet: ours * 4 <= python),
    ]
  }

  private static func woundedFigures(_ own: Result, _ wounded: Result) -> [Figure] {
    [(50.0, "p50"), (95, "p95")].map { percent, name in
      let (with, without) = (wounded.microseconds.percentile(percent), own.microseconds.percentile(percent))
      let isJudged = percent == 50
      return Figure(
        isJudged ? "the other 59 with 5 dead panels, \(name)" : "  \(name)", Report.milliseconds(with),
        goal: isJudged ? "≤ 1.05 × without" : nil, reference: "all 64 alive \(Report.milliseconds(without))",
        ratio: with / without, isMet: isJudged ? with <= 1.05 * without : nil)
    }
  }
}
