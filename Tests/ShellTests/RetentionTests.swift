import DeviceKit
import Foundation
import Journal
import Station
import StationRuntime
import TestSupport
import Testing

/// A month passes over two real programs: libfaketime turns the wall clocks of both.
@Suite(.serialized) struct RetentionTests {
  @Test func lastMonthGoesOnceTheStreetHasItAndAStreetThatLosesItsDiskIsToldSo() throws {
    let pair = try StationPair()
    let site = "\(pair.community.folder)/site.yaml"
    try String(contentsOfFile: site, encoding: .utf8).replacing("ballastMiB: 1}", with: "ballastMiB: 1, keepMonths: 0}")
      .write(toFile: site, atomically: true, encoding: .utf8)
    var (street, community) = try start(pair, at: "+0")
    _ = try pair.community.panels("press 1/1")
    try pair.community.waitUntilLamp(1, 1, shows: "steady")
    for step in ["acknowledge 1 desk", "bypass A/2/2 desk 60 检修"] { #expect(try pair.community.desk(step).contains("done")) }
    try pair.community.waitUntil("the street has everything") { try pair.missing().isEmpty }
    #expect(try segments(pair).count == 1 && pair.community.stop(community) == 0 && pair.street.stop(street) == 0)

    (street, community) = try start(pair, at: "+35d")
    try pair.community.waitUntil("last month's file is gone", seconds: 90) {
      try segments(pair).map(\.number) == [2] && pair.community.log().contains("清除旧日志")
    }
    #expect(!pair.street.log().contains("清除旧日志"), "a station without a parent keeps everything")
    let (code, said) = try linli("verify", pair)
    #expect(code == 0 && said.contains("were dropped, their state stands in those up to"), "\(said)")
    #expect(try linli("list", pair).text.hasPrefix("# 至 "))
    #expect(try pair.community.status().contains("求助 #1 "), "the call of last month is open still")

    // The street's disk is another one: what was dropped is nowhere any more, and everybody says so.
    #expect(try pair.street.stop(street) == 0)
    try FileManager.default.removeItem(atPath: "\(pair.street.folder)/journal")
    street = try startStation(pair.street)
    try pair.waitUntilListening()
    _ = try pair.community.panels("press 2/1")
    try pair.community.waitUntilLamp(2, 1, shows: "steady")
    try pair.community.waitUntil("both desks say that the past is missing", seconds: 60) {
      try pair.community.faults()["^:parentLacksPast"] == true
        && pair.street.faults()["@\(StationPair.communityName):childLacksPast"] == true
    }
    try pair.community.waitUntil("the street has everything that is left") { try pair.missing().isEmpty }
    let text = try pair.street.status()
    #expect(text.contains("#1 ") && text.contains("#2 "), "also the call that was opened last month: \(text)")
    // A new start of both finds nothing to send again.
    #expect(try pair.community.stop(community) == 0)
    community = try startStation(pair.community)
    try pair.waitUntilConnected()
    try pair.community.waitUntil("the street has everything that is left") { try pair.missing().isEmpty }
    #expect(try pair.community.stop(community) == 0 && pair.street.stop(street) == 0)
    #expect(try pair.differences() == [])
  }

  private func start(_ pair: StationPair, at offset: String) throws -> (street: Process, community: Process) {
    for shell in [pair.street, pair.community] {
      try offset.write(toFile: "\(shell.folder)/offset", atomically: true, encoding: .utf8)
    }
    let street = try startStation(pair.street)
    try pair.waitUntilListening()
    let community = try startStation(pair.community)
    try pair.community.waitUntilOnline(1)
    try pair.waitUntilConnected()
    return (street, community)
  }

  private func startStation(_ shell: Shell) throws -> Process {
    try ClockTests.startStation(shell, offset: "\(shell.folder)/offset")
  }

  private func segments(_ pair: StationPair) throws -> [JournalSegment] {
    try JournalReader(folder: "\(pair.community.folder)/journal").segments()
  }

  private func linli(_ command: String, _ pair: StationPair) throws -> (code: Int32, text: String) {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: Shell.linli)
    process.arguments = ["journal", command, "\(pair.community.folder)/journal"]
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }
}
