import DeviceKit
import Foundation
import Station
import Synchronization
import TestSupport
import Testing

/// What operators ask of the real program's wall: fast, two at once, without a right, and across its death.
@Suite(.serialized) struct WallOperatorsTests {
  private static let isLong = ProcessInfo.processInfo.environment["LINLI_LONG"] != nil

  /// Twenty scenes a second, one after another from one page: the last wish is what stands, every one of them is in the journal, and the
  /// devices are not sent more and more.
  @Test func twentyScenesASecondLeaveTheLastAndNothingInBetween() throws {
    let wall = try WallStation(columns: 3, rows: 3)
    try wall.waitUntilProved("the first scene")
    let seconds = Self.isLong ? 60 : 3
    let before = try wall.changes().count
    var accepted = 0
    var sent: [Int] = [try wall.bytesSent()]
    for _ in 0..<seconds {
      for turn in 0..<20 {
        let next = Date(timeIntervalSinceNow: 0.05)
        let answer = try wall.post("wall/scene", ["post": "wall", "scene": turn.isMultiple(of: 2) ? "full" : "day"])
        if answer.word == "done" {
          accepted += 1
        } else {
          #expect(answer.status >= 400 && answer.body.contains("chinese"), "\(answer)")
        }
        usleep(UInt32(max(0, next.timeIntervalSinceNow) * 1_000_000))
      }
      sent.append(try wall.bytesSent())
    }
    #expect(try wall.post("wall/scene", ["post": "wall", "scene": "full"]).word == "done")
    try wall.waitUntilProved("the last scene") { $0.scenes.first { $0.id == "full" }?.lit == "full" }
    #expect(try wall.routes() == Array(repeating: 3, count: 9))
    let changes = try wall.changes()
    #expect(changes.count == before + accepted + 1 && changes.last == .sceneChosen("full", post: "wall"))
    // So much a second as one question at a time allows, from the first second to the last.
    let each = zip(sent, sent.dropFirst()).map { $1 - $0 }
    let largest = try #require(each.max())
    #expect(largest < each[0] * 4 + 20_000, "bytes sent for each twenty scenes: \(each)")
    let after = try wall.bytesSent()
    for _ in 0..<10 {
      usleep(200_000)
      #expect(try wall.routes() == Array(repeating: 3, count: 9), "nothing in between comes later")
    }
    #expect(try wall.bytesSent() - after < max(largest, 20_000), "what was asked in between is not sent later")
    #expect(try wall.picture().outputs.allSatisfy { $0.isProved })
  }

  /// Each of two operators is answered truly, and what stands in the end is what was accepted last.
  @Test func twoOperatorsAtOnceAreAnsweredTruly() throws {
    let wall = try WallStation(
      columns: 3, rows: 3, accounts: [("o01", "operator", "desk"), ("o02", "operator", "wall"), ("i01", "inspector", "desk")])
    let (first, second, inspector) = (try wall.logIn("o01"), try wall.logIn("o02"), try wall.logIn("i01"))
    try wall.waitUntilProved("the first scene", cookie: inspector)
    let rounds = Self.isLong ? 200 : 25
    let results = Mutex<[String: (done: Int, refused: Int, tooFast: Int, strange: [String])]>([:])
    let group = DispatchGroup()
    for (post, cookie) in [("desk", first), ("wall", second)] {
      let port = wall.port
      group.enter()
      Thread.detachNewThread {
        defer { group.leave() }
        var random = SeededRandom(seed: post == "desk" ? 1 : 2)
        var found = (done: 0, refused: 0, tooFast: 0, strange: [String]())
        for _ in 0..<rounds {
          let (verb, fields) = Self.anything(&random)
          do {
            let answer = try WallStation.ask(port, "POST", "/api/wall/\(verb)", #"{"post":"\#(post)"\#(fields)}"#, cookie)
            switch (answer.status, answer.word) {
            case (200, "done"): found.done += 1
            // More than a wall is switched by hand: what was not carried out says so, too.
            case (429, _) where answer.body.contains("tooManyWishes"): found.tooFast += 1
            case (400..<500, _) where answer.body.contains("chinese"): found.refused += 1
            default: found.strange.append("\(verb)\(fields): \(answer)")
            }
          } catch { found.strange.append("\(error)") }
        }
        results.withLock { $0[post] = found }
      }
    }
    group.wait()
    let changes = try wall.changes()
    for post in ["desk", "wall"] {
      let found = try #require(results.withLock { $0[post] })
      #expect(found.strange.isEmpty, "\(found.strange.prefix(3))")
      let taken = rounds - found.tooFast
      #expect(taken > 20 && found.done > taken / 3 && found.done + found.refused == taken, "\(found)")
      #expect(
        changes.count { $0.post == post } == found.done, "\(post): what was said to be done is written down, and nothing else")
    }
    // What stands is the fold of what was accepted, in the order of the journal.
    var wished = StationState()
    for entry in try wall.shell.entries() { wished.apply(entry) }
    let picture = try wall.waitUntilProved("the end", cookie: inspector)
    #expect(picture.pins.map(\.id) == wished.wall.pins.map { Int($0.pin.id) })
    #expect(picture.scenes.first { $0.lit != "off" }?.id == wished.wall.scene ?? "day")
    // Nobody acts in another's name, or without the right to: refused, and written down.
    #expect(try wall.post("wall/scene", ["post": "wall", "scene": "full"], cookie: first).status == 403)
    #expect(try wall.post("wall/scene", ["post": "desk", "scene": "full"], cookie: inspector).status == 403)
    #expect(try wall.changes().count == changes.count)
    try wall.shell.waitUntil("both denials are written down") {
      let denied = try wall.shell.entries().compactMap { entry in
        if case .access(.denied(let staff, _)) = entry.change { staff } else { nil }
      }
      return denied == ["o01", "i01"]
    }
  }

  /// A scene, a pin, its end, the clock's turn: as an operator may ask.
  private static func anything(_ random: inout SeededRandom) -> (verb: String, fields: String) {
    let at = "\(random.below(3) + 1),\(random.below(3) + 1)"
    switch random.below(8) {
    case 0...2: return ("scene", #","scene":"\#(["day", "full", ""][Int(random.below(3))])""#)
    case 3, 4: return ("pin", #","source":"\#(["map", "board"][Int(random.below(2))])","at":"\#(at)""#)
    case 5: return ("pin", #","source":"cam","at":"\#(at)","reason":"积水""#)
    case 6: return ("unpin", #","pin":\#(random.below(30))"#)
    default: return ("pin", #","source":"cam","at":"\#(at)""#)
    }
  }

  /// Killed while two calls stand on the wall: they stand there again, with their first times, once it is read back.
  @Test func callsStandOnTheWallAfterAKill() throws {
    let wall = try WallStation(columns: 3, rows: 3)
    try wall.waitUntilProved("the base")
    for button in ["1/1", "1/2"] { _ = try wall.shell.panels("press \(button)") }
    let before = try wall.waitUntilProved("both calls") {
      Set($0.outputs.compactMap(\.shown)).isSuperset(of: ["cam", "hallcam"])
    }
    #expect(try wall.shell.desk("acknowledge 1 desk").contains("done"))
    try wall.shell.waitUntil("it is acknowledged on the console") { try wall.picture().calls.first?.phase == "acknowledged" }
    let calls = try wall.picture().calls
    let written = try wall.changes()
    try wall.killAndRestart()
    try wall.shell.waitUntil("the calls, with their first times, and who has acknowledged what") {
      (try? wall.picture().calls) == calls
    }
    let first = try wall.picture()
    for output in first.outputs where output.isProved {
      #expect(output.ageMilliseconds.map { $0 < 5_000 } == true, "read in this run")
    }
    let after = try wall.waitUntilProved("both calls again")
    #expect(
      after.outputs.map(\.shown) == before.outputs.map(\.shown) && after.outputs.map(\.layer) == before.outputs.map(\.layer))
    #expect(after.calls == calls)
    #expect(try wall.changes() == written, "who sees what since when was written down before, and still holds")
    for id in [1, 2] { #expect(try wall.shell.desk("false-alarm \(id) desk 误按").contains("done")) }
    try wall.waitUntilProved("the base is back") { $0.outputs.allSatisfy { $0.layer == "base" } }
  }
}

extension WallStation {
  /// What the simulated devices have been sent since they are there, in bytes.
  func bytesSent() throws -> Int {
    try shell.devices("count").split(separator: "\n").reduce(0) { sum, line in
      sum + (line.split(separator: " ").last.flatMap { Int($0) } ?? 0)
    }
  }
}

extension WallChange {
  /// In whose name it was asked for.
  fileprivate var post: String? {
    switch self {
    case .sceneChosen(_, let post), .unpinned(_, let post?): post
    case .pinned(let pin): pin.post
    default: nil
    }
  }
}
