import CallPanelCodec
import CallPanelDriver
import DeviceKit
import DeviceVocabulary
import FirmwareUpdateCodec
import FirmwareUpdateDriver
import ModbusRTUCodec
import Testing

/// What the host learns of a panel's firmware, and what a technician has done at it, beside its call service.
@Suite struct PanelFirmwareTests {
  /// A panel that has the registers of map 1.1.
  private func rig(_ change: (inout PanelRig) -> Void = { _ in }) -> PanelRig {
    var rig = PanelRig()
    rig.firmware = ScriptedUpdatePanel()
    rig.mapVersion = 0x0101
    change(&rig)
    rig.run(.seconds(2))
    return rig
  }

  private func identities(_ rig: PanelRig) -> [DeviceIdentity] {
    rig.events.compactMap { if case .identified(PanelRig.device, let identity) = $0 { identity } else { nil } }
  }

  private func jobs(_ rig: PanelRig) -> [DeviceJob] {
    rig.events.compactMap { if case .jobChanged(PanelRig.device, let job) = $0 { job } else { nil } }
  }

  private func health(_ rig: PanelRig) -> Health? {
    rig.last { event -> Health? in if case .healthChanged(_, let health) = event { health } else { nil } }
  }

  private func expectCallService(_ rig: inout PanelRig, location: SourceLocation = #_sourceLocation) {
    rig.tap(1)
    rig.run(.seconds(2))
    #expect(rig.recorded.count == 1 && rig.observed(1) == .slowBlink, sourceLocation: location)
  }

  @Test func anOlderPanelIsNeverAskedForItsFirmwareAndHasItsCallService() {
    var rig = PanelRig()
    rig.mapVersion = 0x0100
    rig.run(.seconds(130))
    #expect(identities(rig).count == 1 && identities(rig)[0].about == nil && identities(rig)[0].isOfUnknownProtocol == nil)
    #expect(rig.sideRequests == 0)
    expectCallService(&rig)
  }

  @Test func aPanelOfMapOneOneSaysItsFirmwareInItsFirstWord() {
    var rig = rig()
    #expect(identities(rig).count == 1, "one entry in the journal, not two")
    #expect(identities(rig).first?.about?.release.description == "1.2.3 (build 1111222233334444)")
    #expect(identities(rig).first?.about?.board == PanelBoard.microbit.rawValue && identities(rig).first?.about?.slot == 0)
    expectCallService(&rig)
  }

  @Test(arguments: [UInt16(0x0102), 0x01FF]) func aYoungerMapOfTheSameMajorIsRead(_ version: UInt16) {
    var rig = rig { $0.mapVersion = version }
    #expect(identities(rig).first?.about != nil && identities(rig).first?.isOfUnknownProtocol == nil)
    expectCallService(&rig)
  }

  @Test(arguments: [UInt16(0x0200), 0x0000, 0xFFFF]) func anUnknownMajorIsToldAndHasItsCallService(_ version: UInt16) {
    var rig = rig { $0.mapVersion = version }
    #expect(identities(rig).first?.isOfUnknownProtocol == true && identities(rig).first?.about == nil)
    #expect(rig.sideRequests == 0)
    expectCallService(&rig)
  }

  @Test func aPanelThatRefusesToSayItsFirmwareHasItsCallServiceAndIsKnownWithoutIt() {
    var rig = rig { rig in
      for number in 0..<100 { rig.firmware?.mishaps[number] = .exception(.illegalDataAddress) }
    }
    #expect(identities(rig).count == 1 && identities(rig)[0].about == nil)
    #expect(health(rig) == .online)
    expectCallService(&rig)
  }

  @Test func aPanelThatNeverAnswersForItsFirmwareHasItsCallService() {
    var rig = rig { rig in
      for number in 0..<1_000 { rig.firmware?.mishaps[number] = .loseRequest }
    }
    expectCallService(&rig)
    rig.run(.seconds(10))
    #expect(identities(rig).count == 1 && identities(rig)[0].about == nil)
    #expect(health(rig) == .online)
  }

  @Test func whatChangesInTheFirmwareIsToldAgain() {
    var rig = rig()
    rig.firmware?.about.faults = 1
    rig.firmware?.about.lastFault = 5
    rig.run(.seconds(10))
    #expect(identities(rig).count == 1, "nothing says that anything changed")
    rig.hand(.powerOff)
    rig.idle(.seconds(1))
    rig.hand(.powerOn(.fault, keepsQueue: true))
    rig.run(.seconds(3))
    #expect(identities(rig).last?.about?.lastFault == 5, "a panel that was started again is asked")
    rig.firmware?.about.selfTest = 2
    rig.run(.seconds(70))
    #expect(identities(rig).last?.about?.selfTest == 2, "and once a minute")
  }

  // MARK: - Update

  private func file(_ image: ImageFile) -> [UInt8] { (0..<128).map { image.header.bytes[$0] } + image.payload }

  @Test func anUpdateRunsBesideTheCallServiceOneBlockBetweenTwoPolls() throws {
    let image = try TestImage.make(payload: 8_000)
    var rig = rig()
    rig.command(.update(PanelRig.device, ticket: 77, images: [file(image)]))
    rig.run(.seconds(60))
    #expect(jobs(rig).last?.step == .done && jobs(rig).last?.ticket == 77)
    #expect(rig.firmware?.memory.starts(with: image.payload) == true)
    #expect(rig.sideWithoutPoll == 0)
    // The header (141 bytes and 8 back), once; each block has 75 bytes.
    #expect(rig.longestSide <= PanelRig.characterTime * 149 + .milliseconds(5))
    #expect(identities(rig).last?.about?.release == image.release && identities(rig).last?.about?.isOnTrial == false)
    #expect(jobs(rig).count < 40, "not each block is told")
  }

  /// How long a press waits for its entry in the station, many presses at moments of their own.
  private func delays(_ rig: inout PanelRig, seed: UInt64) -> [Interval] {
    var random = SeededRandom(seed: seed)
    var delays: [Interval] = []
    for round in 0..<40 {
      rig.run(.milliseconds(300 + Int(random.below(97))))
      let button = UInt8(1 + round % 8)
      // At any moment, mostly in the middle of a request.
      let pressed = rig.now + .microseconds(20_000 + Int(random.below(150_000)))
      rig.planned = (pressed, button)
      let before = rig.recorded.count
      while rig.recorded.count == before, rig.now - pressed < .seconds(5) { rig.run(.milliseconds(1)) }
      delays.append(rig.now - pressed)
      rig.hand(.release(button))
      rig.command(.indicate(PanelRig.button(button), .off))
    }
    return delays.sorted()
  }

  @Test func aPressDuringAnUpdateWaitsForOneBlockAtMost() throws {
    var idle = rig()
    let without = delays(&idle, seed: 5)
    var busy = rig()
    busy.command(.update(PanelRig.device, ticket: 1, images: [file(try TestImage.make(payload: 31_000))]))
    busy.run(.seconds(1))
    let with = delays(&busy, seed: 5)
    #expect(jobs(busy).last?.step == .sending, "the update is still under way")
    #expect((jobs(busy).last?.done ?? 0) > 50)
    print("press to record without an update: median \(without[20]), worst \(without[39]); during one: \(with[20]), \(with[39])")
    // A block is 78 characters there and 8 back.
    #expect(with[39] - without[39] <= PanelRig.characterTime * 86 + .milliseconds(10))
  }

  @Test func anUpdateOutlivesALineThatIsGoneAndAPanelThatIsAnother() throws {
    let image = try TestImage.make(payload: 8_000)
    var rig = rig()
    rig.command(.update(PanelRig.device, ticket: 1, images: [file(image)]))
    rig.run(.seconds(3))
    #expect(jobs(rig).last?.step == .sending)
    rig.driver.lineRestored(at: rig.now)
    rig.run(.seconds(60))
    #expect(jobs(rig).last?.step == .done)

    var other = self.rig()
    other.command(.update(PanelRig.device, ticket: 1, images: [file(image)]))
    other.run(.seconds(3))
    let replaced = PanelRig(unit: 0x00AB_CDEF)
    other.panel = replaced.panel
    other.run(.seconds(10))
    #expect(jobs(other).last?.failure == .otherUnit)
  }

  @Test func theSameOrderOnceMoreGoesOnAndAnotherOneIsLeftAside() throws {
    let image = try TestImage.make(payload: 8_000)
    var rig = rig()
    rig.command(.update(PanelRig.device, ticket: 1, images: [file(image)]))
    rig.run(.seconds(3))
    let done = jobs(rig).last?.done ?? 0
    rig.command(.update(PanelRig.device, ticket: 2, images: [file(image)]))
    rig.command(.update(PanelRig.device, ticket: 3, images: [file(try TestImage.make(mark: 9))]))
    rig.command(.identify(PanelRig.device, ticket: 4, seconds: 5))
    rig.run(.seconds(1))
    #expect(jobs(rig).last?.ticket == 2 && (jobs(rig).last?.done ?? 0) >= done && done > 0)
    rig.run(.seconds(60))
    #expect(jobs(rig).last?.step == .done && rig.firmware?.begins == 1)
    rig.command(.callOff(PanelRig.device))
    rig.run(.seconds(1))
    #expect(jobs(rig).last?.step == .done, "what is over cannot be called off")
  }

  @Test func anUpdateOfAnOlderPanelOrWithAFileThatIsNoneIsRefusedAtOnce() throws {
    var older = PanelRig()
    older.mapVersion = 0x0100
    older.run(.seconds(1))
    older.command(.update(PanelRig.device, ticket: 1, images: [file(try TestImage.make())]))
    older.run(.seconds(1))
    #expect(jobs(older).last?.failure == .noUpdate && older.sideRequests == 0)
    var rig = rig()
    rig.command(.update(PanelRig.device, ticket: 2, images: [[1, 2, 3]]))
    rig.run(.seconds(1))
    #expect(jobs(rig).last?.failure == .notAnImage && rig.firmware?.begins == 0)
  }

  @Test func anUpdateThatIsCalledOffStops() throws {
    var rig = rig()
    rig.command(.update(PanelRig.device, ticket: 1, images: [file(try TestImage.make(payload: 8_000))]))
    rig.run(.seconds(2))
    rig.command(.callOff(PanelRig.device))
    rig.run(.seconds(1))
    let heard = rig.firmware?.blocksHeard
    rig.run(.seconds(5))
    #expect(jobs(rig).last?.failure == .calledOff && rig.firmware?.blocksHeard == heard)
    expectCallService(&rig)
  }

  // MARK: - Errands

  @Test func aPanelBlinksSoThatItIsFound() {
    var rig = PanelRig()
    rig.run(.seconds(1))
    rig.lampLog = []
    rig.command(.identify(PanelRig.device, ticket: 5, seconds: 3))
    rig.run(.seconds(5))
    #expect(jobs(rig).last?.ticket == 5 && jobs(rig).last?.step == .done)
    #expect(Set(rig.lampLog.map(\.button)) == Set(1...8))
    expectCallService(&rig)
  }

  // MARK: - The real panel

  @Test func theRealPanelTakesTheFileForTheFreeSlotProvesItselfAndIsKnownByItsNewBuild() throws {
    let images = TestImages()
    var rig = try images.rig()
    let files = [try images.image(patch: 2, slot: 0, bytes: 6_000), try images.image(patch: 2, slot: 1, bytes: 6_000)]
    rig.command(.update(PanelRig.device, ticket: 1, images: files))
    rig.run(.seconds(90))
    #expect(jobs(rig).last?.step == .done, "\(String(describing: jobs(rig).last))")
    #expect(identities(rig).last?.about?.patch == 2 && identities(rig).last?.about?.slot == 1)
    #expect(identities(rig).last?.about?.isOnTrial == false)
    // The strings were read from the firmware before.
    #expect(identities(rig).last.map { $0.firmware == $0.about?.release.number && $0.firmware.hasSuffix(".2") } == true)
    #expect(rig.sideWithoutPoll == 0)
    expectCallService(&rig)
    // Into the slot that is free now, on a line that loses one frame of ten.
    rig.lossPerThousand = 100
    let next = [try images.image(patch: 3, slot: 0, bytes: 6_000), try images.image(patch: 3, slot: 1, bytes: 6_000)]
    rig.command(.update(PanelRig.device, ticket: 2, images: next))
    rig.run(.seconds(200))
    #expect(jobs(rig).last?.step == .done && jobs(rig).last?.ticket == 2, "\(String(describing: jobs(rig).last))")
    #expect(rig.panel.logic.about.patch == 3 && rig.panel.logic.about.slot == 0)
  }

  @Test func theRealPanelRefusesAForeignSignature() throws {
    let images = TestImages()
    var rig = try images.rig()
    let file = try images.image(patch: 2, slot: 1, bytes: 2_000, signedBy: TestImages().signer)
    rig.command(.update(PanelRig.device, ticket: 1, images: [file]))
    rig.run(.seconds(60))
    #expect(jobs(rig).last?.failure == .signatureWrong && rig.panel.logic.about.patch == 1)
  }

  @Test func anImageWithTestHooksIsNotSent() throws {
    let images = TestImages()
    var rig = try images.rig()
    rig.command(.update(PanelRig.device, ticket: 1, images: [try images.image(patch: 2, slot: 1, flags: ImageHeader.forTests)]))
    rig.run(.seconds(10))
    #expect(jobs(rig).last?.failure == .otherBoard && rig.panel.logic.updateStatus.state == .idle)
  }

  @Test func aPanelWithoutABootLoaderSaysSo() throws {
    var rig = PanelRig()
    rig.run(.seconds(1))
    #expect(identities(rig).last?.about?.slot == nil && identities(rig).last?.about?.isBoardKnown == true)
    rig.command(.update(PanelRig.device, ticket: 1, images: [try TestImages().image(patch: 2, slot: 1)]))
    rig.run(.seconds(2))
    #expect(jobs(rig).last?.failure == .noBootLoader)
  }

  /// The driver cannot ask at the new address, so it does not say that the panel is there.
  @Test func aNewAddressIsTakenWhenAButtonIsHeldAndThePanelIsGoneFromTheOldOne() {
    var rig = PanelRig()
    rig.run(.seconds(1))
    rig.command(.readdress(PanelRig.device, ticket: 6, address: 9, baud: 19_200))
    rig.run(.seconds(1))
    #expect(jobs(rig).last?.step == .awaitingFinger)
    rig.hand(.press(1))
    rig.run(.seconds(7))
    rig.hand(.release(1))
    rig.run(.seconds(3))
    #expect(jobs(rig).last?.step == .away)
    #expect(rig.panel.logic.address == 9)
    rig.run(.seconds(60))
    #expect(jobs(rig).last?.step == .unverified)
    #expect(rig.recorded.count == 1, "the hold is a call all the same")
  }

  /// The attack: silence is taken for a move.
  @Test func aPanelThatLosesItsPowerHasNotMoved() {
    var rig = PanelRig()
    rig.run(.seconds(1))
    rig.command(.readdress(PanelRig.device, ticket: 6, address: 9, baud: 19_200))
    rig.run(.seconds(1))
    rig.hand(.powerOff)
    rig.run(.seconds(20))
    #expect(jobs(rig).last?.step == .away)
    rig.hand(.powerOn(.powerOn, keepsQueue: false))
    rig.run(.seconds(20))
    #expect(jobs(rig).last?.failure == .stillHere && rig.panel.logic.address == 3)
    expectCallService(&rig)
    // So short a loss that hardly a poll failed: the panel has forgotten the new address all the same.
    rig.command(.readdress(PanelRig.device, ticket: 7, address: 9, baud: 19_200))
    rig.run(.seconds(1))
    rig.hand(.powerOff)
    rig.hand(.powerOn(.powerOn, keepsQueue: false))
    rig.run(.seconds(20))
    #expect(jobs(rig).last?.ticket == 7 && jobs(rig).last?.failure == .stillHere)
    // Away until the end, it may be anywhere.
    rig.command(.readdress(PanelRig.device, ticket: 8, address: 9, baud: 19_200))
    rig.run(.seconds(1))
    rig.hand(.powerOff)
    rig.run(.seconds(90))
    #expect(jobs(rig).last?.ticket == 8 && jobs(rig).last?.step == .unverified)
  }

  @Test func aLineThatIsDisturbedForAWhileEndsNoWaitForTheFinger() {
    var rig = PanelRig()
    rig.run(.seconds(1))
    rig.command(.readdress(PanelRig.device, ticket: 6, address: 9, baud: 19_200))
    rig.run(.seconds(1))
    rig.lossPerThousand = 1_000
    rig.run(.seconds(10))
    #expect(jobs(rig).last?.step == .away)
    rig.lossPerThousand = 0
    rig.run(.seconds(10))
    #expect(jobs(rig).last?.step == .awaitingFinger, "the panel has not forgotten it")
    rig.run(.seconds(60))
    #expect(jobs(rig).last?.failure == .noFinger && rig.panel.logic.address == 3)
  }

  @Test func withoutAFingerTheAddressStaysAndThatIsSaid() {
    var rig = PanelRig()
    rig.run(.seconds(1))
    rig.command(.readdress(PanelRig.device, ticket: 6, address: 9, baud: 19_200))
    rig.run(.seconds(70))
    #expect(jobs(rig).last?.failure == .noFinger && rig.panel.logic.address == 3)
    rig.command(.readdress(PanelRig.device, ticket: 7, address: 0, baud: 19_200))
    rig.run(.seconds(1))
    #expect(jobs(rig).last?.failure == .refused, "an address that no panel can have")
  }
}
