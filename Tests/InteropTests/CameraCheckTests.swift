import Foundation
import RTSPCodec
import RTSPDriver
import Station
import StationRuntime
import Synchronization
import TestSupport
import Testing

@testable import Transports

/// GStreamer's RTSP server with digest as the camera. `Tools/setup test` installs it; without it these fail.
final class RTSPPeer {
  private let shell: Shell
  private let silent: Bool
  let port: Int
  private var process: Process?

  init(_ shell: Shell, silent: Bool = false) throws {
    self.shell = shell
    self.silent = silent
    port = Int(try LoopbackListener.freePort())
    try start()
  }

  var address: String { "rtsp://admin:Wg%4012345@127.0.0.1:\(port)/ch1/main" }

  func start() throws {
    let log = "\(shell.folder)/camera-\(port)"
    try? FileManager.default.removeItem(atPath: log)
    process = try shell.start(
      [PeerModule.file("rtsp.py"), "\(port)", "admin", "Wg@12345"] + (silent ? ["silent"] : []), program: "/usr/bin/python3",
      log: log)
    try shell.waitUntil("the camera listens") { (try? String(contentsOfFile: log, encoding: .utf8)) == "ready\n" }
  }

  /// It stays connected, and sends nothing.
  func hold(_ isHeld: Bool) { if let process { _ = kill(process.processIdentifier, isHeld ? SIGSTOP : SIGCONT) } }

  func stop() {
    guard let process else { return }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }
}

@Suite(.serialized) struct CameraCheckTests {
  private func check(_ address: String) throws -> StreamVerdict { SourceWatch.check(try #require(RTSPAddress(address))) }

  @Test func aServerThatOthersWroteIsChecked() throws {
    let shell = try Shell(folder: Shell.newFolder(), site: "")
    let camera = try RTSPPeer(shell)
    #expect(try check(camera.address) == .live)
    #expect(try check("rtsp://admin:bad@127.0.0.1:\(camera.port)/ch1/main") == .wrongPassword)
    #expect(try check("rtsp://127.0.0.1:\(camera.port)/ch1/main") == .wrongPassword)
    #expect(try check("rtsp://admin:Wg%4012345@127.0.0.1:\(camera.port)/ch9") == .refused(status: 404, "Not Found"))
    // And live again, after all that.
    #expect(try check(camera.address) == .live)
    camera.stop()
    #expect(try check(camera.address) == .unreachable)
  }

  @Test func aServerThatSaysNothingCostsEightSecondsAtMost() throws {
    let shell = try Shell(folder: Shell.newFolder(), site: "")
    let camera = try RTSPPeer(shell, silent: true)
    let began = Date()
    #expect(try check(camera.address) == .unreachable)
    #expect(Date().timeIntervalSince(began) < 9)
  }

  /// Forty take a connection and say nothing: the one that delivers is asked all the same, and its death is told.
  @Test func silentCamerasStarveNoOther() throws {
    final class Told: Sendable { let states = Mutex<[String: SourceState]>([:]) }
    let shell = try Shell(folder: Shell.newFolder(), site: "")
    let camera = try RTSPPeer(shell)
    // The kernel takes the connections; nobody ever reads them.
    let (listener, port) = try LoopbackListener.open(0, backlog: 512)
    defer { close(listener) }
    var addresses = ["z": camera.address]
    for number in 10..<50 { addresses["s\(number)"] = "rtsp://127.0.0.1:\(port)/ch\(number)" }
    let told = Told()
    let watch = SourceWatch(addresses: addresses) { id, state in told.states.withLock { $0[id] = state } }
    watch.start()
    defer { watch.shutDown() }
    try shell.waitUntil("all are told", seconds: 30) { told.states.withLock { $0.count } == 41 }
    #expect(told.states.withLock { $0.filter { $0.value == .live }.map(\.key) } == ["z"])
    camera.stop()
    try shell.waitUntil("its death is told within 15 s", seconds: 15) { told.states.withLock { $0["z"] } != .live }
  }

  @Test func theWatchTellsLifeAndDeath() throws {
    final class Told: Sendable { let states = Mutex<[String: SourceState]>([:]) }
    let shell = try Shell(folder: Shell.newFolder(), site: "")
    let camera = try RTSPPeer(shell)
    let told = Told()
    let watch = SourceWatch(addresses: [
      "door": camera.address, "nobody": "rtsp://127.0.0.1:\(try LoopbackListener.freePort())/x", "test": "test:1",
    ]) {
      id, state in told.states.withLock { $0[id] = state }
    }
    #expect(watch.watched == ["door", "nobody"])
    watch.start()
    defer { watch.shutDown() }
    try shell.waitUntil("both are told") { told.states.withLock { $0.count } == 2 }
    #expect(
      told.states.withLock { $0["door"] } == .live && told.states.withLock { $0["nobody"] } == .dead(reason: "没有应答 / no answer"))
    camera.stop()
    try shell.waitUntil("its death is told within 15 s", seconds: 15) { told.states.withLock { $0["door"] } != .live }
  }
}
