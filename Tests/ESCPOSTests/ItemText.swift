import ESCPOSCodec
import Foundation

/// Items as the vectors write them.
func text(_ item: PrinterItem) -> String {
  switch item {
  case .character(let byte): (0x20..<0x7F).contains(byte) ? "'\(Character(Unicode.Scalar(byte)))'" : "'\(hex([byte]))'"
  case .pair(let lead, let trail): hex([lead, trail])
  case .realTime(.status(let kind)): "status(\(kind.rawValue))"
  case .realTime(.recover(let what)): "recover(\(what))"
  case .rejected(.loneLead(let lead)): "lone(\(hex([lead])))"
  case .rejected(.unknownCommand(let prefix, let letter)): "unknown(\(hex([prefix, letter])))"
  case .rejected(.badParameter(let prefix, let letter)): "bad(\(hex([prefix, letter])))"
  case .rejected(.control(let byte)): "control(\(hex([byte])))"
  case .command(let command): text(command)
  }
}

private func text(_ command: PrinterCommand) -> String {
  switch command {
  case .size(let width, let height): "size(\(width)x\(height))"
  case .style(let style): "style(\(names(style)))"
  case .doubleByteStyle(let style): "doubleByteStyle(\(names(style)))"
  case .lineSpacing(let dots): "lineSpacing(\(dots.map { "\($0)" } ?? "own"))"
  case .cut(let partial): "cut(\(partial ? "partial" : "full"))"
  case .feedAndCut(let partial, let dots): "feedAndCut(\(partial ? "partial" : "full") \(dots))"
  case .drawer(let pin, let on, let off): "drawer(\(pin) \(on) \(off))"
  case .buzzer(let times, let length): "buzzer(\(times) \(length))"
  case .qr(.model(let model)): "qrModel(\(model))"
  case .qr(.moduleDots(let dots)): "qrDots(\(dots))"
  case .qr(.correction(let level)): "qrLevel(\(level))"
  case .qr(.store(let data)): "qrStore(\(String(decoding: data, as: UTF8.self)))"
  case .qr(.print): "qrPrint"
  case .raster(let image): "raster(\(image.bytesPerRow)x\(image.rows) \(hex(image.bytes)))"
  case .other(let bytes): "other(\(hex(bytes)))"
  default: "\(command)".replacing("ESCPOSCodec.Alignment.", with: "")
  }
}

private func names(_ style: CharacterStyle) -> String {
  let all: [(CharacterStyle, String)] = [
    (.bold, "bold"), (.doubleHeight, "doubleHeight"), (.doubleWidth, "doubleWidth"), (.underline, "underline"),
    (.smallFont, "smallFont"),
  ]
  return all.filter { style.contains($0.0) }.map(\.1).joined(separator: " ")
}

func names(_ status: PrinterStatus) -> String {
  let all: [(PrinterStatus, String)] = [
    (.offline, "offline"), (.drawerPinHigh, "drawerPinHigh"), (.waitsForRecovery, "waitsForRecovery"), (.coverOpen, "coverOpen"),
    (.paperEndStop, "paperEndStop"), (.error, "error"), (.cutterError, "cutterError"),
    (.unrecoverableError, "unrecoverableError"), (.selfRecoveringError, "selfRecoveringError"), (.paperNearEnd, "paperNearEnd"),
    (.paperOut, "paperOut"),
  ]
  let found = all.filter { status.contains($0.0) }.map(\.1)
  return found.isEmpty ? "-" : found.joined(separator: " ")
}

func hex(_ bytes: [UInt8]) -> String { bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }.joined() }

func bytes(_ hexadecimal: some StringProtocol) -> [UInt8] {
  hexadecimal.split { $0.isWhitespace }.compactMap { UInt8($0, radix: 16) }
}

/// Lines of a file in `Protocols/ESCPOS/Vectors` without its head, split at the bars.
func vectors(_ name: String) throws -> [[String]] {
  let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  let text = try String(contentsOf: root.appending(path: "Protocols/ESCPOS/Vectors/\(name)"), encoding: .utf8)
  return text.split(separator: "\n").filter { !$0.hasPrefix("#") }
    .map { $0.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) } }
}

func parse(_ bytes: [UInt8], _ parser: CommandParser = CommandParser()) -> [PrinterItem] {
  var parser = parser
  var items: [PrinterItem] = []
  for byte in bytes { parser.push(byte, into: &items) }
  return items
}
