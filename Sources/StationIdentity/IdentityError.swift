import Foundation

/// Why something about certificates could not be done: what, where and what is accepted. Chinese first, then English.
public enum IdentityError: Error, Sendable, Equatable, CustomStringConvertible {
  case badName(String)
  /// Nothing there yet: the folder has no authority, or the station was not enrolled.
  case noAuthority(folder: String)
  case notEnrolled(folder: String)
  case alreadyThere(folder: String)
  /// A file that is missing in a complete folder, or does not hold what it should.
  case damaged(file: String, reason: String)
  case disk(file: String, operation: String, code: Int32)
  /// A private key that others may read counts as known to them.
  case keyIsOpen(file: String, mode: Int)
  case badRequest(String)
  case badSerial(String)
  case noSuchSerial(String)
  case noCertificateFor(StationName)
  case alreadyHasOne(StationName, serial: String)
  /// Over the line, with another key than the newest certificate's.
  case renewedToday(StationName)
  case ownName(StationName)
  /// The certificate belongs to another key, another authority or another station than this folder's.
  case notOurs(reason: String)
  case badCode(InvitationCode.Mistake)
  case cannotListen(address: String, port: Int, reason: String)
  case cannotConnect(ConnectFailure)
  case badAnswer(String)
  /// While joining: the server's certificate was not accepted.
  case refused(PeerRefusal)
  case notAdmitted(EnrolmentRefusal)
  /// The TLS library did not take what the files hold.
  case tls(String)

  public var description: String {
    switch self {
    case .badName(let name):
      "站名 \"\(name)\" 不能用:应为 1 至 40 个字母、数字、汉字或 - _ . / not a station name; accepted: \(StationName.accepted)"
    case .noAuthority(let folder):
      "\(folder) 里没有证书机构,请先运行 linli pki create / no certificate authority there; run linli pki create first"
    case .notEnrolled(let folder):
      "\(folder) 里没有本站的证书,请运行 linli enroll / no certificate of this station there; run linli enroll"
    case .alreadyThere(let folder): "\(folder) 已经有了,不会覆盖 / is already there and is not overwritten"
    case .damaged(let file, let reason): "\(file) 已损坏(\(reason)),请从备份恢复 / is damaged (\(reason)); restore it from a backup"
    case .disk(let file, let operation, let code):
      "\(file): \(operation) 失败(\(String(cString: strerror(code))))/ \(operation) failed"
    case .keyIsOpen(let file, let mode):
      "\(file) 是私钥,别人也能读(权限 \(String(mode, radix: 8))),应为 600 / a private key that others may read; accepted: mode 600"
    case .badRequest(let reason):
      "证书请求不能用(\(reason));应为 P-256 密钥的 PKCS#10,PEM 格式 / not a usable request; accepted: PKCS#10 with a P-256 key, PEM"
    case .badSerial(let text): "\"\(text)\" 不是序列号,应为十六进制数 / not a serial number; accepted: hexadecimal digits"
    case .noSuchSerial(let serial): "没有序列号 \(serial) 的证书,见 linli pki list / no certificate has this serial, see linli pki list"
    case .noCertificateFor(let name): "站点 \(name) 没有有效的证书 / this station has no valid certificate"
    case .alreadyHasOne(let name, let serial):
      "站点 \(name) 已有有效证书(序列号 \(serial)):先吊销,或用 renew / has a valid certificate already: revoke it first, or renew"
    case .renewedToday(let name):
      "站点 \(name) 24 小时内已换过证书 / had a new certificate within the last 24 hours; accepted: one a day, or a request with its key"
    case .ownName(let name):
      "\(name) 是本站自己的名字,不能发给别的站 / is this station's own name and is not given to another"
    case .notOurs(let reason): "证书不属于这里(\(reason)) / the certificate does not belong here"
    case .badCode(let mistake): mistake.description
    case .cannotListen(let address, let port, let reason):
      "打不开 \(address) 的 \(port) 端口(\(reason)) / cannot listen on this address and port"
    case .cannotConnect(let failure):
      "\(failure.chinese);上级那边须正显示着邀请码 / \(failure.english); the parent has to be showing the code meanwhile"
    case .badAnswer(let reason): "上级的回答看不懂(\(reason)) / the parent's answer is not understood"
    case .refused(.foreign):
      "对方不是给出这个邀请码的上级:地址可能写错,或有人冒充;本站什么都没有发送"
        + " / not the parent that made this code: a wrong address, or somebody pretends to be it; nothing was sent"
    case .refused(let refusal): refusal.description
    case .notAdmitted(let refusal): refusal.description
    case .tls(let reason): "TLS 配置不成(\(reason)) / TLS cannot be set up"
    }
  }
}
