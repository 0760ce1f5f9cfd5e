import DeviceVocabulary
import Foundation
import Journal
import Station
import StationRuntime

/// What the tests ask of a running station again and again.
extension Shell {
  public func status() throws -> String { try desk("status") }

  /// Until every one of so many panels answers, and the station has read its lamps.
  public func waitUntilOnline(_ panels: Int, site: String = "site.yaml") throws {
    try waitUntil("\(panels) panels are online") {
      guard let text = try? desk("status", site: site) else { return false }
      return (1...panels).allSatisfy { text.contains("A/\($0)/2 大厅: online, 灯 ") } && !text.contains("灯 未回读")
    }
  }

  /// Until the lamp of a button shows this, as the panel's model has it.
  public func waitUntilLamp(_ panel: Int, _ button: Int, shows lamp: String, seconds: Double = 30) throws {
    try waitUntil("lamp \(panel)/\(button) is \(lamp)", seconds: seconds) { try self.lamp(panel, button) == lamp }
  }

  public func lamp(_ panel: Int, _ button: Int) throws -> String? {
    let line = try panels("show").split(separator: "\n").first { $0.hasPrefix("\(panel)  ") }
    return line?.split(separator: " ").first { $0.hasPrefix("\(button):") }.map { String($0.dropFirst(2)) }
  }

  /// Asks a program to stop and answers its exit status.
  ///
  /// - Throws: `ShellError` when it still runs after `seconds`.
  public func stop(_ process: Process, by signal: Int32 = SIGTERM, seconds: Double = 30) throws -> Int32 {
    kill(process.processIdentifier, signal)
    try waitUntil("the program stops", seconds: seconds) { !process.isRunning }
    return process.terminationStatus
  }

  /// The port of the duty desk, as the station says it.
  public func deskPort() throws -> UInt16 {
    var port: UInt16?
    try waitUntil("the station names its port") {
      let log = (try? String(contentsOfFile: "\(folder)/station.log", encoding: .utf8)) ?? ""
      // Other ports are named as well, before and after it.
      port = log.split(separator: "duty desk: http://127.0.0.1:").dropFirst().last.flatMap { UInt16($0.prefix { $0.isNumber }) }
      return port != nil
    }
    return port ?? 0
  }

  public func entries(_ folder: String = "journal") throws -> [Entry] {
    let journal = try JournalReader(folder: "\(self.folder)/\(folder)")
    let coder = EntryCoder()
    return try journal.entries(after: nil, limit: 1_000_000).map { try coder.decode($0.body) }
  }

  /// The presses that are on disk, each with its button, in order.
  public func presses(_ folder: String = "journal") throws -> [RecordedPress] {
    try entries(folder).compactMap(RecordedPress.init)
  }
}

/// A press as the journal has it, whether it opened a call or repeated one.
public struct RecordedPress: Sendable {
  public var button: ButtonID
  public var identity: EventIdentity
  /// When the finger was on the button, milliseconds since 1970; `nil` for a repeat, of which no age is kept.
  public var pressedAt: Int64?

  public init?(_ entry: Entry) {
    switch entry.change {
    case .opened(_, let opening):
      guard let identity = opening.identity else { return nil }
      button = opening.button
      self.identity = identity
      pressedAt = entry.time.wallMilliseconds - Int64(opening.ageMilliseconds)
    case .pressedAgain(_, let button, let identity):
      guard let identity else { return nil }
      self.button = button
      self.identity = identity
    default: return nil
    }
  }
}
