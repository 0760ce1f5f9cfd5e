import DeviceKit
import Foundation
import Transports

/// Row 16: what the terminal's page costs in the browser that shows it, beside a page of one heading.
enum KioskPageRow {
  /// What the page says of itself.
  private struct Load: Decodable {
    /// Milliseconds since the navigation began; 0: not yet.
    var paint, largest: Double
    var bytes, requests: Int
  }

  private struct Pages {
    var kiosk, plain: String
  }

  private static let lookAtLoad = """
    return new Promise((resolve) => {
      let largest = 0;
      new PerformanceObserver((list) => (largest = list.getEntries().at(-1).startTime)).observe({ type: "largest-contentful-paint", buffered: true });
      setTimeout(() => {
        const paint = performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0;
        const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
        resolve({ paint, largest, requests: all.length, bytes: all.reduce((sum, one) => sum + one.transferSize, 0) });
      }, 50);
    });
    """

  static func measure(_ bench: Bench) throws -> [Figure] {
    let centre = try VisitCentre(bench)
    let plain = try PlainPage()
    let pages = Pages(kiosk: "http://127.0.0.1:\(centre.hall)/kiosk/hall", plain: "http://127.0.0.1:\(plain.port)/")
    return try loads(centre, pages, count: bench.samples(20)) + bytes(centre, plain)
      + memory(centre, pages, rounds: bench.quick ? 3 : 5)
  }

  /// Loads a page that nothing is kept of, until it was painted whole.
  private static func load(_ browser: Chromium, _ address: String) throws -> Load {
    try browser.chromium("Network.clearBrowserCache")
    try browser.open(address)
    var found: Load?
    try StationUnderTest.wait("\(address) is painted", seconds: 30) {
      let load: Load = try browser.evaluate(lookAtLoad)
      found = load
      return load.paint > 0 && load.largest > 0
    }
    if address.hasSuffix("/kiosk/hall") {
      try browser.wait("the idle screen", for: "document.body.dataset.screen === 'idle' && document.body.dataset.ready === 'yes'")
      found = try browser.evaluate(lookAtLoad)
    }
    guard let found else { throw BenchError("\(address) was not painted") }
    return found
  }

  private static func loads(_ centre: VisitCentre, _ pages: Pages, count: Int) throws -> [Figure] {
    Report.progress("the terminal's page, loaded \(count) times")
    let browser = try Chromium(folder: centre.folder)
    defer { browser.quit() }
    var (first, plain, largest, plainLargest) = (Samples(), Samples(), Samples(), Samples())
    // The first page of a browser also starts its processes.
    _ = try load(browser, pages.plain)
    for _ in 0..<count {
      let reference = try load(browser, pages.plain)
      let own = try load(browser, pages.kiosk)
      plain.add(reference.paint * 1_000)
      first.add(own.paint * 1_000)
      plainLargest.add(reference.largest * 1_000)
      largest.add(own.largest * 1_000)
    }
    func figure(_ what: String, _ own: Samples, _ reference: Samples, _ percent: Double) -> Figure {
      let (value, base) = (own.percentile(percent), reference.percentile(percent))
      return Figure(
        "\(what), p\(Int(percent)) of \(own.count)", Report.milliseconds(value), goal: "≤ 1 s",
        reference: "a plain page p\(Int(percent)) \(Report.milliseconds(base))", ratio: value / base, isMet: value <= 1_000_000)
    }
    return [
      figure("first contentful paint", first, plain, 50), figure("first contentful paint", first, plain, 99),
      figure("largest contentful paint", largest, plainLargest, 50),
    ]
  }

  /// Counted on a relay between browser and server, so that heads, workers and the event stream are in it.
  private static func bytes(_ centre: VisitCentre, _ plain: PlainPage) throws -> [Figure] {
    func count(_ browser: Chromium, _ port: Int, _ path: String) throws -> (down: Int, up: Int, connections: Int, load: Load) {
      let relay = try LineRelay(toHost: "127.0.0.1", port: UInt16(port))
      let ended = DispatchSemaphore(value: 0)
      Thread.detachNewThread {
        relay.run()
        ended.signal()
      }
      defer {
        relay.stop()
        _ = ended.wait(timeout: .now() + 5)
      }
      let load = try load(browser, "http://127.0.0.1:\(relay.port)\(path)")
      let counters = relay.counters
      return (Int(counters.bytesDown), Int(counters.bytesUp), counters.taken, load)
    }
    let browser = try Chromium(folder: centre.folder)
    defer { browser.quit() }
    let reference = try count(browser, plain.port, "/")
    let own = try count(browser, centre.hall, "/kiosk/hall")
    func size(_ bytes: Int) -> String { Report.text(Double(bytes) / 1_024, 1) + " KiB" }
    return [
      Figure(
        "bytes to the browser, \(own.connections) connections", size(own.down), reference: "a plain page \(size(reference.down))",
        ratio: Double(own.down) / Double(max(reference.down, 1))),
      Figure("bytes from the browser", size(own.up), reference: "a plain page \(size(reference.up))"),
      Figure(
        "the page's own count, \(own.load.requests) resources", size(own.load.bytes),
        reference: "a plain page \(size(reference.load.bytes))"),
    ]
  }

  // MARK: Memory

  private struct Heap: Decodable { var usedSize: Double }

  /// Above what the browser takes for an empty page, in turns, because a browser grows by itself.
  private static func memory(_ centre: VisitCentre, _ pages: Pages, rounds: Int) throws -> [Figure] {
    Report.progress("memory of the terminal's page, \(rounds) rounds")
    let browser = try Chromium(folder: centre.folder)
    defer { browser.quit() }
    func settled(_ address: String) throws -> (memory: Chromium.Memory, heap: Double) {
      if address == "about:blank" { try browser.open(address) } else { _ = try load(browser, address) }
      // Processes of the page before end late.
      sleep(2)
      try browser.chromium("HeapProfiler.collectGarbage")
      let heap = try browser.chromium("Runtime.getHeapUsage", as: Heap.self).usedSize / 1_024
      return (browser.memory, heap)
    }
    var (resident, proportional, plainResident, plainProportional) = (Samples(), Samples(), Samples(), Samples())
    var (heap, plainHeap, base) = (Samples(), Samples(), Samples())
    for _ in 0..<rounds {
      let empty = try settled("about:blank")
      let plain = try settled(pages.plain)
      let own = try settled(pages.kiosk)
      base.add(empty.memory.resident)
      resident.add(own.memory.resident - empty.memory.resident)
      proportional.add(own.memory.proportional - empty.memory.proportional)
      plainResident.add(plain.memory.resident - empty.memory.resident)
      plainProportional.add(plain.memory.proportional - empty.memory.proportional)
      heap.add(own.heap)
      plainHeap.add(plain.heap)
    }
    func size(_ samples: Samples) -> String { Report.text(samples.percentile(50) / 1_024, 1) + " MiB" }
    return [
      Figure(
        "JavaScript heap, p50 of \(rounds)", size(heap), reference: "a plain page \(size(plainHeap))",
        ratio: heap.percentile(50) / plainHeap.percentile(50)),
      Figure(
        "resident, above about:blank (\(size(base)))", size(resident), reference: "a plain page \(size(plainResident))"),
      Figure("proportional, above about:blank", size(proportional), reference: "a plain page \(size(plainProportional))"),
    ]
  }
}
