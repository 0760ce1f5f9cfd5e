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

  init(file: String) {
    self.file = file
  }

  /// More than a person reads at once; what is no site file at all would have one on every line.
  static let problemLimit = 100
  private var isFull: Bool { problems.count > Self.problemLimit }

  func complain(_ node: Node?, _ chinese: String, _ english: String) {
    guard !isFull else { return }
    let isLast = problems.count == Self.problemLimit
    let chinese = isLast ? "还有更多错误,请先改正以上各处" : chinese
    let english = isLast ? "there are more mistakes; correct these first" : english
    problems.append(
      SiteProblem(file: file, line: node?.mark?.line ?? 1, column: node?.mark?.column ?? 1, chinese: chinese, english: english))
  }

  /// The text as a tree, or `nil` after saying why not. The parser's own message for a repeated key quotes the whole file, so ours is used.
  func compose(_ text: String) -> Node? {
    do {
      if let root = try Yams.compose(yaml: text) { return root }
      complain(nil, "文件是空的", "the file is empty")
    } catch YamlError.duplicatedKeysInMapping(let duplicates, let context) {
      let keys = duplicates.map { "\($0)" }.joined(separator: ", ")
      problems.append(
        SiteProblem(
          file: file, line: context.mark.line, column: context.mark.column, chinese: "键重复: \(keys)",
          english: "repeated key: \(keys)"))
    } catch YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
      YamlError.composer(_, let problem, let mark, _)
    {
      problems.append(
        SiteProblem(
          file: file, line: mark.line, column: mark.column, chinese: "不是有效的 YAML", english: "not valid YAML: \(problem)"))
    } catch {
      complain(nil, "不是有效的 YAML", "not valid YAML")
    }
    return nil
  }

  /// A mapping whose keys are all among `keys`.
  func section(_ node: Node, _ what: String, keys: [String]) -> SiteSection {
    guard let mapping = node.mapping else {
      complain(node, "\(what) 应为键值对", "\(what) must be a mapping with \(keys.joined(separator: ", "))")
      return SiteSection(reader: self, node: node, what: what, values: [])
    }
    var values: [(String, Node)] = []
    for (key, value) in mapping {
      let name = key.string ?? "?"
      if keys.contains(name) {
        values.append((name, value))
      } else if !isFull {
        let near = keys.min { distance($0, name) < distance($1, name) }
        let hint = near.map { distance($0, name) <= 2 ? "\($0)?" : keys.joined(separator: ", ") } ?? ""
        complain(key, "\(what) 中没有 \"\(name)\" 这一项;可用: \(hint)", "unknown key \"\(name)\" in \(what); accepted: \(hint)")
      }
    }
    return SiteSection(reader: self, node: node, what: what, values: values)
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

  /// Text of 1 to `limit` characters; the default when the key is not there, an error when there is no default.
  func text(_ key: String, default fallback: String? = nil, limit: Int = 80) -> String {
    guard let value = raw(key) else {
      if fallback == nil { missing(key) }
      return fallback ?? ""
    }
    guard let text = value.string, !text.isEmpty, text.count <= limit else {
      reader.complain(
        value, "\(what) 的 \"\(key)\" 应为 1 至 \(limit) 个字的文本", "\"\(key)\" of \(what) must be text of 1 to \(limit) characters")
      return fallback ?? ""
    }
    return text
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

  func number(_ key: String, in range: ClosedRange<Int>, default fallback: Int? = nil) -> Int {
    guard let value = raw(key) else {
      if fallback == nil { missing(key) }
      return fallback ?? range.lowerBound
    }
    guard let number = value.int, range.contains(number) else {
      reader.complain(
        value, "\(what) 的 \"\(key)\" 应为 \(range.lowerBound) 至 \(range.upperBound) 的整数",
        "\"\(key)\" of \(what) must be a whole number from \(range.lowerBound) to \(range.upperBound)")
      return fallback ?? range.lowerBound
    }
    return number
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
      guard let text = item.string else {
        reader.complain(item, "\(what) 的 \"\(key)\" 中应为文本", "\"\(key)\" of \(what) must hold text")
        return nil
      }
      return (text, item)
    }
  }
}
