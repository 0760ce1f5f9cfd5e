import DeviceVocabulary
import Foundation
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOHTTPCompression
import StationLinkCodec

/// Requests of a child as the bytes that go under TLS, made before anything is measured, by the libraries that a station uses.
enum LinkRequests {
  /// Entries that are sent together.
  struct Batch: Sendable {
    var bytes: ByteBuffer
    var entries: Int
    var last: JournalPosition
  }

  /// As a station does: smaller bodies are not worth it.
  private static let compressedFrom = 1_000

  static func batch(_ entries: [LinkEntry], of station: String) throws -> Batch {
    guard let last = entries.last else { throw BenchError("a batch of nothing") }
    let body = try EventBatch.encode(entries, station: station)
    return Batch(
      bytes: try make(LinkProtocol.events, type: LinkProtocol.batchType, body), entries: entries.count, last: last.position)
  }

  static func hello(_ station: String, head: JournalHead = .start) throws -> ByteBuffer {
    let hello = LinkHello(station: station, name: station, program: "bench", head: head)
    return try make(LinkProtocol.hello, Array(JSONEncoder().encode(hello)))
  }

  static func pulse() throws -> ByteBuffer {
    let pulse = LinkPulse(nonce: 4711, waiting: 0, paths: [PathStatus(name: "main", state: .up, reason: "")])
    return try make(LinkProtocol.pulse, Array(JSONEncoder().encode(pulse)))
  }

  static func commands() throws -> ByteBuffer { try make(LinkProtocol.commands, []) }

  private static func make(_ path: String, type: String = LinkProtocol.jsonType, _ body: [UInt8]) throws -> ByteBuffer {
    let channel = EmbeddedChannel()
    try channel.pipeline.syncOperations.addHandler(HTTPRequestEncoder())
    if body.count > compressedFrom { try channel.pipeline.syncOperations.addHandler(NIOHTTPRequestCompressor(encoding: .gzip)) }
    var head = HTTPRequestHead(version: .http1_1, method: body.isEmpty ? .GET : .POST, uri: path)
    head.headers.add(name: "host", value: "127.0.0.1")
    if !body.isEmpty {
      head.headers.add(name: "content-type", value: type)
      head.headers.add(name: "content-length", value: "\(body.count)")
    }
    head.headers.add(name: LinkProtocol.pathHeader, value: "main")
    try channel.writeOutbound(HTTPClientRequestPart.head(head))
    if !body.isEmpty { try channel.writeOutbound(HTTPClientRequestPart.body(.byteBuffer(ByteBuffer(bytes: body)))) }
    try channel.writeOutbound(HTTPClientRequestPart.end(nil))
    var bytes = ByteBuffer()
    while var part = try channel.readOutbound(as: ByteBuffer.self) { bytes.writeBuffer(&part) }
    _ = try channel.finish(acceptAlreadyClosed: true)
    return bytes
  }
}
