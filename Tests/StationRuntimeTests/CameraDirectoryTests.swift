import DeviceKit
import DeviceVocabulary
import Foundation
import ONVIFCodec
import ONVIFDriver
import RTSPCodec
import Synchronization
import Testing

@testable import StationRuntime

@Suite struct CameraDirectoryTests {
  /// Cameras that answer what the test says, and what was asked of them.
  private final class Cameras: Sendable {
    let outcome = Mutex<CameraTalk.Outcome>(.failed(.unreachable))
    let goals = Mutex<[CameraTalk.Goal]>([])
    let moved = Mutex<[(String, String)]>([])
    let turned = Mutex<[(String, String?)]>([])
    /// Conversations wait here while it is held.
    let gate = DispatchSemaphore(value: 0)
    let isGated = Mutex(false)

    func directory() -> CameraDirectory {
      let plan = CameraPlan(address: ServiceAddress(host: "10.0.0.9"), user: "admin", password: "a@b", profile: "main")
      let directory = CameraDirectory(["door": plan]) { _, goal in
        self.goals.withLock { $0.append(goal) }
        if self.isGated.withLock({ $0 }) { self.gate.wait() }
        return self.outcome.withLock { $0 }
      }
      directory.start(
        address: { source, address in self.moved.withLock { $0.append((source, address)) } },
        turned: { _, preset, failure in self.turned.withLock { $0.append((preset, failure)) } })
      return directory
    }

    func streams(_ address: String) {
      var found = CameraDescription()
      found.profiles = [CameraProfile(token: "p0", name: "main", stream: address)]
      found.presets = [CameraPreset(token: "1", name: "door")]
      outcome.withLock { $0 = .described(found) }
    }

    func wait(_ what: String, _ isSo: () -> Bool) throws {
      let limit = Date(timeIntervalSinceNow: 10)
      while !isSo() {
        try #require(Date() < limit, "\(what)")
        Thread.sleep(forTimeInterval: 0.005)
      }
    }
  }

  @Test func theAddressIsAskedOnceAndAgainAfterDoubt() throws {
    let cameras = Cameras()
    let directory = cameras.directory()
    #expect(directory.stream(of: "door") == .failed(.unreachable) && directory.stream(of: "other") == nil)
    cameras.streams("rtsp://10.0.0.9:554/a")
    let known = try #require(RTSPAddress("rtsp://admin:a%40b@10.0.0.9:554/a"))
    #expect(directory.stream(of: "door") == .stream(known) && directory.stream(of: "door") == .stream(known))
    #expect(known.password == "a@b")
    #expect(cameras.goals.withLock { $0 } == [.describe(profile: "main"), .describe(profile: "main")])
    directory.doubt("door")
    cameras.streams("rtsp://10.0.0.9:554/b")
    #expect(directory.stream(of: "door") != .stream(known))
    #expect(cameras.goals.withLock { $0.last } == .stream(profile: "main"))
    #expect(cameras.moved.withLock { $0.map(\.1) } == ["rtsp://admin:a%40b@10.0.0.9:554/a", "rtsp://admin:a%40b@10.0.0.9:554/b"])
    let standing = try #require(directory.standings.first)
    #expect(standing.stream == "rtsp://10.0.0.9:554/b" && standing.presets == ["door"] && standing.failure == nil)
    #expect(!"\(directory.standings)".contains("a@b") && !"\(directory.standings)".contains("a%40b"))
  }

  @Test func aWrongPasswordIsNotTriedAgainByAnybody() throws {
    let cameras = Cameras()
    cameras.outcome.withLock { $0 = .failed(.wrongPassword) }
    let directory = cameras.directory()
    for _ in 0..<3 { #expect(directory.stream(of: "door") == .failed(.wrongPassword)) }
    directory.turn("door", "door")
    try cameras.wait("it is told") { cameras.turned.withLock { $0.count } == 1 }
    #expect(cameras.goals.withLock { $0.count } == 1 && cameras.turned.withLock { $0[0].1 } == CameraFailure.wrongPassword.text)
    // Until somebody says that it was seen to.
    directory.retest("door")
    cameras.streams("rtsp://10.0.0.9:554/a")
    #expect(directory.stream(of: "door") != .failed(.wrongPassword))
  }

  @Test func theLastWishCountsWhileItTurns() throws {
    let cameras = Cameras()
    cameras.isGated.withLock { $0 = true }
    cameras.outcome.withLock { $0 = .moved(CameraPreset(token: "1", name: "door")) }
    let directory = cameras.directory()
    for preset in ["a", "b", "c"] { directory.turn("door", preset) }
    #expect(directory.standings.first?.turn == .init(number: 3, preset: "c", isUnderWay: true))
    for _ in 0..<3 { cameras.gate.signal() }
    try cameras.wait("it is told") { !cameras.turned.withLock { $0.isEmpty } }
    #expect(cameras.turned.withLock { $0.map(\.0) } == ["c"] && directory.standings.first?.turn?.isUnderWay == false)
    let asked = cameras.goals.withLock { $0 }
    #expect(asked.last == .goTo(preset: "c", profile: "main") && asked.count <= 2)
  }

  @Test func aPlayerIsToldOfAnotherAddress() throws {
    let devices = [WallDevicePlan(name: "pc1", kind: .player, connection: .none)]
    let board = PlayerBoard(WallDevices(devices: devices, addresses: [:], consolePort: 0), firstRevision: 100)
    let frame = WallFrame(x: 0, y: 0, width: 960, height: 540)
    _ = board.wish("pc1", [WallWish(4, .picture(WallPicture(source: "door", address: "", frame: frame)))])
    func ask(_ known: UInt64) throws -> PlayerWish {
      let line = try #require(
        board.answer(PlayerLine.wish("pc1", known: known, as: PlayerInstance(host: "pc", process: 1, startedMicroseconds: 1))))
      return try #require(PlayerLine.decode(line, as: PlayerWish.self))
    }
    let before = try ask(0)
    board.move("other", to: "rtsp://x/1")
    board.move("door", to: "rtsp://x/2")
    let after = try ask(before.revision)
    #expect(after.revision == before.revision + 1)
    board.move("door", to: "rtsp://x/2")
    #expect(after.wishes == [WallWish(4, .picture(WallPicture(source: "door", address: "rtsp://x/2", frame: frame)))])
  }
}
