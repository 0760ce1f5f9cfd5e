import Foundation

/// What a joining station sends, as JSON: `{"request": PEM, "secret": hexadecimal, "station": name, "version": 1}`.
public struct EnrolmentRequest: Sendable, Equatable, Codable {
  public static let version = 1
  public static let path = "/linli/enrolment/v1"
  /// Of a request or an answer, with ample room for a revocation list of a few thousand serials in the answer.
  public static let largestRequestBytes = 32 << 10
  public static let largestAnswerBytes = 8 << 20

  public var version = EnrolmentRequest.version
  public var station: String
  /// The second half of the code in hexadecimal.
  public var secret: String
  /// PKCS#10 in PEM, P-256.
  public var request: String
}

/// What a station gets that was admitted.
public struct Admission: Sendable, Equatable, Codable {
  public var parent: StationName
  public var certificate: String
  public var authority: String
  public var revocations: RevocationList
}

/// Why a station was not admitted. Chinese first, then English.
public enum EnrolmentRefusal: Error, Sendable, Equatable, CustomStringConvertible {
  case unknownVersion
  case badRequest
  case wrongCode
  /// The code is good, for a station of another name.
  case otherStation(invited: String)
  case expired
  case used
  case tooManyTries
  /// The parent's disk; its own pages say more.
  case storage
  /// A later parent's reason.
  case other(String)

  public var code: String {
    switch self {
    case .unknownVersion: "unknownVersion"
    case .badRequest: "badRequest"
    case .wrongCode: "wrongCode"
    case .otherStation: "otherStation"
    case .expired: "expired"
    case .used: "used"
    case .tooManyTries: "tooManyTries"
    case .storage: "storage"
    case .other(let code): code
    }
  }

  init(code: String, invited: String?) {
    let plain: [EnrolmentRefusal] = [.unknownVersion, .badRequest, .wrongCode, .expired, .used, .tooManyTries, .storage]
    if code == "otherStation" {
      self = .otherStation(invited: invited ?? "?")
    } else {
      self = plain.first { $0.code == code } ?? .other(String(code.prefix(80)))
    }
  }

  /// 403 for what a code did not open, 400 for what cannot be read, 503 for what may be tried again.
  var httpStatus: Int {
    switch self {
    case .unknownVersion, .badRequest: 400
    case .storage: 503
    default: 403
    }
  }

  public var chinese: String {
    switch self {
    case .unknownVersion: "两边程序的版本不合,请都更新"
    case .badRequest: "上级看不懂本站的请求"
    case .wrongCode: "邀请码不对,请在上级重新看一遍"
    case .otherStation(let invited): "邀请码是发给站点 \(invited) 的,而本站的站点文件里是另一个站名"
    case .expired: "邀请码已过期,请在上级重新生成"
    case .used: "邀请码已被用过,请在上级重新生成,并查看证书列表"
    case .tooManyTries: "这个邀请码输错太多次,已作废,请在上级重新生成"
    case .storage: "上级的磁盘写不了,请稍后再试"
    case .other(let code): "上级拒绝了(\(code))"
    }
  }

  public var english: String {
    switch self {
    case .unknownVersion: "the programs of the two stations differ too much: update both"
    case .badRequest: "the parent does not understand the request"
    case .wrongCode: "the code is wrong: look at it once more"
    case .otherStation(let invited): "the code was made for station \(invited), the site file has another name"
    case .expired: "the code has expired: have a new one made"
    case .used: "the code was used already: have a new one made, and look at the list of certificates"
    case .tooManyTries: "too many wrong tries, the code is void: have a new one made"
    case .storage: "the parent cannot write to its disk: try again later"
    case .other(let code): "the parent refuses (\(code))"
    }
  }

  public var description: String { "\(chinese) / \(english)" }
}

public enum EnrolmentAnswer: Sendable, Equatable {
  case admitted(Admission)
  case refused(EnrolmentRefusal)
}

extension EnrolmentAnswer: Codable {
  private struct Wire: Codable {
    var version = EnrolmentRequest.version
    var admission: Admission?
    var refusal: String?
    var invited: String?
    /// For people who try it by hand.
    var text: String?
  }

  public init(from decoder: any Decoder) throws {
    let wire = try Wire(from: decoder)
    if let admission = wire.admission {
      self = .admitted(admission)
    } else {
      self = .refused(EnrolmentRefusal(code: wire.refusal ?? "?", invited: wire.invited.map { String($0.prefix(80)) }))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .admitted(let admission): try Wire(admission: admission).encode(to: encoder)
    case .refused(let refusal):
      var wire = Wire(refusal: refusal.code, text: refusal.description)
      if case .otherStation(let invited) = refusal { wire.invited = invited }
      try wire.encode(to: encoder)
    }
  }
}
