import CCIDCodec
import CCIDDeviceModel
import DeviceKit
import Foundation
import Testing
import Transports

/// Smart cards with real libusb, with real pcscd and libccid, and with a reader that another program makes up. A missing program fails.
@Suite struct SmartCardTests {
  static let card = SyntheticSmartCard.contactless([0x04, 0xA1, 0xB2, 0xC3])
  static let told = "3b8180018080 04a1b2c3"
  static let select = "00a4040007a0000000031010"

  @Test func aCardIsToldAskedAndTakenAwayOverUSB() async throws {
    var card = Self.card
    card.file = (0..<600).map { UInt8(truncatingIfNeeded: $0) }
    let bench = try await SmartCardBench.make()
    try await bench.line("event ready")
    bench.touch(.put(card))
    #expect(try await bench.line("event present") == "event present 1 \(Self.told)")
    bench.ask(Self.select)
    #expect(try await bench.line("answer") == "answer 9000")
    bench.ask("8010000000")
    #expect(try await bench.line("answer") == "answer \(ReaderBench.hex(card.file))9000")
    bench.touch(.take)
    try await bench.line("event removed")
    bench.ask(Self.select)
    #expect(try await bench.line("failure") == "failure noCard")
    bench.touch(.put(.contact))
    #expect(try await bench.line("event present") == "event present 2 3b021450 -")
  }

  @Test func haltsAndDeadReadersAreMendedOverUSB() async throws {
    let bench = try await SmartCardBench.make(card: Self.card)
    try await bench.line("event present 1 \(Self.told)")
    bench.set(.halted)
    bench.ask(Self.select)
    try await bench.line("failure")
    bench.ask(Self.select)
    #expect(try await bench.line("answer") == "answer 9000")
    // That nothing more is done is tried in virtual time: here a second halt may come from what was asked before.
    #expect(bench.effects.contains("clear"))
    bench.set(.deadUntilReset)
    bench.ask(Self.select, within: 300)
    try await bench.line("failure timedOut")
    bench.ask(Self.select)
    #expect(try await bench.line("answer") == "answer 9000")
    #expect(bench.effects.contains("reset") && !bench.lines.contains("event removed"))
  }

  @Test func aReaderThatIsPulledOutAndPutBackIsReadyAgain() async throws {
    let bench = try await SmartCardBench.make(CCIDDescriptor(features: 0x2_00B2), card: Self.card)
    try await bench.line("event present 1 \(Self.told)")
    bench.touch(.unplug)
    try await bench.line("event removed")
    try await bench.line("event detached")
    let unplugged = MonotonicClock.now()
    bench.touch(.plug)
    try await bench.line("event present 2 \(Self.told)")
    #expect(MonotonicClock.now() - unplugged < .seconds(5))
  }

  /// Over libusb, and through pcscd and libccid.
  @Test(arguments: [false, true]) func aSocialSecurityCardIsToldFromAnother(service: Bool) async throws {
    var social = SyntheticSmartCard.contact
    social.names = [SocialSecurityCard.environment]
    var other = SyntheticSmartCard.contact
    other.names = []
    let bench = try await SmartCardBench.make(CCIDDescriptor(features: 0x2_00B2), service: service, card: social)
    try await bench.line("event present")
    bench.askKind()
    #expect(try await bench.line("kind") == "kind social security")
    bench.touch(.take)
    try await bench.line("event removed")
    bench.askKind()
    #expect(try await bench.line("failure") == "failure noCard")
    bench.touch(.put(other))
    try await bench.line("event present 2")
    bench.askKind()
    #expect(try await bench.line("kind") == "kind other")
  }

  /// libccid drives our model of a reader, and we drive pcscd: nothing of the way between is ours.
  @Test(arguments: [(0x1_0030 as UInt32, SyntheticSmartCard.card, "04a1b2c3"), (0x2_00B2, SyntheticSmartCard.contact, "-")])
  func anotherHostDrivesOurReaderAndWeDriveIt(features: UInt32, card: SyntheticSmartCard, uid: String) async throws {
    var card = card
    card.file = (0..<100).map { UInt8($0) }
    let bench = try await SmartCardBench.make(CCIDDescriptor(features: features), service: true, card: card)
    #expect(try await bench.line("event present") == "event present 1 \(ReaderBench.hex(card.answerToReset)) \(uid)")
    bench.ask(Self.select)
    #expect(try await bench.line("answer") == "answer 9000")
    bench.ask("8010000000")
    #expect(try await bench.line("answer") == "answer \(ReaderBench.hex(card.file))9000")
    bench.touch(.take)
    try await bench.line("event removed")
    bench.ask(Self.select)
    #expect(try await bench.line("failure") == "failure noCard")
    bench.touch(.put(card))
    try await bench.line("event present 2")
    #expect(bench.commands.contains { $0.kind == .powerOn } && bench.commands.contains { $0.kind == .exchange })
  }

  @Test func whereTheServiceEndsTheReaderIsSpokenWithDirectly() async throws {
    let bench = try await SmartCardBench.make(service: true, way: "automatic", card: Self.card)
    try await bench.line("event present 1 \(Self.told)")
    bench.endService()
    try await bench.line("event removed")
    try await bench.line("event repair noService")
    try await bench.line("event repaired")
    try await bench.line("event present 2 \(Self.told)")
    bench.ask(Self.select)
    #expect(try await bench.line("answer") == "answer 9000")
  }

  /// A reader that is a program (vpcd), with a card that is one too.
  @Test func theSystemsServiceTellsACardOfAnotherProgram() async throws {
    let service = try await VirtualCard.make()
    try await service.line("event ready")
    service.send("put 04deadbeef0102")
    #expect(try await service.line("event present") == "event present 1 3b8180018080 04deadbeef0102")
    service.send("ask 5000 \(Self.select)")
    #expect(try await service.line("answer") == "answer 9000")
    service.send("kind")
    #expect(try await service.line("kind") == "kind social security")
    service.send("take")
    try await service.line("event removed")
    service.send("put 04ff")
    try await service.line("event present 2")
    service.send("kind")
    #expect(try await service.line("kind") == "kind other")
    service.send("take")
    try await service.line("event removed")
    service.send("put -")
    #expect(try await service.line("event present") == "event present 3 3b8180018080 -")
    // The service is gone: told, and nobody is answered by it.
    service.send("kill")
    try await service.line("event removed")
    try await service.line("event repair noService")
    service.send("ask 5000 \(Self.select)")
    #expect(try await service.line("failure") == "failure outOfOrder")
  }
}

extension SmartCardTests {
  /// The program itself.
  @Test func aCardIsGivenToAnAccountAndItsNumberIsNowhere() async throws {
    let folder = "/tmp/linli-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let site = "\(folder)/site.yaml"
    try """
    site: {name: 测试站, station: test}
    places: [{id: p, name: 大厅}]
    posts: [{id: desk, name: 值班台}]
    desk: {port: 0}
    journal: {folder: journal, ballastMiB: 1}
    buses: [{name: A, port: \(folder)/bus, panels: [{node: 1, name: 面板, buttons: [{button: 1, place: p}]}]}]
    staffReader: {pcsc: "\(VirtualCard.reader)"}
    """.write(toFile: site, atomically: true, encoding: .utf8)
    let linli = try ReaderBench.program("linli")
    try await Self.shell("echo 739164 | '\(linli)' staff add '\(site)' d01 --role duty")
    // By itself.
    var service = try await VirtualCard.make([linli, "staff", "card", site, "d01"])
    try await service.line("请把 d01 的工卡放在读卡器上")
    service.send("put 08112233")
    try await service.lineContaining("手机或银行卡")
    // By the station that has the reader.
    service = try await VirtualCard.make([linli, "run", site])
    try await service.lineContaining("运行中")
    async let said: Void = Self.shell("'\(linli)' staff card '\(site)' d01")
    service.send("put 04deadbeef0102")
    try await said
    service.send("stop")
    let book = try String(contentsOfFile: "\(folder)/staff.json", encoding: .utf8)
    #expect(book.contains("\"card\"") && !book.lowercased().contains("deadbeef"))
    #expect(try FileManager.default.attributesOfItem(atPath: "\(folder)/staff-cards.key")[.posixPermissions] as? Int == 0o600)
  }

  @concurrent private static func shell(_ line: String) async throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", line]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let said = String(decoding: (try? output.fileHandleForReading.readToEnd()) ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw ReaderBench.Failure(description: "\(line): \(said)") }
  }
}

extension SyntheticSmartCard {
  fileprivate static let card = SmartCardTests.card
}
