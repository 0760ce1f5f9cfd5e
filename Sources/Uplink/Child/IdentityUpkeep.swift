import Dispatch
import Foundation
import NIOCore
import NIOHTTP1
import StationIdentity
import StationLinkCodec

/// Keeps what this station is known by up to date over the line: the authority's revocation list, and its own certificate before it ends.
/// Lives on the event loop; files are written on a queue of its own, because a slow disk must not delay a call.
final class IdentityUpkeep {
  private enum Task {
    case revocations, renewal

    var request: (method: HTTPMethod, path: String, accepts: Int) {
      switch self {
      case .revocations: (.GET, LinkProtocol.revocations, 8 << 20)
      case .renewal: (.POST, LinkProtocol.renew, 64 << 10)
      }
    }

    /// After a try that failed.
    var retryTime: TimeAmount { self == .revocations ? .seconds(10) : .hours(1) }
  }

  /// What answers to a hello and to a heartbeat have in common.
  private struct News: Decodable { var revocations: UInt64? }

  private let tls: LinkTLS
  private let loop: any EventLoop
  private let log: @Sendable (String) -> Void
  private let files = DispatchQueue(label: "linli.identity")
  private var connection: LaneConnection?
  private var limit: Scheduled<Void>?
  private var nextTry: [Task: NIODeadline] = [:]

  private static let answerTime = TimeAmount.seconds(30)

  init(tls: LinkTLS, loop: any EventLoop, log: @escaping @Sendable (String) -> Void) {
    self.tls = tls
    self.loop = loop
    self.log = log
  }

  /// The parent answered on a path: a moment to see what is due, one thing at a time.
  func heard(_ body: [UInt8], on target: LinkTarget) {
    guard connection == nil else { return }
    let number = (try? JSONDecoder().decode(News.self, from: Data(body)))?.revocations ?? 0
    if number > tls.revocations.number, isDue(.revocations) {
      ask(.revocations, target, body: [])
    } else if tls.own.daysLeft(at: tls.time.now) < PeerIdentity.renewalDays, isDue(.renewal) {
      let store = tls.store
      // Reading the key and signing with it waits for the disk, too.
      start(.renewal, target) { Array(try store.renewalRequest().utf8) }
    }
  }

  private func isDue(_ task: Task) -> Bool { nextTry[task].map { $0 <= .now() } ?? true }

  private func start(_ task: Task, _ target: LinkTarget, _ make: @escaping @Sendable () throws -> [UInt8]) {
    nextTry[task] = .now() + task.retryTime
    let bound = NIOLoopBound(self, eventLoop: loop)
    let (loop, log) = (loop, log)
    files.async {
      do {
        let body = try make()
        loop.execute { bound.value.ask(task, target, body: body) }
      } catch {
        log("证书 / certificate: \(error)")
      }
    }
  }

  private func ask(_ task: Task, _ target: LinkTarget, body: [UInt8]) {
    guard connection == nil else { return }
    nextTry[task] = .now() + task.retryTime
    let connection = LaneConnection(target: target, tls: tls, loop: loop)
    self.connection = connection
    let bound = NIOLoopBound(self, eventLoop: loop)
    limit = loop.scheduleTask(in: Self.answerTime) { bound.value.end() }
    let (method, path, accepts) = task.request
    let request = LinkRequest(
      method: method, path: path, contentType: LinkProtocol.pemType, body: body, largestAnswer: accepts)
    connection.post(request) { [weak self] reply in
      self?.end()
      self?.take(reply, task)
    }
  }

  private func end() {
    limit?.cancel()
    connection?.drop()
    connection = nil
  }

  private func take(_ reply: LinkReply, _ task: Task) {
    switch reply {
    case .failed(let failure): log("证书 / certificates: \(failure)")
    case .answered(200, let body): store(body, task)
    case .answered(let status, let body):
      let problem = try? JSONDecoder().decode(LinkProblem.self, from: Data(body))
      log("证书 / certificates: HTTP \(status) \(problem?.title ?? "")")
    }
  }

  private func store(_ body: [UInt8], _ task: Task) {
    let (tls, store, log) = (tls, tls.store, log)
    files.async {
      do {
        switch task {
        case .revocations:
          let list = try RevocationList(json: Data(body))
          if try store.store(revocations: list) { log("吊销表 / revocation list: \(list.number), \(list.serials.count)") }
        case .renewal:
          if try store.store(certificate: String(decoding: body, as: UTF8.self)) {
            log("本站证书已更新 / this station's certificate was renewed: \(try store.load().own.notAfter.formatted(.iso8601))")
          }
        }
        tls.look()
      } catch {
        log("证书 / certificates: \(error)")
      }
    }
  }
}
