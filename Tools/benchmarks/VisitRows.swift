import DeviceKit
import Foundation
import StationRuntime
import Transports

/// Rows 14 to 16: a visitor at the terminal, and the page that he sees.
enum VisitRows {
  /// A station with a terminal, a window and a simulated card reader.
  final class Centre {
    let station: StationUnderTest
    private var reader: ChildProgram?
    private(set) var hall = 0
    private(set) var windows = 0

    init(_ bench: Bench) throws {
      let owner = Folder.path + "/owner.key"
      unlink(owner)
      _ = try ChildProgram([bench.linli, "seal", "create", owner], log: Folder.path + "/seal").finish(seconds: 20)
      let made = try String(contentsOfFile: Folder.path + "/seal", encoding: .utf8)
      let line = made.split(separator: "\n").first { $0.contains("sealTo:") }.map(String.init) ?? ""
      guard !line.isEmpty else { throw BenchError("linli seal create: \(made)") }
      let (wire, socket) = (Folder.path + "/reader", Folder.path + "/reader.sock")
      reader = try ChildProgram([bench.linli, "sim", "reader", "--pty", wire, "--socket", socket])
      let more = """
        visits:
          services: [{id: legal, name: 法律咨询, letter: A}]
          windows: [{number: 1, name: 窗口, post: desk, services: [legal]}]
          kiosks: [{id: hall, place: p1, reader: {port: \(wire), baud: 115200}}]
          contact: 前台
          publicPort: 0
          windowPort: 0
        \(line)

        """
      station = try StationUnderTest(bench, baud: 115_200, more: more)
      try StationUnderTest.wait("the pages are open", seconds: 30) {
        hall = port("hall") ?? 0
        windows = port("windows") ?? 0
        return hall > 0 && windows > 0
      }
      try StationUnderTest.wait("the reader is ready", seconds: 30) {
        (try? Loopback.ask(hall, "GET", "/api/visits").contains(#""reader":"ready""#)) ?? false
      }
    }

    private func port(_ name: String) -> Int? {
      station.log.components(separatedBy: "\(name): http://127.0.0.1:").dropFirst().first.flatMap {
        Int($0.prefix { $0.isNumber })
      }
    }

    func card(_ words: String) throws { _ = try ControlSocket.ask(Folder.path + "/reader.sock", words) }

    func post(_ port: Int, _ path: String, _ body: String) throws -> String { try Loopback.ask(port, "POST", path, body) }
  }

  enum Folder {
    static let path = FileManager.default.temporaryDirectory.path + "/linli-bench-\(getpid())-visit"
    static func make() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    static func remove() { try? FileManager.default.removeItem(atPath: path) }
  }

  // MARK: Row 14

  /// From the moment when the card lies there to the masked name in the page's hands.
  static func cardToName(_ bench: Bench) throws -> [Figure] {
    let count = bench.samples(20)
    Report.progress("\(count) cards")
    try Folder.make()
    defer { Folder.remove() }
    let centre = try Centre(bench)
    var laid = Samples()
    var own = Samples()
    for _ in 0..<count {
      let begun = try centre.post(centre.hall, "/api/kiosk/hall/read", "{}")
      guard let card = begun.split(separator: "\"").first(where: { $0.count == 16 }) else { throw BenchError(begun) }
      // The driver looks for a card every 400 ms; it is laid down somewhere in between.
      usleep(UInt32.random(in: 0..<400_000))
      let start = MonotonicClock.now()
      try centre.card("put --number 3")
      var seen = 1
      var reading: Instant?
      while true {
        let said = try centre.post(centre.hall, "/api/kiosk/hall/card", #"{"card":"\#(card)","seen":\#(seen)}"#)
        if said.contains(#""stage":"reading""#), reading == nil { reading = MonotonicClock.now() }
        if said.contains(#""stage":"read""#) { break }
        guard !said.contains(#""stage":"over""#) else { throw BenchError(said) }
        seen = said.components(separatedBy: #""revision":"#).last.flatMap { Int($0.prefix { $0.isNumber }) } ?? seen
      }
      let end = MonotonicClock.now()
      laid.add(Double((end - start).microseconds))
      if let reading { own.add(Double((end - reading).microseconds)) }
      _ = try centre.post(centre.hall, "/api/kiosk/hall/forget", #"{"card":"\#(card)"}"#)
      try centre.card("take")
      usleep(900_000)
    }
    // 1,295 bytes of the record and the heads of three answers at ten bits each.
    let line = Double(1_295 + 15 + 23 + 10 + 30) * 10 / 115_200 * 1e6
    let beyond = own.percentile(50) - line
    return [
      Figure(
        "card laid → name, p50 of \(laid.count)", Report.milliseconds(laid.percentile(50)),
        reference: "the driver's look every 400 ms"),
      Figure("card laid → name, p99", Report.milliseconds(laid.percentile(99))),
      Figure(
        "card found → name, p50", Report.milliseconds(own.percentile(50)),
        reference: "the line at 115,200 baud \(Report.milliseconds(line))",
        ratio: own.percentile(50) / line),
      Figure(
        "of that beyond the reader's own time", Report.milliseconds(beyond), goal: "≤ 100 ms",
        reference: "sealing and one fsync are in it", isMet: beyond <= 100_000),
    ]
  }

  // MARK: Row 15

  /// From the clerk's request to the event on the display in the hall.
  static func callToHall(_ bench: Bench) throws -> [Figure] {
    let count = bench.samples(100)
    Report.progress("\(count) calls of numbers")
    try Folder.make()
    defer { Folder.remove() }
    let centre = try Centre(bench)
    let reference = try CommitReference(folder: centre.station.folder)
    let display = try HallStream(port: centre.hall)
    var called = Samples()
    var commit = Samples()
    for index in 1...count {
      _ = try centre.post(centre.hall, "/api/kiosk/hall/ticket", #"{"service":"legal","priority":"no"}"#)
      let digits = String(index)
      let number = "A" + String(repeating: "0", count: max(0, 3 - digits.count)) + digits
      usleep(50_000)
      let start = MonotonicClock.now()
      let said = try centre.post(centre.windows, "/api/windows/1/next", #"{"post":"desk"}"#)
      guard said.contains("done") else { throw BenchError(said) }
      try StationUnderTest.wait("\(number) on the display", seconds: 20) { display.seen(number) != nil }
      called.add(Double(((display.seen(number) ?? start) - start).microseconds))
      commit.add(try reference.commit())
      _ = try centre.post(centre.windows, "/api/windows/1/skip", #"{"post":"desk"}"#)
    }
    return [(50.0, "p50"), (99, "p99")].map { percent, name in
      let own = called.percentile(percent)
      let base = commit.percentile(percent)
      return Figure(
        "\(name) of \(called.count) calls", Report.milliseconds(own), goal: "≤ 1 s",
        reference: "SQLite WAL FULL commit \(name) \(Report.milliseconds(base))", ratio: own / base, isMet: own <= 1e6)
    }
  }

  /// The event stream of the display, and when each number first stood at a window.
  private final class HallStream {
    private let frames: FrameWatch
    init(port: Int) throws { frames = try FrameWatch(port: port) }
    func seen(_ number: String) -> Instant? { frames.first(containing: #""current":{"number":"\#(number)""#) }
  }
}

/// One request on loopback, read to its end.
enum Loopback {
  static func ask(_ port: Int, _ method: String, _ path: String, _ body: String = "") throws -> String {
    String(decoding: try bytes(port, method, path, body), as: UTF8.self)
  }

  /// Head and body as they came.
  static func bytes(_ port: Int, _ method: String, _ path: String, _ body: String = "") throws -> [UInt8] {
    var head = "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n"
    if method == "POST" { head += "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n" }
    let connection = try PageSocket.connected(port: port, sending: Array((head + "\r\n" + body).utf8))
    defer { close(connection) }
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let length = read(connection, &buffer, buffer.count)
      guard length > 0 else { return answer }
      answer += buffer[..<length]
    }
  }
}
