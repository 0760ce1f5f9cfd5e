import DeviceKit
import Foundation
import PJLinkCodec
import Testing

@Suite struct VectorTests {
  static func rows(_ name: String) throws -> [[String]] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Protocols/PJLink/Vectors")
    return try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8).split(separator: "\n")
      .filter { !$0.hasPrefix("#") }
      .map { $0.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) } }
  }

  private func text(_ kind: String, _ line: [UInt8]) -> String? {
    switch kind {
    case ">":
      PJLinkCommand(line: line).map {
        "\($0.level) \($0.name) \($0.parameter) \($0.digest.isEmpty ? "-" : String(decoding: $0.digest, as: UTF8.self))"
      }
    case "<": PJLinkReply(line: line).map { "\($0.level) \($0.name) \($0.value)".trimmingCharacters(in: .whitespaces) }
    default:
      switch PJLinkGreeting(line: line) {
      case .open?: "open"
      case .protected(let salt)?: "protected \(String(decoding: salt, as: UTF8.self))"
      case .refused?: "refused"
      case nil: nil
      }
    }
  }

  private func written(_ kind: String, _ line: [UInt8]) -> [UInt8]? {
    switch kind {
    case ">": PJLinkCommand(line: line)?.bytes
    case "<": PJLinkReply(line: line)?.bytes
    default: PJLinkGreeting(line: line)?.bytes
    }
  }

  @Test func everyLineIsReadAndWrittenBack() throws {
    let rows = try Self.rows("lines.txt")
    #expect(rows.count == 28)
    for row in rows {
      try #require(row.count == 4, "\(row)")
      let line = Array(row[2].utf8)
      #expect(text(row[1], line) == row[3], "\(row[0])")
      if row[0] != "lower case *" { #expect(written(row[1], line) == line + [0x0D], "\(row[0])") }
      // Any case is the same.
      let lower = row[2].lowercased()
      if row[1] == "<", row[2].uppercased() == row[2] {
        #expect(text(row[1], Array(lower.utf8))?.uppercased() == row[3], "\(row[0])")
      }
    }
  }

  @Test func manyAtOnceAreThoseOneByOne() throws {
    let lines = try Self.rows("lines.txt").map { Array($0[2].utf8) }
    for end: [UInt8] in [[0x0D], [0x0D, 0x0A], [0x0D, 0x00]] {
      var decoder = PJLinkDecoder()
      let found = lines.flatMap { $0 + end }.compactMap { decoder.push($0) }
      #expect(found == lines.map { .line($0) })
      #expect(!decoder.isInside)
    }
  }

  /// Whatever is flipped or missing, the line behind it is read as it is.
  @Test func damageDoesNotOutlastItsLine() throws {
    for row in try Self.rows("lines.txt") {
      let line = Array(row[2].utf8) + [0x0D]
      var damaged: [[UInt8]] = line.indices.map { Array(line[..<$0]) + [0x0D] }
      for index in line.indices {
        for bit in 0..<8 {
          var bytes = line
          bytes[index] ^= 1 << UInt8(bit)
          damaged.append(bytes[line.count - 1] == 0x0D ? bytes : bytes + [0x0D])
        }
      }
      for bytes in damaged {
        var decoder = PJLinkDecoder()
        let found = (bytes + line).compactMap { decoder.push($0) }
        #expect(found.last == .line(line.dropLast()))
        for case .line(let line) in found { for kind in ["<", ">", "!"] { _ = text(kind, line) } }
      }
    }
  }

  @Test func aLineWithoutEndIsCutOff() {
    var decoder = PJLinkDecoder()
    let found = (0..<1_000_000).compactMap { _ in decoder.push(0x41) }
    #expect(found == [.tooLong])
    #expect((Array("A\r%1POWR=1\r".utf8)).compactMap { decoder.push($0) } == [.line(Array("%1POWR=1".utf8))])
  }

  @Test func digestsAreThoseOfTheSpecification() throws {
    let rows = try Self.rows("digests.txt")
    #expect(rows.count == 3)
    for row in rows {
      let digest = PJLinkGreeting.digest(salt: Array(row[0].utf8), password: row[1], md5: md5)
      #expect(String(decoding: digest, as: UTF8.self) == row[2])
    }
  }

  @Test func whatIsNoLineIsNone() {
    for wrong in ["", "%", "%1", "%1POWR", "%1POWR1", "%0POWR=1", "%APOWR=1", "%1PO R=1", "1POWR=1", "%1PÖWR=1", " %1POWR=1"] {
      #expect(PJLinkReply(line: Array(wrong.utf8)) == nil && PJLinkCommand(line: Array(wrong.utf8)) == nil, "\(wrong)")
    }
    for wrong in ["PJLINK", "PJLINK 2", "PJLINK 1", "PJLINK 1 a b", "XJLINK 0", "PJLINK0"] {
      #expect(PJLinkGreeting(line: Array(wrong.utf8)) == nil, "\(wrong)")
    }
  }

  @Test func inputsHaveOneNameEach() {
    var count = 0
    for kind in 0...9 {
      for number in "0123456789ABCXYZ" {
        let code = "\(kind)\(number)"
        guard let name = PJLinkInput.name(code) else { continue }
        count += 1
        #expect(PJLinkInput.code(name) == code)
        #expect(PJLinkInput.needsClass2(code) == (kind == 6 || number.isLetter))
      }
    }
    #expect(count == 6 * 15 && PJLinkInput.name("31") == "DIGITAL1" && PJLinkInput.name("3a") == "DIGITALA")
    for wrong in ["", "HDMI1", "DIGITAL", "DIGITAL0", "DIGITAL11", "digital1", "31"] { #expect(PJLinkInput.code(wrong) == nil) }
  }

  @Test func valuesAreRead() {
    #expect(PJLinkHours.lamps("1200 1") == 1_200 && PJLinkHours.lamps("10 0 2500 1 30 0") == 2_500)
    for wrong in ["", "1200", "a 1", "1 1 2", "9999999 1", "-1 1"] { #expect(PJLinkHours.lamps(wrong) == nil, "\(wrong)") }
    #expect(PJLinkHours.filter("300") == 300 && PJLinkHours.filter("x") == nil)
    var faults = PJLinkFaults()
    faults[.cover] = .error
    faults[.fan] = .warning
    #expect(faults.value == "100200" && PJLinkFaults("100200") == faults)
    for wrong in ["", "00000", "0000000", "000003", "ERR1", "00000é"] { #expect(PJLinkFaults(wrong) == nil, "\(wrong)") }
  }
}
