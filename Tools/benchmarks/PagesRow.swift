import DeviceKit
import DeviceVocabulary
import Foundation
import Transports

/// Row 6: one event to 1,000 pages, against a server that does nothing but poll(2) and write(2) the same bytes.
enum PagesRow {
  private static let pages = 1_000

  private struct Result {
    /// Microseconds from the publishing until the last page had it.
    var reached = Samples()
    var processorPerPage = 0.0
  }

  static func measure(_ bench: Bench) throws -> [Figure] {
    let file = FileManager.default.temporaryDirectory.path + "/linli-bench-\(getpid())-view"
    defer { unlink(file) }
    let frame = try viewOfARealStation(bench)
    try Data(frame).write(to: URL(fileURLWithPath: file))
    let events = bench.samples(60)
    // In turns, so that a busy minute of the machine hits both.
    let own = try run([bench.own, "pages", file, bench.web], events, "linli")
    let reference = try run([bench.reference("fanout"), file], events, "poll(2) fan-out")
    let (reached, floor) = (own.reached.percentile(95), reference.reached.percentile(95))
    return [
      Figure(
        "p95 until all \(pages) have it, \(frame.count) bytes, \(events) events", Report.milliseconds(reached), goal: "≤ 12 ms",
        reference: "poll(2) and write(2) in C \(Report.milliseconds(floor))", ratio: reached / floor, isMet: reached <= 12_000),
      Figure(
        "  p50", Report.milliseconds(own.reached.percentile(50)),
        reference: "in C " + Report.milliseconds(reference.reached.percentile(50))),
      Figure(
        "processor time per page and event", Report.text(own.processorPerPage, 2) + " µs", goal: "≤ 5 µs",
        reference: "in C \(Report.text(reference.processorPerPage, 2)) µs",
        ratio: own.processorPerPage / reference.processorPerPage,
        isMet: own.processorPerPage <= 5),
    ]
  }

  /// What a page of 16 panels is sent when one call has come in.
  private static func viewOfARealStation(_ bench: Bench) throws -> [UInt8] {
    let station = try StationUnderTest(bench, baud: 115_200)
    let page = try PageStream(port: try station.deskPort())
    try station.waitUntilOnline()
    station.bus.press(SiteBus.Key(node: 3, button: 1))
    try StationUnderTest.wait("a call on the page", seconds: 20) { !page.calls.isEmpty }
    return page.newestFrame
  }

  private static func run(_ command: [String], _ events: Int, _ name: String) throws -> Result {
    Report.progress("\(events) events to \(pages) pages of \(name)")
    let server = try ChildProgram(command, talks: true)
    guard let port = Int(try server.readLine()) else { throw BenchError("\(name) told no port") }
    let crowd = try PageCrowd(port: port, count: pages)
    // What a page gets for joining is not what is measured.
    crowd.settle()
    var result = Result()
    var used = 0.0
    for _ in 0..<events {
      let before = try server.processorMicroseconds()
      try server.say("publish")
      let last = try crowd.receiveOne()
      guard let start = UInt64(try server.readLine()) else { throw BenchError("\(name) told no time") }
      usleep(10_000)
      used += try server.processorMicroseconds() - before
      result.reached.add(Double((last - Instant(microseconds: start)).microseconds))
      crowd.settle()
    }
    result.processorPerPage = used / Double(events * pages)
    return result
  }
}

/// Many pages that listen, read by one thread.
final class PageCrowd {
  private var entries: [pollfd] = []
  private var buffer = [UInt8](repeating: 0, count: 1 << 18)

  init(port: Int, count: Int) throws {
    OpenFiles.raise(to: count + 256)
    for _ in 0..<count {
      let socket = try PageSocket.open(port: port)
      _ = fcntl(socket, F_SETFL, O_NONBLOCK)
      entries.append(pollfd(fd: socket, events: Int16(POLLIN), revents: 0))
    }
  }

  deinit { for entry in entries { close(entry.fd) } }

  /// Reads until nothing has come for 50 ms.
  func settle() {
    while poll(&entries, nfds_t(entries.count), 50) > 0 {
      for entry in entries where entry.revents != 0 { _ = read(entry.fd, &buffer, buffer.count) }
    }
  }

  /// Reads until every page has had one whole view, and answers when the last one had it.
  func receiveOne() throws -> Instant {
    var missing = entries
    var waiting = missing.count
    var tails = [ViewTail](repeating: ViewTail(), count: missing.count)
    while waiting > 0 {
      guard poll(&missing, nfds_t(missing.count), 10_000) > 0 else { throw BenchError("\(waiting) pages got nothing") }
      for index in missing.indices where missing[index].revents != 0 {
        let length = read(missing[index].fd, &buffer, buffer.count)
        guard length > 0 else { throw BenchError("a page was cut off") }
        guard buffer.withUnsafeBytes({ tails[index].take($0[..<length]) }) else { continue }
        // poll(2) passes over negative descriptors.
        missing[index] = pollfd(fd: -1, events: 0, revents: 0)
        waiting -= 1
      }
    }
    return MonotonicClock.now()
  }
}

/// How far one page is in the view that is awaited. Views begin with `id:`, heartbeats do not; both end with an empty line.
private struct ViewTail {
  private var atLineStart = true
  private var isView = false
  private var isDone = false

  /// True with the bytes that complete the view.
  mutating func take(_ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
    guard !isDone, let base = UnsafeRawBufferPointer(rebasing: bytes).baseAddress else { return false }
    var position = 0
    while position < bytes.count {
      let first = base.load(fromByteOffset: position, as: UInt8.self)
      if atLineStart && first == 0x0A {
        if isView { isDone = true }
        isView = false
        position += 1
        continue
      }
      if atLineStart && first == UInt8(ascii: "i") { isView = true }
      guard let end = memchr(base + position, 0x0A, bytes.count - position) else {
        atLineStart = false
        break
      }
      position = base.distance(to: UnsafeRawPointer(end)) + 1
      atLineStart = true
    }
    return isDone
  }
}
