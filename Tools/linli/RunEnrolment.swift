import DeviceKit
import Foundation
import StationIdentity
import StationRuntime
import Synchronization
import Transports

/// Enrolment in a running station: `linli pki invite` asks for a code through the control socket, and the port is open while one stands.
final class RunEnrolment: Sendable {
  /// The answer to `invite STATION`, as JSON.
  struct Invited: Codable {
    /// As people read it; goes to whoever may use the control socket, and nowhere else.
    var code: String
    var port: Int
    /// The site file has this station under `children`.
    var isRegistered: Bool
    /// The station listens for stations below.
    var isServing: Bool
  }

  private struct State {
    var server: EnrolmentServer?
    /// In any case it is closed then.
    var limit = Instant.zero
    var isStopped = false
  }
  private let state = Mutex(State())
  /// Logged since a code was made.
  private let lines = Mutex(0)
  private let folder: String
  private let plan: ChildrenPlan?
  private let known: Set<String>
  private let isServing: @Sendable () -> Bool

  /// An answer may be on its way, or be asked for again because it was lost.
  private static let linger = Interval.seconds(10)
  /// A stranger must not fill the log.
  private static let mostLines = 20

  /// - Parameter isServing: whether the station listens for stations below.
  init(_ site: Site, siteFolder: String, isServing: @escaping @Sendable () -> Bool) {
    folder = CertificateAuthority.folder(siteFolder: siteFolder)
    plan = site.children
    known = Set((site.plan.children ?? []).map(\.station))
    self.isServing = isServing
  }

  /// A code that stood when the program ended still opens.
  func resume() {
    guard let desk = try? EnrolmentDesk(authority: CertificateAuthority(folder: folder)),
      (try? desk.standing(at: Date()))?.isEmpty == false
    else { return }
    do {
      _ = try open(desk)
    } catch {
      Terminal.log("接入 / enrolment: \(error)")
    }
  }

  /// The answer to `invite STATION`; `nil` for every other line.
  func say(_ line: String) -> String? {
    guard line.hasPrefix("invite ") else { return nil }
    do {
      let name = try StationName(String(line.dropFirst("invite ".count)))
      let desk = EnrolmentDesk(authority: try CertificateAuthority(folder: folder))
      let port = try open(desk)
      let invited = Invited(
        code: try desk.invite(name, at: Date()).code.text, port: port, isRegistered: known.contains(name.text),
        isServing: isServing())
      Terminal.log("接入 / enrolment: \(name) 的邀请码已生成,端口 / a code was made, port \(port)")
      return String(decoding: try JSONEncoder().encode(invited), as: UTF8.self) + "\n"
    } catch {
      return "\(DeskControl.failure)\(error)\n"
    }
  }

  /// Opens the port, or keeps it open; answers which it is.
  private func open(_ desk: EnrolmentDesk) throws -> Int {
    try state.withLock { state in
      guard !state.isStopped else { throw Failure("站点正在停止 / the station is stopping") }
      state.limit = MonotonicClock.now() + .seconds(Int(EnrolmentDesk.validSeconds)) + Self.linger
      lines.withLock { $0 = 0 }
      if let server = state.server { return server.port }
      let server = try EnrolmentServer(
        desk: desk, host: plan?.address ?? EnrolmentServer.defaultHost, port: plan?.enrolmentPort ?? EnrolmentServer.defaultPort,
        onEvent: { [weak self] in self?.log($0) })
      state.server = server
      _ = startThread("enrolment") { [weak self] in
        var seen = MonotonicClock.now()
        while self?.keepsOpen(desk, &seen) ?? false { Thread.sleep(forTimeInterval: 1) }
      }
      return server.port
    }
  }

  private func keepsOpen(_ desk: EnrolmentDesk, _ seen: inout Instant) -> Bool {
    let now = MonotonicClock.now()
    return state.withLock { state in
      if state.isStopped { return false }
      // Unreadable for a moment: it is looked at again.
      if (try? desk.standing(at: Date()))?.isEmpty != true { seen = now }
      guard now - seen >= Self.linger || now >= state.limit else { return true }
      state.server?.stop()
      state.server = nil
      Terminal.log("接入 / enrolment: 端口已关 / the port is closed")
      return false
    }
  }

  private func log(_ event: EnrolmentServer.Event) {
    // `state` is not to be asked here: whoever stops the server waits for this thread.
    let count = lines.withLock { count in
      count += 1
      return count
    }
    guard count <= Self.mostLines else { return }
    switch event {
    case .admitted(let station): Terminal.log("接入 / enrolment: \(station) 已发证书 / certificate given")
    case .refused(let refusal, let station): Terminal.log("接入 / enrolment: \(station): \(refusal)")
    }
  }

  func stop() {
    let server = state.withLock { state in
      state.isStopped = true
      return state.server
    }
    server?.stop()
  }
}
