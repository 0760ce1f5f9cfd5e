import DeviceKit
import Testing

@testable import KioskHost

/// The watch over a terminal's browser, in virtual time.
@Suite struct KioskWatchTests {
  /// Lets seconds pass, with a station that answers or not and a page that pulses or not.
  private struct Scene {
    var watch = KioskWatch()
    var now = Instant.zero + .seconds(100)
    var stationAnswers = true
    /// When the page said that it works; `nil`: never.
    var pulsedAt: Instant?
    var pulses = true
    /// What is shown, and since when.
    var shown: [KioskWatch.Page] = []
    var notes: [KioskWatch.Note] = []
    var ends = 0
    var console = 0

    mutating func tell(_ input: KioskWatch.Input) {
      var effects = Effects<KioskWatch.Effect>()
      watch.handle(input, at: now, into: &effects)
      while let effect = effects.takeFirst() {
        switch effect {
        case .end: ends += 1
        case .show(let page):
          shown.append(page)
        case .tellConsole: console += 1
        case .note(let note): notes.append(note)
        }
      }
    }

    /// As the supervisor does it: a look every 200 ms, the station asked every second.
    mutating func pass(seconds: Int) {
      for look in 0..<(seconds * 5) {
        now += .milliseconds(200)
        if pulses, shown.last == .terminal { pulsedAt = now }
        if look % 5 == 0 { tell(stationAnswers ? .pulse(pulsedAt.map { now - $0 }) : .stationSilent) }
        tell(.tick)
      }
    }

    mutating func begin() {
      tell(.begun)
      pass(seconds: 2)
    }
  }

  @Test func aPageThatWorksIsLeftAlone() {
    var scene = Scene()
    scene.begin()
    scene.pass(seconds: 3600)
    #expect(scene.shown == [.terminal] && scene.ends == 0)
    #expect(scene.notes == [.started, .works])
  }

  @Test func aSilentPageIsStartedAnewWithinTenSeconds() {
    var scene = Scene()
    scene.begin()
    scene.pulses = false
    scene.pass(seconds: 7)
    #expect(scene.shown == [.terminal])
    scene.pass(seconds: 3)
    #expect(scene.shown == [.terminal, .terminal] && scene.ends == 1)
    // The old page's last pulse is no pulse of the new one.
    #expect(scene.notes == [.started, .works, .silent, .started])
    scene.pulses = true
    scene.pass(seconds: 2)
    #expect(scene.notes.last == .works)
  }

  @Test func aBrowserThatEndsIsStartedAtOnce() {
    var scene = Scene()
    scene.begin()
    scene.pass(seconds: 100)
    scene.tell(.ended("x"))
    #expect(scene.shown == [.terminal, .terminal] && scene.ends == 1)
  }

  @Test func afterThreeFailuresAPlainPageSaysSoAndItIsTriedAgainLaterAndLater() {
    var scene = Scene()
    scene.pulses = false
    scene.begin()
    for _ in 0..<3 { scene.tell(.ended("x")) }
    #expect(scene.shown == [.terminal, .terminal, .terminal, .broken])
    var waited: [Int] = []
    for _ in 0..<5 {
      var seconds = 0
      while scene.shown.last == .broken {
        scene.pass(seconds: 1)
        seconds += 1
      }
      waited.append(seconds)
      scene.tell(.ended("x"))
      #expect(scene.shown.last == .broken)
    }
    #expect(waited == [30, 60, 120, 300, 300])
    // The plain page's own browser ends: words on the console, and still the next attempt comes.
    scene.tell(.ended("x"))
    #expect(scene.console == 1)
    scene.pulses = true
    scene.pass(seconds: 301 + 2)
    #expect(scene.shown.last == .terminal && scene.notes.last == .works)
    // Who has worked for a minute has three attempts again.
    scene.pass(seconds: 61)
    scene.tell(.ended("x"))
    scene.tell(.ended("x"))
    #expect(scene.shown.last == .terminal)
  }

  @Test func aPageThatHangsAgainAndAgainSoonAfterItsStartIsAFailureToo() {
    var scene = Scene()
    scene.begin()
    for _ in 0..<3 {
      scene.pulses = true
      scene.pass(seconds: 5)
      scene.pulses = false
      scene.pass(seconds: 10)
    }
    #expect(scene.shown == [.terminal, .terminal, .terminal, .broken])
  }

  @Test func aPageThatNeverComesUpIsAFailure() {
    var scene = Scene()
    scene.pulses = false
    scene.begin()
    scene.pass(seconds: 62)
    #expect(scene.notes.filter { $0 == .neverCame }.count == 3 && scene.shown.last == .broken)
  }

  @Test func whileTheStationIsAwayNothingIsHeldAgainstThePage() {
    var scene = Scene()
    scene.begin()
    scene.stationAnswers = false
    scene.pass(seconds: 600)
    #expect(scene.shown == [.terminal] && scene.ends == 0)
    // It comes back, and the page's next pulse is up to 2 s away.
    scene.stationAnswers = true
    scene.pulses = false
    scene.pass(seconds: 6)
    #expect(scene.ends == 0)
    scene.pass(seconds: 4)
    #expect(scene.ends == 1, "a page that hangs is found after the station is back")
  }

  @Test func withoutAStationAPageSaysSoUntilItIsThere() {
    var scene = Scene()
    scene.stationAnswers = false
    scene.begin()
    #expect(scene.shown.isEmpty)
    scene.pass(seconds: 3)
    #expect(scene.shown == [.starting])
    scene.pass(seconds: 300)
    #expect(scene.shown == [.starting])
    scene.stationAnswers = true
    scene.pass(seconds: 2)
    #expect(scene.shown == [.starting, .terminal] && scene.ends == 1 && scene.notes.last == .works)
    // A browser that ends while there is no station gives way to that page, and its end is no word for the console yet.
    scene.stationAnswers = false
    scene.pass(seconds: 1)
    scene.tell(.ended("x"))
    #expect(scene.shown.last == .starting && scene.console == 0)
  }

  @Test func theStationsAnswerIsReadAndNothingElse() {
    func read(_ text: String) -> KioskWatch.Input { KioskPulse.read(Array(text.utf8)) }
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n"
    #expect(read(head + #"{"aliveMillisecondsAgo":1500}"#) == .pulse(.milliseconds(1500)))
    #expect(read(head + #"{"aliveMillisecondsAgo":null}"#) == .pulse(nil))
    for wrong in ["", "HTTP/1.1 404 Not Found\r\n\r\n{}", head, head + "[", head + #"{"aliveMillisecondsAgo":"x"}"#, "\r\n\r\n"] {
      #expect(read(wrong) == .stationSilent, "\(wrong)")
    }
  }
}
