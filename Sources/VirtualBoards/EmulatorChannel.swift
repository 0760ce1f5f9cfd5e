import Foundation
import Glibc
import Synchronization

/// One of the emulator's two command lines (QMP, qtest) over a socket: a line is sent, one line comes back, and in between come lines that
/// nobody asked for. Answers come in the order of the questions.
final class EmulatorChannel: Sendable {
  /// Waits for one answer.
  final class Ticket: Sendable {
    private let answer = Mutex<String?>(nil)
    private let arrived = DispatchSemaphore(value: 0)

    var text: String? { answer.withLock { $0 } }

    fileprivate func fill(_ text: String) {
      answer.withLock { $0 = text }
      arrived.signal()
    }

    fileprivate func wait(seconds: Double) -> String? {
      guard arrived.wait(timeout: .now() + seconds) == .success else { return nil }
      return text
    }
  }

  private struct State {
    var tickets: [Ticket] = []
    var heard: [UInt8] = []
    var isClosed = false
  }

  /// The longest that the emulator is waited for; it answers in well under 1 ms unless the machine is very busy.
  static let patienceSeconds = 20.0

  let descriptor: OwnedDescriptor
  private let board: String
  private let state = Mutex(State())

  init(_ descriptor: OwnedDescriptor, board: String) {
    self.descriptor = descriptor
    self.board = board
  }

  /// Sends a line. The answer is waited for with `answer(to:_:)`, or taken from the ticket by who reads the channel.
  func send(_ line: String) throws(VirtualBoardError) -> Ticket {
    let ticket = Ticket()
    let bytes = Array((line + "\n").utf8)
    // One lock over both, so that answers fit their questions.
    let isSent = state.withLock { state in
      guard !state.isClosed else { return false }
      var rest = bytes[...]
      while !rest.isEmpty {
        let length = rest.withUnsafeBytes { Glibc.send(descriptor.number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        if length > 0 {
          rest = rest.dropFirst(length)
        } else if errno != EINTR {
          return false
        }
      }
      state.tickets.append(ticket)
      return true
    }
    guard isSent else { throw .ended(board: board, said: "") }
    return ticket
  }

  /// Not for the thread that reads the channel.
  func answer(to line: String, _ ticket: Ticket) throws(VirtualBoardError) -> String {
    guard let text = ticket.wait(seconds: Self.patienceSeconds) else {
      throw .refused(board: board, command: line, answer: "\(Int(Self.patienceSeconds)) s")
    }
    return text
  }

  func ask(_ line: String) throws(VirtualBoardError) -> String { try answer(to: line, try send(line)) }

  /// Reads what is there. Only for the one thread that reads the channel.
  ///
  /// - Parameter isAnswer: whether a line answers something.
  /// - Returns: the lines that nobody asked for; `nil` when the emulator has closed the channel.
  func read(isAnswer: (String) -> Bool) -> [String]? {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let length = Glibc.read(descriptor.number, &buffer, buffer.count)
    if length < 0 && (errno == EINTR || errno == EAGAIN) { return [] }
    guard length > 0 else {
      close()
      return nil
    }
    var news: [String] = []
    let (lines, tickets) = state.withLock { state in
      state.heard += buffer[..<length]
      var lines: [String] = []
      var tickets: [(Ticket, String)] = []
      while let end = state.heard.firstIndex(of: UInt8(ascii: "\n")) {
        let line = String(decoding: state.heard[..<end], as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        state.heard.removeSubrange(...end)
        if line.isEmpty { continue }
        if isAnswer(line), !state.tickets.isEmpty {
          tickets.append((state.tickets.removeFirst(), line))
        } else {
          lines.append(line)
        }
      }
      return (lines, tickets)
    }
    for (ticket, line) in tickets { ticket.fill(line) }
    news += lines
    return news
  }

  /// Nobody waits any longer.
  func close() {
    let tickets = state.withLock { state in
      state.isClosed = true
      defer { state.tickets.removeAll() }
      return state.tickets
    }
    for ticket in tickets { ticket.fill("") }
  }
}

/// A file descriptor that is closed when the last owner lets go of it, so that its number never means another file to anybody.
public final class OwnedDescriptor: Sendable {
  public let number: Int32

  public init(_ number: Int32) {
    self.number = number
  }

  deinit { Glibc.close(number) }

  /// Two ends of a socket that neither children nor other programs get.
  static func pair() throws(VirtualBoardError) -> (OwnedDescriptor, OwnedDescriptor) {
    var ends: [Int32] = [-1, -1]
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
      throw .system(operation: "socketpair", code: errno)
    }
    return (OwnedDescriptor(ends[0]), OwnedDescriptor(ends[1]))
  }
}
