import Crypto
import Foundation
import Testing
import X509

@testable import StationIdentity

/// A folder of the test's own, removed with it.
final class Folder {
  let path = "\(FileManager.default.temporaryDirectory.path)/linli-identity-\(UUID().uuidString.prefix(8))"

  init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(atPath: path) }

  func mode(_ name: String) -> Int {
    ((try? FileManager.default.attributesOfItem(atPath: "\(path)/\(name)"))?[.posixPermissions] as? Int) ?? -1
  }

  func names(_ name: String = "") -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: "\(path)/\(name)")) ?? []).sorted()
  }
}

/// An authority of a street with one community, at a fixed time.
final class Site {
  static let now = Date(timeIntervalSince1970: 1_780_000_000)
  static let day: TimeInterval = 86_400
  static let year = 365 * day

  let folder: Folder
  let authority: CertificateAuthority
  let desk: EnrolmentDesk
  let street: StationName
  let community: StationName

  init(at now: Date = Site.now, street: String = "yunfeng", community: String = "tiexi-03") throws {
    folder = try Folder()
    self.street = try StationName(street)
    self.community = try StationName(community)
    authority = try CertificateAuthority.create(folder: "\(folder.path)/pki", station: self.street, at: now)
    desk = EnrolmentDesk(authority: authority)
  }

  var rootDER: Data { get throws { try authority.identity.load().authorityDER } }

  /// An identity that was issued by hand.
  func identity(_ name: String, at now: Date = Site.now) throws -> IdentityStore {
    let target = "\(folder.path)/\(UUID().uuidString)"
    _ = try authority.issue(for: StationName(name), into: target, at: now)
    return IdentityStore(folder: target)
  }

  /// A certificate with the authority's signature that its code would never make.
  func forged(
    version: Certificate.Version = .v3, names: [String], at now: Date = Site.now,
    @ExtensionsBuilder more: () throws -> Result<Certificate.Extensions, any Error>
  ) throws -> Data {
    let rootKey = try P256.Signing.PrivateKey(
      pemRepresentation: String(contentsOfFile: "\(authority.folder)/ca.key", encoding: .utf8))
    var extensions = try more().get()
    if !names.isEmpty {
      try extensions.append(
        Certificate.Extension(SubjectAlternativeNames(names.map { .uniformResourceIdentifier($0) }), critical: false))
    }
    let certificate = try Certificate(
      version: version, serialNumber: CertificateForm.newSerial(), publicKey: .init(P256.Signing.PrivateKey().publicKey),
      notValidBefore: now.addingTimeInterval(-3600), notValidAfter: now.addingTimeInterval(3600), issuer: authority.root.subject,
      subject: DistinguishedName { CommonName("x") }, extensions: extensions, issuerPrivateKey: .init(rootKey))
    return try CertificateForm.der(certificate)
  }

  func request(_ name: String) throws -> String {
    try CertificateForm.request(StationName(name), key: P256.Signing.PrivateKey())
  }
}

/// Runs another program to its end. One that is missing fails the test.
struct Program {
  var status: Int32
  var output: String

  @discardableResult
  static func run(_ program: String, _ arguments: [String], input: String = "") throws -> Program {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    let output = Pipe()
    let stdin = Pipe()
    process.standardOutput = output
    process.standardError = output
    process.standardInput = stdin
    try process.run()
    stdin.fileHandleForWriting.write(Data(input.utf8))
    try stdin.fileHandleForWriting.close()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return Program(status: process.terminationStatus, output: text)
  }

  static func openssl(_ arguments: String..., input: String = "") throws -> Program {
    try run("/usr/bin/openssl", arguments, input: input)
  }
}
