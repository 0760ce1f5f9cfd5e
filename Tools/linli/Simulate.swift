import ArgumentParser
import DeviceKit
import Foundation
import SimulatedSite

struct Simulate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "从种子模拟整个站点并核对 / lives whole sites from seeds and checks them",
    discussion: """
      每个种子是一个站点的一段生活: 面板、线路、程序、磁盘、时钟和值班员,带各种故障。
      Every seed is a life of a whole site in virtual time, with faults of every kind. Exit code 1 when a promise was broken.
      """)

  @Option(help: "种子 / seeds, for instance 7 or 1..200") var seeds = "1..20"
  @Option(help: "每个站点的虚拟小时数 / virtual hours of each site") var hours = 0.1
  @Flag(help: "用真实的 SQLite 日志 / the real journal on SQLite instead of a model of the disk") var sqlite = false
  @Flag(help: "列出每个种子 / a line for every seed") var verbose = false
  @Flag(help: "列出每件事 / a line for everything that happens") var log = false

  func validate() throws {
    guard range != nil else { throw ValidationError("--seeds \(seeds): 应为 7 或 1..200 / must be like 7 or 1..200") }
    guard hours >= 0.03, hours <= 10_000 else { throw ValidationError("--hours 0.03...10000") }
  }

  private var range: ClosedRange<UInt64>? {
    let parts = seeds.components(separatedBy: "..")
    guard let first = parts.first.flatMap(UInt64.init), let last = parts.last.flatMap(UInt64.init), parts.count <= 2,
      first <= last
    else { return nil }
    return first...last
  }

  func run() throws {
    guard let range else { return }
    var tally = SimulationTally()
    for seed in range {
      var options = SimulatedSite.Options(seed: seed, duration: .milliseconds(Int(hours * 3_600_000)))
      let folder = FileManager.default.temporaryDirectory.path + "/linli-simulate-\(UUID().uuidString.prefix(8))"
      if log { options.log = { print($0) } }
      if sqlite { options.journalFolder = folder }
      defer { if sqlite { try? FileManager.default.removeItem(atPath: folder) } }
      let report = try SimulatedSite(options).run()
      tally.add(report)
      if verbose || !report.findings.isEmpty {
        print(
          "种子 \(seed): \(report.entries.count) 条, 轨迹 \(report.hash), 问题 \(report.findings.count) / seed, entries, trace, findings"
        )
      }
      for finding in report.findings.prefix(10) { print("  \(finding)") }
      if !report.findings.isEmpty {
        print("  重放 / replay: linli simulate --seeds \(seed) --hours \(hours)\(sqlite ? " --sqlite" : "")")
      }
    }
    print(tally.text(hours: hours))
    if tally.failed > 0 { throw ExitCode(1) }
  }
}

/// What many lives together had.
private struct SimulationTally {
  private var injected: [String: Int] = [:]
  private var sites = 0
  private var entries = 0
  private var presses = 0
  private var hashes: [String] = []
  private(set) var failed = 0

  mutating func add(_ report: SiteReport) {
    sites += 1
    entries += report.entries.count
    presses += report.presses.recorded.count
    hashes.append(report.hash)
    if !report.findings.isEmpty { failed += 1 }
    injected.merge(report.injected) { $0 + $1 }
  }

  func text(hours: Double) -> String {
    let faults = injected.sorted { $0.key < $1.key }.map { "  \($0.value) × \($0.key)" }.joined(separator: "\n")
    // Every other press is in the journal, or a promise was broken.
    let without = (injected["press"] ?? 0) - presses
    let unfelt = without == 0 ? "" : "另有 \(without) 次按在断电或失去记忆的面板上 / others, on panels without power or that lost their memory\n"
    let trace = sites == 1 ? "\n轨迹 / trace: \(hashes[0])" : ""
    return """
      \(sites) 个站点,各 \(hours) 小时,\(presses) 次按下进了日志,共 \(entries) 条 / sites, hours each, presses recorded, entries
      \(unfelt)注入 / put in:
      \(faults)
      \(failed == 0 ? "全部守约" : "\(failed) 个种子失约") / \(failed == 0 ? "every promise kept" : "seeds with a broken promise: \(failed)")\(trace)
      """
  }
}
