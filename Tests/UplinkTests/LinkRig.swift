import DeviceVocabulary
import Foundation
import Journal
import NIOConcurrencyHelpers
import Station
import StationIdentity
import StationLinkCodec
import Testing
import Uplink

@testable import StationRuntime

/// A parent's end of the line on a real socket, with an authority of its own and one child, in a folder of the test's own. What would be the
/// parent's station is a cursor.
final class LinkRig: Sendable {
  let folder = "\(FileManager.default.temporaryDirectory.path)/linli-uplink-\(UUID().uuidString.prefix(8))"
  let authority: CertificateAuthority
  let child = "tiexi-03"
  let store: IdentityStore
  let server: LinkServer
  let readings = ChildReadings()
  let tls: LinkTLS
  private let heard = NIOLockedValueBox(Heard())

  struct Heard {
    var cursor = LinkCursor()
    var bodies: [[UInt8]] = []
    var inputs: [StationInput] = []
    var log: [String] = []
    /// Stretches of keys, and whether the disk takes them.
    var keys: [LinkKeys] = []
    var refusesKeys = false
    /// What a parent that cannot be trusted says it has.
    var welcome: LinkReceipt?
  }

  /// - Parameters:
  ///   - issued: when the child got its certificate, which is good for two years.
  ///   - taking: what the parent's station does before it takes entries.
  init(
    issued: Date = Date(), limits: LinkLimits = LinkLimits(), taking: @escaping @Sendable ([Received]) async -> Void = { _ in }
  ) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    // Before the child's certificate, or that one would be older than its authority.
    authority = try CertificateAuthority.create(
      folder: "\(folder)/pki", station: StationName("yunfeng"), at: issued.addingTimeInterval(-86_400))
    store = IdentityStore(folder: "\(folder)/identity")
    _ = try authority.issue(for: StationName(child), into: store.folder, at: issued)
    // The parent's own is fresh.
    _ = try authority.renew(authority.station, at: Date())
    let (heard, authority, known) = (heard, authority, child)
    var parent = LinkParent(
      station: "yunfeng", name: "云峰",
      receive: { _, entries in
        await taking(entries)
        return heard.withLockedValue { heard in
          for entry in entries where heard.cursor.take(entry.link) == .new { heard.bodies.append(entry.body) }
          return heard.cursor.receipt(for: entries.map(\.position))
        }
      },
      greet: { _, _ in heard.withLockedValue { $0.welcome ?? $0.cursor.welcome } }, readings: readings,
      tell: { input in
        heard.withLockedValue { $0.inputs.append(input) }
        return true
      },
      isKnown: { $0 == known }, renew: { try authority.renewal(of: $0, request: $1, at: $2).pem },
      log: { line in heard.withLockedValue { $0.log.append(line) } })
    parent.keys = { _, stretch in
      heard.withLockedValue { heard in
        heard.keys.append(stretch)
        return heard.refusesKeys ? nil : stretch.keys.count
      }
    }
    tls = try LinkTLS(store: authority.identity)
    server = try LinkServer(address: "127.0.0.1", port: 0, tls: tls, parent: parent, limits: limits)
  }

  deinit {
    server.stop()
    try? FileManager.default.removeItem(atPath: folder)
  }

  func greet(with receipt: LinkReceipt) { heard.withLockedValue { $0.welcome = receipt } }

  var bodies: [[UInt8]] { heard.withLockedValue { $0.bodies } }
  var keys: [LinkKeys] { heard.withLockedValue { $0.keys } }
  func refuseKeys(_ refuses: Bool) { heard.withLockedValue { $0.refusesKeys = refuses } }
  var log: [String] { heard.withLockedValue { $0.log } }
  var pulses: [ChildPulse] {
    heard.withLockedValue { heard in
      heard.inputs.flatMap { input -> [ChildPulse] in if case .childrenHeard(let pulses) = input { pulses } else { [] } }
    }
  }

  /// What the parent's station was told of the child's certificate.
  var certificates: [String?] {
    heard.withLockedValue { heard in
      heard.inputs.flatMap { input -> [String?] in
        if case .childCertificate(let name, let warning) = input, name == child { [warning] } else { [] }
      }
    }
  }

  /// The child's end: a journal with one entry, and what reports it. Readings go once a second.
  ///
  /// - Parameter port: of another parent.
  func startChild(port: Int? = nil, keys: KeySource? = nil) throws -> Child {
    try Child(self, port: port ?? server.port, keys: keys)
  }

  final class Child {
    let journal: SQLiteJournal
    let uplink: Uplink
    let newest = LatestValues()
    private let told = NIOLockedValueBox<[StationInput]>([])
    private let lines = NIOLockedValueBox<[String]>([])

    fileprivate init(_ rig: LinkRig, port: Int, keys: KeySource?) throws {
      journal = try SQLiteJournal(folder: "\(rig.folder)/journal", month: JournalMonth(year: 2026, month: 11))
      _ = try journal.append([Array("abc".utf8)], urgent: true)
      let (told, lines, newest) = (told, lines, newest)
      var options = Uplink.Options(
        station: rig.child, name: "铁西", program: "test",
        parent: ParentPlan(
          paths: [.init(name: "lan", host: "127.0.0.1", port: port)], backlogKilobytesPerSecond: 250, readingsSeconds: 1),
        journalFolder: "\(rig.folder)/journal", readings: { newest.all() },
        log: { line in lines.withLockedValue { $0.append(line) } },
        tell: { input in
          told.withLockedValue { $0.append(input) }
          return true
        })
      options.keys = keys
      uplink = try Uplink(options, tls: LinkTLS(store: rig.store))
    }

    deinit {
      uplink.stop()
      journal.close()
    }

    var log: [String] { lines.withLockedValue { $0 } }
    var commands: [ParentCommand] {
      told.withLockedValue { $0.compactMap { if case .command(let command, _) = $0 { command } else { nil } } }
    }
    /// What the station was told other than of the paths.
    var news: [StationInput] {
      told.withLockedValue { told in
        told.filter { input in
          switch input {
          case .link, .parentClock: false
          default: true
          }
        }
      }
    }
    var paths: [PathStatus] {
      told.withLockedValue { told in
        for case .link(let status) in told.reversed() { return status.paths }
        return []
      }
    }
    var isUp: Bool {
      told.withLockedValue { told in
        for case .link(let status) in told.reversed() { return status.isUp }
        return false
      }
    }
  }

  /// `curl` as the child; answers what it prints.
  func curl(_ arguments: String..., input: Data = Data()) async throws -> String { try await curl(arguments, input: input) }

  func curl(_ arguments: [String], input: Data = Data()) async throws -> String {
    let own = [
      "--silent", "--show-error", "--max-time", "20", "--cacert", "\(store.folder)/ca.pem", "--cert",
      "\(store.folder)/station.pem",
      "--key", "\(store.folder)/station.key", "--connect-to", "yunfeng:443:127.0.0.1:\(server.port)",
    ]
    return try await run("/usr/bin/curl", own + arguments, input: input)
  }

  func openssl(_ arguments: String...) async throws -> String { try await run("/usr/bin/openssl", arguments, input: Data()) }

  /// Off the tasks' threads, which the server's answers need meanwhile.
  private func run(_ program: String, _ arguments: [String], input: Data) async throws -> String {
    let file = "\(folder)/input-\(UUID().uuidString)"
    try input.write(to: URL(fileURLWithPath: file))
    return try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async {
        continuation.resume(
          with: Result {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: program)
            process.arguments = arguments
            let output = Pipe()
            process.standardOutput = output
            process.standardError = output
            process.standardInput = FileHandle(forReadingAtPath: file)
            try process.run()
            let data = output.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            return String(decoding: data, as: UTF8.self)
          })
      }
    }
  }

  /// Looks again and again; the limit is only there against hanging.
  func waitUntil(_ what: String, seconds: Double = 30, _ condition: () throws -> Bool) async throws {
    let limit = Date(timeIntervalSinceNow: seconds)
    while Date() < limit {
      if try condition() { return }
      try await Task.sleep(for: .milliseconds(20))
    }
    Issue.record("did not happen: \(what); parent: \(log)")
  }
}
