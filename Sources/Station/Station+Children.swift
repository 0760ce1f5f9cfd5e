import DeviceKit
import DeviceVocabulary

/// The station as a parent: takes its children's entries, shows their calls, and asks what only they can do.
extension Station {
  func hasNeverConnected(_ child: String) -> Bool {
    state.child(child)?.lastReceived == nil && !childLinks.contains { $0.child == child }
  }

  /// How long a command lives: an operator's within minutes, or it is not what he meant any more.
  static let commandSeconds = 120
  static let proofSeconds = 60
  /// A child that has not been heard for so long on a path is gone there.
  static let childSilentAfter = Interval.seconds(15)
  /// After the start of this program children get this long to come.
  static let childGrace = Interval.seconds(30)
  /// Proofs must have come for so long before a path counts as whole again.
  static let childSteadyAfter = Interval.seconds(60)

  /// Entries of one child, checked by whoever took them off the line. The receipt is released after they are on disk.
  mutating func take(_ entries: [Received], from child: String, request: UInt64) {
    let unfolded = state.child(child)?.unfolded ?? 0
    for received in entries {
      switch (state.child(child)?.cursor ?? LinkCursor()).verdict(on: received.link) {
      case .new where !received.saysThatItBranched: record(.received(received))
      case .new, .branched:
        record(.received(received))
        raise(FaultKey(.child(child), .childBranched), "\(received.before.position) → \(received.position)")
      case .known:
        guard state.child(child)?.contradicts(received.link) == true else { continue }
        record(.received(received))
        raise(FaultKey(.child(child), .childBranched), "\(received.position)")
      case .scattered, .impossible: continue
      }
      if let bytes = received.withheldBytes {
        raise(FaultKey(.child(child), .childWithholds), "\(received.position), \(bytes) B")
      }
      if case .proofAsked(let proof)? = received.content?.change, !received.isLate, hasRoomForProof(of: child) {
        command(child, post: "", .proofSeen(proof: proof), seconds: Self.proofSeconds)
      }
    }
    if let known = state.child(child), known.unfolded > unfolded {
      let open = known.fold.incidents.count
      raise(FaultKey(.child(child), .childFloods), "\(open) + \(known.fold.faults.count), \(known.unfolded)")
    }
    let receipt = (state.child(child)?.cursor ?? LinkCursor()).receipt(for: entries.map(\.position))
    pending.append(.receipt(request, receipt))
  }

  /// A child asks once a day, and again after a start: more than a few at once would only grow the lists that all go through.
  private func hasRoomForProof(of child: String) -> Bool {
    let waiting = state.child(child)?.pending.count { if case .proofSeen = $0.command.action { true } else { false } }
    return (waiting ?? 0) < 3
  }

  /// A child that has connected: it is told what is here. What neither has any more is said, and does not keep the rest from being whole.
  mutating func greet(_ child: String, oldest: JournalHead?, request: UInt64) {
    let head = state.child(child)?.cursor.head ?? .start
    if let oldest, oldest.position > head.position {
      record(.pastMissing(child, through: oldest))
      raise(FaultKey(.child(child), .childLacksPast), "\(head.position) … \(oldest.position)")
    }
    let receipt = state.child(child)?.cursor.welcome ?? LinkCursor().welcome
    pending.append(.receipt(request, receipt))
  }

  /// A child that listens for commands is given those that it has not answered.
  mutating func listens(_ child: String) {
    for item in state.child(child)?.pending ?? [] { pending.append(.command(child, item.command)) }
  }

  mutating func command(_ child: String, post: String, _ action: ParentCommand.Action, seconds: Int) {
    // Never the same twice, also after this journal was lost: the clock goes on.
    let number = max(state.lastCommand &+ 1, UInt64(max(0, wall.unixMilliseconds)))
    let command = ParentCommand(
      number: number, issuedAtMilliseconds: wall.unixMilliseconds, timeToLiveSeconds: seconds, post: post, action: action)
    record(.commanded(child, command))
    pending.append(.command(child, command))
  }

  /// What an operator of this station wants with a child's call. Whether it may be done is for the child to say: it owns the call.
  func decide(_ action: ParentCommand.Action, of child: String) -> Verdict? {
    guard plan.children?.contains(where: { $0.station == child }) == true else { return .refused(.unknownChild) }
    guard !hasNeverConnected(child) else { return .refused(.childNeverConnected) }
    let known = state.child(child) ?? ChildState(station: child)
    if let id = ParentCommand(number: 0, issuedAtMilliseconds: 0, timeToLiveSeconds: 0, post: "", action: action).incident {
      guard known.fold.incident(id) != nil else { return .refused(known.refusal(ofAbsent: id)) }
      if known.stray(id)?.closed != nil { return .refused(.alreadyClosed) }
    }
    if known.pending.contains(where: { $0.command.action == action }) { return .refused(.commandUnderWay) }
    switch action {
    case .resolve(_, let text), .notice(let text): return needsText(text)
    case .refuse(_, let reason): return needsText(reason)
    default: return nil
    }
  }

  // MARK: - Who is there

  mutating func heard(_ pulses: [ChildPulse]) {
    for pulse in pulses {
      let index: Int
      if let known = childLinks.firstIndex(where: { $0.child == pulse.child && $0.path == pulse.path }) {
        index = known
      } else {
        childLinks.append(ChildLink(child: pulse.child, path: pulse.path))
        index = childLinks.count - 1
      }
      if childLinks[index].steadySince == nil || now - childLinks[index].heardAt > Self.childSilentAfter {
        childLinks[index].steadySince = now
      }
      childLinks[index].heardAt = now
      childLinks[index].heardWall = wall.unixMilliseconds
      childLinks[index].waiting = pulse.waiting
    }
    if !pulses.isEmpty { watchChildren() }
  }

  /// Faults of children that are not heard, on one of their ways or at all.
  mutating func watchChildren() {
    for link in childLinks {
      let isSilent = now - link.heardAt >= Self.childSilentAfter
      let key = FaultKey(.childPath(link.child, link.path), .childPathDown)
      if isSilent {
        condition(key, true)
      } else if let steady = link.steadySince, now - steady >= Self.childSteadyAfter || state.fault(key) == nil {
        condition(key, false)
      }
    }
    guard let startedAt, now - startedAt.monotonic >= Self.childGrace || startedAt.boot != boot else { return }
    for child in plan.children ?? [] {
      let links = childLinks.filter { $0.child == child.station }
      let key = FaultKey(.child(child.station), .childLost)
      if links.allSatisfy({ now - $0.heardAt >= Self.childSilentAfter }) {
        condition(key, true, detail: hasNeverConnected(child.station) ? Texts.neverConnected : "")
      } else if links.contains(where: isSteady) {
        condition(key, false)
      }
    }
  }

  private func isSteady(_ link: ChildLink) -> Bool {
    now - link.heardAt < Self.childSilentAfter && link.steadySince.map { now - $0 >= Self.childSteadyAfter } ?? false
  }

  mutating func runChildren() {
    watchChildren()
    for child in state.children {
      for item in child.pending where elapsed(since: item.since) >= .seconds(item.command.timeToLiveSeconds) + .seconds(10) {
        record(.commandLapsed(child.station, item.command.number))
      }
    }
  }

  func nextChildTimer() -> Instant? {
    guard let startedAt, !(plan.children ?? []).isEmpty || !state.children.isEmpty else { return nil }
    var next: Instant?
    func consider(_ moment: Instant) { if moment > now { next = min(next ?? moment, moment) } }
    consider(startedAt.monotonic + Self.childGrace)
    for link in childLinks {
      consider(link.heardAt + Self.childSilentAfter)
      if let steady = link.steadySince { consider(steady + Self.childSteadyAfter) }
    }
    if let late = nextHandOver() { consider(now + late) }
    for child in state.children {
      for item in child.pending {
        let left = .seconds(item.command.timeToLiveSeconds) + .seconds(10) - elapsed(since: item.since)
        consider(now + max(.milliseconds(1), left))
      }
    }
    return next
  }
}

/// A heartbeat of a child, as it arrived.
public struct ChildPulse: Sendable, Equatable, Codable {
  public var child: String
  public var path: String
  /// Entries that it still has to send.
  public var waiting: UInt64

  public init(child: String, path: String, waiting: UInt64) {
    self.child = child
    self.path = path
    self.waiting = waiting
  }
}
