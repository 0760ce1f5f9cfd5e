import DeviceKit
import Foundation
import StationRuntime
import Transports

/// A station with a terminal, a window and a simulated card reader.
final class VisitCentre {
  let station: StationUnderTest
  let reader: ReaderOnLine
  /// The ports of the pages for everybody, and for clerks.
  private(set) var hall = 0
  private(set) var windows = 0
  let folder: String

  init(_ bench: Bench) throws {
    folder = FileManager.default.temporaryDirectory.path + "/linli-bench-\(getpid())-visit-\(UUID().uuidString.prefix(4))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    reader = try ReaderOnLine(link: "\(folder)/reader")
    let created = "\(folder)/seal"
    _ = try ChildProgram([bench.linli, "seal", "create", "\(folder)/owner.key"], log: created).finish(seconds: 20)
    let said = try String(contentsOfFile: created, encoding: .utf8)
    guard let seal = said.split(separator: "\n").first(where: { $0.contains("sealTo:") }) else {
      throw BenchError("linli seal create says no sealTo: \(said)")
    }
    // Two services: the visitor has to choose.
    let more = """
      visits:
        services:
          - {id: legal, name: 法律咨询, letter: A, bring: [身份证, 合同或欠条]}
          - {id: aid, name: 救助申请, letter: C}
          - {id: dispute, name: 矛盾纠纷调解, letter: B, kind: dispute}
        windows: [{number: 1, name: 窗口, post: desk, services: [legal, aid, dispute]}]
        kiosks: [{id: hall, place: p1, reader: {port: \(folder)/reader, baud: 115200}}]
        contact: 前台
        publicPort: 0
        windowPort: 0
      \(seal)

      """
    station = try StationUnderTest(bench, baud: 115_200, more: more)
    try StationUnderTest.wait("the pages of the hall and of the windows are open", seconds: 30) {
      hall = port("hall") ?? 0
      windows = port("windows") ?? 0
      return hall > 0 && windows > 0
    }
    try StationUnderTest.wait("the card reader is ready", seconds: 30) {
      (try? LocalRequest.get(hall, "/api/visits").contains(#""reader":"ready""#)) ?? false
    }
  }

  deinit {
    reader.stop()
    try? FileManager.default.removeItem(atPath: folder)
  }

  private func port(_ name: String) -> Int? {
    station.log.components(separatedBy: "\(name): http://127.0.0.1:").dropFirst().first.flatMap { Int($0.prefix { $0.isNumber }) }
  }

  /// A visitor agrees to a reading; answers what his card is known by.
  func agree() throws -> String {
    let begun = try LocalRequest.post(hall, "/api/kiosk/hall/read", "{}")
    let words = begun.split(separator: "\"").map(String.init)
    guard let card = words.first(where: { $0.count == 16 && $0.allSatisfy(\.isHexDigit) }) else {
      throw BenchError("no card is read: \(begun)")
    }
    return card
  }

  /// Asks as the page does until the masked name has come.
  func waitForName(_ card: String) throws {
    let limit = MonotonicClock.now() + .seconds(30)
    var seen = 0
    while MonotonicClock.now() < limit {
      let said = try LocalRequest.post(hall, "/api/kiosk/hall/card", #"{"card":"\#(card)","seen":\#(seen)}"#)
      if said.contains(#""stage":"read""#), said.contains("*") { return }
      guard said.contains(#""answer":"card""#), !said.contains(#""stage":"over""#) else {
        throw BenchError("the card was not read: \(said)")
      }
      seen = said.components(separatedBy: #""revision":"#).last.flatMap { Int($0.prefix { $0.isNumber }) } ?? seen
    }
    throw BenchError("no name of the card within 30 s")
  }
}
