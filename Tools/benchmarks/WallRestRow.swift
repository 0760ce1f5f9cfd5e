import DeviceKit
import Foundation
import Transports

/// Row 21: what a station's wall costs that nobody touches, with few panels and with many.
enum WallRestRow {
  private struct Load {
    var panels: Int
    var percent: Double
    /// Anonymous: a program that was just built has dirty pages of its own file, too.
    var ownKibibytes: Double
  }

  /// Two measurements of the same thing differ by as much.
  private static let tolerance = 1.25

  static func measure(_ bench: Bench) throws -> [Figure] {
    // All that happens at rest happens in 30 s: six rounds of reading, and one of how panels are.
    let seconds = bench.quick ? 10 : 30
    let without = try load(bench, side: 0, seconds)
    let loads = try (bench.quick ? [3, 8] : [3, 4, 6, 8]).map { try load(bench, side: $0, seconds) }
    func each(_ load: Load) -> (microseconds: Double, kibibytes: Double) {
      let count = Double(load.panels)
      return ((load.percent - without.percent) * 1e4 / count, (load.ownKibibytes - without.ownKibibytes) / count)
    }
    let rows = loads.map { load in
      Figure(
        "\(load.panels) panels: processor, memory",
        "\(Report.text(load.percent, 2)) %, \(Report.text(load.ownKibibytes / 1_024, 1)) MiB",
        reference: "without a wall \(Report.text(without.percent, 2)) %, \(Report.text(without.ownKibibytes / 1_024, 1)) MiB")
    }
    let (few, many) = (each(loads[0]), each(loads[loads.count - 1]))
    guard few.microseconds > 0, few.kibibytes > 0 else { throw BenchError("a wall of 9 panels cost less than none: \(few)") }
    return rows + [
      Figure(
        "processor a second of each panel, \(loads[loads.count - 1].panels)", Report.text(many.microseconds, 0) + " µs",
        goal: "≤ \(tolerance) × at \(loads[0].panels)",
        reference: "at \(loads[0].panels) panels \(Report.text(few.microseconds, 0)) µs",
        ratio: many.microseconds / few.microseconds, isMet: many.microseconds <= tolerance * few.microseconds),
      Figure(
        "memory of each panel", Report.text(many.kibibytes, 0) + " KiB",
        goal: "≤ \(tolerance) × at \(loads[0].panels)",
        reference: "at \(loads[0].panels) panels \(Report.text(few.kibibytes, 0)) KiB",
        ratio: many.kibibytes / few.kibibytes, isMet: many.kibibytes <= tolerance * few.kibibytes),
    ]
  }

  /// - Parameter side: of a square wall; 0: none.
  private static func load(_ bench: Bench, side: Int, _ seconds: Int) throws -> Load {
    Report.progress("at rest for \(seconds) s with \(side * side) panels")
    let station = try WallStation(bench, side: side)
    // What panels are asked once after they were first read.
    sleep(4)
    let (used, begin) = (try station.program.processorMicroseconds(), MonotonicClock.now())
    sleep(UInt32(seconds))
    let elapsed = Double((MonotonicClock.now() - begin).microseconds)
    let percent = (try station.program.processorMicroseconds() - used) / elapsed * 100
    guard side == 0 || station.isCalm else { throw BenchError("the wall did not stay as it was: \(station.newest)") }
    return Load(panels: side * side, percent: percent, ownKibibytes: try station.program.memoryKibibytes("Anonymous"))
  }
}

/// The real program with nothing but a wall of simulated devices, and one console that listens.
private final class WallStation {
  let program: ChildProgram
  private let folder: String
  private let devices: ChildProgram?
  private let console: WallStream?
  private let desk: PageStream

  init(_ bench: Bench, side: Int) throws {
    folder = FileManager.default.temporaryDirectory.path + "/linli-bench-\(getpid())-\(UUID().uuidString.prefix(4))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var site = "site: {name: 测速大屏, station: wall}\nplaces:\n  - {id: office, name: 值班室}\nposts:\n  - {id: desk, name: 值班台}\n"
    // A station has a bus; on this one nobody ever answers, with a wall and without.
    site += "buses: [{name: A, port: /dev/null, panels: [{node: 1, name: 面板, buttons: [{button: 1, place: office}]}]}]\n"
    if side > 0 {
      site += try WallSite.matrix(columns: side, rows: side, cameras: 0, ports: WallSite.freePorts(side * side + 1))
    }
    site += "desk: {port: 0}\njournal: {folder: journal, ballastMiB: 1}\n"
    try site.write(toFile: "\(folder)/site.yaml", atomically: true, encoding: .utf8)
    devices = side > 0 ? try WallSite.simulate(bench, folder: folder) : nil
    program = try ChildProgram([bench.linli, "run", "\(folder)/site.yaml", "--web", bench.web], log: "\(folder)/log")
    desk = try PageStream(port: try StationUnderTest.deskPort(log: "\(folder)/log"))
    guard side > 0 else {
      console = nil
      return
    }
    let stream = try WallStream(port: try StationUnderTest.wallPort(log: "\(folder)/log"), wantsPicture: false)
    console = stream
    do {
      try StationUnderTest.wait("the scene is on the wall", seconds: 60) { stream.calmAt != nil }
    } catch {
      throw BenchError("\(error); the wall: \(stream.newest)")
    }
  }

  deinit {
    kill(program.processID, SIGKILL)
    try? FileManager.default.removeItem(atPath: folder)
  }

  var isCalm: Bool { console?.calmAt != nil }
  var newest: String { console?.newest ?? "nothing" }
}
