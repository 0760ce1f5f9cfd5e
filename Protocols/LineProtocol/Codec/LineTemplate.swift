/// A line with places for numbers: `SW {in} {out}`, `{out:2}` (two digits), `{any}` (any text, in patterns), `\r`, `\n`, `\e` (escape), `\\`
/// and `\x1B`.
public struct LineTemplate: Sendable, Equatable {
  public enum Piece: Sendable, Equatable {
    case text([UInt8])
    case output(width: Int)
    case input(width: Int)
    case any
  }

  /// Numbers as they stand on the line, before the numbering base is taken off.
  public struct Match: Sendable, Equatable {
    public var output: UInt16?
    public var input: UInt16?
  }

  public let pieces: [Piece]

  public init(_ text: String) throws(LineTemplateError) {
    var pieces: [Piece] = []
    var plain: [UInt8] = []
    var rest = Substring(text)
    while let character = rest.popFirst() {
      switch character {
      case "\\": plain.append(try Self.escaped(&rest))
      case "{":
        guard let end = rest.firstIndex(of: "}") else { throw .openBrace }
        if !plain.isEmpty { pieces.append(.text(plain)) }
        plain = []
        pieces.append(try Self.place(String(rest[..<end])))
        rest = rest[rest.index(after: end)...]
      case "}": throw .openBrace
      default: plain += Array(String(character).utf8)
      }
    }
    if !plain.isEmpty { pieces.append(.text(plain)) }
    for (one, next) in zip(pieces, pieces.dropFirst()) where one.needsWidth && next.isNumber { throw .touchingNumbers }
    self.pieces = pieces
  }

  private static func escaped(_ rest: inout Substring) throws(LineTemplateError) -> UInt8 {
    switch rest.popFirst() {
    case "r": return 0x0D
    case "n": return 0x0A
    case "t": return 0x09
    case "e": return 0x1B
    case "\\": return 0x5C
    case "{": return 0x7B
    case "}": return 0x7D
    case "x":
      guard let byte = UInt8(rest.prefix(2), radix: 16), rest.count >= 2 else { throw .badEscape }
      rest = rest.dropFirst(2)
      return byte
    default: throw .badEscape
    }
  }

  private static func place(_ name: String) throws(LineTemplateError) -> Piece {
    let parts = name.split(separator: ":", omittingEmptySubsequences: false)
    let width = parts.count == 2 ? Int(parts[1]) ?? 0 : 1
    guard parts.count <= 2, (1...5).contains(width) else { throw .unknownPlace(name) }
    switch parts[0] {
    case "out": return .output(width: width)
    case "in": return .input(width: width)
    case "any" where parts.count == 1: return .any
    default: throw .unknownPlace(name)
    }
  }

  public var namesOutput: Bool { pieces.contains { if case .output = $0 { true } else { false } } }
  public var namesInput: Bool { pieces.contains { if case .input = $0 { true } else { false } } }
  public var hasAny: Bool { pieces.contains(.any) }

  public func bytes(output: UInt16, input: UInt16) -> [UInt8] {
    pieces.flatMap { piece -> [UInt8] in
      switch piece {
      case .text(let text): text
      case .output(let width): decimal(output, width: width)
      case .input(let width): decimal(input, width: width)
      case .any: []
      }
    }
  }

  /// Whether a line that may be damaged or end too early begins as this one does.
  func mayBegin(_ line: some Collection<UInt8>) -> Bool {
    switch pieces.first {
    case .text(let text)?: line.begins(as: text)
    case .output?, .input?: line.first.map { (0x30...0x39).contains($0) } ?? false
    // Any text at all begins so.
    case .any?, nil: false
    }
  }

  /// The whole line, and nothing else; `nil` where it is another.
  public func match(_ line: [UInt8]) -> Match? {
    var match = Match()
    return matches(line[...], pieces[...], &match) ? match : nil
  }

  private func matches(_ line: ArraySlice<UInt8>, _ pieces: ArraySlice<Piece>, _ match: inout Match) -> Bool {
    guard let piece = pieces.first else { return line.isEmpty }
    let rest = pieces.dropFirst()
    switch piece {
    case .text(let text): return line.starts(with: text) && matches(line.dropFirst(text.count), rest, &match)
    case .any:
      // Only the first place where the next text stands: one look, however long the line.
      guard case .text(let next)? = rest.first else { return rest.isEmpty || matches(line, rest, &match) }
      var tail = line
      while !tail.isEmpty, !tail.starts(with: next) { tail = tail.dropFirst() }
      return matches(tail, rest, &match)
    case .output(let width), .input(let width):
      var digits = line.prefix { (0x30...0x39).contains($0) }.prefix(5)
      if rest.first?.isNumber == true { digits = digits.prefix(width) }
      guard let number = UInt16(String(decoding: digits, as: UTF8.self)) else { return false }
      if case .output = piece { match.output = number } else { match.input = number }
      return matches(line.dropFirst(digits.count), rest, &match)
    }
  }
}

extension LineTemplate.Piece {
  var isNumber: Bool {
    switch self {
    case .output, .input: true
    case .text, .any: false
    }
  }

  /// Two numbers without anything between them are told apart only by their widths.
  var needsWidth: Bool {
    switch self {
    case .output(let width), .input(let width): width == 1
    case .text: false
    case .any: true
    }
  }
}

public enum LineTemplateError: Error, Equatable {
  case openBrace
  case badEscape
  case unknownPlace(String)
  case touchingNumbers

  public var chinese: String {
    switch self {
    case .openBrace: "花括号不成对(要写花括号本身,用 \\{ 或 \\})"
    case .badEscape: "反斜杠后面只能是 r、n、t、e、\\、{、} 或 x 加两位十六进制"
    case .unknownPlace(let name): "不认识 {\(name)};能用 {out}、{in}、{out:2}、{in:2}、{any}"
    case .touchingNumbers: "两个数字中间没有字符,前一个要写位数,例如 {out:2}{in:2}"
    }
  }

  public var english: String {
    switch self {
    case .openBrace: "the braces are not in pairs (a brace itself is \\{ or \\})"
    case .badEscape: "after a backslash comes one of r, n, t, e, \\, {, }, or x and two hexadecimal digits"
    case .unknownPlace(let name): "{\(name)} is not known; there are {out}, {in}, {out:2}, {in:2} and {any}"
    case .touchingNumbers: "two numbers touch: the first needs a width, as in {out:2}{in:2}"
    }
  }
}
