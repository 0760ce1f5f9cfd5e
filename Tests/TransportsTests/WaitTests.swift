import DeviceKit
import Foundation
import Testing
import Transports

@Suite struct WaitTests {
  @Test func neverWakesBeforeTheDeadline() {
    TimedWait.sharpenForThisThread()
    var set = PollSet()
    for microseconds in [0, 1, 300, 1_750, 4_010] {
      let deadline = MonotonicClock.now() + .microseconds(microseconds)
      #expect(set.wait(until: deadline) == 0)
      #expect(MonotonicClock.now() >= deadline)
    }
  }

  @Test func looksOnceWhenTheDeadlineHasPassed() throws {
    let wake = try WakeSignal()
    wake.raise()
    #expect(waitForInput(wake.fileDescriptor, until: .zero) == .input)
    wake.clear()
    #expect(waitForInput(wake.fileDescriptor, until: .zero) == [])
  }

  @Test func aSignalWakesAWaitWithoutEnd() throws {
    let wake = try WakeSignal()
    Thread.detachNewThread { wake.raise() }
    #expect(waitForInput(-1, wake: wake, until: nil) == [])
    // It was cleared by the wait.
    #expect(waitForInput(wake.fileDescriptor, until: .zero) == [])
  }

  @Test func aFullSetRefusesAndStrangePlacesAreNeverReady() throws {
    let wake = try WakeSignal()
    wake.raise()
    var set = PollSet()
    for place in 0..<PollSet.capacity { #expect(set.add(place == 5 ? wake.fileDescriptor : -1) == place) }
    #expect(set.add(wake.fileDescriptor) == nil)
    #expect(set.wait(until: .zero) == 1)
    #expect(set[5] == .input)
    #expect(set[4] == [])
    #expect(set[-1] == [])
    #expect(set[8] == [])
  }

  @Test func theClockOfTheBootIsNamedAndDoesNotStep() throws {
    let first = MonotonicClock.now()
    #expect(MonotonicClock.now() >= first)
    let boot = try #require(BootIdentity.current())
    #expect(UUID(uuidString: boot) != nil)
    #expect(BootIdentity.current() == boot)
  }

  @Test func wallTimeAgreesWithTheSystem() {
    let difference = Double(WallTime.now().microsecondsSince1970) / 1_000_000 - Date().timeIntervalSince1970
    #expect(abs(difference) < 60)
  }
}
