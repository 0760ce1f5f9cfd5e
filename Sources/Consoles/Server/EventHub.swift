import NIOCore

/// One page's event stream. Lives on the event loop.
final class EventClient {
  fileprivate let context: ChannelHandlerContext
  /// A newer view waits until the page has drained what it was sent.
  fileprivate var missedView = false
  fileprivate var stalledHeartbeats = 0
  fileprivate var place = 0
  /// Whether who listens may still do so.
  fileprivate let isAllowed: @Sendable () -> Bool

  init(context: ChannelHandlerContext, isAllowed: @escaping @Sendable () -> Bool) {
    self.context = context
    self.isAllowed = isAllowed
  }

  fileprivate var isWritable: Bool { context.channel.isWritable }
  fileprivate func send(_ bytes: ByteBuffer) { context.writeAndFlush(NIOAny(bytes), promise: nil) }
}

/// Sends server-sent events to all pages that listen: each event is encoded once, and one shared buffer is written to every connection as
/// it is. Everything here happens on the event loop; `publish` may be called from anywhere.
final class EventHub: Sendable {
  private let loop: any EventLoop
  private let limits: ServerLimits
  private let state: NIOLoopBoundBox<State>
  /// Makes the bytes of a heartbeat; called on the event loop.
  private let heartbeat: @Sendable () -> String

  private struct State {
    var clients: [EventClient] = []
    var newest: ByteBuffer?
    var beating: RepeatedTask?
  }

  init(loop: any EventLoop, limits: ServerLimits, heartbeat: @escaping @Sendable () -> String) {
    self.loop = loop
    self.limits = limits
    self.heartbeat = heartbeat
    self.state = .makeBoxSendingValue(State(), eventLoop: loop)
  }

  /// Frames one event. `data` must not hold a line break (JSON as this module writes it does not).
  static func event(_ name: String, id: UInt64? = nil, data: [UInt8]) -> ByteBuffer {
    var buffer = ByteBufferAllocator().buffer(capacity: data.count + 64)
    if let id { buffer.writeString("id: \(id)\n") }
    buffer.writeString("event: \(name)\ndata: ")
    buffer.writeBytes(data)
    buffer.writeString("\n\n")
    return buffer
  }

  var clientCount: Int { state.value.clients.count }

  /// To be called on the event loop. The newest picture replaces the one before; a page that joins later gets it at once.
  func broadcast(_ picture: ByteBuffer) {
    state.value.newest = picture
    for client in state.value.clients {
      if client.isWritable { client.send(picture) } else { client.missedView = true }
    }
  }

  /// To be called on the event loop: tells every page at once how the station is.
  func beat() {
    let bytes = heartbeatEvent()
    for client in state.value.clients {
      if !client.isAllowed() {
        client.context.close(promise: nil)
      } else if client.isWritable {
        client.stalledHeartbeats = 0
        client.send(bytes)
      } else {
        client.stalledHeartbeats += 1
        if client.stalledHeartbeats >= limits.streamStalledHeartbeats { client.context.close(promise: nil) }
      }
    }
  }

  func join(_ client: EventClient) {
    client.place = state.value.clients.count
    state.value.clients.append(client)
    if let newest = state.value.newest { client.send(newest) }
    client.send(heartbeatEvent())
    guard state.value.beating == nil else { return }
    state.value.beating = loop.scheduleRepeatedTask(initialDelay: limits.heartbeat, delay: limits.heartbeat) { [weak self] _ in
      self?.beat()
    }
  }

  func leave(_ client: EventClient) {
    let last = state.value.clients.count - 1
    guard client.place <= last, state.value.clients[client.place] === client else { return }
    state.value.clients.swapAt(client.place, last)
    state.value.clients[client.place].place = client.place
    state.value.clients.removeLast()
    if state.value.clients.isEmpty {
      state.value.beating?.cancel()
      state.value.beating = nil
    }
  }

  func writabilityChanged(_ client: EventClient) {
    guard client.isWritable else { return }
    client.stalledHeartbeats = 0
    guard client.missedView, let newest = state.value.newest else { return }
    client.missedView = false
    client.send(newest)
    client.send(heartbeatEvent())
  }

  private func heartbeatEvent() -> ByteBuffer { Self.event("heartbeat", data: Array(heartbeat().utf8)) }
}
