import DeviceKit
import DeviceVocabulary
import ESCPOSCodec
import ESCPOSDeviceModel
import ESCPOSDriver
import Testing

@Suite struct EnduranceTests {
  @Test func tenThousandTickets() throws {
    var rig = try PrinterRig()
    rig.pass(.seconds(1))
    for number in 1...10_000 {
      rig.print(UInt64(number), try ticket(number))
      rig.pass(.milliseconds(100))
      if number % 1_000 == 0 {
        #expect(rig.numbers().count == 1_000 && rig.slips.count == 1_000)
        rig.slips.removeAll()
        rig.written.removeAll()
      }
    }
    #expect(rig.driver.counters.printed == 10_000 && rig.outcomesInOrder.allSatisfy { $0 == .printed })
    #expect(rig.notices.isEmpty && rig.driver.counters.garbage == 0 && rig.opened == 1)
  }

  /// Random faults, then everything is healed: no slip is claimed that is not on paper, none is printed twice, every job has one outcome,
  /// every fault is taken back, and the next ticket comes out.
  @Test(arguments: Array(UInt64(1)...60)) func faultsAtRandomEndHealthy(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let traits = PrinterTraits(
      initialiseLeavesChinese: random.chance(1, in: 2), bytesPerSecond: random.chance(1, in: 2) ? 2_000 : nil)
    var rig = try PrinterRig(PrinterSettings(separator: PrinterProfile().separator), traits)
    var last: UInt64 = 0
    for _ in 0..<120 {
      switch random.below(16) {
      case 0: rig.hand(.paperLines(Int(random.below(80))))
      case 1: rig.hand(.paperOK)
      case 2: rig.hand(.cover(open: random.chance(1, in: 2)))
      case 3: rig.hand(.offline(random.chance(1, in: 3)))
      case 4: rig.hand(.cutterError(random.chance(1, in: 3)))
      case 5: rig.hand(.dieAfter(bytes: Int(random.below(2_000))))
      case 6: rig.hand(.power(random.chance(3, in: 4)))
      case 7: rig.breakAfter = Int(random.below(2_000))
      case 8: rig.isCut = random.chance(1, in: 3)
      case 9: rig.hand(.mute(random.chance(1, in: 3)))
      case 10: rig.hand(.lose(perThousand: random.below(300)))
      case 11: rig.tellsAccepted = random.chance(1, in: 2)
      default:
        last += 1
        rig.print(last, try ticket(Int(last)))
      }
      rig.pass(.milliseconds(Int(random.below(8_000))))
      check(rig, "seed \(seed)")
    }
    for hand in [
      PrinterModel.Hand.power(true), .paperOK, .cover(open: false), .offline(false), .cutterError(false), .mute(false),
      .lose(perThousand: 0),
    ] { rig.hand(hand) }
    rig.isCut = false
    rig.breakAfter = nil
    rig.pass(.seconds(120))
    last += 1
    rig.print(last, try ticket(Int(last)))
    rig.pass(.seconds(30))
    check(rig, "seed \(seed)")
    #expect(
      rig.outcomes[last] == .printed && rig.numbers().last == rig.number(last), "seed \(seed): \(rig.outcomes[last] as Any)")
    #expect(rig.outcomes.count == Int(last) && rig.driver.waiting == 0 && !rig.driver.isPrinting)
    #expect(rig.conditions.last == .ready)
    for fault in PrinterFault.allCases {
      let told = rig.notices.filter { $0.dropFirst() == "\(fault)" }
      // Once each, and taken back each time.
      #expect(
        told == (0..<told.count).map { $0 % 2 == 0 ? "+\(fault)" : "-\(fault)" } && told.count % 2 == 0, "seed \(seed): \(told)")
    }
  }

  private func check(_ rig: PrinterRig, _ name: String) {
    let numbers = rig.numbers()
    #expect(Set(numbers).count == numbers.count, "\(name): twice")
    for (job, outcome) in rig.outcomes {
      switch outcome {
      case .printed: #expect(numbers.contains(rig.number(job)), "\(name): \(job) is claimed and not on paper")
      case .notPrinted: #expect(!numbers.contains(rig.number(job)), "\(name): \(job) is on paper")
      case .unknown, .sentNotVerified: break
      }
    }
  }

  /// Bytes that nobody asked for, of any value, at any time.
  @Test func noiseOnTheLineTrapsNothingAndPassesOver() throws {
    var random = SeededRandom(seed: 9)
    var rig = try PrinterRig()
    for number in 1...200 {
      rig.give(.received((0..<random.below(40)).map { _ in UInt8(random.below(256)) }))
      if number % 5 == 0 { rig.print(UInt64(number), try ticket(number)) }
      if number % 17 == 0 { rig.give(.written) }
      if number % 31 == 0 { rig.give(.writeFailed(accepted: Int(random.below(5)) - 1)) }
      if number % 37 == 0 { rig.give(.linkUp) }
      rig.pass(.milliseconds(Int(random.below(3_000))))
    }
    rig.hand(.paperOK)
    rig.pass(.seconds(120))
    rig.print(1_000, try ticket(1_000))
    rig.pass(.seconds(20))
    #expect(rig.outcomes[1_000] == .printed && rig.numbers().last == "A01000" && rig.conditions.last == .ready)
    #expect(rig.driver.counters.garbage > 0)
  }

  @Test func theSameSeedIsTheSameDay() throws {
    func day() throws -> [String] {
      var rig = try PrinterRig()
      rig.hand(.lose(perThousand: 200))
      rig.hand(.garble(perThousand: 200))
      for number in 1...40 {
        rig.print(UInt64(number), try ticket(number))
        rig.pass(.seconds(5))
      }
      return rig.notices + rig.outcomesInOrder.map { "\($0)" }
    }
    #expect(try day() == day())
  }
}

extension PrinterRig {
  func number(_ job: UInt64) -> String { "A\(String(repeating: "0", count: max(0, 5 - "\(job)".count)))\(job)" }
}
