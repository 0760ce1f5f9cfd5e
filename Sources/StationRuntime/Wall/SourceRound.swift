import DeviceKit
import ONVIFDriver
import RTSPDriver
import Station

/// Which sources are asked next, and what their answers come to. Pure.
///
/// The living and the dead have lanes of their own: however many take a check's whole time to say nothing, one that delivers is asked when its
/// time has come. One that dies is told after `interval` + a check + `again` + a check: 15 s where a check ends with an answer that does not
/// come (`HealthCheck.answerLimit`).
struct SourceRound {
  private struct Source {
    let id: String
    var due: Instant
    var isBusy = false
    /// Checks in a row to which nobody answered.
    var failures = 0
    /// Checks in a row after which it was told to give no picture; 0: it gave one, or nobody knows yet.
    var deadChecks = 0
    /// Somebody says that it was seen to: its next check waits for no lane.
    var isWanted = false
    /// The password is wrong: another try could lock the account.
    var isLocked = false

    var isDead: Bool { deadChecks > 0 }
  }

  /// Between two checks of one source that gives pictures.
  static let interval = Interval.seconds(6)
  /// After the first failure, which may be a lost packet.
  static let again = Interval.milliseconds(500)
  static let failuresUntilDead = 2
  /// Between two checks of one that gives none: twice as long each time, from `interval` to this.
  static let longestInterval = Interval.seconds(30)
  /// So many that give pictures, or are new, are asked at the same time. A wall has fewer that deliver within a moment; so many at once there
  /// are only when all fall silent together, and then the one that still delivers is not kept waiting.
  static let livingAtATime = 128
  static let deadAtATime = 16

  private var sources: [Source]

  /// Spread, so that not all cameras are asked in one moment.
  init(_ ids: [String], at now: Instant) {
    let step = ids.isEmpty ? 0 : Int(Self.interval.microseconds) / ids.count
    sources = ids.enumerated().map { Source(id: $1, due: now + .microseconds(min(step, 500_000) * $0)) }
  }

  /// The one that has waited longest of those whose time has come and whose lane has room; called until there is none.
  mutating func take(at now: Instant) -> String? {
    guard let index = next, sources[index].due <= now else { return nil }
    sources[index].isBusy = true
    sources[index].isWanted = false
    return sources[index].id
  }

  private var next: Int? {
    let dead = sources.count { $0.isBusy && $0.isDead }
    let living = sources.count { $0.isBusy && !$0.isDead }
    return sources.indices.filter { index in
      let source = sources[index]
      guard !source.isBusy, !source.isLocked else { return false }
      return source.isWanted || (source.isDead ? dead < Self.deadAtATime : living < Self.livingAtATime)
    }.min { sources[$0].due < sources[$1].due }
  }

  /// `nil`: none, until one of those that are being asked is done.
  var deadline: Instant? { next.map { sources[$0].due } }

  /// What the station is to be told; `nil`: nothing yet.
  mutating func finished(_ id: String, _ verdict: StreamVerdict, at now: Instant) -> SourceState? {
    guard let index = sources.firstIndex(where: { $0.id == id }) else { return nil }
    sources[index].isBusy = false
    sources[index].failures = verdict == .unreachable ? sources[index].failures + 1 : 0
    switch verdict {
    case .live:
      sources[index].deadChecks = 0
      sources[index].due = sources[index].isWanted ? now : now + Self.interval
      return .live
    case .noPackets: return buried(index, .stale, at: now)
    case .refused(let status, let reason): return buried(index, .dead(reason: "RTSP \(status) \(reason)"), at: now)
    case .noVideo: return buried(index, .dead(reason: "没有视频 / no video"), at: now)
    case .notRTSP: return buried(index, .dead(reason: "不是 RTSP / no RTSP"), at: now)
    case .wrongPassword:
      sources[index].isLocked = !sources[index].isWanted
      return buried(index, .dead(reason: "密码不对,不再试 / wrong password, not tried again"), at: now)
    case .unreachable:
      guard sources[index].isDead || sources[index].failures >= Self.failuresUntilDead else {
        sources[index].due = now + Self.again
        return nil
      }
      return buried(index, .dead(reason: "没有应答 / no answer"), at: now)
    }
  }

  private mutating func buried(_ index: Int, _ state: SourceState, at now: Instant) -> SourceState {
    let longer = Int64(1) << min(sources[index].deadChecks, 8)
    sources[index].deadChecks += 1
    let wait = min(.microseconds(Int(Self.interval.microseconds * longer)), Self.longestInterval)
    sources[index].due = sources[index].isWanted ? now : now + wait
    return state
  }

  /// It was not even told where the stream is.
  mutating func failed(_ id: String, _ failure: CameraFailure, at now: Instant) -> SourceState? {
    switch failure {
    case .unreachable: return finished(id, StreamVerdict.unreachable, at: now)
    case .wrongPassword: return finished(id, StreamVerdict.wrongPassword, at: now)
    default:
      guard let index = sources.firstIndex(where: { $0.id == id }) else { return nil }
      sources[index].isBusy = false
      sources[index].failures = 0
      return buried(index, .dead(reason: failure.text), at: now)
    }
  }

  /// Somebody says that it was seen to: it is asked at once, or as soon as the check is done that is under way.
  mutating func retest(_ id: String, at now: Instant) {
    guard let index = sources.firstIndex(where: { $0.id == id }) else { return }
    sources[index].isLocked = false
    sources[index].isWanted = true
    sources[index].due = now
  }
}
