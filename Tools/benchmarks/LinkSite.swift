import DeviceVocabulary
import Foundation
import StationIdentity
import Transports

/// What stations need to speak with each other: an authority, and a certificate for each child. Made once for all rows.
final class LinkSite {
  static let parentName = "street"
  /// A real station; the others are simulated.
  static let communityName = "community"

  let folder: String
  private let authority: CertificateAuthority
  private var issued = Set<String>()

  static func name(_ number: Int) -> String { "child-\(number)" }

  init() throws {
    folder = FileManager.default.temporaryDirectory.path + "/linli-bench-\(getpid())-link"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    authority = try CertificateAuthority.create(folder: "\(folder)/pki", station: StationName(Self.parentName), at: Date())
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// The folder of the authority, whose own station the parent is.
  var authorityFolder: String { "\(folder)/pki" }

  /// A child's certificate and key.
  func identity(_ child: String) throws -> IdentityStore {
    let store = IdentityStore(folder: "\(folder)/\(child)")
    if issued.insert(child).inserted { _ = try authority.issue(for: StationName(child), into: store.folder, at: Date()) }
    return store
  }
}

/// Made when the first row needs it: a certificate for each of 300 stations takes its time.
final class LinkSiteOnce {
  private var made: LinkSite?

  func site() throws -> LinkSite {
    if let made { return made }
    let site = try LinkSite()
    made = site
    return site
  }
}

/// The real program as a street centre: no wires of its own, children below it, on the real disk.
final class StreetUnderTest {
  let folder: String
  let port: Int
  let program: ChildProgram

  /// - Parameter children: stations that may report here.
  init(_ bench: Bench, _ site: LinkSite, children: [String]) throws {
    folder = FileManager.default.temporaryDirectory.path + "/linli-bench-\(getpid())-\(UUID().uuidString.prefix(4))"
    port = Int(try LoopbackListener.freePort())
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: site.authorityFolder, toPath: "\(folder)/pki")
    var text = "site: {name: 测速街道, station: \(LinkSite.parentName)}\nplaces:\n  - {id: office, name: 值班室}\nposts:\n"
    text += "  - {id: desk, name: 值班台}\ndesk: {port: 0}\njournal: {folder: journal, ballastMiB: 1}\n"
    text += "children:\n  address: 127.0.0.1\n  port: \(port)\n  enrolmentPort: 0\n  stations:\n"
    for child in children { text += "    - {station: \(child), name: \(child)}\n" }
    try text.write(toFile: "\(folder)/site.yaml", atomically: true, encoding: .utf8)
    program = try ChildProgram([bench.linli, "run", "\(folder)/site.yaml", "--web", bench.web], log: "\(folder)/log")
    try StationUnderTest.wait("the street listens", seconds: 30) { log.contains("https://127.0.0.1:\(port)/") }
  }

  deinit {
    kill(program.processID, SIGKILL)
    try? FileManager.default.removeItem(atPath: folder)
  }

  var log: String { (try? String(contentsOfFile: "\(folder)/log", encoding: .utf8)) ?? "" }

  func deskPort() throws -> Int { try StationUnderTest.deskPort(log: "\(folder)/log") }
}
