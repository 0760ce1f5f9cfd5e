import DeviceKit
import DeviceVocabulary
import Foundation
import Synchronization
import TestSupport
import Testing
import Transports

@testable import WallHost

/// Real mpv windows on a screen that nobody sees, read by the colours that stand on it.
@Suite(.serialized) struct SoftwareWallTests {
  /// In each quarter a place where nothing is drawn but the picture's own colour.
  private static let quarters = [(100, 200), (580, 200), (100, 470), (580, 470)].map { (x: $0.0, y: $0.1) }
  private static func frame(_ index: Int) -> WallFrame {
    WallFrame(x: index % 2 * 480, y: index / 2 * 270, width: 480, height: 270)
  }
  private static func colour(_ number: Int) throws -> (red: Int, green: Int, blue: Int) {
    try #require(TestPicture(address: "test:\(number)")).colour
  }

  private static func shell() throws -> Shell { try Shell(folder: Shell.newFolder(), site: "") }

  @Test func fourTestPicturesStandWhereTheyBelong() throws {
    let shell = try Self.shell()
    let screen = try SimulatedScreen(shell)
    let player = try shell.start(
      ["wall", "play", "--try", "--size", "960x540", "--display", screen.display, "--output", "x11", "--decoding", "no"],
      log: "\(shell.folder)/play.log")
    try shell.waitUntil("all four are up") {
      let found = try screen.colours(Self.quarters)
      return try found.enumerated().allSatisfy { $1.isNear(try Self.colour($0 + 1)) }
    }
    // What stands there has to be seen twice before it is told to move.
    try shell.waitUntil("each is told to move") {
      let log = try String(contentsOfFile: "\(shell.folder)/play.log", encoding: .utf8)
      return (1...4).allSatisfy { log.contains("窗口 \($0): 画面在动") }
    }
    player.interrupt()
    player.waitUntilExit()
    #expect(player.terminationStatus == 0)
    try shell.waitUntil("nothing is left on the screen") { try screen.colours(Self.quarters).allSatisfy(\.isBlack) }
  }

  @Test func aWindowIsSwitchedMovedAndKilled() throws {
    let shell = try Self.shell()
    let screen = try SimulatedScreen(shell)
    let wall = try SoftwareWall(screen)
    defer { wall.player.stop() }
    let began = MonotonicClock.now()
    wall.wish((0..<4).map { (UInt16($0 + 1), "test:\($0 + 1)", Self.frame($0)) })
    try shell.waitUntil("all four are told") {
      (1...4).allSatisfy { wall.shown(UInt16($0)) == "test:\($0)" && wall.picture(UInt16($0)) == .moving }
    }
    print("four windows told after \((MonotonicClock.now() - began).microseconds / 1000) ms")
    // Twenty switches of one window; the others are not touched.
    var times: [Int64] = []
    for step in 0..<20 {
      let address = "test:\(10 + step)"
      let asked = MonotonicClock.now()
      wall.wish([(1, address, Self.frame(0))] + (1..<4).map { (UInt16($0 + 1), "test:\($0 + 1)", Self.frame($0)) })
      try shell.waitUntil("it is switched") { wall.shown(1) == address }
      let told = try #require(
        wall.events.last { if case .observed(1, .picture(let picture)) = $0.event { picture.source == address } else { false } })
      times.append((told.at - asked).microseconds / 1000)
      let (found, wished) = (try screen.colours(Self.quarters)[0], try Self.colour(10 + step))
      #expect(found.isNear(wished))
    }
    times.sort()
    print("switch told as moving: median \(times[10]) ms, longest \(times[19]) ms")
    #expect(times[10] <= 500)
    // One picture over all four, then four again: black for no longer than a new window takes to draw.
    wall.forget()
    var black: [Instant] = []
    wall.wish([(1, "test:40", WallFrame(x: 0, y: 0, width: 960, height: 540))])
    try shell.waitUntil("it spans all", seconds: 20) {
      let found = try screen.colours(Self.quarters)
      if found.contains(where: { $0.isBlack }) { black.append(MonotonicClock.now()) }
      return try found.allSatisfy { $0.isNear(try Self.colour(40)) }
    }
    func blackMilliseconds() -> Int64 {
      black.first.flatMap { first in black.last.map { ($0 - first).microseconds / 1000 } } ?? 0
    }
    print("black while one window took the place of four: \(blackMilliseconds()) ms")
    #expect(blackMilliseconds() <= 300)
    black.removeAll()
    wall.wish((0..<4).map { (UInt16($0 + 1), "test:\($0 + 20)", Self.frame($0)) })
    try shell.waitUntil("four again", seconds: 20) {
      let found = try screen.colours(Self.quarters)
      if found.contains(where: { $0.isBlack }) { black.append(MonotonicClock.now()) }
      return try found.enumerated().allSatisfy { $1.isNear(try Self.colour($0 + 20)) }
    }
    print("black while four windows took the place of one: \(blackMilliseconds()) ms")
    #expect(blackMilliseconds() <= 300)
    // A window's process is killed: its place is told as without a picture, and it comes back.
    wall.forget()
    try wall.signal(3, SIGKILL, shell)
    try shell.waitUntil("it is told") { wall.events.contains { $0.event == .pictureObserved(3, .noProcess) } }
    try shell.waitUntil("it is back") { wall.shown(3) == "test:22" && wall.picture(3) == .moving }
    let others = wall.events.contains { if case .pictureObserved(let number, .none) = $0.event { number != 3 } else { false } }
    let (found, wished) = (try screen.colours(Self.quarters)[2], try Self.colour(22))
    #expect(!others && found.isNear(wished))
  }

  @Test func aFrozenWindowIsFoundAndReplaced() throws {
    let shell = try Self.shell()
    let screen = try SimulatedScreen(shell)
    let wall = try SoftwareWall(screen)
    defer { wall.player.stop() }
    wall.wish([(1, "test:1", Self.frame(0)), (2, "test:2", Self.frame(1))])
    try shell.waitUntil("both are up") { wall.picture(1) == .moving && wall.picture(2) == .moving }
    wall.forget()
    let began = MonotonicClock.now()
    try wall.signal(1, SIGSTOP, shell)
    try shell.waitUntil("it is told within 15 s", seconds: 15) {
      wall.events.contains { if case .pictureObserved(1, .none) = $0.event { true } else { false } }
    }
    print("a hanging mpv told after \((MonotonicClock.now() - began).microseconds / 1000) ms")
    try shell.waitUntil("it is replaced", seconds: 30) { wall.picture(1) == .moving }
    #expect(wall.picture(2) != .noProcess)
  }

  /// Somebody has covered a camera: mpv plays on, and shows nothing.
  @Test func aBlackPictureIsFoundWithinFifteenSeconds() throws {
    let shell = try Self.shell()
    let screen = try SimulatedScreen(shell)
    let wall = try SoftwareWall(screen)
    defer { wall.player.stop() }
    wall.wish([
      (1, "av://lavfi:testsrc=s=320x240:r=10,fade=t=out:st=3:d=0.1", Self.frame(0)), (2, "test:2", Self.frame(1)),
    ])
    try shell.waitUntil("both are up") { wall.picture(1) == .moving && wall.picture(2) == .moving }
    try shell.waitUntil("it is told", seconds: 15 + 3) { wall.picture(1) == .black }
    #expect(wall.picture(2) == .moving)
  }

  /// A camera with a login: its address is in no command line.
  @Test func aCameraIsShownAndItsPasswordIsNot() throws {
    let shell = try Self.shell()
    let screen = try SimulatedScreen(shell)
    let camera = try RTSPPeer(shell)
    let wall = try SoftwareWall(screen)
    defer { wall.player.stop() }
    let began = MonotonicClock.now()
    wall.wish([(1, camera.address, Self.frame(0))])
    try shell.waitUntil("the camera's picture moves") { wall.picture(1) == .moving }
    print("camera told as moving after \((MonotonicClock.now() - began).microseconds / 1000) ms")
    let (_, processes) = try shell.run(["axww", "-o", "args"], program: "/usr/bin/ps")
    #expect(processes.contains("title=linli-wall-1"))
    #expect(!processes.split(separator: "\n").contains { $0.contains("linli-wall-1") && $0.contains("rtsp://") })
    #expect(
      !wall.events.contains { if case .observed(_, .picture(let picture)) = $0.event { !picture.address.isEmpty } else { false } }
    )
    // Its server is gone: told within 15 s, and back by itself.
    wall.forget()
    camera.stop()
    try shell.waitUntil("it is told", seconds: 15) {
      wall.events.contains { if case .pictureObserved(1, .none) = $0.event { true } else { false } }
    }
    try camera.start()
    try shell.waitUntil("it is back", seconds: 60) { wall.picture(1) == .moving }
  }

  private static let red = (red: 200, green: 0, blue: 0)
  private static let blue = (red: 0, green: 0, blue: 200)

  // Not to the shade: how a picture's colours are meant is guessed by its size, and these are turned and stretched.
  private func isRed(_ colour: SimulatedScreen.Colour) -> Bool { colour.red > 150 && colour.green < 80 && colour.blue < 80 }
  private func isBlue(_ colour: SimulatedScreen.Colour) -> Bool { colour.blue > 150 && colour.green < 80 && colour.red < 80 }

  /// Two displays of 480 pixels with a bar of 96 between them: what lies behind the bar is nowhere, and the picture goes on beyond it.
  @Test func whatLiesBehindABarIsLeftOut() throws {
    let shell = try Self.shell()
    let screen = try SimulatedScreen(shell)
    let wall = try SoftwareWall(screen)
    defer { wall.player.stop() }
    func pane(_ x: Int, _ left: Int) -> WallMosaic.Pane {
      .init(part: WallFrame(x: x, y: 0, width: 480, height: 540), left: left, top: 0, rotation: 0)
    }
    let address =
      "av://lavfi:color=c=0xC80000:size=1056x540:rate=25,drawbox=x=480:y=0:w=96:h=540:color=0x00C800:t=fill,"
      + "drawbox=x=576:y=0:w=480:h=540:color=0x0000C8:t=fill"
    let frame = WallFrame(x: 0, y: 0, width: 960, height: 540)
    let bars = WallMosaic(width: 1056, height: 540, panes: [pane(0, 0), pane(576, 480)])
    let row = stride(from: 8, to: 960, by: 16).map { (x: $0, y: 270) }
    func isGreen(_ colour: SimulatedScreen.Colour) -> Bool { colour.isNear((0, 200, 0)) }
    // Without bars all of it is there.
    wall.player.wish([WallWish(1, .picture(WallPicture(source: "a", address: address, frame: frame)))])
    try shell.waitUntil("the whole picture") { try screen.colours(row).contains(where: isGreen) }
    wall.player.wish([WallWish(1, .picture(WallPicture(source: "a", address: address, frame: frame, mosaic: bars)))])
    try shell.waitUntil("red to the edge of the first, and blue from the edge of the second") {
      let found = try screen.colours(row)
      return !found.contains(where: isGreen) && found.prefix(29).allSatisfy { $0.isNear(Self.red) }
        && found.suffix(29).allSatisfy { $0.isNear(Self.blue) }
    }
    try shell.waitUntil("it is told as moving, and no more than before is claimed") { wall.shown(1) == "a" }
  }

  /// Its upper half is red: on a display that hangs a quarter clockwise that is the left of the desktop.
  @Test(arguments: [(90, true), (270, false)])
  func aTurnedDisplayHasItsPictureUpright(rotation: Int, isRedLeft: Bool) throws {
    let shell = try Self.shell()
    let screen = try SimulatedScreen(shell)
    let wall = try SoftwareWall(screen)
    defer { wall.player.stop() }
    let part = WallFrame(x: 0, y: 0, width: 540, height: 960)
    let mosaic = WallMosaic(width: 540, height: 960, panes: [.init(part: part, left: 0, top: 0, rotation: rotation)])
    let address = "av://lavfi:color=c=0xC80000:size=270x480:rate=25,drawbox=x=0:y=240:w=270:h=240:color=0x0000C8:t=fill"
    wall.player.wish([
      WallWish(
        1,
        .picture(
          WallPicture(
            source: "a", address: address, frame: WallFrame(x: 0, y: 0, width: 960, height: 540), mosaic: mosaic)))
    ])
    let places = [(x: 40, y: 40), (x: 460, y: 500), (x: 500, y: 40), (x: 920, y: 500)]
    try shell.waitUntil("it fills the desktop, turned") {
      let found = try screen.colours(places)
      let (left, right) = isRedLeft ? (isRed, isBlue) : (isBlue, isRed)
      return found.prefix(2).allSatisfy(left) && found.suffix(2).allSatisfy(right)
    }
  }

  /// Its left half is red: on a display that hangs upside down that is the right of the desktop.
  @Test func ofADisplayThatHangsUpsideDownThePictureIsUpright() throws {
    let shell = try Self.shell()
    let screen = try SimulatedScreen(shell)
    let wall = try SoftwareWall(screen)
    defer { wall.player.stop() }
    let frame = WallFrame(x: 0, y: 0, width: 960, height: 540)
    let mosaic = WallMosaic(width: 960, height: 540, panes: [.init(part: frame, left: 0, top: 0, rotation: 180)])
    let address = "av://lavfi:color=c=0xC80000:size=480x270:rate=25,drawbox=x=240:y=0:w=240:h=270:color=0x0000C8:t=fill"
    wall.player.wish([WallWish(1, .picture(WallPicture(source: "a", address: address, frame: frame, mosaic: mosaic)))])
    try shell.waitUntil("it is turned") {
      let found = try screen.colours([(x: 40, y: 270), (x: 920, y: 270)])
      return isBlue(found[0]) && isRed(found[1])
    }
  }

  /// The whole way: the station's wish, the player's windows, and what is seen back at the station.
  @Test func aStationsWallIsPlayedAndSurvivesBothEnds() throws {
    let outputs = (0..<4).map { index in
      "    - {number: \(index + 1), at: [\(index % 2 + 1), \(index / 2 + 1)], player: pc1, "
        + "screen: [\(index % 2 * 480), \(index / 2 * 270), 480, 270]}\n"
    }
    let sources = (1...4).map { "    - {id: s\($0), name: 画面\($0), kind: test, address: \"test:\($0)\"}\n" }
    let regions = (0..<4).map { "{name: r\($0), at: [\($0 % 2 + 1), \($0 / 2 + 1)], sources: [s\($0 + 1)]}" }
    let wall = """
      wall:
        port: 0
        grid: {columns: 2, rows: 2}
        devices: [{name: pc1, kind: player}]
        outputs:
      \(outputs.joined())  sources:
      \(sources.joined())  layouts: [{id: four, name: 四分, regions: [\(regions.joined(separator: ", "))]}]
        scenes: [{id: day, name: 日常, layout: four}]

      """
    let shell = try Shell(panels: 2, more: wall)
    let screen = try SimulatedScreen(shell)
    func isUp() throws -> Bool {
      try screen.colours(Self.quarters).enumerated().allSatisfy { $1.isNear(try Self.colour($0 + 1)) }
    }
    func isSilent() throws -> Bool {
      try shell.desk("status").split(separator: "\n").contains { $0.contains("pc1:wallSilent") && !$0.contains("已消失") }
    }
    let station = try shell.startStation()
    let arguments = [
      "wall", "play", "--connect", "\(shell.folder)/site.yaml", "--player", "pc1", "--display", screen.display, "--output", "x11",
      "--decoding", "no",
    ]
    try shell.waitUntil("the station runs") { (try? shell.desk("ping")) == "ok\n" }
    let player = try shell.start(arguments, log: "\(shell.folder)/play.log")
    try shell.waitUntil("the station's scene is up", isUp)
    // The station goes: what is shown stays, and comes under its hand again.
    kill(station.processIdentifier, SIGKILL)
    station.waitUntilExit()
    try shell.waitUntil("the player has noticed") {
      try String(contentsOfFile: "\(shell.folder)/play.log", encoding: .utf8).contains("站点没有应答")
    }
    #expect(try isUp())
    _ = try shell.startStation()
    try shell.waitUntil("the player has it again") {
      try String(contentsOfFile: "\(shell.folder)/play.log", encoding: .utf8).contains("站点有应答了")
    }
    let isFine = try isUp() && !isSilent()
    #expect(isFine)
    #expect(try !shell.desk("status").contains("pictureBlack"))
    // The player goes and comes back.
    player.interrupt()
    player.waitUntilExit()
    try shell.waitUntil("nothing is left on the screen") { try screen.colours(Self.quarters).allSatisfy(\.isBlack) }
    try shell.start(arguments)
    try shell.waitUntil("it is back", isUp)
  }
}
