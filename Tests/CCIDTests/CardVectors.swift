import DeviceVocabulary
import Foundation
import Testing

/// Lines `name | what | bytes` of a file in `Protocols/CCID/Vectors`.
struct CardVectors {
  struct Line {
    var name: String
    var what: String
    var bytes: [UInt8]
  }
  var lines: [Line] = []

  init(_ name: String) throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(contentsOf: root.appending(path: "Protocols/CCID/Vectors/\(name).txt"), encoding: .utf8)
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      let fields = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      try #require(fields.count == 3, "\(line)")
      lines.append(Line(name: fields[0], what: fields[1], bytes: try Self.bytes(fields[2])))
    }
  }

  static func bytes(_ text: some StringProtocol) throws -> [UInt8] {
    try text.split(separator: " ").map { try #require(UInt8($0, radix: 16), "\(text)") }
  }

  func all(_ what: String) -> [Line] { lines.filter { $0.what == what } }

  func bytes(_ name: String, _ what: String) throws -> [UInt8] {
    try #require(lines.first { $0.name == name && $0.what == what }, "no \(name)").bytes
  }
}

func buffer(_ bytes: [UInt8], capacity: Int = 512) -> SecretBuffer {
  let buffer = SecretBuffer(capacity: max(capacity, bytes.count))
  buffer.fill(from: bytes)
  return buffer
}

func plain(_ buffer: SecretBuffer) -> [UInt8] { buffer.withSpan { span in span.indices.map { span[$0] } } }
