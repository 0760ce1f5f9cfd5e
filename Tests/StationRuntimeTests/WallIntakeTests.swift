import DeviceKit
import Testing

@testable import StationRuntime

@Suite struct WallIntakeTests {
  private let start = Instant.zero + .seconds(50)

  /// A matrix of 288 × 288 says what it knows, again and again, as somebody restarts it; a serial line full of noise at 115,200 baud.
  @Test func whatIsHonestPasses() {
    var (matrix, port) = (WallIntake(), WallIntake())
    var cut = 0
    for second in 0..<60 {
      for _ in 0..<16 where !matrix.take(4_096, at: start + .seconds(second)) { cut += 1 }
      matrix.answered()
    }
    for tenth in 0..<600 where !port.take(1_152, at: start + .milliseconds(100 * tenth)) { cut += 1 }
    #expect(cut == 0 && !matrix.isPaused(at: start + .seconds(60)) && !port.isPaused(at: start + .seconds(60)))
  }

  @Test(arguments: [false, true]) func tooMuchIsCutOffForLongerAndLonger(isAnswered: Bool) {
    var intake = WallIntake()
    var now = start
    for pause in [10, 20, 40, 60, 60] {
      var read = 0
      while intake.take(4_096, at: now) {
        read += 4_096
        if isAnswered { intake.answered() }
      }
      #expect(read == (isAnswered ? WallIntake.limit : WallIntake.unansweredLimit))
      #expect(intake.isPaused(at: now + .seconds(pause) - .milliseconds(1)) && !intake.isPaused(at: now + .seconds(pause)))
      now = now + .seconds(pause)
    }
    // Quiet for long: from the first pause on.
    now = now + WallIntake.memory
    while intake.take(4_096, at: now) {}
    #expect(!intake.isPaused(at: now + .seconds(10)))
    // Somebody has seen to it.
    while intake.take(4_096, at: now) {}
    intake.endPause(at: now + .seconds(1))
    let isTaken = intake.take(4_096, at: now + .seconds(1))
    #expect(!intake.isPaused(at: now + .seconds(1)) && isTaken)
  }
}
