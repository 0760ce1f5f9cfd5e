import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import Consoles

/// Which pages of a terminal speak for it.
@Suite struct KioskPulsesTests {
  private let time = NIOLockedValueBox(NIODeadline.uptimeNanoseconds(1_000_000_000_000))
  private let pulses: KioskPulses

  init() {
    pulses = KioskPulses { [time] in time.withLockedValue { $0 } }
    pulses.know(["hall", "yard"])
  }

  private func pass(_ seconds: Int64) { time.withLockedValue { $0 = $0 + .seconds(seconds) } }

  @Test func othersThanTheSiteFilesTerminalsAreNotNoted() {
    for number in 0..<5000 { pulses.note("x\(number)") }
    pulses.watch("x0", mark: "a")
    pulses.note("x0", mark: "a")
    #expect(pulses.age("x0") == nil && pulses.age("x0", mark: "a") == nil && pulses.standing("x0") == nil)
    pulses.note("yard")
    #expect(pulses.age("yard") == 0 && pulses.standing("yard") == 0)
    // One that was taken out of the site file.
    pulses.know(["hall"])
    #expect(pulses.age("yard") == nil)
  }

  @Test func theMarkThatIsWatchedIsNotPushedOut() {
    pulses.watch("hall", mark: "own")
    pulses.note("hall", mark: "own")
    for number in 0..<100 {
      pass(1)
      pulses.note("hall", mark: "n\(number)")
    }
    #expect(pulses.age("hall", mark: "own") == 100_000)
    #expect(pulses.age("hall", mark: "n92") == 7000 && pulses.age("hall", mark: "n91") == nil)
  }

  @Test func theTerminalStandsAsThePageThatIsWatched() {
    #expect(pulses.standing("hall") == nil)
    pulses.note("hall", mark: "stray")
    #expect(pulses.standing("hall") == 0)
    pulses.watch("hall", mark: "own")
    // It has not said so yet, and nobody speaks for it.
    #expect(pulses.standing("hall") == nil)
    pulses.note("hall", mark: "own")
    pass(30)
    pulses.watch("hall", mark: "own")
    pulses.note("hall", mark: "stray")
    #expect(pulses.standing("hall") == 30_000 && pulses.age("hall") == 0)
    // Its browser is started anew: as old as the page before it, until it comes.
    pulses.watch("hall", mark: "next")
    #expect(pulses.standing("hall") == 30_000)
    pulses.note("hall", mark: "next")
    #expect(pulses.standing("hall") == 0)
    // Whoever watched has gone.
    pass(60)
    pulses.note("hall")
    #expect(pulses.standing("hall") == 0)
  }
}
