import DeviceKit
import Foundation
import Testing

@testable import FirmwareUpdateCodec

/// What a program that others wrote signs, and what it says to the same bytes.
@Suite struct OpenSSLTests {
  @Test func itAcceptsWhatOpenSSLSigned() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "linli-signature-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    func file(_ name: String) -> String { folder.appending(path: name).path }
    func run(_ program: Program) { #expect(program.status == 0, "\(program.output)") }
    var random = SeededRandom(seed: 3)
    // It takes no empty file.
    for length in [1, 47, 64, 128, 200] {
      let message = random.bytes(length)
      try Data(message).write(to: folder.appending(path: "message"))
      run(try .openssl("genpkey", "-algorithm", "ed25519", "-out", file("secret.pem")))
      run(try .openssl("pkey", "-in", file("secret.pem"), "-pubout", "-outform", "DER", "-out", file("public.der")))
      run(
        try .openssl(
          "pkeyutl", "-sign", "-rawin", "-inkey", file("secret.pem"), "-in", file("message"), "-out", file("signature")))
      // RFC 8410: the key is the last 32 bytes of its 44.
      let key = try Data(contentsOf: folder.appending(path: "public.der"))
      #expect(key.count == 44)
      var signed = Signed(
        key: Array(key.suffix(32)), message: message, signature: Array(try Data(contentsOf: folder.appending(path: "signature"))))
      #expect(signed.isGood, "\(length) bytes")
      signed.signature[40] ^= 4
      #expect(!signed.isGood, "\(length) bytes")
      try Data(signed.signature).write(to: folder.appending(path: "signature"))
      let verified = try Program.openssl(
        "pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER", "-inkey", file("public.der"), "-in", file("message"),
        "-sigfile", file("signature"))
      #expect(verified.status != 0 && verified.output.contains("Signature Verification Failure"), "\(verified.output)")
    }
  }
}
