import Foundation
import Testing

/// A ticket printer on USB, past the kernel's driver.
@Suite struct PrinterWireTests {
  private func ready() async throws -> ReaderBench {
    let bench = try await ReaderBench.make(
      [], usb: true, probe: ["printer"], first: "plug 1-3 printer 04b8 0e15 X\ndriver 1-3 on")
    try await bench.news("claim 1-3")
    return bench
  }

  /// Answers as a printer does that is well (`DLE EOT`), and takes what comes, until a slip ended.
  private func play(_ bench: ReaderBench, pullAfter limit: Int = .max) async throws -> (bytes: [UInt8], outcome: String) {
    var bytes: [UInt8] = []
    var seen = 0
    let end = Date() + 20
    while Date() < end {
      if let line = bench.lines.first(where: { $0.hasPrefix("outcome ") }) { return (bytes, line) }
      let news = bench.allNews
      for line in news[seen...] {
        let words = line.split(separator: " ").map(String.init)
        guard words.count == 4, words[0] == "out" else { continue }
        let part = ReaderBench.bytes(words[3])
        bytes += part
        if bytes.count > limit {
          bench.send("unplug 1-3")
          continue
        }
        bench.send("done 1-3 01")
        // Real-time requests, DLE EOT n: nothing is the matter.
        for index in part.indices.dropLast(2) where part[index] == 0x10 && part[index + 1] == 0x04 { bench.send("in 1-3 82 12") }
      }
      seen = news.count
      try await Task.sleep(for: .milliseconds(5))
    }
    throw ReaderBench.Failure(description: "no outcome: \(bench.lines) \(bench.allNews.suffix(6))")
  }

  @Test func aSlipGoesThroughThePrinterClassWhole() async throws {
    let bench = try await ready()
    bench.say("A001")
    let (bytes, outcome) = try await play(bench)
    #expect(outcome == "outcome sentNotVerified", "\(outcome)")
    #expect(bytes.indices.dropLast(2).contains { bytes[$0] == 0x10 && bytes[$0 + 1] == 0x04 }, "its state was not asked for")
    let text = String(decoding: bytes, as: UTF8.self)
    #expect(text.contains("A001") && bytes.count > 60)
  }

  @Test func aPrinterThatIsPulledInMidSlipLeavesItInDoubt() async throws {
    let bench = try await ready()
    bench.say("A002")
    let (_, outcome) = try await play(bench, pullAfter: 30)
    #expect(outcome.hasPrefix("outcome unknown"), "\(outcome)")
  }
}
