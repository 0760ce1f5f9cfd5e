import DeviceVocabulary
import Foundation
import Journal
import Station
import StationIdentity
import StationRuntime
import Transports

/// A street centre and a community below it, both the real program, and a line for each path between them.
public final class StationPair {
  public let folder = Shell.newFolder()
  public let street: Shell
  public let community: Shell
  /// One for each path, in the site file's order.
  public let lines: [Line]
  public let authority: CertificateAuthority
  public let linkPort: UInt16
  public let enrolmentPort: UInt16

  public static let streetName = "street"
  public static let communityName = "tiexi-03"
  public static let pathNames = ["main", "spare", "third", "fourth"]

  /// - Parameters:
  ///   - silentPanel: of the community: a panel whose place is silent.
  ///   - parent: more keys of the community's `parent:` section, each beginning with a comma.
  ///   - isEnrolled: the community has its certificate already.
  ///   - siblings: other stations that the street knows.
  public init(
    panels: Int = 2, paths: Int = 1, parent: String = "", more: String = "", isEnrolled: Bool = true, siblings: [String] = []
  ) throws {
    let port = try LoopbackListener.freePort()
    linkPort = port
    enrolmentPort = try LoopbackListener.freePort()
    let lines = try (0..<paths).map { _ in try Line(to: port) }
    self.lines = lines
    var site = "site: {name: 铁西街道综治中心, station: \(Self.streetName)}\nplaces:\n  - {id: office, name: 值班室}\nposts:\n"
    site += "  - {id: desk, name: 街道值班台}\n  - {id: lead, name: 街道带班}\ndesk: {port: 0}\n"
    site += "journal: {folder: journal, ballastMiB: 1}\n"
    let others = siblings.map { ", {station: \($0), name: \($0)}" }.joined()
    site += "children: {address: 127.0.0.1, port: \(port), enrolmentPort: \(enrolmentPort), "
    site += "stations: [{station: \(Self.communityName), name: 铁西社区}\(others)]}\n"
    street = try Shell(folder: "\(folder)/street", site: site)
    community = try Shell(folder: "\(folder)/community", site: Self.site(folder, panels, lines, parent, more))
    authority = try CertificateAuthority.create(
      folder: CertificateAuthority.folder(siteFolder: street.folder), station: StationName(Self.streetName), at: Date())
    if isEnrolled { try issue(Self.communityName, into: IdentityStore.child(siteFolder: community.folder).folder) }
    try community.startBus(panels: panels)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private static func site(_ folder: String, _ panels: Int, _ lines: [Line], _ parent: String, _ more: String) -> String {
    var site = "site: {name: 铁西社区综治中心, station: \(communityName)}\nplaces:\n  - {id: p, name: 大厅}\nposts:\n"
    site += "  - {id: desk, name: 值班台}\n  - {id: lead, name: 带班岗}\nbuses:\n"
    site += "  - name: A\n    port: \(folder)/community/bus\n    panels:\n"
    for node in 1...panels {
      site += "      - {node: \(node), name: 面板, buttons: [{button: 1, place: p}, {button: 2, place: p}]}\n"
    }
    let paths = zip(pathNames, lines).map { "{name: \($0), host: 127.0.0.1, port: \($1.port)}" }.joined(separator: ", ")
    return site + more + "parent: {paths: [\(paths)]\(parent)}\ndesk: {port: 0}\njournal: {folder: journal, ballastMiB: 1}\n"
  }

  /// A certificate of the street's authority and its key, as a folder.
  @discardableResult
  public func issue(_ station: String, into folder: String) throws -> IssuedCertificate {
    try authority.issue(for: StationName(station), into: folder, at: Date())
  }

  /// Puts `linli sim line` into the first path, in place of the test's own line; what the answer is told pulls it and plugs it in.
  public func cable() throws -> (String) throws -> String {
    let socket = "\(folder)/line.sock"
    let port = try LoopbackListener.freePort()
    try community.start(["sim", "line", "--listen", "\(port)", "--to", "127.0.0.1:\(linkPort)", "--socket", socket])
    try community.waitUntil("the line is there") { (try? ControlSocket.ask(socket, "ping")) == "ok\n" }
    let site = "\(community.folder)/site.yaml"
    try String(contentsOfFile: site, encoding: .utf8).replacingOccurrences(of: "port: \(lines[0].port)}", with: "port: \(port)}")
      .write(toFile: site, atomically: true, encoding: .utf8)
    return { try ControlSocket.ask(socket, $0) }
  }

  /// Both run, and each knows that the other is there.
  public func start(environment: [String: String] = [:]) throws -> (street: Process, community: Process) {
    let street = try street.startStation()
    try waitUntilListening()
    let community = try community.startStation()
    try self.community.waitUntilOnline(1)
    try waitUntilConnected()
    return (street, community)
  }

  public func waitUntilListening() throws {
    try street.waitUntil("the street's port is open") { isListening(linkPort) && (try? street.desk("ping")) == "ok\n" }
  }

  /// The community's newest word on its path is that it is up or, after a fault, working.
  public func waitUntilConnected(_ path: String = "main", seconds: Double = 60) throws {
    try community.waitUntil("path \(path) works", seconds: seconds) {
      let log = (try? String(contentsOfFile: "\(community.folder)/station.log", encoding: .utf8)) ?? ""
      let last = log.split(separator: "\n").last { $0.contains("path \(path): ") }
      return last.map { $0.contains(": up") || $0.contains(": degraded") } ?? false
    }
  }

  // MARK: - What is on both disks

  /// The community's entries on the street's disk, in the order in which they were written there.
  public func copies() throws -> [Received] {
    try street.entries().compactMap { if case .received(let received) = $0.change { received } else { nil } }
  }

  /// Every entry about faults that a station has written of its own, in the order of the words; not those that give a standing fault
  /// another reason.
  public func faultEntries(of shell: Shell) throws -> [String] {
    var raised = Set<FaultKey>()
    return try shell.entries().compactMap { entry in
      switch entry.change {
      case .faultRaised(let key, _): raised.insert(key).inserted ? key.description : nil
      case .faultPresent(let key, let isPresent): "\(key) is \(isPresent ? "back" : "over")"
      default: nil
      }
    }.sorted()
  }

  /// The community's own, as stored.
  public func originals() throws -> [JournalEntry] {
    try JournalReader(folder: "\(community.folder)/journal").entries(after: nil, limit: 1_000_000)
  }

  /// What is wrong with the street's copy of the community's journal, in words; empty when it is the same bytes in every entry that is
  /// there, none twice, with hashes that fit, and both journals verify.
  public func differences() throws -> [String] {
    var found: [String] = []
    for (name, shell) in [("street", street), ("community", community)] {
      let report = try JournalReader(folder: "\(shell.folder)/journal").verify()
      found += report.findings.map { "\(name): \($0)" }
    }
    let originals = Dictionary(try originals().map { ($0.position, $0) }, uniquingKeysWith: { first, _ in first })
    var seen: Set<JournalPosition> = []
    for copy in try copies() {
      if !seen.insert(copy.position).inserted { found.append("\(copy.position) is there twice") }
      if EntryHash.chained(after: copy.before.hash, at: copy.position, body: copy.body) != copy.hash {
        found.append("\(copy.position): its hash does not fit")
      }
      guard let original = originals[copy.position] else {
        found.append("\(copy.position) is not in the community's journal")
        continue
      }
      if original.body != copy.body || original.hash != copy.hash { found.append("\(copy.position) is not the same") }
      if copy.child != Self.communityName { found.append("\(copy.position) is of \(copy.child)") }
    }
    return found
  }

  /// Entries of the community that the street does not have.
  public func missing() throws -> [JournalPosition] {
    let copied = Set(try copies().map(\.position))
    return try originals().map(\.position).filter { !copied.contains($0) }
  }

  /// The calls whose openings the street has, in the order in which they came, and those that the community was told of.
  public func openings() throws -> (street: [IncidentID], told: [IncidentID]) {
    let street = try copies().compactMap { copy -> IncidentID? in
      if case .opened(let id, _)? = copy.content?.change { id } else { nil }
    }
    let told = try community.entries().compactMap { if case .delivered(let id, _) = $0.change { id } else { nil } }
    return (street, told)
  }
}

extension Shell {
  /// The faults on the desk: each with whether its cause is still there.
  public func faults(site: String = "site.yaml") throws -> [String: Bool] {
    var found: [String: Bool] = [:]
    for line in try desk("status", site: site).split(separator: "\n") where line.hasPrefix("故障 ") {
      let key = line.dropFirst(3).prefix { $0 != "," }.split(separator: ": ")[0]
      found[String(key)] = !line.contains("(已消失,待复测)")
    }
    return found
  }

  public func log() -> String { (try? String(contentsOfFile: "\(folder)/station.log", encoding: .utf8)) ?? "" }

  /// As a power cut would, but for the disk.
  public func killStation(_ process: Process) {
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }
}

/// Whether somebody takes connections there.
public func isListening(_ port: UInt16) -> Bool {
  let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
  guard descriptor >= 0 else { return false }
  defer { close(descriptor) }
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = port.bigEndian
  address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
  return withUnsafePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
    }
  } == 0
}
