import DeviceKit
import Foundation

/// Something that the emulator told of a board by itself.
public struct BoardEvent: Sendable, Equatable {
  /// As QMP calls it: `RESET`, `SHUTDOWN`, `WATCHDOG`, `STOP`, `RESUME` ...
  public var name: String
  /// For a reset: who wanted it, `guest-reset` or `host-qmp-system-reset`.
  public var reason: String
  public var at: Instant

  public init(name: String, reason: String = "", at: Instant) {
    self.name = name
    self.reason = reason
    self.at = at
  }
}

/// A change at an output pin of the watched device.
public struct PinEdge: Sendable, Equatable {
  public var line: Int
  public var isHigh: Bool
  public var at: Instant

  public init(line: Int, isHigh: Bool, at: Instant) {
    self.line = line
    self.isHigh = isHigh
    self.at = at
  }
}

/// What was heard of a board, the newest of it: a test that runs for hours does not grow.
struct BoardHistory: Sendable {
  static let eventLimit = 1_000
  static let edgeLimit = 20_000

  private(set) var events: [BoardEvent] = []
  private(set) var edges: [PinEdge] = []
  private var high: Set<Int> = []
  private(set) var resets = 0
  private(set) var watchdogBites = 0

  /// - Returns: the event in the line, if it holds one.
  mutating func heardMonitor(_ line: String, at now: Instant) -> BoardEvent? {
    guard let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
      let name = object["event"] as? String
    else { return nil }
    let data = object["data"] as? [String: Any]
    let event = BoardEvent(name: name, reason: data?["reason"] as? String ?? "", at: now)
    if name == "RESET" {
      resets += 1
      // Nobody says so, but no output is driven any more.
      for line in high.sorted() { append(PinEdge(line: line, isHigh: false, at: now)) }
    }
    if name == "WATCHDOG" { watchdogBites += 1 }
    if events.count >= Self.eventLimit { events.removeFirst(Self.eventLimit / 2) }
    events.append(event)
    return event
  }

  /// `IRQ raise 4`, `IRQ lower 4`.
  mutating func heardPin(_ line: String, at now: Instant) {
    let words = line.split(separator: " ")
    guard words.count == 3, words[0] == "IRQ", let number = Int(words[2]) else { return }
    append(PinEdge(line: number, isHigh: words[1] == "raise", at: now))
  }

  private mutating func append(_ edge: PinEdge) {
    if edges.count >= Self.edgeLimit { edges.removeFirst(Self.edgeLimit / 2) }
    edges.append(edge)
    if edge.isHigh { high.insert(edge.line) } else { high.remove(edge.line) }
  }

  mutating func forgetEdges() { edges.removeAll() }
}
