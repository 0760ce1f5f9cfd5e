import DeviceKit
import Foundation
import Synchronization
import Testing
import Transports

/// pcscd with a reader that is a program (vpcd), in namespaces of its own, the card behind it (Helpers/virtual-card.py), and our side of PC/SC.
final class VirtualCard: Sendable {
  private let process: Handed
  private struct Handed: @unchecked Sendable { let value: Process }
  private let input = Pipe()
  private let state = Mutex((lines: [String](), seen: 0, text: [UInt8]()))
  private let output = Pipe()
  /// Given back with this.
  private let place: Place

  static let reader = "Virtual 00 00"

  /// - Parameter program: `nil`: our side of PC/SC, which prints what it hears.
  static func make(_ program: [String]? = nil) async throws -> VirtualCard {
    try VirtualCard(program, place: await ReaderBench.places.take())
  }

  private init(_ program: [String]?, place: Place) throws {
    self.place = place
    let helper = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Helpers/virtual-card.py")
      .path
    // A helper that has ended fails its own test, not all of them.
    signal(SIGPIPE, SIG_IGN)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
    let own =
      (getuid() == 0 ? [] : ["--user", "--map-root-user"]) + [
        "--mount", "--net", "--pid", "--mount-proc", "--fork", "--kill-child",
      ]
    process.arguments =
      own + ["/usr/bin/python3", helper]
      + (try program ?? [ReaderBench.program("reader-probe"), "cards", "service", Self.reader])
    process.environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
    process.standardInput = input
    process.standardOutput = output
    process.standardError = output
    self.process = Handed(value: process)
    try process.run()
    _ = fcntl(output.fileHandleForReading.fileDescriptor, F_SETFL, O_NONBLOCK)
  }

  deinit {
    try? input.fileHandleForWriting.close()
    process.value.waitUntilExit()
  }

  func send(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = write(input.fileHandleForWriting.fileDescriptor, bytes, bytes.count)
  }

  /// The next line that begins so, after the one that was found last.
  @discardableResult
  func line(
    _ beginning: String, within seconds: Double = 15, _ location: SourceLocation = #_sourceLocation
  ) async throws -> String {
    try await line(within: seconds, "\(location.line): no line \"\(beginning)\"") { $0.hasPrefix(beginning) }
  }

  @discardableResult
  func lineContaining(_ part: String, _ location: SourceLocation = #_sourceLocation) async throws -> String {
    try await line(within: 15, "\(location.line): no line with \"\(part)\"") { $0.contains(part) }
  }

  private func line(within seconds: Double, _ what: String, _ isMeant: (String) -> Bool) async throws -> String {
    let end = MonotonicClock.now() + .milliseconds(Int(seconds * 1000))
    while MonotonicClock.now() < end {
      let found = state.withLock { state -> String? in
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = read(output.fileHandleForReading.fileDescriptor, &bytes, bytes.count)
        if count > 0 { state.text += bytes[..<count] }
        while let newline = state.text.firstIndex(of: 0x0A) {
          state.lines.append(String(decoding: state.text[..<newline], as: UTF8.self))
          state.text.removeFirst(newline + 1)
        }
        guard let index = state.lines[state.seen...].firstIndex(where: isMeant) else { return nil }
        state.seen = index + 1
        return state.lines[index]
      }
      if let found { return found }
      try await Task.sleep(for: .milliseconds(10))
    }
    throw ReaderBench.Failure(
      description: "\(what): \(state.withLock { $0.lines.suffix(12) })")
  }
}
