/// Why nothing was sealed. Plain Chinese first, English second; nothing of the content is in it.
public enum SealError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The site file names nobody who may read it (`sealTo`).
  case nobodyMayRead
  /// Longer than a sealed field may be, or empty.
  case tooLong
  /// The key could not be put on the disk: then nothing may name it.
  case keyNotKept(String)
  /// The public key of the site file is none that anything can be sealed to.
  case badKey

  public var description: String {
    switch self {
    case .nobodyMayRead: "站点配置里没有 sealTo,不保存个人信息 / the site file has no sealTo: no personal data is kept"
    case .tooLong: "内容太长或为空 / the content is too long, or empty"
    case .keyNotKept(let why): "密钥没有写进密钥库,不保存: \(why) / the key is not on disk, so nothing is kept: \(why)"
    case .badKey: "sealTo 的公钥不能用 / the public key of sealTo cannot be used"
    }
  }
}
