import DeviceKit
import DeviceVocabulary
import FirmwareUpdateCodec
import FirmwareUpdateDriver
import ModbusRTUCodec
import Testing

@Suite struct UpdateSenderTests {
  @Test func anImageIsSentVerifiedStartedAndProved() throws {
    let image = try TestImage.make()
    var rig = UpdateRig([image])
    rig.run()
    #expect(rig.sender.job.step == .done && rig.sender.job.failure == nil)
    #expect(rig.steps == [.asking, .sending, .verifying, .restarting, .onTrial, .done])
    #expect(rig.panel.memory == image.payload + Array(repeating: 0xFF, count: 24))
    #expect(rig.panel.blocksHeard == 16 && rig.sender.job.total == 16 && rig.sender.job.done == 16)
    #expect(rig.sender.firmware?.build == image.release.build && rig.sender.job.before?.build == 0x1111_2222_3333_4444)
  }

  /// Every request of the whole dialogue, once each: lost, unanswered, doubled, busy, refused, or hit by a loss of power.
  @Test func oneMishapAtAnyRequestDelaysTheUpdateAndNothingElse() throws {
    let image = try TestImage.make()
    var plain = UpdateRig([image])
    plain.run()
    let count = plain.panel.requests
    let mishaps: [ScriptedUpdatePanel.Mishap] = [
      .loseRequest, .loseAnswer, .twice, .restart, .busy(40), .exception(.illegalDataValue), .exception(.deviceFailure),
    ]
    for mishap in mishaps {
      for number in 0..<count {
        for keeps in [false, true] {
          var rig = UpdateRig([image])
          rig.panel.mishaps = [number: mishap]
          rig.panel.keepsSameImage = keeps
          rig.run()
          // A loss of power while the image is on trial, or as it was to be started, is its end: the one before runs.
          if mishap == .restart, rig.sender.job.failure == .reverted {
            #expect(rig.panel.about.buildID == 0x1111_2222_3333_4444)
            continue
          }
          #expect(rig.sender.job.step == .done, "\(mishap) at \(number): \(rig.sender.job)")
          #expect(rig.panel.memory.starts(with: image.payload), "\(mishap) at \(number)")
        }
      }
    }
  }

  @Test func aHostThatIsStartedAgainAtAnyRequestBringsTheUpdateToItsEnd() throws {
    let image = try TestImage.make()
    var plain = UpdateRig([image])
    plain.run()
    for number in 0..<plain.panel.requests {
      for keeps in [false, true] {
        var first = UpdateRig([image])
        first.panel.keepsSameImage = keeps
        first.run { $0.panel.requests >= number }
        let sent = first.panel.blocksHeard
        var second = UpdateRig([image], panel: first.panel)
        second.now = first.now
        second.run()
        #expect(second.sender.job.step == .done, "at \(number): \(second.sender.job)")
        // A panel that kept the image is sent the rest only.
        if keeps, sent > 0, sent < 16 { #expect(second.panel.blocksHeard <= 17) }
      }
    }
  }

  @Test func aLineThatLosesEveryThirdFrameOnlyTakesLonger() throws {
    let image = try TestImage.make(payload: 4_000)
    for seed in 1...20 {
      var random = SeededRandom(seed: UInt64(seed))
      var rig = UpdateRig([image])
      for number in 0..<2_000 where random.chance(333, in: 1_000) {
        rig.panel.mishaps[number] = random.chance(1, in: 2) ? .loseRequest : .loseAnswer
      }
      rig.run()
      #expect(rig.sender.job.step == .done, "seed \(seed): \(rig.sender.job)")
      #expect(rig.panel.memory.starts(with: image.payload))
    }
  }

  // MARK: - What is refused beforehand

  @Test func whatCannotFitIsRefusedBeforeAnythingIsWritten() throws {
    try expect(.otherBoard, [TestImage.make(board: .stm32f405)])
    try expect(.otherSlot, [TestImage.make(slot: 0)])
    try expect(.notSigned, [TestImage.make(signed: false)])
    try expect(.wrongLength, [TestImage.make(payload: 32 * 1024)])
    try expect(.wrongLength, [TestImage.make(payload: 1_002)])
    try expect(.wrongLength, [TestImage.make(payload: 0)])
    try expect(.notAnImage, [])
    try expect(.noBootLoader, [TestImage.make()]) {
      $0.status.slot = UpdateMap.noSlot
      $0.about.slot = UpdateMap.noSlot
    }
  }

  private func expect(
    _ failure: JobFailure, _ images: @autoclosure () throws -> [ImageFile],
    _ change: (inout ScriptedUpdatePanel) -> Void = { _ in },
    location: SourceLocation = #_sourceLocation
  ) throws {
    var rig = UpdateRig(try images())
    change(&rig.panel)
    rig.run()
    #expect(rig.sender.job.failure == failure, sourceLocation: location)
    #expect(rig.panel.begins == 0 && rig.panel.blocksHeard == 0, sourceLocation: location)
  }

  @Test func ofTwoFilesTheOneForTheOfferedSlotIsTaken() throws {
    for slot in [UInt16(0), 1] {
      var rig = UpdateRig([try TestImage.make(slot: 0), try TestImage.make(slot: 1)])
      rig.panel.status.slot = slot
      rig.panel.about.slot = 1 - slot
      rig.run()
      #expect(rig.sender.job.step == .done && rig.panel.about.slot == slot)
    }
    var any = UpdateRig([try TestImage.make(slot: ImageHeader.anySlot)])
    any.run()
    #expect(any.sender.job.step == .done)
  }

  @Test func whatRunsAlreadyIsNotSentAgain() throws {
    for slot in [UInt16(1), ImageHeader.anySlot] {
      var rig = try rigThatRuns(TestImage.make(slot: slot))
      rig.run()
      #expect(rig.sender.job.step == .done && rig.panel.begins == 0 && rig.panel.requests == 1)
      #expect(rig.sender.job.before == rig.sender.job.image)
    }
  }

  /// A panel that runs this image from slot 1.
  private func rigThatRuns(_ image: ImageFile, offered: [ImageFile]? = nil) -> UpdateRig {
    var rig = UpdateRig(offered ?? [image])
    rig.panel.about.version = image.release.version
    rig.panel.about.patch = image.release.patch
    rig.panel.about.buildID = image.release.build
    rig.panel.about.slot = 1
    rig.panel.status.slot = 0
    return rig
  }

  /// The number stands in the header alone, so a release that only raises it has the build of the one before.
  @Test func anotherNumberOfTheSameBuildIsSentAndSeenToRun() throws {
    let image = try TestImage.make(slot: ImageHeader.anySlot)
    for (version, patch) in [(UInt16(0x0201), UInt16(4)), (0x0200, 5), (0x0301, 5)] {
      for passes in [true, false] {
        var rig = rigThatRuns(image)
        (rig.panel.about.version, rig.panel.about.patch) = (version, patch)
        rig.panel.passesTrial = passes
        rig.run()
        #expect(rig.panel.begins == 1 && rig.sender.job.before?.patch == patch && rig.sender.job.image == image.release)
        #expect(rig.sender.job.failure == (passes ? nil : .reverted))
        #expect((rig.sender.firmware?.release == image.release) == passes)
      }
    }
  }

  @Test func thatItRunsAlreadyIsNotSaidOfAFileThatThePanelWouldNotTake() throws {
    var unsigned = try rigThatRuns(TestImage.make(signed: false))
    unsigned.run()
    #expect(unsigned.sender.job.failure == .notSigned && unsigned.panel.begins == 0)
    // The running image's header, but linked for the other slot: that one is sent, and seen only when it runs from there.
    let other = try TestImage.make(slot: 0)
    var elsewhere = rigThatRuns(other)
    elsewhere.run()
    #expect(elsewhere.panel.begins == 1 && elsewhere.sender.job.step == .done && elsewhere.sender.firmware?.slot == 0)
    // Of other hardware.
    var board = try rigThatRuns(TestImage.make(board: .stm32f405))
    board.run()
    #expect(board.sender.job.failure == .otherBoard && board.panel.begins == 0)
  }

  // MARK: - What the panel refuses

  @Test(arguments: [
    (UpdateRefusal.board, JobFailure.otherBoard), (.length, .wrongLength), (.slot, .otherSlot), (.header, .headerRefused),
    (.hash, .hashWrong), (.signature, .signatureWrong), (.memory, .memoryFailed), (.noBootLoader, .noBootLoader),
    (.trial, .stillOnTrial),
    (.none, .makesNoSense),
  ])
  func theReasonOfThePanelIsTheReasonThatIsSaid(_ refusal: UpdateRefusal, _ failure: JobFailure) throws {
    var rig = UpdateRig([try TestImage.make()])
    rig.panel.verdict = refusal
    if refusal == .none {
      rig.run { $0.panel.status.state == .verifying }
      rig.panel.status.state = .failed
    }
    rig.run()
    #expect(rig.sender.job.failure == failure)
    #expect(rig.panel.restarts == 0)
  }

  @Test func anUpdateThatThePanelGaveUpIsBegunAgain() throws {
    var rig = UpdateRig([try TestImage.make()])
    rig.run { $0.panel.blocksHeard == 5 }
    rig.panel.status.state = .failed
    rig.panel.status.refusal = .aborted
    rig.run()
    #expect(rig.sender.job.step == .done && rig.panel.begins == 2)
  }

  @Test func aPanelWithoutTheRegistersIsToldApart() throws {
    var rig = UpdateRig([try TestImage.make()])
    rig.panel.mishaps = [0: .exception(.illegalDataAddress)]
    rig.run()
    #expect(rig.sender.job.failure == .noUpdate)
  }

  // MARK: - What makes no sense

  @Test func aPanelThatTakesNothingIsGivenUp() throws {
    let image = try TestImage.make(payload: 8_000)
    var rig = UpdateRig([image])
    rig.panel.ignoresBlocks = true
    rig.run()
    #expect(rig.sender.job.failure == .makesNoSense)
    #expect(rig.panel.blocksHeard < Int(image.blocks) * 5)
  }

  @Test func aPanelThatRefusesEverythingIsGivenUp() throws {
    for reason in [ModbusException.illegalDataValue, .illegalDataAddress, .deviceFailure, .acknowledge] {
      for first in 0..<25 {
        var rig = UpdateRig([try TestImage.make()])
        for number in first..<400 { rig.panel.mishaps[number] = .exception(reason) }
        rig.run()
        #expect(rig.sender.job.step == .failed, "\(reason) from \(first)")
        #expect(rig.panel.requests < 60, "\(reason) from \(first)")
      }
    }
  }

  @Test func aPanelThatIsAlwaysBusyIsGivenUpAfterAMinute() throws {
    for first in 0..<25 {
      var rig = UpdateRig([try TestImage.make()])
      rig.panel.mishaps = [first: .busy(1_000_000)]
      rig.run()
      #expect(rig.sender.job.failure == .memoryFailed && rig.now < Instant(microseconds: 80_000_000))
    }
  }

  @Test func aPanelThatIsGoneIsGivenUpAfterTenMinutes() throws {
    for first in 0..<25 {
      var rig = UpdateRig([try TestImage.make()])
      for number in first..<20_000 { rig.panel.mishaps[number] = .loseRequest }
      rig.run()
      let isOnTrial = rig.steps.contains(.onTrial)
      #expect(rig.sender.job.failure == (isOnTrial ? .notConfirmed : .silent), "\(first)")
      #expect(rig.now < Instant(microseconds: 640_000_000))
    }
  }

  /// Whatever the words of an answer are, the dialogue ends, and nothing traps.
  @Test func randomAnswersEndTheUpdate() throws {
    let images = [try TestImage.make(), try TestImage.make(slot: 0)]
    for seed in 1...300 {
      var random = SeededRandom(seed: UInt64(seed))
      var sender = UpdateSender(ticket: 1, unit: 1, images: images)
      var now = Instant.zero
      var turns = 0
      while !sender.job.isOver, turns < 20_000 {
        turns += 1
        now = max(now, sender.due)
        guard let request = sender.nextRequest(at: now) else { continue }
        now += .milliseconds(60)
        sender.completed(answer(to: request, &random), at: now)
      }
      #expect(sender.job.isOver, "seed \(seed): \(sender.job)")
    }
  }

  private func answer(to request: ModbusPDU, _ random: inout SeededRandom) -> ModbusPDU? {
    if random.chance(1, in: 20) { return nil }
    if random.chance(1, in: 20) {
      return .exception(ModbusException(rawValue: UInt8(random.below(12))) ?? .busy, to: request.function)
    }
    guard request.function == ModbusFunction.readInputRegisters else {
      return .written(function: request.function, start: request.bytes.bigEndian(at: 1), count: request.bytes.bigEndian(at: 3))
    }
    var values = FixedRegisters<125>()
    if request.bytes.bigEndian(at: 1) == UpdateMap.about {
      var about = FirmwareAbout()
      about.board = random.chance(9, in: 10) ? PanelBoard.microbit.rawValue : UInt16(random.below(65_536))
      about.buildID = UInt64(random.below(3))
      about.isOnTrial = random.chance(1, in: 2)
      for index in 0..<UpdateMap.aboutCount { values.append(about.register(index)) }
    } else {
      let words: [UInt16] = [
        UInt16(random.below(6)), UInt16(random.below(11)), UInt16(random.below(18)), random.chance(1, in: 2) ? 16 : 15,
        UInt16(random.below(200)), UInt16(random.below(3)), 64, 32,
      ]
      for word in words { values.append(word) }
    }
    return .registers(function: request.function, values: values)
  }

  // MARK: - Whether it runs

  @Test func anImageThatDoesNotProveItselfIsReportedAsTakenBack() throws {
    var rig = UpdateRig([try TestImage.make()])
    rig.panel.passesTrial = false
    rig.panel.trialTakes = .seconds(120)
    rig.run()
    #expect(rig.sender.job.failure == .reverted && rig.steps.contains(.onTrial))
    #expect(rig.sender.firmware?.build == 0x1111_2222_3333_4444)
  }

  @Test func anImageThatNeverComesUpIsReportedAsTakenBack() throws {
    var rig = UpdateRig([try TestImage.make()])
    rig.panel.passesTrial = false
    rig.panel.trialTakes = .seconds(-1)
    rig.panel.restartTakes = .seconds(3)
    rig.run()
    #expect(rig.sender.job.failure == .reverted)
  }

  @Test func anOrderToStartThatIsNotFollowedIsSaidAgainAndThenGivenUp() throws {
    var rig = UpdateRig([try TestImage.make()])
    rig.panel.ignoresActivate = true
    rig.run()
    #expect(rig.sender.job.failure == .notStarted && rig.panel.restarts == 0)
  }

  @Test func aTrialThatNeverEndsIsReported() throws {
    var rig = UpdateRig([try TestImage.make()])
    rig.panel.trialTakes = .seconds(100_000)
    rig.run()
    #expect(rig.sender.job.failure == .notConfirmed)
  }

  @Test func aVerificationThatHangsIsReported() throws {
    var rig = UpdateRig([try TestImage.make()])
    rig.panel.verificationTakes = .seconds(100_000)
    rig.run()
    #expect(rig.sender.job.failure == .makesNoSense && rig.now < Instant(microseconds: 140_000_000))
  }

  @Test func filesThatAreNoImagesAreToldApart() throws {
    #expect(throws: ImageFile.Failure.noHeader) { try ImageFile([]) }
    #expect(throws: ImageFile.Failure.noHeader) { try ImageFile(Array(repeating: 0x4C, count: 500)) }
    let image = try TestImage.make()
    let bytes = (0..<128).map { image.header.bytes[$0] } + image.payload
    #expect(throws: ImageFile.Failure.length(promised: 1_000, found: 999)) { try ImageFile(bytes.dropLast()) }
    #expect(throws: ImageFile.Failure.length(promised: 1_000, found: 1_001)) { try ImageFile(bytes + [0]) }
    #expect(try ImageFile(bytes).release.description == "2.1.5 (build 08090a0b0c0d0e0f)")
  }
}
