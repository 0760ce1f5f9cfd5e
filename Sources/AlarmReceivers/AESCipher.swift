import Crypto
import CryptoExtras
import SIADC09Codec

/// AES-CBC with an initial vector of zeros, as DC-09 has it, by BoringSSL.
public struct AESCipher: DC09Cipher, CustomStringConvertible {
  private let key: SymmetricKey
  private let vector: AES._CBC.IV

  /// Nil unless the key has 16, 24 or 32 bytes.
  public init?(key: [UInt8]) {
    guard [16, 24, 32].contains(key.count), let vector = try? AES._CBC.IV(ivBytes: [UInt8](repeating: 0, count: 16)) else {
      return nil
    }
    self.key = SymmetricKey(data: key)
    self.vector = vector
  }

  public func encrypt(_ bytes: [UInt8]) -> [UInt8]? {
    guard !bytes.isEmpty, bytes.count % 16 == 0 else { return nil }
    return (try? AES._CBC.encrypt(bytes, using: key, iv: vector, noPadding: true)).map(Array.init)
  }

  public func decrypt(_ bytes: [UInt8]) -> [UInt8]? {
    guard !bytes.isEmpty, bytes.count % 16 == 0 else { return nil }
    return (try? AES._CBC.decrypt(bytes, using: key, iv: vector, noPadding: true)).map(Array.init)
  }

  /// A key is never printed.
  public var description: String { "AES-\(key.bitCount)" }
}
