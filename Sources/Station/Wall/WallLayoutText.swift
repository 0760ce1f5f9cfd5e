import DeviceVocabulary

/// A layout as text, to be sent to another site, kept, compared and read back:
/// ```
/// layout day 日常
/// 1,1 2x2 左上: cam-hall, cam-gate
/// 3,1 1x1 右上: board
/// ```
/// First its id and name, then a line for each region: column and row of its upper left cell, width and height, its name, its sources.
public enum WallLayoutText {
  /// What is wrong with a line, counted from 1.
  public struct Mistake: Error, Sendable, Equatable {
    public var line: Int
    public var chinese: String
    public var english: String
  }

  public static func write(_ layout: WallLayout) -> String {
    let lines = layout.regions.map { region in
      let cells = region.cells
      return
        "\(cells.column),\(cells.row) \(cells.width)x\(cells.height) \(region.name): \(region.sources.joined(separator: ", "))"
    }
    return (["layout \(layout.id) \(layout.name)"] + lines).joined(separator: "\n") + "\n"
  }

  /// Longer texts are no layouts.
  public static let limit = 16_384

  public static func read(_ text: String) throws(Mistake) -> WallLayout {
    guard text.utf8.count <= limit else { throw Mistake(line: 1, chinese: "文字太长", english: "the text is too long") }
    var layout: WallLayout?
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let line = trim(line)
      guard !line.isEmpty, !line.hasPrefix("#") else { continue }
      if layout == nil {
        layout = try header(line, index + 1)
      } else {
        layout?.regions.append(try region(line, index + 1))
      }
    }
    guard let layout else { throw Mistake(line: 1, chinese: "没有内容", english: "there is nothing in it") }
    return layout
  }

  private static func header(_ line: Substring, _ number: Int) throws(Mistake) -> WallLayout {
    let words = line.split(separator: " ", maxSplits: 2)
    guard words.count == 3, words[0] == "layout", isID(words[1]) else {
      throw Mistake(
        line: number, chinese: "第一行应为: layout 代号 名称,代号用字母、数字、- 和 _",
        english: "the first line must be: layout ID NAME, the id of letters, digits, - and _")
    }
    return WallLayout(id: String(words[1]), name: String(trim(words[2])), regions: [])
  }

  private static func region(_ line: Substring, _ number: Int) throws(Mistake) -> WallLayout.Region {
    let words = line.split(separator: " ", maxSplits: 2)
    guard words.count == 3, let at = pair(words[0], ","), let size = pair(words[1], "x"), let colon = words[2].lastIndex(of: ":")
    else {
      throw Mistake(
        line: number, chinese: "区域应写成: 列,行 宽x高 名称: 信号源, 信号源",
        english: "a region is written: column,row WIDTHxHEIGHT name: source, source")
    }
    let sources = words[2][words[2].index(after: colon)...].split(separator: ",").map { String(trim($0)) }.filter { !$0.isEmpty }
    return WallLayout.Region(
      name: String(trim(words[2][..<colon])), cells: WallCells(column: at.0, row: at.1, width: size.0, height: size.1),
      sources: sources)
  }

  /// Two numbers of 1 to 99.
  static func pair(_ text: some StringProtocol, _ separator: Character) -> (Int, Int)? {
    let parts = String(text).split(separator: separator, omittingEmptySubsequences: false)
    let numbers = parts.compactMap { part in
      (1...2).contains(part.utf8.count) && part.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(part) : nil
    }
    guard parts.count == 2, numbers.count == 2, numbers.allSatisfy({ $0 > 0 }) else { return nil }
    return (numbers[0], numbers[1])
  }

  private static func isID(_ text: Substring) -> Bool {
    text.count <= WallPlan.nameLimit
      && text.utf8.allSatisfy { byte in
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x2D
          || byte == 0x5F
      }
  }

  private static func trim(_ text: some StringProtocol) -> Substring {
    var rest = Substring(String(text))
    while let first = rest.first, first.isWhitespace { rest.removeFirst() }
    while let last = rest.last, last.isWhitespace { rest.removeLast() }
    return rest
  }
}

extension WallCells {
  /// `1,1` and `2x2`; `nil` for anything else.
  public init?(at: String, size: String) {
    guard let at = WallLayoutText.pair(at, ","), let size = WallLayoutText.pair(size, "x") else { return nil }
    self.init(column: at.0, row: at.1, width: size.0, height: size.1)
  }
}
