import CSerialPort
import DeviceKit
import Glibc

/// What the program on the other side has set its line to, as a simulated device would notice it.
public struct ObservedLine: Sendable, Equatable {
  /// Bits per second; 0 when the speed is "hang up".
  public var baud: Int
  /// 1 or 2. Parity cannot be seen: the kernel drops that bit on pseudo-terminals.
  public var stopBits: Int
  /// False while echo, line editing, signals or flow control are on: such a line alters binary frames.
  public var isRaw: Bool

  public init(baud: Int, stopBits: Int, isRaw: Bool) {
    self.baud = baud
    self.stopBits = stopBits
    self.isRaw = isRaw
  }
}

/// The simulator's side of a pseudo-terminal: a wire whose other end a station opens like a serial port.
///
/// Like a wire it has no hang-up of its own: while nobody has the other end open, reads find nothing and written bytes are lost.
public final class PseudoTerminal {
  /// The station's side, for instance /dev/pts/5.
  public let slavePath: String
  /// The symbolic link that was asked for.
  public let linkPath: String?
  /// Bytes that were written while nobody listened, or that the listener was too slow to take.
  public private(set) var lostBytes = 0

  private var master: Int32
  private var watch: Int32

  /// Creates the pair, and a symbolic link to the station's side when `link` is given. An older link to a pseudo-terminal there (of a
  /// simulator that was killed) is replaced.
  ///
  /// - Throws: `linkTaken` when something else is in the link's place; `system` otherwise.
  public init(link: String? = nil) throws(TransportError) {
    let descriptor = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(operation: "open", path: "/dev/ptmx", code: errno) }
    var watching: Int32 = -1
    do throws(TransportError) {
      let slave = try Self.prepare(descriptor)
      watching = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
      guard watching >= 0, inotify_add_watch(watching, slave, UInt32(IN_OPEN | IN_CLOSE)) >= 0 else {
        throw .system(operation: "inotify", path: slave, code: errno)
      }
      if let link { try Self.place(link: link, to: slave) }
      slavePath = slave
    } catch {
      close(descriptor)
      if watching >= 0 { close(watching) }
      throw error
    }
    master = descriptor
    watch = watching
    linkPath = link
  }

  deinit { hangUp() }

  /// True while a program has the other end open.
  public var slaveIsOpen: Bool {
    guard master >= 0 else { return false }
    var entry = pollfd(fd: master, events: 0, revents: 0)
    return poll(&entry, 1, 0) >= 0 && Int32(entry.revents) & POLLHUP == 0
  }

  /// What to wait on for the next thing to happen: bytes (or the closing) while the other end is open, its opening otherwise. Ask anew
  /// before every wait. -1 after `hangUp`.
  public var descriptorToWaitOn: Int32 {
    guard master >= 0 else { return -1 }
    if slaveIsOpen { return master }
    forgetNotices()
    // It may have been opened between the two: its notice is forgotten then, so look again.
    return slaveIsOpen ? master : watch
  }

  /// Replaces the content of `buffer` by what the station has written; `.hangup` only after `hangUp` was called here.
  public func read(into buffer: inout FixedBytes<256>) -> ReadResult {
    buffer.removeAll()
    guard master >= 0 else { return .hangup }
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 256) { space in
      while true {
        let length = Glibc.read(master, space.baseAddress, 256)
        if length > 0 {
          for byte in space[..<length] { buffer.append(byte) }
          return .bytes
        }
        if length < 0 && errno == EINTR { continue }
        return .none
      }
    }
  }

  /// Puts bytes on the wire and answers how many somebody could receive.
  @discardableResult
  public func write(_ bytes: FixedBytes<256>) -> Int {
    var rest = bytes
    while !rest.isEmpty && slaveIsOpen {
      let length = rest.withSpan { span in span.withUnsafeBufferPointer { Glibc.write(master, $0.baseAddress, $0.count) } }
      if length > 0 {
        rest.removeFirst(length)
      } else if length == 0 || errno != EINTR {
        break
      }
    }
    lostBytes += rest.count
    return bytes.count - rest.count
  }

  /// The settings that the other side has made; `nil` after `hangUp`.
  public var observedLine: ObservedLine? {
    var state = linli_termios2()
    guard master >= 0, linli_read_termios2(master, &state) == 0 else { return nil }
    let cooked = state.local_flags & UInt32(ICANON | ECHO | ISIG) | state.input_flags & UInt32(IXON | IXOFF | ICRNL)
    return ObservedLine(
      baud: Int(state.output_speed), stopBits: state.control_flags & UInt32(CSTOPB) != 0 ? 2 : 1, isRaw: cooked == 0)
  }

  /// Pulls the plug: the other side sees a hang-up. The link is removed when it is still ours.
  public func hangUp() {
    guard master >= 0 else { return }
    if let linkPath, SystemText.linkTarget(of: linkPath) == slavePath { unlink(linkPath) }
    close(watch)
    close(master)
    watch = -1
    master = -1
  }

  private func forgetNotices() {
    withUnsafeTemporaryAllocation(byteCount: 4_096, alignment: 8) { space in
      while Glibc.read(watch, space.baseAddress, space.count) > 0 {}
    }
  }

  /// Unlocks the other side, makes it raw, and opens and closes it once: only then does the kernel tell "closed" from "never opened".
  private static func prepare(_ descriptor: Int32) throws(TransportError) -> String {
    var number: UInt32 = 0
    guard linli_unlock_pseudo_terminal(descriptor, &number) == 0 else {
      throw .system(operation: "TIOCSPTLCK", path: "/dev/ptmx", code: errno)
    }
    let path = "/dev/pts/\(number)"
    var state = termios()
    guard tcgetattr(descriptor, &state) == 0 else { throw .system(operation: "tcgetattr", path: path, code: errno) }
    cfmakeraw(&state)
    guard tcsetattr(descriptor, TCSANOW, &state) == 0 else { throw .system(operation: "tcsetattr", path: path, code: errno) }
    let slave = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)
    guard slave >= 0 else { throw .system(operation: "open", path: path, code: errno) }
    close(slave)
    return path
  }

  /// Made beside its place and renamed, so that a station never finds the link missing.
  private static func place(link: String, to slave: String) throws(TransportError) {
    var status = stat()
    if lstat(link, &status) == 0 {
      guard let old = SystemText.linkTarget(of: link), old.hasPrefix("/dev/pts/") else { throw .linkTaken(path: link) }
    }
    let temporary = "\(link).\(getpid())"
    unlink(temporary)
    guard symlink(slave, temporary) == 0 else { throw .system(operation: "symlink", path: temporary, code: errno) }
    guard rename(temporary, link) == 0 else {
      let code = errno
      unlink(temporary)
      throw .system(operation: "rename", path: link, code: code)
    }
  }
}
