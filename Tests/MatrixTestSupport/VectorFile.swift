import Foundation

/// Lines of a file of vectors without its head.
public func vectorLines(_ wire: String, _ name: String, comment: String = "#", file: String = #filePath) throws -> [String] {
  let root = URL(filePath: file).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  let text = try String(contentsOf: root.appending(path: "Protocols/\(wire)/Vectors/\(name)"), encoding: .utf8)
  return text.split(separator: "\n").filter { !$0.hasPrefix(comment) }.map(String.init)
}

/// ... split at the bars.
public func vectors(_ wire: String, _ name: String) throws -> [[String]] {
  try vectorLines(wire, name).map { $0.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) } }
}

/// `\r`, `\n`, `\e` and `\\` as vectors write them.
public func unescaped(_ text: String) -> [UInt8] {
  var bytes: [UInt8] = []
  var isEscape = false
  for byte in text.utf8 {
    if isEscape {
      bytes.append([0x72: 0x0D, 0x6E: 0x0A, 0x65: 0x1B][byte] ?? byte)
      isEscape = false
    } else if byte == 0x5C {
      isEscape = true
    } else {
      bytes.append(byte)
    }
  }
  return bytes
}

public func escaped(_ bytes: [UInt8]) -> String {
  bytes.map { byte in
    switch byte {
    case 0x0D: "\\r"
    case 0x0A: "\\n"
    case 0x1B: "\\e"
    case 0x5C: "\\\\"
    default: String(Character(Unicode.Scalar(byte)))
    }
  }.joined()
}
