import Crypto
import DeviceKit
import Foundation
import Testing

@testable import FirmwareUpdateCodec

let isLongRun = ProcessInfo.processInfo.environment["LINLI_LONG"] == "1"

/// A signature with what it is said to sign.
struct Signed {
  var key: [UInt8]
  var message: [UInt8]
  var signature: [UInt8]

  init(key: [UInt8], message: [UInt8], signature: [UInt8]) {
    self.key = key
    self.message = message
    self.signature = signature
  }

  /// Signed by swift-crypto with a key from `random`.
  init(length: Int, random: inout SeededRandom) throws {
    let secret = try Curve25519.Signing.PrivateKey(rawRepresentation: random.bytes(32))
    message = random.bytes(length)
    key = Array(secret.publicKey.rawRepresentation)
    signature = Array(try secret.signature(for: message))
  }

  /// What our verifier says, and after how many steps.
  func verdict(_ verifier: inout Ed25519Verifier) -> (isGood: Bool, steps: Int) {
    var key = FixedBytes<32>(key)
    var signature = FixedBytes<64>(signature)
    verifier.begin(key: &key, signature: &signature)
    for byte in message { verifier.update(byte) }
    for step in 1...1_000 {
      if let isGood = verifier.step() { return (isGood, step) }
    }
    Issue.record("no verdict after 1000 steps")
    return (false, 1_000)
  }

  var isGood: Bool {
    var verifier = Ed25519Verifier()
    return verdict(&verifier).isGood
  }

  /// What swift-crypto says.
  var isGoodForCrypto: Bool {
    guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: key) else { return false }
    return key.isValidSignature(signature, for: message)
  }
}

extension SeededRandom {
  mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) } }
}

extension FixedBytes {
  var array: [UInt8] { (0..<count).map { self[$0] } }
}

enum VectorLines {
  struct Unreadable: Error {
    var line: String
  }

  /// The lines of `Protocols/FirmwareUpdate/Vectors/<name>.txt` with so many fields each; `#` begins a header line.
  static func read(_ name: String, fields count: Int) throws -> [[String]] {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let file = root.appending(path: "Protocols/FirmwareUpdate/Vectors/\(name).txt")
    return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
      let fields = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      guard fields.count == count else { throw Unreadable(line: String(line)) }
      return fields
    }
  }

  static func bytes(_ hex: String) throws -> [UInt8] {
    if hex == "-" { return [] }
    let digits = Array(hex)
    guard digits.count % 2 == 0 else { throw Unreadable(line: hex) }
    return try stride(from: 0, to: digits.count, by: 2).map { index in
      guard let byte = UInt8(String(digits[index...index + 1]), radix: 16) else { throw Unreadable(line: hex) }
      return byte
    }
  }
}

/// Runs another program to its end. One that is missing fails the test.
struct Program {
  var status: Int32
  var output: String

  static func openssl(_ arguments: String...) throws -> Program {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return Program(status: process.terminationStatus, output: text)
  }
}
