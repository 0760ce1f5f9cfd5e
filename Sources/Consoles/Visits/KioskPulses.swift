import NIOConcurrencyHelpers
import NIOCore

/// When each terminal's pages last said that they work. The page that somebody watches over says so under a mark of its own, which it was
/// opened with: another page of the same terminal does not speak for it.
final class KioskPulses: Sendable {
  private struct Pulse {
    var mark: String
    var at: NIODeadline
  }
  private struct Terminal {
    var pulses: [Pulse] = []
    /// The mark that somebody asked for last, and so watches over.
    var watched: String?
    var askedAt: NIODeadline?
    /// When a page that was watched at that time last said so, under this mark or one before it.
    var watchedAt: NIODeadline?
  }
  private struct State {
    /// `nil`: the site file's terminals are not known yet.
    var known: [String]?
    var terminals: [String: Terminal] = [:]
  }
  private let state = NIOLockedValueBox(State())
  private let now: @Sendable () -> NIODeadline

  init(now: @escaping @Sendable () -> NIODeadline = { .now() }) { self.now = now }

  /// Somebody who asks no more watches no more.
  static let watchTime = TimeAmount.seconds(60)

  /// Of one terminal: each start of its browser has another mark, and the newest are kept, besides the one that is watched.
  static let marksPerTerminal = 8

  /// The terminals of the site file: what else calls itself one is not noted.
  func know(_ kiosks: [String]) {
    state.withLockedValue { state in
      guard state.known != kiosks else { return }
      state.known = kiosks
      state.terminals = state.terminals.filter { kiosks.contains($0.key) }
    }
  }

  /// `nil`: not known yet.
  var known: [String]? { state.withLockedValue { $0.known } }

  /// What a mark may look like.
  static func isMark(_ text: String) -> Bool {
    (1...32).contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) }
  }

  /// - Parameter mark: empty for a page that was opened without one.
  func note(_ kiosk: String, mark: String = "") {
    state.withLockedValue { state in
      guard state.known?.contains(kiosk) == true else { return }
      var terminal = state.terminals[kiosk] ?? Terminal()
      let now = now()
      terminal.pulses.removeAll { $0.mark == mark }
      terminal.pulses.append(Pulse(mark: mark, at: now))
      let watched = terminal.pulses.first { $0.mark == terminal.watched }
      terminal.pulses = terminal.pulses.suffix(Self.marksPerTerminal)
      if let watched, !terminal.pulses.contains(where: { $0.mark == watched.mark }) { terminal.pulses.insert(watched, at: 0) }
      if mark == terminal.watched { terminal.watchedAt = now }
      state.terminals[kiosk] = terminal
    }
  }

  /// Somebody watches over the page with that mark from now on.
  func watch(_ kiosk: String, mark: String) {
    state.withLockedValue { state in
      guard state.known?.contains(kiosk) == true else { return }
      var terminal = state.terminals[kiosk] ?? Terminal()
      (terminal.watched, terminal.askedAt) = (mark, now())
      // A page that has not come yet is as old as the one before it.
      terminal.watchedAt = terminal.pulses.first { $0.mark == mark }?.at ?? terminal.watchedAt
      state.terminals[kiosk] = terminal
    }
  }

  /// In milliseconds, of whichever of its pages said so last.
  func age(_ kiosk: String) -> Int64? { age(state.withLockedValue { $0.terminals[kiosk]?.pulses.last?.at }) }

  /// In milliseconds: of the page that is watched or, where none is, of whichever said so last.
  func standing(_ kiosk: String) -> Int64? {
    let moment = now()
    return age(
      state.withLockedValue { state in
        state.terminals[kiosk].flatMap { terminal in
          guard let askedAt = terminal.askedAt, moment - askedAt < Self.watchTime else { return terminal.pulses.last?.at }
          return terminal.watchedAt
        }
      })
  }

  /// In milliseconds, of the page with that mark alone.
  func age(_ kiosk: String, mark: String) -> Int64? {
    age(state.withLockedValue { $0.terminals[kiosk]?.pulses.last { $0.mark == mark }?.at })
  }

  private func age(_ at: NIODeadline?) -> Int64? { at.map { (now() - $0).nanoseconds / 1_000_000 } }
}
