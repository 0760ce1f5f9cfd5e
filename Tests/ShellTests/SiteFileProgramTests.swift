import Foundation
import TestSupport
import Testing

/// A site file with mistakes, as a technician meets it at the terminal. What is a mistake is tested in SiteFileTests.
@Suite struct SiteFileProgramTests {
  static let bad: [(name: String, contents: [UInt8], said: [String])] = [
    ("empty", [], [":1:1:", "文件是空的", "empty"]),
    ("comment", Array("# nothing\n".utf8), [":1:1:", "文件是空的"]),
    ("no YAML", Array("site: {name: a\nplaces: [\n".utf8), [":2:", "不是有效的 YAML", "not valid YAML"]),
    ("garbage", Array("site: a\n".utf8) + [0xFF, 0xFE, 0x00, 0xC3], [":2:1:", "UTF-8"]),
    (
      "twice", Array("site: {name: a, station: b}\ndesk: {port: 1}\ndesk: {port: 2}\n".utf8), ["键重复: desk", "repeated key: desk"]
    ),
    (
      "ports", Array(onePortTwice.utf8), [":6:", "总线 B0 和 B1 是同一个串口 /dev/zero"]
    ),
    ("brackets", [UInt8](repeating: 0x5B, count: 100_000), ["不是有效的 YAML"]),
    ("keys", Array((0..<60_000).map { "k\($0): 1\n" }.joined().utf8), [":1:1:", "unknown key \"k0\"", "还有更多错误"]),
    ("large", [UInt8](repeating: 0x61, count: 10 << 20), [":1:1:", "1 MiB"]),
    (
      "several", Array("site: {name: a, station: b}\nbuses: 7\ndesk: {prot: 1}\n".utf8),
      [":2:8:", ":3:8:", "port?", "needs \"places\""]
    ),
  ]

  static let onePortTwice = """
    site: {name: a, station: b}
    places: [{id: p, name: p}]
    posts: [{id: d, name: d}]
    buses:
      - {name: B0, port: /dev/zero, panels: [{node: 1, name: x, buttons: [{button: 1, place: p}]}]}
      - {name: B1, port: /dev/../dev/zero, panels: [{node: 1, name: x, buttons: [{button: 1, place: p}]}]}
    """

  @Test(arguments: bad.indices) func aBadSiteFileIsRefusedWithItsPlaces(index: Int) throws {
    let (name, contents, said) = Self.bad[index]
    let path = "\(FileManager.default.temporaryDirectory.path)/linli-\(UUID().uuidString).yaml"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data(contents).write(to: URL(fileURLWithPath: path))
    for command in ["check", "run"] {
      let (code, text) = try Self.run([command, path])
      #expect(code == 1, "\(name)")
      for part in said + [path] { #expect(text.contains(part), "\(name): \(text.prefix(500))") }
      #expect(text.count < 40_000 && !text.contains("Fatal"), "\(name)")
    }
    #expect(!FileManager.default.fileExists(atPath: path + ".sock"), "nothing was begun")
  }

  /// Every mistake of a wall in one file: each is told with its line, in one go.
  @Test func aBadWallIsRefusedWithItsLines() throws {
    let mistakes: [(from: String, to: String, says: String)] = [
      // The same output twice, and with it a cell that has none.
      ("{number: 4, at: [2, 2]", "{number: 3, at: [1, 2]", "写了两次"),
      ("{number: 1, at: [1, 1]", "{number: 1, at: [1, 1]", "第 2 行第 2 列没有输出"),
      ("matrix: hub/2", "matrix: hub/1", "已经给了输出 1"),
      (
        "{id: board, name: 公告栏, kind: board, inputs: [hub/3]}",
        "{id: board, name: 公告栏, kind: board, inputs: [hub/2]}", "已经是信号源"
      ),
      ("{name: 右上, at: [2, 1], sources: [board]}", "{name: 右上, at: [1, 1], sources: [moon]}", "重叠"),
      ("size: [2, 2], sources: [board]", "size: [3, 2], sources: [board]", "超出了大屏"), ("layout: all}", "layout: moon}", "没有布局"),
      ("visitorSource: board", "visitorSource: moon", "moon"),
    ]
    var text = WallSite(columns: 2, rows: 2, ports: Array(20_000...20_004)).text
    for mistake in mistakes {
      #expect(text.contains(mistake.from))
      text = text.replacing(mistake.from, with: mistake.to, maxReplacements: 1)
    }
    let path = "\(FileManager.default.temporaryDirectory.path)/linli-\(UUID().uuidString).yaml"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    let (code, said) = try Self.run(["check", path])
    #expect(code == 1)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    for mistake in mistakes {
      let line = try #require(lines.lastIndex { $0.contains(mistake.to) }) + 1
      let isTold = said.split(separator: "\n").contains { $0.contains(":\(line):") && $0.contains(mistake.says) }
      #expect(isTold, "line \(line), \(mistake.says): \(said)")
    }
  }

  @Test func whatCannotBeReadIsNamed() throws {
    let missing = "\(FileManager.default.temporaryDirectory.path)/linli-none.yaml"
    for command in ["check", "run"] {
      #expect(
        try Self.run([command, "/tmp"]) == (1, "Error: /tmp:1:1: 这是文件夹,请写明其中的站点文件 / this is a folder; name the site file in it\n")
      )
      #expect(
        try Self.run([command, missing]) == (
          1, "Error: \(missing):1:1: 没有这个文件 / there is no such file\n"
        ))
      #expect(try Self.run([command, "/dev/null"]).code == 1)
    }
  }

  @Test func aGoodSiteFileIsToldInWords() throws {
    let shell = try Shell(panels: 1)
    let (code, text) = try shell.run(["check", "\(shell.folder)/site.yaml"])
    #expect(code == 0)
    for part in ["测试站 (test)", "总线 A: \(shell.folder)/bus 19200 8N1", "A/1/2 → 大厅", "升级 30 s: 当班岗位", "正确 / correct"] {
      #expect(text.contains(part), "\(text)")
    }
  }

  /// A warning is no mistake: the file is correct.
  @Test func whatIsProbablyNotMeantSoIsToldAndTheFileIsCorrect() throws {
    let more = """
      visits:
        services: [{id: legal, name: 法律咨询, letter: A}]
        windows: [{number: 1, name: 窗口, post: desk, services: [legal]}]
        kiosks: [{id: hall, place: p, reader: {usb: true}}]
        contact: 前台

      """
    let shell = try Shell(more: more) { folder in
      "  - {name: A, port: \(folder)/bus, panels: [{node: 1, name: 面板, buttons: [{button: 1, place: p}]}]}\n"
    }
    let (code, text) = try shell.run(["check", "\(shell.folder)/site.yaml"])
    #expect(code == 0 && text.hasSuffix("正确 / correct\n"), "\(text)")
    #expect(text.contains("⚠ \(shell.folder)/site.yaml:12:") && text.contains("没有 visits.sealTo"), "\(text)")
  }

  /// Everything that the file decides, also what it leaves to its default.
  @Test func allThatASiteFileMeansIsTold() throws {
    let shell = try Shell(
      more: "roster:\n  - {post: desk, from: \"22:00\", to: \"06:30\", days: [5, 6]}\nescalation: {onSceneWithin: 240}\n"
    ) {
      """
        - name: A
          port: \($0)/bus
          baud: 9600
          format: 8E1
          modules:
            - {node: 20, name: 模块, inputs: 4, outputs: 2, writeFunction: single, buttons: [{button: 1, place: p}]}

      """
    }
    let (code, text) = try shell.run(["check", "\(shell.folder)/site.yaml"])
    #expect(code == 0)
    for part in [
      "地点 p: 大厅", "岗位 lead: 带班岗", "bus 9600 8E1", "inputs: 4, inputStart: 0, inputFunction: discrete-inputs", "activeLow: false",
      "writeFunction: single", "longestReplyMs: 250", "接警后 240 s", "移交 60 s", "排班 desk: 所有网格 周五六 22:00–06:30", "由系统分配",
      "日志 / journal: \(shell.folder)/journal", "1 MiB",
    ] {
      #expect(text.contains(part), "\(part) in \(text)")
    }
  }

  @Test func aFolderThatIsTooDeepForTheSocketIsRefusedBeforeAnythingIsMade() throws {
    let shell = try Shell(panels: 1)
    let deep = "\(shell.folder)/" + String(repeating: "d", count: 100)
    try FileManager.default.createDirectory(atPath: deep, withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: "\(shell.folder)/site.yaml", toPath: "\(deep)/site.yaml")
    for command in ["run", "desk"] {
      let (code, text) = try shell.run([command, "\(deep)/site.yaml"] + (command == "desk" ? ["status"] : []))
      #expect(code == 1 && text.contains("最多 107 字节") && text.contains("107 are accepted"), "\(text)")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: deep) == ["site.yaml"])
  }

  private static func run(_ arguments: [String]) throws -> (code: Int32, text: String) { try runToEnd(Shell.linli, arguments) }
}
