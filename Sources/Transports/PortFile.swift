import CSerialPort
import Glibc

/// The device file behind a path, who has it open, and the lock that keeps a second program out.
enum PortFile {
  /// The device file itself: links (/dev/serial/by-id/…, a simulator's link) are followed. `nil` when it leads nowhere.
  static func name(of path: String) -> String? {
    let parts = path.split(separator: "/")
    if parts.count == 2, parts[0] == "dev", SystemText.exists("/sys/class/tty/\(parts[1])") {
      return SystemText.exists(path) ? path : nil
    }
    return SystemText.resolved(path)
  }

  static func isPseudoTerminal(_ name: String) -> Bool { name.hasPrefix("/dev/pts/") }

  /// Opens without waiting for a carrier and takes the advisory lock, so that of two stations one is refused before it has changed
  /// anything on the line. TIOCEXCL alone would not do: it does not bind root.
  static func openLocked(_ path: String) throws(TransportError) -> Int32 {
    let descriptor = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(of: path, code: errno) }
    guard isatty(descriptor) == 1 else {
      close(descriptor)
      throw .notASerialPort(path: path)
    }
    let target = SystemText.linkTarget(of: "/proc/self/fd/\(descriptor)")
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let holder = target.flatMap { otherHolder(of: $0) ?? ownUse(of: $0, except: descriptor) }
      close(descriptor)
      throw .portBusy(path: path, holder: holder)
    }
    // A program that knows no locks (a terminal program, another vendor's tool) would steal half of the answers.
    if let target, let other = otherHolder(of: target) {
      closeLocked(descriptor)
      throw .portBusy(path: path, holder: other)
    }
    return descriptor
  }

  /// Gives up the lock and closes. Closing alone would not do: a child that is just being started still has a copy, and would hold it.
  static func closeLocked(_ descriptor: Int32) {
    _ = flock(descriptor, LOCK_UN)
    close(descriptor)
  }

  static func failure(of path: String, code: Int32) -> TransportError {
    switch code {
    case EBUSY: .portBusy(path: path, holder: SystemText.resolved(path).flatMap { otherHolder(of: $0) })
    case EACCES, EPERM: .notPermitted(path: path)
    case ENOENT, ENODEV, ENXIO: .portMissing(path: path, present: ((try? PortIdentity.list()) ?? []).map(\.description))
    case ENOTTY: .notASerialPort(path: path)
    default: .system(operation: "open", path: path, code: code)
    }
  }

  /// The first other process that has `file` open, as far as /proc shows (root sees all, others see their own).
  private static func otherHolder(of file: String) -> PortHolder? {
    let own = getpid()
    for entry in SystemText.names(in: "/proc") {
      guard let processID = Int32(entry), processID != own else { continue }
      let folder = "/proc/\(processID)/fd"
      for descriptor in SystemText.names(in: folder) where SystemText.linkTarget(of: "\(folder)/\(descriptor)") == file {
        if isOwnForkBeforeExec(processID) { break }
        return PortHolder(processID: processID, command: SystemText.contents(of: "/proc/\(processID)/comm") ?? "")
      }
    }
    return nil
  }

  /// A child that is being started holds copies of all our descriptors until its exec; that is no other program.
  private static func isOwnForkBeforeExec(_ processID: Int32) -> Bool {
    guard let program = SystemText.linkTarget(of: "/proc/self/exe") else { return false }
    guard SystemText.linkTarget(of: "/proc/\(processID)/exe") == program else { return false }
    // After the command name in parentheses: state, parent.
    let status = SystemText.contents(of: "/proc/\(processID)/stat") ?? ""
    let fields = status[(status.lastIndex(of: ")") ?? status.startIndex)...].split(separator: " ")
    return fields.count > 2 && fields[2] == "\(getpid())"
  }

  /// This process itself, when it has the file open by another descriptor.
  private static func ownUse(of file: String, except descriptor: Int32) -> PortHolder? {
    let folder = "/proc/self/fd"
    let mine = SystemText.names(in: folder).contains {
      $0 != "\(descriptor)" && SystemText.linkTarget(of: "\(folder)/\($0)") == file
    }
    return mine ? PortHolder(processID: getpid(), command: SystemText.contents(of: "/proc/self/comm") ?? "") : nil
  }
}
