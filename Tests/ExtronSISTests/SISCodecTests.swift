import DeviceKit
import ExtronSISCodec
import ExtronSISDeviceModel
import LineProtocolCodec
import LineProtocolDeviceModel
import MatrixTestSupport
import Testing

@Suite struct SISCodecTests {
  private func text(_ command: SISCommand) -> String {
    func tie(_ route: MatrixRoute) -> String { "\(route.output)<\(route.input)" }
    return switch command {
    case .tie(let route, let layer): "tie \(tie(route)) \(layer)"
    case .quick(let routes, let layer): "quick \(routes.map(tie).joined(separator: " ")) \(layer)"
    case .tieOfAll(let input, let layer): "tieOfAll \(input) \(layer)"
    case .readTie(let output, let layer): "read \(output) \(layer)"
    case .verbose(let level): "verbose \(level)"
    case .information: "information"
    case .partNumber: "partNumber"
    case .firmware: "firmware"
    case .unknown: "unknown"
    }
  }

  private func text(_ answer: SISAnswer) -> String {
    switch answer {
    case .tie(let output, let input, let layer): "tie \(output)<\(input) \(layer)"
    case .tieOfAll(let input, let layer): "tieOfAll \(input) \(layer)"
    case .number(let number): "number \(number)"
    case .quick: "quick"
    case .verbose: "verbose"
    case .error(let code): "error \(code)"
    case .firmware(let version): "firmware \(version)"
    case .partNumber(let number): "part \(number)"
    case .size(let inputs, let outputs): "size \(inputs)x\(outputs)"
    case .banner(let model, let firmware): "banner \(model) \(firmware)"
    case .loggedIn: "login"
    case .other: "other"
    }
  }

  private func commands(_ bytes: [UInt8]) -> [SISCommand] {
    var decoder = SISCommandDecoder()
    return bytes.compactMap { decoder.push($0) }
  }

  @Test func everyCommandIsReadAndWrittenBackAndAnswered() throws {
    let lines = try vectors("ExtronSIS", "commands.txt")
    #expect(lines.count == 17)
    for line in lines {
      try #require(line.count == 3, "\(line)")
      let bytes = unescaped(line[0])
      let found = commands(bytes)
      #expect(found.map(text).joined(separator: ", ") == line[1], "\(line)")
      if found != [.unknown] { #expect(found.flatMap(\.bytes) == bytes, "\(line)") }
      // As programs of others end them.
      #expect(commands(bytes + [0x0D, 0x0A]) == found, "\(line)")
      var speech = SISSpeech()
      var core = MatrixCore(inputs: 8, outputs: 6)
      var replies: [[UInt8]] = []
      for byte in bytes { speech.push(byte, &core, into: &replies) }
      #expect(replies.map(escaped) == ["\(line[2])\\r\\n"], "\(line)")
    }
  }

  @Test func manyAtOnceAreThoseOneByOne() throws {
    let sent = try vectors("ExtronSIS", "commands.txt").map { unescaped($0[0]) }
    #expect(commands(sent.flatMap { $0 }) == sent.flatMap(commands))
  }

  @Test func everyAnswerIsRead() throws {
    let lines = try vectors("ExtronSIS", "answers.txt")
    #expect(lines.count == 27)
    for line in lines {
      try #require(line.count == 2, "\(line)")
      #expect(text(SISAnswer(Array(line[0].utf8))) == line[1], "\(line)")
    }
  }

  /// Whatever is flipped or cut off, nothing traps and the line after the next is read as it is.
  @Test func aBrokenAnswerDoesNotOutlastItsLine() throws {
    for line in try vectors("ExtronSIS", "answers.txt") {
      let bytes = Array(line[0].utf8)
      for at in bytes.indices {
        for bit in 0..<8 {
          var broken = bytes
          broken[at] ^= 1 << UInt8(bit)
          var dialect = SISDialect()
          var heard: [MatrixHeard] = []
          for byte in broken + [0x0D, 0x0A] + broken.prefix(at) + Array("\r\n\r\nOut03 In01 All\r\n".utf8) {
            dialect.push(byte, into: &heard)
          }
          #expect(heard.last == .route(MatrixRoute(3, from: 1)), "\(line) byte \(at) bit \(bit)")
        }
      }
    }
  }

  @Test func noiseTrapsNothing() {
    var random = SeededRandom(seed: 5)
    let letters = Array("0123456789*!&%$\u{1B}+QCV\r\nOutIn AlE.-VXPassword:".utf8) + [0xFF, 0xFB]
    let noise = (0..<100_000).map { _ in letters[Int(random.below(UInt32(letters.count)))] }
    var speech = SISSpeech()
    var core = MatrixCore(inputs: 8, outputs: 6)
    var replies: [[UInt8]] = []
    var dialect = SISDialect()
    var heard: [MatrixHeard] = []
    for byte in noise {
      speech.push(byte, &core, into: &replies)
      dialect.push(byte, into: &heard)
    }
    #expect(core.routes.allSatisfy { $0 <= 8 } && replies.count > 100 && heard.count > 100)
  }

  @Test func aTelnetPortsOwnWordsAreLeftOut() {
    var dialect = SISDialect()
    var heard: [MatrixHeard] = []
    let said: [UInt8] = [0xFF, 0xFB, 0x01, 0xFF, 0xFD, 0x03] + Array("Out0".utf8) + [0xFF, 0xF9] + Array("3 In01 All\r\n".utf8)
    for byte in said { dialect.push(byte, into: &heard) }
    #expect(heard == [.route(MatrixRoute(3, from: 1))])
  }
}
