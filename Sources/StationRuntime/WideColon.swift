/// `place：watch`: the colon of a Chinese keyboard behind a key. YAML takes it for a letter.
struct WideColon {
  let key: String
  let value: String

  /// - Parameter keys: what stands before it must be one of them.
  init?(_ text: String, keys: [String]) {
    guard let at = text.firstIndex(of: Self.colon) else { return nil }
    let key = String(text[..<at].filter { !$0.isWhitespace })
    guard keys.contains(key) else { return nil }
    self.init(key, String(text[text.index(after: at)...]))
  }

  private init(_ key: String, _ value: String) {
    self.key = key
    self.value = String(value.drop { $0.isWhitespace })
  }

  private static let colon: Character = "："

  /// In a text that is no YAML: the first line on which one stands behind what looks like a key.
  static func first(in text: String) -> (line: Int, column: Int, colon: WideColon)? {
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let code = line.prefix { $0 != "#" }
      guard let at = code.firstIndex(of: colon) else { continue }
      let key = code[..<at].reversed().prefix { $0.isASCII && ($0.isLetter || $0.isNumber) }.reversed()
      let before = code[..<at].dropLast(key.count).last { $0 != " " && $0 != "\t" }
      guard !key.isEmpty, before.map({ "-{,".contains($0) }) ?? true else { continue }
      let value = code[code.index(after: at)...].prefix { !",，}".contains($0) }
      return (number + 1, code[..<at].count + 1, WideColon(String(key), String(value)))
    }
    return nil
  }

  private var shown: String { "\(key): \(value.prefix(40))" }
  var chinese: String { "\"\(key)\" 后面是全角冒号“：”,要写半角冒号加一个空格:\(shown)" }
  var english: String { "a full-width colon (：) stands behind \"\(key)\"; a plain colon and a blank are accepted: \(shown)" }
}
