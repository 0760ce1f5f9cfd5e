import DeviceVocabulary
import Foundation

enum JSONReader {
  static func object(_ buffer: SecretBuffer) throws -> [String: String] {
    let bytes = buffer.withSpan { bytes in bytes.indices.map { bytes[$0] } }
    return try JSONDecoder().decode([String: String].self, from: Data(bytes))
  }
}
