import DeviceKit
import LineProtocolCodec
import LineProtocolDeviceModel
import MatrixTestSupport
import Testing
import VideohubCodec
import VideohubDeviceModel

@Suite struct HubBlockTests {
  private func blocks(_ bytes: [UInt8]) -> [HubBlock] {
    pieces(bytes).compactMap { if case .block(let block) = $0 { block } else { nil } }
  }

  private func pieces(_ bytes: [UInt8]) -> [HubBlockDecoder.Piece] {
    var decoder = HubBlockDecoder()
    var found: [HubBlockDecoder.Piece] = []
    for byte in bytes { decoder.push(byte, into: &found) }
    return found
  }

  private func text(_ block: HubBlock) -> String {
    let routes = block.header == HubBlock.routing ? block.routes : []
    return ([block.header] + routes.map { "\($0.output)<\($0.input)" }).joined(separator: " ")
  }

  private func prelude() throws -> [UInt8] {
    try vectorLines("Videohub", "prelude.txt").flatMap { ($0 == "." ? [] : Array($0.utf8)) + [0x0A] }
  }

  @Test func everyVectorIsReadAndWrittenBack() throws {
    let lines = try vectors("Videohub", "session.txt")
    #expect(lines.count == 16)
    for line in lines {
      try #require(line.count == 4, "\(line)")
      let bytes = unescaped(line[2])
      let found = blocks(bytes)
      #expect(found.map(text).joined(separator: ", ") == line[3], "\(line[0])")
      #expect(found.count == pieces(bytes).count)
      guard line[0] != "preamble" else { continue }
      #expect(found.flatMap(\.bytes) == bytes, "\(line[0])")
      // The same from a server that ends lines with CR LF.
      #expect(blocks(bytes.flatMap { $0 == 0x0A ? [0x0D, 0x0A] : [$0] }) == found)
    }
  }

  /// The model answers the captured questions as the captured server did.
  @Test func theModelAnswersAsTheMockUpDid() throws {
    var traits = HubSpeech.Traits()
    traits.answersQuestions = false
    var model = VideohubModel(HubSpeech(traits), inputs: 4, outputs: 4)
    var effects = Effects<VideohubModel.Effect>()
    func exchange(_ input: VideohubModel.Input) -> [UInt8] {
      var said: [UInt8] = []
      model.handle(input, at: .zero, into: &effects)
      while let effect = effects.takeFirst() { if case .transmit(let bytes) = effect { said += bytes } }
      return said
    }
    _ = exchange(.connected)
    let lines = try vectors("Videohub", "session.txt")
    var compared = 0
    for (question, answer) in zip(lines, lines.dropFirst()) where question[1] == "C" && answer[1] == "S" {
      if question[0] == "locked" {
        _ = exchange(.hand(.route(MatrixRoute(2, from: 2))))
        _ = exchange(.hand(.lock(2, true)))
      }
      let said = exchange(.received(unescaped(question[2])))
      // It pushes what changed, not all labels, and no locks of clients.
      guard question[0] != "label", question[0] != "lock" else { continue }
      #expect(said == unescaped(answer[2]), "\(question[0]): \(escaped(said))")
      compared += 1
    }
    #expect(compared == 5)
  }

  @Test func thePreludeIsHeardAsWhatItSays() throws {
    let bytes = try prelude()
    var dialect = HubDialect()
    var heard: [MatrixHeard] = []
    for byte in bytes { dialect.push(byte, into: &heard) }
    let description = MatrixDescription(model: "Blackmagic CleanSwitch 12x12", firmware: "2.7", inputs: 3, outputs: 3)
    #expect(
      heard == [
        .described(description), .route(MatrixRoute(1, from: 3)), .route(MatrixRoute(2, from: 1)),
        .route(MatrixRoute(3, from: 2)),
        .greetedPerhaps, .greeted,
      ])
  }

  /// Cut off anywhere, the next block is understood.
  @Test func aCutOffPreludeEndsWithTheNextBlock() throws {
    let bytes = try prelude()
    let next = HubBlock.routing([MatrixRoute(3, from: 2)])
    for length in bytes.indices {
      let found = blocks(Array(bytes[..<length]) + [0x0A, 0x0A] + next.bytes)
      #expect(found.last == next, "after \(length)")
    }
  }

  /// Whatever is flipped, what follows is read as it is.
  @Test func aFlippedBitDoesNotOutlastItsBlock() throws {
    let bytes = try prelude()
    let whole = blocks(bytes)
    for at in bytes.indices {
      for mask in [UInt8(1) << UInt8(at % 8), 0xFF] {
        var broken = bytes
        broken[at] ^= mask
        #expect(blocks(broken + [0x0A] + bytes).suffix(whole.count) == whole[...], "byte \(at) mask \(mask)")
      }
    }
  }

  @Test func manyAtOnceAreThoseOneByOne() throws {
    let sent = try vectors("Videohub", "session.txt").map { unescaped($0[2]) }
    #expect(blocks(sent.flatMap { $0 }) == sent.flatMap(blocks))
  }

  @Test func nothingIsUnbounded() {
    #expect(pieces([UInt8](repeating: 0x41, count: 100_000)) == [.tooLong])
    let lines = Array("OUTPUT LABELS:\n".utf8) + (0..<10_000).flatMap { _ in Array("1 x\n".utf8) } + [0x0A]
    #expect(pieces(lines) == [.tooLong])
    #expect(pieces(lines + HubBlock.ack.bytes) == [.tooLong, .block(.ack)])
    var random = SeededRandom(seed: 3)
    let letters = Array("ACKN: \n\r0123VIDEO".utf8) + [0xFF, 0]
    let noise = (0..<100_000).map { _ in letters[Int(random.below(UInt32(letters.count)))] }
    #expect(pieces(noise + [0x0A, 0x0A] + HubBlock.nak.bytes).last == .block(.nak))
  }

  @Test func oddLinesOfABlockArePassedOver() {
    let block = HubBlock(HubBlock.routing, ["0 1", "x 2", "2", "65535 1", "1 65535", "70000 1", "3  4", "-1 2", "4 0"])
    #expect(block.routes == [MatrixRoute(1, from: 2), MatrixRoute(5, from: 1)])
    #expect(HubBlock.routing([MatrixRoute(0, from: 1), MatrixRoute(1, from: 0)]).lines.isEmpty)
  }
}
