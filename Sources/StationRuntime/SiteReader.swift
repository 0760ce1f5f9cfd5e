import DeviceKit
import Transports
import Yams

/// One mistake in a site file: where it is, what is wrong and what is accepted, Chinese first.
public struct SiteProblem: Sendable, Equatable, CustomStringConvertible {
  public var file: String
  public var line: Int
  public var column: Int
  public var chinese: String
  public var english: String

  public var description: String { "\(file):\(line):\(column): \(chinese) / \(english)" }
}

/// All mistakes of a site file at once: a technician corrects them in one go.
public struct SiteError: Error, Sendable, CustomStringConvertible {
  public var problems: [SiteProblem]
  public var description: String { problems.map(\.description).joined(separator: "\n") }
}

/// Reads mappings strictly: a key that nobody asked for, a missing one and a value of the wrong kind are all collected with their place.
final class SiteReader {
  let file: String
  private(set) var problems: [SiteProblem] = []
  /// What is no mistake and probably not meant so.
  private(set) var warnings: [SiteProblem] = []
  /// Of the wall: of these something is told already, and what follows from it is no mistake of its own.
  var unclearDevices: Set<String> = []
  var unclearOutputs: Set<Int> = []
  var unclearSources: Set<String> = []

  init(file: String) {
    self.file = file
  }

  /// More than a person reads at once; what is no site file at all would have one on every line.
  static let problemLimit = 100
  private var isFull: Bool { problems.count > Self.problemLimit }

  func complain(_ node: Node?, _ chinese: String, _ english: String) {
    complain(line: node?.mark?.line ?? 1, column: node?.mark?.column ?? 1, chinese, english)
  }

  func warn(_ node: Node, _ chinese: String, _ english: String) {
    guard warnings.count < Self.problemLimit else { return }
    warnings.append(
      SiteProblem(
        file: file, line: node.mark?.line ?? 1, column: node.mark?.column ?? 1, chinese: Self.shown(chinese),
        english: Self.shown(english)))
  }

  private func complain(line: Int, column: Int, _ chinese: String, _ english: String) {
    guard !isFull else { return }
    let isLast = problems.count == Self.problemLimit
    let chinese = isLast ? "还有更多错误,请先改正以上各处" : chinese
    let english = isLast ? "there are more mistakes; correct these first" : english
    problems.append(
      SiteProblem(file: file, line: line, column: column, chinese: Self.shown(chinese), english: Self.shown(english)))
  }

  /// What a message quotes of the file goes to a terminal, which must not obey it.
  private static func shown(_ text: String) -> String {
    text.unicodeScalars.map { $0.isPlainText ? String($0) : "\\u{\(String($0.value, radix: 16))}" }.joined()
  }

  /// The text as a tree, or `nil` after saying why not. The parser's own message for a repeated key quotes the whole file, so ours is used.
  func compose(_ text: String) -> Node? {
    if let line = AliasScan.lineBeyondLimit(text) {
      complain(
        line: line, column: 1, "YAML 别名(*名字)超过 \(AliasScan.limit) 个;请把内容写出来,以 * 开头的文字请加引号",
        "more than \(AliasScan.limit) YAML aliases (*name); write out what they stand for, and quote text that begins with *")
      return nil
    }
    do {
      if let root = try Yams.compose(yaml: text) { return root }
      complain(nil, "文件是空的", "the file is empty")
    } catch YamlError.duplicatedKeysInMapping(let duplicates, let context) {
      let keys = duplicates.map { "\($0)" }.joined(separator: ", ")
      complain(line: context.mark.line, column: context.mark.column, "键重复: \(keys)", "repeated key: \(keys)")
    } catch YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
      YamlError.composer(_, let problem, let mark, _)
    {
      if let wide = WideColon.first(in: text) {
        complain(line: wide.line, column: wide.column, wide.colon.chinese, wide.colon.english)
      } else {
        complain(line: mark.line, column: mark.column, "不是有效的 YAML", "not valid YAML: \(problem)")
      }
    } catch {
      complain(nil, "不是有效的 YAML", "not valid YAML")
    }
    return nil
  }

  /// A mapping whose keys are all among `keys`.
  func section(_ node: Node, _ what: String, keys: [String]) -> SiteSection {
    guard let mapping = node.mapping else {
      if let text = node.string, let wide = WideColon(text, keys: keys) {
        complain(node, wide.chinese, wide.english)
        return SiteSection(reader: self, node: node, what: what, values: [(wide.key, Self.scalar(wide.value, node.mark))])
      }
      complain(node, "\(what) 应为键值对", "\(what) must be a mapping with \(keys.joined(separator: ", "))")
      return SiteSection(reader: self, node: node, what: what, values: [])
    }
    var values: [(String, Node)] = []
    for (key, value) in mapping {
      let name = key.string ?? "?"
      if keys.contains(name) {
        values.append((name, value))
      } else if let wide = WideColon(name, keys: keys) {
        // It is read as what it was meant for: nothing follows from it.
        complain(key, wide.chinese, wide.english)
        let isEmpty = value.null != nil || value.string?.isEmpty == true
        values.append((wide.key, isEmpty ? Self.scalar(wide.value, key.mark) : value))
      } else if !isFull {
        let near = keys.min { distance($0, name) < distance($1, name) }
        let hint = near.map { distance($0, name) <= 2 ? "\($0)?" : keys.joined(separator: ", ") } ?? ""
        complain(key, "\(what) 中没有 \"\(name)\" 这一项;可用: \(hint)", "unknown key \"\(name)\" in \(what); accepted: \(hint)")
      }
    }
    return SiteSection(reader: self, node: node, what: what, values: values)
  }

  private static func scalar(_ text: String, _ mark: Mark?) -> Node { .scalar(Node.Scalar(text, Tag(.implicit), .any, mark)) }

  /// A device path, or what `linli ports` calls an adapter.
  func serialPort(_ section: SiteSection, key: String = "port") -> String {
    let text = section.text(key, limit: 200)
    if !text.isEmpty, (try? PortSelector(parsing: text)) == nil {
      complain(
        section.raw(key), "串口 \"\(text)\" 应写成以 / 开头的路径,或 usb-path:、usb-id:、usb-serial: 加上 linli ports 列出的值",
        "port \"\(text)\" must be a path that begins with /, or usb-path:, usb-id: or usb-serial: with what linli ports says")
    }
    return text
  }

  /// Levenshtein distance, for "did you mean".
  private func distance(_ left: String, _ right: String) -> Int {
    let left = Array(left)
    let right = Array(right)
    var row = Array(0...right.count)
    for (i, a) in left.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, b) in right.enumerated() {
        let above = row[j + 1]
        row[j + 1] = a == b ? diagonal : min(diagonal, above, row[j]) + 1
        diagonal = above
      }
    }
    return row[right.count]
  }
}

/// One mapping of the site file, read key by key.
struct SiteSection {
  let reader: SiteReader
  let node: Node
  let what: String
  let values: [(String, Node)]

  func raw(_ key: String) -> Node? { values.first { $0.0 == key }?.1 }

  func missing(_ key: String) {
    reader.complain(node, "\(what) 缺少 \"\(key)\"", "\(what) needs \"\(key)\"")
  }

  /// Text of one line of 1 to `limit` characters that can be seen; the default when the key is not there, an error when there is no default.
  func text(_ key: String, default fallback: String? = nil, limit: Int = 80) -> String {
    guard let value = raw(key) else {
      if fallback == nil { missing(key) }
      return fallback ?? ""
    }
    guard let text = value.string, text.count <= limit, Self.isName(text) else {
      reader.complain(
        value, "\(what) 的 \"\(key)\" 应为 1 至 \(limit) 个字的一行文本,不能只有空格,不能有控制字符",
        "\"\(key)\" of \(what) must be one line of text of 1 to \(limit) characters, not only spaces, without control characters")
      return fallback ?? ""
    }
    return text
  }

  /// Names go to pages, terminals and the journal.
  private static func isName(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy { $0.isPlainText && $0 != "\n" && $0 != "\t" } && !text.allSatisfy(\.isWhitespace)
  }

  /// An identifier: 1 to 12 ASCII letters, digits, `-` or `_`.
  func identifier(_ key: String) -> String {
    guard let value = raw(key) else {
      missing(key)
      return ""
    }
    let text = value.string ?? ""
    let fits =
      (1...12).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 45 || byte == 95
      }
    if !fits {
      reader.complain(
        value, "\(what) 的 \"\(key)\" 应为 1 至 12 个字母、数字、- 或 _", "\"\(key)\" of \(what) must be 1 to 12 letters, digits, - or _")
    }
    return text
  }

  /// What a station is called on the line and in its certificate: there names are compared as bytes, and here as text, so that only what
  /// is the same in both is a name.
  func stationName(_ key: String) -> String {
    guard let value = raw(key) else {
      missing(key)
      return ""
    }
    let text = value.string ?? ""
    if !(1...40).contains(text.unicodeScalars.count) || !text.unicodeScalars.allSatisfy(Self.isInStationName) {
      reader.complain(
        value, "\(what) 的 \"\(key)\" 应为 1 至 40 个字母、数字、汉字或 - _ .,不能有空格和别的符号",
        "\"\(key)\" of \(what) must be text of 1 to 40 letters, digits, Chinese characters, - _ or ., without blanks and other signs"
      )
    }
    return text
  }

  static func isInStationName(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
    case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0x20000...0x2EBEF, 0x30000...0x323AF: true
    default: false
    }
  }

  func number(_ key: String, in range: ClosedRange<Int>, default fallback: Int? = nil) -> Int {
    guard let value = raw(key) else {
      if fallback == nil { missing(key) }
      return fallback ?? range.lowerBound
    }
    guard let number = Self.decimal(value), range.contains(number) else {
      reader.complain(
        value, "\(what) 的 \"\(key)\" 应为 \(range.lowerBound) 至 \(range.upperBound) 的整数,只用数字写,前面不加 0",
        "\"\(key)\" of \(what) must be a whole number from \(range.lowerBound) to \(range.upperBound), in digits only, no 0 before them"
      )
      return fallback ?? range.lowerBound
    }
    return number
  }

  /// YAML also takes 010 (for eight), 0x1 and 8_570 for numbers; who writes an address like that may mean another one.
  static func decimal(_ node: Node) -> Int? {
    guard let text = node.string, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), text == "0" || text.first != "0" else {
      return nil
    }
    return Int(text)
  }

  func flag(_ key: String, default fallback: Bool) -> Bool {
    guard let value = raw(key) else { return fallback }
    guard let flag = value.bool else {
      reader.complain(value, "\(what) 的 \"\(key)\" 应为 true 或 false", "\"\(key)\" of \(what) must be true or false")
      return fallback
    }
    return flag
  }

  /// One of the named values.
  func choice<Value>(_ key: String, _ accepted: [(String, Value)], default fallback: Value) -> Value {
    guard let value = raw(key) else { return fallback }
    if let text = value.string, let match = accepted.first(where: { $0.0 == text }) { return match.1 }
    let names = accepted.map(\.0).joined(separator: ", ")
    reader.complain(value, "\(what) 的 \"\(key)\" 只能是: \(names)", "\"\(key)\" of \(what) must be one of: \(names)")
    return fallback
  }

  /// The elements of a list; none when the key is not there.
  func list(_ key: String, required: Bool = false) -> [Node] {
    guard let value = raw(key) else {
      if required { missing(key) }
      return []
    }
    guard let sequence = value.sequence else {
      reader.complain(value, "\(what) 的 \"\(key)\" 应为列表", "\"\(key)\" of \(what) must be a list")
      return []
    }
    if required, sequence.isEmpty {
      reader.complain(value, "\(what) 的 \"\(key)\" 不能是空列表", "\"\(key)\" of \(what) must not be empty")
    }
    return Array(sequence)
  }

  func texts(_ key: String) -> [(text: String, node: Node)] {
    list(key).compactMap { item in
      guard let text = item.string, Self.isName(text) else {
        reader.complain(
          item, "\(what) 的 \"\(key)\" 中应为一行文本,不能有控制字符", "\"\(key)\" of \(what) must hold lines of text without control characters"
        )
        return nil
      }
      return (text, item)
    }
  }
}
