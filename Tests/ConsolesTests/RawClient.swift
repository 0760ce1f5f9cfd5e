import Foundation
import NIOCore
import NIOPosix

/// A client that sends exactly the bytes it is told to, and collects what comes back.
final class RawClient: Sendable {
  struct TimedOut: Error {
    var received: String
  }

  private let channel: any Channel
  private let state: NIOLoopBoundBox<State>

  private struct State {
    var received = ByteBuffer()
    var isClosed = false
    var waiters: [(condition: @Sendable (String, Bool) -> Bool, promise: EventLoopPromise<String>)] = []
    var forgets = false

    mutating func check() {
      let text = String(buffer: received)
      waiters.removeAll { waiter in
        guard waiter.condition(text, isClosed) else { return false }
        waiter.promise.succeed(text)
        if forgets { received.clear() }
        return true
      }
    }
  }

  private final class Collector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    let state: NIOLoopBoundBox<State>
    init(_ state: NIOLoopBoundBox<State>) { self.state = state }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      var buffer = unwrapInboundIn(data)
      state.value.received.writeBuffer(&buffer)
      state.value.check()
    }

    func channelInactive(context: ChannelHandlerContext) {
      state.value.isClosed = true
      state.value.check()
    }

    // A reset is an end like any other here; what was received until then is what counts.
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
  }

  private init(channel: any Channel, state: NIOLoopBoundBox<State>) {
    self.channel = channel
    self.state = state
  }

  /// One request on a connection of its own, and the answer to it.
  static func ask(_ request: String, port: Int) async throws -> Answer {
    let client = try await connect(port: port)
    client.send(request)
    let received = try await client.untilClosed()
    guard let answer = Answer(received) else { throw TimedOut(received: received) }
    return answer
  }

  /// - Parameter reads: a client that does not read lets the server's bytes pile up.
  static func connect(port: Int, host: String = "127.0.0.1", reads: Bool = true) async throws -> RawClient {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let state = NIOLoopBoundBox.makeBoxSendingValue(State(), eventLoop: loop)
    let channel = try await ClientBootstrap(group: loop)
      .channelOption(.autoRead, value: reads)
      .channelOption(.socketOption(.so_rcvbuf), value: reads ? 256 * 1024 : 4096)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Collector(state)) }
      }
      .connect(host: host, port: port).get()
    return RawClient(channel: channel, state: state)
  }

  func send(_ text: String) { send(Array(text.utf8)) }

  /// A server that has closed already does not mind.
  func send(_ bytes: [UInt8]) { channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil) }

  func startReading() async throws {
    try await channel.setOption(.autoRead, value: true).get()
  }

  /// From now on what was asked for once is dropped: for streams that would grow long.
  func forget() async throws {
    try await channel.eventLoop.submit { [state] in state.value.forgets = true }.get()
  }

  func close() { channel.close(promise: nil) }

  /// Everything received so far, as soon as it meets the condition.
  func received(within seconds: Int64 = 10, _ condition: @escaping @Sendable (_ text: String, _ isClosed: Bool) -> Bool)
    async throws
    -> String
  {
    let loop = channel.eventLoop
    let promise = loop.makePromise(of: String.self)
    loop.execute { [state] in
      state.value.waiters.append((condition, promise))
      state.value.check()
    }
    let late = loop.scheduleTask(in: .seconds(seconds)) { [state] in
      promise.fail(TimedOut(received: String(buffer: state.value.received)))
    }
    defer { late.cancel() }
    return try await promise.futureResult.get()
  }

  func untilClosed(within seconds: Int64 = 10) async throws -> String { try await received(within: seconds) { $1 } }
}

/// One answer, taken apart.
struct Answer: Sendable {
  var status: Int
  var headers: [String: String]
  var body: String

  init?(_ text: String) {
    guard let end = text.range(of: "\r\n\r\n") else { return nil }
    let lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
    let parts = lines.first?.split(separator: " ") ?? []
    guard parts.count >= 2, parts[0] == "HTTP/1.1", let status = Int(parts[1]) else { return nil }
    self.status = status
    self.headers = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { return nil }
      headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
    }
    self.body = String(text[end.upperBound...])
  }
}
