import DeviceKit
import DeviceVocabulary
import Station
import TestSupport
import Testing

@testable import SimulatedSite

/// What the checker of the wall takes for an excuse, and what not: shown a page and the devices' truth, second by second.
@Suite struct WallCheckerTests {
  /// A page of a wall of four on which all is well, what its devices show, and the card of a fourth display without power.
  private struct Watch {
    var checker = WallChecker()
    var now = Instant.zero + .seconds(500)
    var view: WallView
    var truth: [WallTruth]
    var desk: DeskView
    let card: DeskView.FaultCard

    init(startedBefore age: Interval = .seconds(200), known: Bool = true) throws {
      var wall = try VirtualWall(WallSite(columns: 2, rows: 2, ports: Array(20_000...20_004)))
      wall.pass(.seconds(20))
      view = try #require(wall.view)
      #expect(wall.unproved.isEmpty)
      let well = view
      truth = well.tiles.map { tile in
        let wish = WallExpectation(tile, well)
        return WallTruth(output: tile.output, input: wish.input, display: wish.display)
      }
      desk = wall.station.view()
      wall.hand("p4", .power(nil, false))
      wall.pass(.seconds(30))
      var card = try #require(wall.station.view().faults.first)
      #expect(card.key.description == "wall p4:wallSilent")
      card.sinceMilliseconds = well.asOfMilliseconds
      self.card = card
      checker.see(.programStarted, at: now - age)
      checker.see(.wallTruth(truth), at: now - age)
      if known { pass(1) }
    }

    mutating func pass(_ seconds: Int) {
      for _ in 0..<seconds {
        now += .seconds(1)
        view.asOfMilliseconds += 1000
        checker.see(.wallTruth(truth), at: now)
        checker.see(.page(desk), at: now)
        checker.see(.wall(view), at: now)
      }
    }

    /// The fourth display has no power.
    mutating func darken() {
      truth[3].display = nil
      view.tiles[3].proof = .unreachable(device: "p4")
    }

    /// The fourth output of the matrix stays at another input.
    mutating func misroute() {
      truth[3].input = 9
      view.tiles[3].proof = .switching
    }

    var texts: [String] { checker.findings.map(\.text) }
  }

  @Test func whatIsAsWishedIsNoMatter() throws {
    var watch = try Watch()
    watch.pass(120)
    #expect(watch.texts.isEmpty)
  }

  @Test func silenceIsFoundOnceAndACardIsAnExcuse() throws {
    var silent = try Watch()
    silent.darken()
    silent.pass(20)
    #expect(silent.texts.isEmpty, "it is given its time")
    silent.pass(60)
    #expect(silent.texts.count == 1 && silent.texts[0].hasPrefix("output 4 should show"), "\(silent.texts)")

    var told = try Watch()
    told.darken()
    told.desk.faults = [told.card]
    told.pass(60)
    #expect(told.texts.isEmpty)
    // The card goes, and the output stays as it is.
    told.desk.faults = []
    told.pass(20)
    #expect(told.texts.isEmpty)
    told.pass(5)
    #expect(told.texts.count == 1)
  }

  @Test func aCardThatDoesNotSayWhichSinceWhenAndWhyIsNone() throws {
    let other = FaultKey(.wall("p3"), .wallSilent)
    let fan = FaultKey(.output(4), .displayFan)
    let bare = FaultKey(.output(4), .outputNotSwitched)
    let spoils: [(String, (inout DeskView.FaultCard) -> Void)] = [
      ("another device", { $0.key = other }), ("another matter", { $0.key = fan }), ("no longer so", { $0.present = false }),
      ("no place", { $0.whereText = "" }), ("no words", { $0.whatChinese = "" }), ("no moment", { $0.sinceMilliseconds = 0 }),
      ("a moment to come", { $0.sinceMilliseconds += 600_000 }), ("no reason", { ($0.key, $0.detail) = (bare, "") }),
    ]
    for (name, spoil) in spoils {
      var watch = try Watch()
      watch.darken()
      var card = watch.card
      spoil(&card)
      watch.desk.faults = [card]
      watch.pass(30)
      #expect(watch.texts.count == 1, "\(name): \(watch.texts)")
    }
  }

  @Test func theCardOfTheMatrixExcusesNoDisplay() throws {
    for key in [FaultKey(.wall("hub"), .wallSilent), FaultKey(.output(4), .outputNotSwitched)] {
      var (dark, astray) = (try Watch(), try Watch())
      dark.darken()
      astray.misroute()
      var card = dark.card
      (card.key, card.detail) = (key, "已应答但没有切换 / acknowledged and unchanged")
      (dark.desk.faults, astray.desk.faults) = ([card], [card])
      dark.pass(30)
      astray.pass(30)
      #expect(astray.texts.isEmpty, "\(key)")
      #expect(dark.texts.isEmpty == (key.subject == .output(4)), "\(key): \(dark.texts)")
    }
  }

  /// A wish is given its time, but none of them helps a device without power.
  @Test func wishesWithoutEndHideNoDeadDevice() throws {
    var (dark, astray) = (try Watch(), try Watch())
    dark.darken()
    astray.misroute()
    for turn in 0..<8 {
      for source in [turn.isMultiple(of: 2) ? "cam" : "hallcam"] {
        dark.view.tiles[3].wished = source
        astray.view.tiles[3].wished = source
      }
      dark.pass(10)
      astray.pass(10)
    }
    #expect(astray.texts.isEmpty)
    #expect(dark.texts.count == 1, "\(dark.texts)")
  }

  @Test func whatIsSoAndNotKnownIsNoProof() throws {
    for proof in [WallProof.switching, .stale, .unreachable(device: "hub")] {
      var watch = try Watch()
      watch.view.tiles[0].proof = proof
      watch.pass(30)
      #expect(watch.texts.count == 1, "\(proof)")
    }
  }

  /// One that was never heard of is given longer after a start, and one that was heard is not.
  @Test func aStartIsGivenItsTime() throws {
    var fresh = try Watch(startedBefore: .zero, known: false)
    fresh.darken()
    fresh.pass(64)
    #expect(fresh.texts.isEmpty)
    fresh.pass(5)
    #expect(fresh.texts.count == 1)
    var heard = try Watch(startedBefore: .seconds(5))
    heard.darken()
    heard.pass(25)
    #expect(heard.texts.count == 1)
  }

  /// It goes on after its neighbours, and may be silent for a minute after that.
  @Test func aDisplayThatWakesIsGivenItsTime() throws {
    var watch = try Watch()
    watch.truth[3].display?.isOn = false
    watch.view.tiles[3].proof = .poweringOn
    watch.pass(61)
    #expect(watch.texts.isEmpty)
    watch.pass(5)
    #expect(watch.texts.count == 1)
  }

  /// The console may be as late as its reading says, and no later.
  @Test func aClaimThatIsNotSoIsFound() throws {
    let spoils: [(inout WallTruth) -> Void] = [
      { $0.input = 9 }, { $0.display?.part?.position = 2 }, { $0.display?.input = "DP1" }, { $0.display = nil },
    ]
    for (number, spoil) in spoils.enumerated() {
      var watch = try Watch()
      for index in watch.view.tiles.indices { watch.view.tiles[index].ageMilliseconds = 2000 }
      spoil(&watch.truth[0])
      watch.pass(4)
      #expect(watch.texts.isEmpty, "\(number)")
      watch.pass(4)
      let said = number == 0 ? "output 1 is said to show" : "the display of output 1 is said to be as wished"
      #expect(!watch.texts.isEmpty && watch.texts.allSatisfy { $0.hasPrefix(said) }, "\(number): \(watch.texts)")
    }
  }

  /// A card from before the clock was put back is no card of the future.
  @Test func aClockThatIsPutBackTakesNoCardAway() throws {
    var watch = try Watch()
    watch.darken()
    watch.desk.faults = [watch.card]
    watch.pass(5)
    watch.checker.see(.act(.host(.stepClock(milliseconds: -3_600_000))), at: watch.now)
    watch.view.asOfMilliseconds -= 3_600_000
    watch.pass(60)
    #expect(watch.texts.isEmpty, "\(watch.texts)")
  }
}
