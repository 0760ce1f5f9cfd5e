import Crypto
import DeviceVocabulary
import Foundation
import Station
import Transports

/// The private key of whoever may read what stations seal: made once, kept by that body, never on a station's disk.
public struct SealKeyFile: Sendable {
  private let key: Curve25519.KeyAgreement.PrivateKey

  private static let head = "linli seal key 1"

  public init() { key = Curve25519.KeyAgreement.PrivateKey() }

  public var publicKey: [UInt8] { Array(key.publicKey.rawRepresentation) }

  /// Writes it to a new file that only this user may read; an existing one is left alone.
  public func save(_ path: String) throws(SealKeyError) {
    let text = Data("\(Self.head)\n\(key.rawRepresentation.base64EncodedString())\n".utf8)
    let file = Foundation.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw SealKeyError(path: path, reason: String(cString: strerror(errno))) }
    defer { close(file) }
    let written = text.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
    guard written == text.count, fsync(file) == 0 else {
      let reason = String(cString: strerror(errno))
      unlink(path)
      throw SealKeyError(path: path, reason: reason)
    }
  }

  /// Refuses a file that others may read: it would be no secret.
  public init(reading path: String) throws(SealKeyError) {
    var status = stat()
    guard stat(path, &status) == 0, let text = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw SealKeyError(path: path, reason: "读不了 / it cannot be read")
    }
    guard status.st_mode & 0o077 == 0 else {
      throw SealKeyError(path: path, reason: "别的用户也能读,请先 chmod 600 / others may read it: chmod 600 first")
    }
    let lines = text.split(separator: "\n")
    guard lines.count == 2, lines[0] == Self.head, let bytes = Data(base64Encoded: String(lines[1])),
      let key = try? Curve25519.KeyAgreement.PrivateKey(rawRepresentation: bytes)
    else { throw SealKeyError(path: path, reason: "不是 linli seal create 写的密钥文件 / not made by linli seal create") }
    self.key = key
  }

  /// - Parameter station: where it was sealed.
  /// - Returns: `nil` when the key is for somebody else, or field and key do not belong together.
  public func open(
    _ field: SealedField, wrapped: KeyDatabase.WrappedKey, station: String, for purpose: Purpose,
    audit: (SecretOpening) -> Bool, pages: SecretBuffer.PageKeeper? = LockedPages.keep
  ) -> SecretBuffer? {
    guard field.key == wrapped.name, let kind = FieldCipher.kind(of: field),
      let key = FieldCipher.unwrap(wrapped.bytes, key: field.key, kind: kind, station: station, with: key),
      audit(SecretOpening(what: kind, purpose: purpose))
    else { return nil }
    let content = SecretBuffer(capacity: SealedField.limit, pages: pages)
    return FieldCipher.open(field, with: key, into: content) ? content : nil
  }

  public func mayRead(_ wrapped: KeyDatabase.WrappedKey) -> Bool { wrapped.recipient == SealRecipient.mark(of: publicKey) }
}

public struct SealKeyError: Error, Sendable, Equatable, CustomStringConvertible {
  public var path: String
  public var reason: String

  public var description: String { "密钥文件 \(path): \(reason) / the key file \(path): \(reason)" }
}
