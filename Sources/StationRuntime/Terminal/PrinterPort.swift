import DeviceKit
import Foundation
import Transports

/// The line to a ticket printer: a network port, a printer file of the kernel (`/dev/usb/lp0`), a serial port, or USB.
final class PrinterPort {
  enum Arrival: Equatable {
    case nothing
    case bytes([UInt8])
    case lost
  }

  private enum Line {
    case network(NetworkSocket)
    case file(Int32)
    case serial(SerialLine)
    case usb(PrinterUSB)
  }

  private let plan: PrinterPlan
  private let wake: WakeSignal
  private var line: Line?

  /// - Parameter wake: raised when something has come of a transfer on USB, which has no descriptor to wait on.
  init(_ plan: PrinterPlan, wake: WakeSignal) {
    self.plan = plan
    self.wake = wake
  }

  deinit { close() }

  var isConnecting: Bool { if case .network(let socket) = line { socket.isConnecting } else { false } }

  var descriptor: Int32 {
    switch line {
    case .network(let socket): socket.descriptor
    case .file(let file): file
    case .serial(let serial): serial.fileDescriptor
    case .usb, nil: -1
    }
  }

  /// To be read from whenever the thread is awake: nothing to wait on says that there is something.
  var isUSB: Bool { if case .usb = line { true } else { false } }

  var deadline: Instant? { if case .usb(let usb) = line { usb.deadline } else { nil } }

  /// Of what was to be written: handed over, and nobody knows whether it arrived.
  var doubtful: Int { if case .usb(let usb) = line { usb.doubtful } else { 0 } }

  /// True when it is open, or being opened.
  func open() -> Bool {
    close()
    switch plan.connection {
    case .network(let host, let port):
      let socket = NetworkSocket(host: host, port: port, kind: .stream)
      guard socket.connect() == nil else { return false }
      line = .network(socket)
    case .file(let path):
      let file = Foundation.open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
      guard file >= 0 else { return false }
      line = .file(file)
    case .serial(let path, let baud):
      guard let resolved = try? PortSelector(parsing: path).resolve().path,
        let serial = try? SerialLine(path: resolved, settings: SerialSettings(baud: baud, format: .none8One))
      else { return false }
      line = .serial(serial)
    case .usb(let id, let place):
      guard let usb = try? PrinterUSB(id, at: place, wake: wake) else { return false }
      line = .usb(usb)
    }
    return true
  }

  func finishConnecting() -> Bool {
    if case .network(let socket) = line { socket.finishConnecting() == nil } else { true }
  }

  func close() {
    switch line {
    case .network(let socket): socket.disconnect()
    case .file(let file): Foundation.close(file)
    case .serial(let serial): serial.close()
    case .usb(let usb): usb.close()
    case nil: break
    }
    line = nil
  }

  /// How many bytes the line took; `nil`: it takes none any more.
  func write(_ bytes: ArraySlice<UInt8>) -> Int? {
    if case .network(let socket) = line { return try? socket.sendSome(bytes).get() }
    if case .usb(let usb) = line { return usb.write(bytes) }
    guard descriptor >= 0 else { return nil }
    let count = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
    if count >= 0 { return count }
    return errno == EAGAIN || errno == EINTR ? 0 : nil
  }

  func read() -> Arrival {
    if case .usb(let usb) = line { return usb.read() }
    if case .network(let socket) = line {
      switch socket.receive() {
      case .nothing: return .nothing
      case .bytes(let bytes): return .bytes(bytes)
      case .closed: return .lost
      }
    }
    guard descriptor >= 0 else { return .nothing }
    var buffer = [UInt8](repeating: 0, count: 256)
    let count = Foundation.read(descriptor, &buffer, buffer.count)
    if count > 0 { return .bytes(Array(buffer[..<count])) }
    // A printer file ends a read that finds nothing; a line that is gone fails.
    if count == 0 { return .nothing }
    return errno == EAGAIN || errno == EINTR ? .nothing : .lost
  }
}
