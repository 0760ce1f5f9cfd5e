import Crypto
import Foundation
import Station

/// The four digits on a slip, and the key that makes of them what is recorded. Whoever has the journal, a parent too, has not the digits.
public struct TicketCodes: Sendable {
  private let key: SymmetricKey

  /// Reads the key, or makes one that only this user may read.
  ///
  /// - Throws: `TicketCodeError` with the path and what is the matter.
  public init(file path: String) throws(TicketCodeError) {
    if let bytes = try? Data(contentsOf: URL(fileURLWithPath: path)) {
      guard bytes.count == Self.keyBytes else {
        throw TicketCodeError(path: path, reason: "\(bytes.count) B, not \(Self.keyBytes)")
      }
      key = SymmetricKey(data: bytes)
      return
    }
    let fresh = SymmetricKey(size: .bits256)
    let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw TicketCodeError(path: path, reason: String(cString: strerror(errno))) }
    defer { close(file) }
    let written = fresh.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
    guard written == Self.keyBytes, fsync(file) == 0 else {
      let reason = String(cString: strerror(errno))
      unlink(path)
      throw TicketCodeError(path: path, reason: reason)
    }
    key = fresh
  }

  public init(key: SymmetricKey) { self.key = key }

  private static let keyBytes = 32

  /// Four digits by the system's random source.
  public func draw() -> String {
    let digits = String(Int.random(in: 0...9999))
    return String(repeating: "0", count: 4 - digits.count) + digits
  }

  public func digest(_ code: String) -> CodeDigest {
    let whole = HMAC<SHA256>.authenticationCode(for: Data(("slip " + code).utf8), using: key)
    return whole.prefix(8).reduce(0) { $0 << 8 | CodeDigest($1) }
  }
}

public struct TicketCodeError: Error, CustomStringConvertible {
  public var path: String
  public var reason: String

  public var description: String {
    "号单密钥文件 \(path) 读写不了: \(reason) / the key file of the slips' codes cannot be read or made: \(reason)"
  }
}
