import Foundation

/// Row 5: the test that kills the station 1,000 times, whole. It takes a quarter of an hour and more, hence only with `--long`.
enum KillsRow {
  private static let test = "noPressIsLostOrDoubledByKills"

  static func measure(_ bench: Bench) throws -> [Figure] {
    guard bench.long else { return [Figure("1,000 SIGKILLs", "not run", goal: "0", reference: "needs --long")] }
    Report.progress("1,000 SIGKILLs by swift test --filter \(test)")
    let log = FileManager.default.temporaryDirectory.path + "/linli-bench-\(getpid())-kills"
    let child = try ChildProgram(
      ["swift", "test", "--disable-xctest", "--filter", test], environment: ["LINLI_LONG": "1"], log: log)
    let status = try child.wait(seconds: 3_600).status
    let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
    // A filter that finds nothing succeeds too.
    let ran = text.contains("Test \(test)() passed") || text.contains("Test \(test)() failed")
    guard ran else { throw BenchError("the test did not run; see \(log)") }
    let passed = status == 0
    return [Figure("1,000 SIGKILLs", passed ? "0" : "lost or doubled, see \(log)", goal: "0", isMet: passed)]
  }
}
