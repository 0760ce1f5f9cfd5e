import Crypto
import DeviceKit

/// A hash over everything that happened on a site's wires, disk and pages, in order: two runs of one seed must have the same.
struct SiteTrace {
  private var digest = SHA256()
  private(set) var lines = 0

  mutating func note(_ tag: UInt8, _ now: Instant, _ bytes: FixedBytes<256>) {
    head(tag, now)
    bytes.withSpan { span in span.withUnsafeBytes { digest.update(bufferPointer: $0) } }
  }

  mutating func note(_ tag: UInt8, _ now: Instant, _ bytes: [UInt8]) {
    head(tag, now)
    digest.update(data: bytes)
  }

  mutating func note(_ tag: UInt8, _ now: Instant, _ text: String) { note(tag, now, Array(text.utf8)) }

  private mutating func head(_ tag: UInt8, _ now: Instant) {
    lines += 1
    withUnsafeBytes(of: tag) { digest.update(bufferPointer: $0) }
    withUnsafeBytes(of: now.microseconds.littleEndian) { digest.update(bufferPointer: $0) }
  }

  /// Sixteen hexadecimal digits.
  var hash: String {
    digest.finalize().prefix(8).map { byte in
      let text = String(byte, radix: 16)
      return text.count == 1 ? "0" + text : text
    }.joined()
  }
}
