import DeviceKit
import KramerP3000Codec
import KramerP3000DeviceModel
import LineProtocolCodec
import LineProtocolDeviceModel
import MatrixTestSupport
import Testing

@Suite struct KramerCodecTests {
  private func bytes(_ hexadecimal: String) -> [UInt8] {
    hexadecimal.split(separator: " ").compactMap { UInt8($0, radix: 16) }
  }

  private func replies(_ bytes: [UInt8]) -> [UInt8] {
    var speech = P3000Speech()
    var core = MatrixCore(inputs: 8, outputs: 6)
    var replies: [[UInt8]] = []
    for byte in bytes { speech.push(byte, &core, into: &replies) }
    return replies.flatMap { $0 }
  }

  /// Its requests begin with the mark of a comment elsewhere: here a comment has a space behind it.
  private func requests() throws -> [[String]] {
    try vectorLines("KramerP3000", "requests.txt", comment: "# ").map { line in
      // One has a bar in itself: the last one parts.
      let at = line.lastIndex(of: "|") ?? line.endIndex
      func trimmed(_ text: Substring) -> String { String(decoding: Array(text.utf8).trimmed, as: UTF8.self) }
      return [trimmed(line[..<at]), trimmed(line[at...].dropFirst())]
    }
  }

  @Test func theModelAnswersEachRequest() throws {
    let lines = try requests()
    #expect(lines.count == 18)
    for line in lines {
      try #require(line.count == 2, "\(line)")
      #expect(escaped(replies(unescaped(line[0]))) == line[1], "\(line)")
    }
  }

  @Test func whatTheDialectSendsIsOneOfThem() throws {
    let dialect = P3000Dialect()
    let known = try requests().map { $0[0] }
    let sent: [MatrixRequest] = [
      .hello(1), .hello(2), .hello(3), .hello(4), .keepAlive, .readAll, .read(1), .routes([MatrixRoute(1, from: 2)]),
      .routes([MatrixRoute(1, from: 0)]),
    ]
    for request in sent { #expect(known.contains(escaped(try #require(dialect.bytes(request)))), "\(request)") }
    #expect(dialect.bytes(.hello(0)) == nil)
  }

  @Test func everyAnswerIsRead() throws {
    let lines = try vectors("KramerP3000", "answers.txt")
    #expect(lines.count == 18)
    for line in lines {
      let found = P3000Line(answer: Array(line[0].utf8))
      guard line.count == 5 else {
        #expect(found == nil && line.last == "!", "\(line)")
        continue
      }
      let answer = try #require(found, "\(line)")
      #expect(answer.machine.map { "\($0)" } ?? "-" == line[1], "\(line)")
      #expect(
        answer.command == (line[2] == "-" ? "" : line[2]) && answer.parameters == (line[3] == "-" ? "" : line[3]), "\(line)")
      let outcome =
        switch answer.outcome {
        case .ok?: "ok"
        case .error(let code)?: "\(code)"
        case nil: "-"
        }
      #expect(outcome == line[4], "\(line)")
    }
  }

  /// Whatever is flipped or cut off, nothing traps and the line after it is read as it is.
  @Test func aBrokenAnswerDoesNotOutlastItsLine() throws {
    for line in try vectors("KramerP3000", "answers.txt") {
      let bytes = Array(line[0].utf8)
      for at in bytes.indices {
        for bit in 0..<8 {
          var broken = bytes
          broken[at] ^= 1 << UInt8(bit)
          var dialect = P3000Dialect()
          var heard: [MatrixHeard] = []
          for byte in broken + [0x0D, 0x0A] + broken.prefix(at) + Array("\r\n~01@VID 7>3\r\n".utf8) {
            dialect.push(byte, into: &heard)
          }
          #expect(heard.last == .route(MatrixRoute(3, from: 7)), "\(line) byte \(at) bit \(bit)")
        }
      }
    }
  }

  @Test func everyFrameIsReadWrittenBackAndAnswered() throws {
    let lines = try vectors("KramerP3000", "p2000.txt")
    #expect(lines.count == 13)
    for line in lines {
      try #require(line.count == 3, "\(line)")
      let sent = bytes(line[0])
      var decoder = P2000Decoder()
      let pieces = sent.compactMap { decoder.push($0) }
      guard case .frame(let frame)? = pieces.first, pieces.count == 1 else {
        Issue.record("\(line): \(pieces)")
        continue
      }
      let text = "\(frame.instruction) \(frame.input) \(frame.output) \(frame.machine)\(frame.isReply ? " r" : "")"
      #expect(text == line[1])
      // The override bit of a machine's number is not ours to send.
      if sent[3] & 0x40 == 0 { #expect(frame.bytes == sent) }
      var speech = P2000Speech()
      var core = MatrixCore(inputs: 8, outputs: 6)
      var replies: [[UInt8]] = []
      for byte in sent { speech.push(byte, &core, into: &replies) }
      #expect(replies == (line[2] == "-" ? [] : [bytes(line[2])]), "\(line)")
    }
  }

  @Test func aBrokenFrameDoesNotOutlastItself() throws {
    let good = P2000Frame(1, input: 2, output: 1, machine: 1, isReply: true)
    for line in try vectors("KramerP3000", "p2000.txt") {
      let sent = bytes(line[0])
      for at in sent.indices {
        for bit in 0..<8 {
          var broken = sent
          broken[at] ^= 1 << UInt8(bit)
          var decoder = P2000Decoder()
          let pieces = (broken + broken.prefix(at) + good.bytes).compactMap { decoder.push($0) }
          #expect(pieces.last == .frame(good), "\(line) byte \(at) bit \(bit)")
        }
      }
    }
  }

  @Test func noiseTrapsNothing() {
    var random = SeededRandom(seed: 5)
    let letters = Array("#~0123456789@VID?>,* OKER\r\n|ROUTELOGIN".utf8) + [0xFF, 0x81]
    var speech = P3000Speech()
    var core = MatrixCore(inputs: 8, outputs: 6)
    var replies: [[UInt8]] = []
    var dialect = P3000Dialect()
    var old = P2000Dialect()
    var heard: [MatrixHeard] = []
    var most = 0
    // What makes much of little: a size, an asterisk, a line that is full of them.
    let words = ["~01@INFO-IO IN 65535,OUT 65535\r\n", "~01@VID 2>*,", "~01@VID 2>*\r\n", String(repeating: "2>*,", count: 100)]
    for turn in 0..<100_000 {
      let word = turn % 100 == 0 ? Array(words[Int(random.below(UInt32(words.count)))].utf8) : []
      let byte = letters[Int(random.below(UInt32(letters.count)))]
      for byte in word + [byte] {
        speech.push(byte, &core, into: &replies)
        let before = heard.count
        dialect.push(byte, into: &heard)
        most = max(most, heard.count - before)
      }
      old.push(random.chance(1, in: 2) ? byte : UInt8(random.below(256)), into: &heard)
    }
    #expect(core.routes.allSatisfy { $0 <= 8 } && heard.count > 100)
    // No line is longer than 1,024 bytes, and no route shorter than four.
    #expect(most <= 256)
  }
}
