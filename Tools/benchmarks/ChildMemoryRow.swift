import Foundation

/// Row 9: what a connected station costs its parent in memory while nothing happens: four connections under TLS, one of them a command
/// stream, and a heartbeat every 5 s.
enum ChildMemoryRow {
  private static let few = 10
  private static let many = 300

  private struct Memory {
    var dirty: Double
    var resident: Double

    init(_ program: ChildProgram) throws {
      // Two heartbeats of each, and what the handshakes have left is given back.
      sleep(11)
      dirty = try program.memoryKibibytes("Private_Dirty")
      resident = try program.memoryKibibytes("Rss")
    }
  }

  static func measure(_ bench: Bench) throws -> [Figure] {
    let site = try bench.link.site()
    let names = (1...many).map(LinkSite.name)
    let street = try StreetUnderTest(bench, site, children: names)
    Report.progress("memory with 0, \(few) and \(many) connected stations")
    let empty = try Memory(street.program)
    let first = try ChildCrowd(site, Array(names.prefix(few)), port: street.port)
    let withFew = try Memory(street.program)
    let rest = try ChildCrowd(site, Array(names.dropFirst(few)), port: street.port)
    let withMany = try Memory(street.program)
    let reference = try broker(site, names)
    return withExtendedLifetime((first, rest)) {
      let ofFew = (withFew.dirty - empty.dirty) / Double(few)
      let ofMany = (withMany.dirty - empty.dirty) / Double(many)
      return [
        Figure(
          "private dirty per station, \(many) stations", kibibytes(ofMany),
          reference: "mosquitto, as many TLS connections \(kibibytes(reference))", ratio: ofMany / reference),
        Figure("  per station, \(few) stations", kibibytes(ofFew)),
        Figure(
          "  \(few) → \(many) stations", kibibytes(ofMany), reference: "\(few) stations \(kibibytes(ofFew))",
          ratio: ofMany / ofFew),
        Figure("  resident size per station, \(many) stations", kibibytes((withMany.resident - empty.resident) / Double(many))),
        Figure(
          "the whole street, private dirty", mebibytes(withMany.dirty), reference: "nobody connected \(mebibytes(empty.dirty))",
          ratio: withMany.dirty / empty.dirty),
        Figure(
          "  resident size", mebibytes(withMany.resident), reference: "nobody connected \(mebibytes(empty.resident))",
          ratio: withMany.resident / empty.resident),
      ]
    }
  }

  /// Private dirty KiB of a broker for the connections of one station.
  private static func broker(_ site: LinkSite, _ names: [String]) throws -> Double {
    Report.progress("mosquitto with \(names.count * ChildCrowd.connectionsOfOne) connections")
    let broker = try Mosquitto(site, savesOnChange: false)
    let empty = try broker.program.memoryKibibytes("Private_Dirty")
    let all = names.flatMap { Array(repeating: $0, count: ChildCrowd.connectionsOfOne) }
    let clients = try Mosquitto.Clients(site, all, port: broker.port)
    return try withExtendedLifetime(clients) {
      (try broker.program.memoryKibibytes("Private_Dirty") - empty) / Double(names.count)
    }
  }

  private static func kibibytes(_ value: Double) -> String { Report.text(value, 1) + " KiB" }
  private static func mebibytes(_ kibibytes: Double) -> String { Report.text(kibibytes / 1_024, 1) + " MiB" }
}
