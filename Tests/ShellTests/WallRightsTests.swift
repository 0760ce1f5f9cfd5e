import DeviceKit
import Foundation
import Station
import TestSupport
import Testing

/// Requests of any shape to the wall of the real program, with and without a right: nobody sees a camera without a line of the journal, and
/// who wanted to without a right or a reason stands there, too.
@Suite struct WallRightsTests {
  private struct Tally {
    var denied = 0
    /// Cameras that were asked for without a reason, or while visitors were here.
    var refused: Set<String> = []
    var done = 0
  }

  @Test func noCameraIsSeenWithoutALineAndNoRefusalIsForgotten() throws {
    let requests = ProcessInfo.processInfo.environment["LINLI_LONG"] == nil ? 400 : 8_000
    let wall = try WallStation(
      columns: 3, rows: 3, accounts: [("o01", "operator", "wall"), ("c07", "clerk", "desk"), ("i01", "inspector", "desk")])
    let (oper, clerk, inspector) = (try wall.logIn("o01"), try wall.logIn("c07"), try wall.logIn("i01"))
    try wall.waitUntilProved("the base", cookie: oper)
    var random = SeededRandom(seed: 15)
    var tally = Tally()
    for number in 1...requests {
      let cookie = [nil, clerk, inspector, oper, oper, oper, oper][Int(random.below(7))]
      try send(wall, cookie, &random, &tally)
      if number.isMultiple(of: 50) { try check(wall) }
    }
    #expect(tally.done > requests / 20 && tally.denied > requests / 20, "\(tally)")
    #expect(tally.refused.isSuperset(of: ["cam reasonNeeded", "hallcam reasonNeeded", "cam visitorsPresent"]), "\(tally)")
    let nobody = try wall.get("/api/wall")
    #expect(nobody.status == 401 && !nobody.body.contains("cam"))

    // What was refused for want of a right or a reason is written down: every denial, and each camera that was wanted.
    try wall.shell.waitUntil("all denials are written down") {
      try wall.shell.entries().count { if case .access(.denied) = $0.change { true } else { false } } == tally.denied
    }
    let entries = try wall.shell.entries()
    #expect(entries.contains { $0.change == .access(.refused(staff: nil, reason: "nameless")) })
    let written = entries.compactMap { entry -> String? in
      if case .wall(.viewRefused(let source, "wall", let refusal)) = entry.change { "\(source) \(refusal)" } else { nil }
    }
    #expect(Set(written).isSuperset(of: tally.refused), "\(written)")

    // When nobody asks any more, what the matrix has is what the journal says.
    let last = try wall.post("wall/scene", ["post": "wall", "scene": "day"], cookie: oper)
    #expect(last.word == "done" || last.body.contains("alreadyDone"), "\(last)")
    try wall.waitUntilProved("the end", cookie: oper)
    try check(wall)
  }

  /// Cameras on the matrix: each has a line that says who, why, and for how long.
  private func check(_ wall: WallStation) throws {
    // First what is shown, then what is written: a line stands before what it allows.
    let shown = Set(try wall.routes().compactMap { [1: "cam", 4: "hallcam"][$0] })
    var allowed: Set<String> = []
    for change in try wall.changes() {
      switch change {
      case .pinned(let pin) where Self.cameras.contains(pin.source):
        #expect(pin.reason?.contains { !$0.isWhitespace } == true && pin.seconds == 300 && pin.post == "wall", "\(pin)")
        allowed.insert(pin.source)
      case .layoutSaved(let layout, let post, let reason):
        let cameras = Self.cameras.intersection(layout.regions.flatMap(\.sources))
        #expect(
          cameras.isSubset(of: allowed) || reason?.contains { !$0.isWhitespace } == true && post == "wall",
          "\(layout) \(reason ?? "")")
        allowed.formUnion(cameras)
      default: break
      }
    }
    #expect(shown.isSubset(of: allowed), "\(shown) on the wall, of which only \(allowed) is written down")
  }

  private static let cameras: Set = ["cam", "hallcam"]

  private func send(_ wall: WallStation, _ cookie: String?, _ random: inout SeededRandom, _ tally: inout Tally) throws {
    let (verb, needed) = Self.verbs[Int(random.below(UInt32(Self.verbs.count)))]
    let fields = Self.fields(needed, &random).map { "\"\($0.key)\":\($0.value)" }
    var body = "{" + fields.joined(separator: ",") + "}"
    if random.chance(1, in: 12) { body = Self.damaged(body, &random) }
    let method = random.chance(1, in: 20) ? Self.pick(["GET", "PUT", "DELETE"], &random) : "POST"
    let answer = try WallStation.ask(wall.port, method, "/api/wall/\(verb)", body, cookie)
    #expect((200..<500).contains(answer.status), "\(method) \(verb) \(body): \(answer)")
    if answer.status == 403 { tally.denied += 1 }
    if answer.word == "done" { tally.done += 1 }
    // A rehearsal shows nothing; of a layout it is not seen here which camera was new in it.
    guard verb == "pin", let source = Self.cameras.first(where: { body.contains("\"source\":\"\($0)\"") }) else { return }
    for refusal in ["reasonNeeded", "visitorsPresent"] where answer.body.contains("\"\(refusal)\"") {
      tally.refused.insert("\(source) \(refusal)")
    }
  }

  private static let pins = Array(repeating: ("pin", ["source", "at"]), count: 6)
  private static let verbs: [(String, [String])] =
    pins + [
      ("layout", ["text"]), ("layout", ["text"]), ("scene", ["scene"]), ("scene", ["scene"]), ("meeting", ["scene"]),
      ("end-meeting", []),
      ("renew", ["pin"]), ("unpin", ["pin"]), ("visitors", ["on", "code"]), ("arm", ["on"]), ("undo-layout", ["layout"]),
      ("identify", ["output", "seconds"]), ("rehearse/pin", ["source", "at"]), ("rehearse/layout", ["text"]),
      ("hand-over", ["id", "pin", "list"]),
      ("explode", []), ("pin/", ["source", "at"]), ("../wall/pin", ["source", "at"]), ("%70in", ["source", "at"]),
    ]

  /// What the request takes, some of what others take, with good and with bad values.
  private static func fields(_ needed: [String], _ random: inout SeededRandom) -> [(key: String, value: String)] {
    let pools: [(String, [String])] = [
      ("post", Array(repeating: #""wall""#, count: 9) + [#""desk""#, #""nobody""#, "7"]),
      ("source", [#""cam""#, #""cam""#, #""hallcam""#, #""map""#, #""board""#, #""moon""#, "null"]),
      ("at", [#""1,1""#, #""2,2""#, #""3,3""#, #""1,2""#, #""3,1""#, #""2,3""#, #""9,9""#, #""0,1""#, "[1,1]"]),
      ("size", [#""1x1""#, #""2x1""#, #""3x3""#, #""-1x1""#, #""""#]),
      ("reason", [#""""#, #""  \t""#, #""积水""#, #""\u0000""#, "true", #""\#(String(repeating: "长", count: 501))""#]),
      ("scene", [#""day""#, #""full""#, #""""#, #""moon""#]), ("on", [#""yes""#, #""no""#, #""no""#, #""maybe""#]),
      ("pin", ["1", "2", "3", "-1", "4294967296", "1e9"]), ("output", ["1", "9", "64", "-3"]),
      ("seconds", ["0", "10", "999999999999"]),
      ("list", [#""0000000000000000""#, "1"]), ("form", [#""none""#, #""0000000000000000""#]),
      ("layout", [#""big""#, #""all""#, #""moon""#]), ("id", [#""o01""#, #""c07""#]),
      ("code", [#""739164""#, #""739164""#, #""000000""#]),
      (
        "text",
        [
          #""layout big 大图\n1,1 2x2 主画面: map\n3,1 1x1 右上: board""#, #""layout big 大图\n1,1 2x2 主画面: cam""#,
          #""layout all 满屏\n1,1 3x3 全: hallcam, map""#, #""layout x y\n1,1 2x2 a: cam\n2,2 2x2 b: cam""#, #""layout""#,
        ]
      ),
    ]
    let takesReason = needed.contains("source") || needed.contains("text")
    return pools.compactMap { key, values in
      let isOne = key == "post" || needed.contains(key) || key == "reason" && takesReason && random.chance(1, in: 2)
      // Now and then one is missing, or one is too many.
      let isWanted = isOne != random.chance(1, in: 60)
      return isWanted ? (key, pick(values, &random)) : nil
    }
  }

  private static func damaged(_ text: String, _ random: inout SeededRandom) -> String {
    var bytes = Array(text.utf8)
    for _ in 0...random.below(3) { bytes[Int(random.below(UInt32(bytes.count)))] = UInt8(0x20 + random.below(0x5F)) }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func pick(_ values: [String], _ random: inout SeededRandom) -> String {
    values[Int(random.below(UInt32(values.count)))]
  }
}
