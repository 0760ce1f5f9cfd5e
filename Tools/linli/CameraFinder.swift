import ArgumentParser
import Foundation
import ONVIFCodec
import ONVIFDriver
import StationRuntime

/// Looks for cameras, asks each what it is, and says what goes into the site file.
struct CameraFinder {
  /// One that was found, and what it says of itself.
  struct Camera: Encodable {
    struct Profile: Encodable {
      var name: String
      var width: Int
      var height: Int
      var encoding: String
      var stream: String?
    }
    var address: String
    var name: String
    var model: String
    var place: String
    var profiles: [Profile] = []
    var presets: [String] = []
    var clockAheadSeconds: Int64?
    var failure: String?
    /// The line for `sources:` of the site file; the password is left to be put in.
    var siteFile: String
  }

  var user: String
  var password: String
  var isJSON: Bool

  /// - Parameter seconds: to search; `nil`: only those of `addresses` are asked.
  func run(_ seconds: Int?, at addresses: [ServiceAddress]) throws {
    var known = addresses.map { (DiscoveredCamera(id: "", name: "", model: "", addresses: [$0]), $0) }
    var networks: [String] = []
    if let seconds {
      if !isJSON { print("正在找,\(seconds) 秒 / looking for \(seconds) s") }
      networks = try CameraCall.search(seconds: seconds) { camera, address in
        if !known.contains(where: { $0.1 == address }) { known.append((camera, address)) }
      }
    }
    var ids: [String] = []
    let cameras = known.map { camera, address in ask(camera, address, &ids) }
    if isJSON {
      print(PlayerLine.encode(["cameras": cameras]))
    } else {
      for camera in cameras { print(text(camera), terminator: "") }
      if cameras.isEmpty { print(Self.nothing(networks), terminator: "") }
    }
    if cameras.isEmpty || cameras.allSatisfy({ $0.failure != nil }) { throw ExitCode(1) }
  }

  /// Once: a wrong password is not tried a second time.
  private func ask(_ camera: DiscoveredCamera, _ address: ServiceAddress, _ ids: inout [String]) -> Camera {
    let plan = CameraPlan(address: address, user: user, password: password)
    var found = Camera(
      address: address.text, name: camera.name, model: camera.model, place: camera.place, siteFile: "")
    var profile = "first"
    switch CameraCall.run(plan, .describe(profile: nil)) {
    case .described(let description):
      let identity = description.identity
      found.model = [identity.maker, identity.model].filter { !$0.isEmpty }.joined(separator: " ")
      found.profiles = description.profiles.map {
        Camera.Profile(name: $0.name, width: $0.width, height: $0.height, encoding: $0.encoding, stream: $0.stream)
      }
      found.presets = description.presets.map(\.name)
      found.clockAheadSeconds = description.clockAheadSeconds
      profile = description.profiles.first { $0.stream != nil }.map { $0.name.isEmpty ? $0.token : $0.name } ?? profile
    case .failed(.wrongPassword) where user.isEmpty: found.failure = "要账号:用 --user / it wants a login: use --user"
    case .failed(let failure): found.failure = failure.text
    case .moved: found.failure = CameraFailure.notONVIF.text
    }
    found.siteFile = siteLine(found, profile, &ids)
    return found
  }

  private func siteLine(_ camera: Camera, _ profile: String, _ ids: inout [String]) -> String {
    let letters = camera.name.lowercased().unicodeScalars.filter { ("a"..."z").contains($0) || ("0"..."9").contains($0) }
    var id = String(String.UnicodeScalarView(letters.prefix(9)))
    if id.isEmpty || ids.contains(id) {
      var number = 1
      while ids.contains("cam-\(number)") { number += 1 }
      id = "cam-\(number)"
    }
    ids.append(id)
    let name = camera.name.isEmpty ? id : camera.name
    let login = user.isEmpty ? "" : ", user: \(PlayerLine.encode(user)), password: \"…\""
    return
      "- {id: \(id), name: \(PlayerLine.encode(name)), kind: camera, onvif: \"\(camera.address)\"\(login), profile: \(PlayerLine.encode(profile))}"
  }

  private func text(_ camera: Camera) -> String {
    let names = [camera.name, camera.model, camera.place].filter { !$0.isEmpty }.joined(separator: "  ")
    var text = "\n\(camera.address)  \(names)\n"
    if let failure = camera.failure { text += "  ✗ \(failure)\n" }
    for profile in camera.profiles {
      let size = profile.width > 0 ? "\(profile.width)x\(profile.height) " : ""
      text += "  profile \(profile.name)  \(size)\(profile.encoding)  \(profile.stream ?? "没有码流地址 / no stream")\n"
    }
    if !camera.presets.isEmpty { text += "  预置位 / presets: \(camera.presets.joined(separator: ", "))\n" }
    if let ahead = camera.clockAheadSeconds, abs(ahead) > 300 {
      text += "  ! 时钟差 \(ahead) 秒,请给摄像机对时 / its clock is \(ahead) s off: set it\n"
    }
    return text + "  站点文件 / for the site file:\n    \(camera.siteFile)\n"
  }

  private static func nothing(_ networks: [String]) -> String {
    """
    没有摄像机应答。问过的网络: \(networks.isEmpty ? "没有" : networks.joined(separator: ", "))
      · 摄像机通电了吗,和这台电脑在同一个网段吗(组播过不了路由器)
      · 摄像机的 ONVIF 开了吗:很多默认关着,要在它的网页上打开,并单独建 ONVIF 账号
      · 防火墙要放行 UDP 3702 的应答
      · 知道地址就直接问: linli wall sources --at http://主机/onvif/device_service --user admin
    No camera answered. Networks asked: \(networks.isEmpty ? "none" : networks.joined(separator: ", "))
      · Has it power, and is it on this computer's own network? Multicast does not pass routers.
      · Is its ONVIF switched on? It is off on many until set on the camera's page, with a user of its own.
      · A firewall must let answers from UDP 3702 in.
      · Where the address is known, ask it: linli wall sources --at http://HOST/onvif/device_service --user admin

    """
  }
}
