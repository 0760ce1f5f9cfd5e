import DeviceKit
import DeviceVocabulary
import Foundation
import NIOCore
import NIOPosix
import StationIdentity
import StationLinkCodec
import StationRuntime
import Transports

/// One way to the parent, gone step by step as a running station goes it, for a technician who wants to know where it ends. Writes nothing at
/// either end.
public struct LineLook: Sendable {
  public enum Step: Sendable, CaseIterable {
    case name, port, certificates, greeting

    public var text: String {
      switch self {
      case .name: "找到地址 / address found"
      case .port: "端口接通 / port open"
      case .certificates: "双方证书 / certificates"
      case .greeting: "上级应答 / parent answers"
      }
    }
  }

  public var passed: [Step] = []
  /// Of the step after those, or of the clock: what is wrong and what to do; `nil`: all is well.
  public var problem: String?
  /// The parent's name, as it says.
  public var parent = ""
  /// By how much the parent's clock is ahead of this one, in milliseconds; negative: it is behind.
  public var aheadMilliseconds: Int64?

  /// Takes some seconds, at most twenty for a way that swallows everything.
  public static func look(at path: ParentPlan.Path, station: String, name: String, program: String, tls: LinkTLS) -> LineLook {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    defer { try? group.syncShutdownGracefully() }
    var look = LineLook()
    if let failure = knock(path.host, path.port, group) {
      if failure.kind != .unknownName { look.passed = [.name] }
      look.problem = "\(failure)"
      return look
    }
    look.passed = [.name, .port]
    let hello = LinkHello(station: station, name: name, program: program, head: .start)
    look.judge(greet(path, hello, tls, group.next()), path)
    return look
  }

  /// Whether anybody takes a connection there; `nil`: yes.
  public static func knock(_ host: String, _ port: Int, _ group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton)
    -> ConnectFailure?
  {
    do {
      try ClientBootstrap(group: group).connectTimeout(LaneConnection.connectTime).connect(host: host, port: port).wait()
        .close().wait()
      return nil
    } catch ChannelError.alreadyClosed {
      return nil
    } catch {
      return ConnectFailure(error, host: host, port: port)
    }
  }

  private static let answerTime = TimeAmount.seconds(12)

  private static func greet(_ path: ParentPlan.Path, _ hello: LinkHello, _ tls: LinkTLS, _ loop: any EventLoop) -> LinkReply {
    let target = LinkTarget(name: path.name, host: path.host, port: path.port)
    let promise = loop.makePromise(of: LinkReply.self)
    loop.execute {
      let connection = LaneConnection(target: target, tls: tls, loop: loop)
      let bound = NIOLoopBound(connection, eventLoop: loop)
      let limit = loop.scheduleTask(in: answerTime) {
        bound.value.drop()
        promise.succeed(.failed(failure(ChannelError.connectTimeout(answerTime), target)))
      }
      let body = (try? JSONEncoder().encode(hello)).map { Array($0) } ?? []
      connection.post(LinkRequest(path: LinkProtocol.hello, body: body)) { reply in
        limit.cancel()
        bound.value.drop()
        promise.succeed(reply)
      }
    }
    do { return try promise.futureResult.wait() } catch { return .failed(failure(error, target)) }
  }

  private mutating func judge(_ reply: LinkReply, _ path: ParentPlan.Path) {
    switch reply {
    case .failed(let failure): problem = failure.text
    case .answered(200, let body):
      passed.append(.certificates)
      guard let welcome = try? JSONDecoder().decode(LinkWelcome.self, from: Data(body)) else {
        problem = "上级的答复读不懂,版本不同? / the parent's answer is not understood; another version?"
        return
      }
      passed.append(.greeting)
      parent = welcome.station
      let ahead = welcome.nowMilliseconds.subtractingReportingOverflow(WallTime.now().microsecondsSince1970 / 1000)
      aheadMilliseconds = ahead.overflow ? nil : ahead.partialValue
      if aheadMilliseconds.map({ $0.magnitude > 120_000 }) ?? true {
        problem =
          "本机时钟与上级相差 2 分钟以上:核对哪一边不对,设好它(\(ClockDoubt.howToSet)) / this computer's clock and the parent's differ by more "
          + "than 2 minutes: find out which is wrong and set it"
      }
    case .answered(let status, let body):
      passed.append(.certificates)
      let refusal = try? JSONDecoder().decode(LinkProblem.self, from: Data(body))
      problem = refusal.map { "上级不接受 / the parent refuses: \($0.title) (\($0.where): \($0.accepted))" } ?? "HTTP \(status)"
    }
  }
}
