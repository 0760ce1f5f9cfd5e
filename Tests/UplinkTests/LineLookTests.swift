import Foundation
import NIOCore
import NIOPosix
import Station
import StationIdentity
import StationLinkCodec
import Testing

@testable import StationRuntime
@testable import Uplink

/// Where a way to the parent ends, and why: each cause in words, never in those of a library.
@Suite(.serialized, .timeLimit(.minutes(2))) struct LineLookTests {
  private func look(
    _ rig: LinkRig, host: String = "127.0.0.1", port: Int? = nil, station: String? = nil, store: IdentityStore? = nil
  ) async throws -> LineLook {
    let path = ParentPlan.Path(name: "main", host: host, port: port ?? rig.server.port)
    let tls = try LinkTLS(store: store ?? rig.store)
    let name = station ?? rig.child
    // It waits for the network; the threads of tests are few.
    return await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        continuation.resume(returning: LineLook.look(at: path, station: name, name: "铁西", program: "test", tls: tls))
      }
    }
  }

  /// A server that says these bytes to whoever connects, or nothing and closes.
  private func listener(saying text: String?) async throws -> any Channel {
    try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        guard let text else { return channel.close() }
        return channel.eventLoop.makeSucceededVoidFuture().map {
          // After the client's first bytes are there.
          channel.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(100)) {
            channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
          }
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
  }

  private static let foreignWords = ["NIO", "BoringSSL", "errno", "Error", "error:"]

  @Test func aGoodWayIsGoneToItsEndAndTheClocksAreCompared() async throws {
    let rig = try LinkRig()
    let look = try await look(rig)
    #expect(look.passed == LineLook.Step.allCases && look.problem == nil && look.parent == "yunfeng")
    #expect(look.aheadMilliseconds.map { $0.magnitude < 20_000 } == true)
    #expect(rig.bodies.isEmpty && rig.pulses.isEmpty, "nothing was written")
  }

  @Test func eachStepThatFailsIsNamedWithWhatToDo() async throws {
    let rig = try LinkRig()
    let web = try await listener(saying: "HTTP/1.1 400 Bad Request\r\n\r\n")
    let mute = try await listener(saying: nil)
    let webPort = try #require(web.localAddress?.port)
    let mutePort = try #require(mute.localAddress?.port)
    let free = try await listener(saying: nil)
    let freePort = try #require(free.localAddress?.port)
    try await free.close().get()

    let unknown = try await look(rig, host: "no-such-station.invalid")
    #expect(unknown.passed == [] && unknown.problem?.contains("找不到名字 no-such-station.invalid") == true, "\(unknown)")
    let refused = try await look(rig, port: freePort)
    #expect(refused.passed == [.name] && refused.problem?.contains("端口 \(freePort) 没有程序在听") == true, "\(refused)")
    let wrongPort = try await look(rig, port: webPort)
    #expect(
      wrongPort.passed == [.name, .port] && wrongPort.problem?.contains("speaks no TLS: wrong port?") == true, "\(wrongPort)")
    let closes = try await look(rig, port: mutePort)
    #expect(closes.passed == [.name, .port] && closes.problem?.contains("接通后马上断开") == true, "\(closes)")

    let others = try CertificateAuthority.create(folder: "\(rig.folder)/others", station: StationName("yunfeng"), at: Date())
    _ = try others.issue(for: StationName(rig.child), into: "\(rig.folder)/foreign", at: Date())
    let foreign = try await look(rig, store: IdentityStore(folder: "\(rig.folder)/foreign"))
    #expect(foreign.passed == [.name, .port] && foreign.problem?.contains("证书机构") == true, "\(foreign)")
    _ = try rig.authority.issue(for: StationName("tiexi-09"), into: "\(rig.folder)/other", at: Date())
    let other = try await look(rig, station: "tiexi-09", store: IdentityStore(folder: "\(rig.folder)/other"))
    #expect(other.passed == [.name, .port, .certificates] && other.problem?.contains("上级不接受") == true, "\(other)")
    for look in [unknown, refused, wrongPort, closes, foreign] {
      for word in Self.foreignWords { #expect(look.problem?.contains(word) == false, "\(look)") }
    }
    try await web.close().get()
    try await mute.close().get()
  }

  /// Nobody takes the connection and nobody refuses it.
  @Test func noAnswerAndNoRouteAreToldApart() {
    func kind(_ code: Int32) -> ConnectFailure.Kind {
      ConnectFailure(IOError(errnoCode: code, reason: "connect"), host: "a", port: 1).kind
    }
    #expect([kind(ECONNREFUSED), kind(EHOSTUNREACH), kind(ENETUNREACH)] == [.refused, .noRoute, .noRoute])
    #expect([kind(ETIMEDOUT), kind(ECONNRESET), kind(EIO)] == [.timeOut, .brokenOff, .other])
    #expect(ConnectFailure(ChannelError.connectTimeout(.seconds(1)), host: "a", port: 1).kind == .timeOut)
    for kind in ConnectFailure.Kind.allCases {
      let failure = ConnectFailure(kind, host: "10.9.9.9", port: 8463)
      #expect(failure.description == "\(failure.chinese) / \(failure.english)" && failure.chinese.contains("10.9.9.9"))
    }
  }

  // MARK: - What the folder beside the site file lacks

  private func problems(_ rig: LinkRig, _ end: LineReadiness.End, at clock: Date = Date()) throws -> String {
    let plan = "site: {name: a, station: \(rig.child)}\nplaces: [{id: p, name: p}]\nposts: [{id: d, name: d}]\n"
    let site = try SiteFile.read(
      plan + "parent: {paths: [{name: main, host: a}]}\nchildren: {stations: [{station: b}]}\n", file: "f")
    #expect(LineReadiness.ends(of: site) == [.up, .down])
    return LineReadiness(end, of: site, siteFolder: rig.folder, clock: { clock }).problems.joined(separator: "; ")
  }

  @Test func whatIsMissingOrWrongIsSaid() throws {
    let rig = try LinkRig()
    #expect(try problems(rig, .up) == "")
    let own = try rig.store.load().own
    #expect(try problems(rig, .up, at: own.notAfter.addingTimeInterval(-5 * 86_400)).contains("还有 5 天到期"))
    #expect(try problems(rig, .up, at: own.notAfter.addingTimeInterval(60)).contains("本机时钟多半错了"))
    #expect(try problems(rig, .up, at: Date(timeIntervalSince1970: 0)).contains("本机时钟错了"))
    // The authority here is another station's.
    #expect(try problems(rig, .down).contains("属于站点 yunfeng,站点文件里是 tiexi-03"))
    let key = "\(rig.store.folder)/station.key"
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: key)
    #expect(try problems(rig, .up).contains("权限 644"))
    try FileManager.default.removeItem(atPath: rig.store.folder)
    #expect(try problems(rig, .up).contains("linli enroll"))
    try FileManager.default.removeItem(atPath: "\(rig.folder)/pki")
    #expect(try problems(rig, .down).contains("linli pki create"))
  }
}
