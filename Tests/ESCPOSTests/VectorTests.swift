import DeviceKit
import ESCPOSCodec
import Testing

@Suite struct VectorTests {
  @Test func everyPieceIsReadAndWrittenBack() throws {
    let pieces = try vectors("pieces.txt")
    #expect(pieces.count == 26)
    for piece in pieces {
      try #require(piece.count == 3, "\(piece)")
      let sent = bytes(piece[1])
      let items = parse(sent)
      #expect(items.map(text).joined(separator: " ") == piece[2], "\(piece[0])")
      // What was understood is written back as it was, but for forms that mean the same.
      guard piece[0] != "alignment as a digit", items.allSatisfy({ if case .command = $0 { true } else { false } }) else {
        continue
      }
      let again = items.flatMap { if case .command(let command) = $0 { command.bytes } else { [UInt8]() } }
      #expect(again == sent, "\(piece[0])")
    }
  }

  private func ticket() throws -> [UInt8] { bytes(try vectors("ticket.txt").flatMap { $0 }.joined(separator: " ")) }

  @Test func theTicketIsWrittenFromItsPieces() throws {
    let table = try chinese()
    var made: [UInt8] = []
    func put(_ commands: PrinterCommand...) { for command in commands { made += command.bytes } }
    func say(_ text: String) { made += SlipText.bytes(text, table) + [0x0A] }
    put(.initialise, .doubleByte(true), .align(.centre), .size(width: 1, height: 1))
    say("社会治安综合治理中心")
    put(.size(width: 2, height: 2))
    say("A001")
    put(.size(width: 1, height: 1), .align(.left))
    say("业务：矛盾纠纷调解")
    say("等候人数：3")
    put(.align(.centre), .qr(.model(50)), .qr(.moduleDots(6)), .qr(.correction(.medium)))
    put(.qr(.store(Array("https://example.invalid/t/A001".utf8))), .qr(.print), .lineFeed, .feedLines(3))
    put(.feedAndCut(partial: false, dots: 0))
    #expect(try made == ticket() && made.count == 158)
  }

  @Test func manyAtOnceAreThoseOneByOne() throws {
    let pieces = try vectors("pieces.txt").map { bytes($0[1]) }
    // Each begins in a fresh mode, as in its own vector.
    let together = parse(pieces.flatMap { [0x1C, 0x2E] + $0 })
    #expect(together == pieces.flatMap { parse([0x1C, 0x2E] + $0) })
    #expect(together.count > 80)
  }

  @Test func aCutOffTicketEndsInItsCommandAndGoesOn() throws {
    let ticket = try ticket()
    for length in ticket.indices {
      var parser = CommandParser()
      var items: [PrinterItem] = []
      for byte in ticket[..<length] { parser.push(byte, into: &items) }
      #expect(parser.isInside || items.count <= length)
      // Zeros complete whatever was begun, so that the next slip is understood.
      for _ in 0..<ticket.count { parser.push(0, into: &items) }
      #expect(!parser.isInside, "after \(length)")
      items.removeAll()
      for byte in ticket { parser.push(byte, into: &items) }
      #expect(items == parse(ticket), "after \(length)")
    }
  }

  /// Whatever is flipped, everything is consumed, and the slip that follows is read as it is.
  @Test func aFlippedBitDoesNotOutlastItsSlip() throws {
    let ticket = try ticket()
    let whole = parse(ticket)
    for index in ticket.indices {
      for bit in 0..<8 {
        var broken = ticket
        broken[index] ^= 1 << UInt8(bit)
        var parser = CommandParser()
        var items: [PrinterItem] = []
        for byte in broken { parser.push(byte, into: &items) }
        // A length that grew is completed by zeros, as the driver does it.
        var zeros = 0
        while parser.isInside, zeros < 70_000 {
          parser.push(0, into: &items)
          zeros += 1
        }
        for byte in ticket { parser.push(byte, into: &items) }
        #expect(items.suffix(whole.count) == whole[...], "byte \(index) bit \(bit)")
      }
    }
  }

  @Test func noiseIsConsumedAndBounded() {
    var random = SeededRandom(seed: 3)
    for _ in 0..<200 {
      var parser = CommandParser(answersInData: random.chance(1, in: 2), isDoubleByte: random.chance(1, in: 2))
      var items: [PrinterItem] = []
      // Mostly prefixes, so that commands are begun.
      for _ in 0..<5_000 {
        let byte = random.chance(1, in: 5) ? [0x1B, 0x1C, 0x1D, 0x10][Int(random.below(4))] : UInt8(random.below(256))
        parser.push(byte, into: &items)
      }
      #expect(items.count <= 10_000)
      parser.startOver()
      #expect(!parser.isInside)
    }
  }

  @Test func statusIsReadAndWrittenBack() throws {
    let lines = try vectors("status.txt")
    #expect(lines.count == 24)
    for line in lines {
      try #require(line.count == 3)
      let answer = bytes(line[1])
      let status: PrinterStatus?
      let again: [UInt8]?
      switch line[0] {
      case "r":
        status = PrinterStatus(paperByte: answer[0])
        again = status.map { [$0.paperByte] }
      case "a":
        status = PrinterStatus(automaticBytes: answer)
        again = status?.automaticBytes
      default:
        let kind = try #require(UInt8(line[0]).flatMap { StatusKind(rawValue: $0) })
        status = PrinterStatus(realTimeByte: answer[0], kind)
        again = status.map { [$0.realTimeByte(kind)] }
      }
      #expect(status.map(names) ?? "!" == line[2], "\(line)")
      if let again { #expect(again == answer, "\(line)") }
    }
  }

  @Test func repliesAreToldApart() {
    var decoder = ReplyDecoder()
    let sent: [UInt8] = [0x12, 0x03, 0x13, 0x11, 0x38, 0x00, 0x0C, 0x00, 0x10, 0x00, 0x1A, 0xFF, 0x00]
    let replies = sent.compactMap { decoder.push($0) }
    #expect(
      replies == [
        .realTime(0x12), .inOrder(0x03), .flow(isReady: false), .flow(isReady: true),
        .automatic([.offline, .coverOpen, .paperOut]), .realTime(0x1A), .garbage(0xFF), .inOrder(0),
      ])
    // Every byte is one of them, or the beginning of four.
    for byte in UInt8.min...UInt8.max {
      var decoder = ReplyDecoder()
      #expect(decoder.push(byte) != nil || byte & 0x93 == 0x10, "\(byte)")
    }
  }

  @Test func aRequestInsideOfDataIsAnsweredAsTheModelDoes() {
    let data: [UInt8] = [0x41, 0x10, 0x04, 0x04, 0x42]
    let sent = PrinterCommand.qr(.store(data)).bytes
    #expect(parse(sent) == [.command(.qr(.store(data)))])
    #expect(parse(sent, CommandParser(answersInData: true)) == [.realTime(.status(.paper)), .command(.qr(.store(data)))])
  }
}
