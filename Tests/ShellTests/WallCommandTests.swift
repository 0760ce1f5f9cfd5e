import Foundation
import TestSupport
import Testing

/// `linli wall …` as a script uses it: what it says, and with which exit code, is what the wall was read to show.
@Suite(.serialized) struct WallCommandTests {
  private func run(_ wall: WallStation, _ words: String...) throws -> (code: Int32, text: String) {
    let all = ["wall", words[0], "\(wall.shell.folder)/site.yaml"] + words.dropFirst() + ["--post", "wall"]
    let done = try wall.shell.run(all)
    return (done.code, done.text)
  }

  @Test func aSceneIsDoneWhenItIsReadBack() throws {
    let wall = try WallStation(columns: 2, rows: 1)
    try wall.waitUntilProved("the first scene")
    let done = try run(wall, "scene", "full")
    #expect(done.code == 0, "\(done.text)")
    #expect(try wall.routes() == [3, 3], "it is so when the tool says so")
    #expect(done.text.contains("线路已核对,画面未核对 / route verified, picture not verified"), "\(done.text)")
    #expect(done.text.contains("已办,已核对 / done and verified"))
    // Pins, their end and a layout are waited for as well.
    #expect(try run(wall, "put", "map", "--at", "1,1").code == 0)
    for (option, value, accepted) in [
      ("--at", "1，1", "such as 3,2"), ("--at", "1", "such as 3,2"), ("--at", "0,1", "such as 3,2"),
      ("--size", "2X1", "such as 2x1"),
      ("--size", "2×1", "such as 2x1"),
    ] {
      let refused = try run(wall, "put", "map", "--at", "1,1", option, value)
      #expect(refused.code != 0 && refused.text.contains(accepted) && !refused.text.contains("{"), "\(value): \(refused.text)")
    }
    #expect(try wall.routes() == [2, 3])
    #expect(try run(wall, "take-off", "1").code == 0)
    #expect(try wall.routes() == [3, 3])
  }

  @Test func whatIsNotVerifiedInTimeIsSaidWithItsReason() throws {
    let wall = try WallStation(columns: 2, rows: 1)
    try wall.waitUntilProved("the first scene")
    try wall.shell.devices("lock hub/1")
    let scene = try run(wall, "scene", "full", "--wait", "5")
    #expect(scene.code == 1, "\(scene.text)")
    #expect(scene.text.contains("1  [base]") && scene.text.contains("可能被锁定"), "\(scene.text)")
    #expect(scene.text.contains("2  [base]") && scene.text.contains("线路已核对"), "\(scene.text)")
    #expect(scene.text.contains("5 s 内没有全部核对 / done, not all of it verified within 5 s"))
    let answer = try run(wall, "scene", "day", "--wait", "0")
    #expect(answer.code == 0 && answer.text == "已办 / done\n", "nothing is waited for, and nothing claimed of it: \(answer.text)")
    let refused = try run(wall, "scene", "moon")
    #expect(refused.code == 1 && refused.text.contains("没有这个预案"), "\(refused.text)")
    #expect(try run(wall, "scene", "day", "--wait", "-1").code != 0)
  }

  /// What lies under a meeting is not on the wall: nothing is claimed of it, and nothing is lost.
  @Test func aSceneDuringAMeetingComesAfterIt() throws {
    let wall = try WallStation(columns: 2, rows: 1) { $0.hasMeeting = true }
    try wall.waitUntilProved("the first scene")
    #expect(try run(wall, "scene", "meet").code == 0)
    #expect(try wall.routes() == [3, 3])
    let later = try run(wall, "scene", "day")
    #expect(
      later.code == 1 && later.text == "已记下:正在开会,会议结束后换上 / noted: a meeting is on, and it comes when that is over\n",
      "\(later.text)")
    #expect(try wall.picture().scenes.first { $0.id == "day" }?.lit == "later" && wall.routes() == [3, 3])
    #expect(try run(wall, "scene", "end-meeting").code == 0)
    #expect(try wall.routes() == [2, 3])
    let unknown = try run(wall, "scene", "moon")
    #expect(unknown.code == 1 && unknown.text.contains("有: day, full"), "\(unknown.text)")
  }

  @Test func scriptsAreToldTheSame() throws {
    let wall = try WallStation(columns: 2, rows: 1)
    try wall.waitUntilProved("the first scene")
    func said(_ words: String...) throws -> (code: Int32, object: [String: Any]) {
      let all = ["wall", words[0], "\(wall.shell.folder)/site.yaml"] + words.dropFirst() + ["--post", "wall", "--json"]
      let done = try wall.shell.run(all)
      let object = try JSONSerialization.jsonObject(with: Data(done.text.utf8)) as? [String: Any]
      return (done.code, try #require(object, "\(done.text)"))
    }
    let done = try said("scene", "full")
    #expect(done.code == 0 && done.object["answer"] as? String == "done" && done.object["verified"] as? Bool == true)
    try wall.shell.devices("lock hub/1")
    let half = try said("scene", "day", "--wait", "5")
    #expect(half.code == 1 && half.object["answer"] as? String == "done" && half.object["verified"] as? Bool == false)
    let outputs = try #require(half.object["outputs"] as? [[String: Any]])
    #expect(outputs.map { $0["proof"] as? String } == ["notSwitched", "verified"])
    let refused = try said("scene", "moon")
    #expect(refused.code == 1 && refused.object["code"] as? String == "unknownScene")
  }
}
