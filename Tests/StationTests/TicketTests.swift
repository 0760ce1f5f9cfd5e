import DeviceKit
import DeviceVocabulary
import Station
import Testing

@Suite struct TicketTests {
  @Test func numbersRunByServiceAndDayAndNoneIsGivenTwice() {
    var bench = Bench(plan: Bench.centre)
    #expect([bench.takeTicket(), bench.takeTicket("dispute"), bench.takeTicket()] == ["A001", "B001", "A002"])
    let firstDay = bench.visits.day
    bench.pass(.seconds(86_400))
    #expect(bench.takeTicket() == "A001" && bench.visits.day == firstDay + 1)
    // Set back by two days: the day of the tickets does not go back with it.
    bench.wall.unixMilliseconds -= 2 * 86_400_000
    #expect(bench.takeTicket() == "A002" && bench.visits.day == firstDay + 1)
    // What was not called yesterday is over; today's waits.
    #expect(bench.visits.waiting.map(\.shown) == ["A001", "A002"])
  }

  @Test func aClockThatNobodyCheckedDoesNotTakeTheNumbersToAnotherYear() {
    var bench = Bench(plan: Bench.centre)
    bench.takeTicket()
    let day = bench.visits.day
    bench.wall.synchronised = false
    bench.wall.unixMilliseconds += 400 * 86_400_000
    #expect(bench.takeTicket() == "A002" && bench.visits.day == day)
    bench.wall.unixMilliseconds -= 397 * 86_400_000
    #expect(bench.takeTicket() == "A001" && bench.visits.day == day + 3)
  }

  @Test func priorityComesEarlierAndNobodyWaitsForEverBehindIt() {
    var bench = Bench(plan: Bench.centre)
    bench.takeTicket()
    bench.pass(.seconds(29 * 60))
    bench.takeTicket(priority: true)
    bench.pass(.seconds(2 * 60))
    bench.takeTicket(priority: true)
    let order = [bench.callNext(1, "w1"), bench.callNext(3, "w3")]
    #expect(order == ["A002", "A001"])
    bench.clerk("w3", .skip(window: 3))
    #expect(bench.callNext(3, "w3") == "A003")
  }

  @Test func twoClerksWhoCallAtTheSameMomentGetTwoVisitors() {
    var bench = Bench(plan: Bench.centre)
    for _ in 0..<3 { bench.takeTicket() }
    #expect(bench.callNext(1, "w1") == "A001")
    #expect(bench.callNext(3, "w3") == "A002")
    #expect(bench.clerk("w1", .callNext(window: 1)) == .refused(.windowBusy))
    #expect(bench.clerk("w3", .callNext(window: 1)) == .refused(.notThisPostsWindow))
    #expect(bench.clerk("desk", .callNext(window: 1)) == .refused(.notThisPostsWindow))
    #expect(bench.clerk("w1", .callNext(window: 9)) == .refused(.unknownWindow))
  }

  @Test func aWindowCallsOnlyWhatItGives() {
    var bench = Bench(plan: Bench.centre)
    bench.takeTicket("dispute")
    #expect(bench.clerk("w3", .callNext(window: 3)) == .refused(.nobodyWaits))
    let dispute = bench.visits.waiting[0]
    #expect(bench.clerk("w3", .call(window: 3, dispute)) == .refused(.notAtThisWindow))
    #expect(bench.clerk("w1", .call(window: 1, dispute)) == .done)
  }

  @Test func whoIsCalledIsRecalledServedParkedTransferredOrSkipped() {
    var bench = Bench(plan: Bench.centre)
    bench.takeTicket()
    #expect(bench.clerk("w1", .recall(window: 1)) == .refused(.windowEmpty))
    bench.clerk("w1", .callNext(window: 1))
    bench.clerk("w1", .recall(window: 1))
    #expect(bench.visits.current(window: 1)?.calls == 2)
    #expect(bench.clerk("w1", .finish(window: 1)) == .refused(.notServed))
    #expect(bench.clerk("w1", .serve(window: 1)) == .done)
    #expect(bench.clerk("w1", .skip(window: 1)) == .refused(.alreadyDone))
    let id = bench.visits.current(window: 1)?.id ?? TicketID(day: 0, letter: "?", number: 0)
    #expect(bench.clerk("w1", .park(window: 1)) == .done)
    #expect(bench.visits.current(window: 1) == nil && bench.visits.ticket(id)?.phase == .parked)
    #expect(bench.clerk("w1", .call(window: 1, id)) == .done)
    #expect(bench.clerk("w1", .transfer(window: 1, service: "nothing")) == .refused(.unknownService))
    #expect(bench.clerk("w1", .transfer(window: 1, service: "dispute")) == .done)
    #expect(bench.visits.waiting == [id] && bench.visits.current(window: 1) == nil)
    bench.clerk("w1", .callNext(window: 1))
    #expect(bench.clerk("w1", .skip(window: 1)) == .done)
    #expect(bench.visits.ticket(id)?.phase == .skipped && bench.visits.waiting.isEmpty)
    // Who comes late after all is called by hand.
    #expect(bench.clerk("w1", .call(window: 1, id)) == .done)
  }

  @Test func aRestartKeepsEveryNumberAndItsPlace() {
    var bench = Bench(plan: Bench.centre)
    for index in 0..<5 { bench.takeTicket(priority: index == 3) }
    bench.clerk("w1", .callNext(window: 1))
    let after = bench.restarted(boot: "boot-2", after: .seconds(40), synchronised: false)
    #expect(after.visits == bench.visits)
    var next = after
    #expect(next.takeTicket() == "A006")
    #expect(next.visits.current(window: 1)?.id.shown == "A004")
  }

  @Test func aSlipThatNobodySawPrintedSaysSo() {
    var bench = Bench(plan: Bench.centre)
    bench.takeTicket()
    let id = bench.visits.waiting[0]
    #expect(bench.visits.ticket(id)?.slip == .unknown)
    bench.touch(.slip(id, .printed))
    #expect(bench.restarted(boot: "boot-2", after: .seconds(5)).visits.ticket(id)?.slip == .printed)
    bench.clerk("w1", .callNext(window: 1))
    bench.clerk("w1", .serve(window: 1))
    #expect(bench.clerk("w1", .reissue(id, 5)) == .done)
    #expect(bench.visits.ticket(id)?.slip == .unknown && bench.visits.ticket(id)?.digest == 5)
    #expect(bench.touch(.slip(TicketID(day: 1, letter: "A", number: 1), .printed)) == .refused(.unknownTicket))
  }

  @Test func theSlipAndItsCodeTellHowFarItIs() {
    var bench = Bench(plan: Bench.centre)
    bench.takeTicket(code: 1)
    bench.takeTicket(code: 2)
    let waiting = bench.standing(bench.touch(.status(letter: "A", number: 2, 2)))
    #expect(waiting?.shown == "A002" && waiting?.ahead == 1 && waiting?.ticket == .waiting && waiting?.matter == nil)
    bench.clerk("w1", .callNext(window: 1))
    let called = bench.standing(bench.touch(.status(letter: "A", number: 1, 1)))
    #expect(called?.ticket == .called && called?.window == 1)
    #expect(bench.touch(.status(letter: "A", number: 2, 1)) == .refused(.wrongCode))
    #expect(bench.touch(.status(letter: "Z", number: 9, 1)) == .refused(.wrongCode))
  }

  @Test func nobodyTriesAllCodes() {
    var bench = Bench(plan: Bench.centre)
    bench.takeTicket(code: 1)
    bench.takeTicket(code: 2)
    for code in 100..<105 { #expect(bench.touch(.status(letter: "A", number: 1, CodeDigest(code))) == .refused(.wrongCode)) }
    // Neither that number nor another at this terminal, right code or wrong.
    #expect(bench.touch(.status(letter: "A", number: 1, 1)) == .refused(.tooManyTries))
    #expect(bench.touch(.status(letter: "A", number: 2, 2)) == .refused(.tooManyTries))
    bench.pass(.seconds(61))
    #expect(bench.standing(bench.touch(.status(letter: "A", number: 2, 2))) != nil)
    #expect(bench.touch(.status(letter: "A", number: 1, 1)) == .refused(.tooManyTries))
    bench.pass(.seconds(1800))
    #expect(bench.standing(bench.touch(.status(letter: "A", number: 1, 1))) != nil)
  }

  @Test func tenThousandTicketsInADay() {
    var bench = Bench(plan: Bench.centre)
    for index in 0..<10_000 {
      bench.takeTicket(index % 3 == 0 ? "dispute" : "legal", priority: index % 7 == 0, code: CodeDigest(index))
      if index % 50 != 0 {
        bench.clerk("w1", .callNext(window: 1))
        bench.clerk("w1", .serve(window: 1))
        bench.clerk("w1", .finish(window: 1))
      }
    }
    #expect(bench.visits.counts.tickets == 10_000 && bench.visits.waiting.count == 200)
    #expect(bench.visits.lastNumber("A") + bench.visits.lastNumber("B") == 10_000)
    let called = bench.entries.compactMap { entry -> TicketID? in
      if case .visit(.called(let id, _)) = entry.change { id } else { nil }
    }
    #expect(Set(called).count == 9800)
    var fold = StationState()
    for entry in bench.entries { fold.apply(entry) }
    #expect(fold.visits == bench.visits)
  }

  @Test func whoNeedsHelpAtTheTerminalGetsIt() {
    var bench = Bench(plan: Bench.centre)
    #expect(bench.touch(.askForStaff) == .done)
    bench.touch(.askForStaff)
    #expect(bench.visits.helps.map(\.kiosk) == ["hall"])
    #expect(bench.entries.count { $0.change == .visit(.helpAsked(kiosk: "hall")) } == 1)
    #expect(bench.clerk("w3", .giveHelp(kiosk: "hall")) == .done)
    #expect(bench.visits.helps.isEmpty && bench.clerk("w3", .giveHelp(kiosk: "hall")) == .refused(.alreadyDone))
    // In danger: a call for help like from any button.
    #expect(bench.touch(.callForHelp) == .done)
    #expect(bench.view.incidents.map(\.placeName) == ["大厅"] && bench.view.sound == .call)
    bench.touch(.callForHelp)
    #expect(bench.view.incidents.map(\.presses) == [2])
    #expect(bench.touch(.callForHelp, kiosk: "nowhere") == .refused(.unknownKiosk))
  }

  @Test func aTerminalThatIsOffOrHangsIsKnownAndCallsNobody() {
    var bench = Bench(plan: Bench.centre)
    let key = FaultKey(.kiosk("hall"), .kioskSilent)
    func health(_ bench: Bench) -> Health? { bench.view.callPoints.first { $0.button == "kiosk/1/1" }?.health }
    #expect(health(bench) == .absent)
    bench.pass(.seconds(59))
    #expect(bench.station.state.fault(key) == nil)
    bench.pass(.seconds(1))
    #expect(bench.station.state.fault(key)?.present == true && bench.view.sound == .none && health(bench) == .stale)
    bench.give(.kiosk("hall", isAlive: true))
    #expect(bench.station.state.fault(key)?.present == false && health(bench) == .online)
    #expect(bench.ask("desk", .retest(key)) == .done)
    bench.give(.kiosk("hall", isAlive: false))
    #expect(bench.station.state.fault(key)?.present == true && health(bench) == .stale)
    // One that the site file does not have is nobody's.
    bench.give(.kiosk("moon", isAlive: false))
    #expect(bench.station.state.faults.map(\.key) == [key])
    #expect(FaultKey(key.description) == key)
    // Heard in time: no card.
    var early = Bench(plan: Bench.centre)
    early.give(.kiosk("hall", isAlive: true))
    early.pass(.seconds(120))
    #expect(early.station.state.faults.isEmpty)
  }

  @Test func aReaderOutOfOrderIsOneCardForEachFaultAndCallsNobody() {
    var bench = Bench(plan: Bench.centre)
    bench.give(.kiosk("hall", isAlive: true))
    func reader(_ bench: Bench) -> ReaderStanding? { bench.station.visitView(onDisk: nil)?.kiosks.first?.reader }
    #expect(reader(bench) == nil)
    bench.give(.reader(kiosk: "hall", .ready))
    #expect(reader(bench) == .ready && bench.station.state.faults.isEmpty)
    let kinds: [FaultKey.Kind] = [.readerAbsent, .readerSilent, .readerGarbled, .readerSelfTest, .readerNotAuthorised]
    for (repair, kind) in zip(ReaderRepair.allCases, kinds) {
      let key = FaultKey(.kiosk("hall"), kind)
      let before = bench.entries.count
      for _ in 0..<3 { bench.give(.reader(kiosk: "hall", .broken(repair))) }
      #expect(bench.entries.count == before + 1 + (repair == .absent ? 0 : 1), "one is raised, the one before is gone")
      #expect(bench.station.state.fault(key)?.present == true && bench.view.sound == .none && reader(bench) == .broken(repair))
      #expect(FaultKey(key.description) == key)
      // While it starts nobody knows whether that is over.
      bench.give(.reader(kiosk: "hall", .starting))
      #expect(bench.station.state.fault(key)?.present == true)
    }
    bench.give(.reader(kiosk: "hall", .ready))
    #expect(bench.station.state.faults.allSatisfy { !$0.present } && reader(bench) == .ready)
    bench.give(.reader(kiosk: "moon", .broken(.silent)))
    #expect(bench.station.state.faults.allSatisfy { !$0.present })
  }

  /// R17: the staff are told, once for each fault, and the queue goes on.
  @Test func aPrinterOutOfOrderIsOneCardForEachFault() {
    var bench = Bench(plan: Bench.centre)
    let kinds: [FaultKey.Kind] = [
      .printerNotConnected, .printerNotAnswering, .printerCoverOpen, .printerPaperOut, .printerCutterError, .printerError,
      .printerOffline, .printerPaperNearEnd,
    ]
    for (fault, kind) in zip(PrinterFault.allCases, kinds) {
      let key = FaultKey(.printer, kind)
      let before = bench.entries.count
      for _ in 0..<3 { bench.give(.printer(fault, isPresent: true)) }
      #expect(bench.entries.count == before + 1 && bench.station.state.fault(key)?.present == true, "\(fault)")
      let card = bench.view.faults.first { $0.key == key }
      #expect(card.map { !$0.adviceChinese.isEmpty && !$0.adviceEnglish.isEmpty } == true, "\(fault): what to do stands on it")
      #expect(bench.takeTicket().hasPrefix("A00"))
      bench.give(.printer(fault, isPresent: false))
      #expect(bench.station.state.fault(key)?.present != true, "\(fault)")
    }
    #expect(PrinterFault.allCases.count == kinds.count)
  }

  @Test func aReaderOfSmartCardsOutOfOrderIsOneCardForEachFault() {
    let kinds: [FaultKey.Kind] = [
      .smartCardsAbsent, .smartCardsSilent, .smartCardsGarbled, .smartCardsUnsupported, .smartCardsNoService,
    ]
    for (kiosk, subject) in [(nil, FaultKey.Subject.staffReader), ("hall", .kiosk("hall"))] {
      var bench = Bench(plan: Bench.centre)
      func isOffered() -> Bool { bench.station.visitView(onDisk: nil)?.kiosks.first?.hasSmartCards == true }
      bench.give(.smartCards(kiosk: kiosk, .well))
      #expect(bench.station.state.faults.isEmpty && isOffered() == (kiosk != nil))
      for (repair, kind) in zip(SmartCardRepair.allCases, kinds) {
        let key = FaultKey(subject, kind)
        for _ in 0..<3 { bench.give(.smartCards(kiosk: kiosk, .broken(repair))) }
        #expect(bench.station.state.faults.filter(\.present).map(\.key) == [key])
        #expect(bench.view.sound == .none && !isOffered() && FaultKey(key.description) == key)
        #expect(bench.entries.count { $0.change == .faultRaised(key, detail: "") } == 1)
      }
      bench.give(.smartCards(kiosk: kiosk, .well))
      #expect(bench.station.state.faults.allSatisfy { !$0.present })
      bench.give(.smartCards(kiosk: "moon", .broken(.silent)))
      #expect(bench.station.state.faults.allSatisfy { !$0.present })
    }
  }

  @Test func whoStoodThereAsThePowerFailedFindsHisNumber() {
    var bench = Bench(plan: Bench.centre)
    func interrupted(_ bench: Bench) -> [String] { bench.station.visitView(onDisk: nil)?.kiosks.first?.interrupted ?? [] }
    bench.takeTicket(code: 1)
    bench.pass(.seconds(601))
    bench.takeTicket(code: 2)
    #expect(bench.touch(.slip(bench.visits.waiting[1], .printed)) == .done)
    bench.takeTicket(code: 3)
    bench.takeTicket(code: 4)
    #expect(interrupted(bench).isEmpty)
    // A001 is too old, A002 has its slip; of the last two nobody knows.
    var next = bench.restarted(boot: "boot-2", after: .seconds(40))
    #expect(interrupted(next) == ["A003", "A004"])
    #expect(next.clerk("w3", .call(window: 3, next.visits.waiting[2])) == .done)
    #expect(interrupted(next) == ["A004"])
    let last = next.visits.waiting[2]
    // He gets another slip at the window, and whether that came out is told in the same way.
    var atWindow = next
    atWindow.clerk("w1", .call(window: 1, last))
    #expect(interrupted(atWindow).isEmpty)
    atWindow.clerk("w1", .serve(window: 1))
    #expect(atWindow.clerk("w1", .reissue(last, 9)) == .done && atWindow.visits.ticket(last)?.slip == .unknown)
    #expect(atWindow.clerk("w1", .slip(last, .printed)) == .done && atWindow.visits.ticket(last)?.slip == .printed)
    #expect(next.clerk("w3", .slip(last, .printed)) == .done && interrupted(next).isEmpty)
    #expect(next.clerk("w3", .slip(last, .printed)) == .refused(.alreadyDone))
    var later = bench.restarted(boot: "boot-2", after: .seconds(40))
    later.pass(.seconds(599))
    #expect(interrupted(later) == ["A003", "A004"])
    let revision = later.view.revision
    later.pass(.seconds(1))
    #expect(interrupted(later).isEmpty && later.view.revision > revision)
  }

  @Test func aSiteWithoutWindowsRefusesInWords() {
    var bench = Bench()
    #expect(bench.touch(.takeTicket(service: "legal", priority: false, 1)) == .refused(.unknownKiosk))
    #expect(bench.clerk("desk", .callNext(window: 1)) == .refused(.noVisits))
    #expect(bench.entries.allSatisfy { if case .visit = $0.change { false } else { true } })
  }

  @Test(arguments: ["A001", " a 1 ", "b00012", "Z60000"]) func whatSomebodyTypesFromHisSlip(text: String) {
    #expect(TicketID.parse(text) != nil)
  }

  @Test(arguments: ["", "A", "001", "A0", "A-1", "AA1", "A99999", "А001", "A1234567890123456789012"])
  func whatIsNoNumberOfASlip(text: String) {
    #expect(TicketID.parse(text) == nil)
  }
}
