import DeviceKit
import DeviceVocabulary
import ResidentCardCodec
import ResidentCardDeviceModel
import Testing

@Suite struct CardTextTests {
  private func parse(_ bytes: [UInt8]) -> CardText? {
    let buffer = SecretBuffer(capacity: 256)
    buffer.fill(from: bytes)
    return CardText(buffer)
  }

  private func string(_ text: CardText, _ field: CardField) -> String {
    let target = SecretBuffer(capacity: 256)
    let length = text.copy(field, into: target)
    #expect(length == target.count)
    return String(decoding: contents(target), as: UTF8.self)
  }

  @Test func theSheetsPersonIsReadFieldByField() throws {
    let text = try #require(try parse(VectorFile("records").bytes("text")))
    #expect(text.kind == .resident)
    let expected: [(CardField, String)] = [
      (.name, "张三"), (.sex, "1"), (.nation, "01"), (.birth, "19491231"), (.address, "广东省深圳市测试区示例路1号"),
      (.number, "11010519491231002X"), (.authority, "深圳市公安局测试分局"), (.validFrom, "20200101"), (.validTo, "20400101"),
      (.latinName, ""), (.travelPermit, ""), (.nationality, ""),
    ]
    for (field, value) in expected { #expect(string(text, field) == value, "\(field)") }
    #expect(text.doubts() == [] && text.code(.sex) == 1 && text.code(.nation).flatMap(Nation.name) == "汉")
    #expect(text.birth == CardDate(year: 1949, month: 12, day: 31) && text.code(.number) == nil && text.code(.latinName) == nil)
    #expect(text.validTo == CardDate(year: 2040, month: 1, day: 1).map { .day($0) })
    let mask = MaskedCard(text)
    #expect(mask.name == "张*" && mask.number == "110***********002X")
    let address = SecretBuffer(capacity: 70)
    #expect(try replies(VectorFile("records").bytes("newest address"), .address, into: address).count == 1)
    let target = SecretBuffer(capacity: 256)
    CardText.copyAddress(address, into: target)
    #expect(String(decoding: contents(target), as: UTF8.self) == "广东省深圳市测试区新址路2号")
  }

  @Test func forEverIsAnEndAndOtherWordsAreNone() throws {
    var bytes = try VectorFile("records").bytes("text")
    bytes.replaceSubrange(204..<220, with: try VectorFile("records").bytes("for ever"))
    #expect(parse(bytes)?.validTo == .never && parse(bytes)?.doubts() == [])
    for word in ["期长", "长", "长期长期", "", "2040010", "20400230"] {
      let card = SyntheticCard(.resident, [(.validFrom, "20200101"), (.validTo, word)])
      #expect(parse(card.text)?.validTo == nil, "\(word)")
      #expect(parse(card.text)?.doubts().contains(.validity) == true)
    }
  }

  @Test(arguments: CardKind.allCases) func everyKindIsReadWhereItsFieldsStand(kind: CardKind) throws {
    for seed: UInt64 in 1...50 {
      let card = SyntheticCard.person(kind, seed: seed)
      #expect(card.text.count == 256 && card == SyntheticCard.person(kind, seed: seed))
      let text = try #require(parse(card.text))
      #expect(text.kind == kind && text.doubts() == [], "\(kind) \(seed)")
      #expect(MaskedCard(text).number.count == (kind == .foreign2017 ? 15 : 18))
      #expect(string(text, .nationality) == (kind == .foreign2017 || kind == .foreign2023 ? "XXX" : ""))
      switch kind {
      case .resident: #expect(text.code(.nation).flatMap(Nation.name) != nil)
      case .regional: #expect(string(text, .travelPermit).hasPrefix("H0000") && text.code(.issueCount) == 1)
      case .foreign2017:
        #expect(string(text, .latinName) == "SAMPLE, TEST PERSON" && string(text, .number).hasPrefix("XXX0"))
      case .foreign2023:
        #expect(string(text, .latinName) == "SAMPLE, A PERSON WHOSE NAME DOES NOT FIT IN ON", "46 places in two parts")
      }
    }
    // No field of a kind overlaps another, nor leaves the text, nor covers the mark.
    var taken = [CardKind.markOffset, CardKind.markOffset + 1]
    for span in CardField.allCases.flatMap({ kind.spans($0) }) { taken += span.offset..<span.offset + span.length }
    #expect(Set(taken).count == taken.count && taken.allSatisfy { (0..<256).contains($0) })
  }

  @Test func aKindThatNobodyToldUsOfIsNone() {
    for mark: UInt16 in [0x4B, 0x6A, 0xFFFF, 0x3000, 0x31, 0x49 << 8] {
      var bytes = SyntheticCard.person(.resident, seed: 1).text
      (bytes[248], bytes[249]) = (UInt8(mark & 0xFF), UInt8(mark >> 8))
      #expect(parse(bytes) == nil, "\(mark)")
    }
    var bytes = SyntheticCard.person(.resident, seed: 1).text
    bytes[248] = 0
    #expect(parse(bytes)?.kind == .resident)
    #expect(parse(Array(bytes.dropLast())) == nil && parse([]) == nil)
    for kind in CardKind.allCases { #expect(CardKind(mark: kind.mark) == kind) }
  }

  @Test func checkDigitsAreThoseOfTheStandard() {
    for number in ["11010519491231002X", "440524188001010014", "440300199001011238"] {
      var check = CheckDigit()
      for digit in number.utf8.dropLast() { check.update(Int(digit) - 48) }
      #expect(String(Character(check.scalar)) == String(number.suffix(1)))
    }
    func doubts(_ number: String, _ birth: String) -> CardDoubts? {
      parse(SyntheticCard(.resident, [(.number, number), (.birth, birth), (.validFrom, "20200101"), (.validTo, "长期")]).text)?
        .doubts()
    }
    #expect(doubts("11010519491231002X", "19491231") == [] && doubts("11010519491231002x", "19491231") == [])
    #expect(doubts("110105194912310021", "19491231") == .number && doubts("440300199001011239", "19900101") == .number)
    #expect(doubts("1101051949123100", "19491231")?.contains(.number) == true)
    #expect(
      doubts("", "19491231")?.contains(.number) == true && doubts("1101０519491231002X", "19491231")?.contains(.number) == true)
    #expect(doubts("11010519491231002X", "19491230") == .birthInNumber)
    #expect(doubts("440524188001010014", "18800101") == .birth)
    for day in ["19490230", "19491301", "00000000", "1949123", "", "1949123a", "19000229"] {
      #expect(doubts("11010519491231002X", day)?.contains(.birth) == true, "\(day)")
    }
    #expect(CardDate(year: 2000, month: 2, day: 29) != nil && CardDate(year: 1900, month: 2, day: 29) == nil)
    let small = SyntheticCard(.resident, [(.number, "11010519491231002x")])
    #expect(parse(small.text).map { string($0, .number) } == "11010519491231002X")
  }

  @Test func everyWrongDigitOfANumberIsNoticed() throws {
    let good = Array("11010519491231002X")
    for place in good.indices {
      for digit in Array("0123456789X") where digit != good[place] {
        var number = good
        number[place] = digit
        let card = SyntheticCard(.resident, [(.number, String(number))])
        #expect(try #require(parse(card.text)).doubts().contains(.number), "\(String(number))")
      }
    }
  }

  @Test func validityHasABeginningBeforeItsEnd() {
    func doubts(_ from: String, _ to: String) -> Bool? {
      parse(SyntheticCard(.resident, [(.validFrom, from), (.validTo, to)]).text)?.doubts().contains(.validity)
    }
    #expect(doubts("20200101", "20400101") == false && doubts("20200101", "长期") == false)
    #expect(doubts("20400101", "20200101") == true && doubts("", "20200101") == true && doubts("20200101", "20200101") == true)
  }

  @Test func namesAreMaskedWhateverTheyAre() {
    func mask(_ fields: [(CardField, String)], _ kind: CardKind = .resident) -> MaskedCard? {
      parse(SyntheticCard(kind, fields).text).map { MaskedCard($0) }
    }
    #expect(mask([(.name, "王小")])?.name == "王*" && mask([(.name, "王小明")])?.name == "王**")
    #expect(mask([(.name, "欧阳样本试")])?.name == "欧**" && mask([(.name, "王")])?.name == "**")
    #expect(mask([(.name, "𠮷样")])?.name == "𠮷*" && mask([])?.name == "")
    #expect(mask([(.latinName, "SAMPLE, TEST")], .foreign2017)?.name == "S**")
    #expect(mask([(.name, "萨样"), (.latinName, "SAMPLE")], .foreign2023)?.name == "萨*")
    #expect(mask([(.name, "\u{0}\u{1}x")])?.name == "***", "what may not be shown is not shown")
    #expect(mask([(.number, "220000194912310021")])?.number == "220***********0021")
    #expect(
      mask([(.number, "1234567")])?.number == "*******" && mask([(.number, "22<>0194912310<21")])?.number.contains("<") == false)
    #expect(mask([(.number, "XXX000000123456")], .foreign2017)?.number == "XXX********3456")
  }

  @Test func nationsHaveTheirNames() {
    #expect((1...56).allSatisfy { Nation.name($0) != nil } && Set((1...56).compactMap(Nation.name)).count == 56)
    #expect(Nation.name(1) == "汉" && Nation.name(20) == "傈僳" && Nation.name(46) == "德昂" && Nation.name(56) == "基诺")
    #expect(Nation.name(97) == "其他" && Nation.name(98) != nil)
    for code in [0, -1, 57, 96, 99, Int.max] { #expect(Nation.name(code) == nil) }
  }

  /// Records of garbage: no trap, nothing that may not be shown, never more than there are places.
  @Test func anyUTF16IsReadAndBounded() throws {
    var random = SeededRandom(seed: 77)
    var read = 0
    let target = SecretBuffer(capacity: 256)
    for round in 0..<5000 {
      var bytes = (0..<256).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      // Halves of surrogate pairs, NUL, controls and marks of direction, more than chance brings.
      for at in stride(from: 0, to: 256, by: 2) where random.chance(1, in: 2) {
        let units: [UInt16] = [0xD800, 0xDBFF, 0xDC00, 0xDFFF, 0, 1, 0x7F, 0x85, 0x202E, 0xFFFE, 0xFEFF, 0x20, 0x3000, 0x4E00]
        let unit = units[Int(random.below(UInt32(units.count)))]
        (bytes[at], bytes[at + 1]) = (UInt8(unit & 0xFF), UInt8(unit >> 8))
      }
      let kind = CardKind.allCases[round % 4]
      if round % 8 != 7 { (bytes[248], bytes[249]) = (UInt8(kind.mark), 0) }
      guard let text = parse(bytes) else { continue }
      read += 1
      for field in CardField.allCases {
        var places = 0
        text.forEachCharacter(of: field) { scalar in
          places += 1
          #expect(scalar.isPlainText && scalar.value >= 0x20)
        }
        #expect(places <= text.kind.spans(field).reduce(0) { $0 + $1.length / 2 })
        text.copy(field, into: target)
        #expect(String(validating: contents(target), as: UTF8.self) != nil && target.count <= 3 * 60)
      }
      _ = text.doubts()
      let mask = MaskedCard(text)
      #expect(mask.name.unicodeScalars.count <= 3 && mask.number.unicodeScalars.count <= 18)
      #expect((mask.name + mask.number).unicodeScalars.allSatisfy { $0.isPlainText && $0 != "\u{FFFD}" })
    }
    #expect(read > 4000)
    let broken = SyntheticCard(.resident, [(.name, "王\u{0}样\u{7}")])
    #expect(parse(broken.text).map { string($0, .name) } == "王\u{FFFD}样\u{FFFD}")
    #expect(parse(broken.text)?.doubts().contains(.characters) == true)
  }
}
