import DeviceKit
import Foundation
import NIOCore
import NIOPosix
import StationIdentity
import Transports

/// The reference for the line: an MQTT broker with QoS 1 and persistence, under the same mutual TLS and with the same certificates.
final class Mosquitto {
  let port: Int
  let program: ChildProgram
  private let folder: String

  /// - Parameter savesOnChange: its file is saved (written anew and synced) after every second change, the most durable setting there is;
  ///   else every 30 minutes, as shipped. It acknowledges before it saves in either case.
  init(_ site: LinkSite, savesOnChange: Bool) throws {
    port = Int(try LoopbackListener.freePort())
    folder = FileManager.default.temporaryDirectory.path + "/linli-bench-\(getpid())-\(UUID().uuidString.prefix(4))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let identity = "\(site.authorityFolder)/station"
    var text = "listener \(port) 127.0.0.1\nallow_anonymous true\nrequire_certificate true\ntls_version tlsv1.3\n"
    text += "cafile \(identity)/ca.pem\ncertfile \(identity)/station.pem\nkeyfile \(identity)/station.key\n"
    text += "persistence true\npersistence_location \(folder)/\nmax_queued_messages 0\nset_tcp_nodelay true\n"
    if savesOnChange { text += "autosave_on_changes true\nautosave_interval 1\n" }
    // Only root may say so, and only root would otherwise become somebody who cannot read the key.
    if getuid() == 0 { text += "user root\n" }
    try text.write(toFile: "\(folder)/mosquitto.conf", atomically: true, encoding: .utf8)
    let path =
      ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"].first(where: FileManager.default.isExecutableFile) ?? "mosquitto"
    program = try ChildProgram([path, "-c", "\(folder)/mosquitto.conf"], log: "\(folder)/log")
    try StationUnderTest.wait("mosquitto listens", seconds: 20) {
      let log = (try? String(contentsOfFile: "\(folder)/log", encoding: .utf8)) ?? ""
      if log.contains("Error") { throw BenchError("mosquitto: \(log.suffix(300))") }
      return log.contains("running")
    }
  }

  deinit {
    kill(program.processID, SIGKILL)
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// Connections of publishers, and a subscriber whose session outlives it: without one nothing would be kept.
  final class Clients: Sendable {
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let loop: any EventLoop
    private let publishers: NIOLoopBoundBox<[Asker]>
    private let subscriber: NIOLoopBoundBox<Asker?>

    /// - Parameter names: whose certificates are shown, one connection each.
    init(_ site: LinkSite, _ names: [String], port: Int) throws {
      loop = group.next()
      publishers = .makeBoxSendingValue([], eventLoop: loop)
      subscriber = .makeBoxSendingValue(nil, eventLoop: loop)
      for (index, name) in names.enumerated() {
        let tls = try LinkTLS(store: site.identity(name))
        try loop.flatSubmit { [publishers, loop] in
          let asker = Asker(loop: loop)
          publishers.value.append(asker)
          return Self.connect(asker, port: port, tls: tls, MQTT.connect("\(name)-\(index)", isDurable: false), loop)
        }.wait()
      }
    }

    deinit { try? group.syncShutdownGracefully() }

    func subscribe(_ site: LinkSite, port: Int) throws {
      let tls = try LinkTLS(store: site.identity(LinkSite.name(1)))
      try loop.flatSubmit { [subscriber, loop] in
        let asker = Asker(loop: loop)
        subscriber.value = asker
        asker.unasked = { [weak asker] message in MQTT.acknowledgement(of: message).map { asker?.tell($0) } }
        let bound = NIOLoopBound(asker, eventLoop: loop)
        return Self.connect(asker, port: port, tls: tls, MQTT.connect("centre", isDurable: true), loop)
          .flatMap { bound.value.ask(MQTT.subscribe("linli/#")) }
          .flatMapThrowing { guard $0.code == MQTT.subscribed else { throw BenchError("mosquitto lets nobody subscribe") } }
      }.wait()
    }

    private static func connect(_ asker: Asker, port: Int, tls: LinkTLS, _ hello: ByteBuffer, _ loop: any EventLoop)
      -> EventLoopFuture<Void>
    {
      let bound = NIOLoopBound(asker, eventLoop: loop)
      return asker.connect(port: port, tls: tls, framing: MQTT.framing).flatMap { bound.value.ask(hello) }
        .flatMapThrowing { guard $0.code == MQTT.connected else { throw BenchError("mosquitto refused a client") } }
    }

    /// Every publisher sends the message again and again, the next when the last was acknowledged.
    ///
    /// - Returns: acknowledged messages per second.
    func publish(_ payload: [UInt8], seconds: Int) throws -> Double {
      let message = MQTT.publish(payload, to: "linli/calls")
      let begin = MonotonicClock.now()
      let end = begin + .seconds(seconds)
      let count = try loop.flatSubmit { [publishers, loop] () -> EventLoopFuture<Int> in
        let all = publishers.value.map { Self.repeating(message, $0, until: end, loop) }
        return EventLoopFuture.whenAllSucceed(all, on: loop).map { $0.reduce(0, +) }
      }.wait()
      return Double(count) / Double((MonotonicClock.now() - begin).microseconds) * 1e6
    }

    private static func repeating(_ message: ByteBuffer, _ asker: Asker, until end: Instant, _ loop: any EventLoop)
      -> EventLoopFuture<Int>
    {
      let promise = loop.makePromise(of: Int.self)
      func next(_ done: Int) {
        guard MonotonicClock.now() < end else { return promise.succeed(done) }
        asker.ask(message).assumeIsolated().whenComplete { result in
          switch result {
          case .success(let answer) where answer.code == MQTT.published: next(done + 1)
          case .success(let answer): promise.fail(BenchError("mosquitto answered a message with \(answer.code)"))
          case .failure(let error): promise.fail(error)
          }
        }
      }
      next(0)
      return promise.futureResult
    }
  }
}
