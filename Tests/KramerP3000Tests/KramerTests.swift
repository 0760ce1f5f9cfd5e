import DeviceKit
import DeviceVocabulary
import KramerP3000Codec
import KramerP3000DeviceModel
import KramerP3000Driver
import LineProtocolCodec
import LineProtocolDriver
import MatrixTestSupport
import Testing

@Suite struct KramerP3000Tests {
  typealias Rig = MatrixRig<P3000Dialect, P3000Speech>

  /// As units differ, with the settings that go with it.
  static let kinds: [(traits: P3000Speech.Traits, settings: P3000Settings)] = {
    var older = P3000Speech.Traits()
    older.machine = nil
    older.spaceBeforeOK = false
    older.answersAll = false
    older.noInput = .afterLast
    var layered = P3000Speech.Traits()
    layered.routeLayer = 0
    layered.login = "1,wall"
    var nameless = P3000Speech.Traits()
    nameless.saysSize = false
    nameless.machine = 7
    return [
      (P3000Speech.Traits(), P3000Settings()), (older, P3000Settings(noInput: .afterLast)),
      (layered, P3000Settings(command: .route(layer: 0), login: "1,wall")),
      (nameless, P3000Settings(command: .av, machine: 7, inputs: 8, outputs: 6)),
    ]
  }()

  func rig(_ traits: P3000Speech.Traits, _ settings: P3000Settings, seed: UInt64 = 1) -> Rig {
    Rig(
      KramerP3000Driver(P3000Dialect(settings), ports: [1, 2, 3, 4], seed: seed),
      KramerP3000Model(P3000Speech(traits), inputs: 8, outputs: 6, seed: seed), seed: seed)
  }

  static func switches(_ bytes: [UInt8]) -> Bool {
    guard let line = P3000Line(request: bytes.dropLast()) else { return false }
    return ["VID", "AV", "ROUTE"].contains(line.command)
  }

  func scenarios(_ kind: Int) -> MatrixScenarios<P3000Dialect, P3000Speech> {
    MatrixScenarios(commandsForThree: kind == 2 ? 3 : 1, switches: Self.switches) {
      rig(Self.kinds[kind].traits, Self.kinds[kind].settings, seed: $0)
    }
  }

  @Test(arguments: 0..<4) func atRest(kind: Int) {
    let scenarios = scenarios(kind)
    #expect(scenarios.nothingIsSentWhenAllIsAsWished() == [])
    #expect(scenarios.everyOutputIsProvedAtRest(within: .milliseconds(5_200)) == [])
    #expect(scenarios.someoneAtItsButtonsIsUndone() == [])
    #expect(scenarios.onlyTheDifferenceIsSent() == [])
    #expect(scenarios.theLastWishWins() == [])
    #expect(scenarios.whatCannotBeIsSaidOnce() == [])
    #expect(scenarios.theSameSeedIsTheSameDay())
  }

  @Test(arguments: 0..<4) func faults(kind: Int) {
    let scenarios = scenarios(kind)
    #expect(scenarios.aLockedOutputIsToldTriedSlowlyAndRecovers() == [])
    #expect(scenarios.aRefusalOfOneDoesNotKeepTheOthers() == [])
    #expect(scenarios.aPowerCutIsMadeGood() == [])
    #expect(scenarios.garbageAnywherePassesOver() == [])
    #expect(scenarios.aSilentOneIsAbsentAndComesBack() == [])
    #expect(scenarios.aSlowOneIsWaitedFor(.milliseconds(800)) == [])
    #expect(scenarios.whatItSaysOfItselfIsAskedAgainAfterGarbage() == [])
    #expect(scenarios.answersThatComeTooLateProveNothing(.milliseconds(1_700)) == [])
    #expect(scenarios.aSessionOfSomebodyElseIsWaitedFor() == [])
    #expect(scenarios.aNoisyOneIsBack(within: .seconds(10)) == [])
    #expect(scenarios.aFloodWithoutALineEndIsCutOff() == [])
  }

  /// One that wants a password after each command cannot be spoken with so.
  @Test(arguments: [0, 1, 3]) func closesAfterEachCommand(kind: Int) {
    #expect(scenarios(kind).oneThatClosesAfterEachCommandIsServed() == [])
    #expect(scenarios(kind).oneThatBeginsToCloseIsProvedAgain(within: .seconds(6)) == [])
  }

  @Test(arguments: Array(UInt64(1)...8)) func faultsAtRandomEndHealthy(seed: UInt64) {
    #expect(scenarios([0, 1, 3][Int(seed % 3)]).faultsAtRandomEndHealthy(seed: seed) == [])
  }

  /// Whatever size it says it has: an asterisk is one thing heard, and proves the outputs that are the wall's.
  @Test func anAsteriskIsOneRouteHoweverManyOutputsThereAre() {
    var dialect = P3000Dialect()
    var heard: [MatrixHeard] = []
    func hears(_ line: String) -> [MatrixHeard] {
      heard = []
      for byte in "\(line)\r\n".utf8 { dialect.push(byte, into: &heard) }
      return heard
    }
    #expect(hears("~01@INFO-IO IN 8,OUT 65535").count == 1)
    #expect(hears("~01@VID 2>*") == [.routeOfAll(2)])
    #expect(hears("~01@VID " + Array(repeating: "2>*", count: 250).joined(separator: ",")).count == 250)
  }

  @Test(arguments: ["65535", "4097", "4096", "6"]) func aSizeThatNoMatrixHasIsNotBelieved(outputs: String) {
    var driver = KramerP3000Driver(P3000Dialect(), ports: [1, 2, 3, 4])
    var now = Instant.zero + .seconds(50)
    var events: [WallEvent] = []
    var questions = 0
    func give(_ input: WallInput) -> [String] {
      var effects = Effects<WallEffect>()
      driver.handle(input, at: now, into: &effects)
      var asked: [String] = []
      while let effect = effects.takeFirst() {
        switch effect {
        case .event(let event): events.append(event)
        case .write(let bytes): asked.append(String(decoding: bytes.dropLast(), as: UTF8.self))
        case .reopen: break
        }
      }
      return asked
    }
    _ = give(.wake)
    var asked = give(.linkUp)
    while questions < 5, let question = asked.first {
      questions += 1
      let answers = [
        "#": "~01@ OK", "#MODEL?": "~01@MODEL VS", "#VERSION?": "~01@VERSION 1", "#INFO-IO?": "~01@INFO-IO IN 8,OUT \(outputs)",
        "#VID? *": "~01@VID 2>*",
      ]
      now = now + .milliseconds(20)
      asked = give(.received(Array("\(answers[question] ?? "")\r\n".utf8)))
      now = now + .milliseconds(20)
      asked += give(.wake)
    }
    let believed = ["4096", "6"].contains(outputs) ? UInt16(outputs) : nil
    #expect(events.contains(.described(WallDescription(model: "VS", firmware: "1", inputs: 8, outputs: believed))))
    #expect(questions == 5 && events.contains(.healthChanged(.online)))
    #expect((1...4).allSatisfy { events.contains(.observed($0, .route(2))) })
    #expect(events.filter(\.isRepeated).count == 4)
  }

  @Test func whatItSaysOfItselfIsTold() {
    var rig = rig(Self.kinds[0].traits, Self.kinds[0].settings)
    rig.pass(.seconds(5))
    #expect(rig.told(.described(WallDescription(model: "VS-88HN", firmware: "1.10", inputs: 8, outputs: 6))) == 1)
  }

  @Test func aWrongPasswordIsToldAndNotTriedOn() {
    for login in [nil, "1,wrong"] {
      var settings = Self.kinds[2].settings
      settings.login = login
      var rig = rig(Self.kinds[2].traits, settings)
      rig.wish([1: 5])
      rig.pass(.seconds(300))
      #expect(rig.health == .faulted && rig.told(.troubleChanged(0, .password, isPresent: true)) == 1)
      #expect(rig.openings.count == 2 && rig.written.count <= 4)
    }
  }

  @Test(arguments: 0..<3) func nothingIsLeftOnAnOutput(kind: Int) {
    var rig = rig(Self.kinds[kind].traits, Self.kinds[kind].settings)
    rig.wish([1: 0])
    rig.pass(.seconds(5))
    #expect(rig.model.core.input(1) == 0 && rig.proof(1)?.input == 0)
  }

  @Test func noLineIsLongerThanSixtyFourCharacters() throws {
    for settings in Self.kinds.map(\.settings) {
      let dialect = P3000Dialect(settings)
      let routes = (0..<UInt16(dialect.traits.routesPerCommand)).map { MatrixRoute(120 + $0, from: 120) }
      #expect(try #require(dialect.bytes(.routes(routes))).count <= 64)
    }
  }
}

@Suite struct KramerP2000Tests {
  typealias Rig = MatrixRig<P2000Dialect, P2000Speech>

  func scenarios() -> MatrixScenarios<P2000Dialect, P2000Speech> {
    MatrixScenarios(commandsForThree: 3, switches: { $0.first == 1 }) { seed in
      Rig(
        KramerP2000Driver(P2000Dialect(), ports: [1, 2, 3, 4], seed: seed),
        KramerP2000Model(P2000Speech(), inputs: 8, outputs: 6, seed: seed), seed: seed)
    }
  }

  /// There is no checksum: a turned bit may make it smaller than it is.
  @Test func aWrongSizeIsAskedAgain() {
    var rig = Rig(
      KramerP2000Driver(P2000Dialect(), ports: [1, 2, 3, 4]), KramerP2000Model(P2000Speech(), inputs: 8, outputs: 6))
    rig.pass(.seconds(5))
    rig.hand(.say(P2000Frame(P2000Frame.defineMachine, input: 2, output: 2, machine: 1, isReply: true).bytes))
    rig.pass(.milliseconds(100))
    rig.wish([3: 7])
    rig.pass(.seconds(1))
    #expect(rig.refusals(3) == [.impossible("no output 3 of 2")])
    rig.pass(.seconds(45))
    #expect(rig.model.core.input(3) == 7 && rig.proof(3)?.input == 7)
  }

  @Test func atRest() {
    let scenarios = scenarios()
    #expect(scenarios.nothingIsSentWhenAllIsAsWished() == [])
    #expect(scenarios.everyOutputIsProvedAtRest(within: .milliseconds(5_200)) == [])
    #expect(scenarios.someoneAtItsButtonsIsUndone() == [])
    #expect(scenarios.onlyTheDifferenceIsSent() == [])
    #expect(scenarios.theLastWishWins() == [])
    #expect(scenarios.whatCannotBeIsSaidOnce() == [])
    #expect(scenarios.theSameSeedIsTheSameDay())
  }

  @Test func faults() {
    let scenarios = scenarios()
    #expect(scenarios.aLockedOutputIsToldTriedSlowlyAndRecovers() == [])
    #expect(scenarios.aRefusalOfOneDoesNotKeepTheOthers() == [])
    #expect(scenarios.aPowerCutIsMadeGood() == [])
    #expect(scenarios.oneThatClosesAfterEachCommandIsServed() == [])
    #expect(scenarios.garbageAnywherePassesOver() == [])
    #expect(scenarios.aSilentOneIsAbsentAndComesBack() == [])
    #expect(scenarios.aSlowOneIsWaitedFor(.milliseconds(800)) == [])
    #expect(scenarios.aSlowOneIsWaitedFor(.milliseconds(1_500)) == [])
    #expect(scenarios.oneThatBeginsToCloseIsProvedAgain(within: .seconds(6)) == [])
    #expect(scenarios.whatItSaysOfItselfIsAskedAgainAfterGarbage() == [])
    #expect(scenarios.anUnreadableOutputIsLeftAlone() == [])
    #expect(scenarios.aSessionOfSomebodyElseIsWaitedFor() == [])
    #expect(scenarios.aNoisyOneIsBack(within: .seconds(10)) == [])
    #expect(scenarios.aFloodWithoutALineEndIsCutOff() == [])
  }

  @Test(arguments: [1_700, 2_100, 2_600, 3_500, 5_100]) func lateAnswersProveNothing(delay: Int) {
    #expect(scenarios().answersThatComeTooLateProveNothing(.milliseconds(delay)) == [])
  }

  @Test(arguments: Array(UInt64(1)...8)) func faultsAtRandomEndHealthy(seed: UInt64) {
    #expect(scenarios().faultsAtRandomEndHealthy(seed: seed) == [])
  }

  /// To a route it is about an input or an output that there is not; to a question it is not.
  @Test func aNumberThatItHasNotIsToldAsSuch() {
    for (request, heard) in [
      (MatrixRequest.routes([MatrixRoute(1, from: 9)]), MatrixHeard.hasNone("ERR003 parameter out of range")),
      (.readAll, .refused("ERR003 parameter out of range")),
    ] {
      var dialect = P3000Dialect(P3000Settings())
      dialect.asked(request)
      var found: [MatrixHeard] = []
      for byte in "~01@VID ERR003\r\n".utf8 { dialect.push(byte, into: &found) }
      #expect(found == [heard])
    }
  }
}
