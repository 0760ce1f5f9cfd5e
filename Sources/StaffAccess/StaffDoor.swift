import Crypto
import Foundation
import Synchronization

/// Who is logged in. Callable from any thread; `logIn` takes long on purpose and is not for an event loop.
public final class StaffDoor: Sendable {
  public struct Session: Sendable, Equatable {
    public var staff: String
    public var roles: [Role]
    public var posts: [String]

    public func mayAct(for post: String) -> Bool { posts.isEmpty || posts.contains(post) }
  }

  public enum Refusal: String, Error, Sendable, CaseIterable {
    /// Id or PIN; which of them is not said.
    case wrong
    /// A card that is nobody's, or cannot be anybody's.
    case unknownCard
    case locked
    /// Its days are over, or it was disabled.
    case ended
    /// The file of the accounts cannot be read: nobody gets in, instead of everybody.
    case fileUnreadable
    case tooManySessions
    /// He did not say who he is.
    case nameless
    /// Nobody has an account, and what wants a second word was asked for without it.
    case unconfirmed
    /// Another site's page asked with the browser's help, or by a name that is not this host's.
    case foreign
  }

  public enum Note: Sendable, Equatable {
    /// `staff` is `nil` for an id that nobody has: what was typed may have been a PIN.
    case refused(staff: String?, Refusal)
    case loggedIn(staff: String, roles: [Role])
    case loggedOut(staff: String)
    /// Logged in, and without the right.
    case denied(staff: String, what: String)
  }

  private struct State {
    var book: StaffBook?
    var stamp: FileStamp?
    var problem: StaffError?
    var sessions: [String: Live] = [:]
    var failures = LoginFailures()
    var lookedAt = Duration.zero
    /// When it was last written down that a page refused somebody of whom nothing is known.
    var refusedAt: [Refusal: Duration] = [:]
  }

  private struct Live {
    var session: Session
    var began: Duration
    var used: Duration
  }

  private let path: String
  private let state = Mutex(State())
  private let gate = Mutex(())
  /// Monotonic; tests give their own.
  private let clock: @Sendable () -> Duration
  private let today: @Sendable () -> String
  private let note: @Sendable (Note) -> Void
  private let pause: @Sendable () -> Void
  /// For an id that nobody has: refusing it takes as long as refusing a wrong PIN.
  private let decoy: PinHash
  /// The station's reader of staff cards, if it has one.
  public let cards: StaffCards

  public static let wrongLimit = LoginFailures.limit
  public static let lockTime = LoginFailures.memory
  public static let idleTime = Duration.seconds(1800)
  public static let longestTime = Duration.seconds(12 * 3600)
  static let sessionLimit = 200

  /// - Parameters:
  ///   - path: of `staff.json`; it is read again when it changes.
  ///   - pause: what makes guessing slow; half a second.
  public init(
    path: String, clock: @escaping @Sendable () -> Duration = StaffDoor.monotonic,
    today: @escaping @Sendable () -> String = StaffDoor.localDay,
    pause: @escaping @Sendable () -> Void = { Thread.sleep(forTimeInterval: 0.5) }, rounds: Int = PinHash.rounds,
    note: @escaping @Sendable (Note) -> Void
  ) {
    self.path = path
    self.clock = clock
    self.today = today
    self.pause = pause
    self.note = note
    decoy = .ofNobody(rounds: rounds)
    cards = StaffCards(clock: clock) { (try? StaffCardKey.load(besides: path)) ?? nil }
  }

  /// False only when there is no account at all: then the pages are open on this computer.
  public var isGuarded: Bool {
    state.withLock { state in
      refresh(&state)
      return state.problem != nil || !(state.book?.accounts.isEmpty ?? true)
    }
  }

  /// Why the accounts cannot be read, if they cannot.
  public var problem: StaffError? {
    state.withLock { state in
      refresh(&state)
      return state.problem
    }
  }

  // MARK: - Coming and going

  /// A token for the session's cookie. One attempt at a time; a wrong one takes half a second longer.
  public func logIn(id: String, pin: String) -> Result<(token: String, Session), Refusal> {
    let result = gate.withLock { _ in attempt(id, pin) }
    if case .failure(let refusal) = result {
      let known = state.withLock { $0.book?.account(id)?.id }
      note(.refused(staff: known, refusal))
    } else if case .success(let found) = result {
      note(.loggedIn(staff: found.1.staff, roles: found.1.roles))
    }
    return result
  }

  private func attempt(_ id: String, _ pin: String) -> Result<(token: String, Session), Refusal> {
    let (account, problem, locked) = state.withLock { state in
      refresh(&state)
      return (state.book?.account(id), state.problem, state.failures.isLocked(.typed(id), at: clock()))
    }
    if problem != nil { return .failure(.fileUnreadable) }
    if locked {
      pause()
      return .failure(.locked)
    }
    let matches = (account?.pin ?? decoy).matches(pin)
    guard let account, account.pin != nil, matches else {
      // Also for an id that nobody has: it is locked as if somebody had it, and so tells nothing.
      state.withLock { $0.failures.note(.typed(id), isKnown: account != nil, at: clock()) }
      pause()
      return .failure(.wrong)
    }
    guard account.isGood(on: today()) else { return .failure(.ended) }
    return state.withLock { state in
      state.failures.forget(.typed(id))
      return admit(account, &state)
    }
  }

  /// Of whoever laid that card there. Wrong ones are slow, and after five of them the reader opens nothing for a while; PINs still do.
  public func logIn(card: StaffCards.Laid) -> Result<(token: String, Session), Refusal> {
    let result = gate.withLock { _ in attempt(card) }
    switch result {
    // Whose card it was, or that it was nobody's: its number is nowhere.
    case .failure(let refused):
      note(.refused(staff: refused.staff, refused.refusal))
      return .failure(refused.refusal)
    case .success(let found):
      note(.loggedIn(staff: found.1.staff, roles: found.1.roles))
      return .success(found)
    }
  }

  private struct CardRefusal: Error {
    var staff: String?
    var refusal: Refusal
  }

  private func attempt(_ card: StaffCards.Laid) -> Result<(token: String, Session), CardRefusal> {
    let (account, problem, locked) = state.withLock { state in
      refresh(&state)
      let account = (try? card.get()).flatMap { state.book?.account($0) }
      return (
        account, state.problem,
        state.failures.isLocked(.reader, at: clock())
          || account.map { state.failures.isLocked(.typed($0.id), at: clock()) } ?? false
      )
    }
    func refused(_ refusal: Refusal) -> Result<(token: String, Session), CardRefusal> {
      .failure(CardRefusal(staff: account?.id, refusal: refusal))
    }
    if problem != nil { return refused(.fileUnreadable) }
    if locked {
      pause()
      return refused(.locked)
    }
    guard let account else {
      state.withLock { $0.failures.note(.reader, isKnown: true, at: clock()) }
      pause()
      return refused(.unknownCard)
    }
    guard account.isGood(on: today()) else { return refused(.ended) }
    return state.withLock { state in
      state.failures.forget(.reader)
      return admit(account, &state).mapError { CardRefusal(staff: account.id, refusal: $0) }
    }
  }

  private func admit(_ account: StaffAccount, _ state: inout State) -> Result<(token: String, Session), Refusal> {
    let now = clock()
    state.sessions = state.sessions.filter { !isOver($0.value, now) }
    guard state.sessions.count < Self.sessionLimit else { return .failure(.tooManySessions) }
    let token = SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) }.base64EncodedString()
      .replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
    let session = Session(staff: account.id, roles: account.roles, posts: account.posts)
    state.sessions[token] = Live(session: session, began: now, used: now)
    return .success((token, session))
  }

  /// Who has this cookie, if anybody; using it keeps it alive.
  public func session(_ token: String?) -> Session? {
    guard let token else { return nil }
    return state.withLock { state in
      refresh(&state)
      guard var live = state.sessions[token] else { return nil }
      let now = clock()
      guard !isOver(live, now), state.problem == nil, let account = state.book?.account(live.session.staff),
        account.isGood(on: today())
      else {
        state.sessions[token] = nil
        return nil
      }
      // Rights that were taken away are gone at once.
      live.session.roles = account.roles
      live.session.posts = account.posts
      live.used = now
      state.sessions[token] = live
      return live.session
    }
  }

  /// Whether this cookie still opens a page; looking does not keep it alive.
  public func holds(_ token: String?, look page: StaffPage) -> Bool { holds(token) { $0.mayLook(at: page) } }

  /// As for looking.
  public func holds(_ token: String?, act page: StaffPage) -> Bool { holds(token) { $0.mayAct(on: page) } }

  private func holds(_ token: String?, _ may: ([Role]) -> Bool) -> Bool {
    guard let token else { return false }
    return state.withLock { state in
      refresh(&state)
      guard let live = state.sessions[token], !isOver(live, clock()), state.problem == nil,
        let account = state.book?.account(live.session.staff)
      else { return false }
      return account.isGood(on: today()) && may(account.roles)
    }
  }

  public func logOut(_ token: String?) {
    guard let token, let live = state.withLock({ $0.sessions.removeValue(forKey: token) }) else { return }
    note(.loggedOut(staff: live.session.staff))
  }

  /// Writes down that somebody wanted what needs a login, and had none.
  public func refuseNameless() { note(.refused(staff: nil, .nameless)) }

  /// Writes down that a page refused somebody of whom nothing is known. Anybody may try as often as he likes: once a minute at most for each
  /// reason, and nothing of what was asked.
  public func refuseAtPage(_ refusal: Refusal) {
    let isDue = state.withLock { state in
      let now = clock()
      if let last = state.refusedAt[refusal], now - last < Self.refusalPause { return false }
      state.refusedAt[refusal] = now
      return true
    }
    if isDue { note(.refused(staff: nil, refusal)) }
  }

  static let refusalPause = Duration.seconds(60)

  /// Writes down that a session wanted what it has no right to.
  public func denied(_ session: Session, _ what: String) { note(.denied(staff: session.staff, what: what)) }

  // MARK: - Limits

  private func isOver(_ live: Live, _ now: Duration) -> Bool {
    now - live.used >= Self.idleTime || now - live.began >= Self.longestTime
  }

  // MARK: - The file

  private struct FileStamp: Equatable {
    var inode: UInt64
    var seconds: Int
    var nanoseconds: Int
    var size: Int64
  }

  private func refresh(_ state: inout State) {
    var status = stat()
    let stamp =
      stat(path, &status) == 0
      ? FileStamp(
        inode: UInt64(status.st_ino), seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec,
        size: Int64(status.st_size)) : nil
    guard state.book == nil || state.stamp != stamp || state.problem != nil else { return }
    do throws(StaffError) {
      // Gone while accounts were known: a removed file does not open the doors of a running station.
      if stamp == nil, let book = state.book, !book.accounts.isEmpty { throw .disk(path, String(cString: strerror(ENOENT))) }
      state.book = try StaffBook.load(path)
      state.stamp = stamp
      state.problem = nil
    } catch {
      state.problem = error
      if state.book == nil { state.book = StaffBook() }
    }
  }

  public static let monotonic: @Sendable () -> Duration = {
    var time = timespec()
    clock_gettime(CLOCK_BOOTTIME, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }

  public static let localDay: @Sendable () -> String = {
    var now = time(nil)
    var parts = tm()
    localtime_r(&now, &parts)
    func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(1900 + parts.tm_year)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
  }
}
