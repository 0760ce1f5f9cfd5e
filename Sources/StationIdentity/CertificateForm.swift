import Crypto
import Foundation
import SwiftASN1
import X509

/// What our certificates and requests look like. P-256, because every TLS library, `openssl`, `curl` and Python speak it.
enum CertificateForm {
  /// A clock that is a little behind, and one that was set back some days, accept a new certificate.
  static let backdating: TimeInterval = 7 * 86_400
  static let stationYears = 2
  static let authorityYears = 20
  /// No request of ours has a twentieth of it.
  static let largestRequestBytes = 16 << 10

  /// When its issuer's clock made it. One that another program made with a shorter life was not made after its end.
  static func issuedAt(_ certificate: Certificate) -> Date {
    min(certificate.notValidBefore.addingTimeInterval(backdating), certificate.notValidAfter)
  }

  static func after(_ now: Date, years: Int) -> Date { now.addingTimeInterval(Double(years) * 365.25 * 86_400) }

  static func newSerial() -> Certificate.SerialNumber {
    var generator = SystemRandomNumberGenerator()
    var bytes: [UInt8] = (0..<16).map { _ in .random(in: 0...255, using: &generator) }
    // Positive and of full length: 126 random bits.
    bytes[0] = bytes[0] & 0x7f | 0x40
    return Certificate.SerialNumber(bytes: bytes)
  }

  static func authority(_ station: StationName, key: P256.Signing.PrivateKey, at now: Date) throws -> Certificate {
    let subject = try DistinguishedName { CommonName("Linli CA \(station.text)") }
    let key = Certificate.PrivateKey(key)
    return try Certificate(
      version: .v3, serialNumber: newSerial(), publicKey: key.publicKey, notValidBefore: now.addingTimeInterval(-backdating),
      notValidAfter: after(now, years: authorityYears), issuer: subject, subject: subject,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
        Critical(KeyUsage(keyCertSign: true, cRLSign: true))
        SubjectKeyIdentifier(hash: key.publicKey)
      }, issuerPrivateKey: key)
  }

  static func station(
    _ station: StationName, role: StationName.Role = .station, publicKey: Certificate.PublicKey,
    serial: Certificate.SerialNumber, root: Certificate, authorityKey: P256.Signing.PrivateKey, at now: Date
  ) throws -> Certificate {
    try Certificate(
      version: .v3, serialNumber: serial, publicKey: publicKey, notValidBefore: now.addingTimeInterval(-backdating),
      // A certificate that outlives its authority would only look valid.
      notValidAfter: min(after(now, years: stationYears), root.notValidAfter), issuer: root.subject,
      subject: try DistinguishedName { CommonName(station.text) },
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.notCertificateAuthority)
        Critical(KeyUsage(digitalSignature: true))
        // A street is the server of its communities and a client of its district.
        try ExtendedKeyUsage([.serverAuth, .clientAuth])
        SubjectAlternativeNames([.uniformResourceIdentifier(station.uri(role))])
        SubjectKeyIdentifier(hash: publicKey)
        AuthorityKeyIdentifier(keyIdentifier: SubjectKeyIdentifier(hash: root.publicKey).keyIdentifier)
      }, issuerPrivateKey: Certificate.PrivateKey(authorityKey))
  }

  /// A request that is signed by the key it asks for.
  static func request(_ station: StationName, key: P256.Signing.PrivateKey) throws(IdentityError) -> String {
    do {
      return try CertificateSigningRequest(
        version: .v1, subject: try DistinguishedName { CommonName(station.text) }, privateKey: Certificate.PrivateKey(key),
        attributes: CertificateSigningRequest.Attributes()
      ).serializeAsPEM().pemString + "\n"
    } catch {
      throw .badRequest("\(error)")
    }
  }

  /// The key that a request asks for, after its proof of possession was checked. Name and attributes of a request are not used: the name
  /// comes from whoever invited the station.
  static func publicKey(ofRequest pem: String) throws(IdentityError) -> Certificate.PublicKey {
    guard pem.utf8.count <= largestRequestBytes else { throw .badRequest("longer than \(largestRequestBytes) bytes") }
    guard let request = try? CertificateSigningRequest(pemEncoded: pem) else { throw .badRequest("no PKCS#10 in PEM") }
    guard P256.Signing.PublicKey(request.publicKey) != nil else { throw .badRequest("not a P-256 key") }
    guard request.publicKey.isValidSignature(request.signature, for: request) else { throw .badRequest("wrong signature") }
    return request.publicKey
  }

  /// SHA-256 of the subject public key info, as `openssl pkey -pubout -outform DER | sha256sum` prints it.
  static func keyHash(_ key: Certificate.PublicKey) -> [UInt8] { Array(SHA256.hash(data: Data(key.subjectPublicKeyInfoBytes))) }

  static func keyHashText(_ key: Certificate.PublicKey) -> String {
    keyHash(key).map { String(format: "%02x", $0) }.joined()
  }

  static func pem(_ certificate: Certificate) throws -> String { try certificate.serializeAsPEM().pemString + "\n" }

  static func der(_ certificate: Certificate) throws(IdentityError) -> Data {
    var serializer = DER.Serializer()
    do { try serializer.serialize(certificate) } catch { throw .badRequest("\(error)") }
    return Data(serializer.serializedBytes)
  }

  static func certificate(_ pem: String, file: String) throws(IdentityError) -> Certificate {
    guard let certificate = try? Certificate(pemEncoded: pem) else { throw .damaged(file: file, reason: "no certificate in PEM") }
    return certificate
  }

  static func key(_ pem: String, file: String) throws(IdentityError) -> P256.Signing.PrivateKey {
    guard let key = try? P256.Signing.PrivateKey(pemRepresentation: pem) else {
      throw .damaged(file: file, reason: "no P-256 key in PEM")
    }
    return key
  }

  /// Whether a certificate is an authority's own: signed by its own key and made for signing certificates.
  static func isAuthority(_ certificate: Certificate) -> Bool {
    guard case .isCertificateAuthority? = try? certificate.extensions.basicConstraints,
      (try? certificate.extensions.keyUsage)?.keyCertSign == true
    else { return false }
    return certificate.issuer == certificate.subject
      && certificate.publicKey.isValidSignature(certificate.signature, for: certificate)
  }
}
