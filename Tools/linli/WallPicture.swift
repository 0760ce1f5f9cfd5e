import DeviceVocabulary
import Foundation
import Station
import StationRuntime

/// The wall as the station tells it, laid out for a terminal.
struct WallPicture {
  private let view: [String: Any]

  init(_ view: [String: Any]) { self.view = view }

  /// Asked without printing it.
  init(quiet place: WallPlace, _ telling: WallTelling? = nil) throws {
    var silent = place
    silent.json = false
    view = try silent.ask(telling?.show ?? "show")
  }

  private func list(_ key: String) -> [[String: Any]] { view[key] as? [[String: Any]] ?? [] }
  private func name(_ source: Any?) -> String {
    guard let id = source as? String else { return "—" }
    guard let source = list("sources").first(where: { $0["id"] as? String == id }) else { return id }
    return (source["name"] as? String).map { "\($0) (\(id))" } ?? SourceTable.concealed
  }

  /// Where each output hangs, and what feeds it.
  var places: [(number: Int, column: Int, row: Int, matrix: WallPort?)] {
    list("outputs").map { output in
      (
        output["number"] as? Int ?? 0, output["column"] as? Int ?? 0, output["row"] as? Int ?? 0,
        (output["matrix"] as? String).flatMap { WallPort($0) }
      )
    }
  }

  func isMeeting(_ scene: String) -> Bool {
    list("scenes").contains { $0["id"] as? String == scene && $0["meeting"] as? Bool == true }
  }

  /// The name of the one that is on.
  var meeting: String? { (view["meeting"] as? String).map { scene($0)?["name"] as? String ?? $0 } }
  var hasVisitors: Bool { view["visitors"] as? Bool == true }
  /// An output was read to show visitors what is not for them.
  var isExposed: Bool { !(view["exposed"] as? [Int] ?? []).isEmpty }
  var isArmed: Bool { view["armed"] as? Bool != false }
  var outputs: [[String: Any]] { list("outputs") }

  func scene(_ id: String) -> [String: Any]? { list("scenes").first { $0["id"] as? String == id } }
  /// Below a meeting.
  var sceneThatCounts: [String: Any]? {
    list("scenes").first { $0["meeting"] as? Bool != true && $0["lit"] as? String != "off" }
  }

  struct Pin {
    var id: Int
    var source: String
    var cells: WallCells
  }
  var pins: [Pin] {
    list("pins").map { Pin(id: $0["id"] as? Int ?? 0, source: $0["source"] as? String ?? "", cells: cells($0)) }
  }

  func layout(_ id: String) -> WallLayout? {
    list("layouts").first { $0["id"] as? String == id }.map { layout in
      let regions = (layout["regions"] as? [[String: Any]] ?? []).map {
        WallLayout.Region(
          name: $0["name"] as? String ?? "", cells: cells($0), sources: $0["sources"] as? [String] ?? [])
      }
      return WallLayout(id: id, name: layout["name"] as? String ?? "", regions: regions)
    }
  }

  private func cells(_ place: [String: Any]) -> WallCells {
    func number(_ key: String) -> Int { place[key] as? Int ?? 0 }
    return WallCells(column: number("column"), row: number("row"), width: number("width"), height: number("height"))
  }

  /// Every output is what it should be.
  var isProved: Bool {
    list("outputs").allSatisfy { $0["proof"] as? String == "verified" && $0["picture"] as? Bool != false }
  }
  /// Moreover what is to be heard is heard, the scene's lamps are as they should be, and what was decided is on disk.
  var isWhole: Bool {
    let sound = view["sound"] as? [String: Any]
    let isHeard = sound.map { $0["output"] == nil || $0["heard"] as? Bool == true } ?? true
    let isLit = list("lights").allSatisfy { $0["proved"] as? Bool == true }
    return isProved && isHeard && isLit && view["recorded"] as? Bool != false
  }
  /// What a wish has come to, for scripts.
  var outcome: [String: Any] { view.filter { ["outputs", "sound", "lights", "left", "recorded"].contains($0.key) } }
  var devicesWork: Bool { list("devices").allSatisfy { $0["health"] as? String == "online" } }

  /// A line for each output.
  var table: String {
    list("outputs").map { output in
      let age = (output["ageMilliseconds"] as? Int).map { ", \($0 / 1000) s" } ?? ""
      let troubles = (output["troubles"] as? [String] ?? []).map { "  ⚠ \($0)" }.joined()
      let layer = output["identified"] as? Bool == true ? "identify" : output["layer"] as? String ?? ""
      let hidden = output["hidden"] as? Bool == true ? "  [已遮挡 / hidden]" : ""
      let isOff = output["off"] as? Bool == true
      let shown = isOff ? "屏已关 / off" : name(output["shown"])
      return "\(output["number"] as? Int ?? 0)  [\(layer)]  \(shown)  \(proof(output))\(hidden)\(age)\(troubles)\n"
    }.joined()
  }

  private func proof(_ output: [String: Any]) -> String {
    switch output["proof"] as? String {
    case "verified" where output["off"] as? Bool == true: "✓ 关屏已核对 / verified that it is off"
    case "verified":
      switch output["picture"] as? Bool {
      case true?: "✓ 线路和画面已核对 / route and picture verified"
      case false?: "! 线路已核对,画面未核对 / route verified, picture not: \(output["reason"] as? String ?? "")"
      case nil: "✓ 线路已核对,画面未核对 / route verified, picture not verified"
      }
    case "poweringOn": "… 依次开机,还没轮到 / waits for its turn to be switched on"
    case "switching" where output["off"] as? Bool == true: "… 屏幕正在开机 / the display is starting, for \(name(output["wished"]))"
    case "switching": "… 正在切换到 / switching to \(name(output["wished"]))"
    case "notSwitched": "✗ 未切换到 / not switched to \(name(output["wished"])): \(output["reason"] as? String ?? "")"
    case "unreachable":
      "✗ \(output["device"] as? String ?? ""): \(output["reason"] as? String ?? "没有应答 / does not answer")"
    default: "? 回读已过时 / last reading too old"
    }
  }

  /// A device: what it is and where, or why nothing comes of it and for how long.
  private func standing(_ device: [String: Any]) -> String {
    let (name, health) = (device["name"] as? String ?? "", device["health"] as? String ?? "")
    guard health != "online" else {
      return "✓ \(name)  \(health)  \([device["model"], device["address"]].compactMap { $0 as? String }.joined(separator: "  "))"
    }
    let age = (device["standsMilliseconds"] as? Int).map { " (\(($0 + elapsed) / 1000) s)" } ?? ""
    let isTried = ["connecting", "open"].contains(device["line"] as? String)
    return "\(isTried ? "…" : "✗") \(name)  \(health)  \(device["reason"] as? String ?? "")\(age)"
  }

  /// The picture is as old as the last that happened: so many milliseconds have passed since then.
  private var elapsed: Int {
    let asOf = view["asOfMilliseconds"] as? Int ?? .max
    return max(0, Int(Date().timeIntervalSince1970 * 1000) - asOf)
  }

  /// What is the matter with the devices that an output needs, a line each.
  func absent(at number: Int) -> String {
    guard let output = list("outputs").first(where: { $0["number"] as? Int == number }) else { return "" }
    let ports = ["matrix", "display"].compactMap { (output[$0] as? String).flatMap { WallPort($0)?.device } }
    let names = ports + [output["player"]].compactMap { $0 as? String }
    return list("devices").filter { names.contains($0["name"] as? String ?? "") && $0["health"] as? String != "online" }
      .map { "  \(standing($0))\n" }.joined()
  }

  var status: String {
    var text = ""
    for device in list("devices") { text += "\(standing(device))\n" }
    for source in list("sources") {
      text +=
        "  \((SourceTable.words(source) + [SourceTable.standing(source, elapsed: elapsed), source["reason"] as? String ?? ""]).joined(separator: "  "))\n"
    }
    for scene in list("scenes") {
      let lit = ["full": "●", "half": "◐", "wished": "○", "later": "◌"][scene["lit"] as? String ?? ""] ?? " "
      text += "\(lit) \(scene["id"] as? String ?? "")  \(scene["name"] as? String ?? "")\n"
    }
    for pin in list("pins") {
      let left = (pin["secondsLeft"] as? Int).map { "\($0) s" } ?? ""
      text +=
        "  #\(pin["id"] as? Int ?? 0)  \(name(pin["source"]))  \(pin["post"] as? String ?? "")  \(left)  \(pin["reason"] as? String ?? "")\n"
    }
    text += soundLine + lightLines
    if view["displaysRest"] as? Bool == true { text += "屏应关着(时间表或预案)/ displays are to be off, by the clock or the scene\n" }
    if view["armed"] as? Bool == false { text += "自动切换停用 / disarmed\n" }
    if view["visitors"] as? Bool == true { text += "参观模式 / visitors\n" }
    let exposed = (view["exposed"] as? [Int] ?? []).map(String.init).joined(separator: ", ")
    if !exposed.isEmpty { text += "✗ 没有遮住的输出 / still shown to visitors: \(exposed)\n" }
    return text
  }

  /// Empty where nothing is to be heard.
  var soundLine: String {
    guard let sound = view["sound"] as? [String: Any] else { return "" }
    let place =
      (sound["output"] as? Int).map { "输出 \($0) / output \($0)" } ?? "现在没有带喇叭的屏显示它 / no output with a loudspeaker shows it now"
    let isHeard = sound["heard"] as? Bool == true ? "✓ 已核对 / verified" : "… 未核对 / not verified"
    return "♪ \(name(sound["source"]))  \(place)  \(isHeard)\n"
  }

  /// A line for each lamp that the scene switches.
  var lightLines: String {
    list("lights").map { light in
      let wish = light["on"] as? Bool == true ? "应开 / on" : "应关 / off"
      let proof = light["proved"] as? Bool == true ? "✓ 已核对 / verified" : "… 未核对 / not verified"
      return "☼ \(light["output"] as? String ?? "")  \(wish)  \(proof)\n"
    }.joined()
  }

  func rehearsal(_ said: [String: Any]) -> String {
    var text = ""
    for output in said["outputs"] as? [[String: Any]] ?? [] {
      text += "\(output["number"] as? Int ?? 0)  [\(output["layer"] as? String ?? "")]  \(name(output["source"]))\n"
    }
    let ports = (said["switched"] as? [[String: Any]] ?? []).flatMap { device in
      (device["ports"] as? [Int] ?? []).map { "\(device["device"] as? String ?? "")/\($0)" }
    }
    return text + "会切换 / would be switched: \(ports.isEmpty ? "—" : ports.joined(separator: ", "))\n"
  }
}
