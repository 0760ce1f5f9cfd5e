import DeviceKit
import DeviceVocabulary
import MPVCodec

/// What stands over the picture: its label, or for a while the window's number.
extension TileDriver {
  static func escaped(_ label: String) -> String {
    label.split(separator: "$", omittingEmptySubsequences: false).joined(separator: "$$")
  }
  static func unescaped(_ label: String) -> String {
    var kept = ""
    var isPair = false
    for character in label {
      if character == "$", !isPair {
        isPair = true
        continue
      }
      isPair = false
      kept.append(character)
    }
    return kept
  }

  /// The window stays from now on, also between two sources. Before, there is none: it would be black, over what stands there.
  mutating func keepWindow(_ now: Instant) {
    guard !hasWindow else { return }
    hasWindow = true
    ask(.change, now) { .set($0, "force-window", .text("yes")) }
  }

  mutating func identify(_ seconds: Int, _ now: Instant) {
    identifyUntil = seconds > 0 ? now + .seconds(seconds) : nil
    if case .online = state { writeLabel(now) }
  }

  /// The label, or the window's number in large type.
  mutating func writeLabel(_ now: Instant) {
    let isIdentified = identifyUntil != nil
    if isIdentified { keepWindow(now) }
    var text = isIdentified ? "\(settings.number)" : ""
    if !isIdentified, case .picture(let wish)? = wall.port(settings.number)?.wish { text = Self.escaped(wish.label) }
    ask(.change, now) { .set($0, "osd-font-size", .number(isIdentified ? 220 : 40)) }
    ask(.change, now) { .set($0, "osd-msg1", .text(text)) }
    ask(.label, now) { .get($0, "osd-msg1") }
  }
}
