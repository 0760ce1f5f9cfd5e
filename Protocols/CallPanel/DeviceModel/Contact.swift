import DeviceKit

/// One button's contact: debounce, long press, stuck and chatter, driven by deadlines so that it is right however rarely it is woken.
///
/// A press is believed after 20 ms closed, a release after 50 ms open: to miss a release costs nothing, to miss a press costs a life.
/// A contact that never rests (wet, half broken) counts as pressed after 500 ms and as chattering: it calls rather than stays mute.
struct Contact: Sendable {
  static var pressDebounce: Interval { .milliseconds(20) }
  static var releaseDebounce: Interval { .milliseconds(50) }
  static var unrestLimit: Interval { .milliseconds(500) }
  static var longPress: Interval { .seconds(3) }
  static var stuckLimit: Interval { .seconds(60) }
  static var chatterWindow: Interval { .seconds(10) }

  /// What an advance of time brought. `pressedAt` and `releasedAt` are when the contact moved, not when it was believed.
  struct News: Sendable {
    var pressedAt: Instant?
    var releasedAt: Instant?
    var longPress = false
    var faultsChanged = false
  }

  private(set) var isClosed = false
  private(set) var isStuck = false
  private(set) var chatters = false
  private(set) var closedSince: Instant = .zero
  private var raw = false
  private var rawSince: Instant = .zero
  private var restless = false
  private var restlessSince: Instant = .zero
  private var longReported = false
  /// The newest eleven transitions: more than ten within the window are chatter.
  private var transitions: InlineArray<11, Instant> = InlineArray(repeating: .zero)
  private var transitionCount = 0
  private var oldest = 0

  init() {}

  /// A contact that was believed to be closed before the processor started again: not a new press, and no long one.
  init(heldAt now: Instant) {
    isClosed = true
    closedSince = now
    raw = true
    rawSince = now
    longReported = true
  }

  /// Nothing will come of it without a sample.
  var isAtRest: Bool { !raw && !isClosed && !restless && !chatters }

  /// The pin changed; time must have been advanced to `now` before.
  mutating func sample(_ closed: Bool, at now: Instant) {
    guard closed != raw else { return }
    raw = closed
    rawSince = now
    if !isClosed && !restless {
      restless = true
      restlessSince = now
    }
  }

  var deadline: Instant? {
    var earliest: Instant?
    func consider(_ instant: Instant) {
      if let known = earliest, known <= instant { return }
      earliest = instant
    }
    if raw && !isClosed { consider(rawSince + Contact.pressDebounce) }
    if !raw && (isClosed || restless) { consider(rawSince + Contact.releaseDebounce) }
    if restless && !isClosed { consider(restlessSince + Contact.unrestLimit) }
    if isClosed && !longReported { consider(closedSince + Contact.longPress) }
    if isClosed && !isStuck { consider(closedSince + Contact.stuckLimit) }
    if chatters { consider(rawSince + Contact.chatterWindow) }
    return earliest
  }

  /// Everything that has become true by `now` with the pin as it was last sampled.
  mutating func advance(to now: Instant) -> News {
    var news = News()
    if !isClosed {
      if raw && now >= rawSince + Contact.pressDebounce {
        close(at: rawSince, now, &news)
      } else if restless && now >= restlessSince + Contact.unrestLimit {
        if !chatters { news.faultsChanged = true }
        chatters = true
        close(at: restlessSince, now, &news)
      } else if restless && !raw && now >= rawSince + Contact.releaseDebounce {
        restless = false
      }
    } else if !raw && now >= rawSince + Contact.releaseDebounce {
      open(&news)
    }
    if isClosed && !longReported && now >= closedSince + Contact.longPress {
      longReported = true
      news.longPress = true
    }
    if isClosed && !isStuck && now >= closedSince + Contact.stuckLimit {
      isStuck = true
      news.faultsChanged = true
    }
    if chatters && now >= rawSince + Contact.chatterWindow {
      chatters = false
      transitionCount = 0
      news.faultsChanged = true
    }
    return news
  }

  private mutating func close(at instant: Instant, _ now: Instant, _ news: inout News) {
    isClosed = true
    closedSince = instant
    restless = false
    longReported = false
    news.pressedAt = instant
    noteTransition(at: instant, &news)
  }

  private mutating func open(_ news: inout News) {
    isClosed = false
    restless = false
    news.releasedAt = rawSince
    if isStuck {
      isStuck = false
      news.faultsChanged = true
    }
    noteTransition(at: rawSince, &news)
  }

  private mutating func noteTransition(at instant: Instant, _ news: inout News) {
    if transitionCount < 11 {
      transitions[(oldest &+ transitionCount) % 11] = instant
      transitionCount &+= 1
    } else {
      transitions[oldest] = instant
      oldest = (oldest &+ 1) % 11
    }
    if transitionCount == 11 && instant - transitions[oldest] <= Contact.chatterWindow && !chatters {
      chatters = true
      news.faultsChanged = true
    }
  }
}
