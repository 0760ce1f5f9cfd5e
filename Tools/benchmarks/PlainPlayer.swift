import DeviceKit
import Foundation
import Transports

/// One mpv by itself, told by its socket what to load, until it says that the first picture is up: the least that a window can take.
final class PlainPlayer {
  private let program: ChildProgram
  private let path: String
  private var connection: Int32 = -1
  private var unread: [UInt8] = []
  private var isBegun = false

  /// Starts it with the options of the wall's windows, and connects as soon as its socket is there.
  init(_ screen: BenchScreen) throws {
    path = FileManager.default.temporaryDirectory.path + "/linli-bench-\(getpid())-mpv"
    unlink(path)
    do {
      program = try ChildProgram(
        [
          "mpv", "--no-config", "--load-scripts=no", "--ytdl=no", "--no-terminal", "--idle=yes", "--force-window=no",
          "--no-border",
          "--no-osc", "--no-audio", "--no-sub", "--keepaspect-window=no", "--geometry=480x270+0+0", "--profile=low-latency",
          "--rtsp-transport=tcp", "--cache=no", "--network-timeout=5", "--vo=x11", "--hwdec=no", "--input-ipc-server=\(path)",
        ], environment: ["DISPLAY": screen.display])
    } catch {
      throw BenchError("mpv does not start (\(error)); Tools/setup bench installs it")
    }
    try connect()
  }

  deinit {
    if connection >= 0 { close(connection) }
    unlink(path)
  }

  var startedAt: Instant { program.startedAt }

  /// Answers when the first picture of it was up.
  func show(_ address: String) throws -> Instant {
    let request = "{\"command\":[\"loadfile\",\"\(address.replacingOccurrences(of: "\\", with: "\\\\"))\",\"replace\"]}\n"
    guard write(connection, request, request.utf8.count) == request.utf8.count else { throw BenchError("mpv does not listen") }
    isBegun = false
    while true {
      let line = try readLine()
      if line.contains("\"event\":\"start-file\"") { isBegun = true }
      if line.contains("\"event\":\"end-file\""), line.contains("\"reason\":\"error\"") { throw BenchError("mpv: \(line)") }
      if isBegun, line.contains("\"event\":\"playback-restart\"") { return MonotonicClock.now() }
    }
  }

  private func connect() throws {
    try StationUnderTest.wait("mpv's socket", seconds: 20) {
      let made = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
      let code = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          Foundation.connect(made, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
      if code == 0 { connection = made } else { close(made) }
      return code == 0
    }
  }

  private func readLine() throws -> String {
    while true {
      if let end = unread.firstIndex(of: 0x0A) {
        defer { unread.removeFirst(end + 1) }
        return String(decoding: unread[..<end], as: UTF8.self)
      }
      var buffer = [UInt8](repeating: 0, count: 4_096)
      guard !waitForInput(connection, until: MonotonicClock.now() + .seconds(20)).isEmpty else {
        throw BenchError("mpv showed nothing within 20 s")
      }
      let length = read(connection, &buffer, buffer.count)
      guard length > 0 else { throw BenchError("mpv has ended") }
      unread += buffer[..<length]
    }
  }
}
