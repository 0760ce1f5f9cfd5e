import Crypto
import Foundation
import ONVIFCodec
import ONVIFDriver

/// A camera that is asked by ONVIF where its stream is. Its password is in no log and on no page.
public struct CameraPlan: Sendable, Equatable, CustomStringConvertible {
  public var address: ServiceAddress
  /// "": it is asked without a login.
  public var user: String
  public var password: String
  /// The name or token of a profile, or "first".
  public var profile: String

  public init(address: ServiceAddress, user: String = "", password: String = "", profile: String = "first") {
    self.address = address
    self.user = user
    self.password = password
    self.profile = profile
  }

  public var description: String { "\(address.text) \(profile)" }

  var login: CameraLogin? {
    user.isEmpty ? nil : CameraPlan.login(user: user, password: password)
  }

  /// With the hashes of this machine's library.
  public static func login(user: String, password: String) -> CameraLogin {
    CameraLogin(
      user: user, password: password, sha1: { Array(Insecure.SHA1.hash(data: $0)) }, md5: { Array(Insecure.MD5.hash(data: $0)) })
  }
}

extension CameraFailure {
  /// For a card, a page and a terminal.
  public var text: String {
    func list(_ names: [String]) -> String { String(names.prefix(8).joined(separator: ", ").prefix(120)) }
    return switch self {
    case .unreachable: "ONVIF 没有应答 / no answer by ONVIF"
    case .notONVIF: "应答的不是 ONVIF / what answers is no ONVIF"
    case .wrongPassword: "密码不对,不再试 / wrong password, not tried again"
    case .refused(let request, let words): "摄像机拒绝 / refused by the camera: \(request) \(words.prefix(60))"
    case .noProfile(let names): "没有这个 profile;有 / no such profile; there are: \(list(names))"
    case .noPreset(let names): "没有这个预置位;有 / no such preset; there are: \(list(names))"
    case .doesNotMove: "这台摄像机不能转动 / this camera cannot be moved"
    case .noStream: "没有给出码流地址 / it gives no address of a stream"
    }
  }
}
