import ArgumentParser
import Foundation

/// What `Tools/bench` runs: every figure of the speed table, each against a reference measured in the same run.
@main struct LinliBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "linli-bench", abstract: "测速 / measures the station against references of the same run",
    subcommands: [Measure.self, LineMaster.self, PageServer.self, WallClient.self], defaultSubcommand: Measure.self)
}

struct Measure: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "测量并打印 / measures and prints the table (rows 1 to 21)")
  @Argument(help: "行号,默认全部 / rows to measure, all unless given") var rows: [Int] = []
  @Flag(help: "样本少,只看大概 / fewer samples, for a rough look") var quick = false
  @Flag(help: "也做 1,000 次 SIGKILL 和 100,000 条补传 / also the 1,000 SIGKILLs of row 5 and the 100,000 entries of row 11") var long =
    false
  @Option(help: "站点程序 / the station's program") var linli: String
  @Option(help: "参照程序的文件夹 / folder of the reference programs") var references: String
  @Option(help: "网页文件夹 / folder of the page files") var web: String
  @Option(help: "固件映像清单的文件夹 / folder with the list of firmware images") var firmware = ""

  func validate() throws {
    guard rows.allSatisfy({ (1...21).contains($0) }) else { throw ValidationError("行号 1 至 21 / rows are 1 to 21") }
  }

  func run() throws {
    // A child that has ended must not end the measuring.
    signal(SIGPIPE, SIG_IGN)
    let tools = Bench(linli: linli, references: references, web: web, firmware: firmware, quick: quick, long: long)
    let measures: [(Bench) throws -> [Figure]] = [
      LineRows.useOfTheLine, LineRows.costOfATransaction, PressRows.wireToPage, PressRows.panelToPage, KillsRow.measure,
      PagesRow.measure, IdleRow.measure, IngestRow.measure, ChildMemoryRow.measure, StreetPageRow.measure, CatchUpRow.measure,
      FirmwareRow.measure, FirmwarePressRow.measure, VisitRows.cardToName, VisitRows.callToHall, KioskPageRow.measure,
      WallSpeedRow.measure, WallChainRow.measure, WallPressRow.measure, TileRow.measure, WallRestRow.measure,
    ]
    for (index, measure) in measures.enumerated() where rows.isEmpty || rows.contains(index + 1) {
      Report.heading(index + 1)
      do {
        for figure in try RowLimit.run(index + 1, minutes: RowLimit.minutes(tools), { try measure(tools) }) {
          Report.show(figure)
        }
      } catch {
        // The other rows are measured all the same.
        Report.failed("\(error)")
      }
    }
    unlink(ChildProgram.errors)
    Report.end()
    if Report.hasFailed { throw ExitCode.failure }
  }
}

/// Where everything is, and how much is to be measured.
struct Bench {
  var linli: String
  var references: String
  var web: String
  var firmware: String
  var quick: Bool
  var long: Bool
  /// For the rows about the line to the parent.
  let link = LinkSiteOnce()

  /// The program itself, for measurements that need a process of their own.
  var own: String { URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path }

  func reference(_ name: String) -> String { "\(references)/\(name)" }
  /// A reference that is not compiled.
  func script(_ name: String) -> String { "Tools/benchmarks/reference/\(name)" }

  /// The Python that has a package of others.
  ///
  /// - Throws: when it is not installed.
  func python(_ package: String) throws -> String {
    let python = ".venv/bin/python"
    guard (try? ChildProgram([python, "-c", "import \(package)"]).finish(seconds: 60)) != nil else {
      throw BenchError("\(python) has no \(package); Tools/setup bench installs it")
    }
    return python
  }
  func samples(_ count: Int) -> Int { quick ? max(count / 5, 10) : count }
}

struct BenchError: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}
