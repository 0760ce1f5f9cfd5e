import DeviceKit
import DeviceVocabulary
import Station
import Testing

/// Calls that only a lost branch of a child's journal knew.
@Suite struct StrayCallTests {
  /// Call 1 is in the backup; call 2, which the street has, is not.
  private func restored() -> Pair {
    var pair = Pair()
    pair.child.press("A/1/1", sequence: 1)
    pair.exchange()
    let backup = pair.child.entries.count
    pair.child.press("A/1/2", sequence: 2)
    pair.exchange()
    pair.restoreChild(to: backup)
    return pair
  }

  private func closeHere(_ pair: inout Pair, _ id: IncidentID, note: String = "电话核实,无事") -> DeskAnswer {
    pair.street.ask("duty", .closeStray("tiexi-03", id, note: note))
  }

  private func open(_ pair: Pair) -> [IncidentID]? { pair.card?.incidents.map(\.id) }

  @Test func onlyWhatItsStationSaysItDoesNotKnowCanBeClosedHere() throws {
    var pair = restored()
    #expect(open(pair) == [1, 2] && pair.child.view.incidents.map(\.id) == [1])
    #expect(closeHere(&pair, 2) == .refused(.mayBeKnownBelow))
    #expect(closeHere(&pair, 7) == .refused(.unknownIncident))
    for id in UInt32(1)...2 {
      pair.ask("duty", .acknowledge(incident: id))
      pair.exchange()
    }
    #expect(pair.card?.strays == [2] && pair.street.view.sound == .call)
    #expect(closeHere(&pair, 1) == .refused(.mayBeKnownBelow), "a live call")
    #expect(closeHere(&pair, 2, note: " ") == .refused(.reasonNeeded))
    #expect(pair.street.ask("nobody", .closeStray("tiexi-03", 2, note: "x")) == .refused(.unknownPost))
    #expect(closeHere(&pair, 2) == .done)
    #expect(pair.street.entries.last?.change == .strayClosed("tiexi-03", 2, post: "duty", note: "电话核实,无事"))
    #expect(open(pair) == [1] && pair.card?.strays == [] && pair.card?.failure == nil && pair.street.view.sound != .call)
    let closed = try #require(pair.card?.recentlyClosed.first)
    #expect(closed.id == 2 && closed.note == "电话核实,无事" && closed.owner == "^duty" && closed.phase == .closed)
    #expect(closeHere(&pair, 2) == .refused(.alreadyClosed))
    #expect(pair.ask("duty", .acknowledge(incident: 2)) == .refused(.alreadyClosed))
    let again = pair.street.restarted(boot: "boot-9", after: .seconds(5))
    #expect(again.station.state.children == pair.street.station.state.children)
    #expect(again.view.children[0].incidents.map(\.id) == [1])
  }

  /// The number is used again by the restored station: another call, which must be seen.
  @Test func aNewCallOfThatNumberIsShown() {
    var pair = restored()
    pair.ask("duty", .acknowledge(incident: 2))
    pair.exchange()
    #expect(closeHere(&pair, 2) == .done)
    pair.child.press("A/2/1", sequence: 9)
    pair.exchange()
    #expect(open(pair) == [1, 2] && pair.card?.incidents.first { $0.id == 2 }?.placeName == "接待室")
    #expect(pair.street.view.sound == .call && pair.card?.recentlyClosed == [])
    #expect(closeHere(&pair, 2) == .refused(.mayBeKnownBelow))
  }

  /// The disk that was lost is found: what it tells of the call holds.
  @Test func aLaterWordOfItsStationBringsItBack() throws {
    var lost = Pair()
    lost.child.press("A/1/1", sequence: 1)
    lost.exchange()
    let backup = lost.child.entries.count
    lost.child.press("A/1/2", sequence: 2)
    lost.exchange()
    let before = lost
    lost.restoreChild(to: backup)
    lost.ask("duty", .acknowledge(incident: 2))
    lost.exchange()
    #expect(closeHere(&lost, 2) == .done)
    var old = before
    let kept = old.child.entries.count
    old.restoreChild(to: kept, epoch: 3)
    old.child.ask("desk", .acknowledge(2))
    let told = (kept..<old.child.entries.count).map { old.received($0) }
    lost.street.give(.received(child: "tiexi-03", told, request: 99))
    let card = try #require(lost.card?.incidents.first { $0.id == 2 })
    #expect(card.owner == "desk" && card.phase == .acknowledged && lost.card?.recentlyClosed == [])
  }

  /// Calls overtake everything else: the new call may be here before the older answer that says that there is none of that number.
  @Test func anAnswerThatWasOvertakenHidesNothing() throws {
    var pair = restored()
    pair.ask("duty", .acknowledge(incident: 2))
    pair.isCut = true
    let order = try #require(pair.street.orders.last)
    pair.child.give(.command(order.command, remainingMilliseconds: 60_000))
    let answer = pair.child.entries.count - 1
    #expect(pair.child.entries[answer].change == .commandAnswered(order.command.number, .refused(.unknownIncident)))
    pair.child.press("A/2/1", sequence: 9)
    let opening = try #require(
      pair.child.entries.indices.last { if case .opened = pair.child.entries[$0].change { true } else { false } })
    pair.pass(opening)
    pair.pass(answer)
    #expect(pair.card?.pending == [] && pair.card?.strays == [])
    // The lost one of that number can be closed here, the new one not.
    #expect(pair.card?.lost.map(\.id) == [2] && closeHere(&pair, 2) == .done)
    #expect(pair.card?.lost == [] && pair.card?.incidents.contains { $0.id == 2 } == true)
    #expect(closeHere(&pair, 2) == .refused(.mayBeKnownBelow))
  }
}
