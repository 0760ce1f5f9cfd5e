import DeviceVocabulary
import Foundation
import Journal
import NIOCore
import Station
import StationIdentity
import StationRuntime
import Synchronization
import Transports
import Uplink

/// Both ends of the line between stations, as far as the site file has them. What keeps one from starting is shown on the desk and does
/// not keep the station from running.
final class RunLink: Sendable {
  private struct Parts {
    var uplink: Uplink?
    var server: LinkServer?
    var watches: [Task<Void, Never>] = []
    /// Stations below that the site file names.
    var known: Set<String> = []
  }
  private let parts = Mutex(Parts())
  private let below = ChildReadings()
  /// The last time that a disciplined clock gave: certificates are checked at the later of it and the clock.
  private let newest: NewestTime

  init(newest: NewestTime) {
    self.newest = newest
  }

  /// Stations below can connect.
  var isServing: Bool { parts.withLock { $0.server != nil } }

  /// The station has committed something.
  func wake() { parts.withLock { $0.uplink }?.wake() }

  func command(_ child: String, _ command: ParentCommand) { parts.withLock { $0.server }?.send(command, to: child) }

  /// The newest of this station's own devices, or of a station below; `nil`: there is no such station below.
  func readings(_ station: String?, _ runtime: StationRuntime) -> [AgedReading]? {
    guard let station else {
      let now = MonotonicClock.now()
      return runtime.readings.all().map { $0.aged(at: now) }
    }
    return parts.withLock { $0.known }.contains(station) ? below.all(of: station) : nil
  }

  func start(_ site: Site, _ file: SiteArgument, _ runtime: StationRuntime, keys: KeySource) {
    if let plan = site.parent { startUplink(plan, site, file, runtime, keys) }
    if let plan = site.children { startServer(plan, site, file, runtime) }
  }

  private func startUplink(_ plan: ParentPlan, _ site: Site, _ file: SiteArgument, _ runtime: StationRuntime, _ keys: KeySource) {
    let ready = ready(.up, site, file)
    do {
      guard let tls = ready.tls else { throw Failure(ready.problems.joined(separator: "; ")) }
      var options = Uplink.Options(
        station: site.plan.station, name: site.plan.name, program: Linli.version, parent: plan,
        journalFolder: file.path(site.journalFolder), readings: { runtime.readings.all() }, log: { Terminal.log($0) },
        tell: { runtime.tell($0) }, parentHas: { runtime.parentHas($0, parentMilliseconds: $1) })
      if site.visitPages != nil { options.keys = keys }
      let uplink = try Uplink(options, tls: tls)
      parts.withLock { $0.uplink = uplink }
      watch(tls, runtime)
    } catch {
      // The desk shows the reason at each path; calls stay in this station.
      let paths = plan.paths.map { PathStatus(name: $0.name, state: .refused, reason: "\(error)") }
      runtime.tell(.link(LinkStatus(paths: paths)))
      if ready.tls != nil { Terminal.log("\(LineReadiness.End.up.title): \(error)") }
    }
  }

  /// What is wrong is logged; see `LineReadiness`.
  private func ready(_ end: LineReadiness.End, _ site: Site, _ file: SiteArgument) -> LineReadiness {
    let ready = LineReadiness(end, of: site, siteFolder: file.folder, newestJournalTime: { [newest] in newest.date })
    for problem in ready.problems { Terminal.log("\(end.title): \(problem)") }
    return ready
  }

  private func startServer(_ plan: ChildrenPlan, _ site: Site, _ file: SiteArgument, _ runtime: StationRuntime) {
    let known = Set((site.plan.children ?? []).map(\.station))
    parts.withLock { $0.known = known }
    guard let tls = ready(.down, site, file).tls else { return }
    do {
      let folder = file.folder
      var parent = LinkParent(
        station: site.plan.station, name: site.plan.name, receive: { await runtime.receive($1, from: $0) },
        greet: { await runtime.greet($0, oldest: $1) }, readings: below, tell: { runtime.tell($0) },
        isKnown: { known.contains($0) },
        renew: { try await Self.renew($0, $1, at: $2, in: CertificateAuthority.folder(siteFolder: folder)) },
        log: { Terminal.log($0) })
      let keysBelow = KeysBelow(folder: file.path(site.journalFolder))
      parent.keys = { await keysBelow.take($1, of: $0) }
      let server = try LinkServer(address: plan.address, port: plan.port, tls: tls, parent: parent)
      parts.withLock { $0.server = server }
      Terminal.log("下级站点接入 / stations below: https://\(plan.address):\(server.port)/link/v1/")
      watch(tls, runtime)
    } catch {
      Terminal.log("下级站点接入 / stations below: \(error)")
    }
  }

  /// Off the tasks' threads, because it waits for the disk.
  private static func renew(_ child: StationName, _ request: String, at now: Date, in folder: String) async throws -> String {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async {
        continuation.resume(
          with: Result { try CertificateAuthority(folder: folder).renewal(of: child, request: request, at: now).pem })
      }
    }
  }

  /// Warns 30 days before this station's own certificate ends; looked at once an hour.
  private func watch(_ tls: LinkTLS, _ runtime: StationRuntime) {
    let watch = Task {
      while !Task.isCancelled {
        let warning = tls.own.expiryWarning(at: tls.time.now).map { "\($0.chinese) / \($0.english)" }
        // A certificate that has ended by a clock that is far ahead wants the clock set.
        runtime.tell(.certificate(warning.map { tls.clockDoubt?.description ?? $0 }))
        try? await Task.sleep(for: .seconds(3600))
      }
    }
    parts.withLock { $0.watches.append(watch) }
  }

  func stop() {
    let (uplink, server) = parts.withLock { parts in
      for watch in parts.watches { watch.cancel() }
      return (parts.uplink, parts.server)
    }
    uplink?.stop()
    server?.stop()
  }
}

/// The last time in the journal that a disciplined clock gave, wherever in it that is.
final class NewestTime: Sendable {
  private let newest = Mutex<Date?>(nil)

  var date: Date? { newest.withLock { $0 } }

  /// - Parameter milliseconds: since 1970. A later entry may have an earlier one: a clock that was ahead has been put right.
  func note(_ milliseconds: Int64) { newest.withLock { $0 = Date(timeIntervalSince1970: Double(milliseconds) / 1000) } }
}
