import Foundation
import Testing

/// Lines `name | bytes` of a file in `Protocols/ResidentCard/Vectors`.
struct VectorFile {
  var lines: [(name: String, bytes: [UInt8])] = []

  init(_ name: String) throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(contentsOf: root.appending(path: "Protocols/ResidentCard/Vectors/\(name).txt"), encoding: .utf8)
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      let fields = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      try #require(fields.count == 2, "\(line)")
      let bytes = fields[1].split(separator: " ").map { UInt8($0, radix: 16) }
      lines.append((fields[0], try bytes.map { try #require($0, "\(line)") }))
    }
  }

  func bytes(_ name: String) throws -> [UInt8] { try #require(lines.first { $0.name == name }, "no \(name)").bytes }
}
