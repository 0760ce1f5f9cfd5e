import Foundation
import Station
import StationIdentity
import StationRuntime

/// Whether a station can speak on the line, as far as its own folder tells: the certificate is there, is its own, is in time, and its key is
/// nobody else's. One judgement for `linli run`, which needs it, and for `linli check` and `linli doctor`, which say what is missing.
public struct LineReadiness: Sendable {
  public enum End: Sendable, CaseIterable {
    /// To the parent; to the stations below.
    case up, down

    /// As lines of a terminal begin.
    public var title: String {
      switch self {
      case .up: "上级 / parent"
      case .down: "下级站点接入 / stations below"
      }
    }
  }

  /// `nil`: this end cannot be started.
  public var tls: LinkTLS?
  /// What is wrong and what to do, Chinese first; none: all is well.
  public var problems: [String] = []

  /// - Parameter newestJournalTime: see `LinkTLS`.
  public init(
    _ end: End, of site: Site, siteFolder: String, newestJournalTime: @escaping @Sendable () -> Date? = { nil },
    clock: @escaping @Sendable () -> Date = { Date() }
  ) {
    do {
      let store = end == .up ? IdentityStore.child(siteFolder: siteFolder) : IdentityStore.parent(siteFolder: siteFolder)
      if end == .down, !store.isThere {
        throw IdentityError.noAuthority(folder: CertificateAuthority.folder(siteFolder: siteFolder))
      }
      let tls = try LinkTLS(store: store, newestJournalTime: newestJournalTime, clock: clock)
      let (own, station) = (tls.own.station.text, site.plan.station)
      guard own == station else {
        problems.append(
          "\(store.folder) 里的证书属于站点 \(own),站点文件里是 \(station):改正站点文件,或重新接入(下级站 linli enroll --replace) / the certificate "
            + "in \(store.folder) is of station \(own), the site file says \(station): correct the site file, or join again (linli enroll "
            + "--replace)")
        return
      }
      self.tls = tls
      if let doubt = tls.clockDoubt {
        problems.append("\(doubt)")
      } else if let warning = tls.own.expiryWarning(at: tls.time.now) {
        problems.append("\(warning.chinese) / \(warning.english)")
      }
    } catch {
      problems.append("\(error)")
    }
  }

  /// The ends that the site file has.
  public static func ends(of site: Site) -> [End] { (site.parent == nil ? [] : [.up]) + (site.children == nil ? [] : [.down]) }
}
