import DeviceKit
import DeviceVocabulary
import StationLinkCodec

/// A parent as its children see it on the wire, which can fail: what tests and demos put at the other end of the line.
///
/// What it has on disk and what it only has in memory are two things here, so that a crash between the two can be played.
public struct ParentModel: Sendable {
  public enum Fault: Sendable, Equatable {
    case none
    /// Takes requests and never answers.
    case silent
    /// Answers 503: its disk takes nothing.
    case diskFull
    case busy
    /// Speaks another version of the protocol.
    case oldVersion
    /// Is of before the time of readings: it has no such address.
    case noReadings
    /// Takes the entries, then crashes before they are on disk.
    case crashBeforeSync
    /// Takes the entries, has them on disk, and the answer is lost.
    case loseAnswer
    /// Says that it refuses this station.
    case refuses(LinkRefusal)
  }

  public enum Answer: Sendable, Equatable {
    case welcome(LinkWelcome)
    case receipt(LinkReceipt)
    case pulse(LinkPulseAnswer)
    case readings(LinkReadingsAnswer)
    case refused(LinkRefusal)
    /// The connection ends or nothing comes.
    case nothing
  }

  public var fault = Fault.none
  /// An entry that it refuses whatever batch it comes in, as a parent with stricter rules may.
  public var chokesOn: JournalPosition?
  public var name = "street"
  /// Wrong by so much.
  public var clockOffsetMilliseconds: Int64 = 0
  public private(set) var cursor = LinkCursor()
  /// What is on its disk, in the order in which it came.
  public private(set) var entries: [LinkEntry] = []
  /// In memory only: a restart forgets them.
  public private(set) var readings = LatestReadings()
  public private(set) var duplicates = 0
  public private(set) var branches = 0
  public private(set) var crashes = 0
  /// What came of the past that neither end has: the end of it, each time.
  public private(set) var missing: [JournalHead] = []

  public init() {}

  public mutating func hello(_ hello: LinkHello, wallMilliseconds: Int64) -> Answer {
    if let answer = refusal() { return answer }
    guard hello.versions.contains(LinkProtocol.version) else { return .refused(.version) }
    if let oldest = hello.oldest, oldest.position > cursor.head.position {
      missing.append(oldest)
      cursor.begin(after: oldest)
    }
    return .welcome(
      LinkWelcome(
        version: fault == .oldVersion ? 0 : LinkProtocol.version, station: name, name: name, receipt: cursor.welcome,
        nowMilliseconds: wallMilliseconds + clockOffsetMilliseconds))
  }

  public mutating func pulse(_ pulse: LinkPulse, wallMilliseconds: Int64) -> Answer {
    if let answer = refusal() { return answer }
    return .pulse(LinkPulseAnswer(nonce: pulse.nonce, nowMilliseconds: wallMilliseconds + clockOffsetMilliseconds))
  }

  public mutating func receive(_ batch: [LinkEntry]) -> Answer {
    if fault == .crashBeforeSync {
      crashes += 1
      return .nothing
    }
    if let answer = refusal() { return answer }
    if batch.contains(where: { $0.position == chokesOn }) { return .refused(.malformed) }
    for entry in batch {
      switch cursor.take(entry.link) {
      case .new: entries.append(entry)
      case .branched:
        branches += 1
        entries.append(entry)
      case .known: duplicates += 1
      case .scattered, .impossible: break
      }
    }
    return fault == .loseAnswer ? .nothing : .receipt(cursor.receipt(for: batch.map(\.position)))
  }

  public mutating func receive(_ message: LinkReadings, at now: Instant) -> Answer {
    if fault == .noReadings { return .refused(.unknownPath) }
    if let answer = refusal() { return answer }
    guard let answer = try? readings.take(message, at: now) else { return .refused(.tooLarge) }
    return fault == .loseAnswer ? .nothing : .readings(answer)
  }

  /// Started anew: what only memory held is gone.
  public mutating func restart() { readings = LatestReadings() }

  /// Set back to an older disk, as from a copy: the newest so many entries are gone.
  public mutating func restore(without count: Int) {
    entries.removeLast(min(count, entries.count))
    cursor = LinkCursor()
    for entry in entries { _ = cursor.take(entry.link) }
  }

  private func refusal() -> Answer? {
    switch fault {
    case .silent: .nothing
    case .diskFull: .refused(.diskUnavailable)
    case .busy: .refused(.busy)
    case .refuses(let refusal): .refused(refusal)
    case .none, .oldVersion, .noReadings, .crashBeforeSync, .loseAnswer: nil
    }
  }
}
