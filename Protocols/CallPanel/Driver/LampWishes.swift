import CallPanelCodec
import DeviceKit
import DeviceVocabulary

/// What the station wants the lamps of one panel to show, and what of it may be said to the panel now.
///
/// Two things need care. `off` means "the incident that this lamp showed is closed": a press that came in the meantime must not be
/// extinguished by it. And when the next incident of the same button follows before the panel was told `off`, the panel has to hear
/// `off` first, because a lamp never goes back by itself.
struct LampWishes: Sendable {
  /// How long after accepting a press an older `off` stays unsaid, so that the station's new wish can overtake it.
  static let graceAfterAccept = Interval.seconds(1)

  private struct Wish {
    var target: UInt8 = PackedLamps.noWish
    var mustGoThroughOff = false
    var heldUntil: Instant = .zero
  }

  private var wishes: [Wish] = Array(repeating: Wish(), count: Int(PanelMap.buttonLimit))

  private func index(_ button: UInt8) -> Int? {
    button >= 1 && button <= PanelMap.buttonLimit ? Int(button) - 1 : nil
  }

  /// `fastBlink` is the panel's own and is not a wish.
  mutating func want(_ indicator: Indicator, _ button: UInt8) {
    guard let index = index(button), indicator != .fastBlink else { return }
    if indicator == .off {
      wishes[index].mustGoThroughOff = true
      wishes[index].heldUntil = .zero
    }
    wishes[index].target = indicator.rawValue
  }

  /// A press of this button was accepted at `now`.
  mutating func accepted(_ button: UInt8, at now: Instant) {
    guard let index = index(button), wishes[index].target == Indicator.off.rawValue else { return }
    wishes[index].heldUntil = now + LampWishes.graceAfterAccept
  }

  /// What the lamp was read to show.
  mutating func observed(_ lamp: UInt8, _ button: UInt8) {
    guard let index = index(button), lamp == PanelLamp.off.rawValue || lamp == PanelLamp.fastBlink.rawValue else { return }
    wishes[index].mustGoThroughOff = false
  }

  /// The lamp claims more than is so: it showed another call of this button (a drill that was acknowledged, say) than the one that is
  /// left. By itself a panel's lamp only goes forward.
  private func isAhead(_ shown: UInt8, of target: UInt8) -> Bool {
    let calls = PanelLamp.slowBlink.rawValue...PanelLamp.coming.rawValue
    return calls.contains(shown) && calls.contains(target) && target < shown
  }

  /// The wish to send for a button that was last read to show `shown`; `waiting` when a press of it is not accepted yet.
  func effective(_ button: UInt8, shown: UInt8, waiting: Bool, at now: Instant) -> UInt8 {
    guard let index = index(button) else { return PackedLamps.noWish }
    let wish = wishes[index]
    if wish.target == PanelLamp.off.rawValue && shown == PanelLamp.fastBlink.rawValue && (waiting || now < wish.heldUntil) {
      return PackedLamps.noWish
    }
    return wish.mustGoThroughOff || isAhead(shown, of: wish.target) ? PanelLamp.off.rawValue : wish.target
  }
}
