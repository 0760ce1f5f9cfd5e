import DeviceKit
import ESCPOSCodec
import ESCPOSDeviceModel
import Foundation
import TestSupport
import Testing
import Transports

/// Against python-escpos, which makes slips and reads status. `Tools/setup test` puts it into `.venv`; without it these fail.
@Suite(.serialized) struct PythonEscposTests {
  private static let root =
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  private static let python = root.appendingPathComponent(".venv/bin/python").path

  private func run(_ file: String, _ arguments: [String] = []) throws -> String {
    let shell = try Shell(folder: Shell.newFolder(), site: "")
    let run = try shell.run([PeerModule.file(file)] + arguments, program: Self.python)
    try #require(run.code == 0, "\(run.text)")
    return run.text
  }

  private func table() throws -> DoubleByteTable {
    let text = try ChineseText()
    return DoubleByteTable(encode: { text.code($0) }, decode: { text.scalar($0, $1) })
  }

  private func bytes(_ hexadecimal: some StringProtocol) -> [UInt8] {
    let digits = Array(hexadecimal)
    return stride(from: 0, to: digits.count - 1, by: 2).compactMap { UInt8(String(digits[$0...($0 + 1)]), radix: 16) }
  }

  /// What the model prints of the slips that the peer makes, and how many things in them it did not understand.
  private func printed() throws -> [String: (slip: PrintedSlip, rejections: Int)] {
    var slips: [String: (PrintedSlip, Int)] = [:]
    // The library warns of this and that in lines of its own.
    for line in try run("escpos_slips.py").split(separator: "\n") where line.hasPrefix("slip ") {
      let words = line.split(separator: " ").dropFirst().map(String.init)
      try #require(words.count == 2, "\(line)")
      var model = PrinterModel(table: try table())
      var effects = Effects<PrinterModel.Effect>()
      model.handle(.received(bytes(words[1])), at: .zero, into: &effects)
      var finished: [PrintedSlip] = []
      while let effect = effects.takeFirst() { if case .finished(let slip) = effect { finished.append(slip) } }
      try #require(finished.count == 1 && model.isIdle, "\(words[0])")
      slips[words[0]] = (finished[0], model.rejections)
    }
    return slips
  }

  @Test func theirSlipsComeOutOfOurPrinter() throws {
    let slips = try printed()
    #expect(slips.count == 4)
    let ticket = try #require(slips["ticket"])
    #expect(ticket.rejections == 0 && ticket.slip.overflows == 0)
    let lines = ticket.slip.lines.filter { !$0.isEmpty }
    #expect(lines.map(\.text) == ["社会治安综合治理中心", "A001", "业务：矛盾纠纷调解", "等候人数：3"])
    #expect(lines.map(\.alignment) == [.centre, .centre, .left, .left])
    #expect(lines.map { $0.runs.first?.look.width } == [1, 2, 1, 1] && lines.map { $0.runs.first?.look.height } == [1, 2, 1, 1])
    #expect(
      ticket.slip.codes == [
        .init(data: Array("https://example.invalid/t/A001".utf8), moduleDots: 6, correction: .medium, alignment: .centre)
      ])
    #expect(ticket.slip.elements.last == .cut(partial: false))

    let looks = try #require(slips["looks"])
    let runs = looks.slip.lines.compactMap(\.runs.first)
    #expect(runs.map(\.text) == ["bold", "inverse", "double", "right", "8x3"] && looks.rejections == 0)
    #expect(runs.map(\.look.isBold) == [true, false, false, false, false] && runs[0].look.isUnderlined)
    #expect(runs.map(\.look.isInverse) == [false, true, false, false, false])
    #expect(runs.map(\.look.width) == [1, 1, 2, 1, 8] && runs.map(\.look.height) == [1, 1, 2, 1, 3])
    #expect(looks.slip.lines.first { $0.text == "right" }?.alignment == .right)
    #expect(looks.slip.elements.last == .cut(partial: true))

    let image = try #require(slips["image"]?.slip)
    let code = try #require(image.images.first)
    #expect(image.images.count == 1 && code.rows == code.bytesPerRow * 8 || code.rows >= 21 * 4)
    // The three corners of a code: a dark frame of seven modules.
    let dark = (0..<code.rows).filter { row in (0..<code.bytesPerRow * 8).contains { code.isDark(row: row, column: $0) } }
    #expect(dark.count == 21 * 4, "\(dark.count) rows are not blank")

    let drawer = try #require(slips["drawer"])
    #expect(drawer.slip.elements.contains(.drawer) && drawer.slip.elements.contains(.buzzer))
    #expect(drawer.slip.lines.contains { $0.text == "after" }, "what follows a bar code is read")
  }

  /// V4: the peer asks our printer over TCP and reads what a hand does to it.
  @Test func theyReadOurStatus() throws {
    let printer = try SimulatedPrinter()
    func status() throws -> String {
      try run("escpos_status.py", ["\(printer.port)"]).trimmingCharacters(in: .whitespacesAndNewlines)
    }
    #expect(try status() == "online 2")
    for (hand, answer) in [
      ("paper near", "online 1"), ("paper out", "offline 0"), ("paper ok", "online 2"), ("cover open", "offline 2"),
      ("cover closed", "online 2"), ("offline", "offline 2"), ("online", "online 2"),
    ] {
      try printer.say(hand, answer: "ok")
      #expect(try status() == answer, "\(hand)")
    }
    try printer.say("cover ajar", answer: "unknown command")
  }

  @Test func theyReadOurStatusOverASerialLine() throws {
    let printer = try SimulatedPrinter(isSerial: true)
    let link = "\(printer.shell.folder)/printer"
    #expect(try run("escpos_status.py", [link]).contains("online 2"))
    try printer.say("paper near", answer: "ok")
    #expect(try run("escpos_status.py", [link]).contains("online 1"))
  }

  /// One of our slips, sent by the peer, comes out and can be looked at.
  @Test func ourSlipPassesThroughTheirConnection() throws {
    let printer = try SimulatedPrinter()
    let slip = TicketSlip(
      site: "社会治安综合治理中心", number: "A017", service: "法律咨询", waiting: 2, place: "3号窗口", moment: "2026-01-15 12:34", code: "4721",
      qr: "https://example.invalid/t/A017")
    let file = "\(printer.shell.folder)/slip.hex"
    let hexadecimal = slip.bytes(PrinterProfile(), try table()).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    try hexadecimal.write(toFile: file, atomically: true, encoding: .utf8)
    #expect(try run("escpos_status.py", ["\(printer.port)", file]).contains("online 2"))
    try printer.say("slip", answer: "[QR https://example.invalid/t/A017]")
    #expect(printer.text().contains("A017 ×6") && printer.text().contains("法律咨询"))
    let picture = "\(printer.shell.folder)/slip.svg"
    try printer.say("svg \(picture)", answer: "ok: ")
    #expect(try String(contentsOfFile: picture, encoding: .utf8).contains("A017"))
    // The wire goes away with the power: whoever asks then hears nothing.
    try printer.say("power off", answer: "ok")
    try printer.say("show", answer: "no power")
  }
}
