import DeviceKit
import DeviceVocabulary
import Foundation
import Synchronization
import Transports
import WallHost

/// Row 20: windows of the software wall on a screen that nobody sees, beside an mpv that is told to load the same.
enum TileRow {
  /// From the wish, or the request, in microseconds.
  private struct Result {
    var own = Samples()
    var plain = Samples()
  }

  static func measure(_ bench: Bench) throws -> [Figure] {
    let screen = try BenchScreen(width: 960, height: 540)
    let camera = try BenchCamera()
    let wall = try TileWall(screen)
    defer { wall.stop() }
    // Three others stand there all the time.
    wall.wish(nil)
    for number in 2...4 { try wall.waitUntilShown(UInt16(number), "test:\(number)") }
    let pictures = try (switches(bench, wall, screen), newWindows(bench, wall, screen) { "test:\($0 % 50 + 10)" })
    let cameras = try (switches(bench, wall, screen, to: camera.address), newWindows(bench, wall, screen) { _ in camera.address })
    return figures("a running window, test picture", pictures.0) + figures("a running window, camera (RTSP)", cameras.0)
      + figures("a new window, test picture", pictures.1) + figures("a new window, camera (RTSP)", cameras.1)
  }

  /// To test pictures one after the other, or to a camera and back; the way to the camera counts.
  private static func switches(_ bench: Bench, _ wall: TileWall, _ screen: BenchScreen, to camera: String? = nil) throws -> Result
  {
    let count = bench.samples(camera == nil ? 60 : 20)
    Report.progress("\(count) switches of a running window to \(camera == nil ? "test pictures" : "a camera")")
    var result = Result()
    _ = try wall.show("test:9")
    for index in 0..<count {
      if camera != nil { _ = try wall.show("test:\(index % 50 + 10)") }
      result.own.add(try wall.show(camera ?? "test:\(index % 50 + 10)"))
      usleep(100_000)
    }
    wall.wish(nil)
    try closed()
    let plain = try PlainPlayer(screen)
    _ = try plain.show(address("test:9"))
    for index in 0..<count {
      if camera != nil { _ = try plain.show(address("test:\(index % 50 + 10)")) }
      let start = MonotonicClock.now()
      result.plain.add(Double((try plain.show(address(camera ?? "test:\(index % 50 + 10)")) - start).microseconds))
      usleep(100_000)
    }
    return result
  }

  private static func newWindows(
    _ bench: Bench, _ wall: TileWall, _ screen: BenchScreen, _ source: (Int) -> String
  ) throws -> Result {
    let count = bench.samples(20)
    Report.progress("\(count) new windows")
    var result = Result()
    for index in 0..<count {
      wall.wish(nil)
      try closed()
      result.own.add(try wall.show(source(index)))
      wall.wish(nil)
      try closed()
      let plain = try PlainPlayer(screen)
      result.plain.add(Double((try plain.show(address(source(index))) - plain.startedAt).microseconds))
    }
    return result
  }

  /// A window that is told to go has half a second for it.
  private static func closed() throws { usleep(600_000) }

  private static func address(_ source: String) throws -> String {
    guard let address = TestPicture.resolve(source) else { throw BenchError("no such picture: \(source)") }
    return address
  }

  private static func figures(_ name: String, _ result: Result) -> [Figure] {
    [(50.0, "p50"), (95, "p95")].map { percent, rank in
      let (own, plain) = (result.own.percentile(percent), result.plain.percentile(percent))
      let isJudged = percent > 50
      return Figure(
        isJudged ? "  \(rank)" : "\(name): \(rank) of \(result.own.count)", Report.milliseconds(own),
        goal: isJudged ? "≤ 0.5 s" : nil,
        reference: "mpv alone, its first picture \(Report.milliseconds(plain))", ratio: own / plain,
        isMet: isJudged ? own <= 500_000 : nil)
    }
  }
}

/// The software wall of this very process: 2 × 2 windows, of which the first is changed.
private final class TileWall {
  private let player: WallPlayer
  private let heard = Heard()
  /// What windows have told, and when.
  private final class Heard: Sendable { let events = Mutex<[(at: Instant, event: WallEvent)]>([]) }

  init(_ screen: BenchScreen) throws {
    let heard = heard
    let settings = PlayerSettings(player: "pc1", display: screen.display, videoOutput: "x11", hardwareDecoding: "no")
    player = try WallPlayer(settings, log: { _ in }) { event in
      heard.events.withLock { $0.append((MonotonicClock.now(), event)) }
    }
    player.start()
  }

  func stop() { player.stop() }

  /// - Parameter first: the source of the first window; `nil`: it goes.
  func wish(_ first: String?) {
    let windows = (first.map { [(1, $0)] } ?? []) + (2...4).map { ($0, "test:\($0)") }
    player.wish(
      windows.map { number, address in
        let frame = WallFrame(x: (number - 1) % 2 * 480, y: (number - 1) / 2 * 270, width: 480, height: 270)
        return WallWish(UInt16(number), .picture(WallPicture(source: address, address: address, frame: frame)))
      })
  }

  /// Microseconds from the wish for the first window until it is told as shown, and moving.
  func show(_ address: String) throws -> Double {
    heard.events.withLock { $0.removeAll() }
    let start = MonotonicClock.now()
    wish(address)
    return Double((try waitUntilShown(1, address) - start).microseconds)
  }

  @discardableResult
  func waitUntilShown(_ number: UInt16, _ address: String) throws -> Instant {
    var shown: Instant?
    try StationUnderTest.wait("window \(number) moves", seconds: 30) {
      shown = heard.events.withLock { events in
        // Told again only when it changes: another picture that moves, too, says nothing of it.
        var isMoving = true
        for (at, event) in events {
          if case .pictureObserved(number, let state) = event { isMoving = state == .moving }
          if case .observed(number, .picture(let picture)) = event, picture.source == address, isMoving { return at }
        }
        return nil
      }
      return shown != nil
    }
    return shown ?? .distantFuture
  }
}
