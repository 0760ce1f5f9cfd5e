import Foundation
import TestSupport
import Testing

/// `linli wall …` beside others: it says "verified" only of what still stands, lets nobody end a visit who may not, and tells visitors nothing.
@Suite(.serialized) struct WallWishTests {
  private func run(_ wall: WallStation, _ words: [String], post: Bool = true) throws -> (code: Int32, text: String) {
    let all = ["wall", words[0], "\(wall.shell.folder)/site.yaml"] + words.dropFirst() + (post ? ["--post", "wall"] : [])
    let done = try wall.shell.run(all)
    return (done.code, done.text)
  }

  /// - Parameter meanwhile: what another does as soon as the wish is in the picture.
  private func run(
    _ wall: WallStation, _ words: String..., once isSo: @escaping @Sendable (String) -> Bool, meanwhile verb: String,
    _ body: String
  ) throws -> (code: Int32, text: String) {
    let (port, group) = (wall.port, DispatchGroup())
    group.enter()
    Thread.detachNewThread {
      defer { group.leave() }
      for _ in 0..<500 {
        if let answer = try? WallStation.ask(port, "GET", "/api/wall", nil, nil), isSo(answer.body) { break }
        usleep(20_000)
      }
      _ = try? WallStation.ask(port, "POST", "/api/wall/\(verb)", body, nil)
    }
    let done = try run(wall, words)
    group.wait()
    return done
  }

  @Test func whatSomebodyElseHasReplacedIsNotVerified() throws {
    let wall = try WallStation(columns: 2, rows: 1)
    try wall.waitUntilProved("the first scene")
    // The wish cannot be verified before the other comes.
    try wall.shell.devices("lock hub/1")
    let scene = try run(
      wall, "scene", "full", "--wait", "30", once: { $0.contains(#""wished":"board""#) && !$0.contains(#""wished":"map""#) },
      meanwhile: "scene", #"{"post":"desk","scene":"day"}"#)
    #expect(scene.code == 1 && scene.text.contains("别人或时间表换成了"), "\(scene.text)")
    #expect(!scene.text.contains("done and verified"), "\(scene.text)")
    try wall.waitUntilProved("the other's scene")
    let pin = try run(
      wall, "put", "board", "--at", "1,1", "--wait", "30", once: { $0.contains(#""layer":"pin""#) }, meanwhile: "unpin",
      #"{"post":"desk","pin":1}"#)
    #expect(pin.code == 1 && pin.text.contains("画面已被收回或换掉"), "\(pin.text)")
    let json = try run(
      wall, "scene", "full", "--wait", "30", "--json",
      once: { $0.contains(#""wished":"board""#) && !$0.contains(#""wished":"map""#) },
      meanwhile: "scene", #"{"post":"desk","scene":"day"}"#)
    let object = try #require(try JSONSerialization.jsonObject(with: Data(json.text.utf8)) as? [String: Any])
    #expect(json.code == 1 && object["verified"] as? Bool == false && object["stands"] as? Bool == false)
    #expect((object["instead"] as? [String: Any])?["code"] as? String == "otherScene", "\(json.text)")
  }

  @Test func whatACallCoversIsNotVerifiedAndWhatIsSoIsSaid() throws {
    let wall = try WallStation(columns: 2, rows: 1)
    try wall.waitUntilProved("the first scene")
    #expect(try run(wall, ["scene", "full"]).code == 0)
    let again = try run(wall, ["scene", "full"])
    #expect(again.code == 0 && again.text.contains("已经是这样,已核对 / so already, and verified"), "\(again.text)")
    let so = try run(wall, ["arm", "on", "--wait", "0"])
    #expect(so.code == 0 && so.text == "已经是这样 / so already\n", "\(so.text)")
    let count = try wall.changes().count
    _ = try wall.shell.panels("press 1/1")
    try wall.waitUntilProved("the call has all of it") { $0.outputs.allSatisfy { $0.layer == "call" } }
    let covered = try run(wall, ["scene", "full"])
    #expect(covered.code == 1 && covered.text.contains("被求助占用 / "), "\(covered.text)")
    #expect(try wall.changes().count == count + 1, "the call's own line, and none of what was so already")
    let half = try run(wall, ["scene", "day"])
    #expect(half.code == 0 && half.text.contains("已办,已核对") && half.text.contains("输出 1 被求助占用"), "\(half.text)")
  }

  @Test func aViewIsRenewedAndALayoutTakenBack() throws {
    let wall = try WallStation(columns: 2, rows: 1)
    try wall.waitUntilProved("the first scene")
    #expect(try run(wall, ["put", "cam", "--at", "1,1", "--reason", "积水"]).code == 0)
    let renewed = try run(wall, ["renew", "1"])
    #expect(renewed.code == 0 && renewed.text.contains("done and verified"), "\(renewed.text)")
    #expect(try wall.changes().last == .renewed(1, post: "wall"))
    let gone = try run(wall, ["renew", "7"])
    #expect(gone.code == 1 && gone.text.contains("有: 1"), "\(gone.text)")
    #expect(try run(wall, ["take-off", "1"]).code == 0)
    let file = "\(wall.shell.folder)/new.layout"
    try Data("layout new 新\n1,1 2x1 全: board\n".utf8).write(to: URL(fileURLWithPath: file))
    let applied = try run(wall, ["apply", file])
    #expect(applied.code == 0, "\(applied.text)")
    let undone = try run(wall, ["undo-layout", "new"])
    #expect(undone.code == 0 && undone.text.contains("done and verified"), "\(undone.text)")
    #expect(try run(wall, ["undo-layout", "new"]).code == 1)
  }

  /// By every way the same is asked as at the page, and visitors before a terminal read nothing that is not for them.
  @Test func aVisitIsEndedOnlyByWhoSaysItTwiceAndReadsNoNames() throws {
    let wall = try WallStation(columns: 2, rows: 1)
    try wall.waitUntilProved("the first scene")
    #expect(try run(wall, ["put", "hallcam", "--at", "1,1", "--reason", "走廊积水"]).code == 0)
    let secrets = ["走廊积水", "(hallcam)", "hallcam  "]
    let before = try run(wall, ["status"], post: false)
    #expect(secrets.allSatisfy { before.text.contains($0) }, "\(before.text)")
    let on = try run(wall, ["visitors", "on"])
    #expect(on.code == 0 && !on.text.contains("hallcam"), "\(on.text)")
    for words in [["show"], ["status"], ["sources"], ["status", "--json"]] {
      let said = try run(wall, words, post: false)
      #expect(secrets.allSatisfy { !said.text.contains($0) }, "\(words): \(said.text)")
    }
    #expect(try run(wall, ["status"], post: false).text.contains("敏感画面 / not for visitors"))
    let all = try run(wall, ["status", "--all"], post: false)
    #expect(secrets.allSatisfy { all.text.contains($0) }, "\(all.text)")
    let hidden = try run(wall, ["renew", "1"])
    #expect(hidden.code == 1 && hidden.text.contains("参观模式下不能打开这个画面"), "\(hidden.text)")

    #expect(try wall.shell.desk(#"wall visitors {"post":"wall","on":"no"}"#).contains("notConfirmed"))
    let off = try run(wall, ["visitors", "off", "--json"])
    let object = try #require(try JSONSerialization.jsonObject(with: Data(off.text.utf8)) as? [String: Any], "\(off.text)")
    #expect(off.code == 1 && object["code"] as? String == "notConfirmed")
    #expect(try wall.shell.entries().contains { $0.change == .access(.refused(staff: nil, reason: "unconfirmed")) })
    let gone = try run(wall, ["visitors", "off", "--confirmed"])
    #expect(gone.code == 0 && gone.text.contains("done and verified"), "\(gone.text)")
  }

  @Test func whereThereAreAccountsAVisitIsEndedByAnOperatorsPIN() throws {
    let wall = try WallStation(columns: 2, rows: 1, accounts: [("o01", "operator", "wall")])
    #expect(try run(wall, ["visitors", "on", "--wait", "0"]).code == 0)
    #expect(try wall.shell.desk(#"wall visitors {"post":"wall","on":"no","confirmed":"yes"}"#).contains("loginNeeded"))
    func off(_ pin: String) throws -> (code: Int32, text: String) {
      let command =
        "echo \(pin) | \(Shell.linli) wall visitors \(wall.shell.folder)/site.yaml off --as o01 --post wall --wait 0 --json"
      return try wall.shell.run(["-c", command], program: "/bin/sh")
    }
    let wrong = try off("000000")
    #expect(wrong.code == 1 && wrong.text.contains("loginWrong"), "\(wrong.text)")
    let right = try off(WallStation.pin)
    #expect(right.code == 0 && right.text.contains(#""answer":"done""#), "\(right.text)")
  }
}
