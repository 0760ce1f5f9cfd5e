import Crypto
import DeviceVocabulary
import Foundation
import Station
import Testing

@testable import Sealing

/// Both layers of a sealed field.
@Suite struct FieldTests {
  /// RFC 9180, A.2.1: the library's suite is the one that the README names.
  @Test func theVectorOfTheStandardIsOpened() throws {
    let key = try Curve25519.KeyAgreement.PrivateKey(
      rawRepresentation: [UInt8](hex: "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb"))
    var recipient = try HPKE.Recipient(
      privateKey: key, ciphersuite: .Curve25519_SHA256_ChachaPoly,
      info: Data([UInt8](hex: "4f6465206f6e2061204772656369616e2055726e")),
      encapsulatedKey: Data([UInt8](hex: "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a")))
    let plain = try recipient.open(
      Data([UInt8](hex: "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28")),
      authenticating: Data("Count-0".utf8))
    #expect(String(decoding: plain, as: UTF8.self) == "Beauty is truth, truth beauty")
  }

  @Test func whatIsSealedIsOpenedHereUntilItIsHandedOverAndByItsReaderAfterwards() throws {
    let rig = try SealRig()
    let keys = try rig.database()
    let sealer = rig.sealer(keys)
    #expect(sealer.isReady)
    let field = try sealer.seal(secret("王小明"), what: "card")
    #expect(field.isWithinLimits && !field.bytes.contains(sequence: Array("王小明".utf8)))
    var audited: [SecretOpening] = []
    let opened = sealer.open(field, for: .compareAtWindow) {
      audited.append($0)
      return true
    }
    #expect(text(opened) == "王小明" && audited == [SecretOpening(what: "card", purpose: .compareAtWindow)])
    #expect(sealer.open(field, for: .compareAtWindow) { _ in false } == nil, "nothing is opened that is not written down")
    sealer.handOver(field.key)
    #expect(!sealer.holds(field.key))
    #expect(
      sealer.open(
        field, for: .compareAtWindow,
        audit: { _ in
          Issue.record("nothing was opened"); return true
        }) == nil)
    let wrapped = try #require(try keys.key(field.key))
    #expect(rig.owner.mayRead(wrapped) && !SealKeyFile().mayRead(wrapped))
    let read = rig.owner.open(field, wrapped: wrapped, station: "tiexi-03", for: .callBack, audit: { _ in true }, pages: nil)
    #expect(text(read) == "王小明")
  }

  @Test func eachFieldHasAKeyOfItsOwn() throws {
    let rig = try SealRig()
    let sealer = rig.sealer(try rig.database())
    let fields = try (0..<20).map { _ in try sealer.seal(secret("same"), what: "contact") }
    #expect(Set(fields.map(\.key)).count == 20 && Set(fields.map(\.bytes)).count == 20)
    for field in fields {
      for other in fields where other.key != field.key {
        #expect(sealer.open(SealedField(key: other.key, bytes: field.bytes), for: .callBack, audit: { _ in true }) == nil)
      }
    }
  }

  /// One key under two names: what was sealed under one is not what the other names, in either layer.
  @Test func theNameOfItsKeyAndItsKindBelongToAField() throws {
    let key = SymmetricKey(data: [UInt8](repeating: 7, count: 32))
    let content = SecretBuffer(capacity: 64)
    let bytes = try Array("王小明".utf8).withUnsafeBytes { try FieldCipher.seal($0, with: key, named: "one", kind: "card") }
    #expect(FieldCipher.open(SealedField(key: "one", bytes: bytes), with: key, into: content) && text(content) == "王小明")
    #expect(!FieldCipher.open(SealedField(key: "two", bytes: bytes), with: key, into: content))
    var other = bytes
    other.replaceSubrange(2..<6, with: Array("cArd".utf8))
    #expect(FieldCipher.kind(of: SealedField(key: "one", bytes: other)) == "cArd")
    #expect(!FieldCipher.open(SealedField(key: "one", bytes: other), with: key, into: content))
    let owner = Curve25519.KeyAgreement.PrivateKey()
    let wrapped = try FieldCipher.wrap(
      Data(repeating: 7, count: 32), key: "one", kind: "card", station: "s", to: Array(owner.publicKey.rawRepresentation))
    func isOpened(_ name: String, _ kind: String, _ station: String) -> Bool {
      FieldCipher.unwrap(wrapped, key: name, kind: kind, station: station, with: owner) != nil
    }
    #expect(isOpened("one", "card", "s"))
    #expect(!isOpened("two", "card", "s") && !isOpened("one", "contact", "s") && !isOpened("one", "card", "t"))
  }

  @Test func nothingThatWasChangedIsOpened() throws {
    let rig = try SealRig()
    let keys = try rig.database()
    let sealer = rig.sealer(keys)
    let field = try sealer.seal(secret("13800000000"), what: "contact")
    for index in field.bytes.indices {
      var changed = field
      changed.bytes[index] ^= 1
      #expect(sealer.open(changed, for: .callBack, audit: { _ in true }) == nil, "byte \(index)")
    }
    for length in field.bytes.indices {
      #expect(
        sealer.open(SealedField(key: field.key, bytes: Array(field.bytes.prefix(length))), for: .callBack, audit: { _ in true })
          == nil)
    }
    let wrapped = try #require(try keys.key(field.key))
    #expect(wrapped.bytes.count == FieldCipher.wrappedBytes)
    func read(_ wrapped: KeyDatabase.WrappedKey, station: String = "tiexi-03", by owner: SealKeyFile) -> String? {
      text(owner.open(field, wrapped: wrapped, station: station, for: .callBack, audit: { _ in true }, pages: nil))
    }
    #expect(read(wrapped, by: rig.owner) == "13800000000")
    #expect(read(wrapped, station: "tiexi-04", by: rig.owner) == nil && read(wrapped, by: SealKeyFile()) == nil)
    for index in wrapped.bytes.indices {
      var changed = wrapped
      // The highest bit of an X25519 point is not looked at.
      changed.bytes[index] ^= 1
      #expect(read(changed, by: rig.owner) == nil, "byte \(index)")
    }
  }

  @Test func whoIsNotReadySealsNothing() throws {
    let rig = try SealRig()
    let keys = try rig.database()
    let nobody = FieldSealer(station: "s", recipient: nil, keys: keys, pages: nil, now: { rig.now })
    #expect(!nobody.isReady && !rig.sealer(nil).isReady)
    #expect(throws: SealError.nobodyMayRead) { try nobody.seal(secret("x"), what: "card") }
    #expect(throws: SealError.keyNotKept("no key database")) { try rig.sealer(nil).seal(secret("x"), what: "card") }
    for key in [[UInt8](repeating: 0, count: 32), [1] + [UInt8](repeating: 0, count: 31), [1, 2, 3]] {
      let bad = SealRecipient(name: "x", publicKey: key)
      #expect(!bad.isUsable && !FieldSealer(station: "s", recipient: bad, keys: keys, pages: nil, now: { rig.now }).isReady)
    }
    let sealer = rig.sealer(keys)
    #expect(throws: SealError.tooLong) { try sealer.seal(secret(""), what: "card") }
    #expect(throws: SealError.tooLong) { try sealer.seal(secret(String(repeating: "x", count: 1000)), what: "card") }
    #expect(try keys.count() == 0, "what was refused left no key")
    #expect(try sealer.seal(secret(String(repeating: "x", count: 990)), what: "card").bytes.count <= SealedField.limit)
  }

  @Test func plainKeysInMemoryAreLimitedAndTheOldestGoFirst() throws {
    let rig = try SealRig()
    let sealer = rig.sealer(try rig.database())
    let fields = try (0..<(FieldSealer.heldLimit + 3)).map { _ in try sealer.seal(secret("x"), what: "card") }
    #expect(fields.map { sealer.holds($0.key) } == [false, false, false] + Array(repeating: true, count: FieldSealer.heldLimit))
  }

  @Test func thePrivateKeyIsForItsOwnerAlone() throws {
    let rig = try SealRig()
    let path = rig.folder + "/owner.key"
    try rig.owner.save(path)
    #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
    #expect(try SealKeyFile(reading: path).publicKey == rig.owner.publicKey)
    #expect(throws: SealKeyError.self) { try SealKeyFile().save(path) }
    chmod(path, 0o640)
    #expect(throws: SealKeyError.self) { try SealKeyFile(reading: path) }
    chmod(path, 0o600)
    try Data("linli seal key 1\nAAAA\n".utf8).write(to: URL(fileURLWithPath: path))
    #expect(throws: SealKeyError.self) { try SealKeyFile(reading: path) }
  }

  // MARK: - The form

  @Test func fieldsAreReadAsTheyWereWritten() throws {
    var fields = PersonalFields(pages: nil)
    let taken = [
      fields.set(.name, "欧阳\"小\\明\"".utf8), fields.set(.phone, from: secret("024-12345678")), fields.set(.address, "".utf8),
    ]
    #expect(taken == [true, true, true] && fields.buffer(.address) == nil)
    let content = SecretBuffer(capacity: 900)
    #expect(fields.write(to: content))
    #expect(text(content) == #"{"name":"欧阳\"小\\明\"","phone":"024-12345678"}"#)
    let read = try #require(PersonalFields(reading: content, pages: nil))
    #expect(PersonalFields.Field.allCases.map { read.text($0) } == ["欧阳\"小\\明\"", nil, nil, "024-12345678"])
    #expect("\(read)" == "PersonalFields" && Array(Mirror(reflecting: read).children).isEmpty)
    let object = try JSONSerialization.jsonObject(with: Data((text(content) ?? "").utf8)) as? [String: String]
    #expect(object == ["name": "欧阳\"小\\明\"", "phone": "024-12345678"])
    let small = SecretBuffer(capacity: 20)
    #expect(!fields.write(to: small) && small.isEmpty)
  }

  @Test func whatIsTooLongOrNoTextIsNotTaken() {
    var fields = PersonalFields(pages: nil)
    for field in PersonalFields.Field.allCases {
      let taken = [
        fields.set(field, String(repeating: "x", count: field.limit).utf8),
        fields.set(field, String(repeating: "y", count: field.limit + 1).utf8), fields.set(field, "a\nb".utf8),
        fields.set(field, [0xFF, 0x41]), fields.set(field, [0x7F]),
      ]
      #expect(taken == [true, false, false, false, false])
      #expect(fields.text(field) == String(repeating: "x", count: field.limit), "what was refused changed nothing")
    }
    let content = SecretBuffer(capacity: SealedField.limit)
    #expect(fields.write(to: content) && content.count < 900)
  }

  @Test(arguments: [
    "", "{", "}", "[]", "{}x", #"{"name":"}"#, #"{"name":"a"},"#, #"{"name":"a",}"#, #"{"phone":"1","name":"a"}"#,
    #"{"name":"\n"}"#,
    #"{"name":""}"#, #"{"name":"a" }"#, #"{"face":"a"}"#, #"{"name":"a""phone":"1"}"#, "{\"name\":\"\u{1}\"}",
  ]) func otherBytesAreNoFields(_ content: String) {
    #expect(PersonalFields(reading: secret(content), pages: nil) == nil)
  }
}
