import DeviceKit
import LineProtocolCodec

/// Which of its crosspoints a command means, and how it says so.
public enum SISLayer: String, Sendable, CaseIterable {
  /// Picture and sound together.
  case all
  case video, rgb, audio

  public var verb: UInt8 {
    switch self {
    case .all: 0x21  // !
    case .rgb: 0x26  // &
    case .video: 0x25  // %
    case .audio: 0x24  // $
    }
  }

  public init?(verb: UInt8) {
    guard let layer = Self.allCases.first(where: { $0.verb == verb }) else { return nil }
    self = layer
  }

  public var tag: String {
    switch self {
    case .all: "All"
    case .rgb: "RGB"
    case .video: "Vid"
    case .audio: "Aud"
    }
  }

  public init?(tag: some StringProtocol) {
    guard let layer = Self.allCases.first(where: { $0.tag.lowercased() == tag.lowercased() }) else { return nil }
    self = layer
  }

  /// Whether news of `other` is news of this: where picture and sound go together the picture counts.
  public func includes(_ other: SISLayer) -> Bool { self == other || other == .all || self == .all && other != .audio }
}

/// One line of a unit, without its end. The wire counts outputs and inputs from 1; input 0 is none.
public enum SISAnswer: Sendable, Equatable {
  /// `Out03 In01 All`, `In01 Out03 All`.
  case tie(output: UInt16, input: UInt16, SISLayer)
  /// `In05 All`: of all outputs.
  case tieOfAll(input: UInt16, SISLayer)
  /// The answer to a question for a tie: `27`.
  case number(UInt16)
  /// `Qik`: several ties at once are made.
  case quick
  /// `Vrb3`.
  case verbose
  /// `E12`.
  case error(UInt8)
  /// `1.23`, `Ver01*1.23`.
  case firmware(String)
  /// `60-338-21`.
  case partNumber(String)
  /// `V12X8 A12X8`.
  case size(inputs: UInt16, outputs: UInt16)
  /// `(c) Copyright 2009, Extron Electronics, CrossPoint 300, V1.23, 60-338-21`.
  case banner(model: String, firmware: String)
  case loggedIn
  case other

  public init(_ line: [UInt8]) {
    let text = line.plainText(limit: 200)
    let words = text.split(separator: " ")
    self =
      Self.tie(words) ?? Self.number(text) ?? Self.word(text) ?? Self.size(words) ?? Self.banner(text) ?? .other
  }

  /// Whether a line that may be damaged or end too early is one of a unit's: its banner, or a word with its number.
  static func hasBeginning(_ line: some Collection<UInt8>) -> Bool {
    let copyright = Array(" Copyright".utf8)
    if [Array("©".utf8), [0xA9], Array("(c)".utf8)].contains(where: {
      line.begins(as: $0 + copyright) || line.resembles($0 + copyright)
    }) {
      return true
    }
    return ["Out", "In", "Vrb", "E"].contains { word in
      line.count > word.utf8.count && line.begins(as: word.utf8)
        && line.dropFirst(word.utf8.count).first.map { (0x30...0x39).contains($0) } ?? false
    }
  }

  private static func tagged(_ tag: String, _ word: Substring) -> UInt16? {
    guard word.count > tag.count, word.prefix(tag.count).lowercased() == tag else { return nil }
    return decimalNumber(word.dropFirst(tag.count))
  }

  private static func tie(_ words: [Substring]) -> SISAnswer? {
    guard let last = words.last, let layer = SISLayer(tag: last) else { return nil }
    if words.count == 2 { return tagged("in", words[0]).map { .tieOfAll(input: $0, layer) } }
    guard words.count == 3 else { return nil }
    let isOutputFirst = tagged("out", words[0]) != nil
    let (output, input) = isOutputFirst ? (words[0], words[1]) : (words[1], words[0])
    guard let output = tagged("out", output), let input = tagged("in", input) else { return nil }
    return .tie(output: output, input: input, layer)
  }

  private static func number(_ text: String) -> SISAnswer? { decimalNumber(text[...]).map { .number($0) } }

  private static func word(_ text: String) -> SISAnswer? {
    let small = text.lowercased()
    if small == "qik" { return .quick }
    if small.hasPrefix("vrb") { return .verbose }
    if small.hasPrefix("login ") { return .loggedIn }
    if small.first == "e", text.count == 3, let code = decimalNumber(text.dropFirst()) { return .error(UInt8(clamping: code)) }
    if small.hasPrefix("pno"), text.count > 3 { return .partNumber(String(text.dropFirst(3))) }
    if text.hasPrefix("60-"), text.count <= 12 { return .partNumber(text) }
    let version = small.hasPrefix("ver") ? text.split(separator: "*").last ?? "" : text[...]
    let parts = version.split(separator: ".", omittingEmptySubsequences: false)
    guard (2...4).contains(parts.count), parts.allSatisfy({ decimalNumber($0) != nil }) else { return nil }
    return .firmware(String(version))
  }

  private static func size(_ words: [Substring]) -> SISAnswer? {
    for word in words where word.first == "V" || word.first == "v" {
      let parts = word.dropFirst().split(whereSeparator: { $0 == "X" || $0 == "x" })
      if parts.count == 2, let inputs = decimalNumber(parts[0]), let outputs = decimalNumber(parts[1]), outputs > 0 {
        return .size(inputs: inputs, outputs: outputs)
      }
    }
    return nil
  }

  private static func banner(_ text: String) -> SISAnswer? {
    let parts = text.split(separator: ",").map { $0.split(separator: " ").joined(separator: " ") }
    guard let maker = parts.firstIndex(where: { $0.lowercased() == "extron electronics" }), maker + 1 < parts.count else {
      return nil
    }
    let firmware = parts.dropFirst(maker + 2).first { $0.hasPrefix("V") || $0.hasPrefix("v") } ?? ""
    return .banner(model: parts[maker + 1], firmware: String(firmware.dropFirst()))
  }

  /// There is no such input or output on this model.
  public static func hasNone(_ code: UInt8) -> Bool { code == 1 || code == 12 }

  /// What the codes mean, from memory of the standard set; `nil`: not known.
  public static func meaning(_ code: UInt8) -> String? {
    switch code {
    case 1: "invalid input"
    case 6: "invalid input selection"
    case 10: "invalid command"
    case 11: "invalid preset"
    case 12: "invalid output"
    case 13: "invalid parameter"
    case 14: "not valid here"
    case 17: "timeout"
    case 22: "busy"
    case 24: "privilege violation"
    case 25: "device not present"
    case 26: "too many connections"
    default: nil
    }
  }
}

/// Only digits, at most five of them, and at most 65,535.
func decimalNumber(_ text: some StringProtocol) -> UInt16? {
  guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
  return UInt16(text)
}
