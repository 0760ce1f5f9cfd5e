import DeviceKit
import Foundation
import Station
import TestSupport
import Testing

/// The wall clock is set under the running program. libfaketime stands between the program and clock_gettime(2) for the wall clock only; the
/// monotonic clock stays the kernel's.
@Suite(.serialized) struct ClockTests {
  @Test func aClockSetByHoursMovesNoTimerAndIsWrittenDown() throws {
    let shell = try Shell(panels: 1, more: "escalation: {steps: [{after: 8, posts: [lead]}, {after: 3600}]}\n")
    let offset = "\(shell.folder)/offset"
    func set(_ text: String) throws { try text.write(toFile: offset, atomically: true, encoding: .utf8) }
    try set("+0")
    let station = try Self.startStation(shell, offset: offset)
    try shell.waitUntilOnline(1)
    _ = try shell.panels("press 1/1")
    try shell.waitUntilLamp(1, 1, shows: "slow")
    try set("+2h")
    try shell.waitUntil("the step is written down") { try steps(shell).count == 1 }
    try set("-2h")
    try shell.waitUntil("the step back is written down") { try steps(shell).count == 2 }
    try shell.waitUntil("the call climbs, in its own time") { try escalations(shell).count == 1 }
    try set("+0")
    try shell.waitUntil("the last step is written down") { try steps(shell).count == 3 }
    #expect(try shell.stop(station) == 0)

    let hour: Int64 = 3_600_000
    for (step, expected) in zip(try steps(shell), [2 * hour, -4 * hour, 2 * hour]) {
      #expect(abs(step - expected) < 60_000, "\(step)")
    }
    let entries = try shell.entries()
    let opened = try #require(entries.first { if case .opened = $0.change { true } else { false } })
    let climbed = try #require(entries.first { if case .escalated = $0.change { true } else { false } })
    #expect(climbed.time.monotonic - opened.time.monotonic >= .seconds(8))
    #expect(climbed.time.wallMilliseconds < opened.time.wallMilliseconds, "although the clock on the wall went back")
    #expect(try escalations(shell) == [1], "the step of an hour did not come")
  }

  /// No NTP, and a clock that begins anew after a power cut: the certificate in the folder is proof enough of the date. Ten years ahead it
  /// has ended, and the desk says that the clock is why.
  @Test(arguments: ["-30d", "-20y", "+10y"]) func aWrongClockLocksNobodyOutWithoutSayingSo(_ offset: String) throws {
    let pair = try StationPair()
    try "\(offset)".write(toFile: "\(pair.folder)/offset", atomically: true, encoding: .utf8)
    _ = try pair.street.startStation()
    try pair.waitUntilListening()
    _ = try Self.startStation(pair.community, offset: "\(pair.folder)/offset")
    if offset.hasPrefix("-") {
      try pair.waitUntilConnected()
      _ = try pair.community.panels("press 1/1")
      try pair.community.waitUntilLamp(1, 1, shows: "steady")
    } else {
      try pair.community.waitUntil("the clock is named as the cause") {
        let status = (try? pair.community.status()) ?? ""
        return status.contains("refused") && status.contains("本机时钟多半错了") && status.contains("timedatectl set-time")
      }
    }
  }

  private func steps(_ shell: Shell) throws -> [Int64] {
    try shell.entries().compactMap { if case .clockStepped(let by) = $0.change { by } else { nil } }
  }

  private func escalations(_ shell: Shell) throws -> [Int] {
    try shell.entries().compactMap { if case .escalated(_, let step, _) = $0.change { step } else { nil } }
  }

  /// - Parameter offset: a file that says by how much its wall clock is wrong, at any time: `+2h`.
  static func startStation(_ shell: Shell, offset: String) throws -> Process {
    // By way of env(1): libfaketime changes the environment of the first program that it is loaded into, and Swift looks for the
    // arguments of the program beside it.
    try shell.start(
      [Shell.linli, "run", "\(shell.folder)/site.yaml"], program: "/usr/bin/env",
      environment: [
        "LD_PRELOAD": try library(), "FAKETIME_TIMESTAMP_FILE": offset, "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1",
      ], log: "\(shell.folder)/station.log")
  }

  private static func library() throws -> String {
    for folder in try FileManager.default.contentsOfDirectory(atPath: "/usr/lib") where folder.hasSuffix("-linux-gnu") {
      let path = "/usr/lib/\(folder)/faketime/libfaketime.so.1"
      if FileManager.default.fileExists(atPath: path) { return path }
    }
    throw Missing()
  }

  struct Missing: Error, CustomStringConvertible {
    var description: String { "libfaketime is not installed: Tools/setup test" }
  }
}
