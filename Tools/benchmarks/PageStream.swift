import DeviceKit
import DeviceVocabulary
import Foundation
import Station
import Synchronization
import Transports

/// A connection to a server of event streams on loopback, after the request was sent.
enum PageSocket {
  static func open(port: Int) throws -> Int32 {
    let request = "GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nAccept: text/event-stream\r\n\r\n"
    return try connected(port: port, sending: Array(request.utf8))
  }

  static func connected(port: Int, sending request: [UInt8]) throws -> Int32 {
    let connection = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    let connected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(connection, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0, write(connection, request, request.count) == request.count else {
      close(connection)
      throw BenchError("no connection to port \(port): errno \(errno)")
    }
    return connection
  }
}

/// One duty page: reads the event stream, and knows when each call came to be seen.
final class PageStream: Sendable {
  private struct State {
    var seen: [IncidentID: (button: ButtonID, at: Instant)] = [:]
    var newestFrame: [UInt8] = []
  }
  private let state = Mutex(State())
  private let connection: Int32
  private let child: String?

  /// - Parameter child: the calls of this station below are looked for; `nil`: the station's own.
  init(port: Int, child: String? = nil) throws {
    self.child = child
    let connection = try PageSocket.open(port: port)
    self.connection = connection
    Thread.detachNewThread { [weak self] in
      var reader = FrameReader()
      var buffer = [UInt8](repeating: 0, count: 1 << 18)
      while true {
        let length = read(connection, &buffer, buffer.count)
        let now = MonotonicClock.now()
        guard length > 0, let page = self else { break }
        for frame in reader.take(buffer[..<length]) { page.show(frame, now) }
      }
      close(connection)
    }
  }

  deinit { shutdown(connection, Int32(SHUT_RDWR)) }

  /// When a call that is none of `known` was first seen for this button.
  func call(of button: ButtonID, besides known: Set<IncidentID>) -> (id: IncidentID, at: Instant)? {
    state.withLock { state in
      state.seen.first { $0.value.button == button && !known.contains($0.key) }.map { ($0.key, $0.value.at) }
    }
  }

  var calls: Set<IncidentID> { state.withLock { Set($0.seen.keys) } }
  /// The last view as it came, framing included.
  var newestFrame: [UInt8] { state.withLock { $0.newestFrame } }

  private func show(_ frame: [UInt8], _ now: Instant) {
    guard let json = FrameReader.view(in: frame), let view = try? JSONDecoder().decode(DeskView.self, from: Data(json)) else {
      return
    }
    let cards = child.map { name in view.children.first { $0.station == name }?.incidents ?? [] } ?? view.incidents
    state.withLock { state in
      state.newestFrame = frame
      for card in cards where state.seen[card.id] == nil { state.seen[card.id] = (card.button, now) }
    }
  }
}

/// An event stream as text, and when something first stood in it.
final class FrameWatch: Sendable {
  private let state = Mutex<[(text: String, at: Instant)]>([])
  private let connection: Int32

  init(port: Int) throws {
    let connection = try PageSocket.open(port: port)
    self.connection = connection
    Thread.detachNewThread { [weak self] in
      var reader = FrameReader()
      var buffer = [UInt8](repeating: 0, count: 1 << 18)
      while true {
        let length = read(connection, &buffer, buffer.count)
        let now = MonotonicClock.now()
        guard length > 0, let watch = self else { break }
        for frame in reader.take(buffer[..<length]) {
          watch.state.withLock { $0.append((String(decoding: frame, as: UTF8.self), now)) }
        }
      }
      close(connection)
    }
  }

  deinit { shutdown(connection, Int32(SHUT_RDWR)) }

  func first(containing text: String) -> Instant? { state.withLock { $0.first { $0.text.contains(text) }?.at } }

  func forget() { state.withLock { $0 = [] } }
}

/// Cuts a stream into its events, which end with an empty line.
struct FrameReader {
  private var held: [UInt8] = []

  mutating func take(_ bytes: ArraySlice<UInt8>) -> [[UInt8]] {
    var frames: [[UInt8]] = []
    for byte in bytes {
      held.append(byte)
      guard byte == 0x0A, held.count >= 2, held[held.count - 2] == 0x0A || held.suffix(4) == [0x0D, 0x0A, 0x0D, 0x0A] else {
        continue
      }
      frames.append(held)
      held.removeAll(keepingCapacity: true)
    }
    return frames
  }

  /// The JSON of an event that shows the station; `nil` for heartbeats and the head of the answer.
  static func view(in frame: [UInt8]) -> ArraySlice<UInt8>? {
    let prefix = Array("data: ".utf8)
    let lines = frame.split(separator: 0x0A)
    guard lines.contains(where: { $0.elementsEqual("event: view".utf8) }) else { return nil }
    return lines.first { $0.starts(with: prefix) }?.dropFirst(prefix.count)
  }
}
