import DeviceKit
import LineProtocolCodec
import MatrixTestSupport
import Testing

@Suite struct TemplateTests {
  @Test func everyTemplateIsWritten() throws {
    let lines = try vectors("LineProtocol", "commands.txt")
    #expect(lines.count == 8)
    for line in lines {
      try #require(line.count == 4, "\(line)")
      let template = try LineTemplate(line[0])
      let bytes = template.bytes(output: try #require(UInt16(line[1])), input: try #require(UInt16(line[2])))
      #expect(bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }.joined(separator: " ") == line[3])
    }
  }

  @Test func everyPatternMatchesWhatItShouldAndNothingElse() throws {
    let lines = try vectors("LineProtocol", "answers.txt")
    #expect(lines.count == 18)
    for line in lines {
      try #require(line.count == 3, "\(line)")
      let match = try LineTemplate(line[0]).match(Array(line[1].utf8))
      let said = match.map { "\($0.output.map { "\($0)" } ?? "-") \($0.input.map { "\($0)" } ?? "-")" } ?? "!"
      #expect(said == line[2], "\(line)")
      // Cut off or with any bit flipped it traps nothing.
      let bytes = Array(line[1].utf8)
      let template = try LineTemplate(line[0])
      for at in bytes.indices {
        _ = template.match(Array(bytes[..<at]))
        for bit in 0..<8 {
          var broken = bytes
          broken[at] ^= 1 << UInt8(bit)
          _ = template.match(broken)
        }
      }
    }
  }

  @Test func whatCannotWorkIsRefusedWithWords() throws {
    func error(_ change: (inout LineSettings.Text) -> Void) -> LineSettingsError? {
      var text = LineProtocolTests.text(named: true)
      change(&text)
      do {
        _ = try LineSettings(text)
        return nil
      } catch {
        return error
      }
    }
    #expect(error { _ in } == nil)
    #expect(error { $0.route = "SW {in}" } == .lacks("route", "{out}"))
    #expect(error { $0.route = "SW {out}" } == .lacks("route", "{in}"))
    #expect(error { $0.read = "?" } == .lacks("read", "{out}"))
    #expect(error { $0.readAnswer = "OUT {out}" } == .lacks("readAnswer", "{in}"))
    #expect(error { $0.route = "" } == .empty("route"))
    #expect(error { $0.terminator = "" } == .empty("terminator"))
    #expect(error { $0.read = "? {out} {in}" } == .inputInQuestion)
    #expect(error { $0.route = "SW {in} {out} {any}" } == .anyInCommand("route"))
    #expect(error { $0.route = "SW {in} {aus}" } == .template("route", .unknownPlace("aus")))
    #expect(error { $0.route = "SW {in:9} {out}" } == .template("route", .unknownPlace("in:9")))
    #expect(error { $0.route = "SW {in}{out}" } == .template("route", .touchingNumbers))
    #expect(error { $0.route = "SW {in {out}" } != nil)
    #expect(error { $0.route = "SW {in} {out" } == .template("route", .openBrace))
    #expect(error { $0.refusal = "\\q" } == .template("refusal", .badEscape))
    for end in ["CRLF", "cr", "CR/LF", "0x0D0A"] { #expect(error { $0.terminator = end } == .terminatorInWords, "\(end)") }
    for end in ["{in}", "{out}\\r", "{any}"] { #expect(error { $0.terminator = end } == .placeInTerminator, "\(end)") }
    #expect(
      error { $0.terminator = ";" } == nil && error { $0.terminator = "\\r\\n" } == nil && error { $0.terminator = "\r" } == nil)
    #expect(error { ($0.base, $0.noInput) = (0, 0) } == .noInputIsAnInput(0))
    #expect(error { ($0.base, $0.noInput) = (1, 8) } == .noInputIsAnInput(8))
    #expect(error { ($0.base, $0.noInput, $0.inputs) = (1, 1, nil) } == .noInputIsAnInput(1))
    #expect(error { ($0.base, $0.noInput) = (1, 0) } == nil && error { ($0.base, $0.noInput) = (0, 8) } == nil)
    #expect(error { $0.base = 2 } == .outOfRange("base", "0, 1"))
    #expect(error { $0.pauseMilliseconds = -1 } == .outOfRange("pause", "0...10000"))
    #expect(error { $0.noInput = 70_000 } == .outOfRange("noInput", "0...65535"))
    for wrong in [error { $0.route = "SW {in}" }, error { $0.route = "{" }, error { $0.base = 2 }] {
      let wrong = try #require(wrong)
      #expect(!wrong.chinese.isEmpty && !wrong.english.isEmpty && !wrong.key.isEmpty)
    }
  }

  @Test func linesAreCutWhereverTheyEnd() {
    var lines = TextLines(limit: 8)
    let pieces = Array("\r\n  OUT 1 \r\rA\n123456789\nB\n".utf8).compactMap { lines.push($0) }
    #expect(pieces == [.line(Array("OUT 1".utf8)), .line([0x41]), .tooLong, .line([0x42])])
    #expect(lines.open.isEmpty)
  }
}
