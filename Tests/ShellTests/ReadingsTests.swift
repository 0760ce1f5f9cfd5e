import DeviceVocabulary
import Foundation
import TestSupport
import Testing

/// What devices of a community measure, on its street's desk: two real stations and a simulated bus.
@Suite(.serialized) struct ReadingsTests {
  @Test func theStreetShowsAPanelsSupplyVoltageWithItsAge() throws {
    let pair = try StationPair(parent: ", readingsSeconds: 1")
    let street = try pair.street.startStation()
    try pair.waitUntilListening()
    let child = StationPair.communityName
    #expect(try pair.street.desk("readings \(child)") == "尚无读数 / no reading yet\n")
    #expect(try Self.page(pair.street, child) == #"{"readings":[]}"#)
    #expect(try pair.street.desk("readings nobody").contains("no such station below"))
    let community = try pair.community.startStation()
    try pair.community.waitUntil("both panels' readings are on the street's desk") {
      try Self.values(pair.street, "readings \(child)").count == 4
    }
    let there = try Self.values(pair.street, "readings \(child)")
    #expect(there["A/1 supplyMillivolts"]?.value == 12_000 && there["A/2 supplyMillivolts"]?.value == 12_000)
    // Never younger than at the community, where they are read every 4.5 s.
    #expect(there.values.allSatisfy { !$0.isStale && $0.age < 15 })
    #expect(
      try Self.page(pair.street, child).contains(#"{"device":"A/1","quantity":"supplyMillivolts","unit":"mV","value":12000"#))

    // A panel that says nothing any more: its last values grow old, and say so.
    _ = try pair.community.panels("fault 2 mute")
    try pair.community.waitUntil("panel 2's values are stale at the street, and panel 1's are not") {
      let there = try Self.values(pair.street, "readings \(child)")
      return there["A/2 supplyMillivolts"]?.isStale == true && there["A/1 supplyMillivolts"]?.isStale == false
    }
    #expect(try Self.values(pair.community, "readings")["A/2 supplyMillivolts"]?.isStale == true)

    // Started anew, the street claims nothing of before: what the silent panel said last is gone. The other's may be
    // there at the first look, for the community is back as soon as the street listens.
    #expect(try pair.street.stop(street) == 0)
    _ = try pair.street.startStation()
    try pair.waitUntilListening()
    #expect(try !pair.street.desk("readings \(child)").contains("A/2"))
    let page = try Self.page(pair.street, child)
    #expect(page.hasPrefix(#"{"readings":["#) && !page.contains("A/2"))
    // If the line was found broken, a minute of steady proofs comes first.
    try pair.community.waitUntil("panel 1's come again, the silent panel's do not", seconds: 150) {
      try Self.values(pair.street, "readings \(child)").keys.sorted() == ["A/1 supplyMillivolts", "A/1 upTimeSeconds"]
    }
    #expect(try pair.community.stop(community) == 0)
    // In neither journal, in whatever form.
    for shell in [pair.street, pair.community] {
      let found = try shell.run(
        ["-rlaF", "-e", "upTimeSeconds", "-e", "supplyMillivolts", "\(shell.folder)/journal"], program: "/usr/bin/grep")
      #expect(found.code == 1 && found.text.isEmpty, "\(found.text)")
    }
  }

  private struct Value {
    var value: Int64
    var age: Int
    var isStale: Bool
  }

  private static func values(_ shell: Shell, _ command: String) throws -> [String: Value] {
    var found: [String: Value] = [:]
    for line in try shell.desk(command).split(separator: "\n") {
      guard let match = line.wholeMatch(of: #/([^ ]+ [a-zA-Z]+) (-?[0-9]+) [^ ]+, ([0-9]+) s(, 已过时 \/ stale)?/#) else { continue }
      found[String(match.1)] = Value(value: Int64(match.2) ?? 0, age: Int(match.3) ?? 0, isStale: match.4 != nil)
    }
    return found
  }

  private static func page(_ shell: Shell, _ child: String) throws -> String {
    try shell.run(
      ["--silent", "--max-time", "10", "http://127.0.0.1:\(shell.deskPort())/api/children/\(child)/readings"],
      program: "/usr/bin/curl"
    ).text
  }
}
