import DeviceKit
import Foundation
import Transports

/// Row 7: what a station costs that nobody calls, and how soon it polls.
enum IdleRow {
  private static let baud = 19_200
  /// Panels that answer so late that one transaction takes about a sixteenth of a second: the station polls as fast as it is answered.
  private static let late: UInt16 = 45

  private struct Load {
    var percent: Double
    var pollsPerSecond: Double
  }

  static func measure(_ bench: Bench) throws -> [Figure] {
    let seconds = bench.quick ? 5 : 20
    let calm = try StationUnderTest(bench, baud: baud, late: late)
    try calm.waitUntilOnline()
    Report.progress("idle for \(seconds) s at about 16 polls/s")
    let slow = try load(calm.program, calm.bus, seconds)
    let dirty = try calm.program.memoryKibibytes("Private_Dirty") / 1_024
    let resident = try calm.program.memoryKibibytes("Rss") / 1_024
    let reference = try referenceLoad(bench, seconds)
    let full = try StationUnderTest(bench, baud: baud)
    try full.waitUntilOnline()
    Report.progress("idle for \(seconds) s, polled as fast as the line allows")
    let fast = try load(full.program, full.bus, seconds)
    let (start, referenceStart) = try (starts(full, bench), referenceStarts(bench))
    return [
      Figure(
        "processor at \(Report.text(slow.pollsPerSecond, 1)) polls/s", Report.text(slow.percent, 2) + " %", goal: "≤ 1 %",
        reference:
          "libmodbus at \(Report.text(reference.load.pollsPerSecond, 1)) polls/s \(Report.text(reference.load.percent, 2)) %",
        ratio: slow.percent / reference.load.percent, isMet: slow.percent <= 1),
      Figure("  at full speed, \(Report.text(fast.pollsPerSecond, 1)) polls/s", Report.text(fast.percent, 2) + " %"),
      Figure(
        "private dirty memory", Report.text(dirty, 1) + " MiB", goal: "≤ 8 MiB",
        reference: "libmodbus \(Report.text(reference.dirty, 2)) MiB", ratio: dirty / reference.dirty, isMet: dirty <= 8),
      Figure("  whole resident size", Report.text(resident, 1) + " MiB"),
      Figure(
        "exec to first poll, p50 of \(start.count) starts", Report.milliseconds(start.percentile(50)), goal: "≤ 100 ms",
        reference: "libmodbus \(Report.milliseconds(referenceStart.percentile(50)))",
        ratio: start.percentile(50) / referenceStart.percentile(50), isMet: start.percentile(50) <= 100_000),
    ]
  }

  private static func load(_ program: ChildProgram, _ bus: SiteBus, _ seconds: Int) throws -> Load {
    // What the start has left to do is not idling.
    sleep(2)
    let (used, polls, begin) = (try program.processorMicroseconds(), bus.notes.requests, MonotonicClock.now())
    sleep(UInt32(seconds))
    let elapsed = Double((MonotonicClock.now() - begin).microseconds)
    let (more, later) = (try program.processorMicroseconds() - used, bus.notes.requests - polls)
    return Load(percent: more / elapsed * 100, pollsPerSecond: Double(later) / elapsed * 1e6)
  }

  /// libmodbus on the same bus, sleeping between its polls.
  private static func referenceLoad(_ bench: Bench, _ seconds: Int) throws -> (load: Load, dirty: Double) {
    Report.progress("libmodbus, idle for \(seconds) s")
    let bus = try SiteBus(link: link(), baud: baud)
    defer { bus.stop() }
    let child = try ChildProgram([bench.reference("line"), "libmodbus", bus.path, "\(baud)", "1000000", "52400"])
    defer { kill(child.processID, SIGKILL) }
    let load = try load(child, bus, seconds)
    return (load, try child.memoryKibibytes("Private_Dirty") / 1_024)
  }

  private static func starts(_ station: StationUnderTest, _ bench: Bench) throws -> Samples {
    Report.progress("starts")
    var samples = Samples()
    for _ in 0..<(bench.quick ? 3 : 10) {
      try station.restart()
      try StationUnderTest.wait("the first poll", seconds: 20) { station.bus.notes.firstRequest != nil }
      let first = station.bus.notes.firstRequest ?? .distantFuture
      samples.add(Double((first - station.program.startedAt).microseconds))
      try station.waitUntilOnline()
    }
    return samples
  }

  private static func referenceStarts(_ bench: Bench) throws -> Samples {
    var samples = Samples()
    let bus = try SiteBus(link: link(), baud: baud)
    defer { bus.stop() }
    for _ in 0..<(bench.quick ? 3 : 10) {
      bus.forgetNotes()
      let child = try ChildProgram([bench.reference("line"), "libmodbus", bus.path, "\(baud)", "2"])
      _ = try child.finish(seconds: 20)
      samples.add(Double(((bus.notes.firstRequest ?? .distantFuture) - child.startedAt).microseconds))
    }
    return samples
  }

  private static func link() -> String { FileManager.default.temporaryDirectory.path + "/linli-bench-\(getpid())-reference" }
}
