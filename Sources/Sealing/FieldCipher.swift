import Crypto
import DeviceVocabulary
import Foundation
import Station

/// Who may read what is sealed at a station: a body's name as the site file gives it, never a person's, and its public key.
public struct SealRecipient: Sendable, Equatable {
  public var name: String
  /// X25519, 32 bytes.
  public var publicKey: [UInt8]

  public init(name: String, publicKey: [UInt8]) {
    self.name = name
    self.publicKey = publicKey
  }

  /// Not of another length, and no point of small order: with one of those everybody knows the shared secret (all zeros), and the library
  /// seals to it without a word.
  public var isUsable: Bool {
    guard publicKey.count == 32, let point = try? Curve25519.KeyAgreement.PublicKey(rawRepresentation: publicKey),
      let shared = try? Curve25519.KeyAgreement.PrivateKey().sharedSecretFromKeyAgreement(with: point)
    else { return false }
    return shared.withUnsafeBytes { $0.contains { $0 != 0 } }
  }

  /// Tells keys apart in the key database: the first eight bytes of the public key's SHA-256.
  public var mark: [UInt8] { Self.mark(of: publicKey) }
  static func mark(of publicKey: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: publicKey).prefix(8)) }
}

/// The two layers of a sealed field, as bytes (README.md).
public enum FieldCipher {
  static let version: UInt8 = 1
  static let keyBytes = 32
  static let nonceBytes = 12
  static let tagBytes = 16
  static let encapsulatedBytes = 32
  /// Of a wrapped key.
  public static let wrappedBytes = 1 + encapsulatedBytes + keyBytes + tagBytes
  static let kindLimit = 24

  // MARK: - The field

  /// version ‖ kind's length ‖ kind ‖ nonce ‖ ciphertext ‖ tag
  static func seal(_ content: UnsafeRawBufferPointer, with key: SymmetricKey, named name: String, kind: String) throws -> [UInt8]
  {
    let box = try ChaChaPoly.seal(content, using: key, authenticating: associated(name, kind))
    return [version, UInt8(kind.utf8.count)] + Array(kind.utf8) + box.combined
  }

  /// What kind of value it is, as whoever sealed it said; nothing vouches for it before the field was opened.
  public static func kind(of field: SealedField) -> String? { parts(field.bytes)?.kind }

  /// Into `content`, whose memory is erased by whoever owns it.
  static func open(_ field: SealedField, with key: SymmetricKey, into content: SecretBuffer) -> Bool {
    guard let (kind, body) = parts(field.bytes), let box = try? ChaChaPoly.SealedBox(combined: body),
      var plain = try? ChaChaPoly.open(box, using: key, authenticating: associated(field.key, kind))
    else { return false }
    defer { erase(&plain) }
    guard plain.count <= content.capacity else { return false }
    content.fill(from: plain)
    return true
  }

  private static func parts(_ bytes: [UInt8]) -> (kind: String, body: ArraySlice<UInt8>)? {
    guard bytes.count >= 2, bytes[0] == version, bytes[1] <= kindLimit, bytes.count >= 2 + Int(bytes[1]) + nonceBytes + tagBytes
    else {
      return nil
    }
    let end = 2 + Int(bytes[1])
    return (String(decoding: bytes[2..<end], as: UTF8.self), bytes[end...])
  }

  private static func associated(_ name: String, _ kind: String) -> Data { Data("linli sealed field 1\n\(name)\n\(kind)".utf8) }

  // MARK: - Its key, for whoever may read it

  /// RFC 9180, base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305.
  private static let suite = HPKE.Ciphersuite.Curve25519_SHA256_ChachaPoly

  private static func info(_ station: String) -> Data {
    Data("linli key of a sealed field 1; purpose \(Purpose.seal.rawValue); station \(station)".utf8)
  }

  /// version ‖ encapsulated key ‖ ciphertext ‖ tag
  ///
  /// The library erases neither the secret and the key that it derives nor the cipher's state, and what it wraps lies beside them on the disk: so random
  /// bytes are wrapped right after, on the same thread and by the same way, and take their places on the stack; then the heap's free memory is
  /// overwritten (README.md).
  static func wrap(_ plain: Data, key name: String, kind: String, station: String, to publicKey: [UInt8]) throws -> [UInt8] {
    let wrapped = try wrapOnce(plain, key: name, kind: kind, station: station, to: publicKey)
    var random = SystemRandomNumberGenerator()
    let noise = Data((0..<plain.count).map { _ in UInt8.random(in: .min ... .max, using: &random) })
    _ = try? wrapOnce(noise, key: name, kind: kind, station: station, to: publicKey)
    overwriteFreeHeap()
    return wrapped
  }

  /// The blocks that this thread has given back: takes them, overwrites them, and gives them back again. Each holds the way to the one before it, so
  /// that no list takes a block of its own.
  private static func overwriteFreeHeap() {
    var last: UnsafeMutableRawPointer?
    func take(_ size: Int, times: Int) {
      for _ in 0..<times {
        guard let block = malloc(size) else { return }
        explicit_bzero(block, size)
        block.storeBytes(of: last, as: UnsafeMutableRawPointer?.self)
        last = block
      }
    }
    for shift in 0..<4 { take(16384 >> shift, times: 8) }
    for size in stride(from: 1032, through: 24, by: -16) { take(size, times: 40) }
    while let block = last {
      last = block.load(as: UnsafeMutableRawPointer?.self)
      free(block)
    }
  }

  /// Never inlined: each time its frames lie at the same places.
  @inline(never) private static func wrapOnce(
    _ plain: Data, key name: String, kind: String, station: String, to publicKey: [UInt8]
  ) throws -> [UInt8] {
    let recipient = try Curve25519.KeyAgreement.PublicKey(rawRepresentation: publicKey)
    var sender = try HPKE.Sender(recipientKey: recipient, ciphersuite: suite, info: info(station))
    let sealed = try sender.seal(plain, authenticating: associated(name, kind))
    return [version] + sender.encapsulatedKey + sealed
  }

  static func unwrap(
    _ wrapped: [UInt8], key name: String, kind: String, station: String, with privateKey: Curve25519.KeyAgreement.PrivateKey
  ) -> SymmetricKey? {
    guard wrapped.count == wrappedBytes, wrapped[0] == version else { return nil }
    let encapsulated = Data(wrapped[1..<(1 + encapsulatedBytes)])
    guard
      var recipient = try? HPKE.Recipient(
        privateKey: privateKey, ciphersuite: suite, info: info(station), encapsulatedKey: encapsulated),
      var plain = try? recipient.open(Data(wrapped[(1 + encapsulatedBytes)...]), authenticating: associated(name, kind))
    else { return nil }
    defer { erase(&plain) }
    return plain.count == keyBytes ? SymmetricKey(data: plain) : nil
  }

  /// Only this copy: what the library made on its way is its own affair.
  static func erase(_ data: inout Data) {
    data.withUnsafeMutableBytes { bytes in
      if let base = bytes.baseAddress { explicit_bzero(base, bytes.count) }
    }
  }
}
