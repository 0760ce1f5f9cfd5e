import Crypto
import Foundation
import X509

/// An invitation as it is stored: without its secret.
public struct Invitation: Sendable, Equatable, Codable {
  public var station: StationName
  public var createdAt: Date
  public var expiresAt: Date
  public var wrongTries = 0
  /// SHA-256 of the secret in hexadecimal; 80 random bits need no slow hash.
  var secretHash: String
  /// The key that was admitted, as a hash: the same station may ask again when the answer was lost on the way.
  var usedByKey: String?

  public var isUsed: Bool { usedByKey != nil }

  /// Whether both are of one code, whatever became of it meanwhile.
  public func isSame(as other: Invitation) -> Bool { secretHash == other.secretHash }

  /// Whether a code still opens: not used, not expired, not guessed at.
  public func stands(at now: Date) -> Bool { usedByKey == nil && wrongTries < EnrolmentDesk.wrongTryLimit && !isOver(at: now) }

  /// Also when the clock was set back before the time it was made: fifteen minutes must not become a day.
  func isOver(at now: Date) -> Bool { now >= expiresAt || now < createdAt.addingTimeInterval(-60) }
}

/// The parent's half of enrolment: makes codes and answers requests. Any transport may carry it.
///
/// Invitations lie in `invitations/open.json` of the authority's folder, written before anything is answered, so that neither a restart
/// nor a second process gives more tries or a second use.
public struct EnrolmentDesk: Sendable {
  public static let validSeconds: TimeInterval = 15 * 60
  public static let wrongTryLimit = 10
  /// An expired code is still told from a wrong one for a day.
  private static let keptSeconds: TimeInterval = 86_400

  public let authority: CertificateAuthority
  private var folder: String { "\(authority.folder)/invitations" }
  private var file: String { "\(folder)/open.json" }

  public init(authority: CertificateAuthority) {
    self.authority = authority
  }

  /// Makes the code for one station; an earlier code for it is void.
  ///
  /// - Throws: `.ownName`, `.disk`.
  public func invite(_ station: StationName, at now: Date) throws(IdentityError) -> (code: InvitationCode, invitation: Invitation)
  {
    guard station != authority.station else { throw .ownName(station) }
    let code = InvitationCode(
      authority: CertificateForm.keyHash(authority.root.publicKey), secret: InvitationCode.newSecret())
    let created = now.wholeSecond
    let invitation = Invitation(
      station: station, createdAt: created, expiresAt: created.addingTimeInterval(Self.validSeconds),
      secretHash: Self.hash(code.secret))
    try change { (all: inout [Invitation]) in
      all.removeAll { $0.station == station || now > $0.expiresAt.addingTimeInterval(Self.keptSeconds) }
      all.append(invitation)
    }
    return (code, invitation)
  }

  /// Invitations that still open, oldest first: while there is none, nothing needs to listen.
  public func standing(at now: Date) throws(IdentityError) -> [Invitation] { try all().filter { $0.stands(at: now) } }

  /// The newest invitation of a station, used or not.
  public func invitation(of station: StationName) throws(IdentityError) -> Invitation? {
    try all().last { $0.station == station }
  }

  /// Makes a code void that was not used.
  public func withdraw(_ station: StationName) throws(IdentityError) {
    try change { (all: inout [Invitation]) in all.removeAll { $0.station == station && !$0.isUsed } }
  }

  /// Answers a joining station. Whatever was sent, it changes nothing but tries unless the code is good.
  public func answer(_ request: EnrolmentRequest, at now: Date) -> EnrolmentAnswer {
    guard request.version == EnrolmentRequest.version else { return .refused(.unknownVersion) }
    do {
      return try SecureFiles.exclusively(try madeFolder()) { () throws(IdentityError) in
        var invitations = try all()
        let before = invitations
        let verdict = Self.judge(request, &invitations, at: now)
        // Before the answer: a try that was answered has been counted, a code that was accepted is used.
        if invitations != before { try write(invitations) }
        switch verdict {
        case .failure(let refusal): return .refused(refusal)
        case .success(let admitted): return .admitted(try admission(admitted.publicKey, admitted.station, at: now))
        }
      }
    } catch {
      return .refused(.storage)
    }
  }

  private struct Admitted {
    var publicKey: Certificate.PublicKey
    var station: StationName
  }

  /// The rules alone.
  private static func judge(_ request: EnrolmentRequest, _ invitations: inout [Invitation], at now: Date)
    -> Result<Admitted, EnrolmentRefusal>
  {
    let hash = Self.hash(hexadecimal: request.secret)
    guard let index = invitations.lastIndex(where: { equal($0.secretHash, hash) }) else {
      return .failure(countWrongTry(named: request.station, &invitations, at: now))
    }
    let invitation = invitations[index]
    if invitation.wrongTries >= wrongTryLimit { return .failure(.tooManyTries) }
    if invitation.isOver(at: now) { return .failure(.expired) }
    // Whoever has the secret may know the name.
    guard invitation.station.text == request.station else { return .failure(.otherStation(invited: invitation.station.text)) }
    guard let publicKey = try? CertificateForm.publicKey(ofRequest: request.request) else { return .failure(.badRequest) }
    let keyHash = CertificateForm.keyHashText(publicKey)
    if let used = invitation.usedByKey, used != keyHash { return .failure(.used) }
    invitations[index].usedByKey = keyHash
    return .success(Admitted(publicKey: publicKey, station: invitation.station))
  }

  /// A wrong secret costs the named station's invitation a try, or every standing one when none has that name: nobody gets more tries by
  /// naming stations.
  private static func countWrongTry(named station: String, _ invitations: inout [Invitation], at now: Date) -> EnrolmentRefusal {
    let named = invitations.indices.filter { invitations[$0].station.text == station }
    if let last = named.last, invitations[last].wrongTries >= wrongTryLimit { return .tooManyTries }
    for index in named.isEmpty ? Array(invitations.indices) : named where invitations[index].stands(at: now) {
      invitations[index].wrongTries += 1
    }
    return .wrongCode
  }

  private func admission(_ key: Certificate.PublicKey, _ station: StationName, at now: Date) throws(IdentityError) -> Admission {
    let keyHash = CertificateForm.keyHashText(key)
    // Asked again after a lost answer, or after a crash between "used" and "issued".
    let earlier = try authority.list().last {
      $0.station == station && $0.keyHash == keyHash && $0.status(at: now) == .valid
    }
    let issued: IssuedCertificate =
      if let earlier { earlier } else { try authority.admit(key, as: station, at: now) }
    return Admission(
      parent: authority.station, certificate: issued.pem, authority: authority.certificatePEM,
      revocations: try authority.revocations())
  }

  // MARK: - The file

  private func madeFolder() throws(IdentityError) -> String {
    try SecureFiles.makeFolder(folder)
    return folder
  }

  private func all() throws(IdentityError) -> [Invitation] {
    SecureFiles.exists(file) ? try PlainJSON.read([Invitation].self, file) : []
  }

  private func write(_ invitations: [Invitation]) throws(IdentityError) {
    try SecureFiles.write(PlainJSON.data(invitations), to: file, mode: SecureFiles.secret)
  }

  private func change(_ body: (inout [Invitation]) -> Void) throws(IdentityError) {
    try SecureFiles.exclusively(try madeFolder()) { () throws(IdentityError) in
      var invitations = try all()
      body(&invitations)
      try write(invitations)
    }
  }

  private static func hash(_ secret: [UInt8]) -> String {
    SHA256.hash(data: secret).map { String(format: "%02x", $0) }.joined()
  }

  private static func hash(hexadecimal text: String) -> String {
    let digits = text.utf8.compactMap { UInt8(String(UnicodeScalar($0)), radix: 16) }
    guard digits.count == InvitationCode.halfBytes * 2, text.utf8.count == digits.count else { return "" }
    return hash(stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] })
  }

  /// Takes the same time wherever the difference is.
  private static func equal(_ left: String, _ right: String) -> Bool {
    let left = Array(left.utf8)
    let right = Array(right.utf8)
    guard left.count == right.count else { return false }
    return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }
}
