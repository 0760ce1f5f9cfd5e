import Crypto
import Foundation
import Sealing
import TestSupport
import Testing

/// What a clerk typed and saw of a visitor is looked for in the memory of a station that runs on.
@Suite(.serialized, .timeLimit(.minutes(3))) struct MemoryCanaryTests {
  /// Texts, in the forms that strings have in memory, in everything that the process may write to.
  static func found(_ texts: [String], in process: Process) throws -> [String] {
    try found(
      texts.flatMap { text in [(text, Data(text.utf8)), (text, text.data(using: .utf16LittleEndian) ?? Data())] }, in: process)
  }

  static func found(_ forms: [(String, Data)], in process: Process) throws -> [String] {
    let pid = process.processIdentifier
    let memory = open("/proc/\(pid)/mem", O_RDONLY | O_CLOEXEC)
    try #require(memory >= 0, "whoever runs this may read the memory of his own programs")
    defer { close(memory) }
    var found: [String] = []
    let maps = try String(contentsOfFile: "/proc/\(pid)/maps", encoding: .utf8)
    var block = [UInt8](repeating: 0, count: 1 << 20)
    for line in maps.split(separator: "\n") {
      let words = line.split(separator: " ", omittingEmptySubsequences: true)
      let ends = words[0].split(separator: "-").compactMap { UInt64($0, radix: 16) }
      guard words[1].hasPrefix("rw"), ends.count == 2 else { continue }
      var at = ends[0]
      while at < ends[1] {
        let count = pread(memory, &block, Int(min(UInt64(block.count), ends[1] - at)), off_t(at))
        guard count > 0 else { break }
        let bytes = Data(block[..<count])
        for (text, form) in forms where bytes.range(of: form) != nil { found.append("\(text) in \(line)") }
        // Blocks overlap: a text may lie across their border.
        at += UInt64(at + UInt64(count) < ends[1] ? max(count - 256, 1) : count)
      }
    }
    return found
  }

  @Test func whatAClerkTypedAndSawIsNotInMemoryOnceItWasAnswered() throws {
    let centre = try ContactCentre()
    try centre.openMatter()
    for number in 10..<22 {
      try centre.leave("金丝雀之名\(number)", "139001390\(number)")
      let seen = try centre.window("look")
      #expect(seen.contains("金丝雀之名\(number)") && seen.contains("139001390\(number)"), "\(seen)")
    }
    // The last connection is closed, and its memory given back.
    #expect(try centre.window("finish").contains("done"))
    #expect(try Self.found(["测试站"], in: centre.station).isEmpty == false, "what is there is found")
    let left = try Self.found(["金丝雀之名", "139001390"], in: centre.station)
    #expect(left == [], "\(left.count)")
  }

  /// RFC 9180, as the body does that may read the fields: what a station derives to wrap a field's key, and must not keep.
  private struct Reader {
    let key: Curve25519.KeyAgreement.PrivateKey
    private static let kem = Data("KEM".utf8) + [0, 0x20]
    private static let suite = Data("HPKE".utf8) + [0, 0x20, 0, 1, 0, 3]

    init(_ file: String) throws {
      let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
      key = try .init(rawRepresentation: #require(Data(base64Encoded: String(lines[1]))))
    }

    private static func extract(_ suite: Data, _ salt: Data, _ label: String, _ material: Data) -> Data {
      let input = SymmetricKey(data: Data("HPKE-v1".utf8) + suite + Data(label.utf8) + material)
      return Data(HKDF<SHA256>.extract(inputKeyMaterial: input, salt: salt))
    }

    private static func expand(_ suite: Data, _ random: Data, _ label: String, _ info: Data, _ count: UInt8) -> Data {
      let all = Data([0, count]) + Data("HPKE-v1".utf8) + suite + Data(label.utf8) + info
      return HKDF<SHA256>.expand(pseudoRandomKey: random, info: all, outputByteCount: Int(count)).withUnsafeBytes { Data($0) }
    }

    /// The cipher's key, and the field's key that it wraps.
    func keys(_ wrapped: KeyDatabase.WrappedKey, kind: String, station: String) throws -> [(String, Data)] {
      let point = Data(wrapped.bytes[1..<33])
      let shared = try key.sharedSecretFromKeyAgreement(with: .init(rawRepresentation: point)).withUnsafeBytes { Data($0) }
      let context = point + key.publicKey.rawRepresentation
      let secret = Self.expand(
        Self.kem, Self.extract(Self.kem, Data(), "eae_prk", shared), "shared_secret", context, 32)
      let info = Data("linli key of a sealed field 1; purpose seal; station \(station)".utf8)
      let schedule =
        Data([0]) + Self.extract(Self.suite, Data(), "psk_id_hash", Data()) + Self.extract(Self.suite, Data(), "info_hash", info)
      let start = Self.extract(Self.suite, secret, "secret", Data())
      let cipher = Self.expand(Self.suite, start, "key", schedule, 32)
      let nonce = Self.expand(Self.suite, start, "base_nonce", schedule, 12)
      let box = try ChaChaPoly.SealedBox(combined: nonce + Data(wrapped.bytes[33...]))
      let field = try ChaChaPoly.open(
        box, using: SymmetricKey(data: cipher), authenticating: Data("linli sealed field 1\n\(wrapped.name)\n\(kind)".utf8))
      return [
        ("the cipher's key", cipher), ("the field's key", field), ("the shared secret", secret), ("what was agreed", shared),
      ]
    }
  }

  /// With what the library leaves behind and the wrapped key on the disk beside it a field could be opened.
  @Test func noKeyOfAFieldIsLeftInMemoryOnceItsMatterIsAnothers() throws {
    let centre = try ContactCentre()
    let reader = try Reader("\(centre.shell.folder)/owner.key")
    let database = try KeyDatabase(reading: "\(centre.shell.folder)/journal/\(KeyDatabase.fileName)")
    try centre.openMatter()
    var keys: [(String, Data)] = []
    for number in 10..<16 {
      try centre.leave("金丝雀之名\(number)", "139001390\(number)")
      for wrapped in try database.keys(limit: 100) { keys += try reader.keys(wrapped, kind: "contact", station: "test") }
    }
    #expect(keys.count >= 24)
    #expect(try centre.offer(to: "other").contains("done"))
    #expect(try centre.accept("other").contains("done"))
    // The key that the window had is given back on a thread of its own.
    #expect(try centre.window("finish").contains("done"))
    try centre.shell.waitUntil("the window's copies are gone") {
      try Self.found(keys.filter { $0.0 == "the field's key" }, in: centre.station) == []
    }
    let left = try Self.found(keys, in: centre.station)
    #expect(left == [], "\(left.joined(separator: "; "))")
  }
}
