import CCIDCodec
import CCIDDeviceModel
import DeviceKit
import DeviceVocabulary
import Testing

@Suite struct CodecTests {
  static let files = ["libccid", "qemu"]

  // MARK: messages

  @Test(arguments: files) func everyCommandOfTheVectorsIsReadAndWrittenAlike(file: String) throws {
    let commands = try CardVectors(file).all(">")
    #expect(commands.count > 5)
    for line in commands {
      var decoder = CCIDCommandDecoder(limit: 300)
      let found = line.bytes.compactMap { decoder.push($0) }
      let (command, isTooLong) = try #require(found.first, "\(line.name)")
      #expect(found.count == 1 && !isTooLong && command.encoded == line.bytes, "\(line.name)")
      #expect((command.kind == nil) == (line.name == "unknown"))
    }
  }

  @Test(arguments: files) func everyAnswerOfTheVectorsIsReadInPacketsOfAnySize(file: String) throws {
    for line in try CardVectors(file).all("<") {
      // The parameters behind a length of 0 are over with their packet.
      for size in line.name == "T=0" && file == "qemu" ? [64] : [1, 3, 10, 11, 64] {
        let data = SecretBuffer(capacity: 64)
        var decoder = CCIDReplyDecoder(into: data)
        var found: [CCIDReply] = []
        var rest = line.bytes[...]
        while !rest.isEmpty {
          let packet = Array(rest.prefix(size))
          rest = rest.dropFirst(size)
          switch decoder.push(buffer(packet), isLast: packet.count < size) {
          case .success(let reply)?: found.append(reply)
          case .failure(let rejection)?: Issue.record("\(line.name): \(rejection)")
          case nil: break
          }
        }
        let reply = try #require(found.first, "\(line.name)")
        #expect(found.count == 1 && reply.kind.rawValue == line.bytes[0] && reply.sequence == line.bytes[6])
        if file == "libccid" { #expect(reply.encoded(plain(data)) == line.bytes, "\(line.name) \(size)") }
      }
    }
  }

  @Test func statusSaysHowTheCardAndTheCommandAre() throws {
    let vectors = try CardVectors("libccid")
    func reply(_ bytes: [UInt8]) -> CCIDReply? {
      var decoder = CCIDReplyDecoder(into: SecretBuffer(capacity: 64))
      return try? decoder.push(buffer(bytes), isLast: true)?.get()
    }
    #expect(reply(try vectors.bytes("status", "<"))?.card == .inactive)
    #expect(reply(try vectors.bytes("select", "<"))?.card == .active)
    #expect(reply(try vectors.bytes("select", "<"))?.outcome == .done)
    #expect(reply(try vectors.bytes("more time", "<"))?.outcome == .moreTime(1))
    #expect(reply(try vectors.bytes("mute 5 V", "<"))?.outcome == .failed(.mute))
    #expect(reply(try vectors.bytes("mute 5 V", "<"))?.card == .absent)
  }

  @Test func whatIsNoAnswerIsRefusedAndTheNextOneIsRead() {
    let data = SecretBuffer(capacity: 32)
    var decoder = CCIDReplyDecoder(into: data)
    let good = CCIDReply(.dataBlock, sequence: 7).encoded([1, 2, 3])
    func push(_ bytes: [UInt8], isLast: Bool = true) -> Result<CCIDReply, CCIDRejection>? {
      let result = decoder.push(buffer(bytes), isLast: isLast)
      if case .failure = result { #expect(data.isEmpty) }
      return result
    }
    #expect(push([0x12] + good.dropFirst()) == .failure(.type(0x12)))
    #expect(push([0x80, 0xFF, 0xFF, 0xFF, 0xFF, 0, 7, 0, 0, 0, 1]) == .failure(.length(0xFFFF_FFFF)))
    #expect(push(Array(good.dropLast())) == .failure(.short))
    #expect(push(good + [9]) == .failure(.long))
    #expect(push([], isLast: true) == nil)
    #expect(push(Array(good.prefix(5)), isLast: false) == nil)
    #expect(push(Array(good.dropFirst(5))) == .success(CCIDReply(.dataBlock, sequence: 7)))
    #expect(plain(data) == [1, 2, 3])
  }

  @Test func noBytesOfAnyKindHurtTheDecoders() throws {
    var random = SeededRandom(seed: 20)
    let data = SecretBuffer(capacity: 300)
    var replies = CCIDReplyDecoder(into: data)
    var commands = CCIDCommandDecoder(limit: 271)
    for _ in 0..<2_000 {
      let packet = (0..<Int(random.below(65))).map { index in
        index == 0 && random.chance(1, in: 2)
          ? UInt8(0x80 + random.below(5)) : UInt8(truncatingIfNeeded: random.next() & random.next())
      }
      _ = replies.push(buffer(packet), isLast: random.chance(2, in: 3))
      for byte in packet { _ = commands.push(byte) }
      _ = AnswerToReset([0x3B] + packet)
      _ = CCIDDescriptor(in: packet)
      _ = CardCommand(packet)
      _ = CCIDNotice(packet, slot: UInt8(random.below(20)))
      _ = T1Block.decode(packet.span, crc: random.chance(1, in: 2)).map { $0.field }
    }
    replies.startOver()
    #expect(try replies.push(buffer(CCIDReply(.slotStatus, sequence: 1).encoded()), isLast: true)?.get().sequence == 1)
  }

  @Test func aCommandLongerThanAReaderTakesIsToldAtOnceAndDropped() throws {
    var decoder = CCIDCommandDecoder(limit: 20)
    let long = CCIDCommand(.exchange, sequence: 3, data: [UInt8](repeating: 0x62, count: 40)).encoded
    let found = long.compactMap { decoder.push($0) }
    #expect(found.count == 1 && found.first?.isTooLong == true && found.first?.command.sequence == 3)
    let next = CCIDCommand(.slotStatus, sequence: 4).encoded.compactMap { decoder.push($0) }
    #expect(next.first?.command == CCIDCommand(.slotStatus, sequence: 4))
  }

  // MARK: what stands in descriptors and notices

  @Test func descriptorsOfTwoReaders() throws {
    let bytes = try CardVectors("qemu").bytes("descriptor", "d")
    let qemu = try #require(CCIDDescriptor(in: bytes))
    #expect(qemu.release == 0x0110 && qemu.slots == 1 && qemu.speaksT0 && !qemu.speaksT1 && qemu.level == .block)
    #expect(qemu.longestField == 254 && qemu.longestMessage == 65_554 && qemu.features == 0x1_04FE)
    // Behind another class's descriptor, as one maker has it behind the endpoints.
    #expect(CCIDDescriptor(in: [9, 0x30, 1, 2, 3, 4, 5, 6, 7] + bytes) == qemu)
    #expect(CCIDDescriptor(in: Array(bytes.dropLast())) == nil && CCIDDescriptor(in: [0, 0x21]) == nil)
    let own = CCIDDescriptor(features: 0x4_0030, longestMessage: 300)
    #expect(own.encoded.count == 54 && CCIDDescriptor(in: own.encoded) == own && own.level == .longCommand)
  }

  @Test func noticesOfEachSlot() throws {
    let vectors = try CardVectors("qemu")
    #expect(CCIDNotice(try vectors.bytes("inserted", "n")) == .card(isPresent: true, hasChanged: true))
    #expect(CCIDNotice(try vectors.bytes("removed", "n")) == .card(isPresent: false, hasChanged: true))
    #expect(CCIDNotice([0x50, 0, 0x0C], slot: 5) == .card(isPresent: true, hasChanged: true))
    #expect(CCIDNotice([0x50, 3], slot: 4) == nil && CCIDNotice([0x51, 0, 9, 7]) == .hardwareError(slot: 0, code: 7))
  }

  // MARK: cards

  @Test func answersToResetAsTwoOtherProgramsReadThem() throws {
    for line in try CardVectors("cards").lines {
      let halves = line.what.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
      let answer = try #require(AnswerToReset(line.bytes), "\(line.name)")
      #expect(answer.protocols == (try CardVectors.bytes(halves[0])), "\(line.name)")
      #expect(answer.history == (try CardVectors.bytes(halves[1])), "\(line.name)")
      #expect((answer.storageCard?.kind == 1) == (line.name == "Classic 1K"))
      for length in 0..<line.bytes.count {
        #expect(AnswerToReset(Array(line.bytes.prefix(length))) == nil, "\(line.name) \(length)")
      }
    }
  }

  @Test func groupBytesOfAnAnswerToReset() throws {
    // TA1 TB1 TC1 TD1, TD2 (T=1), TA3 TB3 TC3, no history.
    var bytes: [UInt8] = [0x3F, 0xF0, 0x95, 0x00, 0x05, 0x81, 0x71, 0x40, 0x34, 0x01]
    bytes.append(bytes.dropFirst().reduce(0, ^))
    let answer = try #require(AnswerToReset(bytes))
    #expect(answer.isInverse && answer.speed == 0x95 && answer.guardTime == 5 && answer.protocols == [1])
    #expect(answer.longestField == 0x40 && answer.waiting == 0x34 && answer.usesCRC)
    bytes[bytes.count - 1] ^= 1
    #expect(AnswerToReset(bytes) == nil)
    let only = try #require(AnswerToReset([0x3B, 0x90, 0x18, 0x10, 0x80]))
    #expect(only.onlyProtocol == 0 && only.usesSpeed && only.speed == 0x18)
  }

  @Test func commandsToCards() throws {
    #expect(CardCommand([0, 0xA4, 4]) == nil && CardCommand([0, 0xA4, 4, 0, 5, 1, 2]) == nil)
    #expect(try #require(CardCommand([0, 1, 2, 3])).forT0 == [0, 1, 2, 3, 0])
    let fourth = try #require(CardCommand([0, 0xA4, 4, 0, 2, 0xA0, 0, 0x10]))
    #expect(fourth.expected == 0x10 && fourth.hasData && fourth.forT0 == [0, 0xA4, 4, 0, 2, 0xA0, 0])
    #expect(fourth.expecting(0x22).last == 0x22 && fourth.response(9) == [0, 0xC0, 0, 0, 9])
    let long = try #require(CardCommand([0x80, 0x20, 0, 0, 0, 0, 3, 1, 2, 3]))
    #expect(long.isExtended && CardCommand([0, 0xB0, 0, 0, 0, 1, 0])?.isExtended == true)
    #expect(CardCommand([0, 0xB0, 0, 0, 0, 0, 9, 1]) == nil)
  }

  @Test(arguments: [false, true]) func blocksAreReadAsTheyAreWrittenAndNotWithABitTurned(crc: Bool) throws {
    var random = SeededRandom(seed: crc ? 3 : 4)
    let controls: [T1Block.Control] = [
      .information(number: 1, more: true), .information(number: 0, more: false), .ready(number: 1, error: 1),
      .supervisory(.field, isAnswer: false), .supervisory(.wait, isAnswer: true),
    ]
    for control in controls {
      let field = (0..<Int(random.below(40))).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      let block = T1Block.encode(control, field, crc: crc)
      guard case .success(let (found, range)) = T1Block.decode(block.span, crc: crc) else {
        Issue.record("\(control)")
        continue
      }
      #expect(found == control && Array(block[range]) == field)
      for index in block.indices {
        var turned = block
        turned[index] ^= 0x04
        if case .success = T1Block.decode(turned.span, crc: crc) { Issue.record("\(control) \(index)") }
      }
    }
    #expect(T1Block.encode(.supervisory(.field, isAnswer: false), [0xFE], crc: false) == [0, 0xC1, 1, 0xFE, 0x3E])
  }
}
