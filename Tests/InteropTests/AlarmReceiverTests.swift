import Foundation
import TestSupport
import Testing
import Transports

/// Against pysiaalarm as the alarm receiving centre. `Tools/setup test` puts it into `.venv`; without it these fail.
@Suite(.serialized) struct AlarmReceiverTests {
  private static let python =
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent(".venv/bin/python").path
  struct Way: Sendable, CustomTestStringConvertible {
    var transport: String
    var encrypted = false
    var format = "ADM-CID"
    /// Its characters are the key: 16, 24 or 32 of them for AES-128, -192 and -256.
    var keyLength = 16
    var key: String { String("0123456789ABCDEF0123456789ABCDEF".prefix(keyLength)) }
    var testDescription: String { "\(transport) \(format)\(encrypted ? " AES-\(keyLength * 8)" : "")" }
  }

  /// What the peer says of one message.
  private struct Heard: Equatable {
    var kind: String
    var sequence: Int
    var letters: String
    /// `1120 003` of Contact ID; `-` of DC-03.
    var what: String
    var encrypted: Bool
  }

  private final class Rig {
    let shell: Shell
    let port: Int
    let way: Way
    var file: String { "\(shell.folder)/heard" }

    init(_ way: Way) throws {
      self.way = way
      port = Int(try LoopbackListener.freePort())
      var section = "alarmReceiver: {host: 127.0.0.1, port: \(port), transport: \(way.transport), format: \(way.format), "
      section += "account: 1234, receiver: 0, supervision: 10, silentAfter: 5\(way.encrypted ? ", key: receiver.key" : "")}\n"
      shell = try Shell(panels: 2, silentPanel: 2, more: section)
      try "text:\(way.key)\n".write(toFile: "\(shell.folder)/receiver.key", atomically: true, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: "\(shell.folder)/receiver.key")
    }

    @discardableResult
    func startReceiver() throws -> Process {
      let process = try shell.start(
        [PeerModule.file("receiver.py"), "\(port)", way.transport, file] + (way.encrypted ? [way.key] : []),
        program: AlarmReceiverTests.python)
      try shell.waitUntil("the receiver listens") { text().contains("ready\n") }
      return process
    }

    func text() -> String { (try? String(contentsOfFile: file, encoding: .utf8)) ?? "" }

    func heard() -> [Heard] {
      text().split(separator: "\n").compactMap { line in
        let words = line.split(separator: " ").map(String.init)
        guard words.count == 8, let sequence = Int(words[1]) else { return nil }
        let what = words[3] == "None" ? "\(words[2]) \(words[6])" : "\(words[3])\(words[4]) \(words[5])"
        return Heard(kind: words[0], sequence: sequence, letters: words[2], what: what, encrypted: words[7] == "encrypted")
      }
    }

    /// Calls and restores in the order in which they first came; each must have one number, and each number one message.
    func calls() -> [String] {
      var numbers: [Int: String] = [:]
      var order: [String] = []
      for message in heard() where message.kind != "NULL" {
        if let known = numbers[message.sequence] {
          #expect(known == message.what, "number \(message.sequence) for two messages")
        } else {
          numbers[message.sequence] = message.what
          order.append(message.what)
        }
      }
      return order
    }

    func waitForCalls(_ calls: [String]) throws {
      do {
        try shell.waitUntil("\(calls) are received") { self.calls() == calls }
      } catch {
        Issue.record("heard: \(text()), station: \((try? shell.status()) ?? "")")
        throw error
      }
    }
  }

  /// Down at the press, the station killed and started again meanwhile, then there: nothing is lost, nothing has two numbers.
  @Test(arguments: [
    Way(transport: "tcp"), Way(transport: "tcp", encrypted: true), Way(transport: "udp"),
    Way(transport: "udp", encrypted: true, keyLength: 24),
    Way(transport: "tcp", encrypted: true, format: "SIA-DCS", keyLength: 32),
  ])
  func callsReachAReceiverThatWasDownAtThePress(way: Way) throws {
    let rig = try Rig(way)
    let shell = rig.shell
    let isContactID = way.format == "ADM-CID"
    func panic(_ qualifier: Int) -> String { isContactID ? "\(qualifier)120 001" : qualifier == 1 ? "PA 001" : "PH 001" }
    let duress = isContactID ? "1121 001" : "HA 001"
    var station = try shell.startStation()
    try shell.waitUntilOnline(2)
    #expect(try shell.panels("press 1/1").contains("ok"))
    try shell.waitUntil("the call is recorded") { try shell.status().contains("求助 #1") }
    try shell.waitUntil("the silence is told") { try shell.status().contains("外部接警中心没有应答") }
    #expect(try shell.status().contains("外部接警中心 127.0.0.1:\(rig.port): silent, 等待 1, 无应答自"))

    #expect(try shell.stop(station, by: SIGKILL) == SIGKILL)
    #expect(try shell.panels("press 2/1").contains("ok"), "while nobody is there")
    station = try shell.startStation()
    try rig.startReceiver()
    try rig.waitForCalls([panic(1), duress])
    try shell.waitUntil("the receiver answers") {
      let status = try shell.status()
      return status.contains("answering, 等待 0, 最近受理")
    }

    // Killed with a message under way.
    #expect(try shell.desk("false-alarm 1 desk").contains("done"))
    #expect(try shell.stop(station, by: SIGKILL) == SIGKILL)
    station = try shell.startStation()
    try rig.waitForCalls([panic(1), duress, panic(3)])
    try shell.waitUntil("supervision is received") { rig.heard().contains { $0.kind == "NULL" && $0.sequence == 0 } }
    #expect(rig.heard().allSatisfy { $0.encrypted == way.encrypted })
    // It may have been received before the kill; a program that has only begun is not asked to stop.
    try shell.waitUntilOnline(2)
    let code = try shell.stop(station)
    #expect(code == 0)
  }

  /// The station is killed again and again while calls come; the receiver is killed, too. Everything arrives, in order.
  @Test func nothingIsLostWhenBothEndsAreKilled() throws {
    let rig = try Rig(Way(transport: "tcp", encrypted: true))
    let shell = rig.shell
    var station = try shell.startStation()
    var receiver = try rig.startReceiver()
    var expected: [String] = []
    for round in 1...8 {
      try shell.waitUntilOnline(2)
      // Two buttons in turn: one alone pressed so often would count as a bad contact.
      #expect(try shell.panels("press 1/\(round % 2 + 1)").contains("ok"))
      try shell.waitUntil("call \(round)") { try shell.status().contains("求助 #\(round)") }
      #expect(try shell.desk("false-alarm \(round) desk").contains("done"))
      expected += ["1120 001", "3120 001"]
      usleep(useconds_t(round * 7_000))
      if round % 3 == 0 {
        _ = try shell.stop(receiver, by: SIGKILL)
        receiver = try rig.startReceiver()
      }
      _ = try shell.stop(station, by: SIGKILL)
      station = try shell.startStation()
    }
    try shell.waitUntil("all are received", seconds: 60) { rig.calls().count >= expected.count }
    #expect(rig.calls() == expected)
    // At least once: a repeat may come after a kill, no more than one for each.
    let messages = rig.heard().filter { $0.kind != "NULL" }
    #expect(messages.count <= expected.count + 16, "\(messages)")
  }

  /// With another key it refuses or cannot read: the calls wait, the desk is told, and nothing else suffers.
  @Test func aWrongKeyIsToldAndTheCallWaits() throws {
    let rig = try Rig(Way(transport: "tcp", encrypted: true))
    let shell = rig.shell
    try "text:FEDCBA9876543210\n".write(toFile: "\(shell.folder)/receiver.key", atomically: false, encoding: .utf8)
    try rig.startReceiver()
    _ = try shell.startStation()
    try shell.waitUntilOnline(2)
    #expect(try shell.panels("press 1/1").contains("ok"))
    try shell.waitUntil("the trouble is told") { try shell.status().contains("receiver:receiver") }
    #expect(try shell.status().contains("等待 1") && shell.status().contains("求助 #1"))
    let log = (try? String(contentsOfFile: "\(shell.folder)/station.log", encoding: .utf8)) ?? ""
    #expect(!log.contains("FEDCBA9876543210"))
  }

  /// A key that cannot be read is a fault; the station takes calls all the same, and nothing goes out in clear.
  @Test func withoutItsKeyTheStationRunsAndSendsNothing() throws {
    let rig = try Rig(Way(transport: "udp", encrypted: true))
    try "geheim\n".write(toFile: "\(rig.shell.folder)/receiver.key", atomically: false, encoding: .utf8)
    #expect(try rig.shell.run(["check", "\(rig.shell.folder)/site.yaml"]).code != 0)
    try rig.startReceiver()
    _ = try rig.shell.startStation()
    try rig.shell.waitUntilOnline(2)
    #expect(try rig.shell.panels("press 1/1").contains("ok"))
    try rig.shell.waitUntil("the call is recorded") { try rig.shell.status().contains("求助 #1") }
    let status = try rig.shell.status()
    #expect(status.contains("receiver:receiverRefuses") && status.contains("receiver.key") && !status.contains("geheim"))
    #expect(rig.heard().isEmpty)
  }

  /// Tests and drills are told as a test, so that nobody is sent out.
  @Test func aDrillIsReportedAsATest() throws {
    let rig = try Rig(Way(transport: "udp"))
    try rig.startReceiver()
    _ = try rig.shell.startStation()
    try rig.shell.waitUntilOnline(2)
    #expect(try rig.shell.desk("drill A/1/1 desk").contains("done"))
    try rig.waitForCalls(["1601 001"])
  }
}
