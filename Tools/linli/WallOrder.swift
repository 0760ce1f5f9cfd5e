import ArgumentParser
import Foundation
import StationRuntime

/// In whose name, and for how long the tool stays until the wall is read back as it was wished. The station itself never waits.
struct WallOrder: ParsableArguments {
  @OptionGroup var post: WallPost
  @Option(help: "等多少秒,直到回读与要求一致;0 = 不等 / seconds to wait until it is read back; 0: does not wait") var wait = 10

  static let longest = 600
  /// Between two looks at the station's picture.
  private static let lookSeconds = 0.2

  func validate() throws {
    guard (0...Self.longest).contains(wait) else {
      throw ValidationError("--wait 应为 0 至 \(Self.longest) / must be 0 to \(Self.longest)")
    }
  }

  /// - Parameter asked: what has to stand for it to be done.
  /// - Throws: exit code 1 where it was refused, does not stand, or is not verified in time; 2 where nothing is running.
  func request(_ verb: String, _ fields: [String: Any] = [:], asked: WallAsked?) throws {
    guard wait > 0 else { return try post.request(verb, fields) }
    var silent = post.place
    silent.json = false
    let said = try silent.ask("\(verb) \(WallPost.body(fields, post.post))")
    let isSoAlready = WallPost.isSoAlready(said)
    guard said["answer"] as? String == "done" || isSoAlready else {
      if post.place.json { print(Self.text(said)) }
      return try WallPost.conclude(said, post.place.json)
    }
    let start = Date()
    var picture = try WallPicture(quiet: post.place)
    let wished = picture.settled(asked)
    func obstacle() -> WallObstacle? { picture.obstacle(to: wished) ?? (picture.isWhole ? nil : .notYet) }
    while obstacle() == .notYet, Date().timeIntervalSince(start) < Double(wait) {
      Thread.sleep(forTimeInterval: Self.lookSeconds)
      picture = try WallPicture(quiet: post.place)
    }
    let found = obstacle()
    if post.place.json {
      var added: [String: Any] = [
        "verified": found == nil, "stands": picture.obstacle(to: wished) == nil,
        "waitedMilliseconds": Int(Date().timeIntervalSince(start) * 1000),
      ]
      if let found {
        added["instead"] = ["code": found.code, "chinese": found.text.chinese, "english": found.text.english]
      }
      print(Self.text(said.merging(picture.outcome) { $1 }.merging(added) { $1 }))
    } else {
      if found != .duringMeeting { print(picture.table + picture.soundLine + picture.lightLines, terminator: "") }
      print(words(found, isSoAlready: isSoAlready))
      if found == nil { print(picture.reservations(wished), terminator: "") }
    }
    if found != nil { throw ExitCode(1) }
  }

  private func words(_ found: WallObstacle?, isSoAlready: Bool) -> String {
    let (chinese, english) = isSoAlready ? ("已经是这样", "so already") : ("已办", "done")
    switch found {
    case nil: return isSoAlready ? "已经是这样,已核对 / so already, and verified" : "已办,已核对 / done and verified"
    case .notYet?: return "\(chinese),\(wait) s 内没有全部核对 / \(english), not all of it verified within \(wait) s"
    // What lies under a meeting is not read back before its end.
    case .duringMeeting?: return "已记下:正在开会,会议结束后换上 / noted: a meeting is on, and it comes when that is over"
    case let found? where isSoAlready:
      return "本来就选了它,但现在看不到:\(found.text.chinese) / so already, but not to be seen: \(found.text.english)"
    case let found?: return "已办,但现在不是这样:\(found.text.chinese) / done, but it does not stand: \(found.text.english)"
    }
  }

  private static func text(_ object: [String: Any]) -> String {
    let data = try? JSONSerialization.data(withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes])
    return data.map { String(decoding: $0, as: UTF8.self) } ?? "{}"
  }
}
