import DeviceVocabulary
import Foundation
import TestSupport
import Testing

/// A real mpv that cannot show what it should, and what the station says of it.
@Suite(.serialized) struct SoftwareWallTroubleTests {
  /// A film that mpv reads without any codec: 64×64, ten grey pictures a second.
  private static func film(seconds: Int) -> Data {
    var film = Data("YUV4MPEG2 W64 H64 F10:1 Ip A1:1 C420\n".utf8)
    for picture in 0..<seconds * 10 {
      film += Data("FRAME\n".utf8) + Data(repeating: UInt8(80 + picture % 100), count: 64 * 64)
      film += Data(repeating: 128, count: 64 * 32)
    }
    return film
  }

  /// A file that is there and is no film: a card within 15 s says which source, where and why; it goes when the film plays.
  @Test func aSourceThatCannotBeOpenedIsNamedUntilItPlays() throws {
    let film = "\(FileManager.default.temporaryDirectory.path)/linli-film-\(UUID().uuidString).y4m"
    defer { try? FileManager.default.removeItem(atPath: film) }
    try Data("no film at all".utf8).write(to: URL(fileURLWithPath: film))
    let shell = try Shell(
      panels: 1,
      more: """
        wall:
          port: 0
          grid: {columns: 2, rows: 1}
          devices: [{name: pc1, kind: player}]
          outputs:
            - {number: 1, at: [1, 1], player: pc1, screen: [0, 0, 480, 540]}
            - {number: 2, at: [2, 1], player: pc1, screen: [480, 0, 480, 540]}
          sources:
            - {id: good, name: 画面一, kind: test, address: "test:1"}
            - {id: film, name: 宣传片, kind: test, address: "file://\(film)"}
          layouts:
            - id: two
              name: 二分
              regions: [{name: 左, at: [1, 1], sources: [good]}, {name: 右, at: [2, 1], sources: [film]}]
          scenes: [{id: day, name: 日常, layout: two}]

        """)
    let screen = try SimulatedScreen(shell)
    _ = try shell.startStation()
    try shell.waitUntil("the station runs") { (try? shell.desk("ping")) == "ok\n" }
    try shell.start([
      "wall", "play", "--connect", "\(shell.folder)/site.yaml", "--player", "pc1", "--display", screen.display, "--output", "x11",
      "--decoding", "no",
    ])
    let site = "\(shell.folder)/site.yaml"
    func lines() throws -> [Substring] {
      try shell.run(["wall", "show", site]).text.split(separator: "\n").filter { $0.first?.isNumber == true }
    }
    try shell.waitUntil("the first is up") { try lines().first?.contains("线路和画面已核对") == true }
    func card() throws -> Substring? {
      try shell.desk("status").split(separator: "\n").first { $0.contains("output 2:pictureNotOpened") && !$0.contains("已消失") }
    }
    try shell.waitUntil("there is a card", seconds: 15) { try card() != nil }
    let said = try #require(try card())
    #expect(said.contains("宣传片") && said.contains("unrecognized file format"), "\(said)")
    #expect(try !shell.desk("status").contains("output 1:picture"))
    let tile = try #require(try lines().last)
    #expect(tile.contains("打不开") && tile.contains("unrecognized file format") && !tile.contains("画面已核对"), "\(tile)")
    try Self.film(seconds: 60).write(to: URL(fileURLWithPath: film))
    try shell.waitUntil("it plays, and the card is gone", seconds: 60) {
      try lines().last?.contains("线路和画面已核对") == true && card() == nil
    }
  }

  /// A window that nobody can see is not shown as well, and that there is no screen is no fault of the source.
  @Test func whatNobodyCanSeeIsNotShown() throws {
    let shell = try Shell(folder: Shell.newFolder(), site: "")
    let screen = try SimulatedScreen(shell)
    let wall = try SoftwareWall(screen)
    defer { wall.player.stop() }
    wall.wish([
      (1, "test:1", WallFrame(x: 0, y: 0, width: 480, height: 270)),
      (2, "test:2", WallFrame(x: 5_000, y: 0, width: 480, height: 270)),
    ])
    try shell.waitUntil("one is up, the other beyond the desktop") {
      wall.picture(1) == .moving && wall.picture(2) == .none(reason: "off screen 960x540")
    }
    #expect(
      wall.words.contains { $0.contains("窗口 2") && $0.contains("超出桌面 960x540") } && !wall.words.contains { $0.contains("窗口 1") })
    let dark = try SoftwareWall(display: ":77")
    defer { dark.player.stop() }
    dark.wish([(1, "test:1", WallFrame(x: 0, y: 0, width: 480, height: 270))])
    try shell.waitUntil("mpv's own words") { dark.picture(1) == .none(reason: "vo:couldn't open the X11 display (:77)!") }
    try shell.waitUntil("so does the log") {
      dark.words.contains { $0.contains("mpv 打不开显示") } && dark.words.contains { $0.contains("unable to open display") }
    }
  }

  /// A camera that stays connected and sends nothing: that mpv waits for it is said within 15 s, and it goes on with the camera.
  @Test func aCameraThatStopsSendingIsSaidToBeWaitedFor() throws {
    let shell = try Shell(folder: Shell.newFolder(), site: "")
    let screen = try SimulatedScreen(shell)
    let camera = try RTSPPeer(shell)
    let wall = try SoftwareWall(screen)
    defer { wall.player.stop() }
    wall.wish([(1, camera.address, WallFrame(x: 0, y: 0, width: 480, height: 270))])
    try shell.waitUntil("its picture moves") { wall.picture(1) == .moving }
    wall.forget()
    camera.hold(true)
    try shell.waitUntil("it is told within 15 s", seconds: 15) {
      wall.events.contains { if case .pictureObserved(1, .frozen(_, .buffering?)) = $0.event { true } else { false } }
    }
    camera.hold(false)
    try shell.waitUntil("it moves again", seconds: 60) { wall.picture(1) == .moving }
  }

  /// Somebody pauses a window: that is said within 15 s, and it goes on by itself.
  @Test func aPausedWindowSaysSoAndGoesOn() throws {
    let shell = try Shell(folder: Shell.newFolder(), site: "")
    let screen = try SimulatedScreen(shell)
    let wall = try SoftwareWall(screen)
    defer { wall.player.stop() }
    wall.wish([(1, "test:1", WallFrame(x: 0, y: 0, width: 480, height: 270))])
    try shell.waitUntil("it is up") { wall.picture(1) == .moving }
    wall.forget()
    try wall.set(1, "pause", "true", shell)
    try shell.waitUntil("it is told within 15 s", seconds: 15) {
      wall.events.contains { if case .pictureObserved(1, .frozen(_, .paused?)) = $0.event { true } else { false } }
    }
    try shell.waitUntil("it goes on", seconds: 15) { wall.picture(1) == .moving }
    #expect(!wall.events.contains { $0.event == .pictureObserved(1, .noProcess) })
  }
}
