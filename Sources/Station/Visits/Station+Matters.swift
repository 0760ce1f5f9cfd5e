import DeviceKit
import DeviceVocabulary

/// Matters on their way (分流督办): who owns them, offers that must be accepted, limits that run.
extension Station {
  /// A wrong code at a terminal, in this run of the program.
  struct WrongCode: Sendable {
    var kiosk: String
    var slip: String
    var at: Instant
  }

  func decideMatter(_ action: VisitAction, _ post: String) -> Verdict {
    switch action {
    case .offer(let id, let to):
      return onOwned(id, post) { matter in
        if plan.post(to) == nil { return .refused(.unknownPost) }
        if to == post { return .refused(.offerToSelf) }
        if matter.offer != nil { return .refused(.offerStands) }
        if matter.result != nil { return .refused(.alreadyDone) }
        return .record(.visit(.offered(id, from: post, to: to)))
      }
    case .accept(let id): return onOffered(id, post) { .record(.visit(.accepted(id, post: post))) }
    case .refuse(let id, let reason):
      return needsText(reason) ?? onOffered(id, post) { .record(.visit(.returned(id, post: post, reason: reason))) }
    case .result(let id, let result, let note):
      // What was agreed or done says itself; anything else needs a word why.
      if result != .done && result != .agreed || !note.isEmpty, let refusal = needsText(note) { return refusal }
      return onOwned(id, post) { matter in
        matter.result == nil ? .record(.visit(.resulted(id, post: post, result, note: note))) : .refused(.alreadyDone)
      }
    case .callBack(let id, let reached):
      return onOwned(id, post) { matter in
        if matter.result == nil { return .refused(.notResulted) }
        return .record(.visit(.calledBack(id, post: post, reached: reached)))
      }
    case .close(let id):
      return onOwned(id, post) { matter in
        if matter.result == nil { return .refused(.notResulted) }
        // Somebody asked how it was, or the visitor has said so himself.
        if matter.phase != .calledBack, matter.rating == nil { return .refused(.notCalledBack) }
        return .record(.visit(.closed(id, post: post)))
      }
    default: return .refused(.unknownMatter)
    }
  }

  private func onMatter(_ id: MatterID, _ body: (Matter) -> Verdict) -> Verdict {
    guard let matter = state.visits.matter(id) else { return .refused(.unknownMatter) }
    return matter.phase == .closed ? .refused(.alreadyClosed) : body(matter)
  }

  private func onOwned(_ id: MatterID, _ post: String, _ body: (Matter) -> Verdict) -> Verdict {
    onMatter(id) { $0.owner == post ? body($0) : .refused(.notOwner) }
  }

  private func onOffered(_ id: MatterID, _ post: String, _ verdict: () -> Verdict) -> Verdict {
    onMatter(id) { matter in
      guard let offer = matter.offer else { return .refused(.noOffer) }
      return offer.to == post ? verdict() : .refused(.offeredToAnother)
    }
  }

  // MARK: - What happens because nothing happened

  mutating func runVisits() {
    guard let offered = plan.visits else { return }
    var (over, uncalled): ([MatterID], [MatterID]) = ([], [])
    for matter in state.visits.matters {
      if trustsDays, let closed = matter.closedAt, past(since: closed) >= kept(offered) {
        over.append(matter.id)
      } else if trustsDays, let resulted = contactSince(matter), past(since: resulted) >= kept(offered) {
        uncalled.append(matter.id)
      }
      if matter.phase == .closed { continue }
      if let offer = matter.offer, past(since: offer.at) >= answerTime(matter) {
        record(.visit(.returned(matter.id, post: nil, reason: "")))
      }
      if !matter.overdue, past(since: limitSince(matter)) >= limit(matter) {
        record(.visit(.overdue(matter.id)))
      }
    }
    if !over.isEmpty { record(.visit(.forgotten(over))) }
    if !uncalled.isEmpty { record(.visit(.contactsForgotten(uncalled))) }
    doubtToday()
    runNight()
  }

  /// How long until `runVisits` would do something.
  func nextVisitTimer() -> Interval? {
    guard let offered = plan.visits else { return nil }
    var nearest: Interval?
    func consider(_ length: Interval, since time: EntryTime) {
      let left = max(length - past(since: time), .zero)
      nearest = min(nearest ?? left, left)
    }
    for matter in state.visits.matters {
      if wall.synchronised, let closed = matter.closedAt { consider(kept(offered), since: closed) }
      if wall.synchronised, let resulted = contactSince(matter) { consider(kept(offered), since: resulted) }
      if matter.phase == .closed { continue }
      if let offer = matter.offer { consider(answerTime(matter), since: offer.at) }
      if !matter.overdue { consider(limit(matter), since: limitSince(matter)) }
    }
    if let doubt = nextDateDoubt() { nearest = min(nearest ?? doubt, doubt) }
    if let night = nextNight() { nearest = min(nearest ?? night, night) }
    return nearest
  }

  /// Hours and days, which go on while the computer is off at night: across boots the wall clock counts, checked or not, as long as it does
  /// not run backwards. Nobody's call for help depends on it.
  func past(since time: EntryTime) -> Interval {
    if time.boot == boot { return now - time.monotonic }
    let milliseconds = wall.unixMilliseconds.clampedSubtracting(time.wallMilliseconds)
    return .milliseconds(Int(clamping: max(0, milliseconds)))
  }

  private func kept(_ offered: VisitPlan) -> Interval { .seconds(86_400) * offered.keepClosedDays }

  /// Who has a result is called back and asked within the same time: until then it is not over.
  private func limitSince(_ matter: Matter) -> EntryTime { matter.resultedAt ?? matter.openedAt }

  /// When the limit of a matter passed that is overdue: to its result, or from there to its end. Milliseconds since 1970.
  func overdueSince(_ matter: Matter) -> Int64 {
    let length = Int64((plan.visits?.service(matter.service)?.limitHours ?? Self.usualLimitHours) * 3_600_000)
    let first = matter.openedAt.wallMilliseconds.clampedSubtracting(-length)
    guard let resulted = matter.resultedAt?.wallMilliseconds, resulted < first else { return first }
    return resulted.clampedSubtracting(-length)
  }

  /// Open matters that are late: a count, for those who see to it that they are not (督办). `nil` where nobody comes to.
  var overdueMatters: Int? {
    plan.visits == nil ? nil : state.visits.matters.count { $0.overdue && $0.phase != .closed }
  }

  /// What is sealed is for the call-back: from then on its days are counted, whether anybody closes the matter or not.
  private func contactSince(_ matter: Matter) -> EntryTime? { matter.sealed.isEmpty ? nil : matter.resultedAt }

  /// A service that the site file no longer has keeps the usual limits.
  private func limit(_ matter: Matter) -> Interval {
    .seconds(3600) * (plan.visits?.service(matter.service)?.limitHours ?? Self.usualLimitHours)
  }
  private static let usualLimitHours = 120
  private func answerTime(_ matter: Matter) -> Interval {
    .seconds(60) * (plan.visits?.service(matter.service)?.offerMinutes ?? 60)
  }
}
