import CSQLite
import DeviceKit
import Foundation
import SimulatedSite
import Station
import Testing

@testable import Sealing

/// The keys: durable when they have to be, and gone when they have to be.
@Suite struct KeyDatabaseTests {
  @Test func afterShreddingNothingOpensAndNoByteOfTheKeyIsLeft() throws {
    let rig = try SealRig()
    let keys = try rig.database()
    let sealer = rig.sealer(keys)
    // Many, so that pages are split and merged as they come and go.
    var fields = try (0..<200).map { number in try sealer.seal(secret("number \(number)"), what: "contact") }
    let wrapped = try fields.map { try #require(try keys.key($0.key)) }
    let pieces = Dictionary(uniqueKeysWithValues: wrapped.map { ($0.name, $0.bytes.words) })
    let before = try rig.everything().words
    #expect(pieces.values.allSatisfy { $0.isSubset(of: before) }, "the scan finds what is there")
    var random = SeededRandom(seed: 5)
    fields.shuffle(using: &random)
    var gone: Set<String> = []
    for start in stride(from: 0, to: 180, by: 20) {
      let names = fields[start..<start + 20].map(\.key)
      sealer.shred(names)
      gone.formUnion(names)
      let left = try rig.everything().words
      for (name, piece) in pieces where gone.contains(name) && !piece.isDisjoint(with: left) {
        Issue.record("a piece of a key is left after \(gone.count)")
      }
    }
    #expect(try keys.count() == 20 && sealer.count == 20)
    for field in fields.prefix(180) {
      #expect(try keys.key(field.key) == nil && !sealer.holds(field.key))
      #expect(sealer.open(field, for: .callBack, audit: { _ in true }) == nil)
    }
    for field in fields.suffix(20) {
      let key = try #require(try keys.key(field.key))
      let read = rig.owner.open(field, wrapped: key, station: "tiexi-03", for: .callBack, audit: { _ in true }, pages: nil)
      #expect(text(read)?.hasPrefix("number ") == true)
    }
  }

  @Test func whatNothingNamesIsSweptAndWhatIsNamedStays() throws {
    let rig = try SealRig()
    let keys = try rig.database()
    let sealer = rig.sealer(keys)
    let fields = try (0..<3).map { _ in try sealer.seal(secret("x"), what: "card") }
    // Their entries may be on their way.
    #expect(try sealer.sweep(named: [], at: rig.now) == .init(deleted: 0, missing: 0))
    rig.pass(FieldSealer.grace)
    let late = try sealer.seal(secret("y"), what: "card")
    #expect(try sealer.sweep(named: [fields[1].key, "lost"], at: rig.now) == .init(deleted: 2, missing: 1))
    #expect(try keys.names() == [fields[1].key, late.key].sorted())
    #expect(!sealer.holds(fields[0].key) && sealer.holds(fields[1].key))
    // What an earlier run of the program has left behind needs no grace.
    #expect(try rig.sealer(keys).sweep(named: [fields[1].key], at: rig.now) == .init(deleted: 1, missing: 0))
  }

  @Test func aSweepThatIsLateSparesWhatWasSealedMeanwhile() throws {
    let rig = try SealRig()
    let sealer = rig.sealer(try rig.database())
    let asked = rig.now
    rig.pass(.seconds(5))
    let field = try sealer.seal(secret("x"), what: "card")
    rig.pass(FieldSealer.grace * 3)
    #expect(try sealer.sweep(named: [], at: asked).deleted == 0 && sealer.holds(field.key))
  }

  @Test func aDamagedFileIsSaidAndLeftAsItIs() throws {
    let rig = try SealRig()
    do {
      let sealer = rig.sealer(try rig.database())
      for _ in 0..<50 { _ = try sealer.seal(secret("x"), what: "card") }
    }
    let file = URL(fileURLWithPath: rig.path)
    var bytes = try Data(contentsOf: file)
    for index in 4096..<min(bytes.count, 8192) { bytes[index] = 0x5A }
    try bytes.write(to: file)
    let error = #expect(throws: KeyDatabaseError.self) { try rig.database() }
    #expect(error?.description.contains(rig.path) == true)
    #expect(try Data(contentsOf: file) == bytes)
    try Data("not a database at all, but long enough to be taken for one".utf8).write(to: file)
    #expect(throws: KeyDatabaseError.self) { try rig.database() }
    #expect(throws: KeyDatabaseError.self) { try KeyDatabase(path: rig.folder + "/no/such/folder.sqlite") }
    #expect(throws: KeyDatabaseError.self) { try KeyDatabase(reading: rig.folder + "/none.sqlite").names() }
  }

  @Test func nobodyElseMayReadTheFiles() throws {
    let rig = try SealRig()
    let keys = try rig.database()
    _ = try rig.sealer(keys).seal(secret("x"), what: "card")
    let names = try FileManager.default.contentsOfDirectory(atPath: rig.folder)
    #expect(names.count >= 2, "the write-ahead file is among them")
    for name in names {
      let mode = try FileManager.default.attributesOfItem(atPath: rig.folder + "/" + name)[.posixPermissions] as? Int
      #expect((mode ?? 0o777) & 0o077 == 0, "\(name)")
    }
    #expect(try KeyDatabase(reading: rig.path).count() == 1, "who looks sees what is written, beside the station")
  }

  /// Who only looks keeps nothing alive for good.
  @Test(.timeLimit(.minutes(1))) func aReaderDelaysTheErasureAndDoesNotPreventIt() throws {
    let rig = try SealRig()
    let keys = try rig.database()
    let sealer = rig.sealer(keys)
    let field = try sealer.seal(secret("x"), what: "card")
    let wrapped = try #require(try keys.key(field.key))
    var reader: OpaquePointer?
    #expect(sqlite3_open_v2(rig.path, &reader, SQLITE_OPEN_READWRITE, nil) == SQLITE_OK)
    defer { sqlite3_close_v2(reader) }
    #expect(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM key", nil, nil, nil) == SQLITE_OK)
    #expect(try keys.delete([field.key]) == 1, "gone for whoever asks, whatever is being read")
    #expect(try keys.key(field.key) == nil && rig.everything().contains(sequence: wrapped.bytes))
    #expect(sqlite3_exec(reader, "COMMIT", nil, nil, nil) == SQLITE_OK)
    #expect(try sealer.sweep(named: [], at: rig.now) == .init(deleted: 0, missing: 0))
    #expect(try !rig.everything().contains(sequence: wrapped.bytes))
  }

  @Test func aFullDiskSealsNothing() throws {
    let rig = try SealRig()
    let disk = try #require(FaultyFileSystem(seed: 3))
    let keys = try rig.database(vfs: disk.name)
    let sealer = rig.sealer(keys)
    _ = try sealer.seal(secret("x"), what: "card")
    disk.refusesWrites = true
    #expect { try sealer.seal(secret("y"), what: "card") } throws: { error in
      if case SealError.keyNotKept = error { true } else { false }
    }
    disk.refusesWrites = false
    _ = try sealer.seal(secret("z"), what: "card")
    #expect(try keys.count() == 2)
  }

  /// What a parent keeps of a station below is what that station has said last, stretch by stretch.
  @Test func aStretchTakesThePlaceOfWhatWasThere() throws {
    let rig = try SealRig()
    let keys = try rig.database()
    func key(_ station: String, _ name: String, _ byte: UInt8 = 1) -> KeyDatabase.WrappedKey {
      .init(name: "\(station)/\(name)", recipient: [byte], bytes: [UInt8](repeating: byte, count: 81))
    }
    func put(_ station: String, _ names: [String], after: String = "", through: String = "", byte: UInt8 = 1) throws -> Int? {
      try keys.replace(
        of: "\(station)/", after: after, through: through, with: names.map { key(station, $0, byte) }, limit: 5)
    }
    #expect(try put("a", ["01", "02", "03", "04"]) == 4)
    #expect(try put("a-1", ["02"]) == 1 && put("b", ["00", "ff"]) == 2)
    #expect(try put("a", ["01", "02", "03", "04"]) == 4, "the same again changes nothing")
    #expect(try put("a", ["03"], after: "01", through: "03") == 3)
    #expect(try keys.names() == ["a-1/02", "a/01", "a/03", "a/04", "b/00", "b/ff"])
    #expect(try put("a", ["05", "06", "07"], after: "04") == nil, "too many: nothing was changed")
    #expect(try put("a", ["03"], after: "01", through: "03", byte: 2) == 3)
    #expect(try keys.key("a/03")?.recipient == [2] && keys.keys(of: "a/", after: "01", limit: 1).map(\.name) == ["a/03"])
    #expect(try put("a", []) == 0)
    #expect(try keys.names() == ["a-1/02", "b/00", "b/ff"])
  }
}
