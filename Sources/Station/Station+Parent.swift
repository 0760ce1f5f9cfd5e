import DeviceKit
import DeviceVocabulary

/// The station as a child: what its parent has, what its parent asks, and whether a call would get through.
extension Station {
  /// What the ways to the parent are like now. Only a change of state is written down.
  mutating func linkChanged(_ status: LinkStatus) {
    link = status
    for path in status.paths {
      let key = FaultKey(.path(path.name), .pathDown)
      switch path.state {
      case .up: condition(key, false)
      case .down, .refused: condition(key, true, detail: path.reason)
      // On the way up or down: the card stays as it is.
      case .degraded, .connecting: break
      }
    }
    guard !status.paths.isEmpty else { return }
    if status.paths.contains(where: { $0.state == .up }) {
      condition(FaultKey(.parent, .parentLost), false)
    } else if status.paths.allSatisfy({ $0.state == .down || $0.state == .refused }) {
      condition(FaultKey(.parent, .parentLost), true, detail: status.paths.map(\.reason).first { !$0.isEmpty } ?? "")
    }
  }

  /// The openings of these calls are on the parent's disk: their lamps may say so.
  mutating func delivered(_ incidents: [IncidentID], to parent: String) {
    for id in incidents {
      guard let incident = state.incident(id), incident.deliveredTo == nil else { continue }
      record(.delivered(id, parent: parent))
    }
  }

  /// The parent's journal and this one do not tell the same: this disk was set back. The parent may have other entries under the numbers so far,
  /// so what it has to know is told again under the new epoch that begins with this, and only that counts as delivered.
  mutating func parentContradicts(_ detail: String) {
    record(.branched(open: state.incidents.map(\.id)))
    // Those that were closed lately, too: the parent may have them as open.
    for incident in state.incidents + state.recentlyClosed { record(.toldAgain(incident)) }
    raise(FaultKey(.parent, .journalForked), detail)
  }

  /// Two clocks that differ make the times of calls wrong on one of the two desks; this one's fault travels up, so that both show it.
  mutating func parentClock(aheadMilliseconds ahead: Int64) {
    let minutes = (ahead.magnitude + 30_000) / 60_000
    let detail =
      ahead > 0
      ? "本机时钟比上级慢 \(minutes) 分钟 / this computer's clock is \(minutes) minutes behind the parent's"
      : "本机时钟比上级快 \(minutes) 分钟 / this computer's clock is \(minutes) minutes ahead of the parent's"
    condition(FaultKey(.parent, .clockApart), ahead.magnitude > Self.clockTolerance, detail: detail)
  }

  /// In milliseconds; an answer takes ten seconds at most.
  static let clockTolerance: UInt64 = 120_000

  /// Whoever wants calls to go up has to be told what they are about.
  mutating func describeSite() {
    let description = SiteDescription(plan)
    if plan.parent != nil, state.described != description { record(.described(description)) }
  }

  // MARK: - Commands

  mutating func obey(_ command: ParentCommand, remainingMilliseconds: Int64) {
    guard !state.hasAnswered(command.number) else { return }
    // Answered, it would count for all below it, and no parent could ask anything any more.
    guard command.number <= Self.highestCommand(at: wall) else {
      return raise(FaultKey(.parent, .parentFloods), "\(command.number)")
    }
    // The parent sends what is not answered again when the stream is opened anew.
    guard commandRate.takes(at: now) else {
      return raise(FaultKey(.parent, .parentFloods), "> \(commandRate.perSecond)/s")
    }
    guard remainingMilliseconds > 0 else { return record(.commandAnswered(command.number, .expired)) }
    let post = SitePlan.parentPost + command.post
    let verdict: Verdict
    switch command.action {
    case .acknowledge(let id): verdict = decide(.acknowledge(id), by: post)
    case .onScene(let id): verdict = decide(.onScene(id), by: post)
    case .resolve(let id, let note): verdict = decide(.resolve(id, note: note), by: post)
    case .close(let id): verdict = decide(.close(id), by: post)
    case .falseAlarm(let id, let note): verdict = decide(.falseAlarm(id, note: note), by: post)
    case .offer(let id, let to, let within): verdict = decide(.offerHandOver(id, to: to, within: within), by: post)
    case .accept(let id): verdict = decide(.acceptHandOver(id), by: post)
    case .refuse(let id, let reason): verdict = decide(.refuseHandOver(id, reason: reason), by: post)
    case .proofSeen(let proof):
      verdict = state.proof.waiting != nil && state.proof.last == proof ? .record(proofReturned(proof)) : .refused(.alreadyDone)
    case .notice(let text):
      verdict =
        needsText(text)
        ?? .record(.noticed(command.number, post: post, text: text, seconds: command.timeToLiveSeconds))
    }
    switch verdict {
    case .record(let changes):
      for change in changes { record(change) }
      record(.commandAnswered(command.number, .done))
    case .refused(let refusal): record(.commandAnswered(command.number, .refused(refusal)))
    case .retest: record(.commandAnswered(command.number, .refused(.unknownFault)))
    }
  }

  /// Numbers are milliseconds of the parent's clock, or follow one another: a day above the own clock is none of theirs. A clock that
  /// nobody disciplines may be far behind, and is given a century.
  private static func highestCommand(at wall: WallClock) -> UInt64 {
    UInt64(max(0, wall.unixMilliseconds)) &+ (wall.synchronised ? 1 : 36_525) * 86_400_000
  }

  private func proofReturned(_ proof: UInt32) -> Change {
    let took = state.proof.waiting.map { elapsed(since: $0) } ?? .zero
    return .proofReturned(proof, milliseconds: UInt32(clamping: took.microseconds / 1000))
  }

  // MARK: - The daily proof

  /// A test call that must come back from the parent's application within this time.
  static let proofPatience = Interval.seconds(60)

  mutating func runProofs() {
    guard let parent = plan.parent else { return }
    if let since = state.proof.waiting, elapsed(since: since) >= Self.proofPatience {
      record(.proofFailed(state.proof.last))
      raise(FaultKey(.parent, .proofFailed), "")
    }
    for notice in state.notices where elapsed(since: notice.since) >= .seconds(notice.seconds) {
      record(.noticeExpired(notice.number))
    }
    if proofIsDue(parent) { record(.proofAsked(state.proof.last &+ 1)) }
  }

  /// Once on each day of the wall clock, at or after the minute that the site file names.
  private func proofIsDue(_ parent: SitePlan.Parent) -> Bool {
    guard let minute = parent.proofMinute, state.proof.waiting == nil, wall.localMinuteOfDay >= minute else { return false }
    return wall.localDay > (state.proof.lastDay ?? (wall.localDay - 1))
  }

  func nextProof() -> Interval? {
    guard let parent = plan.parent else { return nil }
    var next: Interval?
    func consider(_ interval: Interval) { next = min(next ?? interval, max(interval, .zero)) }
    if let since = state.proof.waiting { consider(Self.proofPatience - elapsed(since: since)) }
    for notice in state.notices { consider(.seconds(notice.seconds) - elapsed(since: notice.since)) }
    // The wall clock may be set: it is looked at once a minute, not slept towards.
    if parent.proofMinute != nil { consider(.seconds(60)) }
    return next
  }
}
