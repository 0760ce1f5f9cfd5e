import DeviceKit

/// Watches over the terminal's browser: when it is started, when it is given up and started anew, and what is shown meanwhile.
///
/// It is told how long ago the page last said that it works (the station knows), and when a browser ended. While the station does not answer
/// nobody can say how the page is, and nothing is held against it.
public struct KioskWatch: Machine {
  /// A page tells its pulse every 2 s. With a start of up to 5 s a dead one is back within 15 s.
  public static let silence = Interval.seconds(8)
  /// A browser has so long for its first pulse, on a slow machine with a cold disk too.
  public static let startTime = Interval.seconds(20)
  /// Who works so long has started well: earlier failures are forgotten.
  public static let proven = Interval.seconds(60)
  /// So many starts may fail before something else is shown.
  public static let failuresBeforeNotice = 3
  /// How long what is shown instead stays before the next attempt, each time.
  public static let pauses: [Interval] = [.seconds(30), .seconds(60), .seconds(120), .seconds(300)]
  /// A station that is just starting is given so long before the screen says so.
  public static let patience = Interval.seconds(3)

  public enum Page: Sendable, Equatable {
    case terminal
    /// Plain pages of our own: the station is not there yet; the terminal does not work.
    case starting, broken
  }

  public enum Input: Sendable, Equatable {
    case begun
    case tick
    /// The station answered: so long ago a page said that it works, or never.
    case pulse(Interval?)
    case stationSilent
    /// The browser ended by itself, or could not be started.
    case ended(String)
  }

  public enum Effect: Sendable, Equatable {
    /// The browser and all that it started are killed; what it kept is wiped.
    case end
    /// A browser in a new profile.
    case show(Page)
    /// No browser runs at all: words on the console.
    case tellConsole
    case note(Note)
  }

  /// What is worth a line in the log.
  public enum Note: Sendable, Equatable {
    case started, works, waitsForStation, silent, neverCame
    case ended(String)
    case givenUp(failures: Int, nextInSeconds: Int)
    case noticeEnded(String)
  }

  private enum State: Equatable {
    /// No browser yet: the station has not answered. Can go to: starting, waiting.
    case patient(until: Instant)
    /// The page for a missing station is shown. Can go to: starting.
    case waiting
    /// The terminal's page has not said yet that it works. Can go to: working, starting, broken.
    case starting(since: Instant)
    /// Can go to: starting, waiting, broken.
    case working(since: Instant, pulse: Instant)
    /// The page that says that it does not work, or nothing. Can go to: starting.
    case broken(until: Instant)
  }

  private var state: State?
  private var failures = 0
  private var stationAnswers = false
  /// Times before this one count for nothing: the station was silent.
  private var judgedFrom = Instant.zero

  public init() {}

  public var deadline: Instant? {
    switch state {
    case nil, .waiting: nil
    case .patient(let until), .broken(let until): until
    case .starting(let since): stationAnswers ? max(since, judgedFrom) + Self.startTime : nil
    case .working(_, let pulse): stationAnswers ? max(pulse, judgedFrom) + Self.silence : nil
    }
  }

  public mutating func handle(_ input: Input, at now: Instant, into effects: inout Effects<Effect>) {
    switch input {
    case .begun: state = .patient(until: now + Self.patience)
    case .tick: break
    case .pulse(let age): heard(age, now, &effects)
    case .stationSilent:
      stationAnswers = false
      judgedFrom = now
    case .ended(let how): ended(how, now, &effects)
    }
    guard let deadline, now >= deadline else { return }
    expired(now, &effects)
  }

  private mutating func heard(_ age: Interval?, _ now: Instant, _ effects: inout Effects<Effect>) {
    if !stationAnswers { judgedFrom = now }
    stationAnswers = true
    switch state {
    case .patient:
      start(now, &effects)
    case .waiting:
      effects.append(.end)
      start(now, &effects)
    case .starting(let since):
      // Older ones are of a page that is gone.
      guard let age, now - since > age else { return }
      effects.append(.note(.works))
      state = .working(since: now, pulse: now - age)
    case .working(let since, let pulse):
      if let age { state = .working(since: since, pulse: max(pulse, now - age)) }
      if failures > 0, now - since >= Self.proven { failures = 0 }
    case .broken, nil: break
    }
  }

  private mutating func ended(_ how: String, _ now: Instant, _ effects: inout Effects<Effect>) {
    // What it had started may still be there.
    effects.append(.end)
    switch state {
    case .starting, .working:
      effects.append(.note(.ended(how)))
      failed(now, &effects)
    case .waiting, .broken:
      effects.append(.note(.noticeEnded(how)))
      effects.append(.tellConsole)
    case .patient, nil: break
    }
  }

  private mutating func expired(_ now: Instant, _ effects: inout Effects<Effect>) {
    switch state {
    case .patient:
      wait(&effects)
    case .starting, .working:
      if case .working = state { effects.append(.note(.silent)) } else { effects.append(.note(.neverCame)) }
      effects.append(.end)
      failed(now, &effects)
    case .broken:
      effects.append(.end)
      if stationAnswers { start(now, &effects) } else { wait(&effects) }
    case .waiting, nil: break
    }
  }

  private mutating func failed(_ now: Instant, _ effects: inout Effects<Effect>) {
    if case .working(let since, _) = state, now - since >= Self.proven { failures = 0 }
    failures += 1
    guard failures >= Self.failuresBeforeNotice else {
      return stationAnswers ? start(now, &effects) : wait(&effects)
    }
    let pause = Self.pauses[min(failures - Self.failuresBeforeNotice, Self.pauses.count - 1)]
    effects.append(.note(.givenUp(failures: failures, nextInSeconds: Int(pause.microseconds / 1_000_000))))
    effects.append(.show(.broken))
    state = .broken(until: now + pause)
  }

  private mutating func start(_ now: Instant, _ effects: inout Effects<Effect>) {
    effects.append(.note(.started))
    effects.append(.show(.terminal))
    state = .starting(since: now)
  }

  private mutating func wait(_ effects: inout Effects<Effect>) {
    effects.append(.note(.waitsForStation))
    effects.append(.show(.starting))
    state = .waiting
  }
}
