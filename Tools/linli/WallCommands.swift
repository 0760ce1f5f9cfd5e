import ArgumentParser
import Foundation
import Station
import StationRuntime

/// `linli wall …`: the same requests as the operator's console, for scripts and technicians.
struct Wall: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "wall", abstract: "看大屏、切大屏 / shows and switches the display wall of a running station",
    discussion: """
      看到的只按回读:线路已核对 = 设备回读与要求一致;画面已核对 = 还看到了活动的画面。
      What is shown was read back: "route verified" = the devices say so; "picture verified" = frames were seen to move.
      scene、put、renew、take-off、apply、undo-layout、visitors、arm 办了之后等到每个输出都核对过,最多 --wait 秒(默认 10,0 = 不等),再逐个说明。
      其间被别人换掉、被求助占用、被参观模式遮挡的,不算办成,说明现在是什么。
      scene, put, renew, take-off, apply, undo-layout, visitors, arm wait until every output is verified, for --wait seconds at most (10; 0: not
      at all), and say of each output whether it is, and why not. A cold panel takes longer than that to warm up. What somebody else has
      replaced meanwhile, a call for help has taken, or is hidden from visitors is not verified: it is said what is there instead.
      参观时不说敏感画面的名称、地点和查看原因,--all 除外。
      While visitors are here no name, place or reason of what is not for them is told, unless --all asks for it.
      退出码 / exit code: 0 办了并已核对 done and verified, 1 不行或没有全部核对 refused, or not all verified, 2 站点没有运行 nothing is running
      """,
    subcommands: [
      WallShow.self, WallStatus.self, WallScene.self, WallPut.self, WallRenew.self, WallTakeOff.self, WallApply.self,
      WallUndoLayout.self, WallExport.self,
      WallIdentify.self, WallRehearse.self, WallVisitors.self, WallArm.self, WallSources.self, WallPreset.self,
      WallPlay.self,
    ])
}

/// Where, in whose name, and in which form.
struct WallPlace: ParsableArguments {
  @OptionGroup var file: SiteArgument
  @Flag(help: "输出 JSON / prints JSON") var json = false

  /// What the station says, as it says it.
  func line(_ line: String) throws -> String {
    do {
      return try Socket.ask(file.site, "wall \(line)")
    } catch {
      FileHandle.standardError.write(Data("\(error)\n".utf8))
      throw ExitCode(2)
    }
  }

  /// What the station says, as JSON.
  func ask(_ line: String) throws -> [String: Any] {
    let answer = try self.line(line)
    guard let object = try? JSONSerialization.jsonObject(with: Data(answer.utf8)) as? [String: Any] else {
      print(answer, terminator: "")
      throw ExitCode(1)
    }
    if json { print(answer.trimmingCharacters(in: .whitespacesAndNewlines)) }
    return object
  }

  func view(_ telling: WallTelling) throws -> WallPicture { WallPicture(try ask(telling.show)) }
}

/// A terminal may stand in the visitors' sight, as a page does.
struct WallTelling: ParsableArguments {
  @Flag(help: "参观时也说敏感画面的名称、地点和查看原因 / while visitors are here: also names, places and reasons that are not for them")
  var all = false

  var show: String { all ? "show all" : "show" }
}

struct WallPost: ParsableArguments {
  @OptionGroup var place: WallPlace
  @Option(help: "以哪个岗位的名义 / in which post's name") var post: String

  func request(_ verb: String, _ fields: [String: Any] = [:]) throws {
    let said = try place.ask("\(verb) \(Self.body(fields, post))")
    try Self.conclude(said, place.json)
  }

  static func body(_ fields: [String: Any], _ post: String) -> String {
    let all = fields.merging(["post": post]) { first, _ in first }
    let data = try? JSONSerialization.data(withJSONObject: all, options: [.sortedKeys])
    return data.map { String(decoding: $0, as: UTF8.self) } ?? "{}"
  }

  /// Says what was answered, and fails when it was no.
  static func conclude(_ said: [String: Any], _ isJSON: Bool) throws {
    let isSoAlready = isSoAlready(said)
    let isDone = isSoAlready || ["done", "underWay", "rehearsed"].contains(said["answer"] as? String ?? "")
    if !isJSON {
      let words = [said["chinese"], said["english"]].compactMap { $0 as? String }.joined(separator: " / ")
      let accepted = [said["where"], said["accepted"]].compactMap { $0 as? String }.joined(separator: ": ")
      if isDone {
        print(isSoAlready ? "已经是这样 / so already" : "已办 / done")
      } else {
        print("\(DeskControl.failure)\(words)\(accepted.isEmpty ? "" : "  [\(accepted)]")")
      }
    }
    if !isDone { throw ExitCode(1) }
  }

  /// Whoever asks for what is so has what he wants.
  static func isSoAlready(_ said: [String: Any]) -> Bool { said["code"] as? String == "alreadyDone" }
}

struct WallShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "每个输出现在显示什么、核对到哪一步 / what each output shows, and how far that is proved")
  @OptionGroup var place: WallPlace
  @OptionGroup var telling: WallTelling

  func run() throws {
    let view = try place.view(telling)
    if !place.json { print(view.table, terminator: "") }
    if !view.isProved { throw ExitCode(1) }
  }
}

struct WallStatus: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "设备、信号源、预案和模式 / devices, sources, scenes and modes")
  @OptionGroup var place: WallPlace
  @OptionGroup var telling: WallTelling

  func run() throws {
    let view = try place.view(telling)
    if !place.json { print(view.status, terminator: "") }
    if !view.devicesWork { throw ExitCode(1) }
  }
}

struct WallScene: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scene", abstract: "换预案;auto 按时间表,end-meeting 结束会议 / puts a scene up; auto: by the clock; end-meeting")
  @OptionGroup var order: WallOrder
  @Argument(help: "预案代号 / id of the scene") var scene: String
  @Option(help: "原因,布局是画出来的且有摄像机时必填,不写人名 / reason, needed where a camera was drawn into its layout; no person's name")
  var reason = ""

  func run() throws {
    if scene == "end-meeting" { return try order.request("end-meeting", asked: .endMeeting) }
    if try WallPicture(quiet: order.post.place).isMeeting(scene) {
      return try order.request("meeting", ["scene": scene, "reason": reason], asked: .meeting(scene))
    }
    let id = scene == "auto" ? nil : scene
    try order.request("scene", ["scene": id ?? "", "reason": reason], asked: .scene(id))
  }
}

struct WallPut: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "put", abstract: "把信号源放到屏上 / puts a source on outputs, over everything else")
  @OptionGroup var order: WallOrder
  @Argument(help: "信号源代号 / id of the source") var source: String
  @Option(help: "左上格,列,行 / upper left cell: column,row") var at: String
  @Option(help: "宽x高 / WIDTHxHEIGHT") var size = "1x1"
  @Option(help: "原因,看摄像机必填,不写人名 / reason, needed for a camera; no person's name") var reason = ""

  func validate() throws {
    guard Self.isPair(at, ",") else {
      throw ValidationError("--at 应写成 列,行,用半角逗号,如 3,2 / --at must be COLUMN,ROW with a plain comma, such as 3,2")
    }
    guard Self.isPair(size, "x") else {
      throw ValidationError("--size 应写成 宽x高,用小写字母 x,如 2x1 / --size must be WIDTHxHEIGHT with a small x, such as 2x1")
    }
  }

  private static func isPair(_ text: String, _ separator: Character) -> Bool {
    let parts = text.split(separator: separator, omittingEmptySubsequences: false)
    return parts.count == 2
      && parts.allSatisfy { part in part.utf8.allSatisfy { (0x30...0x39).contains($0) } && (Int(part) ?? 0) > 0 }
  }

  func run() throws {
    try order.request(
      "pin", ["source": source, "at": at, "size": size, "reason": reason],
      asked: WallCells(at: at, size: size).map { .pin(source: source, $0) })
  }
}

struct WallRenew: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "renew", abstract: "手动放上的画面重新计时 / begins the time anew of what was put up by hand")
  @OptionGroup var order: WallOrder
  @Argument(help: "编号,见 status / its number, see status") var pin: Int

  func run() throws { try order.request("renew", ["pin": pin], asked: .renewed(pin)) }
}

struct WallTakeOff: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "take-off", abstract: "收回手动放上的画面 / takes off what was put up by hand")
  @OptionGroup var order: WallOrder
  @Argument(help: "编号,见 status / its number, see status") var pin: Int

  func run() throws { try order.request("unpin", ["pin": pin], asked: .takenOff(pin)) }
}

struct WallApply: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply", abstract: "存入一个布局的文字(见 export)/ saves a layout from its text, as export writes it",
    discussion: "不管别人刚改成了什么,都换成这份文字 / whatever somebody else has made of it meanwhile is replaced")
  @OptionGroup var order: WallOrder
  @Argument(help: "文件,- 为标准输入 / file, - for standard input") var layout: String
  @Option(help: "原因,新增摄像机时必填,不写人名 / reason, needed where it brings in a camera; no person's name") var reason = ""

  func run() throws {
    let data = layout == "-" ? FileHandle.standardInput.readDataToEndOfFile() : FileManager.default.contents(atPath: layout)
    guard let data else { throw Failure("读不到 \(layout) / cannot read it") }
    let text = String(decoding: data, as: UTF8.self)
    try order.request("layout", ["text": text, "reason": reason], asked: (try? WallLayoutText.read(text)).map { .layout($0) })
  }
}

struct WallUndoLayout: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "undo-layout", abstract: "撤销一个布局的上一次修改 / takes back the last change of a layout")
  @OptionGroup var order: WallOrder
  @Argument(help: "布局代号 / id of the layout") var layout: String
  @Option(help: "原因,会恢复摄像机时必填,不写人名 / reason, needed where it brings back a camera; no person's name") var reason = ""

  func run() throws { try order.request("undo-layout", ["layout": layout, "reason": reason], asked: .undone(layout)) }
}

struct WallExport: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "export", abstract: "一个布局的文字 / a layout as text")
  @OptionGroup var file: SiteArgument
  @Argument(help: "布局代号 / id of the layout") var layout: String

  func run() throws {
    let text: String
    do {
      text = try Socket.ask(file.site, "wall export \(layout)")
    } catch {
      FileHandle.standardError.write(Data("\(error)\n".utf8))
      throw ExitCode(2)
    }
    print(text, terminator: "")
    if text.hasPrefix(DeskControl.failure) { throw ExitCode(1) }
  }
}

struct WallRehearse: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rehearse", abstract: "预演一个预案,不切换 / what a scene would show and switch; nothing is switched")
  @OptionGroup var post: WallPost
  @OptionGroup var telling: WallTelling
  @Argument(help: "预案代号 / id of the scene") var scene: String

  func run() throws {
    let picture = try WallPicture(quiet: post.place, telling)
    let verb = picture.isMeeting(scene) ? "meeting" : "scene"
    let said = try post.place.ask("rehearse \(verb) \(WallPost.body(["scene": scene], post.post))")
    guard said["answer"] as? String == "rehearsed" else { return try WallPost.conclude(said, post.place.json) }
    if !post.place.json { print(picture.rehearsal(said), terminator: "") }
  }
}

struct WallVisitors: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "visitors", abstract: "参观模式 on|off / visitors come, or have gone",
    discussion: """
      结束参观和网页上一样:有员工账号的站点写 --as 员工编号,再输入密码;没有账号的站点写 --confirmed,表示人已经离开。
      off asks for the same as the page: where there are accounts --as and that operator's PIN, which is asked for; where there are none \
      --confirmed says that they have left. Whoever is refused stands in the journal.
      """)
  @OptionGroup var order: WallOrder
  @Argument(help: "on | off") var on: String
  @Option(name: .customLong("as"), help: "off:员工编号,密码另问 / off: the operator's id; his PIN is asked for") var id: String?
  @Flag(help: "off,没有账号时:人已经离开 / off, where there are no accounts: they have left") var confirmed = false

  func validate() throws {
    guard ["on", "off"].contains(on) else { throw ValidationError("写 on 或 off / say on or off") }
    guard on == "off" || id == nil && !confirmed else {
      throw ValidationError("--as 和 --confirmed 只用于 off / --as and --confirmed are for off only")
    }
  }

  func run() throws {
    var fields = ["on": on == "on" ? "yes" : "no"]
    if let id { (fields["id"], fields["code"]) = (id, try PINPrompt.read("\(id) 的密码 / PIN of \(id): ")) }
    if confirmed { fields["confirmed"] = "yes" }
    do {
      try order.request("visitors", fields, asked: .visitors(on == "on"))
    } catch let code as ExitCode {
      if on == "off", id == nil, !confirmed, !order.post.place.json {
        PINPrompt.tell("写 --as 员工编号,没有员工账号时写 --confirmed / add --as ID, or --confirmed where there are no accounts")
      }
      throw code
    }
  }
}

struct WallArm: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "arm", abstract: "自动切换 on|off / whether calls and the clock switch the wall")
  @OptionGroup var order: WallOrder
  @Argument(help: "on | off") var on: String

  func run() throws {
    guard ["on", "off"].contains(on) else { throw Failure("写 on 或 off / say on or off") }
    try order.request("arm", ["on": on == "on" ? "yes" : "no"], asked: .armed(on == "on"))
  }
}
