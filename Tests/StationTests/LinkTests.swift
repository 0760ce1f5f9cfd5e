import DeviceKit
import DeviceVocabulary
import Station
import Testing

@Suite struct ChildTests {
  @Test func theLampIsSteadyOnlyOnceTheParentHasTheCall() {
    var pair = Pair()
    pair.isCut = true
    pair.child.press("A/1/1", sequence: 1)
    pair.exchange()
    #expect(pair.child.lamp("A/1/1") == .slowBlink)
    pair.isCut = false
    pair.exchange()
    #expect(pair.child.lamp("A/1/1") == .steady)
    pair.child.ask("desk", .acknowledge(1))
    #expect(pair.child.lamp("A/1/1") == .coming)
  }

  /// Certificates are checked by it after a start with a clock that was set back: wherever it is in the journal, and as the last one said,
  /// because a clock that was ahead may have been put right.
  @Test func theLastTimeOfASynchronisedClockIsKept() {
    var state = StationState()
    func write(_ wall: Int64, synchronised: Bool) {
      state.apply(
        Entry(
          time: EntryTime(wallMilliseconds: wall, synchronised: synchronised, boot: "a", monotonic: .zero), change: .stopped))
    }
    write(5, synchronised: false)
    #expect(state.lastSynchronisedMilliseconds == nil)
    write(9_000, synchronised: true)
    write(2_000, synchronised: true)
    for _ in 0..<100 { write(1_000, synchronised: false) }
    #expect(state.lastSynchronisedMilliseconds == 2_000)
  }

  /// A lamp never goes back a step, also not over a restart with the line down.
  @Test func whatWasDeliveredIsKnownAfterARestart() {
    var pair = Pair()
    pair.child.press("A/1/1", sequence: 1)
    pair.exchange()
    let again = pair.child.restarted(boot: "boot-2", after: .seconds(5))
    #expect(again.lamp("A/1/1") == .steady)
  }

  @Test func aStationWithoutAParentNeverClaimsThatOneHasTheCall() {
    var bench = Bench()
    bench.press("A/1/1", sequence: 1)
    #expect(bench.lamp("A/1/1") == .slowBlink && bench.view.link == nil)
  }

  /// The street has taken a call and is cut off: nobody could end it here, and its lamp would say "coming" for days.
  @Test func aCallOfAParentThatCannotBeReachedIsTakenOverHere() {
    var pair = Pair()
    pair.child.press("A/1/1", sequence: 1)
    pair.exchange()
    pair.street.ask("duty", .child("tiexi-03", .acknowledge(incident: 1)))
    pair.exchange()
    pair.child.ask("lead", .acknowledge(1))
    #expect(pair.child.station.state.incident(1)?.owner == "^duty")
    pair.child.give(.link(LinkStatus(parent: "s", paths: [PathStatus(name: "main", state: .down, reason: "no route")])))
    pair.child.ask("lead", .acknowledge(1))
    #expect(pair.child.station.state.incident(1)?.owner == "^duty" && pair.child.view.incidents[0].ownerAway == false)
    pair.child.pass(.seconds(61))
    pair.child.give(.wake)
    #expect(pair.child.view.incidents[0].ownerAway)
    pair.child.ask("lead", .acknowledge(1))
    let call = pair.child.station.state.incident(1)
    #expect(call?.owner == "lead" && call?.formerOwners == ["^duty"] && pair.child.lamp("A/1/1") == .coming)
    pair.child.ask("lead", .onScene(1))
    pair.child.ask("lead", .resolve(1, note: "已处置"))
    #expect(pair.child.station.state.incident(1)?.phase == .resolved)
  }

  /// More tests of the line at once than any station makes: the lists that every input goes through stay short.
  @Test func aChildThatAsksForProofsWithoutEndIsAnsweredAFew() {
    var pair = Pair()
    pair.exchange()
    let time = pair.child.entries[0].time
    for number in UInt32(100)..<200 {
      pair.child.entries.append(Entry(time: time, change: .proofAsked(number)))
      pair.pass(pair.child.entries.count - 1)
    }
    #expect(pair.street.station.state.children.first?.pending.count == 3)
  }

  /// The card stays between two outages; what is told of the second is when the second began.
  @Test func aSecondOutageBeganWhenItBegan() throws {
    var plan = Pair.childPlan
    plan.visits = Bench.centre.visits
    var bench = Bench(plan: plan)
    func give(_ state: PathStatus.State) {
      bench.give(.link(LinkStatus(parent: "tiexi", paths: [PathStatus(name: "main", state: state, reason: "no route")])))
    }
    give(.up)
    give(.down)
    let first = try #require(bench.station.visitView(onDisk: nil)?.parentLostMilliseconds)
    bench.pass(.seconds(60))
    give(.degraded)
    #expect(bench.station.visitView(onDisk: nil)?.parentLostMilliseconds == nil, "it answers: slips need no mark")
    #expect(bench.view.faults.contains { $0.key.kind == .parentLost && $0.present }, "the card waits for the proof")
    give(.up)
    bench.pass(.seconds(600))
    give(.down)
    #expect(bench.station.visitView(onDisk: nil)?.parentLostMilliseconds == first + 660_000)
    let card = bench.view.faults.first { $0.key.kind == .parentLost }
    #expect(card?.sinceMilliseconds == first && card?.returnedMilliseconds == first + 660_000)
  }

  @Test func aLostParentIsAFaultThatSoundsAndFlappingIsOne() {
    var bench = Bench(plan: Pair.childPlan)
    func status(_ state: PathStatus.State) -> StationInput {
      .link(LinkStatus(parent: "tiexi", paths: [PathStatus(name: "main", state: state, reason: "no route")]))
    }
    bench.give(status(.up))
    #expect(bench.view.faults.isEmpty)
    for _ in 0..<30 {
      bench.give(status(.down))
      bench.pass(.seconds(20))
      bench.give(status(.degraded))
      bench.pass(.seconds(5))
    }
    #expect(bench.view.faults.map(\.key.description) == ["^main:pathDown", "^:parentLost"] && bench.view.sound == .fault)
    #expect(bench.entries.count < 12, "no storm in the journal")
    bench.give(status(.up))
    #expect(bench.view.faults.allSatisfy { !$0.present })
  }

  /// Whoever is sent to repair it reads what is wrong now, and a reason that changes to and fro fills no journal.
  @Test func theCardTellsTheReasonOfNow() {
    var bench = Bench(plan: Pair.childPlan)
    func down(_ reason: String) {
      bench.give(.link(LinkStatus(parent: "tiexi", paths: [PathStatus(name: "main", state: .down, reason: reason)])))
    }
    var details: [String] { bench.view.faults.map(\.detail) }
    down("no certificate")
    #expect(details == ["no certificate", "no certificate"])
    bench.pass(.seconds(61))
    down("connection refused")
    #expect(details == ["connection refused", "connection refused"] && bench.view.faults.allSatisfy { $0.present })
    let before = bench.entries.count
    for round in 0..<600 {
      bench.pass(.seconds(1))
      down(round.isMultiple(of: 2) ? "connection refused" : "no route")
    }
    let written = bench.entries.count - before
    #expect(written >= 2 && written <= 2 * 10, "\(written) entries in ten minutes, for two cards")
    // Another time of day is no other reason, and no reason at all is none.
    bench.pass(.seconds(61))
    down("expired since 10:00")
    bench.pass(.seconds(61))
    let settled = bench.entries.count
    for minute in 0..<50 {
      bench.pass(.seconds(61))
      down(minute.isMultiple(of: 2) ? "expired since 10:\(minute)" : "")
    }
    #expect(bench.entries.count == settled && details == ["expired since 10:00", "expired since 10:00"])
    // The fold of what was written says the same, and a restart tells the reason anew at once.
    var again = bench.restarted(boot: "boot-2", after: .seconds(5))
    #expect(again.view.faults.map(\.detail) == details)
    again.give(.link(LinkStatus(parent: "tiexi", paths: [PathStatus(name: "main", state: .refused, reason: "foreign")])))
    #expect(again.view.faults.map(\.detail) == ["foreign", "foreign"])
  }

  @Test func clocksThatDifferAreAFaultThatBothDesksShow() {
    var pair = Pair()
    pair.child.give(.parentClock(aheadMilliseconds: 119_000))
    pair.child.give(.parentClock(aheadMilliseconds: -119_000))
    #expect(pair.child.view.faults.isEmpty)
    pair.child.give(.parentClock(aheadMilliseconds: 37 * 60_000))
    pair.exchange()
    let card = pair.child.view.faults.first
    #expect(card?.key.description == "^:clockApart" && card?.detail.hasPrefix("本机时钟比上级慢 37 分钟") == true)
    #expect(card != nil && pair.card?.faults.first?.detail == card?.detail)
    pair.child.pass(.seconds(61))
    pair.child.give(.parentClock(aheadMilliseconds: .min))
    #expect(pair.child.view.faults.first?.detail.hasPrefix("本机时钟比上级快") == true)
    pair.child.give(.parentClock(aheadMilliseconds: 0))
    pair.exchange()
    #expect(pair.child.view.faults.map(\.present) == [false] && pair.card?.faults.map(\.present) == [false])
  }

  @Test func theDailyProofComesBackOrIsAFault() {
    var plan = Pair.childPlan
    plan.parent = SitePlan.Parent(proofMinute: 0)
    var pair = Pair(childPlan: plan)
    #expect(pair.child.view.link?.availabilityPerMille == 1000)
    pair.isCut = true
    pair.child.pass(.seconds(86_400))
    #expect(pair.child.view.link?.availabilityPerMille == 500)
    #expect(pair.child.view.faults.contains { $0.key.description == "^:proofFailed" })
    #expect(pair.child.entries.count { if case .proofAsked = $0.change { true } else { false } } == 2)
  }
}

@Suite struct CommandTests {
  @Test func anAcknowledgementAtTheStreetReachesTheResidentsLamp() {
    var pair = Pair()
    pair.child.press("A/1/1", sequence: 1)
    pair.exchange()
    #expect(pair.street.view.sound == .call && pair.card?.incidents.map(\.placeName) == ["大厅"])
    #expect(pair.ask("duty", .acknowledge(incident: 1)) == .underWay)
    #expect(pair.card?.pending.map(\.action) == ["acknowledge"] && pair.card?.incidents[0].owner == nil)
    #expect(pair.ask("duty", .acknowledge(incident: 1)) == .refused(.commandUnderWay))
    pair.exchange()
    #expect(pair.child.lamp("A/1/1") == .coming && pair.child.view.incidents[0].owner == "^duty")
    #expect(pair.card?.incidents[0].owner == "^duty" && pair.card?.pending == [] && pair.street.view.sound == .none)
    pair.ask("duty", .onScene(incident: 1))
    pair.ask("duty", .resolve(incident: 1, note: "扶起"))
    pair.ask("duty", .close(incident: 1))
    pair.exchange()
    #expect(pair.child.view.incidents.isEmpty && pair.card?.incidents.isEmpty == true)
  }

  @Test func theCommunityOwnsFirstAndTheStreetTakesOverOnlyWhenItWasEscalated() {
    var pair = Pair()
    pair.child.press("A/1/1", sequence: 1)
    pair.child.ask("desk", .acknowledge(1))
    pair.exchange()
    pair.ask("duty", .acknowledge(incident: 1))
    pair.exchange()
    #expect(pair.card?.failure?.chinese == Texts.text(Refusal.ownedByAnother).chinese)
    pair.child.pass(.seconds(331))
    pair.exchange()
    #expect(pair.child.view.incidents[0].escalatedTo == ["^"])
    pair.ask("duty", .acknowledge(incident: 1))
    pair.exchange()
    #expect(pair.child.view.incidents[0].owner == "^duty" && pair.child.view.incidents[0].takenFrom == ["desk"])
    #expect(pair.card?.failure == nil, "what was refused before has been done since")
  }

  @Test func aHandOverBetweenLevelsHoldsOnceItIsAccepted() {
    var pair = Pair()
    pair.child.press("A/1/1", sequence: 1)
    pair.child.ask("desk", .acknowledge(1))
    #expect(pair.child.ask("desk", .offerHandOver(1, to: "^")) == .done)
    pair.exchange()
    #expect(pair.card?.incidents[0].offeredTo == "^" && pair.card?.incidents[0].owner == "desk")
    pair.ask("chief", .accept(incident: 1))
    pair.exchange()
    #expect(pair.child.view.incidents[0].owner == "^chief")
    // And back (分流督办): offered to a post of the community, which does not answer in time.
    pair.ask("chief", .offer(incident: 1, to: "lead"))
    pair.exchange()
    #expect(pair.child.view.incidents[0].offeredTo == "lead")
    pair.child.pass(.seconds(61))
    pair.exchange()
    #expect(pair.card?.incidents[0].offeredTo == nil && pair.card?.incidents[0].owner == "^chief")
    #expect(Bench(plan: Bench.plan).station.plan.parent == nil)
  }

  @Test func aStationWithoutAParentOffersNothingToOne() {
    var bench = Bench()
    bench.press("A/1/1", sequence: 1)
    bench.ask("desk", .acknowledge(1))
    #expect(bench.ask("desk", .offerHandOver(1, to: "^")) == .refused(.unknownPost))
  }

  @Test func aCommandIsCarriedOutOnceAndNotAfterItsTime() {
    var pair = Pair()
    pair.child.press("A/1/1", sequence: 1)
    pair.exchange()
    pair.ask("duty", .acknowledge(incident: 1))
    let command = pair.street.orders[pair.street.orders.count - 1].command
    pair.exchange()
    let entries = pair.child.entries.count
    pair.child.give(.command(command, remainingMilliseconds: 60_000))
    #expect(pair.child.entries.count == entries, "the same number again changes nothing")
    pair.child.press("A/1/2", sequence: 2)
    pair.exchange()
    pair.ask("duty", .acknowledge(incident: 2))
    let late = pair.street.orders[pair.street.orders.count - 1].command
    pair.child.give(.command(late, remainingMilliseconds: 0))
    #expect(pair.child.entries.last?.change == .commandAnswered(late.number, .expired))
    #expect(pair.child.view.incidents.first { $0.id == 2 }?.owner == nil)
    pair.exchange()
    #expect(pair.card?.failure?.incident == 2)
  }

  @Test func aCommandThatIsNotAnsweredIsSaidToBeSo() {
    var pair = Pair()
    pair.child.press("A/1/1", sequence: 1)
    pair.exchange()
    pair.isCut = true
    pair.ask("duty", .acknowledge(incident: 1))
    pair.street.pass(.seconds(131))
    #expect(pair.card?.pending == [] && pair.card?.failure?.action == "acknowledge")
    #expect(pair.card?.incidents[0].owner == nil, "nothing is claimed")
  }

  @Test func numbersOfCommandsRiseAlsoWhenTheClockIsSetBack() {
    var pair = Pair()
    for id in UInt32(1)...3 { pair.child.press("A/1/\(id % 2 + 1)", sequence: id) }
    pair.exchange()
    pair.ask("duty", .acknowledge(incident: 1))
    pair.street.wall.unixMilliseconds -= 86_400_000
    pair.ask("duty", .acknowledge(incident: 2))
    let numbers = pair.street.orders.map(\.command.number)
    #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count)
  }

  @Test func aNoticeStandsOnTheChildsDeskUntilItExpires() {
    var pair = Pair()
    #expect(pair.ask("duty", .notice(text: " ")) == .refused(.reasonNeeded))
    pair.ask("duty", .notice(text: "今晚 8 点停电"))
    pair.exchange()
    #expect(pair.child.view.notices.map(\.text) == ["今晚 8 点停电"] && pair.child.view.notices[0].post == "^duty")
    pair.child.pass(.seconds(DeskLimit.noticeSeconds + 1))
    #expect(pair.child.view.notices.isEmpty)
  }
}

@Suite struct ParentTests {
  @Test func anEntryCountsOnceHoweverOftenItComes() {
    var pair = Pair()
    pair.child.press("A/1/1", sequence: 1)
    pair.exchange()
    let entries = pair.street.entries.count
    for index in pair.child.entries.indices { pair.pass(index) }
    #expect(pair.street.entries.count == entries && pair.street.view.children[0].incidents.count == 1)
    #expect(pair.street.receipts.last?.contiguous.position.sequence == UInt64(pair.child.entries.count))
  }

  @Test func anotherEntryWithAKnownNumberIsKeptAndIsAFault() {
    var pair = Pair()
    pair.child.press("A/1/1", sequence: 1)
    pair.exchange()
    let forked = pair.received(pair.child.entries.count - 1, branch: 7)
    pair.street.give(.received(child: "tiexi-03", [forked], request: 99))
    pair.street.give(.received(child: "tiexi-03", [forked], request: 100))
    #expect(pair.street.entries.count { $0.change == .received(forked) } == 1)
    #expect(pair.street.view.faults.map(\.key.description).contains("@tiexi-03:childBranched"))
  }

  @Test func whatTheParentKnowsOfAChildIsTheFoldOfItsEntries() {
    var pair = Pair()
    for id in UInt32(1)...3 { pair.child.press("A/1/\(id % 2 + 1)", sequence: id) }
    pair.child.ask("desk", .acknowledge(1))
    pair.child.give(.device(.tamperChanged(DeviceID("A/1"), true)))
    pair.exchange()
    #expect(pair.street.station.state.child("tiexi-03")?.fold == pair.child.station.state)
    let again = pair.street.restarted(boot: "boot-2", after: .seconds(3))
    #expect(again.station.state.children == pair.street.station.state.children)
  }

  @Test func aChildThatIsNotHeardIsLostAndSoIsOneOfItsWays() {
    var pair = Pair()
    func pulse(_ path: String) -> StationInput { .childrenHeard([ChildPulse(child: "tiexi-03", path: path, waiting: 7)]) }
    for _ in 0..<20 {
      pair.street.give(pulse("main"))
      pair.street.give(pulse("spare"))
      pair.street.pass(.seconds(5))
    }
    #expect(pair.card?.state == .up && pair.card?.waiting == 7 && pair.street.view.faults.isEmpty)
    for _ in 0..<4 {
      pair.street.give(pulse("main"))
      pair.street.pass(.seconds(5))
    }
    #expect(pair.card?.state == .degraded)
    #expect(pair.street.view.faults.map(\.key.description) == ["@tiexi-03^spare:childPathDown"])
    pair.street.pass(.seconds(20))
    #expect(pair.card?.state == .lost)
    #expect(pair.street.view.faults.contains { $0.key.description == "@tiexi-03:childLost" && $0.present })
    let faults = pair.street.entries.count
    for _ in 0..<30 {
      pair.street.give(pulse("main"))
      pair.street.pass(.seconds(25))
    }
    #expect(pair.street.entries.count <= faults + 1, "flapping is no storm")
  }

  @Test func theEndOfAChildsCertificateIsAFaultUntilItShowsALaterOne() {
    var street = Bench(plan: Pair.streetPlan)
    let key = "@tiexi-03:childCertificateExpires"
    street.give(.childCertificate("tiexi-03", nil))
    #expect(street.view.faults.isEmpty)
    street.give(.childCertificate("tiexi-03", "站点 tiexi-03 的证书还有 29 天到期"))
    let card = street.view.faults.first
    #expect(card?.key.description == key && card?.whereText == "铁西社区 (tiexi-03)" && card?.detail.contains("29 天") == true)
    #expect(street.view.sound == .fault)
    // Told again after a restart: one card, one entry.
    street = street.restarted(boot: "boot-2", after: .seconds(5))
    street.give(.childCertificate("tiexi-03", "站点 tiexi-03 的证书还有 28 天到期"))
    let raised = street.entries.filter { if case .faultRaised(let found, _) = $0.change { "\(found)" == key } else { false } }
    #expect(raised.count == 1)
    street.give(.childCertificate("tiexi-03", nil))
    #expect(street.view.faults.first { $0.key.description == key }?.present == false)
  }

  @Test func aChildThatNeverCameIsLostSoonAfterTheStart() {
    var street = Bench(plan: Pair.streetPlan)
    street.pass(.seconds(31))
    #expect(street.view.faults.map(\.key.description) == ["@tiexi-03:childLost"] && street.view.children[0].state == .never)
    #expect(street.view.faults[0].detail.contains("从未连接过"))
  }

  /// What came late and is over does not ring; what came late and still waits does.
  @Test func aLateCallThatIsOverIsOnlyKept() {
    var pair = Pair()
    pair.isCut = true
    pair.child.press("A/1/1", sequence: 1)
    pair.child.ask("desk", .acknowledge(1))
    pair.child.ask("desk", .falseAlarm(1, note: ""))
    pair.child.press("A/1/2", sequence: 2)
    pair.child.pass(.seconds(600))
    pair.isCut = false
    pair.exchange(late: true)
    #expect(pair.street.view.sound == .call && pair.card?.incidents.map(\.id) == [2])
    #expect((pair.card?.incidents[0].ageSeconds ?? 0) >= 0)
  }
}
