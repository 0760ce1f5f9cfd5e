import DeviceKit
import DeviceVocabulary
import StationLinkCodec

/// What the latest-value lane remembers: which values the parent has, and when the next may go. No value waits here: when it is time, the
/// newest are asked for, and what was superseded meanwhile is never sent.
struct ReadingLane: Sendable {
  /// The newest values have been asked for.
  private(set) var isGathering = false
  /// When the next request may go, on a line without a load.
  private(set) var nextAt = Instant.zero
  /// When the last one went.
  private(set) var lastAt: Instant?
  /// The parent takes readings, as far as is known: until it refuses them, after a greeting again.
  private(set) var isOn = false
  /// What the parent has; only ever looked up. No larger than the site.
  private var told: [Measurand: Reading] = [:]

  /// Greeted: this may be a parent that was started anew and has nothing, or one that can do more than before.
  ///
  /// - Parameter delay: of the first request, so that a parent's children do not all come at once.
  mutating func connected(at now: Instant, delay: Interval) {
    isOn = true
    told = [:]
    nextAt = max(nextAt, now + delay)
  }

  mutating func asked() { isGathering = true }

  mutating func gathered(nextAt next: Instant) {
    isGathering = false
    nextAt = next
  }

  mutating func sent(at now: Instant) { lastAt = now }

  mutating func taken(_ readings: [DeviceReading], held: Int) {
    // A parent that was started anew between two requests, without this end noticing.
    if held < told.count { told = [:] }
    for item in readings { told[item.measurand] = item.reading }
  }

  mutating func refused() { isOn = false }

  /// Which of the newest values are news to the parent, those first that it has not had for the longest time: changed ones, and those whose
  /// copy there would otherwise be past its time to live before the request after this one. Stale values are not sent: they are no news.
  mutating func chosen(from newest: [DeviceReading], at now: Instant, every interval: Interval) -> [DeviceReading] {
    // Devices that are no longer there are not remembered, nor what the parent has forgotten by now.
    let there = Set(newest.map(\.measurand))
    told = told.filter { there.contains($0.key) && now - $0.value.asOf <= LatestReadings.forgottenAfter }
    let news = newest.filter { item in
      guard !item.reading.isStale(at: now) else { return false }
      guard let known = told[item.measurand] else { return true }
      guard item.reading.asOf > known.asOf else { return false }
      return item.reading.value != known.value || item.reading.timeToLive != known.timeToLive
        || known.asOf + known.timeToLive <= now + interval * 2
    }
    let longest = news.sorted { left, right in
      let (first, second) = (told[left.measurand]?.asOf ?? .zero, told[right.measurand]?.asOf ?? .zero)
      return first == second ? left.measurand < right.measurand : first < second
    }
    return Array(longest.prefix(LinkReadings.limit))
  }
}

// The latest-value lane beside the others: on a connection of its own, when nothing else wants the line, and never kept for later.
extension LinkSender {
  /// Unanswered for so long, it is forgotten. Whether the path still lives is for heartbeats to say.
  static let readingsTimeOut = Interval.seconds(10)
  /// While a backlog is on its way, readings go so many times less often.
  static let thinning = 6

  /// The first path that is up, and has nothing unanswered on it but the backlog; `nil` while a call or its answer waits anywhere.
  private var readingsPath: Int? {
    guard readings.isOn, calls.isEmpty, scan == nil, !flights.contains(where: { $0.lane == .calls || $0.lane == .readings })
    else {
      return nil
    }
    guard let path = paths.indices.first(where: { paths[$0].isOpen && lastStatus?.paths[$0].state == .up }) else { return nil }
    // An unanswered heartbeat may be one of a parent that has gone silent.
    return flights.contains { $0.path == path && $0.lane == .pulse } ? nil : path
  }

  /// When the newest values are to be asked for; `nil`: not before something else has happened.
  var readingsDue: Instant? {
    guard let interval = settings.readingsInterval, !readings.isGathering, readingsPath != nil else { return nil }
    let hasBacklog = isBusy(.backlog) || !sweep.page.isEmpty
    guard hasBacklog, let last = readings.lastAt else { return readings.nextAt }
    return max(readings.nextAt, last + interval * Self.thinning)
  }

  mutating func gatherReadings(at now: Instant, _ effects: inout Effects<Effect>) {
    guard let due = readingsDue, due <= now, effects.append(.gather) else { return }
    readings.asked()
  }

  mutating func gathered(_ newest: [DeviceReading], at now: Instant, _ effects: inout Effects<Effect>) {
    guard readings.isGathering, let interval = settings.readingsInterval else { return }
    readings.gathered(nextAt: now + interval)
    // A call came in between: these are dropped, and there will be newer ones.
    guard let path = readingsPath, effects.room > 4 else { return }
    let chosen = readings.chosen(from: newest, at: now, every: interval)
    guard !chosen.isEmpty else { return }
    readings.sent(at: now)
    launch(.readings(chosen), .readings, path: path, timeOut: Self.readingsTimeOut, at: now, &effects)
  }

  /// Nothing that goes wrong with readings is a reason to give up a path, or to try again before it is time.
  mutating func readingsFailed(_ failure: LinkFailure, _ effects: inout Effects<Effect>) {
    guard case .refused(let refusal, let words) = failure, ![.diskUnavailable, .busy].contains(refusal) else { return }
    readings.refused()
    effects.append(.readingsRefused(words))
  }
}
