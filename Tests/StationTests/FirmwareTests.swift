import DeviceKit
import DeviceVocabulary
import Station
import Testing

/// What panels say of their firmware becomes cards with the next step.
@Suite struct FirmwareTests {
  private static let panel = DeviceID("A/1")
  private static let other = DeviceID("A/2")

  private func firmware(_ patch: UInt16 = 0, board: UInt16 = 4, _ change: (inout DeviceFirmware) -> Void = { _ in })
    -> DeviceFirmware
  {
    var firmware = DeviceFirmware(
      board: board, isBoardKnown: true, version: 0x0102, patch: patch, build: 0x0123_4567 + UInt64(patch), slot: 0)
    change(&firmware)
    return firmware
  }

  private func identity(_ about: DeviceFirmware?, unit: UInt32 = 700) -> DeviceIdentity {
    DeviceIdentity(
      vendor: "Linli", product: "CP-2", firmware: "1.2", unit: unit, protocolVersion: 0x0101, buttons: 2, about: about)
  }

  private func say(_ bench: inout Bench, _ about: DeviceFirmware?, of device: DeviceID = panel, unit: UInt32 = 700) {
    bench.give(.device(.identified(device, identity(about, unit: unit))))
  }

  private func faults(_ bench: Bench) -> [String] { bench.view.faults.filter(\.present).map(\.key.description) }

  @Test func goodFirmwareIsNoCardAndOneEntry() {
    var bench = Bench()
    for _ in 0..<5 { say(&bench, firmware()) }
    #expect(faults(bench).isEmpty)
    #expect(bench.entries.filter { if case .deviceIdentified = $0.change { true } else { false } }.count == 1)
    #expect(bench.station.state.identities.first?.identity.about == firmware())
  }

  @Test func aProtocolThatIsNotKnownIsACardUntilItIsKnown() {
    var bench = Bench()
    var strange = identity(nil)
    strange.protocolVersion = 0x0203
    strange.isOfUnknownProtocol = true
    bench.give(.device(.identified(Self.panel, strange)))
    #expect(faults(bench) == ["A/1:unknownProtocol"] && bench.view.faults[0].detail == "2.3")
    #expect(bench.view.faults[0].adviceChinese.contains("升级") && bench.view.sound == .fault)
    say(&bench, firmware())
    #expect(faults(bench).isEmpty)
  }

  @Test func unknownHardwareAndAFailedSelfTestAreCards() {
    var bench = Bench()
    say(&bench, firmware(board: 99) { $0.isBoardKnown = false })
    #expect(faults(bench) == ["A/1:unknownBoard"] && bench.view.faults[0].detail == "99")
    say(&bench, firmware { $0.selfTest = DeviceFirmware.selfTestUnfinished | 2 })
    #expect(faults(bench).isEmpty, "a self-test that is not finished has not failed")
    say(&bench, firmware { $0.selfTest = 0b1010 })
    #expect(faults(bench) == ["A/1:selfTestFailed"])
    #expect(bench.view.faults.last?.detail == "设置存储、模数转换 / settings memory, converter")
    say(&bench, firmware())
    #expect(faults(bench).isEmpty)
  }

  @Test func anImageOnTrialIsACardWhenItIsNotConfirmedSoon() {
    var bench = Bench()
    say(&bench, firmware { $0.isOnTrial = true })
    bench.pass(.seconds(29))
    #expect(faults(bench).isEmpty, "each update begins with a trial")
    bench.pass(.seconds(2))
    #expect(faults(bench) == ["A/1:onTrial"])
    say(&bench, firmware())
    #expect(faults(bench).isEmpty)
    say(&bench, firmware { $0.isOnTrial = true })
    bench.pass(.seconds(5))
    say(&bench, firmware())
    bench.pass(.seconds(100))
    #expect(faults(bench).isEmpty)
  }

  @Test func aFaultOfThePanelsProgramIsToldOnceAlsoAfterTheStationWasStartedAgain() {
    var bench = Bench()
    let key = FaultKey(.device(Self.panel), .panelFaulted)
    let faulted = firmware {
      $0.faults = 2
      $0.lastFault = 5
      $0.programCounter = 0x0800_1234
    }
    say(&bench, firmware())
    bench.pass(.seconds(61))
    say(&bench, faulted)
    #expect(faults(bench) == ["A/1:panelFaulted"])
    #expect(bench.view.faults[0].detail.contains("看门狗") && bench.view.faults[0].detail.contains("pc 0x08001234"))
    bench.ask("desk", .retest(key))
    say(&bench, faulted)
    bench.pass(.seconds(3))
    #expect(bench.view.faults.isEmpty, "it happened once and was seen")
    say(&bench, faulted)
    var next = bench.restarted(boot: "boot-2", after: .seconds(60))
    say(&next, faulted)
    #expect(faults(next).isEmpty)
    say(&next, firmware { $0.faults = 3 })
    #expect(faults(next) == ["A/1:panelFaulted"])
  }

  @Test func anotherUnitsFaultsAreItsOwn() {
    var bench = Bench()
    say(&bench, firmware { $0.faults = 2 })
    bench.ask("desk", .retest(FaultKey(.device(Self.panel), .panelFaulted)))
    say(&bench, firmware { $0.faults = 2 }, unit: 701)
    #expect(faults(bench).contains("A/1:panelFaulted") && faults(bench).contains("A/1:wrongIdentity"))
  }

  @Test func differentVersionsAreAnInformationWithoutSoundAndLight() {
    var bench = Bench()
    say(&bench, firmware(3))
    say(&bench, firmware(4), of: Self.other, unit: 800)
    #expect(faults(bench) == ["A:firmwareDiffers"])
    #expect(bench.view.faults[0].detail == "A/1 1.2.3 < 1.2.4" && bench.view.faults[0].silenced)
    #expect(bench.view.sound == .none)
    say(&bench, firmware(4))
    #expect(faults(bench).isEmpty)
    #expect(bench.ask("desk", .retest(FaultKey(.bus("A"), .firmwareDiffers))) == .done)
    #expect(bench.view.faults.isEmpty)
    // Other hardware has other firmware.
    say(&bench, firmware(9, board: 3), of: Self.other, unit: 800)
    #expect(faults(bench).isEmpty)
  }

  /// Whoever is sent with a new image has to find the panel that needs it, and the version that the others have.
  @Test func theCardNamesTheRightPanelAndVersionsWhenTheyChange() {
    var bench = Bench()
    func detail() -> String? { bench.view.faults.first { $0.key.kind == .firmwareDiffers }?.detail }
    say(&bench, firmware(2))
    say(&bench, firmware(1), of: Self.other, unit: 800)
    #expect(detail() == "A/2 1.2.1 < 1.2.2")
    bench.pass(.seconds(120))
    say(&bench, firmware(3), of: Self.other, unit: 800)
    #expect(detail() == "A/1 1.2.2 < 1.2.3")
    // The next change comes soon, and nothing is heard of the panels after it.
    bench.pass(.seconds(10))
    say(&bench, firmware(4), of: Self.other, unit: 800)
    bench.pass(.seconds(60))
    #expect(detail() == "A/1 1.2.2 < 1.2.4")
    // One that has come and gone meanwhile is not told.
    say(&bench, firmware(5), of: Self.other, unit: 800)
    say(&bench, firmware(4), of: Self.other, unit: 800)
    let entries = bench.entries.count
    bench.pass(.seconds(600))
    #expect(detail() == "A/1 1.2.2 < 1.2.4")
    #expect(bench.entries.dropFirst(entries).allSatisfy { if case .faultRaised = $0.change { false } else { true } })
  }

  @Test func hardwareNumbersAndProgramCountersAreReasonsOfTheirOwn() {
    var bench = Bench()
    say(&bench, firmware(board: 98) { $0.isBoardKnown = false })
    bench.pass(.seconds(61))
    say(&bench, firmware(board: 99) { $0.isBoardKnown = false })
    #expect(bench.view.faults.map(\.detail) == ["99"])
    say(&bench, firmware { ($0.faults, $0.lastFault, $0.programCounter) = (1, 1, 0x0800_1111) })
    bench.pass(.seconds(61))
    say(&bench, firmware { ($0.faults, $0.lastFault, $0.programCounter) = (2, 1, 0x0800_2222) })
    #expect(bench.view.faults.first { $0.key.kind == .panelFaulted }?.detail.contains("pc 0x08002222") == true)
  }

  @Test func aPanelThatStartsNewFirmwareMayBeSilentForAWhile() {
    var bench = Bench()
    var job = DeviceJob(ticket: 1, kind: .update, step: .restarting)
    bench.give(.device(.jobChanged(Self.panel, job)))
    bench.give(.device(.healthChanged(Self.panel, .stale)))
    bench.pass(.seconds(19))
    #expect(faults(bench).isEmpty)
    bench.pass(.seconds(2))
    #expect(faults(bench) == ["A/1:silent"], "but not for ever")
    bench.give(.device(.healthChanged(Self.panel, .online)))
    job.step = .done
    bench.give(.device(.jobChanged(Self.panel, job)))
    bench.give(.device(.healthChanged(Self.panel, .stale)))
    bench.pass(.seconds(2))
    #expect(faults(bench) == ["A/1:silent"])
  }

  @Test func anUpdateThatFailedAtThePanelIsACardAndARequestThatMadeNoSenseIsNone() {
    var bench = Bench()
    var job = DeviceJob(ticket: 1, kind: .update, step: .failed)
    job.failure = .otherSlot
    bench.give(.device(.jobChanged(Self.panel, job)))
    #expect(faults(bench).isEmpty)
    job.failure = .reverted
    job.image = FirmwareRelease(version: 0x0103, patch: 0, build: 5)
    bench.give(.device(.jobChanged(Self.panel, job)))
    #expect(faults(bench) == ["A/1:updateFailed"])
    #expect(bench.view.faults[0].detail.hasPrefix("1.3.0 (build 0000000000000005): 新固件没有运行起来"))
    job.step = .done
    job.failure = nil
    bench.give(.device(.jobChanged(Self.panel, job)))
    #expect(bench.view.faults.map(\.present) == [false])
  }

  /// A panel that starts again and again, with another count each time.
  @Test func aPanelThatFaultsAllTheTimeDoesNotFillTheJournal() {
    var bench = Bench()
    let before = bench.entries.count
    for count in 0..<600 {
      say(&bench, firmware { $0.faults = UInt16(count) })
      bench.pass(.seconds(1))
    }
    #expect(bench.entries.count - before < 40)
  }

  private func notes(_ bench: Bench) -> [DeviceIdentity] {
    bench.entries.compactMap { if case .deviceIdentified(_, let identity) = $0.change { identity } else { nil } }
  }

  /// The driver says what has changed once, within the minute after the update.
  @Test func theEndOfATrialReachesJournalAndState() {
    var bench = Bench()
    say(&bench, firmware(1))
    bench.pass(.seconds(600))
    say(&bench, firmware(2) { ($0.isOnTrial, $0.selfTest) = (true, DeviceFirmware.selfTestUnfinished) })
    bench.pass(.seconds(2))
    say(&bench, firmware(2))
    #expect(notes(bench).map { $0.about?.isOnTrial } == [false, true, false])
    #expect(bench.station.state.identities.first?.identity.about == firmware(2))
    bench.pass(.seconds(600))
    #expect(notes(bench).count == 3)
  }

  @Test func whatChangesSoonAfterAnEntryIsWrittenALittleLaterAndOnlyOnce() {
    var bench = Bench()
    say(&bench, firmware())
    for count in 1...5 {
      bench.pass(.seconds(1))
      say(&bench, firmware { $0.faults = UInt16(count) })
    }
    #expect(notes(bench).count == 1)
    bench.pass(.seconds(600))
    #expect(notes(bench).map { $0.about?.faults } == [0, 5])
    #expect(bench.station.state.identities.first?.identity.about?.faults == 5)
    // Back to what stands in the journal: nothing is owed.
    bench.pass(.seconds(60))
    say(&bench, firmware { $0.faults = 6 })
    say(&bench, firmware { $0.faults = 7 })
    say(&bench, firmware { $0.faults = 6 })
    bench.pass(.seconds(600))
    #expect(notes(bench).count == 3)
  }

  @Test func aPanelWhoseTrialsNeverEndDoesNotFillTheJournal() {
    var bench = Bench()
    for second in 0..<600 {
      say(&bench, firmware { $0.isOnTrial = second % 2 == 0 })
      bench.pass(.seconds(1))
    }
    #expect(notes(bench).count <= 22)
  }

  @Test func everyFailureAndStepHasItsWords() {
    for failure in JobFailure.allCases {
      #expect(FirmwareTexts.why(failure).chinese != FirmwareTexts.why(failure).english)
    }
    for step in DeviceJob.Step.allCases {
      #expect(!FirmwareTexts.step(DeviceJob(ticket: 1, kind: .update, step: step)).chinese.isEmpty)
    }
  }
}
