import Crypto
import DeviceKit
import DeviceVocabulary
import Foundation
import Station
import Synchronization
import Testing

@testable import Sealing

/// A folder of its own, a reader with his private key, and a clock that only the test moves.
final class SealRig: Sendable {
  let folder: String
  let owner = SealKeyFile()
  private let clock = Mutex(Instant(microseconds: 5_000_000))

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("linli-seal-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  var path: String { folder + "/" + KeyDatabase.fileName }
  var recipient: SealRecipient { SealRecipient(name: "铁西街道综治中心", publicKey: owner.publicKey) }
  var now: Instant { clock.withLock { $0 } }

  func pass(_ interval: Interval) { clock.withLock { $0 = $0 + interval } }

  func database(vfs: String? = nil) throws -> KeyDatabase { try KeyDatabase(path: path, vfs: vfs) }

  func sealer(_ keys: KeyDatabase?, station: String = "tiexi-03") -> FieldSealer {
    FieldSealer(station: station, recipient: recipient, keys: keys, pages: nil, now: { self.now })
  }

  /// The bytes of everything in the folder, the write-ahead file included.
  func everything() throws -> [UInt8] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted().flatMap { name in
      Array(try Data(contentsOf: URL(fileURLWithPath: folder + "/" + name)))
    }
  }
}

func secret(_ text: String) -> SecretBuffer {
  let buffer = SecretBuffer(capacity: max(1, text.utf8.count))
  buffer.fill(from: Array(text.utf8))
  return buffer
}

func text(_ buffer: SecretBuffer?) -> String? {
  buffer?.withSpan { span in String(decoding: span.indices.map { span[$0] }, as: UTF8.self) }
}

extension [UInt8] {
  init(hex: String) {
    let digits = Array<Character>(hex)
    self = stride(from: 0, to: digits.count, by: 2).map { UInt8(String(digits[$0...$0 + 1]), radix: 16) ?? 0 }
  }

  func contains(sequence: [UInt8]) -> Bool { Data(self).range(of: Data(sequence)) != nil }

  /// Every eight bytes that follow each other, as a word.
  var words: Set<UInt64> {
    var words: Set<UInt64> = []
    var word: UInt64 = 0
    for (index, byte) in enumerated() {
      word = word << 8 | UInt64(byte)
      if index >= 7 { words.insert(word) }
    }
    return words
  }
}
