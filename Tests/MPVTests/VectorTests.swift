import DeviceKit
import Foundation
import MPVCodec
import Testing

@Suite struct VectorTests {
  private func vectors(_ name: String) throws -> [(String, String)] {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(contentsOf: root.appending(path: "Protocols/MPV/Vectors/\(name)"), encoding: .utf8)
    return text.split(separator: "\n").filter { !$0.hasPrefix("#") }.compactMap { line in
      line.range(of: " | ").map { (String(line[..<$0.lowerBound]), String(line[$0.upperBound...])) }
    }
  }

  private func text(_ message: MPVMessage?) -> String {
    switch message {
    case .reply(let id, let error, let data):
      "reply \(id) \(error)" + (data.map { " " + String(decoding: $0.bytes, as: UTF8.self) } ?? "")
    case .startFile(let entry): "start \(entry)"
    case .endFile(let entry, let reason, let error):
      "end \(entry.map { "\($0)" } ?? "-") \(reason)" + (error.map { " " + $0 } ?? "")
    case .playbackRestart: "restart"
    case .idle: "idle"
    case .event(let name): "event \(name)"
    case nil: "!"
    }
  }

  @Test func answersAreReadAndWrittenBack() throws {
    let lines = try vectors("answers.txt")
    #expect(lines.count == 26)
    for (line, expected) in lines {
      let message = MPVMessage(line.utf8)
      #expect(text(message) == expected.replacing(" =", with: ""), "\(line)")
      if expected.hasSuffix("=") { #expect(message?.bytes == Array(line.utf8) + [0x0A], "\(line)") }
    }
  }

  @Test func requestsAreWrittenByteByByte() throws {
    let lines = try vectors("requests.txt")
    #expect(lines.count == 7)
    for (what, line) in lines {
      let words = what.split(separator: " ", maxSplits: 2).map(String.init)
      let id = try #require(Int(words[1]) ?? Int(words[words.count - 1]))
      let rest = words.count > 2 ? words[2] : ""
      let request: MPVRequest =
        switch words[0] {
        case "get": .get(id, rest)
        case "load": .load(id, rest)
        case "pause": .set(id, "pause", .flag(true))
        case "label": .set(id, "osd-msg1", .text(rest))
        case "stop": .stop(id)
        default: .quit(id)
        }
      #expect(String(decoding: request.bytes, as: UTF8.self) == line + "\n")
      #expect(MPVRequest(line.utf8) == request)
    }
  }

  @Test func jsonIsReadStrictly() throws {
    let lines = try vectors("json.txt")
    #expect(lines.count == 25)
    for (line, expected) in lines {
      let value = JSONValue(line.utf8)
      #expect(
        value.map { String(decoding: $0.bytes, as: UTF8.self) } ?? "!" == expected.replacing("\\n\"", with: "\\n\""), "\(line)")
    }
    #expect(JSONValue([UInt8]()) == nil && JSONValue([0x22, 0xFF, 0x22]) == .text("\u{FFFD}"))
    #expect(JSONValue(Array(repeating: 0x5B, count: 100_000)) == nil)
  }

  /// Cut off anywhere it is no JSON; flipped anywhere it is read or refused, and what is read can be written and read again.
  @Test func brokenLinesAreRefusedOrRead() throws {
    for (line, expected) in try vectors("answers.txt") where expected != "!" {
      let bytes = Array(line.utf8)
      for length in 0..<bytes.count { #expect(JSONValue(bytes[..<length]) == nil, "\(line) \(length)") }
      for index in bytes.indices {
        for bit in 0..<8 {
          var broken = bytes
          broken[index] ^= 1 << UInt8(bit)
          guard let value = JSONValue(broken) else { continue }
          #expect(JSONValue(value.bytes) == value)
        }
      }
    }
  }

  @Test func linesAreCutInBoundedMemory() {
    var cutter = LineCutter()
    #expect(cutter.push(Array("a\n\nbc".utf8)) == [.line([0x61])])
    #expect(cutter.push(Array("d\n".utf8)) == [.line(Array("bcd".utf8))])
    #expect(cutter.push(Array(repeating: 0x78, count: 1_000_000)) == [.tooLong])
    #expect(cutter.push(Array("xx\ny\n".utf8)) == [.line([0x79])])
  }
}
