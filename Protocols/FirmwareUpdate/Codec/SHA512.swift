import DeviceKit

/// SHA-512 (FIPS 180-4 §6.4), byte by byte, without heap: the hash inside Ed25519.
///
/// A block of 128 bytes is worked off in the call of `update` that completes it. All shifts of 64-bit words are by constants, which
/// a Cortex-M0 does in line.
public struct SHA512: Sendable {
  var state: InlineArray<8, UInt64>
  /// The block being filled; while it is worked off, the last 16 words of the message schedule.
  var block: InlineArray<16, UInt64>
  /// Bytes taken so far.
  var length: UInt32 = 0

  /// All zero, for memory that a board clears when it starts; the first byte sets the state.
  public init() {
    state = InlineArray(repeating: 0)
    block = InlineArray(repeating: 0)
  }

  /// Drops what was taken, for a new message.
  mutating func restart() { length = 0 }

  /// Takes one byte of the message, of at most 2^32 - 1 bytes.
  public mutating func update(_ byte: UInt8) {
    if length == 0 { start() }
    let word = Int(truncatingIfNeeded: length >> 3 & 15)
    block[unchecked: word] = block[unchecked: word] << 8 | UInt64(byte)
    length &+= 1
    if length & 127 == 0 { compress() }
  }

  private mutating func start() {
    var index = 0
    while index < 8 {
      state[unchecked: index] =
        UInt64(SHA2Table.startHigh[unchecked: index]) << 32 | UInt64(SHA2Table.startLow[unchecked: index])
      index &+= 1
    }
  }

  /// Ends the message and puts its hash, 64 bytes, in place of what `digest` held. The next byte begins another message.
  public mutating func finish(into digest: inout FixedBytes<64>) {
    pad()
    digest.removeAll()
    var index = 0
    while index < 64 {
      digest.append(digestByte(index))
      index &+= 1
    }
    restart()
  }

  /// Ends the message; at most two blocks are worked off.
  mutating func pad() {
    let high = length >> 29
    let low = length << 3
    update(0x80)
    while length & 127 != 112 { update(0) }
    // The length has 128 bits.
    append(0)
    append(0)
    append(high)
    append(low)
  }

  /// Byte `index` (0...63) of the hash, once the message has ended.
  mutating func digestByte(_ index: Int) -> UInt8 {
    let word = state[unchecked: index >> 3 & 7]
    let half = index & 4 == 0 ? UInt32(truncatingIfNeeded: word >> 32) : UInt32(truncatingIfNeeded: word)
    return UInt8(truncatingIfNeeded: half &>> UInt32(truncatingIfNeeded: 24 &- (index & 3) &* 8))
  }

  private mutating func append(_ word: UInt32) {
    update(UInt8(truncatingIfNeeded: word >> 24))
    update(UInt8(truncatingIfNeeded: word >> 16))
    update(UInt8(truncatingIfNeeded: word >> 8))
    update(UInt8(truncatingIfNeeded: word))
  }

  private mutating func compress() {
    var a = state[unchecked: 0]
    var b = state[unchecked: 1]
    var c = state[unchecked: 2]
    var d = state[unchecked: 3]
    var e = state[unchecked: 4]
    var f = state[unchecked: 5]
    var g = state[unchecked: 6]
    var h = state[unchecked: 7]
    var round = 0
    while round < 80 {
      let word = scheduled(round)
      let constant = UInt64(SHA2Table.roundsHigh[unchecked: round]) << 32 | UInt64(SHA2Table.roundsLow[unchecked: round])
      let choice = g ^ e & (f ^ g)
      let first = h &+ rotations(e, 14, 18, 41) &+ choice &+ constant &+ word
      let majority = a & b | c & (a | b)
      let second = rotations(a, 28, 34, 39) &+ majority
      h = g
      g = f
      f = e
      e = d &+ first
      d = c
      c = b
      b = a
      a = first &+ second
      round &+= 1
    }
    state[unchecked: 0] &+= a
    state[unchecked: 1] &+= b
    state[unchecked: 2] &+= c
    state[unchecked: 3] &+= d
    state[unchecked: 4] &+= e
    state[unchecked: 5] &+= f
    state[unchecked: 6] &+= g
    state[unchecked: 7] &+= h
  }

  /// Word `round` of the message schedule; the block holds the 16 before it.
  @inline(__always) private mutating func scheduled(_ round: Int) -> UInt64 {
    let place = round & 15
    guard round > 15 else { return block[unchecked: place] }
    let old = block[unchecked: (round &+ 1) & 15]
    let recent = block[unchecked: (round &+ 14) & 15]
    let sigma0 = rotated(old, 1) ^ rotated(old, 8) ^ old >> 7
    let sigma1 = rotated(recent, 19) ^ rotated(recent, 61) ^ recent >> 6
    block[unchecked: place] &+= sigma0 &+ block[unchecked: (round &+ 9) & 15] &+ sigma1
    return block[unchecked: place]
  }

  @inline(__always) private func rotated(_ word: UInt64, _ bits: UInt64) -> UInt64 { word &>> bits | word &<< (64 &- bits) }

  @inline(__always) private func rotations(_ word: UInt64, _ first: UInt64, _ second: UInt64, _ third: UInt64) -> UInt64 {
    rotated(word, first) ^ rotated(word, second) ^ rotated(word, third)
  }
}
