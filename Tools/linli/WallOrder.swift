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

  /// - Throws: exit code 1 where it was refused, or not all outputs are verified in time; 2 where nothing is running.
  func request(_ verb: String, _ fields: [String: Any] = [:]) throws {
    guard wait > 0 else { return try post.request(verb, fields) }
    var silent = post.place
    silent.json = false
    let said = try silent.ask("\(verb) \(WallPost.body(fields, post.post))")
    guard said["answer"] as? String == "done" else {
      if post.place.json { print(Self.text(said)) }
      return try WallPost.conclude(said, post.place.json)
    }
    let start = Date()
    var picture = try WallPicture(quiet: post.place)
    while !picture.isWhole, Date().timeIntervalSince(start) < Double(wait) {
      Thread.sleep(forTimeInterval: Self.lookSeconds)
      picture = try WallPicture(quiet: post.place)
    }
    if post.place.json {
      let added: [String: Any] = [
        "verified": picture.isWhole, "waitedMilliseconds": Int(Date().timeIntervalSince(start) * 1000),
      ]
      print(Self.text(said.merging(picture.outcome) { $1 }.merging(added) { $1 }))
    } else {
      print(picture.table + picture.soundLine + picture.lightLines, terminator: "")
      print(
        picture.isWhole ? "已办,已核对 / done and verified" : "已办,\(wait) s 内没有全部核对 / done, not all of it verified within \(wait) s")
    }
    if !picture.isWhole { throw ExitCode(1) }
  }

  private static func text(_ object: [String: Any]) -> String {
    let data = try? JSONSerialization.data(withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes])
    return data.map { String(decoding: $0, as: UTF8.self) } ?? "{}"
  }
}
