import DeviceKit
import DeviceVocabulary
import ResidentCardCodec
import ResidentCardDeviceModel
import ResidentCardDriver
import Testing

@Suite struct FaultTests {
  /// Hands and faults from a seed, then a healthy reader: it is ready, its notices are over, and the next card is read right.
  @Test func whateverHappenedItEndsWell() {
    for seed: UInt64 in 1...500 { run(seed) }
  }

  private func run(_ seed: UInt64) {
    var random = SeededRandom(seed: seed)
    var settings = CardReaderSettings()
    settings.findsLyingCard = random.chance(1, in: 4)
    let layout = PipeLayout.allCases[Int(random.below(3))]
    var rig = ReaderRig.ready(layout, settings: settings, findsLyingCard: settings.findsLyingCard)
    rig.isHotplugDeaf = random.chance(1, in: 4)
    let faults: [CardReaderModel.Fault?] = [
      nil, nil, .silent, .slow(reply: .milliseconds(400), gap: .milliseconds(30)), .garbled, .wrongChecksum, .wrongLength,
      .halted,
      .deadUntilReset, .deadUntilOpened, .dead, .selfTestFailed, .notAuthorised,
    ]
    var cards: [[UInt8]] = []
    for _ in 0..<30 {
      switch random.below(9) {
      case 0, 1:
        let card = SyntheticCard.person(CardKind.allCases[Int(random.below(4))], seed: random.next(), newestAddress: "测试省新址")
        cards.append(card.text)
        rig.touch(.put(card))
      case 2: rig.touch(.take)
      case 3: rig.touch(.takeAtByte(Int(random.below(1400)), ofAddress: random.chance(1, in: 3), says: random.chance(1, in: 2)))
      case 4: rig.touch(random.chance(1, in: 2) ? .putGhost : .putTwoCards)
      case 5: rig.set(faults[Int(random.below(UInt32(faults.count)))])
      case 6: rig.read(newestAddress: random.chance(1, in: 2), for: .seconds(Int(1 + random.below(60))))
      case 7: rig.give(.cancel)
      default: rig.touch(random.chance(1, in: 2) ? .unplug : .plug)
      }
      rig.pass(.milliseconds(Int(random.below(random.chance(1, in: 5) ? 15_000 : 900))))
      if rig.driver.deadline == nil { Issue.record("seed \(seed): nothing wakes it") }
    }
    for record in rig.records {
      // Read right, or erased since.
      let content = record.content.open(for: .seal) { _ in true }.map(contents) ?? []
      #expect(content.isEmpty || cards.contains(content), "seed \(seed)")
    }
    rig.set(nil)
    rig.touch(.unplug)
    rig.pass(.seconds(1))
    rig.isHotplugDeaf = false
    rig.touch(.plug)
    rig.touch(.take)
    rig.pass(.seconds(3))
    #expect(rig.driver.notice == nil && rig.driver.health == .online, "seed \(seed): \(rig.told.suffix(5))")
    let last = SyntheticCard.person(.regional, seed: seed, newestAddress: "测试省新址路")
    rig.read(newestAddress: true)
    rig.pass(.milliseconds(600))
    rig.touch(.put(last))
    rig.pass(.seconds(2))
    #expect(
      rig.records.last?.content.open(for: .seal) { _ in true }.map(contents) == last.text, "seed \(seed): \(rig.told.suffix(5))")
    rig.give(.cancel)
    #expect(rig.vault.bytesLeft == 0 && rig.transfers.bytesLeft == 0, "seed \(seed)")
    #expect(!rig.effects.contains("refused") && rig.broken == [], "seed \(seed)")
    noticesAreTold(once: rig.told, seed)
  }

  /// One notice for each fault: between two of the same class it was over; what is repaired was told.
  private func noticesAreTold(once told: [ReaderEvent], _ seed: UInt64) {
    var open: ReaderRepair?
    var readings: Set<UInt32> = []
    for event in told {
      switch event {
      case .repairNeeded(let repair):
        #expect(open?.isTold != repair.isTold, "seed \(seed): \(repair) is told again")
        open = repair
      case .repaired:
        #expect(open != nil, "seed \(seed)")
        open = nil
      case .read(let handle): #expect(readings.insert(handle.number).inserted, "seed \(seed)")
      case .wiped(let handle): #expect(readings.remove(handle.number) != nil, "seed \(seed): erased twice, or never read")
      default: break
      }
    }
    #expect(open == nil && readings.isEmpty, "seed \(seed)")
  }

  /// Inputs that no transport should send: never a trap, never a state that nothing leaves.
  @Test func inputsInAnyOrderEndNothing() {
    for seed: UInt64 in 1...200 {
      var random = SeededRandom(seed: seed)
      var rig = ReaderRig(PipeLayout.allCases[Int(random.below(3))])
      for _ in 0..<200 {
        switch random.below(9) {
        case 0: rig.give(.linkUp(PipeLayout.allCases[Int(random.below(3))]))
        case 1: rig.give(.linkDown)
        case 2: rig.give(.transferFailed(random.chance(1, in: 2) ? .stalled : .failed))
        case 3: rig.give(.mended)
        case 4: rig.give(.cancel)
        case 5: rig.read(newestAddress: random.chance(1, in: 2))
        case 6:
          let buffer = SecretBuffer(capacity: 64)
          var bytes = (0..<Int(random.below(30))).map { _ in UInt8(truncatingIfNeeded: random.next()) }
          if random.chance(1, in: 2) { bytes = SDTFrame.preamble + bytes }
          if random.chance(1, in: 3) {
            bytes = []
            SDTReply.encode(SDTStatus.known[Int(random.below(20))].status, data: []) { bytes.append($0) }
          }
          buffer.fill(from: bytes)
          rig.give(.received(buffer, from: ReaderPipe.allCases[Int(random.below(3))]))
        case 7: rig.touch(.put(ReadingTests.card))
        default: rig.pass(.milliseconds(Int(random.below(400))))
        }
      }
      rig.give(.linkDown)
      rig.give(.cancel)
      rig.touch(.plug)
      rig.pass(.seconds(8))
      #expect(rig.driver.health == .online && rig.vault.bytesLeft == 0, "seed \(seed): \(rig.told.suffix(4))")
    }
  }
}

/// Nothing of a card is left where it must not be.
@Suite struct CanaryTests {
  static let card = SyntheticCard(
    .resident,
    [
      (.name, "窃样本"), (.sex, "2"), (.nation, "11"), (.birth, "19491231"), (.address, "测试省示例市金丝雀路7号"),
      (.number, "11010519491231002X"), (.authority, "示例市公安局样本分局"), (.validFrom, "20200101"), (.validTo, "20400101"),
    ], newestAddress: "测试省示例市知更鸟路8号")

  /// As a person would read it, as bytes of UTF-16 in a list of numbers, and as the photo has them.
  static let canaries = [
    "窃样本", "样本", "金丝雀", "知更鸟", "19491231", "1949", "0519491231002", "111, 78, 29, 145, 197, 150", "10, 17, 24, 31, 38, 45",
  ]

  private func find(in value: Any) -> [String] {
    var dumped = ""
    dump(value, to: &dumped)
    var texts = [String(describing: value), String(reflecting: value), "\(value)", dumped]
    func walk(_ value: Any, _ depth: Int) {
      for child in Mirror(reflecting: value).children where depth < 8 {
        texts.append(String(describing: child.value))
        walk(child.value, depth + 1)
      }
    }
    walk(value, 0)
    return Self.canaries.filter { canary in texts.contains { $0.contains(canary) } }
  }

  @Test func theCanaryIsFoundWhereItIs() {
    #expect(find(in: ["窃样本", "19491231"]).contains("19491231"))
    #expect(find(in: Self.card).contains("10, 17, 24, 31, 38, 45"), "the device model's own copy")
  }

  @Test func nothingPrintsAtAnyMomentOfAReading() {
    for layout in PipeLayout.allCases {
      var rig = ReaderRig.ready(layout)
      rig.touch(.put(Self.card))
      rig.read(newestAddress: true)
      for _ in 0..<160 {
        rig.pass(.milliseconds(9))
        #expect(find(in: rig.driver) == [])
      }
      #expect(rig.records.count == 1)
      for record in rig.records {
        #expect(find(in: record) == [] && find(in: CardReaderEffect.record(record, consent: 1)) == [])
        #expect(record.masked.name == "窃**" && record.masked.number == "110***********002X")
      }
      #expect(find(in: rig.told) == [] && rig.vault.bytesLeft > 0)
      rig.give(.cancel)
      #expect(rig.vault.bytesLeft == 0 && rig.transfers.bytesLeft == 0 && find(in: rig.driver) == [])
    }
  }

  @Test func aTextReaderPrintsNothingEither() throws {
    let buffer = SecretBuffer(capacity: 256)
    buffer.fill(from: Self.card.text)
    let text = try #require(CardText(buffer))
    #expect(find(in: text) == [] && find(in: text.doubts()) == [] && find(in: MaskedCard(text)) == [])
    var decoder = SDTReplyDecoder()
    decoder.expect(.text, into: SecretBuffer(capacity: 256))
    var frame: [UInt8] = []
    SDTReply.encode(.done, data: Self.card.record) { frame.append($0) }
    for byte in frame {
      _ = decoder.push(byte)
    }
    #expect(find(in: decoder) == [])
    // Half way.
    decoder.expect(.text, into: SecretBuffer(capacity: 256))
    for byte in frame.prefix(600) { _ = decoder.push(byte) }
    #expect(find(in: decoder) == [])
  }

  @Test func aDriverThatIsGivenUpLeavesNothing() {
    final class Pages: Sendable {}
    var rig: ReaderRig? = ReaderRig.ready()
    rig?.touch(.put(Self.card))
    rig?.read()
    rig?.pass(.seconds(2))
    weak let content = rig?.records.first?.content.open(for: .seal) { _ in true }
    #expect(content?.isEmpty == false)
    rig = nil
    #expect(content == nil, "its memory is erased and given back (SecretTests)")
  }
}
