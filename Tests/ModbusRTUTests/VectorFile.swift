import DeviceKit
import Foundation
import ModbusRTUCodec

/// One line of a vector file.
struct Vector {
  var name: String
  var request: FixedBytes<256>
  /// `nil` where no answer comes.
  var answer: FixedBytes<256>?
}

enum VectorFile {
  struct Unreadable: Error {
    var line: String
  }

  /// Reads `Protocols/ModbusRTU/Vectors/<name>.txt`; `#` begins a header line.
  static func read(_ name: String) throws -> [Vector] {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let file = root.appending(path: "Protocols/ModbusRTU/Vectors/\(name).txt")
    return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
      let fields = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      guard fields.count == 3, let request = bytes(fields[1]) else { throw Unreadable(line: String(line)) }
      guard fields[2] == "-" || bytes(fields[2]) != nil else { throw Unreadable(line: String(line)) }
      return Vector(name: fields[0], request: request, answer: fields[2] == "-" ? nil : bytes(fields[2]))
    }
  }

  static func bytes(_ hex: String) -> FixedBytes<256>? {
    var result = FixedBytes<256>()
    for pair in hex.split(separator: " ") {
      guard pair.count == 2, let byte = UInt8(pair, radix: 16), result.append(byte) else { return nil }
    }
    return result.isEmpty ? nil : result
  }

  static func all() throws -> [Vector] { try read("golden") + read("foreign") }
}

/// Every frame a decoder finds in `bytes`, given one by one.
func frames(in bytes: [UInt8], decoder: inout ModbusAnswerDecoder) -> [ModbusFrame] {
  var found: [ModbusFrame] = []
  for byte in bytes {
    var frame = decoder.push(byte)
    while let next = frame {
      found.append(next)
      frame = decoder.next()
    }
  }
  return found
}

extension FixedBytes {
  var array: [UInt8] { (0..<count).map { self[$0] } }
}
