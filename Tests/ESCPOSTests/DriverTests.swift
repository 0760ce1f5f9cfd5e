import DeviceKit
import DeviceVocabulary
import ESCPOSCodec
import ESCPOSDeviceModel
import ESCPOSDriver
import Testing

@Suite struct DriverTests {
  @Test func aTicketIsPrintedAndTheStationHearsItFromThePrinter() throws {
    var rig = try PrinterRig()
    rig.pass(.seconds(1))
    #expect(rig.conditions == [.ready] && rig.notices == [])
    rig.print(1, try ticket(1))
    #expect(rig.outcomes == [1: .printed] && rig.numbers() == ["A00001"])
    rig.pass(.seconds(1))
    #expect(rig.conditions == [.ready, .printing, .ready])
    #expect(rig.driver.counters.printed == 1 && rig.opened == 1)
  }

  /// Not a byte too early: the slip is still in the printer's buffer, the line has long taken it.
  @Test func aSlowPrinterHasPrintedWhenItIsThrough() throws {
    let bytes = try ticket(1)
    var rig = try PrinterRig(PrinterSettings(), PrinterTraits(bytesPerSecond: 200))
    rig.pass(.seconds(1))
    rig.print(1, bytes)
    let needed = bytes.count * 1_000 / 200
    while rig.outcomes.isEmpty, rig.now < .zero + .seconds(60) {
      #expect(rig.driver.isPrinting)
      rig.pass(.milliseconds(50))
    }
    #expect(rig.outcomes == [1: .printed] && rig.numbers() == ["A00001"])
    #expect(rig.now - .zero >= .milliseconds(1_000 + needed - 100))
  }

  @Test func idlePollingKeepsItsIntervalAndIsSilentWhileASlipIsOut() throws {
    var rig = try PrinterRig(PrinterSettings(pollInterval: .seconds(3)), PrinterTraits(bytesPerSecond: 500))
    rig.pass(.seconds(30))
    let rounds = rig.written.filter { $0 == [0x10, 0x04, 1] }.count
    #expect((10...11).contains(rounds), "\(rounds)")
    rig.print(1, try ticket(1))
    let before = rig.written.count
    rig.pass(.milliseconds(700))
    #expect(rig.driver.isPrinting && rig.written[before...].allSatisfy { $0 == [0x1D, 0x72, 1] }, "\(rig.written[before...])")
    rig.pass(.seconds(10))
    #expect(rig.outcomes == [1: .printed])
  }

  @Test func theQueueIsInOrderAndBounded() throws {
    var rig = try PrinterRig(PrinterSettings(queueLimit: 4), PrinterTraits(bytesPerSecond: 1_000))
    rig.pass(.seconds(1))
    for number in 1...8 { rig.print(UInt64(number), try ticket(number)) }
    #expect(rig.driver.waiting == 4)
    rig.pass(.seconds(15))
    #expect(rig.numbers() == ["A00001", "A00002", "A00003", "A00004", "A00005"])
    #expect((1...5).allSatisfy { rig.outcomes[$0] == .printed })
    #expect((6...8).allSatisfy { rig.outcomes[$0] == .notPrinted(.queueIsFull) })
    // Asked twice while it waits: one slip, one answer.
    rig.print(9, try ticket(9))
    rig.print(9, try ticket(9))
    rig.pass(.seconds(10))
    #expect(rig.numbers().suffix(1) == ["A00009"] && rig.numbers().count == 6)
    rig.print(10, [])
    rig.print(11, [UInt8](repeating: 0x41, count: 65_537))
    #expect(rig.outcomes[10] == .notPrinted(.impossible) && rig.outcomes[11] == .notPrinted(.impossible))
  }

  /// R17: each is told once, keeps the slip back for as long as a person waits, and is over by itself.
  @Test(arguments: [
    (PrinterModel.Hand.paperOut, PrinterModel.Hand.paperOK, PrinterFault.paperOut),
    (.cover(open: true), .cover(open: false), .coverOpen), (.cutterError(true), .cutterError(false), .cutterError),
    (.unrecoverableError(true), .unrecoverableError(false), .error), (.offline(true), .offline(false), .offline),
    (.mute(true), .mute(false), .notAnswering),
  ])
  func aFaultIsToldOnceAndOverByItself(plant: PrinterModel.Hand, heal: PrinterModel.Hand, fault: PrinterFault) throws {
    var rig = try PrinterRig()
    rig.pass(.seconds(10))
    rig.hand(plant)
    rig.pass(.seconds(120))
    #expect(rig.notices == ["+\(fault)"] && rig.conditions.last == .blocked)
    rig.print(1, try ticket(1))
    rig.pass(.seconds(3))
    #expect(rig.outcomes.isEmpty)
    // Within the time that the station waits for an answer: nobody has to guess what became of the slip.
    rig.pass(.seconds(2))
    #expect(rig.outcomes == [1: .notPrinted(.notReady(fault))] && rig.slips.isEmpty)
    rig.print(2, try ticket(2))
    rig.pass(.milliseconds(500))
    rig.hand(heal)
    rig.pass(.seconds(25))
    #expect(rig.notices == ["+\(fault)", "-\(fault)"] && rig.conditions.last == .ready)
    if fault != .notAnswering { #expect(rig.outcomes[2] == .printed && rig.numbers() == ["A00002"]) }
    rig.print(3, try ticket(3))
    rig.pass(.seconds(5))
    #expect(rig.outcomes[3] == .printed)
  }

  @Test func nearTheEndOfThePaperItPrintsAndSaysSo() throws {
    var rig = try PrinterRig()
    rig.hand(.paperLines(200))
    rig.pass(.seconds(5))
    #expect(rig.notices.isEmpty)
    var number = 0
    while rig.notices.isEmpty, number < 20 {
      number += 1
      rig.print(UInt64(number), try ticket(number))
      rig.pass(.seconds(8))
    }
    #expect(rig.notices == ["+paperNearEnd"] && rig.conditions.last == .ready && number > 2)
    #expect(rig.numbers().count == number && rig.outcomes.values.allSatisfy { $0 == .printed })
    rig.hand(.paperOK)
    rig.pass(.seconds(8))
    #expect(rig.notices == ["+paperNearEnd", "-paperNearEnd"])
  }

  /// A sensor at its limit: one notice, not one for each flicker.
  @Test func aFlickeringSensorIsOneNotice() throws {
    var rig = try PrinterRig()
    for _ in 0..<50 {
      rig.hand(.paperNearEnd)
      rig.pass(.seconds(3))
      rig.hand(.paperOK)
      rig.pass(.seconds(3))
    }
    #expect(rig.notices == ["+paperNearEnd"])
  }

  /// The paper ends at each line of the slip: it is printed, or somebody is asked; never "printed" when it is not.
  @Test func paperOutAtEveryLine() throws {
    var unknown = 0
    for lines in 0...60 {
      var rig = try PrinterRig()
      rig.pass(.seconds(1))
      rig.hand(.paperLines(lines))
      rig.print(1, try ticket(1))
      rig.pass(.seconds(30))
      switch rig.outcomes[1] {
      case .printed: #expect(rig.numbers() == ["A00001"], "\(lines) lines")
      case .notPrinted: #expect(lines == 0 && rig.model.paper.isBlank)
      case .unknown(let fault):
        unknown += 1
        #expect(fault == .paperOut && rig.slips.isEmpty, "\(lines) lines: \(String(describing: fault))")
      default: Issue.record("\(lines) lines: \(rig.outcomes)")
      }
      // The rest of it comes out with the new paper; the next ticket is whole, and its outcome is its own.
      rig.hand(.paperOK)
      rig.pass(.seconds(20))
      rig.print(2, try ticket(2))
      rig.pass(.seconds(20))
      #expect(rig.outcomes[2] == .printed && rig.numbers().last == "A00002", "\(lines) lines")
      #expect(rig.numbers().filter { $0 == "A00002" }.count == 1)
    }
    #expect(unknown > 10)
  }

  /// R7: the printer dies, or the line breaks, after every single byte of the slip and of what is asked behind it.
  @Test(arguments: [false, true], [false, true])
  func deathAtEveryByte(printerDies: Bool, tellsAccepted: Bool) throws {
    let bytes = try ticket(1)
    for count in 0...bytes.count + 20 {
      var rig = try PrinterRig()
      rig.pass(.seconds(1))
      rig.tellsAccepted = tellsAccepted
      // Four questions come before the slip.
      if printerDies { rig.hand(.dieAfter(bytes: 12 + count)) } else { rig.breakAfter = 12 + count }
      rig.print(1, bytes)
      rig.pass(.seconds(10))
      if printerDies { rig.hand(.power(true)) }
      rig.pass(.seconds(60))
      let isOnPaper = rig.numbers().contains("A00001")
      switch rig.outcomes[1] {
      case .printed: #expect(isOnPaper, "\(count)")
      case .unknown: #expect(count <= bytes.count + 3, "\(count)")
      // Nothing of it had left: it is printed in its time, or given up whole.
      case .notPrinted: #expect(!isOnPaper && count == 0, "\(count)")
      default: Issue.record("\(count): \(rig.outcomes)")
      }
      rig.print(2, try ticket(2))
      rig.pass(.seconds(30))
      #expect(rig.outcomes[2] == .printed && rig.numbers().last == "A00002", "\(count)")
      // Never a second time by itself.
      #expect(rig.numbers().count <= 2 && rig.outcomes.count == 2)
      #expect(rig.written.filter { $0 == bytes }.count <= (count == 0 ? 2 : 1), "\(count)")
    }
  }

  @Test func whatNeverLeftIsPrintedWhenTheLineIsBack() throws {
    var rig = try PrinterRig()
    rig.tellsAccepted = true
    rig.pass(.seconds(1))
    rig.breakAfter = 12
    rig.print(1, try ticket(1))
    rig.pass(.seconds(5))
    #expect(rig.outcomes == [1: .printed] && rig.numbers() == ["A00001"] && rig.opened == 2)
  }

  @Test func aLineThatHangsIsGivenUpAndOpenedAnew() throws {
    var rig = try PrinterRig()
    rig.pass(.seconds(1))
    rig.hangs = true
    rig.print(1, try ticket(1))
    rig.pass(.seconds(14))
    #expect(rig.outcomes.isEmpty)
    rig.pass(.seconds(2))
    #expect(rig.outcomes == [1: .unknown(nil)])
    rig.hangs = false
    rig.pass(.seconds(20))
    rig.print(2, try ticket(2))
    rig.pass(.seconds(20))
    #expect(rig.outcomes[2] == .printed)
  }

  @Test func aPrinterThatIsAwayIsToldOnceAndFoundAgain() throws {
    var rig = try PrinterRig()
    rig.isCut = true
    rig.pass(.seconds(3))
    #expect(rig.notices == [])
    rig.pass(.seconds(3_600))
    #expect(rig.notices == ["+notConnected"])
    // Patience: an hour of it, four tries a minute.
    #expect((200...300).contains(rig.opened), "\(rig.opened)")
    rig.isCut = false
    rig.pass(.seconds(25))
    #expect(rig.notices == ["+notConnected", "-notConnected"] && rig.conditions.last == .ready)
    // Away for a moment, as USB is: nobody is told.
    rig.hand(.power(false))
    rig.pass(.seconds(2))
    rig.hand(.power(true))
    rig.pass(.seconds(10))
    #expect(rig.notices.count == 2 && rig.conditions.last == .ready)
  }

  @Test func withoutStatusNothingIsClaimed() throws {
    var rig = try PrinterRig(PrinterSettings(status: .none, separator: PrinterProfile().separator), PrinterTraits(status: .none))
    rig.pass(.seconds(60))
    #expect(rig.written.isEmpty && rig.conditions.last == .ready)
    rig.print(1, try ticket(1))
    rig.pass(.seconds(1))
    #expect(rig.outcomes == [1: .sentNotVerified] && rig.numbers() == ["A00001"])
    rig.breakAfter = 100
    rig.print(2, try ticket(2))
    rig.pass(.seconds(5))
    #expect(rig.outcomes[2] == .unknown(nil))
    rig.print(3, try ticket(3))
    rig.pass(.seconds(20))
    #expect(rig.outcomes[3] == .sentNotVerified && rig.numbers().last == "A00003")
  }

  @Test func withRealTimeStatusOnlyItIsSentAndWhatWentWrongIsKnown() throws {
    var rig = try PrinterRig(PrinterSettings(status: .realTimeOnly), PrinterTraits(status: .realTimeOnly))
    rig.pass(.seconds(5))
    rig.print(1, try ticket(1))
    rig.pass(.seconds(5))
    #expect(rig.outcomes == [1: .sentNotVerified])
    rig.hand(.paperLines(12))
    rig.print(2, try ticket(2))
    rig.pass(.seconds(10))
    #expect(rig.outcomes[2] == .unknown(.paperOut) && rig.notices.contains("+paperOut"))
  }

  /// The answer to an older question must not vouch for a younger slip.
  @Test func aLateAnswerVouchesForNothing() throws {
    var rig = try PrinterRig(
      PrinterSettings(markerTimeout: .seconds(1), slowestBytesPerSecond: 5_000), PrinterTraits(bytesPerSecond: 100))
    rig.pass(.seconds(1))
    rig.print(1, try ticket(1))
    rig.pass(.seconds(3))
    #expect(rig.outcomes[1] == .unknown(nil), "the printer needs longer than was allowed")
    rig.print(2, try ticket(2))
    for _ in 0..<400 where rig.outcomes[2] == nil {
      rig.pass(.milliseconds(100))
      if rig.outcomes[2] == .printed { #expect(rig.numbers().contains("A00002")) }
    }
    #expect(rig.outcomes[2] != nil)
  }

  /// Answers do not say what they answer: one that comes late must not be read as the answer to another question.
  @Test func anAnswerThatComesLateIsNotReadAsAnother() throws {
    var rig = try PrinterRig()
    rig.pass(.seconds(1))
    rig.hand(.late(.milliseconds(1_200)))
    rig.hand(.cover(open: true))
    rig.pass(.seconds(60))
    #expect(rig.notices == ["+notAnswering"])
    rig.hand(.late(.zero))
    rig.pass(.seconds(25))
    #expect(rig.notices == ["+notAnswering", "-notAnswering", "+coverOpen"])
  }

  @Test func everyStepEnds() throws {
    // Whatever the printer does or leaves, an outcome is told within a minute.
    for hand in [
      PrinterModel.Hand.mute(true), .lose(perThousand: 500), .late(.seconds(2)), .garble(perThousand: 1_000), .paperLines(3),
    ] {
      var rig = try PrinterRig()
      rig.pass(.seconds(1))
      rig.hand(hand)
      rig.print(1, try ticket(1))
      rig.pass(.seconds(60))
      #expect(rig.outcomes[1] != nil, "\(hand)")
    }
  }
}
