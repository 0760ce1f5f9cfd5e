import DeviceVocabulary
import Foundation
import Station
import StationLinkCodec
import StationLinkDeviceModel
import StationRuntime

/// The commands of a simulated parent, and what its station has answered.
struct DownwardCommands {
  private var unanswered: [ParentCommand] = []
  private var last: ParentCommand?
  /// Entries of the model that were looked at.
  private var seen = 0
  /// `NUMBER ACTION done`, in the order in which the answers came.
  private(set) var answers: [String] = []
  private var issued: [UInt64: String] = [:]

  /// What a command may take to arrive; an expired one is a minute older.
  private static let timeToLiveSeconds = 60

  /// What is to be sent for a new command.
  ///
  /// - Parameter now: the parent's own clock, milliseconds since 1970.
  mutating func issue(_ action: ParentCommand.Action, isOver: Bool, at now: Int64) -> String {
    let number = max((last?.number ?? 0) + 1, UInt64(max(0, now)))
    let age = isOver ? Int64(Self.timeToLiveSeconds + 60) * 1000 : 0
    let command = ParentCommand(
      number: number, issuedAtMilliseconds: now - age, timeToLiveSeconds: Self.timeToLiveSeconds, post: "desk", action: action)
    last = command
    unanswered.append(command)
    issued[number] = action.name
    return Self.event(command, at: now)
  }

  func again(at now: Int64) -> String? { last.map { Self.event($0, at: now) } }

  /// What a station is told that begins to listen.
  func waiting(at now: Int64) -> String { unanswered.map { Self.event($0, at: now) }.joined() }

  /// The station's answers are entries like any other.
  mutating func look(at entries: [LinkEntry]) {
    let coder = EntryCoder()
    for entry in entries[min(seen, entries.count)...] {
      guard case .commandAnswered(let number, let result)? = (try? coder.decode(entry.body))?.change else { continue }
      unanswered.removeAll { $0.number == number }
      answers.append("\(number) \(issued[number] ?? "?") \(Self.text(result))")
    }
    seen = entries.count
  }

  private static func text(_ result: CommandResult) -> String {
    switch result {
    case .done: "done"
    case .expired: "expired"
    case .refused(let refusal): "refused \(refusal.rawValue)"
    }
  }

  private static func event(_ command: ParentCommand, at now: Int64) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    guard let data = try? encoder.encode(LinkCommand(command: command, sentAtMilliseconds: now)) else { return "" }
    return "id: \(command.number)\nevent: command\ndata: \(String(decoding: data, as: UTF8.self))\n\n"
  }

  /// In this order: no JSON, JSON of another kind, half a command, no text at all, a line that never ends.
  static let garbage = [
    "data: {{{\n\n", "data: {\"command\": {\"number\": -1}, \"sentAtMilliseconds\": \"x\"}\n\n",
    "data: {\"command\": {\"number\": 7,\n\n", "\u{0}\u{1F}\u{FFFD}: \u{202E}\r\r\n\ndata\n\n: \n",
    "data: " + String(repeating: "[", count: 20_000),
  ]

  /// `command acknowledge 1`, `expired notice TEXT`: the words behind the first; `nil`: no such command.
  static func action(_ line: String) -> ParentCommand.Action? {
    let words = line.split(separator: " ", maxSplits: 3).map(String.init)
    if words.count > 2, words[1] == "notice" {
      return .notice(text: line.split(separator: " ", maxSplits: 2).map(String.init)[2])
    }
    guard words.count > 2, let id = IncidentID(words[2]) else { return nil }
    return DeskControl.action(words[1], of: id, words.count > 3 ? words[3] : "")
  }
}
