/// Two-byte codes of Chinese characters, both ways. Made at run time by whoever may ask the system (`ChineseText` in
/// `Sources/Transports`): this folder has no table of its own.
public struct DoubleByteTable: Sendable {
  public let encode: @Sendable (Unicode.Scalar) -> (UInt8, UInt8)?
  public let decode: @Sendable (UInt8, UInt8) -> Unicode.Scalar?

  public init(
    encode: @escaping @Sendable (Unicode.Scalar) -> (UInt8, UInt8)?, decode: @escaping @Sendable (UInt8, UInt8) -> Unicode.Scalar?
  ) {
    self.encode = encode
    self.decode = decode
  }
}

/// Text as a printer's columns see it: ASCII takes one, everything else is sent as a two-byte code and takes two.
public enum SlipText {
  /// `？`, for what has no two-byte code.
  static let unknown: (UInt8, UInt8) = (0xA3, 0xBF)

  /// Never a control character, whatever the text holds: it could be a command.
  public static func bytes(_ text: String, _ table: DoubleByteTable) -> [UInt8] {
    var bytes: [UInt8] = []
    for scalar in clean(text) {
      if scalar.isASCII {
        bytes.append(UInt8(truncatingIfNeeded: scalar.value))
      } else {
        let code = table.encode(scalar).flatMap { $0.0 >= 0x81 && $0.1 >= 0x40 ? $0 : nil } ?? unknown
        bytes += [code.0, code.1]
      }
    }
    return bytes
  }

  public static func columns(_ text: String) -> Int { clean(text).reduce(0) { $0 + width($1) } }

  static func width(_ scalar: Unicode.Scalar) -> Int { scalar.isASCII ? 1 : 2 }

  /// Without what takes no column; a tabulator or a line end counts as a space.
  static func clean(_ text: String) -> [Unicode.Scalar] {
    text.unicodeScalars.compactMap { scalar in
      switch scalar.value {
      case 0x09, 0x0A, 0x0D: " "
      case 0..<0x20, 0x7F..<0xA0, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFE00...0xFE0F, 0xFEFF: nil
      case 0xA0: " "
      default: scalar
      }
    }
  }

  /// Lines of at most so many columns, at most so many of them; what is left out is told by a `…`. Words of ASCII stay whole where they
  /// fit into a line, and no line begins with a mark that closes something.
  public static func wrap(_ text: String, columns: Int, limit: Int) -> [String] {
    guard columns >= 2, limit > 0 else { return [] }
    var lines: [[Unicode.Scalar]] = []
    var line: [Unicode.Scalar] = []
    var used = 0
    for scalar in clean(text) {
      if used + width(scalar) > columns {
        var rest = line.suffix(from: breakPlace(line, before: scalar))
        line.removeLast(rest.count)
        lines.append(line)
        while rest.first == " " { rest.removeFirst() }
        line = Array(rest)
        used = line.reduce(0) { $0 + width($1) }
        if scalar == " ", line.isEmpty { continue }
      }
      line.append(scalar)
      used += width(scalar)
    }
    if !line.isEmpty { lines.append(line) }
    if lines.count > limit {
      lines.removeLast(lines.count - limit)
      var last = lines.removeLast()
      while last.reduce(0, { $0 + width($1) }) + 2 > columns, !last.isEmpty { last.removeLast() }
      lines.append(last + ["…"])
    }
    return lines.map { line in
      var line = line
      while line.last == " " { line.removeLast() }
      return String(String.UnicodeScalarView(line))
    }
  }

  private static let closing: Set<Unicode.Scalar> = [
    "，", "。", "、", "：", "；", "！", "？", "）", "》", "」", "』", "】", "”", "’", "…", "％", ",", ".", ":", ";", "!", "?", ")", "]",
  ]

  /// From where on the end of a full line moves down with the scalar that does not fit any more.
  private static func breakPlace(_ line: [Unicode.Scalar], before scalar: Unicode.Scalar) -> Int {
    let isWord = scalar.isASCII && scalar != " "
    if isWord, let end = line.lastIndex(where: { !$0.isASCII || $0 == " " }) {
      // Not a word that is longer than half a line: it is cut.
      if line.count - end - 1 <= line.count / 2 { return end + 1 }
      return line.count
    }
    guard closing.contains(scalar) else { return line.count }
    var place = line.count - 1
    while place > line.count / 2, closing.contains(line[place]) { place -= 1 }
    return place > line.count / 2 ? place : line.count
  }
}
