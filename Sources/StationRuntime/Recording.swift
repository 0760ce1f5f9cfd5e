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
///
/// Nothing that is there is ever overwritten: a new file is made, or a recording that is there goes on with a part of its own, which begins
/// with its own header. So a station that is started again with the same words keeps what the one before it wrote.
public final class Recorder {
  private var handle: FileHandle?
  private let coder = EntryCoder()
  private let path: String
  private let onFailure: (String) -> Void

  /// How every recording begins; `EntryCoder` sorts its keys.
  private static let beginning = Array("{\"form\":".utf8)

  /// - Parameter onFailure: told once, when nothing more is recorded: the disk is no reason not to start.
  /// - Throws: `RecordingError` when the path means something else than a recording.
  public init(path: String, plan: SitePlan, state: StationState, onFailure: @escaping (String) -> Void = { _ in }) throws {
    self.path = path
    self.onFailure = onFailure
    do {
      handle = FileHandle(fileDescriptor: try Self.open(path), closeOnDealloc: true)
    } catch {
      guard error.isDisk else { throw error }
      end("\(error)")
    }
    write(RecordingHeader(form: RecordingHeader.currentForm, plan: plan, state: state))
  }

  public func record(_ stimulus: Stimulus, _ at: Instant) { write(RecordedInput(at: at, stimulus: stimulus)) }

  private func write(_ value: some Encodable) {
    guard let handle else { return }
    do {
      try handle.write(contentsOf: Data(try coder.encode(value) + [10]))
    } catch {
      end("\(error)")
    }
  }

  private func end(_ why: String) {
    handle = nil
    onFailure("录制到此为止,站点照常运行 / the recording ends here, the station goes on: \(path): \(why)")
  }

  /// A new file, or an older recording, at whose end the next part begins.
  private static func open(_ path: String) throws(RecordingError) -> Int32 {
    let new = Foundation.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o640)
    if new >= 0 { return new }
    let code = errno
    guard code == EEXIST else { throw .cannotWrite(path, code) }
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw .isNoRecording(path) }
    let old = Foundation.open(path, O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard old >= 0 else { throw .cannotWrite(path, errno) }
    guard isRecording(old) else {
      close(old)
      throw .isNoRecording(path)
    }
    // The line that a killed program did not finish stays one of its own.
    if lastByte(of: old) != 10 { _ = Foundation.write(old, "\n", 1) }
    return old
  }

  /// Nothing yet, or what begins as a recording does.
  private static func isRecording(_ file: Int32) -> Bool {
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
    var first = [UInt8](repeating: 0, count: beginning.count)
    let count = pread(file, &first, first.count, 0)
    return count == 0 || (count == first.count && first == beginning)
  }

  /// An end of line when there is nothing yet.
  private static func lastByte(of file: Int32) -> UInt8 {
    let end = lseek(file, 0, SEEK_END)
    var last: UInt8 = 10
    if end > 0 { _ = pread(file, &last, 1, end - 1) }
    return last
  }
}

/// Repeats a recording: the same inputs to the same decisions, in whatever process.
public enum Replay {
  public struct Outcome: Sendable, Equatable {
    /// The bodies of the entries that the recording's inputs lead to, byte for byte as the station wrote them.
    public var bodies: [[UInt8]] = []
    /// Lines, counted from 1, that the program did not finish before it was killed or its disk was full.
    public var unfinished: [Int] = []
  }

  public static func bodies(_ text: String) throws -> [[UInt8]] { try run(text).bodies }

  public static func run(_ text: String) throws -> Outcome {
    let coder = EntryCoder()
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().filter { !$0.element.isEmpty }
    guard let first = lines.first, let header = try self.header(first.element) else { throw RecordingError.notARecording }
    var station = Station(plan: header.plan, state: header.state)
    var effects = Effects<StationEffect>()
    var outcome = Outcome()
    for (index, line) in lines.enumerated().dropFirst() {
      if let input = try? JSONDecoder().decode(RecordedInput.self, from: Data(line.element.utf8)) {
        station.handle(input.stimulus, at: input.at, into: &effects)
        for index in 0..<effects.count {
          if case .record(let entry) = effects[index] { outcome.bodies.append(try coder.encode(entry)) }
        }
        effects.removeAll()
      } else if let header = try self.header(line.element) {
        station = Station(plan: header.plan, state: header.state)
      } else if try isEndOfPart(lines.dropFirst(index + 1).first?.element) {
        outcome.unfinished.append(line.offset + 1)
      } else {
        throw RecordingError.badLine(line.offset + 1)
      }
    }
    return outcome
  }

  /// Whether a new part begins here, or nothing comes any more.
  private static func isEndOfPart(_ line: Substring?) throws -> Bool {
    guard let line else { return true }
    return try header(line) != nil
  }

  /// With what each part of a recording begins; `nil` when the line is something else.
  private static func header(_ line: Substring) throws -> RecordingHeader? {
    guard let header = try? JSONDecoder().decode(RecordingHeader.self, from: Data(line.utf8)) else { return nil }
    guard header.form <= RecordingHeader.currentForm else { throw RecordingError.newerForm(header.form) }
    return header
  }
}

public enum RecordingError: Error, CustomStringConvertible {
  case cannotWrite(String, Int32)
  case isNoRecording(String)
  case notARecording
  case newerForm(Int)
  case badLine(Int)

  /// Nothing that whoever gave the path could have avoided.
  var isDisk: Bool {
    if case .cannotWrite(_, let code) = self { [ENOSPC, EDQUOT, EROFS, EIO].contains(code) } else { false }
  }

  public var description: String {
    switch self {
    case .cannotWrite(let path, let code):
      "录制文件写不了: \(path): \(String(cString: strerror(code))) / cannot write the recording \(path)"
    case .isNoRecording(let path):
      "\(path) 已经有了,不是录制文件,不会改动它;请换一个名字 / \(path) is there and is no recording; it is left alone, choose another name"
    case .notARecording: "第 1 行不是录制文件的开头 / line 1 is not the head of a recording"
    case .newerForm(let form): "录制文件由更新的程序写成(格式 \(form)) / recording of a newer program (form \(form))"
    case .badLine(let line): "录制文件第 \(line) 行读不懂 / line \(line) of the recording cannot be read"
    }
  }
}
