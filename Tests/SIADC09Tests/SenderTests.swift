import AlarmReceivers
import DeviceKit
import SIADC09Codec
import SIADC09DeviceModel
import SIADC09Driver
import Testing

@Suite struct SenderTests {
  static let panic = ReceiverEvent(.panic, group: 1, zone: 5)
  static let key = AESCipher(key: Array("AAAAAAAAAAAAAAAA".utf8))

  @Test(arguments: [false, true]) func callsArriveOnceInOrderWithNumbersInARow(encrypted: Bool) {
    var rig = SenderRig(cipher: encrypted ? Self.key : nil)
    rig.pieces = SeededRandom(seed: 4)
    for zone in 1...30 { rig.report(ReceiverEvent(.panic, group: 1, zone: zone)) }
    rig.pass(.seconds(1))
    #expect(rig.delivered == Array(1...30))
    #expect(rig.accepted.map(\.sequence) == Array(1...30))
    #expect(rig.accepted.map(\.content.data) == (1...30).map { "#1234|1120 01 0\($0 < 10 ? "0" : "")\($0)" })
    #expect(rig.accepted.allSatisfy { $0.isEncrypted == encrypted && $0.content.timestamp != nil })
    #expect(rig.health == [.answering] && rig.connects == 1)
  }

  @Test func supervisionKeepsItsInterval() {
    var rig = SenderRig(DC09SenderSettings(account: "1234", supervision: .seconds(60)))
    rig.pass(.seconds(605))
    #expect(rig.supervisions == 11, "one at the start, then every minute")
    // Anything that is answered begins the interval anew.
    rig.pass(.seconds(50))
    rig.report(Self.panic)
    rig.pass(.seconds(50))
    #expect(rig.supervisions == 11 && rig.accepted.map(\.sequence) == [1])
    var quiet = SenderRig(DC09SenderSettings(account: "1234", supervision: nil))
    quiet.pass(.seconds(86_400))
    #expect(quiet.transmitted.isEmpty && quiet.connects == 0 && quiet.sender.deadline == nil)
  }

  @Test func aSilentReceiverIsAskedAgainWithTheSameNumberAndNothingIsLost() {
    var rig = SenderRig(DC09SenderSettings(account: "1234", supervision: nil))
    rig.set(.silent)
    rig.report(Self.panic)
    rig.report(ReceiverEvent(.panic, isRestore: true, group: 1, zone: 5))
    rig.pass(.seconds(29))
    #expect(rig.health == [])
    rig.pass(.seconds(1))
    #expect(rig.health == [.silent] && rig.delivered.isEmpty)
    rig.pass(.seconds(3 * 86_400))
    rig.set(nil)
    rig.pass(.seconds(80))
    #expect(rig.health == [.silent, .answering] && rig.delivered == [1, 2])
    #expect(rig.accepted.map(\.sequence) == [1, 2] && rig.accepted.map(\.content.data).last == "#1234|3120 01 005")
    // Patience: after three days of it, not more than a few tries a minute.
    #expect(rig.transmitted.count < 3 * 1440 * 4)
  }

  @Test func aCutLineIsMadeAnewAndTheCallGoesOut() {
    var rig = SenderRig()
    rig.pass(.seconds(1))
    rig.cut()
    rig.report(Self.panic)
    rig.pass(.seconds(40))
    #expect(rig.delivered.isEmpty && rig.health == [.answering, .silent])
    rig.isCut = false
    rig.pass(.seconds(80))
    #expect(rig.delivered == [1] && rig.health.last == .answering)
  }

  @Test func aWrongClockIsSetByTheRefusalAndTheCallGoesOutAtOnce() {
    var rig = SenderRig(DC09SenderSettings(account: "1234", supervision: nil))
    rig.clockErrorSeconds = -86_400
    rig.set(.clock(offsetSeconds: 0))
    rig.report(Self.panic)
    rig.pass(.milliseconds(10))
    #expect(rig.delivered == [1] && rig.accepted.map(\.sequence) == [2], "a refusal uses its number up")
    #expect(rig.accepted.first?.content.timestamp?.unixSeconds == SenderRig.unixStart)
    rig.report(Self.panic)
    rig.pass(.milliseconds(10))
    #expect(rig.accepted.map(\.sequence) == [2, 3] && rig.health == [.answering])
  }

  @Test func whatIsRefusedAgainIsKeptAndTriedSlowly() {
    var rig = SenderRig(DC09SenderSettings(account: "1234", supervision: nil))
    rig.set(.refuses)
    rig.report(Self.panic)
    rig.pass(.seconds(300))
    #expect(rig.health == [.refusing] && rig.delivered.isEmpty && rig.refused.isEmpty)
    #expect((20...22).contains(rig.transmitted.count), "two each half minute: \(rig.transmitted.count)")
    rig.set(nil)
    rig.pass(.seconds(31))
    #expect(rig.delivered == [1] && rig.health == [.refusing, .answering])
  }

  @Test func whatIsNotUnderstoodIsGivenUpAndDoesNotHoldUpTheRest() {
    var rig = SenderRig(DC09SenderSettings(account: "1234", supervision: nil))
    rig.set(.notUnderstood)
    rig.report(Self.panic)
    rig.pass(.seconds(100))
    #expect(rig.refused == [1] && rig.transmitted.count == 1)
    rig.set(nil)
    rig.report(Self.panic)
    rig.pass(.seconds(1))
    #expect(rig.delivered == [2] && rig.accepted.map(\.sequence) == [2])
  }

  @Test(arguments: [
    DC09ReceiverModel.Fault.late(.milliseconds(3900)), .late(.milliseconds(4500)), .garbage, .closes, .acceptsAndCloses,
    .wrongSequence,
  ])
  func whateverTheReceiverDoesNothingIsLostOrRenumbered(fault: DC09ReceiverModel.Fault) {
    var rig = SenderRig(DC09SenderSettings(account: "1234", supervision: nil))
    rig.set(fault)
    for zone in 1...3 { rig.report(ReceiverEvent(.panic, group: 1, zone: zone)) }
    rig.pass(.seconds(100))
    rig.set(nil)
    rig.pass(.seconds(200))
    #expect(rig.delivered == [1, 2, 3])
    // A repeat has the number of the first, so that it can be told from another call of the same zone.
    var zones: [Int: String] = [:]
    for frame in rig.accepted {
      #expect(zones[frame.sequence] == nil || zones[frame.sequence] == frame.content.data)
      zones[frame.sequence] = frame.content.data
    }
    #expect(zones.count == 3 && Set(zones.keys) == [1, 2, 3])
  }

  @Test func anAnswerThatDoesNotBelongFreesNothing() throws {
    var rig = SenderRig(DC09SenderSettings(account: "1234", supervision: nil), cipher: Self.key)
    rig.set(.silent)
    rig.report(Self.panic)
    rig.pass(.milliseconds(10))
    var random = SeededRandom(seed: 1)
    func give(_ frame: DC09Frame, _ rig: inout SenderRig) throws {
      rig.give(.received(try #require(frame.encoded(Self.key, random: &random))))
    }
    try give(DC09Frame(kind: .acknowledged, sequence: 1, account: "1234"), &rig)
    #expect(rig.delivered.isEmpty, "in clear")
    try give(DC09Frame(kind: .acknowledged, sequence: 2, account: "1234", isEncrypted: true), &rig)
    try give(DC09Frame(kind: .acknowledged, sequence: 1, account: "9999", isEncrypted: true), &rig)
    try give(DC09Frame(kind: .contactID, sequence: 1, account: "1234", isEncrypted: true), &rig)
    rig.give(.received(Array("\n\r\"NAK\"\n\n\r".utf8)))
    #expect(rig.delivered.isEmpty && rig.sender.counters.stale == 4)
    try give(DC09Frame(kind: .acknowledged, sequence: 1, account: "1234", isEncrypted: true), &rig)
    #expect(rig.delivered == [1])
    // Once more, and nothing is under way: it frees nothing that comes later.
    try give(DC09Frame(kind: .acknowledged, sequence: 2, account: "1234", isEncrypted: true), &rig)
    rig.report(Self.panic)
    rig.pass(.milliseconds(10))
    #expect(rig.delivered == [1])
  }

  @Test func aReceiverThatAcknowledgesInClearIsTakenWhenTheSiteSaysSo() throws {
    var rig = SenderRig(DC09SenderSettings(account: "1234", supervision: nil, plainAcknowledgements: true), cipher: Self.key)
    rig.set(.silent)
    rig.report(Self.panic)
    rig.pass(.milliseconds(10))
    var random = SeededRandom(seed: 1)
    let bytes = try #require(DC09Frame(kind: .acknowledged, sequence: 1, account: "1234").encoded(nil, random: &random))
    rig.give(.received(bytes))
    #expect(rig.delivered == [1])
  }

  @Test func numbersGoRoundAndGoOnAfterARestart() {
    var rig = SenderRig(DC09SenderSettings(account: "1234", supervision: nil))
    rig.sender = DC09Sender(settings: rig.sender.settings, cipher: nil, nextSequence: 9998, seed: 1)
    for _ in 1...3 { rig.report(Self.panic) }
    rig.pass(.seconds(1))
    #expect(rig.accepted.map(\.sequence) == [9998, 9999, 1] && rig.sender.nextSequence == 2)
    for wrong in [0, -1, 10_000] {
      #expect(DC09Sender(settings: rig.sender.settings, cipher: nil, nextSequence: wrong, seed: 1).nextSequence == 1)
    }
  }

  @Test func theTimeOfThePressIsToldWhereTheReceiverKnowsIt() {
    var rig = SenderRig(DC09SenderSettings(format: .siaDCS, account: "1234", supervision: nil, timeOfOccurrence: true))
    rig.report(Self.panic)
    rig.pass(.seconds(1))
    #expect(rig.accepted.first?.content.extended == ["H12:33:56,01-15-2026"])
    #expect(rig.accepted.first?.content.data == "#1234|Nri1/PA005" && rig.accepted.first?.kind == .siaDCS)
  }

  /// Faults of every kind from a seed, then a healthy receiver: everything arrives, in order, each under one number.
  @Test(arguments: 1...40) func throughFaultsFromASeedEverythingArrives(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    var rig = SenderRig(DC09SenderSettings(account: "1234"), cipher: seed % 2 == 0 ? Self.key : nil)
    rig.pieces = random.fork()
    let faults: [DC09ReceiverModel.Fault?] = [
      nil, .silent, .clock(offsetSeconds: 3600), .refuses, .late(.milliseconds(5000)), .garbage, .closes, .acceptsAndCloses,
      .wrongSequence,
    ]
    for zone in 1...40 {
      rig.set(faults[Int(random.below(UInt32(faults.count)))])
      if random.chance(1, in: 8) { rig.cut() } else { rig.isCut = false }
      rig.report(ReceiverEvent(.panic, group: 1, zone: zone))
      rig.pass(.milliseconds(Int(random.below(20_000))))
      rig.give(.received((0..<random.below(20)).map { _ in UInt8(truncatingIfNeeded: random.next()) }))
    }
    rig.isCut = false
    rig.set(nil)
    rig.pass(.seconds(600))
    #expect(rig.delivered == Array(1...40), "seed \(seed)")
    var first: [String] = []
    for frame in rig.accepted where !first.contains(frame.content.data) { first.append(frame.content.data) }
    #expect(first == (1...40).map { ReceiverEvent(.panic, group: 1, zone: $0).contactID(account: "1234") }, "seed \(seed)")
    #expect(rig.health.last == .answering)
  }
}
