import DeviceKit

/// What a lamp does, as a person in front of it would say (Protocols/CallPanel/README.md, "Timings").
public enum LampPattern: String, Sendable, Equatable {
  case off, steady
  /// 1 Hz.
  case slow
  /// 4 Hz.
  case fast
  /// Two short flashes every 2 s.
  case fault
  /// One short flash every 5 s: no host.
  case lost
  /// A light that runs over the idle lamps: a short flash for each of the 4 to 8 in its turn.
  case running

  /// From the edges of one lamp's pin, oldest first. It takes a pattern's own length to be told from another: 2 s for "off", 5 s for "lost".
  public init(_ edges: [PinEdge], at now: Instant) {
    guard let last = edges.last else {
      self = .off
      return
    }
    let rests = Self.milliseconds(now - last.at)
    guard !last.isHigh else {
      // The longest flash is half a second.
      self = rests > 700 ? .steady : edges.count > 1 ? LampPattern(edges.dropLast(), at: last.at) : .steady
      return
    }
    let rises = edges.filter(\.isHigh).map(\.at)
    guard let lastRise = rises.last, rests < 5_500 else {
      self = .off
      return
    }
    let lit = Self.milliseconds(last.at - lastRise)
    // Since the rises before: their distances, the newest first.
    let gaps = zip(rises.dropFirst(), rises).map { Self.milliseconds($0 - $1) }.reversed().prefix(3)
    let newest = gaps.first ?? .max
    switch lit {
    // Two of them: a fast blink during which the machine was busy elsewhere must not pass for a slow one.
    case 300..<700 where rests < 900 && (700..<1_400).contains(newest): self = .slow
    case ..<300 where rests < 400 && newest < 400: self = gaps.dropFirst().contains { $0 > 1_200 } ? .fault : .fast
    case ..<300 where rests < 1_900 && newest < 400 && gaps.dropFirst().contains { (1_200..<2_600).contains($0) }: self = .fault
    case ..<300 where rests < 1_300 && (400..<1_300).contains(newest) && (400..<1_300).contains(gaps.dropFirst().first ?? .max):
      self = .running
    case ..<300 where (4_000..<6_500).contains(newest): self = .lost
    default: self = .off
    }
  }

  private init(_ edges: ArraySlice<PinEdge>, at now: Instant) { self.init(Array(edges), at: now) }

  private static func milliseconds(_ interval: Interval) -> Int { Int(clamping: interval.microseconds / 1_000) }
}
