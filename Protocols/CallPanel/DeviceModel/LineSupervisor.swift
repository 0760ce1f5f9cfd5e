import CallPanelCodec

/// The supervised loop of one button: an end-of-line resistor holds the converter's input near the middle; a cut lets it rise to the
/// reference, a short pulls it to ground. Three samples in a row are needed to believe a change.
struct LineSupervisor: Sendable {
  /// Codes of a 12-bit converter, 0...4095.
  static let shortBelow: UInt16 = 410
  static let openAbove: UInt16 = 3_685
  static let samplesToBelieve: UInt8 = 3

  private(set) var line: PanelLine = .normal
  private var candidate: PanelLine = .normal
  private var seen: UInt8 = 0

  /// Takes one sample; true when the believed state changed.
  mutating func sample(_ code: UInt16) -> Bool {
    let now: PanelLine = code < LineSupervisor.shortBelow ? .short : code > LineSupervisor.openAbove ? .open : .normal
    guard now != line else {
      seen = 0
      return false
    }
    seen = now == candidate && seen > 0 ? seen &+ 1 : 1
    candidate = now
    guard seen >= LineSupervisor.samplesToBelieve else { return false }
    line = now
    seen = 0
    return true
  }
}
