import CallPanelCodec
import DeviceKit

/// The lamps and the buzzer: what each button shows, and which pins that means at this moment.
///
/// All patterns count beats of 125 ms: fast blink is 4 Hz, slow blink 1 Hz, fault a double flash every 2 s, a lost host one flash every
/// 5 s on idle lamps, coming a steady lamp with double beeps. A new pattern begins lit, whatever the beat.
struct CallLamps: Sendable {
  static var beatLength: Interval { .milliseconds(125) }

  /// Bit 0 = button 1: shows and sounds nothing.
  var silentMask: UInt8 = 0 {
    didSet { isChanged = true }
  }
  /// No sound but the confirmation of a press.
  var muted = false {
    didSet { isChanged = true }
  }
  /// `pins` or `buzzes` may have changed.
  private var isChanged = true
  private(set) var hostIsSilent = false

  private var stages: InlineArray<8, PanelLamp> = InlineArray(repeating: .off)
  private var positions: InlineArray<8, Int16> = InlineArray(repeating: 0)
  private var lossPosition: Int16 = 0
  private var confirmationBeats: UInt8 = 0
  private var nextBeat: Instant?
  // While a technician wants to see which panel this is, one idle lamp after the other lights for a beat.
  private var identifyBeats: UInt16 = 0
  private var identifyTurn: UInt8 = 0
  private var identifyButtons: UInt8 = 1

  /// What the button shows; a silent one shows nothing.
  func shown(_ button: UInt8) -> PanelLamp {
    guard button >= 1 && button <= 8 && !isSilent(button) else { return .off }
    return stages[Int(button) &- 1]
  }

  var deadline: Instant? { nextBeat }

  mutating func show(_ lamp: PanelLamp, _ button: UInt8, at now: Instant) {
    guard button >= 1 && button <= 8, stages[Int(button) &- 1] != lamp else { return }
    stages[Int(button) &- 1] = lamp
    // In the middle of a beat, the pattern waits lit for the next one to begin.
    positions[Int(button) &- 1] = nextBeat == nil ? 0 : -1
    keepTime(at: now)
  }

  /// Two beats of sound that say: the press was felt.
  mutating func confirm(_ button: UInt8, at now: Instant) {
    guard !isSilent(button) else { return }
    confirmationBeats = 2
    keepTime(at: now)
  }

  mutating func setHostSilent(_ silent: Bool, at now: Instant) {
    guard silent != hostIsSilent else { return }
    hostIsSilent = silent
    lossPosition = nextBeat == nil ? 0 : -1
    keepTime(at: now)
  }

  /// Lets a light run over the idle lamps of `buttons` for so many seconds; 0 ends it. A lamp that tells of a call goes on telling it.
  mutating func identify(seconds: UInt16, buttons: UInt8, at now: Instant) {
    identifyBeats = min(seconds, 60) &* 8
    identifyTurn = 0
    identifyButtons = buttons
    keepTime(at: now)
  }

  var identifySeconds: UInt16 { (identifyBeats &+ 7) >> 3 }

  mutating func startOver() {
    isChanged = true
    identifyBeats = 0
    stages = InlineArray(repeating: .off)
    hostIsSilent = false
    confirmationBeats = 0
    nextBeat = nil
  }

  mutating func advance(to now: Instant) {
    var steps = 0
    while let beat = nextBeat, beat <= now {
      // Woken after a very long time: the phase of a blink is nothing worth catching up with.
      if steps == 256 {
        nextBeat = now + CallLamps.beatLength
        break
      }
      step()
      steps &+= 1
      nextBeat = isMoving ? beat + CallLamps.beatLength : nil
    }
  }

  /// Whether `pins` or `buzzes` may have changed since this was last asked: most ticks change nothing.
  mutating func takeChange() -> Bool {
    let was = isChanged
    isChanged = false
    return was
  }

  /// Lamps that are lit now, bit 0 = button 1.
  mutating func pins() -> UInt8 {
    var mask: UInt8 = 0
    var index = 0
    while index < 8 {
      let isIdentified = identifyBeats > 0 && stages[index] == .off
      if isIdentified ? index == Int(identifyTurn) : isLit(stages[index], positions[index]) { mask |= 1 << UInt8(index) }
      index &+= 1
    }
    return mask & ~silentMask
  }

  mutating func buzzes() -> Bool {
    if confirmationBeats > 0 { return true }
    guard !muted else { return false }
    var index = 0
    while index < 8 {
      if stages[index] == .coming && silentMask & (1 << UInt8(index)) == 0 && CallLamps.beeps(at: positions[index]) {
        return true
      }
      index &+= 1
    }
    return false
  }

  private func isSilent(_ button: UInt8) -> Bool {
    guard button >= 1 && button <= 8 else { return true }
    return silentMask & (1 << (button &- 1)) != 0
  }

  private func isLit(_ lamp: PanelLamp, _ position: Int16) -> Bool {
    switch lamp {
    case .off: hostIsSilent && lossPosition <= 0
    case .fastBlink: position < 0 || position & 1 == 0
    case .slowBlink: position < 4
    case .steady, .coming: true
    case .fault: position <= 0 || position == 2
    }
  }

  /// Three double beeps in the first three seconds, then one every ten seconds.
  private static func beeps(at position: Int16) -> Bool {
    switch position {
    case 0, 2, 8, 10, 16, 18, 96, 98: true
    default: false
    }
  }

  /// Length of a pattern in beats and where it goes on after that.
  private static func loop(_ lamp: PanelLamp) -> (end: Int16, start: Int16) {
    switch lamp {
    case .off, .steady: (1, 0)
    case .fastBlink: (2, 0)
    case .slowBlink: (8, 0)
    case .coming: (104, 24)
    case .fault: (16, 0)
    }
  }

  private var isMoving: Bool {
    if confirmationBeats > 0 || hostIsSilent || identifyBeats > 0 { return true }
    var index = 0
    while index < 8 {
      switch stages[index] {
      case .off, .steady: break
      case .fastBlink, .slowBlink, .coming, .fault: return true
      }
      index &+= 1
    }
    return false
  }

  private mutating func step() {
    isChanged = true
    if confirmationBeats > 0 { confirmationBeats &-= 1 }
    if identifyBeats > 0 {
      identifyBeats &-= 1
      identifyTurn = identifyTurn &+ 1 < identifyButtons ? identifyTurn &+ 1 : 0
    }
    lossPosition = lossPosition >= 39 ? 0 : lossPosition &+ 1
    var index = 0
    while index < 8 {
      let loop = CallLamps.loop(stages[index])
      positions[index] &+= 1
      if positions[index] >= loop.end { positions[index] = loop.start }
      index &+= 1
    }
  }

  private mutating func keepTime(at now: Instant) {
    isChanged = true
    if isMoving {
      if nextBeat == nil { nextBeat = now + CallLamps.beatLength }
    } else {
      nextBeat = nil
    }
  }
}
