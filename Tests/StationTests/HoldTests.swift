import DeviceVocabulary
import Station
import Testing

/// R6: somebody of the staff beside the visitor holds the terminal's time-out, and it is never left held by accident.
@Suite struct HoldTests {
  private func bench() -> Bench {
    var bench = Bench(plan: Bench.centre)
    bench.give(.kiosk("hall", isAlive: true))
    return bench
  }

  private func changes(_ bench: Bench) -> [VisitChange] {
    bench.entries.compactMap { entry in
      switch entry.change {
      case .visit(let change):
        switch change {
        case .held, .letGo: change
        default: nil
        }
      default: nil
      }
    }
  }

  private func shown(_ bench: Bench) -> String? { bench.station.visitView(onDisk: nil)?.kiosks.first?.hold?.post }

  @Test func aHoldIsWrittenDownWithItsPostAndEndsByTheSameKey() {
    var bench = bench()
    #expect(bench.clerk("w3", .hold(kiosk: "hall")) == .done && shown(bench) == "w3")
    #expect(bench.clerk("w3", .hold(kiosk: "hall")) == .done)
    bench.pass(.seconds(3600))
    #expect(shown(bench) == "w3")
    #expect(bench.clerk("w3", .letGo(kiosk: "hall", .released)) == .done && shown(bench) == nil)
    #expect(bench.clerk("w3", .letGo(kiosk: "hall", .released)) == .done)
    #expect(changes(bench) == [.held(kiosk: "hall", post: "w3"), .letGo(kiosk: "hall", post: "w3", .released)])
  }

  @Test func nobodyHoldsWhatIsNotThere() {
    var bench = Bench(plan: Bench.centre)
    #expect(bench.clerk("w3", .hold(kiosk: "hall")) == .refused(.terminalSilent))
    bench.give(.kiosk("hall", isAlive: true))
    #expect(bench.clerk("w3", .hold(kiosk: "moon")) == .refused(.unknownKiosk))
    #expect(bench.clerk("w3", .letGo(kiosk: "moon", .released)) == .refused(.unknownKiosk))
    #expect(bench.clerk("nobody", .hold(kiosk: "hall")) == .refused(.unknownPost))
    #expect(changes(bench).isEmpty)
  }

  @Test func whoCameLastStandsBesideTheVisitor() {
    var bench = bench()
    bench.clerk("w3", .hold(kiosk: "hall"))
    bench.clerk("desk", .hold(kiosk: "hall"))
    #expect(shown(bench) == "desk")
    // The end of a session is the end of that post's hold, not of another's; anybody may press the key.
    bench.clerk("w3", .letGo(kiosk: "hall", .loggedOut))
    #expect(shown(bench) == "desk")
    bench.clerk("w1", .letGo(kiosk: "hall", .released))
    #expect(shown(bench) == nil)
    bench.clerk("w3", .hold(kiosk: "hall"))
    bench.clerk("w3", .letGo(kiosk: "hall", .loggedOut))
    #expect(changes(bench).last == .letGo(kiosk: "hall", post: "w3", .loggedOut))
  }

  @Test func theTerminalLetsGoOfTheHoldThatItShowsAndOfNoOther() throws {
    var bench = bench()
    bench.clerk("w3", .hold(kiosk: "hall"))
    let first = try #require(bench.visits.hold("hall")?.since.wallMilliseconds)
    #expect(bench.touch(.letGo(since: first, isTouch: true)) == .done && shown(bench) == nil)
    bench.pass(.seconds(1))
    bench.clerk("w3", .hold(kiosk: "hall"))
    // Said again because its answer was lost: the next visitor's hold stays.
    bench.touch(.letGo(since: first, isTouch: true))
    #expect(shown(bench) == "w3")
    bench.touch(.letGo(since: first + 1000, isTouch: false))
    #expect(
      changes(bench).filter { if case .letGo = $0 { true } else { false } } == [
        .letGo(kiosk: "hall", post: nil, .touched), .letGo(kiosk: "hall", post: nil, .visitOver),
      ])
  }

  @Test func whoCallsTheNextIsAtHisWindowAgain() {
    var bench = bench()
    bench.clerk("w3", .hold(kiosk: "hall"))
    bench.takeTicket()
    bench.takeTicket()
    // Nobody is called, or by another: it stays.
    bench.clerk("w3", .recall(window: 3))
    bench.clerk("w1", .callNext(window: 1))
    #expect(shown(bench) == "w3")
    bench.clerk("w3", .callNext(window: 3))
    #expect(shown(bench) == nil && changes(bench).last == .letGo(kiosk: "hall", post: "w3", .calledNext))
    bench.clerk("w3", .skip(window: 3))
    bench.clerk("w3", .hold(kiosk: "hall"))
    let skipped = TicketID(day: bench.visits.day, letter: "A", number: 2)
    #expect(bench.clerk("w3", .call(window: 3, skipped)) == .done && shown(bench) == nil)
  }

  @Test func aTerminalThatIsGoneAndAStationStartedAnewHoldNothing() {
    var bench = bench()
    bench.clerk("w3", .hold(kiosk: "hall"))
    bench.give(.kiosk("hall", isAlive: true))
    #expect(shown(bench) == "w3")
    bench.give(.kiosk("hall", isAlive: false))
    #expect(shown(bench) == nil && changes(bench).last == .letGo(kiosk: "hall", post: nil, .terminalSilent))
    bench.give(.kiosk("hall", isAlive: true))
    bench.clerk("w3", .hold(kiosk: "hall"))
    let after = bench.restarted(boot: "boot-2", after: .seconds(5))
    #expect(shown(after) == nil && changes(after).last == .letGo(kiosk: "hall", post: nil, .restarted))
  }
}
