import CSerialPort
import DeviceKit
import Glibc

/// What a read found.
public enum ReadResult: Sendable, Equatable {
  case bytes
  case none
  /// The line is gone: adapter unplugged, or the other side of a pseudo-terminal closed.
  case hangup
}

/// What became of a write.
public enum WriteResult: Sendable, Equatable {
  case complete
  /// This many bytes did not fit yet and are kept; call `flush` when the descriptor is writable.
  case pending(Int)
  /// The rest of the previous write is still kept; nothing of this one was taken.
  case busy
  case hangup
}

/// One serial line or pseudo-terminal, opened for this program alone: a pipe for bytes that knows when it is gone.
///
/// It belongs to the bus thread that opened it. Nothing here waits: that thread waits once for all its inputs (`PollSet`) and then reads
/// and writes what is possible. Frames, gaps and retries are the driver's.
public final class SerialLine {
  /// The device file, links followed.
  public let path: String
  public let settings: SerialSettings
  public let report: LineReport

  private var descriptor: Int32
  /// libserialport's port, for real ports only. It owns `descriptor`; the lock is on `guardDescriptor`.
  private var port: OpaquePointer?
  private var guardDescriptor: Int32?
  private var unsent = FixedBytes<256>()
  private var wakeThreshold: UInt8 = 1

  /// Opens and configures; what was waiting in the buffers is dropped.
  ///
  /// - Throws: `portMissing`, `portBusy`, `notPermitted`, `notASerialPort`, `settingsRefused`, `rs485Unavailable` or `system`.
  public init(path: String, settings: SerialSettings) throws(TransportError) {
    guard let name = PortFile.name(of: path) else { throw PortFile.failure(of: path, code: ENOENT) }
    let opened: Opened
    if PortFile.isPseudoTerminal(name) {
      opened = try Self.openPseudoTerminal(name, settings: settings)
    } else {
      opened = try Self.openSerialPort(name, settings: settings)
    }
    self.path = name
    self.settings = settings
    report = opened.report
    descriptor = opened.descriptor
    port = opened.port
    guardDescriptor = opened.guardDescriptor
  }

  deinit { close() }

  /// For poll(2) only; -1 after `close`.
  public var fileDescriptor: Int32 { descriptor }
  public var isOpen: Bool { descriptor >= 0 }
  /// True while the rest of a write is kept: ask the poll for writability.
  public var hasUnsentBytes: Bool { !unsent.isEmpty }

  /// Replaces the content of `buffer` by what has arrived, at most 256 bytes a call.
  public func read(into buffer: inout FixedBytes<256>) -> ReadResult {
    buffer.removeAll()
    guard isOpen else { return .hangup }
    while true {
      let length = buffer.replace { Glibc.read(descriptor, $0.baseAddress, $0.count) }
      if length > 0 { return .bytes }
      if length == 0 { return .hangup }
      if errno == EINTR { continue }
      return errno == EAGAIN ? .none : .hangup
    }
  }

  /// As `read(into:)`, straight into the caller's memory, for what must lie nowhere else; the number is 0 unless bytes came.
  public func read(into memory: UnsafeMutableRawBufferPointer) -> (result: ReadResult, count: Int) {
    guard isOpen else { return (.hangup, 0) }
    while true {
      let length = Glibc.read(descriptor, memory.baseAddress, memory.count)
      if length > 0 { return (.bytes, length) }
      if length == 0 { return (.hangup, 0) }
      if errno == EINTR { continue }
      return (errno == EAGAIN ? .none : .hangup, 0)
    }
  }

  /// Hands the bytes to the driver. What does not fit is kept, so that a frame is never cut.
  public func write(_ bytes: FixedBytes<256>) -> WriteResult {
    guard isOpen else { return .hangup }
    guard unsent.isEmpty else { return .busy }
    let length = bytes.withSpan { span in span.withUnsafeBufferPointer { Glibc.write(descriptor, $0.baseAddress, $0.count) } }
    if length == bytes.count { return .complete }
    unsent = bytes
    if length > 0 { unsent.removeFirst(length) }
    return flush()
  }

  /// Goes on with a pending write.
  public func flush() -> WriteResult {
    guard isOpen else { return .hangup }
    while !unsent.isEmpty {
      let length = unsent.withSpan { span in
        span.withUnsafeBufferPointer { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      }
      if length >= 0 {
        unsent.removeFirst(length)
        if length == 0 { return .pending(unsent.count) }
      } else if errno == EAGAIN {
        return .pending(unsent.count)
      } else if errno != EINTR {
        unsent.removeAll()
        return .hangup
      }
    }
    return .complete
  }

  /// Drops what was received and not read, and what was written and not yet sent.
  public func discardAll() {
    unsent.removeAll()
    if isOpen { tcflush(descriptor, TCIOFLUSH) }
  }

  /// Bytes that the driver has not yet put on the wire, as far as it knows (adapters have buffers of their own); `nil` if it cannot tell.
  public var bytesInDriver: Int? {
    var count: Int32 = 0
    guard isOpen, linli_unsent_bytes(descriptor, &count) == 0 else { return nil }
    return Int(count)
  }

  /// Lets poll(2) report input only once `bytes` (1...255) have arrived, which saves a system call per byte when the length of the
  /// answer is known. A `read` at the deadline still gives whatever is there. Costs a system call only when the number changes.
  ///
  /// - Returns: false when the driver refused; the old threshold holds then.
  @discardableResult
  public func setWakeThreshold(_ bytes: Int) -> Bool {
    let wanted = UInt8(clamping: max(bytes, 1))
    guard wanted != wakeThreshold else { return true }
    var state = termios()
    guard isOpen, tcgetattr(descriptor, &state) == 0 else { return false }
    LineSetup.setMinimum(wanted, in: &state)
    guard tcsetattr(descriptor, TCSANOW, &state) == 0 else { return false }
    wakeThreshold = wanted
    return true
  }

  /// Begins or ends a break (line held at space). Pseudo-terminals accept it and do nothing.
  ///
  /// - Throws: `system` when the driver cannot, or the line is gone.
  public func setBreak(_ on: Bool) throws(TransportError) {
    guard isOpen, linli_set_break(descriptor, on ? 1 : 0) == 0 else {
      throw .system(operation: "TIOCSBRK", path: path, code: isOpen ? errno : EBADF)
    }
  }

  /// Gives the port back. Further calls report a hang-up.
  public func close() {
    guard isOpen else { return }
    if let port {
      linli_set_exclusive(descriptor, 0)
      sp_close(port)
      sp_free_port(port)
    } else {
      PortFile.closeLocked(descriptor)
    }
    if let guardDescriptor { PortFile.closeLocked(guardDescriptor) }
    descriptor = -1
    port = nil
    guardDescriptor = nil
    unsent.removeAll()
  }
}

extension SerialLine {
  private struct Opened {
    var descriptor: Int32
    var port: OpaquePointer?
    var guardDescriptor: Int32?
    var report: LineReport
  }

  /// No TIOCEXCL here: on a pseudo-terminal it would outlive a killed station and keep its successor out.
  private static func openPseudoTerminal(_ path: String, settings: SerialSettings) throws(TransportError) -> Opened {
    let descriptor = try PortFile.openLocked(path)
    do throws(TransportError) {
      let report = try LineSetup.configurePseudoTerminal(descriptor, path: path, settings: settings)
      return Opened(descriptor: descriptor, report: report)
    } catch {
      PortFile.closeLocked(descriptor)
      throw error
    }
  }

  /// The lock is taken on a descriptor of its own before libserialport touches the port: its sp_open writes settings at once.
  private static func openSerialPort(_ path: String, settings: SerialSettings) throws(TransportError) -> Opened {
    let guardDescriptor = try PortFile.openLocked(path)
    var port: OpaquePointer?
    guard sp_get_port_by_name(path, &port) == SP_OK, let port else {
      PortFile.closeLocked(guardDescriptor)
      throw .notASerialPort(path: path)
    }
    guard sp_open(port, SP_MODE_READ_WRITE) == SP_OK else {
      let code = sp_last_error_code()
      sp_free_port(port)
      PortFile.closeLocked(guardDescriptor)
      throw PortFile.failure(of: path, code: code)
    }
    var descriptor: Int32 = -1
    do throws(TransportError) {
      guard sp_get_port_handle(port, &descriptor) == SP_OK, descriptor >= 0 else {
        throw .system(operation: "sp_get_port_handle", path: path, code: EBADF)
      }
      // Children (browser, player) must not inherit the line.
      guard fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0, linli_set_exclusive(descriptor, 1) == 0 else {
        throw .system(operation: "TIOCEXCL", path: path, code: errno)
      }
      let report = try LineSetup.configureSerialPort(port, descriptor: descriptor, path: path, settings: settings)
      return Opened(descriptor: descriptor, port: port, guardDescriptor: guardDescriptor, report: report)
    } catch {
      sp_close(port)
      sp_free_port(port)
      PortFile.closeLocked(guardDescriptor)
      throw error
    }
  }
}
