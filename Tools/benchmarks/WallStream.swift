import DeviceKit
import Foundation
import Synchronization
import Transports

/// The operator's console of a wall: reads its event stream, and knows when the camera of a call came to be proved.
final class WallStream: Sendable {
  private struct View: Decodable {
    struct Tile: Decodable {
      var wished: String?
      var shown: String?
      var layer: String
      var proof: String
      var picture: Bool?
    }
    var outputs: [Tile]
  }
  private struct State {
    /// By the camera, when all tiles that are a call's and wish it were proved at first.
    var proved: [String: Instant] = [:]
    var calmAt: Instant?
    var newest: String?
  }
  private let state = Mutex(State())
  private let connection: Int32
  private let wantsPicture: Bool

  /// - Parameter wantsPicture: a tile counts only when its picture was seen to move; else it is enough that the way to it was read back.
  init(port: Int, wantsPicture: Bool) throws {
    self.wantsPicture = wantsPicture
    let connection = try PageSocket.open(port: port)
    self.connection = connection
    Thread.detachNewThread { [weak self] in
      var reader = FrameReader()
      var buffer = [UInt8](repeating: 0, count: 1 << 18)
      while true {
        let length = read(connection, &buffer, buffer.count)
        let now = MonotonicClock.now()
        guard length > 0, let page = self else { break }
        for frame in reader.take(buffer[..<length]) { page.show(frame, now) }
      }
      close(connection)
    }
  }

  deinit { shutdown(connection, Int32(SHUT_RDWR)) }

  func forget() {
    state.withLock { state in
      state.proved = [:]
      state.calmAt = nil
    }
  }

  func proved(_ camera: String) -> Instant? { state.withLock { $0.proved[camera] } }
  /// Since when nothing but the scene is on the wall, all of it proved.
  var calmAt: Instant? { state.withLock { $0.calmAt } }
  /// The last view, for a report of what went wrong.
  var newest: String { state.withLock { $0.newest } ?? "nothing" }

  private func show(_ frame: [UInt8], _ now: Instant) {
    guard let json = FrameReader.view(in: frame), let view = try? JSONDecoder().decode(View.self, from: Data(json)) else {
      return
    }
    func isProved(_ tile: View.Tile) -> Bool {
      tile.proof == "verified" && tile.shown == tile.wished && (!wantsPicture || tile.picture == true)
    }
    let called = view.outputs.filter { $0.layer == "call" }
    state.withLock { state in
      state.newest = view.outputs.map { "\($0.layer) \($0.wished ?? "-") \($0.shown ?? "-") \($0.proof)" }.joined(separator: ", ")
      for camera in Set(called.compactMap(\.wished)) where state.proved[camera] == nil {
        if called.allSatisfy({ $0.wished != camera || isProved($0) }) { state.proved[camera] = now }
      }
      guard view.outputs.allSatisfy({ $0.layer == "base" && isProved($0) }) else { return state.calmAt = nil }
      if state.calmAt == nil { state.calmAt = now }
    }
  }
}
