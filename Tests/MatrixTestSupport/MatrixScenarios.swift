import DeviceKit
import DeviceVocabulary
import LineProtocolCodec
import LineProtocolDeviceModel
import LineProtocolDriver

/// What every matrix has to withstand. Each scenario answers what was wrong; nothing is well.
public struct MatrixScenarios<Dialect: MatrixDialect, Speech: MatrixSpeech> {
  public typealias Rig = MatrixRig<Dialect, Speech>
  /// Eight inputs, six outputs, straight through, the outputs 1 ... 4 the wall's.
  let make: (UInt64) -> Rig
  /// Whether what was written switches something.
  let switches: ([UInt8]) -> Bool
  /// How many commands three outputs take.
  let commandsForThree: Int

  public init(commandsForThree: Int, switches: @escaping ([UInt8]) -> Bool, make: @escaping (UInt64) -> Rig) {
    self.make = make
    self.switches = switches
    self.commandsForThree = commandsForThree
  }

  static var straight: [UInt16: UInt16] { [1: 1, 2: 2, 3: 3, 4: 4] }

  private func online(_ seed: UInt64 = 1, _ wish: [UInt16: UInt16] = Self.straight) -> Rig {
    var rig = make(seed)
    rig.wish(wish)
    rig.pass(.seconds(15))
    return rig
  }

  private func commands(_ rig: Rig) -> Int { rig.written.filter(switches).count }

  private func isAsWished(_ rig: Rig, _ wish: [UInt16: UInt16]) -> Bool {
    wish.allSatisfy { rig.model.core.input($0.key) == $0.value && rig.proof($0.key)?.input == $0.value }
  }

  public func nothingIsSentWhenAllIsAsWished() -> [String] {
    var found = Findings()
    let rig = online()
    found.check(commands(rig) == 0, "\(commands(rig)) commands")
    found.check(rig.health == .online, "health \(String(describing: rig.health))")
    found.check(
      rig.told(.healthChanged(.online)) == 1 && rig.told(.healthChanged(.identifying)) == 1, "health told more than once")
    found.check(isAsWished(rig, Self.straight), "not proved")
    found.check(rig.refused == 0, "effects refused")
    return found.list
  }

  /// Each output's proof is never older than the limit, for a minute.
  public func everyOutputIsProvedAtRest(within limit: Interval) -> [String] {
    var found = Findings()
    var rig = online()
    for _ in 0..<60 {
      rig.pass(.seconds(1))
      for output in Self.straight.keys.sorted() {
        let age = rig.now - (rig.proof(output)?.at ?? .zero)
        found.check(age <= limit, "output \(output): \(age.microseconds / 1_000) ms")
      }
    }
    found.check(rig.openings.count == 1 && commands(rig) == 0, "opened \(rig.openings.count) times")
    return found.list
  }

  public func onlyTheDifferenceIsSent() -> [String] {
    var found = Findings()
    var rig = online()
    let start = rig.now
    rig.wish([1: 5, 2: 6, 3: 7, 4: 4])
    rig.pass(.seconds(2))
    found.check(commands(rig) == commandsForThree, "\(commands(rig)) commands for three outputs")
    found.check(isAsWished(rig, [1: 5, 2: 6, 3: 7, 4: 4]), "not as wished: \(rig.model.core.routes)")
    found.check([1, 2, 3].allSatisfy { rig.proof($0).map { $0.at > start } ?? false }, "no read-back")
    return found.list
  }

  public func aLockedOutputIsToldTriedSlowlyAndRecovers() -> [String] {
    var found = Findings()
    var rig = online()
    rig.hand(.lock(2, true))
    rig.wish([1: 5, 2: 6, 3: 7, 4: 4])
    rig.pass(.seconds(5))
    found.check(rig.refusals(2) == [.unchanged], "told \(rig.refusals(2))")
    found.check(isAsWished(rig, [1: 5, 3: 7, 4: 4]), "the others waited: \(rig.model.core.routes)")
    // One that was taken apart counts as a try, too.
    found.check((commandsForThree + 1...commandsForThree + 2).contains(commands(rig)), "\(commands(rig)) commands")
    rig.forgetWhatWasWritten()
    rig.pass(.seconds(65))
    found.check((1...3).contains(commands(rig)), "\(commands(rig)) slow tries in 65 s")
    found.check(rig.refusals(2).count == 1, "told again")
    rig.hand(.lock(2, false))
    rig.pass(.seconds(35))
    found.check(isAsWished(rig, [1: 5, 2: 6, 3: 7, 4: 4]), "not recovered")
    return found.list
  }

  public func aRefusalOfOneDoesNotKeepTheOthers() -> [String] {
    var found = Findings()
    var rig = online()
    rig.hand(.refusesLocked(true))
    rig.hand(.lock(2, true))
    rig.wish([1: 5, 2: 6, 3: 7, 4: 4])
    rig.pass(.seconds(5))
    found.check(isAsWished(rig, [1: 5, 3: 7, 4: 4]), "the others waited: \(rig.model.core.routes)")
    let isRefused = if case .refused? = rig.refusals(2).first { rig.refusals(2).count == 1 } else { false }
    found.check(isRefused, "told \(rig.refusals(2))")
    rig.hand(.lock(2, false))
    rig.give(.retest)
    rig.pass(.seconds(3))
    found.check(isAsWished(rig, [1: 5, 2: 6, 3: 7, 4: 4]), "not tried again")
    return found.list
  }

  /// A wish each 50 ms for a minute, and none between the last and the first is left behind.
  public func theLastWishWins() -> [String] {
    var found = Findings()
    var rig = online()
    var random = SeededRandom(seed: 4)
    var last: [UInt16: UInt16] = [:]
    for _ in 0..<1_200 {
      last = [:]
      for output in UInt16(1)...4 { last[output] = UInt16(random.below(8)) + 1 }
      rig.wish(last)
      rig.pass(.milliseconds(50))
    }
    rig.pass(.seconds(3))
    found.check(isAsWished(rig, last), "\(rig.model.core.routes) is not \(last)")
    found.check((1...4).allSatisfy { rig.refusals($0).isEmpty }, "refusals told")
    found.check(rig.refused == 0, "effects refused")
    return found.list
  }

  public func aPowerCutIsMadeGood() -> [String] {
    var found = Findings()
    let wish: [UInt16: UInt16] = [1: 5, 2: 6, 3: 7, 4: 8]
    var rig = online(1, wish)
    rig.hand(.power(false))
    rig.pass(.seconds(40))
    found.check(rig.health == .absent, "health \(String(describing: rig.health))")
    found.check(zip(rig.openings.dropFirst(), rig.openings.dropFirst(2)).allSatisfy { $1 - $0 >= .seconds(1) }, "opened too fast")
    let late = zip(rig.openings, rig.openings.dropFirst()).map { $1 - $0 }.max() ?? .zero
    found.check(late >= .seconds(10), "does not back off")
    rig.hand(.power(true))
    // It answers from the next opening on.
    rig.pass(.seconds(12))
    let answers = rig.openings.last ?? .zero
    rig.pass(answers + .seconds(10) - rig.now)
    found.check(isAsWished(rig, wish), "not restored: \(rig.model.core.routes)")
    found.check(rig.told(.restarted) == 1, "restarted told \(rig.told(.restarted)) times")
    return found.list
  }

  public func someoneAtItsButtonsIsUndone() -> [String] {
    var found = Findings()
    var rig = online()
    rig.hand(.route(MatrixRoute(3, from: 8)))
    rig.pass(.seconds(7))
    found.check(isAsWished(rig, Self.straight), "\(rig.model.core.routes)")
    found.check(rig.told(.observed(3, .route(8))) >= 1, "not told what it showed meanwhile")
    return found.list
  }

  public func oneThatClosesAfterEachCommandIsServed() -> [String] {
    var found = Findings()
    var rig = make(1)
    rig.hand(.closesAfterCommand(true))
    let wish: [UInt16: UInt16] = [1: 5, 2: 6, 3: 7, 4: 4]
    rig.wish(wish)
    rig.pass(.seconds(60))
    found.check(isAsWished(rig, wish), "\(rig.model.core.routes)")
    found.check(zip(rig.openings, rig.openings.dropFirst()).allSatisfy { $1 - $0 >= .milliseconds(250) }, "opened too fast")
    // One that is not there any more is no habit.
    rig.isCut = true
    rig.pass(.seconds(20))
    found.check(rig.health == .absent, "\(String(describing: rig.health)) although nothing can be opened")
    rig.isCut = false
    rig.hand(.closesAfterCommand(false))
    rig.pass(.seconds(30))
    let openings = rig.openings.count
    rig.pass(.seconds(30))
    found.check(rig.openings.count == openings && rig.health == .online, "not quiet afterwards")
    return found.list
  }

  /// It is online, and from now on closes after each command.
  public func oneThatBeginsToCloseIsProvedAgain(within limit: Interval) -> [String] {
    var found = Findings()
    var rig = online()
    rig.hand(.closesAfterCommand(true))
    let start = rig.now
    while rig.health == .online, rig.now - start < .seconds(10) { rig.pass(.milliseconds(100)) }
    let gone = rig.now
    func isBack() -> Bool {
      rig.health == .online && Self.straight.keys.allSatisfy { rig.proof($0).map { $0.at > gone } ?? false }
    }
    while !isBack(), rig.now - gone < limit { rig.pass(.milliseconds(100)) }
    found.check(isBack(), "health \(String(describing: rig.health)), not all proved again")
    // Nobody who answers and then hangs up, over and over, is hammered at.
    found.check(zip(rig.openings, rig.openings.dropFirst()).allSatisfy { $1 - $0 >= .milliseconds(250) }, "opened too fast")
    return found.list
  }

  /// Nothing of what it says can be read for a minute: it is back soon after that.
  public func aNoisyOneIsBack(within limit: Interval) -> [String] {
    var found = Findings()
    for seed in UInt64(1)...20 {
      var rig = online(seed)
      rig.hand(.garble(perThousand: 300))
      rig.pass(.seconds(50) + .milliseconds(Int(seed) * 700))
      rig.hand(.garble(perThousand: 0))
      let start = rig.now
      func isBack() -> Bool {
        rig.health == .online
          && Self.straight.allSatisfy { output, input in rig.proof(output).map { $0.at > start && $0.input == input } ?? false }
      }
      while !isBack(), rig.now - start < .seconds(60) { rig.pass(.milliseconds(100)) }
      found.check(rig.now - start <= limit, "seed \(seed): \((rig.now - start).microseconds / 1_000) ms")
    }
    return found.list
  }

  /// Everything that it says for half a minute is damaged, also when the line is opened anew.
  public func whatItSaysOfItselfIsAskedAgainAfterGarbage() -> [String] {
    var found = Findings()
    for seed in UInt64(1)...10 {
      var rig = online(seed)
      let truth = rig.description
      rig.hand(.garble(perThousand: 20))
      rig.breakLine()
      rig.pass(.seconds(30))
      rig.hand(.garble(perThousand: 0))
      rig.pass(.seconds(35))
      found.check(rig.health == .online, "seed \(seed): health \(String(describing: rig.health))")
      // A letter that was taken for another is not seen; what is missing is.
      let isWhole = rig.description.map { $0.model.isEmpty == truth?.model.isEmpty && $0.inputs == 8 && $0.outputs == 6 }
      found.check(isWhole == true, "seed \(seed): \(String(describing: rig.description))")
    }
    return found.list
  }

  /// Something that is nothing, before each byte of what it says.
  public func garbageAnywherePassesOver(_ garbage: [UInt8] = [0xFF, 0x00, 0x0A, 0x3A, 0x0D, 0x7E, 0x0A, 0x0A]) -> [String] {
    var found = Findings()
    for seed in UInt64(1)...40 {
      var rig = make(seed)
      var random = SeededRandom(seed: seed)
      rig.splits = true
      rig.wish([1: 5, 2: 6, 3: 7, 4: 4])
      for _ in 0..<60 {
        rig.hand(.say(Array(garbage.prefix(Int(random.below(UInt32(garbage.count))) + 1)) + [UInt8(random.below(256))]))
        rig.pass(.milliseconds(Int(random.below(60))))
      }
      rig.hand(.say([0x0D, 0x0A]))
      rig.pass(.seconds(45))
      found.check(isAsWished(rig, [1: 5, 2: 6, 3: 7, 4: 4]), "seed \(seed): \(rig.model.core.routes)")
      found.check(rig.refused == 0, "seed \(seed): effects refused")
    }
    return found.list
  }

  public func aSilentOneIsAbsentAndComesBack() -> [String] {
    var found = Findings()
    var rig = online()
    rig.hand(.silent(true))
    rig.pass(.seconds(25))
    found.check(rig.health != .online, "health \(String(describing: rig.health))")
    rig.wish([1: 5, 2: 6, 3: 7, 4: 4])
    rig.hand(.silent(false))
    rig.pass(.seconds(25))
    found.check(rig.health == .online && isAsWished(rig, [1: 5, 2: 6, 3: 7, 4: 4]), "\(rig.model.core.routes)")
    return found.list
  }

  public func aSlowOneIsWaitedFor(_ delay: Interval) -> [String] {
    var found = Findings()
    var rig = make(1)
    rig.hand(.late(delay))
    rig.wish([1: 5, 2: 6, 3: 7, 4: 4])
    rig.pass(.seconds(40))
    found.check(isAsWished(rig, [1: 5, 2: 6, 3: 7, 4: 4]), "\(rig.model.core.routes)")
    found.check(rig.openings.count == 1, "opened \(rig.openings.count) times")
    return found.list
  }

  /// Answers later than anybody waits: no output is ever said to have what another has.
  public func answersThatComeTooLateProveNothing(_ delay: Interval) -> [String] {
    var found = Findings()
    var rig = online()
    rig.wish([1: 5, 2: 6, 3: 7, 4: 8])
    rig.pass(.seconds(5))
    let start = rig.now
    rig.hand(.late(delay))
    rig.pass(.seconds(120))
    for (at, event) in rig.events where at > start {
      if case .observed(let output, .route(let input)) = event {
        found.check(input == output + 4 || input == 0, "output \(output) is said to have \(input)")
      }
    }
    rig.hand(.late(.zero))
    rig.pass(.seconds(60))
    found.check(rig.health == .online && isAsWished(rig, [1: 5, 2: 6, 3: 7, 4: 8]), "not well again")
    return found.list
  }

  /// One output that it does not answer about costs the others little.
  public func anUnreadableOutputIsLeftAlone() -> [String] {
    var found = Findings()
    var rig = online()
    rig.hand(.unreadable(3, true))
    rig.pass(.seconds(20))
    for _ in 0..<40 {
      rig.pass(.seconds(1))
      for output in [UInt16(1), 2, 4] {
        let age = rig.now - (rig.proof(output)?.at ?? .zero)
        found.check(age <= .seconds(9), "output \(output): \(age.microseconds / 1_000) ms")
      }
    }
    found.check(rig.openings.count == 1 && rig.health == .online, "not online all the time")
    rig.wish([1: 5, 2: 6, 3: 7, 4: 8])
    rig.pass(.seconds(60))
    found.check(isAsWished(rig, [1: 5, 2: 6, 4: 8]), "the others waited: \(rig.model.core.routes)")
    found.check(rig.refusals(3) == [.unanswered], "told \(rig.refusals(3))")
    rig.hand(.unreadable(3, false))
    rig.pass(.seconds(45))
    found.check(isAsWished(rig, [1: 5, 2: 6, 3: 7, 4: 8]), "not recovered")
    return found.list
  }

  public func aSessionOfSomebodyElseIsWaitedFor() -> [String] {
    var found = Findings()
    var rig = make(1)
    rig.hand(.refusesSessions(true))
    rig.wish([1: 5, 2: 2, 3: 3, 4: 4])
    rig.pass(.seconds(60))
    found.check(rig.health == .absent, "health \(String(describing: rig.health))")
    found.check(rig.openings.count <= 10, "\(rig.openings.count) openings in a minute")
    rig.hand(.refusesSessions(false))
    rig.pass(.seconds(25))
    found.check(isAsWished(rig, [1: 5, 2: 2, 3: 3, 4: 4]), "\(rig.model.core.routes)")
    return found.list
  }

  public func aFloodWithoutALineEndIsCutOff() -> [String] {
    var found = Findings()
    var rig = online()
    rig.hand(.say([UInt8](repeating: 0x41, count: 2_000_000)))
    rig.pass(.milliseconds(500))
    found.check(rig.told(.healthChanged(.faulted)) == 1, "not told")
    rig.pass(.seconds(25))
    found.check(rig.health == .online, "health \(String(describing: rig.health))")
    return found.list
  }

  public func whatCannotBeIsSaidOnce() -> [String] {
    var found = Findings()
    var rig = make(1)
    rig.give(.wished([WallWish(1, .route(99)), WallWish(2, .display(DisplaySetting(isOn: true))), WallWish(99, .route(1))]))
    rig.pass(.seconds(70))
    found.check(commands(rig) == 0, "\(commands(rig)) commands")
    for output in [UInt16(1), 2, 99] {
      let isTold = if case .impossible? = rig.refusals(output).last { rig.refusals(output).count == 1 } else { false }
      found.check(isTold, "output \(output): \(rig.refusals(output))")
    }
    found.check(rig.health == .online, "health \(String(describing: rig.health))")
    return found.list
  }

  /// Two thousand inputs at random, then everything is healed: nothing traps, and every wish is reached.
  public func faultsAtRandomEndHealthy(seed: UInt64) -> [String] {
    var found = Findings()
    var random = SeededRandom(seed: seed)
    var rig = make(seed)
    var wish = Self.straight
    rig.splits = random.chance(1, in: 2)
    for _ in 0..<2_000 {
      switch random.below(22) {
      case 0: rig.hand(.lock(UInt16(random.below(6)) + 1, random.chance(1, in: 2)))
      case 1: rig.hand(.refusesLocked(random.chance(1, in: 2)))
      case 2: rig.hand(.late(.milliseconds(random.chance(1, in: 3) ? Int(random.below(4_000)) : 0)))
      case 3: rig.hand(.silent(random.chance(1, in: 4)))
      case 4: rig.hand(.garble(perThousand: random.chance(1, in: 3) ? random.below(50) : 0))
      case 5: rig.hand(.halfLines(perThousand: random.chance(1, in: 3) ? random.below(300) : 0))
      case 6: rig.hand(.closesAfterCommand(random.chance(1, in: 5)))
      case 7: rig.hand(.refusesSessions(random.chance(1, in: 5)))
      case 8: rig.hand(.power(random.chance(4, in: 5)))
      case 9: rig.hand(.route(MatrixRoute(UInt16(random.below(8)), from: UInt16(random.below(10)))))
      case 10: rig.hand(.say((0..<random.below(60)).map { _ in UInt8(random.below(256)) }))
      case 11: rig.isCut = random.chance(1, in: 6)
      case 12: rig.drops = random.chance(1, in: 4) ? random.below(100) : 0
      case 13: rig.breaks = random.chance(1, in: 4) ? random.below(100) : 0
      case 14: rig.breakLine()
      case 15:
        rig.give([.retest, .identify(UInt16(random.below(9)), seconds: 3), .linkDown, .linkUp, .wake][Int(random.below(5))])
      case 16: rig.give(.received((0..<random.below(80)).map { _ in UInt8(random.below(256)) }))
      default:
        for output in UInt16(1)...4 where random.chance(1, in: 2) { wish[output] = UInt16(random.below(8)) + 1 }
        rig.wish(wish)
      }
      rig.pass(.milliseconds(Int(random.below(1_000))))
    }
    heal(&rig)
    rig.pass(.seconds(120))
    found.check(isAsWished(rig, wish), "seed \(seed): \(rig.model.core.routes) is not \(wish)")
    found.check(rig.health == .online, "seed \(seed): health \(String(describing: rig.health))")
    found.check(rig.refused == 0, "seed \(seed): \(rig.refused) effects refused")
    return found.list
  }

  private func heal(_ rig: inout Rig) {
    rig.isCut = false
    rig.drops = 0
    rig.breaks = 0
    for output in UInt16(1)...6 { rig.hand(.lock(output, false)) }
    for hand: MatrixModel<Speech>.Hand in [
      .late(.zero), .silent(false), .garble(perThousand: 0), .halfLines(perThousand: 0), .closesAfterCommand(false),
      .refusesSessions(false), .power(true), .refusesLocked(false),
    ] { rig.hand(hand) }
  }

  public func theSameSeedIsTheSameDay() -> Bool {
    func day() -> [String] {
      var rig = make(7)
      rig.splits = true
      rig.drops = 50
      rig.hand(.garble(perThousand: 20))
      for step in UInt16(0)..<40 {
        rig.wish([1: step % 8 + 1, 2: (step + 3) % 8 + 1])
        rig.pass(.seconds(2))
      }
      return rig.events.map { "\($0.at.microseconds) \($0.event)" } + rig.written.map { "\($0)" }
    }
    return day() == day()
  }

  struct Findings {
    var list: [String] = []
    mutating func check(_ isTrue: Bool, _ text: @autoclosure () -> String) {
      if !isTrue, list.count < 20 { list.append(text()) }
    }
  }
}
