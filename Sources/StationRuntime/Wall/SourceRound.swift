import DeviceKit
import ONVIFDriver
import RTSPDriver
import Station

/// Which source is asked next, and what its answers come to. Pure.
struct SourceRound {
  private struct Source {
    let id: String
    var due: Instant
    var isBusy = false
    var failures = 0
    /// The password is wrong: another try could lock the account.
    var isLocked = false
  }

  /// Between two checks of one source: found dead within 15 s, with the time that a check takes.
  static let interval = Interval.seconds(8)
  /// After the first failure, which may be a lost packet.
  static let again = Interval.seconds(1)
  static let failuresUntilDead = 2

  private var sources: [Source]

  /// Spread, so that not all cameras are asked in one moment.
  init(_ ids: [String], at now: Instant) {
    let step = ids.isEmpty ? 0 : Int(Self.interval.microseconds) / ids.count
    sources = ids.enumerated().map { Source(id: $1, due: now + .microseconds(min(step, 500_000) * $0)) }
  }

  /// The one that has waited longest, if its time has come.
  mutating func take(at now: Instant) -> String? {
    guard let index = next, sources[index].due <= now else { return nil }
    sources[index].isBusy = true
    return sources[index].id
  }

  private var next: Int? {
    sources.indices.filter { !sources[$0].isBusy && !sources[$0].isLocked }.min { sources[$0].due < sources[$1].due }
  }

  var deadline: Instant? { next.map { sources[$0].due } }

  /// What the station is to be told; `nil`: nothing yet.
  mutating func finished(_ id: String, _ verdict: StreamVerdict, at now: Instant) -> SourceState? {
    guard let index = sources.firstIndex(where: { $0.id == id }) else { return nil }
    sources[index].isBusy = false
    sources[index].due = now + Self.interval
    switch verdict {
    case .live:
      sources[index].failures = 0
      return .live
    case .noPackets:
      sources[index].failures = 0
      return .stale
    case .refused(let status, let reason): return .dead(reason: "RTSP \(status) \(reason)")
    case .noVideo: return .dead(reason: "没有视频 / no video")
    case .notRTSP: return .dead(reason: "不是 RTSP / no RTSP")
    case .wrongPassword:
      sources[index].isLocked = true
      return .dead(reason: "密码不对,不再试 / wrong password, not tried again")
    case .unreachable:
      sources[index].failures += 1
      guard sources[index].failures >= Self.failuresUntilDead else {
        sources[index].due = now + Self.again
        return nil
      }
      return .dead(reason: "没有应答 / no answer")
    }
  }

  /// It was not even told where the stream is.
  mutating func failed(_ id: String, _ failure: CameraFailure, at now: Instant) -> SourceState? {
    switch failure {
    case .unreachable: return finished(id, StreamVerdict.unreachable, at: now)
    case .wrongPassword: return finished(id, StreamVerdict.wrongPassword, at: now)
    default:
      guard let index = sources.firstIndex(where: { $0.id == id }) else { return nil }
      sources[index].isBusy = false
      sources[index].due = now + Self.interval
      return .dead(reason: failure.text)
    }
  }

  /// Somebody says that it was seen to.
  mutating func retest(_ id: String, at now: Instant) {
    guard let index = sources.firstIndex(where: { $0.id == id }) else { return }
    sources[index].isLocked = false
    sources[index].due = now
  }
}
