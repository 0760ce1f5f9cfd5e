import DeviceKit
import Foundation
import Station

/// A recording of what reached the station, one JSON object a line: first the site and the state it began with, then every input with
/// its monotonic time. It holds no personal value, because inputs hold none.
public struct RecordingHeader: Codable, Sendable {
  public var form: Int
  public var plan: SitePlan
  public var state: StationState

  public static let currentForm = 1
}

public struct RecordedInput: Codable, Sendable {
  public var at: Instant
  public var stimulus: Stimulus
}

/// Writes a recording; a failed write ends it and is said once, the station goes on.
public final class Recorder {
  private let handle: FileHandle
  private let coder = EntryCoder()
  public private(set) var failed = false

  public init(path: String, plan: SitePlan, state: StationState) throws {
    guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o640]),
      let handle = FileHandle(forWritingAtPath: path)
    else { throw RecordingError.cannotWrite(path) }
    self.handle = handle
    try write(RecordingHeader(form: RecordingHeader.currentForm, plan: plan, state: state))
  }

  public func record(_ stimulus: Stimulus, _ at: Instant) {
    guard !failed else { return }
    do { try write(RecordedInput(at: at, stimulus: stimulus)) } catch { failed = true }
  }

  private func write(_ value: some Encodable) throws {
    try handle.write(contentsOf: Data(try coder.encode(value) + [10]))
  }
}

/// Repeats a recording: the same inputs to the same decisions, in whatever process.
public enum Replay {
  /// The bodies of the entries that the recording's inputs lead to, byte for byte as the station wrote them.
  public static func bodies(_ text: String) throws -> [[UInt8]] {
    let decoder = JSONDecoder()
    let coder = EntryCoder()
    var lines = text.split(separator: "\n").makeIterator()
    guard let first = lines.next(), let header = try? decoder.decode(RecordingHeader.self, from: Data(first.utf8)) else {
      throw RecordingError.notARecording
    }
    guard header.form <= RecordingHeader.currentForm else { throw RecordingError.newerForm(header.form) }
    var station = Station(plan: header.plan, state: header.state)
    var effects = Effects<StationEffect>()
    var bodies: [[UInt8]] = []
    var number = 1
    while let line = lines.next() {
      number += 1
      guard let input = try? decoder.decode(RecordedInput.self, from: Data(line.utf8)) else {
        throw RecordingError.badLine(number)
      }
      station.handle(input.stimulus, at: input.at, into: &effects)
      for index in 0..<effects.count {
        if case .record(let entry) = effects[index] { bodies.append(try coder.encode(entry)) }
      }
      effects.removeAll()
    }
    return bodies
  }
}

public enum RecordingError: Error, CustomStringConvertible {
  case cannotWrite(String)
  case notARecording
  case newerForm(Int)
  case badLine(Int)

  public var description: String {
    switch self {
    case .cannotWrite(let path): "录制文件写不了: \(path) / cannot write the recording \(path)"
    case .notARecording: "第 1 行不是录制文件的开头 / line 1 is not the head of a recording"
    case .newerForm(let form): "录制文件由更新的程序写成(格式 \(form)) / recording of a newer program (form \(form))"
    case .badLine(let line): "录制文件第 \(line) 行读不懂 / line \(line) of the recording cannot be read"
    }
  }
}
