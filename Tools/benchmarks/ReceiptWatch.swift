import DeviceKit
import DeviceVocabulary
import Foundation
import NIOCore
import NIOPosix
import StationIdentity
import StationLinkCodec
import Synchronization
import Transports

/// Asks a parent every 200 ms how far it has the community's journal without a hole, until it has it up to a position.
final class ReceiptWatch: Sendable {
  private struct State {
    var reachedAt: Instant?
    var failure: String?
  }
  private let state = Mutex(State())

  init(_ bench: Bench, port: Int, until last: JournalPosition) throws {
    let asker = try ParentProbe(bench.link.site(), LinkSite.communityName, port: port)
    Thread.detachNewThread { [weak self] in
      while let watch = self {
        do {
          if try asker.contiguous() >= last {
            let now = MonotonicClock.now()
            return watch.state.withLock { $0.reachedAt = now }
          }
        } catch {
          return watch.state.withLock { $0.failure = "\(error)" }
        }
        usleep(200_000)
      }
    }
  }

  var reachedAt: Instant? { state.withLock { $0.reachedAt } }
  var failure: String? { state.withLock { $0.failure } }
}

/// One more connection under a child's name, on which its parent is asked what it has.
final class ParentProbe: Sendable {
  private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  private let loop: any EventLoop
  private let asker: NIOLoopBoundBox<Asker?>
  private let hello: ByteBuffer

  init(_ site: LinkSite, _ name: String, port: Int) throws {
    let tls = try LinkTLS(store: site.identity(name))
    loop = group.next()
    hello = try LinkRequests.hello(name)
    asker = .makeBoxSendingValue(nil, eventLoop: loop)
    try loop.flatSubmit { [asker, loop] in
      let made = Asker(loop: loop)
      asker.value = made
      return made.connect(port: port, tls: tls, framing: HTTPFraming.answers)
    }.wait()
  }

  deinit { try? group.syncShutdownGracefully() }

  func contiguous() throws -> JournalPosition {
    let answer = try loop.flatSubmit { [asker, loop, hello] in
      asker.value?.ask(hello) ?? loop.makeFailedFuture(BenchError("no connection"))
    }.wait()
    return try JSONDecoder().decode(LinkWelcome.self, from: Data(answer.body.readableBytesView)).receipt.contiguous.position
  }
}
