/// Why something with the system's service for cards did not come about. The text is for the technician: plain Chinese first, English second.
public enum PCSCError: Error, Sendable, Equatable {
  /// libpcsclite is not installed.
  case noLibrary
  /// pcscd does not run, or does not answer.
  case noService
  case noReader
  /// The service refuses this user (polkit).
  case notPermitted
  /// Several fit, and nothing tells which is meant.
  case ambiguous([String])
  /// Another program has the card to itself.
  case shared
  /// It was taken away.
  case cardRemoved
  /// It does not answer, or not in a way that anybody knows.
  case cardUnusable
  case cancelled
  case answerTooLong
  case failed(operation: String, code: UInt32)

  init(_ code: Int, _ operation: String) {
    switch UInt32(truncatingIfNeeded: code) {
    case 0x8010_001D, 0x8010_001E, 0x8010_0013: self = .noService
    case 0x8010_002E, 0x8010_0009, 0x8010_0017: self = .noReader
    case 0x8010_006A: self = .notPermitted
    case 0x8010_000B: self = .shared
    case 0x8010_0069, 0x8010_000C: self = .cardRemoved
    case 0x8010_0066, 0x8010_0067, 0x8010_0065, 0x8010_000F: self = .cardUnusable
    case 0x8010_0002: self = .cancelled
    case 0x8010_0008: self = .answerTooLong
    default: self = .failed(operation: operation, code: UInt32(truncatingIfNeeded: code))
    }
  }
}

extension PCSCError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .noLibrary: "没有安装 libpcsclite / libpcsclite is not installed"
    case .noService: "pcscd 没有运行或没有回应 / pcscd does not run, or does not answer"
    case .notPermitted:
      "pcscd 不允许这个用户,请给 polkit 规则 org.debian.pcsc-lite.access_pcsc 和 access_card / pcscd refuses this user: it needs a polkit rule"
    case .noReader: "pcscd 没有找到读卡器 / pcscd has no such reader"
    case .ambiguous(let names):
      "pcscd 有 \(names.count) 个读卡器,请写明名称: \(names.joined(separator: "; ")) / pcscd has several readers; name one"
    case .shared: "卡被别的程序独占 / another program has the card to itself"
    case .cardRemoved: "卡已拿走 / the card was taken away"
    case .cardUnusable: "卡没有回应 / the card does not answer"
    case .cancelled: "已取消 / cancelled"
    case .answerTooLong: "卡的回答太长 / the card's answer is too long"
    case .failed(let operation, let code):
      "PC/SC \(operation) 失败(\(String(code, radix: 16)))/ PC/SC \(operation) failed (\(String(code, radix: 16)))"
    }
  }
}
