import DeviceVocabulary

/// A call on its way between a station below and this one (分流督办): what was handed down or offered up, who has it, and since when. The
/// last attempt of each open call; the journal has all of them.
public struct HandOver: Sendable, Equatable, Codable {
  public var incident: IncidentID
  /// The station below offered it to this one.
  public var isUp: Bool
  /// Posts as the call's own station names them: `^` marks one of this station.
  public var from: String
  public var to: String
  /// `nil`: none were agreed, those of this station's site file hold.
  public var within: HandOverLimits?
  public var stage: Stage
  /// How often it was offered in this direction.
  public var attempts: Int
  /// The command that it was offered by, until its station has answered.
  var command: UInt64?
  public var offered: Moment
  /// When `stage` began.
  public var since: Moment
  public var accepted: Moment?

  public enum Stage: Sendable, Equatable, Codable {
    /// Can transition to: offered, failed.
    case sent
    /// Can transition to: accepted, refused, unanswered.
    case offered
    /// Can transition to: onScene, resolved.
    case accepted
    case onScene
    case resolved
    /// These three wait for whoever offered it: to offer it again, or to go there.
    case refused(post: String, reason: String)
    case unanswered
    /// The command came to nothing; `nil`: without an answer.
    case failed(CommandResult?)

    var isTaken: Bool { self == .accepted || self == .onScene || self == .resolved }
  }

  /// When something happened below: by the clocks there, and when it was on this disk.
  public struct Moment: Sendable, Equatable, Codable {
    public var at: EntryTime
    public var arrived: EntryTime
    public var isLate: Bool

    /// What was not late was under way for less than a minute: so far the child's clock is believed, as it may be wrong by a day.
    var underWayMilliseconds: Int64 {
      let difference = arrived.wallMilliseconds.clampedSubtracting(at.wallMilliseconds)
      return (0...60_000).contains(difference) ? difference : 0
    }

    /// The time of day to show: the child's own as far as it is believed.
    var shownMilliseconds: Int64 {
      isLate ? at.wallMilliseconds : arrived.wallMilliseconds.clampedSubtracting(underWayMilliseconds)
    }
  }
}

extension ChildState {
  func handOver(_ incident: IncidentID) -> HandOver? { handOvers.first { $0.incident == incident } }

  private mutating func put(_ handOver: HandOver) {
    handOvers.removeAll { $0.incident == handOver.incident }
    handOvers.insert(handOver, at: handOvers.firstIndex { $0.incident > handOver.incident } ?? handOvers.count)
  }

  private mutating func change(_ incident: IncidentID, _ body: (inout HandOver) -> Void) {
    if let index = handOvers.firstIndex(where: { $0.incident == incident }) { body(&handOvers[index]) }
  }

  /// An offer of this station is under way.
  mutating func noteSent(_ command: ParentCommand, at time: EntryTime) {
    guard case .offer(let id, let to, let within) = command.action else { return }
    let moment = HandOver.Moment(at: time, arrived: time, isLate: false)
    let before = handOver(id).map { $0.isUp ? 0 : $0.attempts } ?? 0
    put(
      HandOver(
        incident: id, isUp: false, from: SitePlan.parentPost + command.post, to: to, within: within, stage: .sent,
        attempts: before + 1, command: command.number, offered: moment, since: moment))
  }

  /// What became of it. Where it was done, the call's own entry has said so before.
  mutating func noteSettled(_ command: ParentCommand, _ result: CommandResult?, at time: EntryTime) {
    guard case .offer(let id, _, _) = command.action, result != .done else { return }
    change(id) { handOver in
      guard handOver.stage == .sent, handOver.command == command.number else { return }
      handOver.stage = .failed(result)
      handOver.since = HandOver.Moment(at: time, arrived: time, isLate: false)
    }
  }

  /// A step of a call, as its station tells it.
  mutating func note(_ step: Change, at moment: HandOver.Moment) {
    guard let id = step.incident else { return }
    // Only of calls that are open: what a child may tell is bounded by them.
    guard fold.incident(id) != nil else { return end(id) }
    switch step {
    case .handOverOffered(_, let from, let to, let within): offered(id, from, to, within, at: moment)
    case .handOverAccepted:
      guard handOver(id)?.stage == .offered else { return }
      change(id) { $0.accepted = moment }
      enter(.accepted, id, at: moment)
    case .handOverEnded(_, let post, let reason):
      guard handOver(id)?.stage == .offered else { return }
      enter(post.map { .refused(post: $0, reason: reason) } ?? .unanswered, id, at: moment)
    case .acknowledged(_, let post, _):
      // Taken, or taken again, by somebody: only what was accepted by that level goes on.
      guard let known = handOver(id), known.stage.isTaken, SitePlan.isParentPost(post) == known.isUp else { return end(id) }
    case .onScene: goOn(.onScene, id, at: moment)
    case .resolved: goOn(.resolved, id, at: moment)
    // A number that is used again: another call.
    case .opened: end(id)
    default: break
    }
  }

  private mutating func offered(
    _ id: IncidentID, _ from: String, _ to: String, _ within: HandOverLimits?, at moment: HandOver.Moment
  ) {
    let isUp = SitePlan.isParentPost(to)
    // Between two posts of one level it is that level's own business.
    guard SitePlan.isParentPost(from) != isUp else { return }
    let known = handOver(id).flatMap { $0.isUp == isUp ? $0 : nil }
    // One that was sent from here counts from then on.
    let isSent = known?.command != nil
    put(
      HandOver(
        incident: id, isUp: isUp, from: from, to: to, within: within, stage: .offered,
        attempts: (known?.attempts ?? 0) + (isSent ? 0 : 1), offered: isSent ? known?.offered ?? moment : moment, since: moment))
  }

  private mutating func enter(_ stage: HandOver.Stage, _ id: IncidentID, at moment: HandOver.Moment) {
    change(id) { handOver in
      handOver.stage = stage
      handOver.since = moment
    }
  }

  /// Somebody attends to it: within a hand-over that was accepted, or else there is none any more.
  private mutating func goOn(_ stage: HandOver.Stage, _ id: IncidentID, at moment: HandOver.Moment) {
    if handOver(id)?.stage.isTaken == true { enter(stage, id, at: moment) } else { end(id) }
  }

  private mutating func end(_ id: IncidentID) { handOvers.removeAll { $0.incident == id } }
}
