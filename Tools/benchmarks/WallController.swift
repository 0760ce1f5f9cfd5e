import Foundation

/// Somebody who brings panels to one of two layouts when told, and says how long it took: our own runtime, or a reference.
final class WallController {
  let name: String
  private let program: ChildProgram
  private var layout = 0

  struct Round {
    var microseconds: Double
    /// Of the whole process, all its threads.
    var processorMicroseconds: Double
    var commands: Int
  }

  init(_ name: String, _ command: [String]) throws {
    self.name = name
    program = try ChildProgram(command, talks: true)
    guard try program.readLine(seconds: 60) == "ready" else { throw BenchError("\(name) does not begin") }
  }

  /// The other layout than last time.
  func round() throws -> Round {
    layout = 1 - layout
    let before = try program.processorMicroseconds()
    try program.say("\(layout)")
    let words = try program.readLine(seconds: 90).split(separator: " ")
    let used = try program.processorMicroseconds() - before
    guard words.count == 2, let microseconds = Double(words[0]), let commands = Int(words[1]), commands > 0 else {
      throw BenchError("\(name) said \(words)")
    }
    return Round(microseconds: microseconds, processorMicroseconds: used, commands: commands)
  }
}

/// Panels as a process of their own, so that nobody else's processor time has theirs in it (`reference/panels.c`).
final class WallPanels {
  let program: ChildProgram
  let answering: [Int]
  /// They accept and never answer, or neither let in nor turn away.
  let silent: [Int]

  init(_ bench: Bench, answering count: Int, mute: Int = 0, holes: Int = 0) throws {
    program = try ChildProgram(
      [bench.reference("panels"), "\(WallSpeedRow.latencyMicroseconds)", "\(count)", "\(mute)", "\(holes)"], talks: true)
    let ports = try program.readLine().split(separator: " ").compactMap { Int($0) }
    guard ports.count == count + mute + holes else { throw BenchError("the panels told \(ports.count) ports") }
    answering = Array(ports[..<count])
    silent = Array(ports[count...])
  }
}
