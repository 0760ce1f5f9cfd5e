import ChildPrograms
import DeviceKit
import DeviceVocabulary
import Glibc
import Transports

/// How large the desktop is, asked of the screen from time to time by `xdpyinfo`: mpv itself knows its own window only, and places it where
/// nobody sees it. Without that program nothing is known, and nothing is said. Belongs to the player's thread.
final class Desktop {
  enum Look: Equatable {
    case size(width: Int, height: Int)
    /// In the program's own words.
    case cannotOpen(String)
  }

  private(set) var look: Look?
  private let command: [String]?
  private let environment: [String: String]
  private var running: (process: pid_t, words: ProgramWords, until: Instant)?
  private var next = Instant.zero

  private static let interval = Interval.seconds(30)
  private static let limit = Interval.seconds(5)

  init(environment: [String: String]) {
    self.environment = environment
    command = (try? ChildProgram.find("xdpyinfo")).map { [$0] }
  }

  deinit { end() }

  func end() {
    if let running { ChildProgram.end(running.process) }
    running = nil
  }

  var deadline: Instant? { command == nil ? nil : running == nil ? next : MonotonicClock.now() + .milliseconds(50) }

  /// Asks, or hears the answer. True when what is known has changed.
  func step(at now: Instant) -> Bool {
    guard let command else { return false }
    guard let asked = running else {
      if next <= now { ask(command, now) }
      return false
    }
    let hasEnded = asked.words.read() && ChildProgram.ending(of: asked.process) != nil
    guard hasEnded || asked.until <= now else { return false }
    if !hasEnded { ChildProgram.end(asked.process) }
    running = nil
    next = now + Self.interval
    let new = hasEnded ? Self.read(asked.words.lines) : look
    defer { look = new }
    return new != look
  }

  private func ask(_ command: [String], _ now: Instant) {
    // It tells all that it knows of the screen's visuals, too.
    let words = ProgramWords(limit: 262_144)
    next = now + Self.interval
    guard
      let process = try? ChildProgram.start(
        command, passing: [(words.writing, 1), (words.writing, 2)].filter { $0.0 >= 0 }, environment: environment)
    else { return }
    words.childHasIt()
    running = (process, words, now + Self.limit)
  }

  /// `  dimensions:    1920x1080 pixels (508x285 millimeters)`
  static func read(_ lines: [String]) -> Look? {
    for line in lines where line.contains("dimensions:") {
      let parts = line.split(separator: " ").dropFirst().first?.split(separator: "x").compactMap { Int($0) } ?? []
      if parts.count == 2 { return .size(width: parts[0], height: parts[1]) }
    }
    return lines.last { $0.contains("unable to open") }.map { .cannotOpen(String($0.prefix(80))) }
  }

  /// The desktop's size, where a window is not wholly on it.
  func beyond(_ frame: WallFrame) -> String? {
    guard case .size(let width, let height)? = look, frame.x + frame.width > width || frame.y + frame.height > height else {
      return nil
    }
    return "\(width)x\(height)"
  }
}
