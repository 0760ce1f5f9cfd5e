import Crypto
import Foundation
import X509

/// What a station speaks with on the line: `ca.pem`, `station.pem`, `station.key` and `revoked.json` in one folder (0700), and `parent.json`
/// with the name of the station that it joined.
///
/// Every file is replaced as a whole, so that a running station may read at any time.
public struct IdentityStore: Sendable {
  public let folder: String

  public init(folder: String) {
    self.folder = folder
  }

  /// Of a station below another: given by `linli enroll`.
  public static func child(siteFolder: String) -> IdentityStore { IdentityStore(folder: join(siteFolder, "identity")) }

  /// Of a station with children: made with its authority by `linli pki create`.
  public static func parent(siteFolder: String) -> IdentityStore { IdentityStore(folder: join(siteFolder, "pki/station")) }

  static func join(_ folder: String, _ name: String) -> String { folder.isEmpty ? name : "\(folder)/\(name)" }

  var authorityFile: String { "\(folder)/ca.pem" }
  var certificateFile: String { "\(folder)/station.pem" }
  var keyFile: String { "\(folder)/station.key" }
  var revocationFile: String { "\(folder)/revoked.json" }
  var parentFile: String { "\(folder)/parent.json" }

  public var isThere: Bool { SecureFiles.exists(certificateFile) }

  /// Everything, checked for belonging together; validity in time is not looked at.
  ///
  /// - Throws: `.notEnrolled`, `.damaged`, `.keyIsOpen`, `.notOurs`, `.disk`.
  public func load() throws(IdentityError) -> StationIdentity {
    guard isThere else { throw .notEnrolled(folder: folder) }
    let authorityText = try SecureFiles.readText(authorityFile)
    let certificateText = try SecureFiles.readText(certificateFile)
    let keyText = try SecureFiles.readText(keyFile, secret: true)
    let identity = try StationIdentity(
      authorityPEM: authorityText, certificatePEM: certificateText, keyPEM: keyText, revocations: nil,
      parent: SecureFiles.exists(parentFile) ? try PlainJSON.read(StationName.self, parentFile) : nil, folder: folder)
    return identity.with(try revocations(of: identity.authorityHash))
  }

  /// The stored list; an empty one with number 0 when none came yet.
  public func revocations() throws(IdentityError) -> RevocationList { try load().revocations }

  private func revocations(of authority: String) throws(IdentityError) -> RevocationList {
    guard SecureFiles.exists(revocationFile) else { return RevocationList(authority: authority) }
    let list = try PlainJSON.read(RevocationList.self, revocationFile)
    guard list.authority == authority else { throw .damaged(file: revocationFile, reason: "of another authority") }
    return list
  }

  /// Stores a list that came over the line.
  ///
  /// - Returns: whether it was newer than what was there; an older one and one of another authority change nothing.
  @discardableResult
  public func store(revocations list: RevocationList) throws(IdentityError) -> Bool {
    let identity = try load()
    return try SecureFiles.exclusively(folder) { () throws(IdentityError) in
      guard list.replaces(try revocations(of: identity.authorityHash)) else { return false }
      try SecureFiles.write(list.json, to: revocationFile, mode: SecureFiles.open)
      return true
    }
  }

  /// A request for a renewed certificate of the same station and key, to be sent to the parent.
  public func renewalRequest() throws(IdentityError) -> String {
    let identity = try load()
    return try CertificateForm.request(identity.own.station, key: try CertificateForm.key(identity.keyPEM, file: keyFile))
  }

  /// Stores a renewed certificate that came over the line.
  ///
  /// - Returns: whether it ends later than the one that was there; an older one changes nothing.
  /// - Throws: `.notOurs` when it is of another key, authority or station.
  @discardableResult
  public func store(certificate pem: String) throws(IdentityError) -> Bool {
    let current = try load()
    let renewed = try StationIdentity(
      authorityPEM: current.authorityPEM, certificatePEM: pem, keyPEM: current.keyPEM, revocations: current.revocations,
      parent: current.parent, folder: folder)
    guard renewed.own.station == current.own.station else {
      throw .notOurs(reason: "certificate of \(renewed.own.station), this is \(current.own.station)")
    }
    guard renewed.own.notAfter > current.own.notAfter else { return false }
    try SecureFiles.exclusively(folder) { () throws(IdentityError) in
      try SecureFiles.write(Data(pem.utf8), to: certificateFile, mode: SecureFiles.open)
    }
    return true
  }

  /// Takes the place of another store, whose folder is kept beside it as `….old` until the next time.
  ///
  /// - Throws: `.disk`. A crash in the middle leaves both folders, under their old or new names.
  public func replace(_ other: IdentityStore) throws(IdentityError) {
    let old = "\(other.folder).old"
    if SecureFiles.exists(other.folder) {
      try? FileManager.default.removeItem(atPath: old)
      try SecureFiles.place(other.folder, at: old)
    }
    try SecureFiles.place(folder, at: other.folder)
  }

  /// Writes a whole identity into `folder`, which is there and is no one's yet.
  func fill(_ identity: StationIdentity) throws(IdentityError) {
    try SecureFiles.write(Data(identity.keyPEM.utf8), to: keyFile, mode: SecureFiles.secret)
    try SecureFiles.write(Data(identity.authorityPEM.utf8), to: authorityFile, mode: SecureFiles.open)
    try SecureFiles.write(identity.revocations.json, to: revocationFile, mode: SecureFiles.open)
    if let parent = identity.parent {
      try SecureFiles.write(PlainJSON.data(parent), to: parentFile, mode: SecureFiles.open)
    }
    try SecureFiles.write(Data(identity.certificatePEM.utf8), to: certificateFile, mode: SecureFiles.open)
  }
}

/// What an `IdentityStore` holds, read and checked for belonging together. Prints without its key.
public struct StationIdentity: Sendable, CustomStringConvertible {
  public let authorityPEM: String
  public let certificatePEM: String
  let keyPEM: String
  public let own: PeerIdentity
  public let revocations: RevocationList
  /// The station that was joined; `nil` in what a parent serves with.
  public let parent: StationName?
  /// Hash of the authority's key in hexadecimal: which authority this is.
  public let authorityHash: String
  /// When the newer of the two certificates was issued: whoever holds it knows that this date has passed.
  public let heldSince: Date
  let root: Certificate
  public let authorityDER: Data
  public let certificateDER: Data

  /// - Throws: `.damaged` with the file below `folder`, `.notOurs` when the three do not belong together.
  init(
    authorityPEM: String, certificatePEM: String, keyPEM: String, revocations: RevocationList?, parent: StationName? = nil,
    folder: String
  ) throws(IdentityError) {
    let root = try CertificateForm.certificate(authorityPEM, file: "\(folder)/ca.pem")
    let leaf = try CertificateForm.certificate(certificatePEM, file: "\(folder)/station.pem")
    let key = try CertificateForm.key(keyPEM, file: "\(folder)/station.key")
    guard CertificateForm.isAuthority(root) else {
      throw .damaged(file: "\(folder)/ca.pem", reason: "not an authority's certificate")
    }
    guard leaf.publicKey == Certificate.PublicKey(key.publicKey) else { throw .notOurs(reason: "another key's certificate") }
    let leafDER = try CertificateForm.der(leaf)
    // At a time when it is surely valid: whether it still is, is asked when it is used.
    let time = LinkTime(clock: max(leaf.notValidBefore, root.notValidBefore))
    switch PeerCheck.check(chain: [leafDER], root: root, revocations: nil, time: time) {
    case .success(let identity): own = identity
    case .failure(let refusal): throw .notOurs(reason: refusal.english)
    }
    self.parent = parent
    self.authorityPEM = authorityPEM
    self.certificatePEM = certificatePEM
    self.keyPEM = keyPEM
    self.root = root
    heldSince = max(CertificateForm.issuedAt(leaf), CertificateForm.issuedAt(root))
    authorityHash = CertificateForm.keyHashText(root.publicKey)
    authorityDER = try CertificateForm.der(root)
    certificateDER = leafDER
    self.revocations = revocations ?? RevocationList(authority: authorityHash)
  }

  private init(_ other: StationIdentity, _ revocations: RevocationList) {
    parent = other.parent
    authorityPEM = other.authorityPEM
    certificatePEM = other.certificatePEM
    keyPEM = other.keyPEM
    own = other.own
    authorityHash = other.authorityHash
    root = other.root
    heldSince = other.heldSince
    authorityDER = other.authorityDER
    certificateDER = other.certificateDER
    self.revocations = revocations
  }

  func with(_ revocations: RevocationList) -> StationIdentity { StationIdentity(self, revocations) }

  public var description: String { "\(own.station), serial \(own.serial), authority \(authorityHash.prefix(16))" }
}
