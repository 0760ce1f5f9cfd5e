import DeviceKit
import DeviceVocabulary
import Foundation
import StationLinkCodec

/// Row 8: how many entries of its children a street centre takes, counted by its own receipts.
enum IngestRow {
  static let crowds = [1, 10, 300]
  private static let batch = 500

  /// Of one number of stations.
  private struct Result {
    var stations: Int
    var calls = ChildCrowd.Sent()
    var callsProcessor = 0.0
    var backlog = ChildCrowd.Sent()
    var backlogProcessor = 0.0
    var syncs = 0.0
    var broker = 0.0
    var brokerProcessor = 0.0
    var brokerAsShipped = 0.0

    var callsRate: Double { Double(calls.entries) / calls.seconds }
    var backlogRate: Double { Double(backlog.entries) / backlog.seconds }
  }

  static func measure(_ bench: Bench) throws -> [Figure] {
    let site = try bench.link.site()
    let results = try crowds.map { try run(bench, site, $0) }
    return results.flatMap(figures) + growth(results)
  }

  private static func run(_ bench: Bench, _ site: LinkSite, _ count: Int) throws -> Result {
    let names = (1...count).map(LinkSite.name)
    let caller = LinkSite.name(count + 1)
    let street = try StreetUnderTest(bench, site, children: names + [caller])
    Report.progress("\(count) stations connect")
    let crowd = try ChildCrowd(site, names + [caller], port: street.port)
    var journals = Dictionary(uniqueKeysWithValues: (names + [caller]).map { ($0, ChildEntries(station: $0)) })
    func batches(_ name: String, _ count: Int, of size: Int, _ make: (inout ChildEntries) throws -> LinkEntry) throws
      -> [LinkRequests.Batch]
    {
      var journal = journals[name] ?? ChildEntries(station: name)
      defer { journals[name] = journal }
      return try (0..<count).map { _ in
        try LinkRequests.batch(try (0..<size).map { _ in try make(&journal) }, of: name)
      }
    }
    var first: [String: [LinkRequests.Batch]] = [:]
    for name in names + [caller] {
      var journal = ChildEntries(station: name)
      first[name] = [try LinkRequests.batch(try journal.start(), of: name)]
      journals[name] = journal
    }
    _ = try crowd.send(first, on: .backlog, seconds: 60)

    var result = Result(stations: count)
    let syncsBefore = try DiskReference.syncsPerSecond(seconds: 1)
    let singles = max(bench.samples(3_000 + 20 * count) / count, 5)
    Report.progress("\(count) stations × \(singles) calls one by one")
    var work: [String: [LinkRequests.Batch]] = [:]
    for name in names { work[name] = try batches(name, singles, of: 1) { try $0.callStep() } }
    var used = try street.program.processorMicroseconds()
    result.calls = try crowd.send(work, on: .calls, seconds: 20)
    result.callsProcessor = (try street.program.processorMicroseconds() - used) / Double(result.calls.entries)

    // Before and after, because others use the disk too.
    result.syncs = (syncsBefore + (try DiskReference.syncsPerSecond(seconds: 1))) / 2

    let portions = max(bench.samples(100) / count, 1)
    Report.progress("\(count) stations × \(portions) batches of \(batch)")
    for name in names {
      guard let sent = work[name], try crowd.contiguous(name) == sent.last?.last else {
        throw BenchError("\(name) did not send all its calls in time")
      }
      work[name] = try batches(name, portions, of: batch) { try $0.upkeepStep() }
    }
    let calls = try batches(caller, 600, of: 1) { try $0.callStep() }
    used = try street.program.processorMicroseconds()
    result.backlog = try crowd.send(work, on: .backlog, seconds: 120, caller: (caller, calls))
    result.backlogProcessor = (try street.program.processorMicroseconds() - used) / Double(result.backlog.entries)
    for name in names where try crowd.contiguous(name) != work[name]?.last?.last {
      throw BenchError("the street does not have all of \(name)")
    }
    try broker(site, names, seconds: bench.quick ? 2 : 4, &result)
    return result
  }

  private static func broker(_ site: LinkSite, _ names: [String], seconds: Int, _ result: inout Result) throws {
    var journal = ChildEntries(station: names[0])
    let payload = try EventBatch.encode([journal.callStep()], station: names[0])
    for savesOnChange in [true, false] {
      Report.progress("mosquitto with \(names.count) publishers\(savesOnChange ? ", saving on change" : "")")
      let broker = try Mosquitto(site, savesOnChange: savesOnChange)
      let clients = try Mosquitto.Clients(site, names, port: broker.port)
      try clients.subscribe(site, port: broker.port)
      let used = try broker.program.processorMicroseconds()
      let rate = try clients.publish(payload, seconds: seconds)
      guard savesOnChange else {
        result.brokerAsShipped = rate
        continue
      }
      result.broker = rate
      result.brokerProcessor = (try broker.program.processorMicroseconds() - used) / (rate * Double(seconds))
    }
  }

  private static func figures(_ result: Result) -> [Figure] {
    let name = "\(result.stations) station\(result.stations == 1 ? "" : "s")"
    let rate = { (value: Double) in Report.text(value, value < 100 ? 1 : 0) + "/s" }
    let receipts = result.calls.receipts
    let calls = result.backlog.calls
    return [
      Figure(
        "\(name): calls one by one, each on disk", rate(result.callsRate),
        reference: "4 KiB + fdatasync \(rate(result.syncs))", ratio: result.callsRate / result.syncs),
      Figure(
        "  against a broker", rate(result.callsRate), reference: "mosquitto QoS 1 saving on change \(rate(result.broker))",
        ratio: result.callsRate / result.broker),
      Figure(
        "  against a broker that saves every 30 min", rate(result.callsRate),
        reference: "mosquitto as shipped \(rate(result.brokerAsShipped))", ratio: result.callsRate / result.brokerAsShipped),
      Figure(
        "  processor time of the parent per event", Report.text(result.callsProcessor, 0) + " µs",
        reference: "mosquitto's \(Report.text(result.brokerProcessor, 0)) µs",
        ratio: result.callsProcessor / result.brokerProcessor),
      Figure(
        "  receipt p50 / p99",
        "\(Report.milliseconds(receipts.percentile(50))) / \(Report.milliseconds(receipts.percentile(99)))"),
      Figure(
        "\(name): backlog in batches of \(batch)", rate(result.backlogRate),
        reference: "4 KiB + fdatasync \(rate(result.syncs))", ratio: result.backlogRate / result.syncs),
      Figure(
        "  processor time of the parent per event", Report.text(result.backlogProcessor, 1) + " µs",
        reference: "a call by itself \(Report.text(result.callsProcessor, 0)) µs",
        ratio: result.backlogProcessor / result.callsProcessor),
      Figure("  batches told to come again in 2 s", "\(result.backlog.refusals)"),
      Figure(
        "  receipt of another's call meanwhile, p50 of \(calls.count)", Report.milliseconds(calls.percentile(50)),
        reference: "without backlog " + Report.milliseconds(receipts.percentile(50)),
        ratio: calls.percentile(50) / receipts.percentile(50)),
      Figure(
        "    the longest", Report.milliseconds(calls.percentile(100)), goal: "≤ 2 s", isMet: calls.percentile(100) <= 2_000_000),
    ]
  }

  private static func growth(_ results: [Result]) -> [Figure] {
    guard let few = results.first(where: { $0.stations == 10 }), let many = results.last else { return [] }
    func figure(_ what: String, _ few: Double, _ many: Double, _ unit: String) -> Figure {
      Figure(what, Report.text(many, 0) + unit, reference: "10 stations " + Report.text(few, 0) + unit, ratio: many / few)
    }
    return [
      figure("10 → 300 stations: calls one by one", few.callsRate, many.callsRate, "/s"),
      figure("  processor time per call", few.callsProcessor, many.callsProcessor, " µs"),
      figure("  backlog", few.backlogRate, many.backlogRate, "/s"),
      figure("  mosquitto saving on change", few.broker, many.broker, "/s"),
    ]
  }
}
