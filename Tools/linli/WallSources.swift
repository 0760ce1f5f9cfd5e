import ArgumentParser
import Foundation
import ONVIFCodec
import StationRuntime

struct WallSources: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sources", abstract: "信号源的名录和状态,或在网络上找摄像机 / the sources and how they are, or a search for cameras",
    discussion: """
      linli wall sources site.yaml                        每个信号源:类型、级别、地点、状态、地址(密码遮住)/ each source; passwords are masked
      linli wall sources --discover --user admin          在本机的各个网络上找 ONVIF 摄像机 / looks for ONVIF cameras on this machine's networks
      linli wall sources --at http://10.0.0.9/onvif/device_service --user admin     只问这一台 / asks this one only
      密码不写在命令里:运行时输入,或用 --password-file。每台摄像机只试一次。
      The password is never an argument: it is asked for, or read from --password-file. Each camera is given it once.
      """)
  @Argument(help: "站点文件,看名录时要写 / site file, for the list") var site: String?
  @Flag(help: "输出 JSON / prints JSON") var json = false
  @OptionGroup var telling: WallTelling
  @Flag(help: "在网络上找摄像机 / looks for cameras") var discover = false
  @Option(help: "找几秒,1 至 60 / seconds to wait for answers") var seconds = 4
  @Option(help: "问这个地址的摄像机,可多个 / asks the camera at this address; several are possible") var at: [String] = []
  @Option(help: "摄像机的账号 / user of the cameras") var user: String?
  @Option(help: "第一行是密码的文件 / file whose first line is the password") var passwordFile: String?

  func validate() throws {
    guard discover || !at.isEmpty || site != nil else {
      throw ValidationError("要写站点文件,或 --discover,或 --at / give a site file, --discover or --at")
    }
    guard (1...60).contains(seconds) else { throw ValidationError("--seconds 1...60") }
    for text in at where ServiceAddress(text) == nil {
      throw ValidationError("--at http://主机/onvif/device_service(不用 https,不写账号)/ no https, no login in it")
    }
    guard user != nil || passwordFile == nil else { throw ValidationError("--password-file 需要 / needs --user") }
  }

  func run() throws {
    if discover || !at.isEmpty {
      let search = CameraFinder(user: user ?? "", password: try password(), isJSON: json)
      try search.run(discover ? seconds : nil, at: at.compactMap { ServiceAddress($0) })
    } else if let site {
      try SourceTable(site, telling, isJSON: json).tell()
    }
  }

  private func password() throws -> String {
    guard user != nil else { return "" }
    guard let passwordFile else { return try PINPrompt.read("摄像机密码 / password of the cameras: ") }
    guard let data = FileManager.default.contents(atPath: passwordFile) else {
      throw Failure("读不到 \(passwordFile) / cannot read it")
    }
    return String(decoding: data, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).first
      .map { String($0.hasSuffix("\r") ? $0.dropLast() : $0) } ?? ""
  }
}

/// The sources of a running station, and where they are fetched from.
struct SourceTable {
  private let sources: [[String: Any]]
  private let cameras: CameraList
  private let addresses: [String: String]
  private let isJSON: Bool

  init(_ site: String, _ telling: WallTelling, isJSON: Bool) throws {
    let place = try WallPlace.parse([site])
    sources = try place.ask(telling.show)["sources"] as? [[String: Any]] ?? []
    cameras = try CameraList(place, telling)
    addresses = (try SiteArgument.read(site)).wall?.addresses ?? [:]
    self.isJSON = isJSON
  }

  /// With what may be shown of its address.
  private var all: [[String: Any]] {
    sources.map { source in
      var source = source
      let id = source["id"] as? String ?? ""
      // Its address says as much as its name.
      guard source["name"] != nil else { return source }
      if let address = addresses[id] { source["address"] = StreamAddress.masked(address) }
      if let camera = cameras[id] {
        source["onvif"] = camera.onvif
        source["profile"] = camera.profile
        source["address"] = camera.stream.map { StreamAddress.masked($0) }
        source["model"] = camera.model
        source["presets"] = camera.presets
        source["onvifFailure"] = camera.failure
      }
      return source
    }
  }

  func tell() throws {
    let all = all
    if isJSON {
      let data = try JSONSerialization.data(withJSONObject: ["sources": all], options: [.sortedKeys, .withoutEscapingSlashes])
      print(String(decoding: data, as: UTF8.self))
    } else {
      for source in all { print(Self.line(source)) }
    }
    if all.contains(where: { ["dead", "stale", "unconfirmed"].contains($0["state"] as? String ?? "") }) { throw ExitCode(1) }
  }

  /// How a source is, for how long, and when it was last asked.
  /// - Parameter elapsed: since `source` was told, in milliseconds.
  static func standing(_ source: [String: Any], elapsed: Int = 0) -> String {
    func seconds(_ key: String) -> String { (source[key] as? Int).map { "\(($0 + elapsed) / 1000) s" } ?? "?" }
    let state: String
    switch source["state"] as? String {
    case "live": state = "✓ 有画面 / live"
    case "stale": state = "! 画面中断 / stale"
    case "dead": state = "✗ 无画面 / dead"
    case "unconfirmed": state = "? 没有核对 / not confirmed"
    default: return "? 未查 / not asked"
    }
    let (stands, asked) = (seconds("standsMilliseconds"), seconds("ageMilliseconds"))
    return "\(state)  已 \(stands),\(asked) 前核对 / for \(stands), last asked \(asked) ago"
  }

  /// Instead of a name that visitors are not told.
  static let concealed = "敏感画面 / not for visitors"

  /// Which source it is, and its level.
  static func words(_ source: [String: Any]) -> [String] {
    let level = source["level"] as? String ?? ""
    guard let name = source["name"] as? String else { return [concealed, level] }
    return [source["id"] as? String ?? "", name, level]
  }

  private static func line(_ source: [String: Any]) -> String {
    func text(_ key: String) -> String { source[key] as? String ?? "" }
    var words = words(source)
    words.insert(text("kind"), at: words.count - 1)
    if !text("place").isEmpty { words.append("地点 \(text("place")) / at \(text("place"))") }
    words.append(standing(source))
    if !text("reason").isEmpty { words.append(text("reason")) }
    if !text("onvif").isEmpty { words.append("onvif \(text("onvif")) (\(text("profile")))") }
    if !text("address").isEmpty { words.append(text("address")) }
    return words.joined(separator: "  ")
  }
}
