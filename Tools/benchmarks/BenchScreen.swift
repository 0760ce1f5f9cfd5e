import Foundation

/// A screen that nobody sees (Xvfb), for windows of mpv.
final class BenchScreen {
  let display: String
  private let server: ChildProgram

  /// - Throws: when there is no Xvfb, or no mpv.
  init(width: Int, height: Int) throws {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    guard folders.contains(where: { access("\($0)/mpv", X_OK) == 0 }) else {
      throw BenchError("no folder of PATH holds mpv; Tools/setup bench installs it")
    }
    do {
      server = try ChildProgram(
        ["Xvfb", "-displayfd", "1", "-screen", "0", "\(width)x\(height)x24", "-nolisten", "tcp"], talks: true)
      display = ":" + (try server.readLine())
    } catch {
      throw BenchError("Xvfb does not start (\(error)); Tools/setup bench installs it")
    }
  }
}

/// GStreamer's RTSP server with a login, as in the tests with parts of others. It begins a stream when it is asked for one.
final class BenchCamera {
  let address: String
  private let server: ChildProgram

  init() throws {
    let port = try WallSite.freePorts(1)[0]
    address = "rtsp://admin:Wg%4012345@127.0.0.1:\(port)/ch1/main"
    do {
      server = try ChildProgram(
        ["/usr/bin/python3", "Tests/InteropTests/Peers/rtsp.py", "\(port)", "admin", "Wg@12345"], talks: true)
      guard try server.readLine() == "ready" else { throw BenchError("it says something else") }
    } catch {
      throw BenchError("GStreamer's RTSP server does not start (\(error)); Tools/setup bench installs it")
    }
  }
}
