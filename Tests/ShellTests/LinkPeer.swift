import Foundation
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import NIOSSL

/// Somebody who speaks TLS to a station's port for those below, with a certificate or without, and sends whatever bytes it is told to.
final class LinkPeer {
  private struct Heard {
    var text = ""
    var isClosed = false
  }

  private let channel: any Channel
  private let heard: NIOLockedValueBox<Heard>

  /// - Parameter identity: a folder with `station.pem` and `station.key`.
  init(port: UInt16, identity: String?) throws {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.certificateVerification = .none
    if let identity {
      configuration.certificateChain = try NIOSSLCertificate.fromPEMFile("\(identity)/station.pem").map { .certificate($0) }
      configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: "\(identity)/station.key", format: .pem))
    }
    let context = try NIOSSLContext(configuration: configuration)
    let heard = NIOLockedValueBox(Heard())
    self.heard = heard
    channel = try ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: context, serverHostname: nil))
          try channel.pipeline.syncOperations.addHandler(
            Listener { text, isClosed in
              heard.withLockedValue { heard in
                heard.text += text
                heard.isClosed = heard.isClosed || isClosed
              }
            })
        }
      }
      .connect(host: "127.0.0.1", port: Int(port)).wait()
  }

  deinit { channel.close(promise: nil) }

  var text: String { heard.withLockedValue { $0.text } }
  var isClosed: Bool { heard.withLockedValue { $0.isClosed } }

  /// Waits until the bytes are with the kernel. False: the other side has closed.
  @discardableResult
  func send(_ bytes: [UInt8]) -> Bool { (try? channel.writeAndFlush(ByteBuffer(bytes: bytes)).wait()) != nil }

  @discardableResult
  func send(_ text: String) -> Bool { send(Array(text.utf8)) }

  /// A whole request.
  @discardableResult
  func post(_ path: String, _ body: [UInt8], type: String = "application/json", headers: String = "") -> Bool {
    send(
      Array(
        "POST \(path) HTTP/1.1\r\nhost: street\r\ncontent-type: \(type)\r\n\(headers)content-length: \(body.count)\r\n\r\n".utf8)
        + body)
  }

  private final class Listener: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    private let hear: @Sendable (String, _ isClosed: Bool) -> Void

    init(_ hear: @escaping @Sendable (String, _ isClosed: Bool) -> Void) { self.hear = hear }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { hear(String(buffer: unwrapInboundIn(data)), false) }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    func channelInactive(context: ChannelHandlerContext) { hear("", true) }
  }
}
