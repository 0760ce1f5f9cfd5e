import ChildPrograms
import DeviceKit
import Glibc
import Transports

/// One mpv with its socket. Belongs to the player's thread, and ends with it.
final class TileProcess {
  enum Arrival {
    case nothing
    case bytes([UInt8])
    case lost
  }

  private let process: pid_t
  private let socketPath: String
  private(set) var descriptor: Int32 = -1
  private var unsent: [UInt8] = []
  let words = ProgramWords()
  private static let unsentLimit = 65_536
  /// Between two tries at its socket.
  static let look = Interval.milliseconds(10)

  init(_ command: [String], socket: String, environment: [String: String]) throws(ChildProgramError) {
    socketPath = socket
    unlink(socket)
    let nothing = open("/dev/null", O_RDWR | O_CLOEXEC)
    defer { close(nothing) }
    let said = words.writing >= 0 ? words.writing : nothing
    process = try ChildProgram.start(command, passing: [(nothing, 0), (said, 1), (said, 2)], environment: environment)
    words.childHasIt()
  }

  var isConnected: Bool { descriptor >= 0 }
  var hasEnded: Bool { ChildProgram.ending(of: process) != nil }
  var wantsToWrite: Bool { !unsent.isEmpty }

  /// True when its socket is there.
  func connectIfReady() -> Bool {
    guard descriptor < 0 else { return true }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(socketPath.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let made = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard made >= 0 else { return false }
    let code = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(made, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
    }
    guard code == 0 else {
      close(made)
      return false
    }
    descriptor = made
    return true
  }

  /// False when it takes nothing any more.
  func write(_ bytes: [UInt8]) -> Bool {
    unsent += bytes
    return flush()
  }

  func flush() -> Bool {
    while !unsent.isEmpty, descriptor >= 0 {
      let count = send(descriptor, unsent, unsent.count, Int32(MSG_NOSIGNAL))
      guard count > 0 else { return (errno == EAGAIN || errno == EINTR) && unsent.count <= Self.unsentLimit }
      unsent.removeFirst(count)
    }
    return true
  }

  func read() -> Arrival {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    if count > 0 { return .bytes(Array(buffer[..<count])) }
    return count < 0 && (errno == EAGAIN || errno == EINTR) ? .nothing : .lost
  }

  /// At once, with all that it started.
  func end() {
    if descriptor >= 0 { close(descriptor) }
    descriptor = -1
    ChildProgram.end(process)
    unlink(socketPath)
  }
}
