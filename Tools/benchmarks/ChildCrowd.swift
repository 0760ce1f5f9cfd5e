import DeviceKit
import DeviceVocabulary
import Foundation
import NIOCore
import NIOPosix
import StationIdentity
import StationLinkCodec
import Transports

/// Simulated children of a real parent: as many connections as a station's and the same bytes, but made beforehand and sent by one event
/// loop, so that the parent is measured and not they.
final class ChildCrowd: Sendable {
  /// A station's connections on each path.
  enum Lane: Sendable { case calls, backlog }
  static let connectionsOfOne = 4

  /// What was sent and is on the parent's disk.
  struct Sent: Sendable {
    var entries = 0
    var seconds = 0.0
    /// From a request to its receipt, in microseconds.
    var receipts = Samples()
    /// The same of the one that sends calls meanwhile.
    var calls = Samples()
    /// Answers 503: not taken now, or not known in time whether it was.
    var refusals = 0
  }

  private let names: [String]
  private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  private let loop: any EventLoop
  private let members: NIOLoopBoundBox<[String: Member]>

  /// All are connected and greeted.
  init(_ site: LinkSite, _ names: [String], port: Int) throws {
    self.names = names
    loop = group.next()
    members = .makeBoxSendingValue([:], eventLoop: loop)
    for name in names {
      let tls = try LinkTLS(store: site.identity(name))
      let requests = (try LinkRequests.hello(name), try LinkRequests.pulse(), try LinkRequests.commands())
      try loop.flatSubmit { [members, loop] in
        let member = Member(loop: loop)
        members.value[name] = member
        return member.connect(port: port, tls: tls, hello: requests.0, pulse: requests.1, commands: requests.2)
      }.wait()
    }
  }

  deinit { try? group.syncShutdownGracefully() }

  /// Sends the batches of each child one after the other, the next when the receipt says that the last is on disk.
  ///
  /// - Parameters:
  ///   - seconds: nothing more is sent after this time.
  ///   - caller: one more child, and the calls that it sends one by one with a pause of 100 ms until the others are done.
  func send(
    _ work: [String: [LinkRequests.Batch]], on lane: Lane, seconds: Int,
    caller: (name: String, calls: [LinkRequests.Batch])? = nil
  ) throws -> Sent {
    try loop.flatSubmit { [members, loop] () -> EventLoopFuture<Sent> in
      let run = Run(loop: loop, seconds: seconds)
      for (name, batches) in work {
        guard let member = members.value[name] else { continue }
        run.start(member.lane(lane), batches)
      }
      if let caller, let member = members.value[caller.name] { run.startCaller(member.lane(.calls), caller.calls) }
      return run.done.futureResult
    }.wait()
  }

  /// What the parent has of a child without a hole.
  func contiguous(_ name: String) throws -> JournalPosition {
    let hello = try LinkRequests.hello(name)
    let answer = try loop.flatSubmit { [members, loop] () -> EventLoopFuture<LinkSocket.Answer> in
      members.value[name]?.lane(.calls).ask(hello) ?? loop.makeFailedFuture(BenchError("no child \(name)"))
    }.wait()
    return try JSONDecoder().decode(LinkWelcome.self, from: Data(answer.body.readableBytesView)).receipt.contiguous.position
  }

  /// One child. Lives on the event loop.
  private final class Member {
    private let calls: Asker
    private let backlog: Asker
    private let pulse: Asker
    private let commands: Asker
    private let loop: any EventLoop

    init(loop: any EventLoop) {
      self.loop = loop
      (calls, backlog) = (Asker(loop: loop), Asker(loop: loop))
      (pulse, commands) = (Asker(loop: loop), Asker(loop: loop))
    }

    func lane(_ lane: Lane) -> Asker { lane == .calls ? calls : backlog }

    func connect(port: Int, tls: LinkTLS, hello: ByteBuffer, pulse heartbeat: ByteBuffer, commands listen: ByteBuffer)
      -> EventLoopFuture<Void>
    {
      let bound = NIOLoopBound(self, eventLoop: loop)
      return calls.connect(port: port, tls: tls, framing: HTTPFraming.answers)
        .flatMap { bound.value.backlog.connect(port: port, tls: tls, framing: HTTPFraming.answers) }
        .flatMap { bound.value.pulse.connect(port: port, tls: tls, framing: HTTPFraming.answers) }
        .flatMap { bound.value.commands.connect(port: port, tls: tls, framing: HTTPFraming.stream) }
        .flatMap { bound.value.calls.ask(hello) }
        .flatMapThrowing { guard $0.code == 200 else { throw BenchError("hello was answered \($0.code)") } }
        .flatMap { bound.value.commands.ask(listen) }
        .flatMapThrowing { guard $0.code == 200 else { throw BenchError("the command stream was answered \($0.code)") } }
        .map { bound.value.beat(heartbeat) }
    }

    private func beat(_ bytes: ByteBuffer) {
      let bound = NIOLoopBound(self, eventLoop: loop)
      loop.scheduleRepeatedTask(initialDelay: .zero, delay: .seconds(5)) { _ in
        if !bound.value.pulse.isBusy { _ = bound.value.pulse.ask(bytes) }
      }
    }
  }

  /// One measured run. Lives on the event loop.
  private final class Run {
    let done: EventLoopPromise<Sent>
    private let loop: any EventLoop
    private let begin = MonotonicClock.now()
    private let end: Instant
    private var sent = Sent()
    private var running = 0
    private var isOver = false
    private let decoder = JSONDecoder()

    /// After `seconds` a parent gets so long for what is under way.
    private static let patience = 120

    init(loop: any EventLoop, seconds: Int) {
      self.loop = loop
      end = begin + .seconds(seconds)
      done = loop.makePromise()
      let bound = NIOLoopBound(self, eventLoop: loop)
      loop.scheduleTask(in: .seconds(Int64(seconds + Self.patience))) {
        bound.value.fail("\(bound.value.running) children got no receipt in \(seconds + Self.patience) s")
      }
    }

    func start(_ asker: Asker, _ batches: [LinkRequests.Batch]) {
      running += 1
      post(asker, batches[...])
    }

    private func post(_ asker: Asker, _ batches: ArraySlice<LinkRequests.Batch>) {
      guard !isOver else { return }
      guard let batch = batches.first, MonotonicClock.now() < end else {
        running -= 1
        if running == 0 { finish() }
        return
      }
      ask(asker, batch) { [self] took in
        sent.receipts.add(took)
        sent.entries += batch.entries
        sent.seconds = Double((MonotonicClock.now() - begin).microseconds) / 1e6
        post(asker, batches.dropFirst())
      }
    }

    func startCaller(_ asker: Asker, _ calls: [LinkRequests.Batch]) { call(asker, calls[...]) }

    private func call(_ asker: Asker, _ calls: ArraySlice<LinkRequests.Batch>) {
      guard !isOver, let batch = calls.first else { return }
      ask(asker, batch) { [self] took in
        sent.calls.add(took)
        later(.milliseconds(100)) { $0.call(asker, calls.dropFirst()) }
      }
    }

    /// Until its receipt covers it; `then` gets the microseconds since it was first sent.
    private func ask(
      _ asker: Asker, _ batch: LinkRequests.Batch, since: Instant = MonotonicClock.now(), then: @escaping (Double) -> Void
    ) {
      asker.ask(batch.bytes).assumeIsolated().whenComplete { [self] result in
        guard !isOver else { return }
        switch result {
        case .failure(let error): fail("\(error)")
        case .success(let answer) where answer.code == 200:
          guard let receipt = try? decoder.decode(LinkReceipt.self, from: Data(answer.body.readableBytesView)),
            receipt.contiguous.position >= batch.last
          else { return fail("a receipt does not cover what was sent: \(String(buffer: answer.body))") }
          then(Double((MonotonicClock.now() - since).microseconds))
        case .success(let answer) where answer.code == 503:
          sent.refusals += 1
          later(.seconds(2)) { $0.ask(asker, batch, since: since, then: then) }
        case .success(let answer): fail("\(answer.code) \(String(buffer: answer.body))")
        }
      }
    }

    private func later(_ delay: TimeAmount, _ work: @escaping (Run) -> Void) {
      let bound = NIOLoopBound((self, work), eventLoop: loop)
      loop.scheduleTask(in: delay) { bound.value.1(bound.value.0) }
    }

    private func finish() {
      guard !isOver else { return }
      isOver = true
      done.succeed(sent)
    }

    private func fail(_ why: String) {
      guard !isOver else { return }
      isOver = true
      done.fail(BenchError(why))
    }
  }
}

extension ChildCrowd {
  /// Each says what a station says first, so that the parent's page shows them as it shows real ones.
  func introduce() throws {
    var work: [String: [LinkRequests.Batch]] = [:]
    for name in names {
      var journal = ChildEntries(station: name)
      work[name] = [try LinkRequests.batch(try journal.start(), of: name)]
    }
    _ = try send(work, on: .backlog, seconds: 60)
  }
}
