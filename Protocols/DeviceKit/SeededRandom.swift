/// Random numbers from a seed (SplitMix64): the only randomness that simulated sites and back-off jitter know.
public struct SeededRandom: RandomNumberGenerator, Sendable {
  public private(set) var state: UInt64

  public init(seed: UInt64) {
    state = seed
  }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A number in 0..<bound by multiplication (no division, so that firmware can use it); 0 when `bound` is 0.
  public mutating func below(_ bound: UInt32) -> UInt32 {
    UInt32(truncatingIfNeeded: (UInt64(UInt32(truncatingIfNeeded: next() >> 32)) &* UInt64(bound)) >> 32)
  }

  /// True with the chance `parts` in `whole`.
  public mutating func chance(_ parts: UInt32, in whole: UInt32) -> Bool {
    below(whole) < parts
  }

  /// A generator of its own for a part of a simulation, so that adding draws in one part does not change the others.
  public mutating func fork() -> SeededRandom {
    SeededRandom(seed: next())
  }
}
