import DeviceKit
import Foundation
import Station
import TestSupport
import Testing
import Transports

/// Requests that nobody should send, against the real program's port: every one is refused, and none leaves a trace in the journal, but
/// that somebody asked in the name of a post that there is not: once a minute, and without the name.
@Suite(.serialized) struct RequestTests {
  @Test func nothingThatIsRefusedIsWrittenAndTheStationGoesOn() throws {
    let shell = try Shell(panels: 1)
    let station = try shell.startStation()
    try shell.waitUntilOnline(1)
    let port = try shell.deskPort()
    _ = try shell.panels("press 1/1")
    try shell.waitUntilLamp(1, 1, shows: "slow")
    #expect(try shell.desk("acknowledge 1 desk").contains("done"))
    try shell.waitUntilLamp(1, 1, shows: "coming")
    let before = try shell.entries()
    let began = MonotonicClock.now()

    var random = SeededRandom(seed: 10)
    var answered = 0
    for (name, bytes) in Self.wellFormedButRefused() + Self.malformed(&random) {
      let connection = try Connection(port: port)
      connection.send(bytes)
      connection.finish()
      let answer = connection.receiveAll()
      // What never became a request may be closed without a word.
      #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 4"), "\(name): \(answer.prefix(200))")
      if !answer.isEmpty { answered += 1 }
    }
    #expect(answered > 100)
    let strangers = [Change.access(.unknownPost(wanted: .calls)), .access(.refused(staff: nil, reason: "foreign"))]
    let after = try shell.entries()
    #expect(after.filter { !strangers.contains($0.change) } == before, "a refused request left an entry")
    let minutes = Int((MonotonicClock.now() - began).microseconds / 60_000_000)
    for stranger in strangers {
      let lines = after.count { $0.change == stranger }
      #expect(lines >= 1 && lines <= minutes + 1, "\(lines) lines of \(stranger) in \(minutes) minutes")
    }

    let good = try Connection(port: port)
    good.send(Self.post("/api/incidents/1/on-scene", #"{"post":"desk"}"#))
    #expect(good.receiveAll().hasPrefix("HTTP/1.1 200"))
    #expect(try shell.entries().count { !strangers.contains($0.change) } == before.count + 1)
    _ = try shell.panels("press 1/2")
    try shell.waitUntilLamp(1, 2, shows: "slow")
    #expect(try shell.stop(station) == 0)
  }

  /// Clean HTTP and JSON that asks for what is not this post's to do, out of order, or not there.
  private static func wellFormedButRefused() -> [(String, [UInt8])] {
    let requests = [
      ("incidents/1/acknowledge", "desk", ""), ("incidents/1/acknowledge", "lead", ""), ("incidents/1/on-scene", "lead", ""),
      ("incidents/1/resolve", "desk", #","note":"好了""#), ("incidents/1/resolve", "lead", #","note":"好了""#),
      ("incidents/1/resolve", "desk", #","note":"""#), ("incidents/1/close", "desk", ""), ("incidents/1/accept", "lead", ""),
      ("incidents/1/refuse", "lead", #","reason":"忙""#), ("incidents/1/offer", "desk", #","to":"desk""#),
      ("incidents/1/offer", "desk", #","to":"nobody""#), ("incidents/1/offer", "lead", #","to":"desk""#),
      ("incidents/1/false-alarm", "lead", #","note":"""#), ("incidents/1/false-alarm", "nobody", #","note":"""#),
      ("incidents/2/acknowledge", "desk", ""), ("incidents/0/acknowledge", "desk", ""),
      ("incidents/4294967295/close", "desk", ""),
      ("call-points/A/9/1/drill", "desk", ""), ("call-points/B/1/1/test", "desk", ""),
      ("call-points/A/1/1/end-bypass", "desk", ""),
      ("call-points/A/1/1/bypass", "desk", #","reason":"","minutes":5"#),
      ("call-points/A/1/1/bypass", "desk", #","reason":"修","minutes":100000"#),
      ("call-points/A/1/1/bypass", "desk", #","reason":"修","minutes":-1"#), ("faults/A:busSilent/retest", "desk", ""),
      ("faults/journal:diskFull/silence", "desk", ""),
      ("incidents/1/resolve", "desk", #","note":"\#(String(repeating: "长", count: 501))""#),
    ]
    return requests.flatMap { path, post, more in
      // The same with a post that does not exist: refused for that.
      [post, "nobody"].map { ("\($0) \(path)", Array(Self.post("/api/\(path)", #"{"post":"\#($0)"\#(more)}"#).utf8)) }
    }
  }

  private static func malformed(_ random: inout SeededRandom) -> [(String, [UInt8])] {
    let good = post("/api/incidents/1/on-scene", #"{"post":"desk"}"#)
    var requests: [(String, [UInt8])] = [
      ("by GET", bytes("GET /api/incidents/1/on-scene HTTP/1.1\r\nHost: localhost\r\n\r\n")),
      ("foreign host", bytes(good.replacingOccurrences(of: "Host: localhost", with: "Host: evil.example"))),
      (
        "foreign origin",
        bytes(good.replacingOccurrences(of: "Host: localhost", with: "Host: localhost\r\nOrigin: http://evil.example"))
      ),
      ("no JSON", bytes(good.replacingOccurrences(of: "application/json", with: "text/plain"))),
      ("no length", bytes(good.replacingOccurrences(of: "Content-Length: 15\r\n", with: ""))),
      (
        "two lengths",
        bytes(good.replacingOccurrences(of: "Content-Length: 15\r\n", with: "Content-Length: 15\r\nContent-Length: 7\r\n"))
      ),
      (
        "too large",
        bytes(post("/api/incidents/1/resolve", #"{"post":"desk","note":""# + String(repeating: "x", count: 200_000) + #""}"#))
      ),
      ("long head", bytes("GET / HTTP/1.1\r\nHost: localhost\r\nX: \(String(repeating: "y", count: 100_000))\r\n\r\n")),
      ("long target", bytes("GET /\(String(repeating: "z", count: 20_000)) HTTP/1.1\r\nHost: localhost\r\n\r\n")),
      ("deep", bytes(post("/api/incidents/1/on-scene", String(repeating: "[", count: 10_000)))),
    ]
    let text = bytes(good)
    // Cut at every few places: an order that did not come whole is none.
    for length in stride(from: 1, to: text.count, by: 2) { requests.append(("cut at \(length)", Array(text.prefix(length)))) }
    for number in 0..<120 {
      var wild = [UInt8](repeating: 0, count: 1 + Int(random.below(400)))
      for index in wild.indices { wild[index] = UInt8(truncatingIfNeeded: random.next()) }
      requests.append(("random bytes \(number)", wild))
      // A body in which one byte is wrong in a way that no reading can forgive.
      var body = Array(#"{"post":"desk"}"#.utf8)
      body[Int(random.below(UInt32(body.count)))] = UInt8(random.below(32))
      requests.append(("broken body \(number)", bytes(post("/api/incidents/1/on-scene", String(decoding: body, as: UTF8.self)))))
    }
    return requests
  }

  private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  private static func post(_ path: String, _ body: String) -> String {
    "POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }
}
