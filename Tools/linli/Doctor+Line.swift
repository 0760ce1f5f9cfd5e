import Foundation
import Station
import StationIdentity
import StationRuntime
import Uplink

/// The line between stations: what this station's folder lacks for it, and where each way to the parent ends.
extension Doctor {
  /// - Parameter isRunning: the station runs, so that its own ports should be open.
  func examineLine(of site: Site, siteFolder: String, isRunning: Bool, _ report: DoctorReport) {
    if let plan = site.parent {
      let ready = LineReadiness(.up, of: site, siteFolder: siteFolder)
      if !ready.problems.isEmpty { report.add(line: LineReadiness.End.up.title, passed: [], problems: ready.problems) }
      for path in plan.paths { if let tls = ready.tls { go(along: path, site.plan, tls, report) } }
    }
    if let plan = site.children {
      var problems = LineReadiness(.down, of: site, siteFolder: siteFolder).problems
      let host = plan.address == "0.0.0.0" ? "127.0.0.1" : plan.address == "::" ? "::1" : plan.address
      if problems.isEmpty, isRunning, plan.port != 0, let failure = LineLook.knock(host, plan.port) {
        problems.append("站点在运行,下级却连不上它:\(failure) / the station runs, but cannot be connected to")
      }
      report.add(line: LineReadiness.End.down.title, passed: [], problems: problems)
    }
  }

  private func go(along path: ParentPlan.Path, _ plan: SitePlan, _ tls: LinkTLS, _ report: DoctorReport) {
    report.progress("上级线路 / way to the parent: \(path.name)")
    let look = LineLook.look(at: path, station: plan.station, name: plan.name, program: Linli.version, tls: tls)
    var passed = look.passed.map(\.text)
    if let ahead = look.aheadMilliseconds { passed.append(Self.clocks(ahead)) }
    let place = "\(path.name) \(path.host):\(path.port)\(look.parent.isEmpty ? "" : " → \(look.parent)")"
    report.add(line: "上级线路 / way to the parent \(place)", passed: passed, problems: look.problem.map { [$0] } ?? [])
  }

  private static func clocks(_ ahead: Int64) -> String {
    let seconds = ahead.magnitude / 1000
    return ahead < 0
      ? "时钟 / clocks: 上级慢 \(seconds) s / the parent is \(seconds) s behind"
      : "时钟 / clocks: 上级快 \(seconds) s / the parent is \(seconds) s ahead"
  }
}
