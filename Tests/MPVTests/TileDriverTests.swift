import DeviceKit
import DeviceVocabulary
import MPVCodec
import MPVDeviceModel
import MPVDriver
import Testing

@Suite struct TileDriverTests {
  private func showing(_ source: String = "door") -> TileRig {
    var rig = TileRig()
    rig.wish(source)
    rig.pass(.seconds(2))
    #expect(rig.shown == source && rig.picture == .moving && rig.health == .online)
    return rig
  }

  @Test func aProcessIsAskedForAndShowsWhatIsWished() {
    var rig = TileRig()
    rig.wish("door", label: "门厅 $5")
    rig.pass(.milliseconds(110))
    #expect(rig.started == 1)
    rig.pass(.milliseconds(200))
    #expect(rig.shown == "door" && rig.picture == .moving)
    #expect(rig.model?.label == "门厅 $$5" && rig.model?.address == "rtsp://admin:secret@cam/door")
    let healths = rig.events.compactMap { if case .healthChanged(let health) = $0.event { health } else { nil } }
    #expect(healths == [.opening, .identifying, .online])
    // That it was black before its first picture is no trouble.
    let pictures = rig.events.compactMap { if case .pictureObserved(_, let state) = $0.event { state } else { nil } }
    #expect(pictures == [.moving])
  }

  @Test func aSwitchIsToldWhenItsPictureMoves() {
    var rig = showing()
    let before = rig.now
    rig.wish("yard")
    rig.pass(.milliseconds(59))
    #expect(rig.shown == "door")
    rig.pass(.seconds(1))
    let told = rig.events.filter { $0.at > before }
    let at = told.first { isObserved($0.event) && rig.shown == "yard" }?.at
    #expect(rig.shown == "yard" && at.map { $0 - before < .milliseconds(200) } == true)
    #expect(rig.started == 1)
  }

  @Test func aPictureThatIsBlackAllOverIsFoundWithinFifteenSeconds() {
    var rig = showing()
    rig.hand(.covered(true))
    rig.pass(.seconds(4))
    #expect(rig.picture == .moving, "a cut of the film is no fault")
    rig.pass(.seconds(6))
    #expect(rig.picture == .black && rig.shown == "door")
    rig.hand(.covered(false))
    rig.pass(.seconds(5))
    #expect(rig.picture == .moving)
    // Another picture begins anew.
    rig.hand(.covered(true))
    rig.pass(.seconds(10))
    rig.wish("yard")
    rig.pass(.seconds(8))
    #expect(rig.shown == "yard" && rig.picture == .moving)
  }

  @Test func noAddressLeavesTheDriver() {
    var rig = showing()
    rig.wish("missing", "missing:rtsp://admin:secret@cam")
    rig.pass(.seconds(30))
    #expect(!rig.events.contains { "\($0.event)".contains("secret") })
  }

  @Test func nothingIsSentWhenAllIsAsWished() {
    var rig = showing()
    let count = rig.loads.count
    rig.wish("door")
    rig.pass(.seconds(120))
    #expect(rig.loads.count == count && count == 1)
    #expect(rig.model?.commands.contains { $0.hasPrefix("set_property geometry") || $0 == "stop" } == false)
    // And a proof is never older than its time.
    #expect(rig.age(isObserved).map { $0 <= .seconds(7) } == true && rig.age(isPicture).map { $0 <= .seconds(7) } == true)
  }

  @Test func aLabelIsChangedWithoutLoadingAgain() {
    var rig = showing()
    rig.wish("door", label: "四楼")
    rig.pass(.seconds(3))
    #expect(rig.loads.count == 1 && rig.model?.label == "四楼" && rig.refusals.isEmpty)
    let last = rig.events.last { isObserved($0.event) }?.event
    #expect(last == .observed(4, .picture(WallPicture(source: "door", address: "", label: "四楼", frame: TileRig.frame))))
  }

  @Test func theNumberStandsOverThePictureAndGoes() {
    var rig = showing()
    rig.give(.identify(4, seconds: 10))
    rig.pass(.seconds(3))
    #expect(rig.model?.label == "4" && rig.shown == "door" && rig.loads.count == 1)
    rig.pass(.seconds(9))
    #expect(rig.model?.label == "" && rig.refusals.isEmpty)
  }

  @Test func nothingIsBlack() {
    var rig = showing()
    rig.wish("")
    rig.pass(.seconds(3))
    #expect(rig.shown == "" && rig.picture == .black && rig.model?.address == nil && rig.refusals.isEmpty)
    #expect(rig.health == .online)
  }

  @Test func aSourceWithoutAnAddressIsRefused() {
    var rig = showing()
    rig.wish("yard", "")
    rig.pass(.seconds(3))
    #expect(rig.refusals == [.impossible("yard: no address")] && rig.shown == "door")
  }

  @Test(arguments: ["missing:x", "refused:x"]) func aSourceThatFailsIsNamedAndTriedAgain(address: String) {
    var rig = showing()
    rig.wish("yard", address)
    rig.pass(.seconds(1))
    let reason = address.hasPrefix("missing") ? "loading failed" : "unrecognized file format"
    #expect(rig.picture == .none(reason: reason) && rig.shown == "yard" && rig.refusals.isEmpty)
    rig.pass(.seconds(60))
    // 2, 5, 10, 30 s apart.
    #expect(rig.loads.count == 6 && rig.started == 1)
    // Between two tries it stays known that there is no picture: a reading counts for 15 s.
    for _ in 0..<30 {
      rig.pass(.seconds(2))
      #expect(rig.age(isPicture).map { $0 <= .seconds(8) } == true && rig.picture == .none(reason: reason))
    }
  }

  @Test func aStuckSourceIsLoadedAgainThenItsProcessChanged() {
    var rig = showing()
    let before = rig.now
    rig.wish("yard", "stuck:x")
    rig.pass(.seconds(6))
    #expect(rig.picture == .none(reason: "no picture") && rig.loads.count == 3 && rig.started == 1)
    rig.pass(.seconds(5))
    #expect(rig.started == 2)
    rig.pass(.seconds(600))
    // Not more than once a minute.
    #expect((5...12).contains(rig.started))
    #expect(rig.now - before > .seconds(600))
    let switched = rig.now
    rig.wish("door")
    rig.pass(.seconds(1))
    #expect(rig.shown == "door" && rig.picture == .moving && rig.now - switched <= .seconds(1))
  }

  @Test func aFrozenPictureIsFoundWithin15Seconds() {
    var rig = showing()
    rig.hand(.frozen(true))
    let before = rig.now
    rig.pass(.seconds(15))
    let told = rig.events.first { if case .pictureObserved(_, .frozen) = $0.event { true } else { false } }
    #expect(told.map { $0.at - before <= .seconds(8) } == true)
    #expect(rig.started == 2 && rig.shown == "door")
    rig.pass(.seconds(5))
    #expect(rig.picture == .moving)
  }

  @Test func aPauseIsToldAndEnded() {
    var rig = showing()
    let loads = rig.loads.count
    rig.events.removeAll()
    rig.hand(.paused(true))
    rig.pass(.seconds(8))
    let told = rig.events.compactMap { if case .pictureObserved(_, let state) = $0.event { state } else { nil } }
    let pauses = told.filter { if case .frozen(let seconds, .paused?) = $0 { (1..<5).contains(seconds) } else { false } }
    #expect(pauses.count == 1, "\(told)")
    #expect(rig.picture == .moving && rig.loads.count == loads && rig.started == 1, "it goes on without being loaded again")
  }

  @Test func aPlayerThatWaitsForItsSourceSaysSo() {
    var rig = showing()
    rig.hand(.starved(true))
    rig.pass(.seconds(4))
    guard case .frozen(let seconds, .buffering?) = rig.picture else {
      Issue.record("\(String(describing: rig.picture))")
      return
    }
    #expect((1...4).contains(seconds))
    rig.hand(.starved(false))
    rig.pass(.seconds(4))
    #expect(rig.picture == .moving && rig.loads.count == 1)
  }

  /// A picture that stands by itself is not said to be paused.
  @Test func aHangIsNoPause() {
    var rig = showing()
    rig.hand(.frozen(true))
    rig.pass(.seconds(15))
    let why = rig.events.compactMap { if case .pictureObserved(_, .frozen(_, let why)) = $0.event { why } else { nil } }
    #expect(rig.events.contains { if case .pictureObserved(_, .frozen) = $0.event { true } else { false } } && why.isEmpty)
  }

  @Test func aStillPictureIsNotFrozen() {
    var rig = showing()
    rig.wish("board", "file:still.png")
    rig.pass(.seconds(60))
    #expect(rig.shown == "board" && rig.picture == .moving && rig.started == 1 && rig.loads.count == 2)
  }

  @Test func aSourceThatEndsBeginsAgain() {
    var rig = showing()
    rig.wish("film", "short:film")
    rig.pass(.seconds(25))
    #expect(rig.shown == "film" && rig.picture == .moving && rig.loads.count >= 3)
    #expect(!rig.events.contains { if case .pictureObserved(_, .none) = $0.event { true } else { false } })
  }

  @Test func whatSomebodyElseLoadsIsReplaced() {
    var rig = showing()
    rig.hand(.foreign("rtsp://other"))
    rig.pass(.seconds(6))
    #expect(rig.model?.address == "rtsp://admin:secret@cam/door" && rig.shown == "door" && rig.picture == .moving)
    #expect(
      rig.events.contains { $0.event == .observed(4, .picture(WallPicture(source: "?", address: "", frame: TileRig.frame))) })
  }

  @Test func aProcessThatDiesComesBackWithItsPicture() {
    var rig = showing()
    rig.hand(.die)
    rig.pass(.milliseconds(1))
    #expect(rig.health == .absent)
    rig.pass(.seconds(3))
    #expect(rig.started == 2 && rig.health == .online && rig.shown == "door" && rig.picture == .moving)
  }

  @Test func aSilentProcessIsReplaced() {
    var rig = showing()
    rig.hand(.silent(true))
    rig.pass(.seconds(10))
    #expect(rig.started == 2 && rig.health == .online && rig.shown == "door" && rig.picture == .moving)
  }

  @Test func whatIsNoPlayerIsFaulted() {
    var rig = TileRig()
    rig.onStart = [.silent(true)]
    rig.wish("door")
    rig.pass(.milliseconds(500))
    rig.give(.received(Array("SSH-2.0-OpenSSH\n".utf8)))
    rig.pass(.seconds(3))
    #expect(rig.health == .faulted)
  }

  @Test func noProcessIsAskedForFasterThanTheBackOff() {
    var rig = TileRig()
    rig.cannotStart = true
    rig.wish("door")
    rig.pass(.seconds(60))
    #expect((5...10).contains(rig.started) && rig.health == .absent)
    rig.cannotStart = false
    rig.pass(.seconds(14))
    #expect(rig.shown == "door" && rig.picture == .moving)
  }

  @Test func alockedWindowIsToldAndTriedOn() {
    var rig = showing()
    rig.hand(.locked(true))
    rig.wish("yard")
    rig.pass(.seconds(6))
    #expect(rig.picture == .none(reason: "no picture"))
    rig.onStart = []
    rig.pass(.seconds(10))
    // A new process is locked by nobody.
    #expect(rig.shown == "yard" && rig.picture == .moving)
  }

  @Test func theLastWishWins() {
    var rig = showing()
    for index in 0..<1_200 {
      rig.wish("s\(index)")
      rig.pass(.milliseconds(50))
    }
    rig.pass(.seconds(1))
    #expect(rig.shown == "s1199" && rig.model?.address == "rtsp://admin:secret@cam/s1199" && rig.picture == .moving)
    #expect(rig.started == 1 && rig.driver.garbage == 0)
  }

  /// A megabyte without an end of line, and bytes of any value.
  @Test func garbageIsPassedOver() {
    var rig = showing()
    rig.give(.received(Array(repeating: 0x78, count: 1_000_000) + [0x0A]))
    rig.give(
      .received(Array("{\"event\":\"end-file\",\"playlist_entry_id\":1e300}\n{\"request_id\":-9,\"error\":\"success\"}\n".utf8)))
    rig.pass(.seconds(10))
    #expect(rig.shown == "door" && rig.picture == .moving && rig.started == 1 && rig.driver.garbage == 2)
  }

  @Test(arguments: Array(UInt64(1)...40)) func faultsAtRandomEndAsWished(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    var rig = TileRig(seed: seed)
    rig.isRough = true
    for _ in 0..<60 {
      switch random.below(14) {
      case 0: rig.hand(.frozen(random.chance(1, in: 2)))
      case 1: rig.hand(.silent(random.chance(1, in: 2)))
      case 2: rig.hand(.garbage(random.chance(1, in: 2)))
      case 3: rig.hand(.die)
      case 4: rig.hand(.foreign("other"))
      case 5: rig.hand(.sourceEnds)
      case 6: rig.hand(.locked(random.chance(1, in: 2)))
      case 7: rig.give(.received((0..<random.below(60)).map { _ in UInt8(random.below(256)) }))
      case 8: rig.give([.linkDown, .linkUp, .retest, .wake, .identify(4, seconds: 2)][Int(random.below(5))])
      case 9: rig.wish("bad", ["stuck:x", "missing:x", "refused:x", ""][Int(random.below(4))])
      case 10: rig.cannotStart = random.chance(1, in: 3)
      case 11: rig.hand(.delay(.milliseconds(Int(random.below(400)))))
      default: rig.wish("s\(random.below(4))")
      }
      rig.pass(.milliseconds(Int(random.below(6_000))))
    }
    rig.cannotStart = false
    for hand in [MPVModel.Hand.frozen(false), .silent(false), .garbage(false), .locked(false), .delay(.zero)] { rig.hand(hand) }
    rig.wish("last")
    rig.pass(.seconds(60))
    #expect(rig.shown == "last" && rig.picture == .moving && rig.health == .online, "seed \(seed)")
    #expect(rig.model?.address == "rtsp://admin:secret@cam/last", "seed \(seed)")
  }
}
