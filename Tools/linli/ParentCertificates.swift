import Foundation
import StationIdentity
import Synchronization

/// The certificates that a simulated parent shows: its own, or one of those that a station must not accept.
final class ParentCertificates: Sendable {
  enum Kind: String, CaseIterable { case own, foreign, otherName, expired }

  let own: LinkTLS
  private let authority: String?
  /// Wrong certificates are made here; also for a moment a copy of the authority, whose list must not hold them.
  private let folder: String
  private let current: Mutex<LinkTLS>

  /// - Parameter authority: folder of the authority that `own` is of, for wrong certificates of the same authority.
  init(identity: String, authority: String?) throws {
    own = try LinkTLS(store: IdentityStore(folder: identity))
    self.authority = authority
    // Beside the key that may be copied: on the same disk, for the same owner.
    folder = (authority ?? "\(FileManager.default.temporaryDirectory.path)/linli-parent") + ".simulated-\(getpid())"
    current = Mutex(own)
  }

  var shown: LinkTLS { current.withLock { $0 } }

  func remove() { try? FileManager.default.removeItem(atPath: folder) }

  /// The answer to `certificate WHICH`; `nil` for every other line.
  func say(_ line: String) -> String? {
    let words = line.split(separator: " ")
    guard words.first == "certificate" else { return nil }
    guard words.count == 2, let kind = Kind(rawValue: String(words[1])) else {
      return "\(DeskControl.failure)certificate \(Kind.allCases.map(\.rawValue).joined(separator: " | "))\n"
    }
    do {
      let made = try make(kind)
      current.withLock { $0 = made }
      return "好 / ok\n"
    } catch {
      return "\(DeskControl.failure)\(error)\n"
    }
  }

  private func make(_ kind: Kind) throws -> LinkTLS {
    guard kind != .own else { return own }
    remove()
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    defer { remove() }
    let station = own.own.station
    switch kind {
    case .own: return own
    case .foreign:
      let other = try CertificateAuthority.create(folder: "\(folder)/pki", station: station, at: Date())
      return try LinkTLS(store: other.identity)
    case .otherName:
      let target = "\(folder)/other"
      _ = try copy().issue(for: StationName("somebody-else"), into: target, at: Date())
      return try LinkTLS(store: IdentityStore(folder: target))
    case .expired:
      let copy = try copy()
      // Two years and an hour ago: it has ended, but not before its authority began, which would be no identity at all.
      _ = try copy.rekey(at: Date(timeIntervalSinceNow: -2 * 365.25 * 86_400 - 3_600))
      return try LinkTLS(store: copy.identity)
    }
  }

  private func copy() throws -> CertificateAuthority {
    guard let authority else { throw Failure("请用 --authority 指明证书机构的文件夹 / name the authority's folder with --authority") }
    let copy = "\(folder)/pki"
    try FileManager.default.copyItem(atPath: authority, toPath: copy)
    return try CertificateAuthority(folder: copy)
  }
}
