import DeviceKit
import DeviceVocabulary
import Station
import Testing

/// What the street's desk shows of a station below it.
@Suite struct BelowTests {
  /// Both desks speak of the same call, each as far as it knows: what a lamp shows, and when the next step is due, is known below only.
  @Test func aCallHasTheSameCardAtBothDesks() throws {
    var pair = Pair()
    pair.child.press("A/1/1", sequence: 1)
    pair.child.press("A/1/1", sequence: 2)
    pair.child.pass(.seconds(31))
    pair.child.ask("desk", .acknowledge(1))
    pair.child.ask("desk", .onScene(1))
    pair.exchange()
    var below = try #require(pair.child.view.incidents.first)
    let above = try #require(pair.card?.incidents.first)
    #expect(below.presses == 2 && below.escalatedTo == ["^"] && below.secondsToScene == 31 && below.lampWish == .coming)
    below.ageSeconds = above.ageSeconds
    below.nextStepSeconds = nil
    #expect(above == below)
  }

  @Test func whatWasClosedBelowLatelyIsShownNewestFirstAndNoMoreThanTwentyOfAll() {
    var pair = Pair()
    var id: UInt32 = 0
    func close(_ note: String) {
      id += 1
      pair.child.press("A/1/1", sequence: id)
      pair.child.ask("desk", .falseAlarm(id, note: note))
      pair.exchange()
      pair.pass(seconds: 1)
    }
    close("误按")
    let closed = pair.card?.recentlyClosed ?? []
    #expect(closed.map(\.note) == ["误按"] && closed.map(\.phase) == [.closed] && closed.map(\.placeName) == ["大厅"])
    #expect(closed.map(\.lampWish) == [.off] && closed.map(\.closedMilliseconds) == [pair.street.wall.unixMilliseconds - 1000])
    // The community's clock is a day ahead: that moves nothing here.
    pair.child.wall.unixMilliseconds += 86_400_000
    for number in 2...25 { close("\(number)") }
    #expect(pair.card?.recentlyClosed.count == 20 && pair.card?.recentlyClosed.first?.note == "25")
    #expect((pair.card?.recentlyClosed.first?.closedMilliseconds ?? .max) <= pair.street.wall.unixMilliseconds)
    let again = pair.street.restarted(boot: "boot-2", after: .seconds(5))
    #expect(again.view.children[0].recentlyClosed.map(\.id) == pair.card?.recentlyClosed.map(\.id))
  }

  @Test func aStationThatNeverConnectedIsToldFromOneThatIsNotKnownAndOneThatIsAway() {
    var street = Bench(plan: Pair.streetPlan)
    #expect(street.view.children.map(\.state) == [.never])
    #expect(street.ask("duty", .child("tiexi-03", .notice(text: "x"))) == .refused(.childNeverConnected))
    #expect(street.ask("duty", .child("tiexi-04", .notice(text: "x"))) == .refused(.unknownChild))
    street.give(.childrenHeard([ChildPulse(child: "tiexi-03", path: "main", waiting: 0)]))
    #expect(street.ask("duty", .child("tiexi-03", .notice(text: "x"))) == .underWay, "it is there, and has recorded nothing yet")
    let again = Pair().street.restarted(boot: "boot-2", after: .seconds(5))
    #expect(again.view.children.map(\.state) == [.unknown])
    // Struck out of the site file: nothing can be asked of it, and nothing is said to be under way.
    var gone = again
    var plan = Pair.streetPlan
    plan.children = []
    gone.station = Station(plan: plan, state: again.station.state)
    gone.give(.started(boot: "boot-3", program: "test"))
    #expect(gone.ask("duty", .child("tiexi-03", .notice(text: "x"))) == .refused(.unknownChild))
  }

  /// A child's times are what the child says: neither a view of them nor a fold may end the program.
  @Test(arguments: [Int64.min, .max]) func absurdTimesOfAChildAreTaken(wall: Int64) {
    var pair = Pair()
    pair.child.press("A/1/1", sequence: 1, age: .max)
    pair.child.ask("desk", .acknowledge(1))
    for index in pair.child.entries.indices { pair.child.entries[index].time.wallMilliseconds = wall }
    pair.child.entries.append(Entry(time: pair.child.entries[0].time, change: .proofAsked(1)))
    pair.exchange(late: true)
    #expect(pair.card?.incidents.map(\.id) == [1])
    #expect(pair.street.station.state.child("tiexi-03")?.fold.proof.last == 1)
  }
}
