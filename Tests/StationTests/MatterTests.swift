import DeviceKit
import DeviceVocabulary
import Station
import Foundation
import Testing

@Suite struct MatterTests {
  @Test func theFirstWindowOwnsItUntilAnotherPostHasAccepted() {
    var bench = Bench(plan: Bench.centre)
    let id = bench.openMatter("dispute")
    #expect(bench.visits.matter(id)?.owner == "w1")
    #expect(bench.clerk("w3", .offer(id, to: "mediation")) == .refused(.notOwner))
    #expect(bench.clerk("w1", .offer(id, to: "nobody")) == .refused(.unknownPost))
    #expect(bench.clerk("w1", .offer(id, to: "mediation")) == .done)
    #expect(bench.clerk("w1", .offer(id, to: "w3")) == .refused(.offerStands))
    // Offered is not accepted: it is the window's.
    #expect(bench.visits.matter(id)?.owner == "w1")
    #expect(bench.clerk("w3", .accept(id)) == .refused(.offeredToAnother))
    #expect(bench.clerk("mediation", .refuse(id, reason: "  ")) == .refused(.reasonNeeded))
    #expect(bench.clerk("mediation", .refuse(id, reason: "不属调解")) == .done)
    #expect(bench.visits.matter(id)?.offer == nil && bench.visits.matter(id)?.owner == "w1")
    let refused = bench.visits.matter(id)?.refused
    #expect(refused?.post == "mediation" && refused?.reason == "不属调解", "whoever has it is told why it is back")
    bench.clerk("w1", .offer(id, to: "mediation"))
    #expect(bench.visits.matter(id)?.refused == nil)
    #expect(bench.clerk("mediation", .accept(id)) == .done)
    let matter = bench.visits.matter(id)
    #expect(matter?.owner == "mediation" && matter?.formerOwners == ["w1"] && matter?.phase == .handled)
    #expect(bench.clerk("w1", .result(id, .agreed, note: "")) == .refused(.notOwner))
  }

  @Test func anOfferThatNobodyAnswersReturns() {
    var bench = Bench(plan: Bench.centre)
    let id = bench.openMatter("dispute")
    bench.clerk("w1", .offer(id, to: "mediation"))
    bench.pass(.seconds(29 * 60))
    #expect(bench.visits.matter(id)?.offer?.to == "mediation")
    bench.pass(.seconds(60))
    #expect(bench.visits.matter(id)?.offer == nil && bench.visits.matter(id)?.owner == "w1")
    #expect(bench.entries.last?.change == .visit(.returned(id, post: nil, reason: "")))
    #expect(bench.visits.matter(id)?.refused.map { $0.post == nil } == true)
    #expect(bench.clerk("mediation", .accept(id)) == .refused(.noOffer))
  }

  @Test func itIsOverdueOnceAndOnTheSecond() {
    var bench = Bench(plan: Bench.centre)
    let id = bench.openMatter("dispute")
    bench.pass(.seconds(24 * 3600 - 1))
    #expect(bench.visits.matter(id)?.overdue == false)
    bench.pass(.seconds(1))
    #expect(bench.visits.matter(id)?.overdue == true)
    let opened = bench.visits.matter(id)?.openedAt.wallMilliseconds ?? 0
    #expect(bench.station.visitView(onDisk: nil)?.matters.first?.overdueSinceMilliseconds == opened + 86_400_000)
    #expect(bench.station.view().overdueMatters == 1)
    bench.pass(.seconds(100_000))
    #expect(bench.entries.count { $0.change == .visit(.overdue(id)) } == 1 && bench.visits.counts.overdue == 1)
  }

  @Test func aResultThatNobodyFollowsUpIsOverdue() {
    var bench = Bench(plan: Bench.centre)
    let id = bench.openMatter("dispute")
    bench.pass(.seconds(23 * 3600))
    bench.clerk("w1", .result(id, .done, note: ""))
    bench.pass(.seconds(24 * 3600 - 1))
    #expect(bench.visits.matter(id)?.overdue == false)
    bench.pass(.seconds(1))
    #expect(bench.visits.matter(id)?.overdue == true && bench.visits.counts.overdue == 1)
    let resulted = bench.visits.matter(id)?.resultedAt?.wallMilliseconds ?? 0
    #expect(bench.station.visitView(onDisk: nil)?.matters.first?.overdueSinceMilliseconds == resulted + 86_400_000)
    #expect(bench.entries.last?.change == .visit(.overdue(id)))
    // One that is closed in time is not.
    let other = bench.openMatter("dispute", code: 78)
    bench.clerk("w1", .result(other, .done, note: ""))
    bench.clerk("w1", .callBack(other, reached: true))
    bench.clerk("w1", .close(other))
    bench.pass(.seconds(2 * 86_400))
    #expect(bench.visits.matter(other)?.overdue == false)
  }

  @Test func aNightWithoutPowerCounts() {
    var bench = Bench(plan: Bench.centre)
    let id = bench.openMatter("dispute")
    var late = bench.restarted(boot: "boot-2", after: .seconds(23 * 3600), synchronised: false)
    #expect(late.visits.matter(id)?.overdue == false)
    late.pass(.seconds(3600))
    #expect(late.visits.matter(id)?.overdue == true)
    // A clock that fell back to 1970 makes nothing overdue.
    let wrong = bench.restarted(boot: "boot-3", after: .seconds(-50 * 365 * 86_400), synchronised: false)
    #expect(wrong.visits.matter(id)?.overdue == false)
  }

  @Test func resultCallBackRatingAndClose() {
    var bench = Bench(plan: Bench.centre)
    let id = bench.openMatter(code: 9)
    #expect(bench.clerk("w1", .close(id)) == .refused(.notResulted))
    #expect(bench.clerk("w1", .callBack(id, reached: true)) == .refused(.notResulted))
    #expect(bench.touch(.rate(letter: "A", number: 1, 9, 3)) == .refused(.notResulted))
    #expect(bench.clerk("w1", .result(id, .referred, note: "")) == .refused(.reasonNeeded))
    #expect(bench.clerk("w1", .result(id, .done, note: "")) == .done)
    #expect(bench.clerk("w1", .result(id, .done, note: "")) == .refused(.alreadyDone))
    #expect(bench.clerk("w1", .close(id)) == .refused(.notCalledBack))
    #expect(bench.touch(.rate(letter: "A", number: 1, 9, 4)) == .refused(.ratingOutOfRange))
    #expect(bench.touch(.rate(letter: "A", number: 1, 8, 3)) == .refused(.wrongCode))
    #expect(bench.touch(.rate(letter: "A", number: 1, 9, 3)) == .done)
    #expect(bench.touch(.rate(letter: "A", number: 1, 9, 1)) == .refused(.alreadyDone))
    #expect(bench.clerk("w1", .close(id)) == .done)
    #expect(bench.visits.counts.ratings == [0, 0, 1] && bench.clerk("w1", .close(id)) == .refused(.alreadyClosed))
  }

  /// What was promised a minute ago is promised still, and later no hour more than is left.
  @Test(arguments: [
    (0, "3 天内", "3 days"), (60, "3 天内", "3 days"), (3601, "2 天 23 小时内", "2 days and 23 hours"),
    (24 * 3600, "2 天内", "2 days"), (25 * 3600, "47 小时内", "47 hours"), (71 * 3600 + 60, "1 小时内", "1 hour"),
  ])
  func theTimeThatIsLeftIsSaidAsItIs(seconds: Int, chinese: String, english: String) {
    var plan = Bench.centre
    plan.visits?.services[0].limitHours = 72
    var bench = Bench(plan: plan)
    _ = bench.openMatter(code: 9)
    bench.pass(.seconds(seconds))
    let text = bench.standing(bench.touch(.status(letter: "A", number: 1, 9))).map { Texts.text($0) }
    #expect(text?.chinese == "一号窗口正在为您办,\(chinese)给您答复")
    #expect(text?.english == "一号窗口 has it; you will have an answer within \(english)")
  }

  /// Whoever gives a visitor another code has seen it: he gets it from those who serve him, and with it nobody rates.
  @Test func anotherCodeIsGivenByWhoServesAndRatesNothing() throws {
    var bench = Bench(plan: Bench.centre)
    bench.takeTicket(code: 9)
    let id = bench.visits.waiting[0]
    for post in ["w1", "w3", "mediation", "desk"] {
      #expect(bench.clerk(post, .reissue(id, 5)) == .refused(.notThisPostsTicket), "\(post), while it waits")
    }
    bench.clerk("w1", .callNext(window: 1))
    #expect(bench.clerk("w1", .reissue(id, 5)) == .refused(.notServed), "who was called may not have come")
    bench.clerk("w1", .serve(window: 1))
    for post in ["w3", "mediation", "desk"] { #expect(bench.clerk(post, .reissue(id, 5)) == .refused(.notThisPostsTicket)) }
    #expect(bench.clerk("w1", .reissue(TicketID(day: id.day, letter: "A", number: 2), 5)) == .refused(.unknownTicket))
    let before = bench.entries.count
    #expect(bench.visits.ticket(id)?.digest == 9, "what was refused has changed nothing")
    #expect(bench.clerk("w1", .reissue(id, 5, staff: "c07")) == .done)
    #expect(
      bench.entries[before...].map(\.change) == [
        .visit(.reissued(id, 5, post: "w1")), .access(.reissued(of: "\(id.day)/A001", post: "w1", staff: "c07")),
      ])
    bench.clerk("w1", .open(window: 1, contact: nil))
    bench.clerk("w1", .finish(window: 1))
    // It has gone: the owner of its matter may, and nobody else.
    #expect(bench.clerk("w3", .reissue(id, 6)) == .refused(.notThisPostsTicket))
    #expect(bench.clerk("w1", .reissue(id, 6)) == .done)
    bench.clerk("w1", .offer(1, to: "mediation"))
    bench.clerk("mediation", .accept(1))
    #expect(bench.clerk("w1", .reissue(id, 7)) == .refused(.notThisPostsTicket))
    #expect(bench.clerk("mediation", .reissue(id, 7)) == .done)
    bench.clerk("mediation", .result(1, .done, note: ""))
    let standing = try #require(bench.standing(bench.touch(.status(letter: "A", number: 1, 7))))
    #expect(standing.matter?.isReissued == true && standing.matter?.result == .done)
    #expect(bench.touch(.rate(letter: "A", number: 1, 7, 3)) == .refused(.codeReissued))
    #expect(bench.visits.counts.ratings == [0, 0, 0])
    // So also after a restart, and over a month's turn.
    var next = bench.restarted(boot: "boot-2", after: .seconds(5))
    #expect(next.touch(.rate(letter: "A", number: 1, 7, 3)) == .refused(.codeReissued))
    #expect(next.clerk("mediation", .callBack(1, reached: true)) == .done && next.clerk("mediation", .close(1)) == .done)
    #expect(next.clerk("mediation", .reissue(id, 8)) == .refused(.notThisPostsTicket), "it is closed")
  }

  @Test func whatAnOlderProgramWroteOfANewSlipIsRead() throws {
    let old = #"{"reissued":{"_0":{"day":20783,"letter":"A","number":1},"_1":5}}"#
    let change = try JSONDecoder().decode(VisitChange.self, from: Data(old.utf8))
    #expect(change == .reissued(TicketID(day: 20783, letter: "A", number: 1), 5, post: nil))
    var bench = Bench(plan: Bench.centre)
    _ = bench.openMatter(code: 9)
    bench.clerk("w1", .result(1, .done, note: ""))
    // Who did it is not known: nobody rates.
    var state = bench.station.state
    let id = TicketID(day: bench.visits.day, letter: "A", number: 1)
    state.apply(Entry(time: bench.entries[0].time, change: .visit(.reissued(id, 5, post: nil))))
    #expect(state.visits.matter(1)?.isReissued == true && state.visits.matter(1)?.digest == 5)
  }

  @Test func theSlipTellsItsHolderAboutTheMatterForDaysAfterwards() {
    var bench = Bench(plan: Bench.centre)
    let id = bench.openMatter(code: 9)
    bench.pass(.seconds(86_400))
    // The same number of another day, with another code.
    bench.takeTicket(code: 10)
    #expect(bench.standing(bench.touch(.status(letter: "A", number: 1, 10)))?.matter == nil)
    let mine = bench.standing(bench.touch(.status(letter: "A", number: 1, 9)))
    #expect(mine?.matter?.id == id && mine?.ticket == nil && mine?.matter?.hoursLeft == 24)
    #expect(mine?.matter?.owner == "一号窗口")
    // A third day's same number never gets the same code.
    bench.pass(.seconds(86_400))
    #expect(bench.touch(.takeTicket(service: "legal", priority: false, 9)) == .refused(.codeTaken))
    bench.clerk("w1", .result(id, .done, note: ""))
    bench.clerk("w1", .callBack(id, reached: false))
    bench.clerk("w1", .close(id))
    #expect(bench.standing(bench.touch(.status(letter: "A", number: 1, 9)))?.matter?.phase == .closed)
    bench.pass(.seconds(10 * 86_400))
    #expect(bench.touch(.status(letter: "A", number: 1, 9)) == .refused(.wrongCode))
    #expect(bench.entries.contains { $0.change == .visit(.forgotten([id])) } && bench.visits.matters.isEmpty)
  }

  @Test func nothingIsForgottenByAClockThatNobodyChecked() {
    var bench = Bench(plan: Bench.centre)
    let id = bench.openMatter()
    bench.clerk("w1", .result(id, .done, note: ""))
    bench.clerk("w1", .callBack(id, reached: true))
    bench.clerk("w1", .close(id))
    let wrong = bench.restarted(boot: "boot-2", after: .seconds(4000 * 86_400), synchronised: false)
    #expect(wrong.visits.matter(id) != nil)
    let right = bench.restarted(boot: "boot-2", after: .seconds(11 * 86_400))
    #expect(right.visits.matter(id) == nil)
  }

  @Test func whatIsSealedStaysAsItIs() {
    var bench = Bench(plan: Bench.centre)
    bench.takeTicket()
    bench.clerk("w1", .callNext(window: 1))
    #expect(bench.clerk("w1", .open(window: 1, contact: nil)) == .refused(.notServed))
    bench.clerk("w1", .serve(window: 1))
    let long = SealedField(key: "k1", bytes: [UInt8](repeating: 0, count: SealedField.limit + 1))
    #expect(bench.clerk("w1", .open(window: 1, contact: long)) == .refused(.noteTooLong))
    let field = SealedField(key: "k1", bytes: [1, 2, 3])
    #expect(bench.clerk("w1", .open(window: 1, contact: field)) == .done)
    #expect(bench.clerk("w1", .open(window: 1, contact: field)) == .refused(.alreadyDone))
    #expect(bench.visits.matters.first?.contact == field)
  }

  @Test func hazardsAreAboutPlacesAndThingsAndCountOnce() {
    var bench = Bench(plan: Bench.centre)
    #expect(bench.touch(.reportHazard(kind: "person", place: "hall")) == .refused(.unknownHazard))
    #expect(bench.touch(.reportHazard(kind: "lamp", place: "moon")) == .refused(.unknownPlace))
    #expect(bench.touch(.reportHazard(kind: "lamp", place: "yard")) == .done)
    #expect(bench.touch(.reportHazard(kind: "lamp", place: "yard")) == .done)
    #expect(bench.visits.hazards.count == 1)
    #expect(bench.clerk("desk", .handleHazard(1)) == .done)
    #expect(bench.clerk("desk", .handleHazard(1)) == .refused(.alreadyDone))
    #expect(bench.visits.counts.hazards == 1 && bench.visits.counts.hazardsHandled == 1)
  }

  @Test func aMonthsTurnCarriesTheQueueAndTheMatters() {
    var bench = Bench(plan: Bench.centre)
    for index in 0..<30 { _ = bench.openMatter(code: CodeDigest(index)) }
    for index in 0..<600 { bench.takeTicket("dispute", code: CodeDigest(index)) }
    bench.clerk("w1", .callNext(window: 1))
    let before = bench.visits
    let first = bench.entries.count
    bench.give(.monthBegan(boot: "boot-1", tooLarge: nil))
    #expect(bench.visits == before)
    // A fold that begins with the new month.
    var fold = StationState()
    for entry in bench.entries[first...] { fold.apply(entry) }
    #expect(fold.visits == before)
    #expect(fold.carriedParts.count >= 5)
  }

  @Test func anyChangeInAnyStateFolds() {
    var bench = Bench(plan: Bench.centre)
    let id = bench.openMatter()
    let ticket = TicketID(day: bench.visits.day, letter: "A", number: 1)
    let strange = [
      TicketID(day: .min, letter: "", number: 0), TicketID(day: bench.visits.day, letter: "A", number: .max),
      TicketID(day: bench.visits.day, letter: "A", number: 0), ticket,
    ]
    let time = bench.entries[0].time
    var extreme = VisitState()
    extreme.counts.tickets = .max
    extreme.counts.ratings = []
    var changes: [VisitChange] = [
      .dayBegan(.min), .dayBegan(bench.visits.day + 1), .rated(id, .min), .rated(id, 0), .closed(.max, post: ""),
      .dayConfirmed(.max, post: ""), .contactsForgotten([.max, id]), .carried(extreme, part: 0),
      .carried(bench.visits, part: .min), .hazardHandled(.max, post: ""),
      .hazardReported(Hazard(id: .max, kind: "", place: "", at: time)),
    ]
    for id in strange {
      let taken = Ticket.Taken(ticket: id, service: "", priority: true, kiosk: "", digest: 0)
      let opened = Matter.Opened(matter: .max, ticket: id, service: "", digest: 0, window: 0, post: "", contact: nil)
      let more: [VisitChange] = [
        .called(id, window: .min), .called(id, window: .max), .skipped(id), .transferred(id, service: ""), .slip(id, .shown),
        .reissued(id, 0, post: nil), .finished(id), .parked(id), .serving(id), .taken(taken), .opened(opened),
      ]
      changes += more
    }
    var draw = SeededRandom(seed: 5)
    for _ in 0..<200 {
      var fold = bench.station.state
      for _ in 0..<40 {
        let change = changes[Int(draw.below(UInt32(changes.count)))]
        fold.apply(Entry(time: time, change: .visit(change)))
      }
      #expect(
        fold.visits.lines.allSatisfy { line in line.tickets.indices.allSatisfy { Int(line.tickets[$0].id.number) == $0 + 1 } })
    }
  }

  @Test func theStreetHasTheMattersAndNotTheQueue() {
    var plan = Bench.centre
    plan.parent = SitePlan.Parent(proofMinute: nil)
    var pair = Pair(childPlan: plan)
    for index in 0..<600 {
      let id = pair.child.openMatter(code: CodeDigest(index))
      if index < 300 {
        pair.child.clerk("w1", .result(id, .done, note: ""))
        pair.child.clerk("w1", .callBack(id, reached: true))
        pair.child.clerk("w1", .close(id))
      }
    }
    pair.child.takeTicket("dispute")
    pair.child.touch(.reportHazard(kind: "lamp", place: "yard"))
    pair.child.touch(.askForStaff)
    pair.exchange()
    let below = pair.street.station.state.child("tiexi-03")?.fold.visits
    #expect(below?.counts.tickets == 601 && below?.counts.matters == 600 && below?.hazards.count == 1)
    // Bounded, and the open ones stay.
    #expect(below?.matters.count == 500 && below?.matters.count { $0.phase != .closed } == 300)
    #expect(below?.lines == [] && below?.waiting == [] && below?.helps == [])
  }
}
