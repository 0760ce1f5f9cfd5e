import DeviceKit
import ESCPOSCodec
import ESCPOSDeviceModel
import Testing
import Transports

private let systemText: Result<ChineseText, ChineseText.Failure> = Result { () throws(ChineseText.Failure) in try ChineseText() }

func chinese() throws -> DoubleByteTable {
  let text = try systemText.get()
  return DoubleByteTable(encode: { text.code($0) }, decode: { text.scalar($0, $1) })
}

extension TicketSlip {
  static let sample = TicketSlip(
    site: "社会治安综合治理中心", number: "A001", service: "矛盾纠纷调解", waiting: 3, place: "2号窗口", moment: "2026-01-15 12:34",
    code: "4721", qr: "https://example.invalid/t/A001",
    next: ["请在大厅等候，叫到您的号码时到窗口办理。", "凭查询码可以在本机查询办理进展。"])

  /// Drawn from a seed, with texts of all lengths and whatever may be in them.
  static func drawn(_ random: inout SeededRandom) -> TicketSlip {
    let letters = Array("社会治安综合治理中心矛盾纠纷调解，。：（）《》ABCabc 012-_/\u{1B}\u{10}\u{4}\u{1D}\n\t😀𠮷龘é\u{202E}".unicodeScalars)
    func draw(_ most: UInt32) -> String {
      let count = random.below(most + 1)
      return String(String.UnicodeScalarView((0..<count).map { _ in letters[Int(random.below(UInt32(letters.count)))] }))
    }
    return TicketSlip(
      site: draw(40), number: draw(12), service: draw(60), waiting: random.chance(1, in: 2) ? Int(random.below(10_000)) : nil,
      place: draw(80), moment: draw(30), code: draw(8), qr: draw(120), next: (0..<random.below(12)).map { _ in draw(200) },
      isWaitingToReport: random.chance(1, in: 2), mark: [nil, .drill, .test][Int(random.below(3))])
  }
}

extension PrinterProfile {
  static var all: [PrinterProfile] {
    Paper.allCases.flatMap { paper in
      [Cut.none, .partial, .full].flatMap { cut in
        [Code.printer, .raster, .none].flatMap { code in
          [Sizing.scaled, .doubled].flatMap { sizing in
            [true, false].map { PrinterProfile(paper: paper, cut: cut, cutterFeeds: $0, code: code, sizing: sizing) }
          }
        }
      }
    }
  }
}

/// A printer that prints what it is given, at once, and is torn off.
func printed(_ bytes: [UInt8], _ traits: PrinterTraits = PrinterTraits()) throws -> PrintedSlip {
  var model = PrinterModel(traits, table: try chinese())
  var effects = Effects<PrinterModel.Effect>()
  model.handle(.received(bytes), at: .zero, into: &effects)
  var finished: PrintedSlip?
  while let effect = effects.takeFirst() { if case .finished(let slip) = effect { finished = slip } }
  return finished ?? model.tearOff()
}

/// Not a real code: a pattern of that size.
func pattern(_ size: Int) -> [[Bool]] { (0..<size).map { row in (0..<size).map { (row * 7 + $0 * 3) % 5 < 2 } } }

@Suite struct SlipTests {
  @Test func theTableIsTheSystems() throws {
    let text = try systemText.get()
    #expect(text.code("您") ?? (0, 0) == (0xC4, 0xFA) && text.scalar(0xC4, 0xFA) == "您")
    #expect(text.code("，") ?? (0, 0) == (0xA3, 0xAC) && text.code("镕") ?? (0, 0) == (0xE9, 0x46))
    #expect(text.code("A") == nil && text.code("😀") == nil && text.code("𠮷") == nil && text.scalar(0x81, 0x30) == nil)
    // Both ways the same, where a character has a code.
    for value in UInt32(0x80)..<0x10000 {
      guard let scalar = Unicode.Scalar(value), let code = text.code(scalar) else { continue }
      #expect(text.scalar(code.0, code.1) == scalar)
    }
  }

  @Test func aSystemWithoutTheModuleSaysSo() {
    #expect(throws: ChineseText.Failure.self) { try ChineseText(charset: "NO-SUCH") }
    #expect(throws: ChineseText.Failure.incomplete(count: 0).self) { try ChineseText(charset: "ASCII") }
    #expect(ChineseText.Failure.noConverter(code: 22).description.contains("libc-gconv-modules-extra"))
  }

  @Test func everyTextOfTheTicketIsOnTheSlip() throws {
    let slip = try printed(TicketSlip.sample.bytes(PrinterProfile(), try chinese()))
    let lines = slip.lines.map(\.text)
    #expect(lines.first == "社会治安综合治理中心" && lines.contains("A001") && lines.contains("前面等候：3 人"))
    #expect(lines.contains("矛盾纠纷调解") && lines.contains("办理地点：2号窗口") && lines.contains("查询码：4721"))
    #expect(lines.last == "2026-01-15 12:34")
    let number = try #require(slip.lines.first { $0.text == "A001" })
    #expect(number.runs.map(\.look.width) == [6] && number.runs[0].look.isBold && number.alignment == .centre)
    #expect(slip.codes.map(\.text) == ["https://example.invalid/t/A001"] && slip.codes[0].correction == .medium)
    #expect(slip.elements.last == .cut(partial: true) && slip.overflows == 0)
    #expect(!slip.text.contains("待上报") && !slip.text.contains("演练"))
    #expect(slip.text.contains("A001 ×6") && slip.text.contains("[QR https://example.invalid/t/A001]"))
  }

  @Test func offlineAndDrillAreMarked() throws {
    var ticket = TicketSlip.sample
    ticket.isWaitingToReport = true
    ticket.mark = .drill
    let slip = try printed(ticket.bytes(PrinterProfile(paper: .mm58), try chinese()), PrinterTraits(dots: 384))
    #expect(slip.lines.first?.text == "【演练】" && slip.lines.first?.runs.first?.look.width == 2)
    #expect(slip.text.contains("【待上报】"))
  }

  /// Every profile, on a printer that does just what the profile says it can.
  @Test func noLineIsLongerThanThePaperIsWide() throws {
    var random = SeededRandom(seed: 7)
    let table = try chinese()
    for profile in PrinterProfile.all {
      for _ in 0..<25 {
        let bytes = TicketSlip.drawn(&random).bytes(profile, table, modules: pattern(21 + 4 * Int(random.below(10))))
        let traits = PrinterTraits(
          dots: profile.paper.dots, hasCutter: profile.cut != .none, hasQR: profile.code == .printer,
          scalesChinese: profile.sizing == .scaled)
        var model = PrinterModel(traits, table: table)
        var effects = Effects<PrinterModel.Effect>()
        model.handle(.received(bytes), at: .zero, into: &effects)
        // Nothing in a text became a command, a status request among them.
        #expect(model.rejections == 0 && model.isIdle)
        var slips: [PrintedSlip] = []
        while let effect = effects.takeFirst() {
          if case .finished(let slip) = effect { slips.append(slip) } else { Issue.record("\(effect)") }
        }
        if profile.cut == .none { slips.append(model.tearOff()) }
        #expect(slips.count == 1 && slips.allSatisfy { $0.overflows == 0 })
        for line in slips[0].lines { #expect(line.dots <= profile.paper.dots) }
        for image in slips[0].images { #expect(image.bytesPerRow * 8 <= profile.paper.dots) }
        #expect(!zip(bytes, bytes.dropFirst()).contains { $0 == 0x10 && $1 == 0x04 })
        #expect(bytes.count < 40_000 && slips[0].lines.count < 80)
      }
    }
  }

  @Test func imagesOfCodesHoldNoByteThatBeginsARequest() {
    for scale in 2...8 {
      for size in stride(from: 21, through: 57, by: 4) {
        let image = RasterImage(modules: pattern(size), scale: scale)
        #expect(image?.bytes.contains(0x10) == false, "\(size) × \(scale)")
        #expect(image?.isDark(row: 0, column: 0) == true && image?.rows == size * scale)
      }
    }
    #expect(RasterImage(modules: [], scale: 3) == nil && RasterImage(modules: pattern(400), scale: 8) == nil)
  }

  @Test func textIsWrappedByColumns() {
    #expect(SlipText.columns("社会A") == 5)
    #expect(SlipText.wrap("社会治安", columns: 5, limit: 9) == ["社会", "治安"])
    // No line begins with a closing mark, words stay whole, what is cut off is told.
    #expect(SlipText.wrap("社会治安，综合", columns: 8, limit: 9) == ["社会治", "安，综合"])
    #expect(SlipText.wrap("go to window 12", columns: 10, limit: 9) == ["go to", "window 12"])
    #expect(SlipText.wrap("abcdefghijkl", columns: 5, limit: 9) == ["abcde", "fghij", "kl"])
    #expect(SlipText.wrap("社会治安综合", columns: 4, limit: 2) == ["社会", "治…"])
    #expect(SlipText.wrap("", columns: 10, limit: 3) == [] && SlipText.wrap("a", columns: 1, limit: 3) == [])
  }

  @Test func whatHasNoCodeIsAQuestionMarkAndWhatIsACommandIsNothing() throws {
    let table = try chinese()
    #expect(SlipText.bytes("𠮷😀", table) == [0xA3, 0xBF, 0xA3, 0xBF])
    #expect(SlipText.bytes("a\u{1B}@\u{10}\u{4}\u{1}b\n", table) == [0x61, 0x40, 0x62, 0x20])
    let slip = try printed(TicketSlip(site: "张𠮷", number: "A1", service: "s", moment: "m").bytes(PrinterProfile(), table))
    #expect(slip.lines.first?.text == "张？")
  }

  @Test func olderPrintersGetTheirOwnSizes() throws {
    let bytes = TicketSlip.sample.bytes(PrinterProfile(sizing: .doubled), try chinese())
    let slip = try printed(bytes, PrinterTraits(scalesChinese: false))
    let number = slip.lines.first { $0.text == "A001" }?.runs.first?.look
    #expect(number?.width == 2 && number?.isBold == true)
    #expect(slip.lines.first { $0.text == "矛盾纠纷调解" }?.runs.first?.look.width == 2)
    // The wrong profile: numbers large, Chinese small, and nothing is lost.
    let wrong = try printed(TicketSlip.sample.bytes(PrinterProfile(), try chinese()), PrinterTraits(scalesChinese: false))
    #expect(wrong.lines.map(\.text) == (try printed(TicketSlip.sample.bytes(PrinterProfile(), try chinese()))).lines.map(\.text))
    #expect(wrong.lines.first { $0.text == "矛盾纠纷调解" }?.runs.first?.look.width == 1)
  }

  @Test func withoutCodeFirmwareThePayloadIsTextAndAnImageHelps() throws {
    let table = try chinese()
    let plain = try printed(TicketSlip.sample.bytes(PrinterProfile(), table), PrinterTraits(hasQR: false))
    #expect(plain.codes.isEmpty && plain.text.contains("1P0https://example.invalid/t/A001"))
    let image = try printed(
      TicketSlip.sample.bytes(PrinterProfile(code: .raster), table, modules: pattern(29)), PrinterTraits(hasQR: false))
    #expect(image.images.map(\.rows) == [29 * 7] && !image.text.contains("1P0"))
    #expect(try printed(TicketSlip.sample.bytes(PrinterProfile(code: .raster), table)).images.isEmpty)
  }

  /// The quirk that breaks slips of programs which send `1C 26` once at the start.
  @Test func chineseIsSwitchedOnAfterEveryInitialise() throws {
    let table = try chinese()
    for leaves in [true, false] {
      for starts in [true, false] {
        let traits = PrinterTraits(initialiseLeavesChinese: leaves, startsInChinese: starts)
        #expect(try printed(TicketSlip.sample.bytes(PrinterProfile(), table), traits).lines.first?.text == "社会治安综合治理中心")
      }
    }
    let without = PrinterCommand.doubleByte(true).bytes + PrinterCommand.initialise.bytes + SlipText.bytes("社", table) + [0x0A]
    #expect(try printed(without, PrinterTraits(initialiseLeavesChinese: true)).lines.map(\.text) == ["··"])
    #expect(try printed(without, PrinterTraits(initialiseLeavesChinese: false)).lines.map(\.text) == ["社"])
  }

  @Test func fourByteCodesAreJunkOnPaper() throws {
    // GB18030 of a character beyond the two-byte range, as a program would send it that does not know.
    let slip = try printed(PrinterCommand.doubleByte(true).bytes + [0x95, 0x32, 0x82, 0x36, 0x0A])
    #expect(slip.lines.map(\.text) == ["?2?6"])
  }

  @Test func thePictureShowsWhatWasPrinted() throws {
    let slip = try printed(TicketSlip.sample.bytes(PrinterProfile(), try chinese()))
    let svg = slip.svg { $0.text == "https://example.invalid/t/A001" ? pattern(29) : nil }
    #expect(svg.hasPrefix("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 640 "))
    for text in ["社会治安综合治理中心", ">A001</text>", "scale(6 6)", "stroke-dasharray", "<path d='M"] {
      #expect(svg.contains(text), "\(text)")
    }
    var tricky = TicketSlip.sample
    tricky.service = "<b>&'\"</b>"
    let escaped = try printed(tricky.bytes(PrinterProfile(), try chinese())).svg { _ in nil }
    #expect(escaped.contains("&lt;b&gt;&amp;&#39;\"&lt;/b&gt;") && escaped.contains(">https://example.invalid/t/A001</text>"))
  }
}
