import DeviceKit
import DeviceVocabulary
import ModbusRTUCodec
import ModbusRTUDriver
import Testing
import Transports

@testable import StationRuntime

/// What was heard → what it means, without a line.
@Suite struct DiagnosisTests {
  private static let site = LineSetting(baud: 19_200, format: "8N1")

  /// A bus with panels 1, 2, 3; each closure says what one of them did.
  private func look(_ nodes: [(inout NodeLook) -> Void]) -> BusLook {
    var plan = BusPlan(port: "/dev/x", baud: 19_200)
    plan.panels = nodes.indices.map { PanelPlan(node: UInt8($0 + 1), name: "面板", silentMask: 0) }
    var look = BusLook(place: BusPlace(bus: "A", port: "/dev/x", line: Self.site), nodes: plan.nodes)
    look.listening.milliseconds = 1000
    for (index, happen) in nodes.enumerated() { happen(&look.nodes[index]) }
    return look
  }

  private func answers(_ unit: UInt32, after milliseconds: Int = 2) -> (inout NodeLook) -> Void {
    { node in
      for _ in 0..<6 { node.note(.answered([.init(unit: unit, turnaround: .milliseconds(milliseconds))])) }
    }
  }

  private let silent: (inout NodeLook) -> Void = { node in
    for _ in 0..<2 { node.note(.silent) }
  }
  private let broken: (inout NodeLook) -> Void = { node in
    for _ in 0..<6 { node.note(.garbled(bytes: 13)) }
  }

  private func kinds(_ look: BusLook) -> [Finding.Kind] { look.findings.map(\.kind) }

  @Test func aSoundBusHasNoFindings() {
    #expect(look([answers(1001), answers(1002)]).findings.isEmpty)
  }

  @Test func silenceOfAllIsTheBusAndClaimsNoCause() throws {
    let finding = try #require(look([silent, silent]).findings.first)
    #expect(finding.kind == .silentBus && finding.node == nil)
    #expect(finding.details.contains { $0.english.contains("all sound the same from here") })
    #expect(finding.steps.count >= 3)
  }

  @Test func allAtAnotherRateMeanTheHostIsWrong() throws {
    let other = LineSetting(baud: 9600, format: "8E1")
    var look = look([silent, silent])
    for index in look.nodes.indices { look.nodes[index].elsewhere = other }
    let finding = try #require(look.findings.first)
    #expect(kinds(look) == [.hostLine])
    #expect(finding.verdict.chinese.contains("9600 8E1") && finding.steps.first?.english.contains("baud: 9600") == true)
    // One of them is at neither: it stays missing.
    look.nodes[1].elsewhere = nil
    #expect(kinds(look) == [.hostLine, .silentNode])
    // At different rates it is not the host.
    look.nodes[1].elsewhere = LineSetting(baud: 4800, format: "8N1")
    #expect(kinds(look) == [.nodeLine, .nodeLine])
  }

  @Test func oneAtAnotherRateIsThatNode() {
    var look = look([answers(1001), silent])
    look.nodes[1].elsewhere = LineSetting(baud: 9600, format: "8N1")
    #expect(kinds(look) == [.nodeLine] && look.findings[0].node == 2)
  }

  @Test func aStrangerExplainsAMissingNode() {
    var look = look([answers(1001), silent, silent])
    look.strangers = [.init(address: 9, unit: 1003, turnaround: .milliseconds(2))]
    #expect(kinds(look) == [.wrongAddress, .silentNode])
    #expect(look.findings[0].node == 9 && look.findings[0].verdict.english.contains("1003"))
    #expect(look.findings[0].verdict.english.contains("2, 3"))
    look.strangers.append(.init(address: 10, unit: 1002, turnaround: .milliseconds(2)))
    #expect(kinds(look) == [.wrongAddress, .wrongAddress])
  }

  @Test func brokenAnswersOfOneAddressSuggestTwoDevicesAndTwoUnitsProveThem() {
    let suspected = look([answers(1001), broken, silent]).findings
    #expect(suspected.map(\.kind) == [.duplicateAddress, .silentNode] && suspected[0].node == 2)
    #expect(suspected[0].verdict.english.contains("most likely"))
    #expect(suspected[0].details.contains { $0.english.contains("3 does not answer") })
    let proven = look([
      answers(1001),
      { node in
        for unit in UInt32(1002)...1003 { node.note(.answered([.init(unit: unit, turnaround: .milliseconds(2))])) }
      },
    ]).findings
    #expect(proven.map(\.kind) == [.duplicateAddress])
    #expect(proven[0].verdict.english.contains("two devices answer") && proven[0].details[0].english.contains("1002, 1003"))
  }

  @Test func brokenAnswersOfAllAreTheBus() {
    #expect(kinds(look([broken, broken])) == [.garbledBus])
    // With only one device nothing tells the two apart.
    #expect(kinds(look([broken])) == [.unreliableNode])
  }

  @Test func lateIsWhatTheStationWouldNotWaitFor() throws {
    #expect(look([answers(1001, after: 290)]).findings.isEmpty)
    let panel = try #require(look([answers(1001, after: 400), answers(1002)]).findings.first)
    #expect(panel.kind == .lateNode && panel.verdict.english.contains("after 400 ms, the station waits 300 ms"))
    #expect(!panel.steps.contains { $0.english.contains("longestReplyMs") })
    // A module has a setting for it.
    var plan = BusPlan(port: "/dev/x", baud: 19_200)
    plan.modules = [
      ModulePlan(
        node: 20, name: "模块", inputCount: 4, inputStart: 0, inputsAreCoils: false, activeLowMask: 0, outputCount: 0,
        outputStart: 0,
        longestReplyMilliseconds: 300)
    ]
    var look = BusLook(place: BusPlace(bus: "A", port: "/dev/x", line: Self.site), nodes: plan.nodes)
    look.nodes[0].note(.answered([.init(unit: nil, turnaround: .milliseconds(400))]))
    #expect(look.findings.first?.steps.first?.english.contains("longestReplyMs: 550") == true)
  }

  @Test func whoeverAnswersNowAndThenIsUnreliable() {
    let half: (inout NodeLook) -> Void = { node in
      for round in 0..<6 {
        node.note(round % 2 == 0 ? .silent : .answered([.init(unit: 1002, turnaround: .milliseconds(2))]))
      }
    }
    #expect(kinds(look([answers(1001), half])) == [.unreliableNode])
  }

  @Test func nothingIsConcludedWhereSomebodyElseSpeaks() {
    var talked = look([silent])
    talked.listening.bytes = 400
    talked.listening.requests = 12
    #expect(kinds(talked) == [.anotherMaster])
    talked.listening.requests = 0
    #expect(kinds(talked) == [.jammed])
    talked.listening.bytes = 30
    #expect(kinds(talked) == [.silentBus])
  }

  @Test func aTailOfTheSiteFileThatIsSilentPointsAtTheCable() throws {
    let cut = try #require(look([answers(1001), silent, silent]).findings.first)
    #expect(cut.kind == .silentNode && cut.details.contains { $0.english.contains("Up to 1 all answer, from 2 on none") })
    let middle = try #require(look([answers(1001), silent, answers(1003)]).findings.first)
    #expect(middle.node == 2 && !middle.details.contains { $0.english.contains("all answer") })
  }

  @Test func anAddressThatAnswersForAnotherIsNamed() {
    let signs: (inout NodeLook) -> Void = { node in for _ in 0..<6 { node.note(.foreign(1)) } }
    #expect(kinds(look([answers(1001), signs])) == [.answersForAnother])
  }

  @Test func anEchoThatTheSiteFileDoesNotExpectIsSaid() {
    var look = look([answers(1001)])
    look.echo = .unexpected
    #expect(kinds(look) == [.echoUnexpected])
    look.echo = .missing
    #expect(kinds(look) == [.echoMissing])
  }

  @Test func nothingThatIsAskedWrites() {
    var plan = BusPlan(port: "/dev/x", baud: 19_200)
    plan.panels = [PanelPlan(node: 1, name: "面板", silentMask: 0)]
    for (inputs, outputs) in [(4, 0), (4, 4), (0, 4), (0, 0)] {
      for coils in [true, false] {
        plan.modules.append(
          ModulePlan(
            node: 20, name: "模块", inputCount: inputs, inputStart: 0, inputsAreCoils: coils, activeLowMask: 0,
            outputCount: outputs,
            outputStart: 0, longestReplyMilliseconds: 300))
      }
    }
    let reading = [ModbusFunction.readCoils, ModbusFunction.readDiscreteInputs, ModbusFunction.readInputRegisters]
    #expect(plan.nodes.count == 9 && plan.nodes.allSatisfy { reading.contains($0.question.function) })
    // Every question is one that the standard allows.
    for var question in plan.nodes.map(\.question) { #expect(throws: Never.self) { try question.request() } }
  }

  @Test func aPortThatCannotBeOpenedNamesItsHolder() {
    let busy = Finding.unopened(
      "/dev/x", .portBusy(path: "/dev/x", holder: PortHolder(processID: 77, command: "minicom")))
    #expect(busy.kind == .portBusy && busy.verdict.chinese.contains("77 (minicom)"))
    #expect(Finding.unopened("/dev/x", .portMissing(path: "/dev/x", present: [])).kind == .portMissing)
    #expect(Finding.unopened("/dev/x", .notPermitted(path: "/dev/x")).kind == .portUnusable)
  }

  // MARK: - A running station

  private func report(
    _ seconds: Int, _ condition: BusCondition?, _ nodes: [(lost: Bool, counts: (inout ModbusNodeStatistics) -> Void)]
  ) -> BusReport {
    BusReport(
      bus: "A", port: "/dev/x", path: "/dev/x", baud: 19_200, format: "8N1", condition: condition, remark: "",
      asOf: Instant(microseconds: UInt64(seconds) * 1_000_000), line: ModbusLineStatistics(),
      nodes: nodes.enumerated().map { index, node in
        var counts = ModbusNodeStatistics()
        node.counts(&counts)
        return BusReport.Node(
          address: UInt8(index + 1), name: "面板", isPanel: true, isLost: node.lost, longestReplyMilliseconds: 300, counts: counts)
      })
  }

  private func running(
    _ condition: BusCondition = .working, lost: Bool, _ counts: @escaping (inout ModbusNodeStatistics) -> Void
  ) -> [Finding] {
    let before = report(0, .working, [(false, { $0.requests = .max }), (false, { _ in })])
    // The first node's counter has wrapped in between.
    let sound: (inout ModbusNodeStatistics) -> Void = {
      $0.requests = 99
      $0.answers = 100
    }
    return BusInterval(from: before, to: report(5, condition, [(false, sound), (lost, counts)])).findings
  }

  @Test func countersOfARunningStationTellOneNodesTrouble() {
    #expect(
      running(lost: false) {
        $0.requests = 100
        $0.answers = 99
        $0.timeouts = 1
      }.isEmpty)
    #expect(running(lost: true) { _ in }.map(\.kind) == [.silentNode])
    let late = running(lost: true) {
      $0.requests = 4
      $0.timeouts = 4
      $0.late = 3
      $0.lateMicroseconds = 412_000
    }
    #expect(late.map(\.kind) == [.lateNode] && late[0].verdict.english.contains("412 ms"))
    #expect(
      running(lost: true) {
        $0.requests = 4
        $0.timeouts = 4
        $0.crcErrors = 4
      }.map(\.kind) == [.duplicateAddress])
    #expect(
      running(lost: false) {
        $0.requests = 100
        $0.answers = 80
        $0.timeouts = 20
      }.map(\.kind) == [.unreliableNode])
    #expect(
      running(lost: true) {
        $0.requests = 4
        $0.timeouts = 4
        $0.foreign = 4
      }.map(\.kind) == [.answersForAnother])
  }

  /// An answer later than the station waits for is not heard: it destroys what another says. So does it once for each time that it is asked.
  @Test func whoseEveryAnswerDestroysAnothersIsLateAndNotDead() {
    func found(othersFail: UInt32, lateBefore: UInt32 = 0, secondLost: Bool = false) -> [Finding] {
      let heardLate: (inout ModbusNodeStatistics) -> Void = {
        $0.late = lateBefore
        $0.lateMicroseconds = lateBefore > 0 ? 396_000 : 0
      }
      let asked: (inout ModbusNodeStatistics) -> Void = {
        $0.requests = 3
        $0.timeouts = 3
      }
      let other: (inout ModbusNodeStatistics) -> Void = {
        $0.requests = 900
        $0.answers = 900 - othersFail
        $0.timeouts = othersFail
        $0.crcErrors = othersFail
      }
      let before = report(0, .working, [(false, { _ in }), (true, heardLate), (secondLost, { _ in })])
      let after = report(
        15, .working,
        [
          (false, other),
          (
            true,
            {
              heardLate(&$0)
              asked(&$0)
            }
          ), (secondLost, secondLost ? asked : other),
        ])
      return BusInterval(from: before, to: after).findings
    }
    let late = found(othersFail: 2)
    #expect(late.map(\.kind) == [.lateNode] && late[0].verdict.chinese.contains("多迟没有量到"))
    #expect(late[0].node == 2 && late[0].steps.contains { $0.chinese.contains("停站后再运行") })
    let measured = found(othersFail: 2, lateBefore: 1)
    #expect(measured.map(\.kind) == [.lateNode] && measured[0].verdict.english.contains("after 396 ms"))
    #expect(found(othersFail: 0, lateBefore: 1).map(\.kind) == [.silentNode], "late once, and dead now")
    #expect(found(othersFail: 20).map(\.kind) == [.silentNode], "a bus that is bad anyway proves nothing")
    #expect(found(othersFail: 5, secondLost: true).map(\.kind) == [.silentNode, .silentNode], "one of two, but which?")
    #expect(found(othersFail: 5, lateBefore: 1, secondLost: true).map(\.kind) == [.lateNode, .silentNode])
  }

  @Test(arguments: [
    (BusCondition.portBusy, Finding.Kind.portBusy), (.adapterAbsent, .portMissing), (.jammed, .jammed), (.silent, .silentBus),
    (.garbled, .garbledBus),
  ])
  func theBusComesBeforeItsNodes(condition: BusCondition, kind: Finding.Kind) {
    #expect(running(condition, lost: true) { _ in }.map(\.kind) == [kind])
  }
}
