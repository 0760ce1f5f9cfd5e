import DeviceKit
import DeviceVocabulary
import Foundation
import Station
import Testing

/// 分流督办: what the street handed down or was offered, who has it, and whether it is late.
@Suite struct HandOverTests {
  static let limits = HandOverLimits(onSceneSeconds: 120, resolveSeconds: 600)

  /// The street owns call 1 of the community.
  private func owning(_ count: UInt32 = 1) -> Pair {
    var plan = Pair.streetPlan
    plan.handDown = Self.limits
    var pair = Pair(streetPlan: plan)
    for id in 1...count {
      pair.child.press(["A/1/1", "A/1/2", "A/2/1"][Int(id - 1)], sequence: id)
      pair.exchange()
      pair.ask("duty", .acknowledge(incident: id))
      pair.exchange()
    }
    return pair
  }

  private func cards(_ pair: Pair) -> [DeskView.HandOverCard] { pair.street.view.handOvers }

  @Test func theStreetSeesWhoHasItAndWhenItIsLateAndTheCommunityToo() throws {
    var pair = owning()
    #expect(pair.ask("duty", .offer(incident: 1, to: "lead")) == .underWay)
    var card = try #require(cards(pair).first)
    #expect(card.stage == .sent && card.from == "^duty" && card.to == "lead" && card.owner == "^duty" && card.due == .answer)
    #expect(pair.ask("duty", .offer(incident: 1, to: "lead")) == .refused(.commandUnderWay))
    pair.exchange()
    card = try #require(cards(pair).first)
    #expect(card.stage == .offered && card.placeName == "大厅" && !card.isOverdue && card.attempts == 1)
    #expect(pair.child.view.incidents[0].handedDown?.onSceneWithinSeconds == 120)
    #expect(pair.child.view.incidents[0].handedDown?.onSceneInSeconds == nil, "its time does not run before the acceptance")
    pair.child.ask("lead", .acceptHandOver(1))
    pair.exchange()
    card = try #require(cards(pair).first)
    #expect(card.stage == .accepted && card.owner == "lead" && card.due == .onScene && card.dueInSeconds == 120)
    pair.pass(seconds: 150)
    card = try #require(cards(pair).first)
    #expect(card.dueInSeconds == -30 && card.isOverdue)
    #expect(card.dueMilliseconds == card.sinceMilliseconds + 120_000)
    let down = try #require(pair.child.view.incidents[0].handedDown)
    #expect(down.from == "^duty" && down.onSceneInSeconds == -30 && down.resolveInSeconds == 450)
    #expect(down.onSceneDueMilliseconds == card.dueMilliseconds, "both desks say the same")
    pair.child.ask("lead", .onScene(1))
    pair.exchange()
    card = try #require(cards(pair).first)
    #expect(card.stage == .onScene && card.due == .resolve && card.dueInSeconds == 450)
    #expect(pair.child.view.incidents[0].handedDown?.onSceneInSeconds == nil)
    pair.child.ask("lead", .resolve(1, note: "扶起"))
    pair.exchange()
    card = try #require(cards(pair).first)
    #expect(card.stage == .resolved && card.due == nil && !card.isOverdue)
    #expect(pair.child.view.incidents[0].handedDown == nil)
    pair.child.ask("lead", .close(1))
    pair.exchange()
    #expect(cards(pair).isEmpty)
  }

  @Test func whatNobodyAnswersOrSomebodyRefusesIsListedUntilItIsDealtWith() throws {
    var pair = owning()
    pair.ask("duty", .offer(incident: 1, to: "lead"))
    pair.exchange()
    pair.pass(seconds: 100)
    var card = try #require(cards(pair).first)
    #expect(card.stage == .unanswered && card.due == .decision && card.dueInSeconds == -40 && card.owner == "^duty")
    pair.ask("duty", .offer(incident: 1, to: "patrol"))
    pair.exchange()
    pair.child.ask("patrol", .refuseHandOver(1, reason: "没有人手"))
    pair.exchange()
    pair.pass(seconds: 7)
    card = try #require(cards(pair).first)
    #expect(card.stage == .refused && card.refusedBy == "patrol" && card.reason == "没有人手" && card.attempts == 2)
    #expect(card.dueInSeconds == -7)
    #expect(pair.child.view.incidents[0].handedDown == nil)
    // The street goes itself.
    pair.ask("duty", .onScene(incident: 1))
    pair.exchange()
    #expect(cards(pair).isEmpty)
  }

  @Test func anOfferThatNeverGotThereIsListedToo() throws {
    var pair = owning()
    pair.isCut = true
    pair.ask("duty", .offer(incident: 1, to: "lead"))
    pair.pass(seconds: 140)
    let card = try #require(cards(pair).first)
    #expect(card.stage == .failed && card.dueInSeconds == -10 && card.chinese == Texts.failure(nil).chinese)
    // Refused by the station: a post that it does not have.
    var other = owning()
    other.ask("duty", .offer(incident: 1, to: "nobody"))
    other.exchange()
    #expect(cards(other).first?.chinese == Texts.text(Refusal.unknownPost).chinese)
  }

  @Test func theMostOverdueComesFirst() {
    var pair = owning(3)
    for id in UInt32(1)...3 {
      pair.ask("duty", .offer(incident: id, to: "lead"))
      pair.exchange()
    }
    pair.child.ask("lead", .acceptHandOver(1))
    pair.child.ask("lead", .refuseHandOver(3, reason: "忙"))
    pair.exchange()
    pair.pass(seconds: 30)
    #expect(cards(pair).map(\.incident) == [3, 2, 1], "what came back, what is to be answered in 30 s, what is due in 90 s")
    pair.pass(seconds: 160)
    #expect(cards(pair).map(\.incident) == [3, 2, 1] && cards(pair).map(\.dueInSeconds) == [-190, -130, -70])
    pair.ask("duty", .offer(incident: 3, to: "patrol"))
    #expect(cards(pair).map(\.incident) == [2, 1, 3])
    #expect(cards(pair).map(\.isOverdue) == [true, true, false])
  }

  /// The times that were agreed hold, whatever the site file says after a restart.
  @Test func itSurvivesARestart() throws {
    var pair = owning(2)
    pair.ask("duty", .offer(incident: 1, to: "lead"))
    pair.exchange()
    pair.child.ask("lead", .acceptHandOver(1))
    pair.ask("duty", .offer(incident: 2, to: "patrol"))
    pair.exchange()
    pair.pass(seconds: 70)
    #expect(cards(pair).map(\.stage) == [.unanswered, .accepted])
    var plan = pair.street.station.plan
    plan.handDown = nil
    pair.street.station = Station(plan: plan, state: pair.street.station.state)
    let again = pair.street.restarted(boot: "boot-2", after: .seconds(80))
    #expect(again.view.handOvers.map(\.stage) == [.unanswered, .accepted])
    #expect(again.view.handOvers.map(\.dueInSeconds) == [-90, -30])
    let child = pair.child.restarted(boot: "boot-2", after: .seconds(80))
    #expect(child.view.incidents.first { $0.id == 1 }?.handedDown?.onSceneInSeconds == -30)
  }

  @Test func whatCameLateIsAsOldAsItIs() throws {
    var pair = owning()
    pair.ask("duty", .offer(incident: 1, to: "lead"))
    pair.exchange()
    pair.isCut = true
    pair.child.ask("lead", .acceptHandOver(1))
    let before = try #require(cards(pair).first)
    #expect(before.stage == .offered)
    pair.pass(seconds: 300)
    #expect(cards(pair).first?.isOverdue == true, "no answer has come")
    pair.isCut = false
    pair.exchange(late: true)
    let card = try #require(cards(pair).first)
    #expect(card.stage == .accepted && card.dueInSeconds == -180)
  }

  @Test func whatTheCommunityOffersUpIsListedAndAnswered() throws {
    var pair = Pair()
    for id in UInt32(1)...2 { pair.child.press("A/1/\(id)", sequence: id) }
    for id in UInt32(1)...2 {
      pair.child.ask("desk", .acknowledge(id))
      pair.child.ask("desk", .offerHandOver(id, to: "^"))
    }
    pair.exchange()
    #expect(cards(pair).allSatisfy { $0.isUp && $0.stage == .offered && $0.due == .answer && $0.from == "desk" })
    pair.ask("chief", .accept(incident: 1))
    pair.ask("duty", .refuse(incident: 2, reason: "社区就近处理"))
    pair.exchange()
    let taken = try #require(cards(pair).first { $0.incident == 1 })
    #expect(taken.stage == .accepted && taken.owner == "^chief" && taken.dueInSeconds == 300, "this station's own times")
    let refused = try #require(cards(pair).first { $0.incident == 2 })
    #expect(refused.stage == .refused && refused.refusedBy == "^duty")
    // The community goes on with its own.
    pair.child.ask("desk", .onScene(2))
    pair.exchange()
    #expect(cards(pair).map(\.incident) == [1])
    // Handed back down, the other way round.
    pair.ask("chief", .offer(incident: 1, to: "lead"))
    pair.exchange()
    #expect(cards(pair).first?.isUp == false && cards(pair).first?.attempts == 1)
  }

  @Test func betweenPostsOfOneLevelItIsThatLevelsOwnBusiness() {
    var pair = owning()
    pair.ask("duty", .offer(incident: 1, to: "lead"))
    pair.exchange()
    pair.child.ask("lead", .acceptHandOver(1))
    pair.child.ask("lead", .offerHandOver(1, to: "patrol"))
    pair.child.ask("patrol", .acceptHandOver(1))
    pair.exchange()
    #expect(cards(pair).first?.stage == .accepted && cards(pair).first?.owner == "patrol")
    #expect(pair.child.view.incidents[0].handedDown?.onSceneInSeconds == 120)
    // Nobody came: the ladder reached the street, which takes it back.
    pair.pass(seconds: 331)
    pair.ask("duty", .acknowledge(incident: 1))
    pair.exchange()
    #expect(cards(pair).isEmpty && pair.child.view.incidents[0].handedDown == nil)
  }

  /// Journals and parents from before times were agreed.
  @Test func anOfferWithoutTimesIsRead() throws {
    let old = #"{"offer":{"incident":7,"to":"lead"}}"#
    #expect(try JSONDecoder().decode(ParentCommand.Action.self, from: Data(old.utf8)) == .offer(incident: 7, to: "lead"))
    let entry = #"{"handOverOffered":{"_0":7,"from":"^duty","to":"lead"}}"#
    #expect(try JSONDecoder().decode(Change.self, from: Data(entry.utf8)) == .handOverOffered(7, from: "^duty", to: "lead"))
    let written = try String(decoding: JSONEncoder().encode(ParentCommand.Action.offer(incident: 7, to: "lead")), as: UTF8.self)
    #expect(!written.contains("within"))
  }
}
