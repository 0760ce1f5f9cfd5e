import DeviceKit
import DeviceVocabulary
import Foundation
import Transports

/// The line to one device of the wall: a network connection or a serial port. Nothing of it waits.
final class WallLine {
  enum Arrival {
    case nothing
    case bytes([UInt8])
    case lost
  }

  private enum Line {
    case network(NetworkSocket)
    case serial(SerialLine)
  }

  private let connection: WallDevicePlan.Connection
  private var line: Line?
  /// What the device was sent and the system has not taken yet.
  private var unsent: [UInt8] = []
  /// More than this in one direction without being taken is a line that does not move.
  private static let unsentLimit = 65_536

  init(_ connection: WallDevicePlan.Connection) {
    self.connection = connection
  }

  deinit { close() }

  var isConnecting: Bool { if case .network(let socket) = line { socket.isConnecting } else { false } }
  var wantsToWrite: Bool { isConnecting || !unsent.isEmpty }

  var descriptor: Int32 {
    switch line {
    case .network(let socket): socket.descriptor
    case .serial(let serial): serial.fileDescriptor
    case nil: -1
    }
  }

  /// Why it cannot be opened; `nil`: it is open, or being opened.
  func open(host resolved: String?) -> WallLineRefusal? {
    close()
    switch connection {
    case .network(let host, let port):
      let socket = NetworkSocket(host: resolved ?? host, port: port, kind: .stream)
      if let failure = socket.connect() { return WallLineRefusal(WallLineFailure(failure)) }
      line = .network(socket)
    case .serial(let path, let baud):
      do throws(TransportError) {
        let found = try PortSelector(parsing: path).resolve().path
        line = .serial(try SerialLine(path: found, settings: SerialSettings(baud: baud, format: .none8One)))
      } catch {
        return WallLineRefusal(error)
      }
    case .none: return WallLineRefusal(.system(ENODEV))
    }
    return nil
  }

  /// Why a connection that was begun could not be made; `nil`: it is there.
  func finishConnecting() -> WallLineFailure? {
    if case .network(let socket) = line { socket.finishConnecting().map { WallLineFailure($0) } } else { nil }
  }

  func close() {
    switch line {
    case .network(let socket): socket.disconnect()
    case .serial(let serial): serial.close()
    case nil: break
    }
    line = nil
    unsent = []
  }

  /// False when the line takes nothing any more.
  func write(_ bytes: [UInt8]) -> Bool {
    unsent += bytes
    return flush()
  }

  func flush() -> Bool {
    guard !unsent.isEmpty, !isConnecting else { return true }
    guard let count = send(unsent[...]) else { return false }
    unsent.removeFirst(count)
    return unsent.count <= Self.unsentLimit
  }

  private func send(_ bytes: ArraySlice<UInt8>) -> Int? {
    if case .network(let socket) = line { return try? socket.sendSome(bytes).get() }
    guard descriptor >= 0 else { return nil }
    let count = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
    if count >= 0 { return count }
    return errno == EAGAIN || errno == EINTR ? 0 : nil
  }

  func read() -> Arrival {
    if case .network(let socket) = line {
      switch socket.receive() {
      case .nothing: return .nothing
      case .bytes(let bytes): return .bytes(bytes)
      case .closed: return .lost
      }
    }
    guard descriptor >= 0 else { return .nothing }
    var buffer = [UInt8](repeating: 0, count: 1024)
    let count = Foundation.read(descriptor, &buffer, buffer.count)
    if count > 0 { return .bytes(Array(buffer[..<count])) }
    if count == 0 { return .nothing }
    return errno == EAGAIN || errno == EINTR ? .nothing : .lost
  }
}
