import DeviceVocabulary
import ONVIFCodec
import Station
import Yams

/// Where the sources of the wall are fetched from; for the runtime alone, as there are passwords in it.
struct SourceReach {
  var addresses: [String: String] = [:]
  var cameras: [String: CameraPlan] = [:]
}

extension SiteReader {
  func source(
    _ node: Node, _ places: [SitePlan.Place], _ children: [SitePlan.Child], _ devices: [WallDevicePlan], _ plan: inout WallPlan,
    _ reach: inout SourceReach
  ) {
    let section = section(
      node, "source",
      keys: [
        "id", "name", "kind", "level", "place", "sensitive", "inputs", "address", "onvif", "user", "password", "profile",
        "preset",
      ])
    let before = problems.count
    var source = WallPlan.Source(
      id: section.identifier("id"), name: section.text("name", limit: WallPlan.nameLimit),
      kind: section.choice("kind", WallPlan.Source.Kind.allCases.map { ($0.rawValue, $0) }, default: .camera))
    source.level = section.choice("level", WallPlan.Source.Level.allCases.map { ($0.rawValue, $0) }, default: .community)
    source.isSensitive = section.flag("sensitive", default: source.kind == .camera || source.kind == .conference)
    if let item = section.raw("place") {
      let place = section.text("place")
      let station = place.split(separator: "/", maxSplits: 1).first.map(String.init)
      if !place.isEmpty, !places.contains(where: { $0.id == place }), !children.contains(where: { $0.station == station }) {
        complain(
          item, "没有地点 \"\(place)\";下级站点的地点写成 站点/地点", "there is no place \"\(place)\"; of a station below write station/place")
      }
      source.place = place
    }
    for (text, item) in section.texts("inputs") {
      guard let port = WallPort(text), port.number > 0 else {
        complain(item, "inputs 应写成 矩阵/输入号,如 hub/3", "inputs must be matrix/input, such as hub/3")
        continue
      }
      guard let matrix = devices.first(where: { $0.name == port.device && $0.kind.isMatrix }) else {
        if isUnclear(port) {
          source.inputs.append(port)
        } else {
          let known = Self.names(devices.filter(\.kind.isMatrix))
          complain(
            item, "没有矩阵 \"\(port.device)\",有: \(known)", "there is no matrix \"\(port.device)\"; there are: \(known)")
        }
        continue
      }
      if let other = plan.sources.first(where: { $0.inputs.contains(port) }) {
        complain(item, "\(port) 已经是信号源 \"\(other.id)\"", "\(port) is source \"\(other.id)\" already")
      }
      if let other = source.inputs.first(where: { $0.device == port.device }) {
        complain(
          item, "信号源 \"\(source.id)\" 已经接在 \(other),一台矩阵只写一个输入",
          "source \"\(source.id)\" is at \(other) already; give one input of each matrix")
        continue
      }
      refuseBeyond(port, .inputs, matrix, item)
      if let line = matrix.quirks.line, let none = line.noInput, UInt32(none) == UInt32(port.number) - 1 + UInt32(line.base) {
        complain(
          item, "\(port) 在线上的编号是 \(none),和 noInput 一样,会被当成断开",
          "\(port) is number \(none) on the wire, which is noInput: it would be taken for no input")
      }
      source.inputs.append(port)
    }
    if let node = section.raw("address") {
      let address = section.text("address", limit: 400)
      // The address itself is not repeated: it may hold a password.
      if !address.isEmpty, let problem = PlayedAddress.problem(of: address) {
        complain(node, problem.chinese, problem.english)
      } else if !address.isEmpty, !address.hasPrefix("rtsp://"), !devices.contains(where: { $0.kind == .player }),
        unclearDevices.isEmpty
      {
        complain(
          node, "没有播放机(kind: player)来播放这个 address;矩阵后面的信号源只写 inputs,要检查摄像机是否有画面可写 rtsp://",
          "no player (kind: player) would play this address; behind a matrix give inputs alone, or rtsp:// to have the camera watched"
        )
      }
      source.isPlayable = true
      reach.addresses[source.id] = address
    }
    if section.raw("onvif") != nil {
      source.isPlayable = true
      source.motor = WallPlan.Source.Motor(callPreset: section.raw("preset").map { _ in section.text("preset", limit: 40) })
    }
    reach.cameras[source.id] = camera(section)
    if section.raw("inputs")?.sequence?.isEmpty ?? true, !source.isPlayable {
      complain(
        node, "信号源 \"\(source.id)\" 要写 inputs(矩阵输入)、address(播放地址)或 onvif(摄像机的服务地址)",
        "source \"\(source.id)\" needs inputs, an address, or onvif: its camera's service")
    }
    refuseRepeat(node, "信号源", "source", source.id, plan.sources.map(\.id))
    if problems.count > before { unclearSources.insert(source.id) }
    plan.sources.append(source)
  }

  /// `onvif`: the camera itself says where its stream is, and can be turned.
  private func camera(_ section: SiteSection) -> CameraPlan? {
    guard let node = section.raw("onvif") else {
      for key in ["user", "password", "profile", "preset"] {
        guard let extra = section.raw(key) else { continue }
        complain(extra, "\(key) 只和 onvif 一起写", "\(key) goes with onvif")
      }
      return nil
    }
    if let address = section.raw("address") {
      complain(
        address, "address 和 onvif 只写一个:onvif 的摄像机自己告诉码流地址", "give address or onvif: by ONVIF the camera tells its address itself")
    }
    let text = section.text("onvif", limit: 400)
    let user = section.raw("user").map { _ in section.text("user", limit: 64) } ?? ""
    let password = section.raw("password").map { _ in section.text("password", limit: 64) } ?? ""
    let profile = section.text("profile", default: "first", limit: 64)
    if user.isEmpty, let extra = section.raw("password") { complain(extra, "password 需要 user", "password needs user") }
    guard let address = ServiceAddress(text) else {
      // Not repeated: it may hold a password, where none belongs.
      if !text.isEmpty {
        complain(
          node, "onvif 应写成 http://主机/onvif/device_service(不用 https,账号写在 user 和 password)",
          "onvif must be http://HOST/onvif/device_service (no https; the login goes to user and password)")
      }
      return nil
    }
    return CameraPlan(address: address, user: user, password: password, profile: profile)
  }
}
