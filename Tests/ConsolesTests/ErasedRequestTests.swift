import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import Consoles

/// The bytes of a request lie in memory only until it was read, also when it was refused or makes no sense.
@Suite struct ErasedRequestTests {
  private struct Nothing: Routes {
    func route(_ request: HTTPRequest) -> RouteResult {
      .reply(HTTPReply(404, .notFound, at: request.pathText, accepted: "nothing"))
    }
  }

  /// A connection as the server makes it, in whose place of the socket the test gives the bytes and keeps their memory.
  private static func send(_ reads: [String]) throws -> (answer: String, memory: [ByteBuffer]) {
    let channel = EmbeddedChannel()
    var limits = ServerLimits.standard
    (limits.headerBytes, limits.bodyBytes) = (1000, 100)
    let core = ServerCore(limits: limits, routes: Nothing(), gate: LoopGate(loop: channel.embeddedEventLoop))
    let meter = HeaderMeter(limit: limits.headerBytes)
    let decoder = HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)
    try channel.pipeline.syncOperations.addHandlers([
      meter, ByteToMessageHandler(decoder), HTTPConnection(core: core, meter: meter),
    ])
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    var memory: [ByteBuffer] = []
    for read in reads {
      let bytes = ByteBuffer(string: read)
      memory.append(bytes)
      try channel.writeInbound(bytes)
    }
    var answer = ""
    while let bytes = try channel.readOutbound(as: ByteBuffer.self) { answer += String(buffer: bytes) }
    _ = try? channel.finish(acceptAlreadyClosed: true)
    return (answer, memory)
  }

  private static func head(_ host: String, _ length: Int, type: String = "application/json") -> String {
    "POST /a HTTP/1.1\r\nHost: \(host)\r\nContent-Type: \(type)\r\nContent-Length: \(length)\r\n\r\n"
  }

  private static let body = #"{"name":"金丝雀"}"#

  @Test(
    arguments: [
      ("taken", 404, [head("localhost", 20) + body]),
      ("taken in two parts", 404, [head("localhost", 20), body]),
      ("of a foreign host", 403, [head("example.org", 20) + body]),
      ("of a foreign host, in two parts", 403, [head("example.org", 20), body]),
      ("no JSON", 415, [head("localhost", 20, type: "text/plain") + body]),
      ("too long", 413, [head("localhost", 101) + body, body]),
      ("no HTTP", 400, ["POST /a HTTP/1.1\r\n: x\r\n\r\n" + body, body]),
      ("of no method", 400, ["金 /a HTTP/1.1\r\n\r\n" + body]),
      ("of a length that is none", 400, ["POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n" + body]),
      ("with too long a head", 431, ["POST /a HTTP/1.1\r\nX: " + String(repeating: "a", count: 1200) + body, body]),
    ] as [(String, Int, [String])])
  func nothingOfARequestIsLeft(_ what: String, _ status: Int, _ reads: [String]) throws {
    let (answer, memory) = try Self.send(reads)
    #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(what): \(answer)")
    for (index, bytes) in memory.enumerated() where index > 0 || reads.count == 1 || bytes.readableBytes > Self.body.utf8.count {
      #expect(bytes.readableBytesView.allSatisfy { $0 == 0 }, "\(what): \(String(buffer: bytes))")
    }
  }
}
