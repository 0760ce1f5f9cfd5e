import Foundation
import StationIdentity
import TestSupport
import Testing
import Transports

/// Strangers and captured stations at the port of a running street, while its real child calls for help.
@Suite(.serialized) struct HostilePeerTests {
  private static let hello =
    #"{"versions":[1],"station":"tiexi-03","name":"x","program":"x","head":{"position":"0/0","hash":"\#(String(repeating: "0", count: 64))"}}"#

  @Test func onlyAStationOfThisAuthorityGetsAnAnswerAndOnlyUnderItsName() throws {
    let pair = try StationPair(panels: 4, siblings: ["tiexi-04"])
    _ = try pair.start()
    let others = pair.folder + "/others"
    try FileManager.default.createDirectory(atPath: others, withIntermediateDirectories: true)
    let foreign = try CertificateAuthority.create(folder: others + "/pki", station: StationName("street"), at: Date())
    _ = try foreign.issue(for: StationName(StationPair.communityName), into: others + "/foreign", at: Date())
    let revoked = try pair.issue("tiexi-05", into: others + "/revoked")
    try pair.authority.revoke(revoked.serial, at: Date())
    // The street looks at its files once a second.
    sleep(2)
    try pair.issue("tiexi-06", into: others + "/unknown")
    try pair.issue("tiexi-04", into: others + "/sibling")

    for folder in [nil, others + "/foreign", others + "/revoked"] {
      let peer = try LinkPeer(port: pair.linkPort, identity: folder)
      peer.post("/link/v1/hello", Array(Self.hello.utf8))
      try pair.street.waitUntil("\(folder ?? "nobody") is turned away") { peer.isClosed }
      #expect(peer.text.isEmpty, "\(folder ?? "nobody"): \(peer.text)")
    }
    let unknown = try LinkPeer(port: pair.linkPort, identity: others + "/unknown")
    unknown.post("/link/v1/hello", Array(Self.hello.utf8))
    try pair.street.waitUntil("a station that is not in the site file is refused") { unknown.text.contains("unknownStation") }

    // Its own certificate is good; the name that it writes is another's.
    let sibling = try LinkPeer(port: pair.linkPort, identity: others + "/sibling")
    sibling.post("/link/v1/hello", Array(Self.hello.utf8))
    try pair.street.waitUntil("a hello under another name is refused") { sibling.text.contains("otherStation") }
    let vector = try String(contentsOf: Self.vectors.appendingPathComponent("batch.json"), encoding: .utf8)
    let batch = vector.replacingOccurrences(
      of: "urn:linli:station:[a-z0-9-]+", with: "urn:linli:station:tiexi-03", options: .regularExpression)
    let writer = try LinkPeer(port: pair.linkPort, identity: others + "/sibling")
    writer.post("/link/v1/events", Array(batch.utf8), type: "application/cloudevents-batch+json")
    try pair.street.waitUntil("entries under another name are refused") { writer.text.contains("otherStation") }

    _ = try pair.community.panels("press 1/1")
    try pair.community.waitUntilLamp(1, 1, shows: "steady")
    #expect(try pair.differences() == [])
    #expect(try pair.copies().allSatisfy { $0.child == StationPair.communityName })
  }

  private static let vectors = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Protocols/StationLink/Vectors")

  @Test func aStationThatIsRevokedWhileItIsConnectedIsCutOffUntilItJoinsAgain() throws {
    let pair = try StationPair(panels: 4)
    _ = try pair.start()
    _ = try pair.community.panels("press 1/1")
    try pair.community.waitUntilLamp(1, 1, shows: "steady")
    let store = IdentityStore.child(siteFolder: pair.community.folder)
    try pair.authority.revoke(store.load().own.serial, at: Date())
    // The street looks at its files once a second.
    sleep(2)
    _ = try pair.community.panels("press 2/1")
    try pair.community.waitUntil("the community's desk shows that it is refused") {
      try pair.community.faults()["^main:pathDown"] == true
    }
    #expect(try pair.community.lamp(2, 1) == "slow" && pair.openings().street == [1])
    try pair.issue(StationPair.communityName, into: pair.folder + "/new")
    try IdentityStore(folder: pair.folder + "/new").replace(store)
    try pair.community.waitUntilLamp(2, 1, shows: "steady")
    #expect(try pair.differences() == [])
  }

  /// What the street may take more than in peace: 35 MB were seen after all of it with 10,000 connections.
  private static let mostMoreKilobytes = 64_000

  /// What a captured station and strangers can do at once; after each the real child's call has to pass, and the memory stays.
  @Test func floodsAreRefusedInBoundedMemoryAndCallsStillPass() throws {
    let pair = try StationPair(panels: 8, siblings: ["tiexi-04"])
    // With the soft limit of open files that a service has by default.
    let street = try pair.street.start(
      ["-c", "ulimit -Sn 1024; exec \(Shell.linli) run \(pair.street.folder)/site.yaml"], program: "/bin/sh",
      log: "\(pair.street.folder)/station.log")
    try pair.waitUntilListening()
    let firstCommunity = try pair.community.startStation()
    try pair.waitUntilConnected()
    try pair.community.waitUntilOnline(8)
    let sibling = pair.folder + "/sibling"
    try pair.issue("tiexi-04", into: sibling)
    let quiet = try Self.residentKilobytes(street)
    var calls = 0
    func call(_ what: String) throws {
      calls += 1
      _ = try pair.community.panels("press \((calls - 1) % 8 + 1)/\((calls - 1) / 8 + 1)")
      do {
        try pair.community.waitUntilLamp((calls - 1) % 8 + 1, (calls - 1) / 8 + 1, shows: "steady")
      } catch { throw ShellFailure(what: "\(what): \(error)") }
      let now = try Self.residentKilobytes(street)
      #expect(now < quiet + Self.mostMoreKilobytes, "\(what): \(quiet) kB before, \(now) kB now")
    }

    // A body of a gigabyte, announced and then sent; and one whose end nobody announces.
    let megabyte = [UInt8](repeating: 32, count: 1 << 20)
    for length in ["content-length: \(1 << 30)", "transfer-encoding: chunked"] {
      let peer = try LinkPeer(port: pair.linkPort, identity: sibling)
      peer.send(
        "POST /link/v1/events HTTP/1.1\r\nhost: street\r\ncontent-type: application/cloudevents-batch+json\r\n\(length)\r\n\r\n")
      var sent = 0
      let chunk = length.hasPrefix("t") ? Array("100000\r\n".utf8) + megabyte + Array("\r\n".utf8) : megabyte
      while sent < 1024, peer.send(chunk) { sent += 1 }
      #expect(sent < 64, "\(length): \(sent) MB were taken")
      try call(length)
    }

    let bomb = pair.folder + "/bomb"
    #expect(try runToEnd("/bin/sh", ["-c", "head -c 1000000000 /dev/zero | gzip -1 | head -c 3000000 > \(bomb)"]).code == 0)
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: bomb)))
    let bomber = try LinkPeer(port: pair.linkPort, identity: sibling)
    bomber.post("/link/v1/events", bytes, type: "application/cloudevents-batch+json", headers: "content-encoding: gzip\r\n")
    try pair.street.waitUntil("a gzip bomb is refused") { bomber.text.contains("tooLarge") || bomber.isClosed }
    try call("gzip bomb")

    // Garbage instead of TLS, and instead of HTTP.
    for round in 0..<20 {
      let plain = try Connection(port: pair.linkPort)
      plain.send((0..<4_000).map { UInt8(truncatingIfNeeded: $0 &* 131 &+ round) })
    }
    let garbage = try LinkPeer(port: pair.linkPort, identity: sibling)
    garbage.send((0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 131 &+ $0 >> 8) })
    try pair.street.waitUntil("garbage is refused") { garbage.isClosed }
    let longHeader = try LinkPeer(port: pair.linkPort, identity: sibling)
    longHeader.send("GET /link/v1/commands HTTP/1.1\r\nx: " + String(repeating: "a", count: 100_000))
    try pair.street.waitUntil("a long header is refused") { longHeader.isClosed }
    try call("garbage")

    // Bytes that come one by one, on as many connections as one station may have and more.
    let slow = try (0..<48).map { _ in try LinkPeer(port: pair.linkPort, identity: sibling) }
    for byte in "POST /link/v1/events HTTP/1.1\r\n" { for peer in slow { peer.send(String(byte)) } }
    try pair.street.waitUntil("only so many of one station") { slow.count { !$0.isClosed } <= 32 }
    try call("slow-loris")

    // Thousands that connect and say nothing, and come again when they are cut. The child has to start anew among them.
    let crowd = ProcessInfo.processInfo.environment["LINLI_LONG"] == nil ? 5_000 : 10_000
    #expect(OpenFiles.raise(to: crowd + 500) >= crowd + 500, "the hard limit of open files is lower than what this test needs")
    var idle: [Connection] = []
    for _ in 0..<crowd / 2 { idle.append(try Connection(port: pair.linkPort)) }
    try call("\(idle.count) idle connections")
    #expect(try pair.community.stop(firstCommunity) == 0)
    while idle.count < crowd { idle.append(try Connection(port: pair.linkPort)) }
    _ = try pair.community.startStation()
    try pair.waitUntilConnected()
    #expect(try Self.openFiles(street) < 1_000, "those that say nothing have made room")
    try call("\(crowd) idle connections, and the child has connected anew")
    #expect(try pair.street.desk("ping") == "ok\n" && idle.count == crowd)
    #expect(street.isRunning)
    idle = []
    try call("after all")
    #expect(try pair.differences() == [])
  }

  private static func residentKilobytes(_ process: Process) throws -> Int {
    let text = try String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)
    let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
    return try #require(Int(line.filter(\.isNumber)))
  }

  private static func openFiles(_ process: Process) throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process.processIdentifier)/fd").count
  }
}

private struct ShellFailure: Error, CustomStringConvertible {
  var what: String
  var description: String { what }
}
