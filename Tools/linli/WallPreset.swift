import ArgumentParser
import Foundation
import StationRuntime

struct WallPreset: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "preset", abstract: "列出摄像机的预置位,或转过去 / lists a camera's presets, or turns it to one",
    discussion: """
      只有写了 onvif 的信号源能转。转动要写岗位;看摄像机要写原因,都进日志。
      Only sources with onvif can be turned. Turning one wants a post, and for a camera a reason; both go into the journal.
      """)
  @OptionGroup var place: WallPlace
  @OptionGroup var telling: WallTelling
  @Argument(help: "信号源代号 / id of the source") var source: String
  @Argument(help: "预置位的名称,不写则列出 / name of the preset; without it they are listed") var name: String?
  @Option(help: "以哪个岗位的名义 / in which post's name") var post: String?
  @Option(help: "原因,看摄像机必填,不写人名 / reason, needed for a camera; no person's name") var reason = ""

  /// A conversation with a camera takes no longer, and it may be turning for somebody else.
  private static let waitSeconds = 45

  func validate() throws {
    guard name == nil || post != nil else { throw ValidationError("转动摄像机要写 --post / turning a camera wants --post") }
  }

  func run() throws {
    guard let name, let post else { return try list() }
    let before = try CameraList(place, telling)[source]?.turn?.number ?? 0
    var silent = place
    silent.json = false
    let body = WallPost.body(["source": source, "preset": name, "reason": reason], post)
    let said = try silent.ask("turn \(body)")
    guard said["answer"] as? String == "done" else {
      if place.json { print(PlayerLine.encode(said.compactMapValues { $0 as? String })) }
      return try WallPost.conclude(said, place.json)
    }
    let limit = Date(timeIntervalSinceNow: TimeInterval(Self.waitSeconds))
    while Date() < limit {
      if let turn = try CameraList(place, telling)[source]?.turn, turn.number > before {
        // The camera goes where it was asked last.
        if turn.preset != name { return try tellOvertaken(turn) }
        if !turn.underWay { return try tell(turn) }
      }
      Thread.sleep(forTimeInterval: 0.2)
    }
    throw Failure("已记下,摄像机还没有应答 / written down; the camera has not answered yet")
  }

  private func tell(_ turn: CameraList.Turn) throws {
    if place.json { print(PlayerLine.encode(turn)) }
    if let failure = turn.failure {
      if !place.json { print("\(DeskControl.failure)\(turn.preset): \(failure)") }
      throw ExitCode(1)
    }
    if !place.json { print("已转到 / turned to \(turn.preset)") }
  }

  private func tellOvertaken(_ turn: CameraList.Turn) throws {
    if place.json { print(PlayerLine.encode(turn)) }
    if !place.json {
      print(
        "\(DeskControl.failure)已记下,但别人接着让它转到 \(turn.preset) / written down, but somebody has turned it to \(turn.preset) since")
    }
    throw ExitCode(1)
  }

  private func list() throws {
    guard let camera = try CameraList(place, telling)[source] else {
      print(
        "\(DeskControl.failure)站点文件里没有写了 onvif 的信号源 \(source),或参观时不能说它(--all)/ the site file has no source of that name with onvif, or it is not for visitors (--all)"
      )
      throw ExitCode(1)
    }
    if place.json { return print(PlayerLine.encode(camera)) }
    for preset in camera.presets { print(preset) }
    if camera.presets.isEmpty { print(camera.failure ?? "没有预置位,或还没有问到 / it has no presets, or was not asked yet") }
    if let turn = camera.turn {
      let state = turn.underWay ? "正在转 / on its way" : turn.failure ?? "已转到 / turned"
      print("上次 / last: \(turn.preset): \(state)")
    }
  }
}
