import DeviceKit

/// SHA-256 (FIPS 180-4 §6.2), byte by byte, without heap: the hash of a firmware image's payload.
///
/// A block of 64 bytes is worked off in the call of `update` that completes it.
public struct SHA256: Sendable {
  var state: InlineArray<8, UInt32>
  /// The block being filled; while it is worked off, the last 16 words of the message schedule.
  var block: InlineArray<16, UInt32>
  /// Bytes taken so far.
  var length: UInt32 = 0

  /// All zero, for memory that a board clears when it starts; the first byte sets the state.
  public init() {
    state = InlineArray(repeating: 0)
    block = InlineArray(repeating: 0)
  }

  /// Takes one byte of the message, of at most 2^32 - 1 bytes.
  public mutating func update(_ byte: UInt8) {
    if length == 0 { start() }
    let word = Int(truncatingIfNeeded: length >> 2 & 15)
    block[unchecked: word] = block[unchecked: word] << 8 | UInt32(byte)
    length &+= 1
    if length & 63 == 0 { compress() }
  }

  private mutating func start() {
    // One by one: a loop would become a call of memcpy.
    state[unchecked: 0] = SHA2Table.startHigh[unchecked: 0]
    state[unchecked: 1] = SHA2Table.startHigh[unchecked: 1]
    state[unchecked: 2] = SHA2Table.startHigh[unchecked: 2]
    state[unchecked: 3] = SHA2Table.startHigh[unchecked: 3]
    state[unchecked: 4] = SHA2Table.startHigh[unchecked: 4]
    state[unchecked: 5] = SHA2Table.startHigh[unchecked: 5]
    state[unchecked: 6] = SHA2Table.startHigh[unchecked: 6]
    state[unchecked: 7] = SHA2Table.startHigh[unchecked: 7]
  }

  /// Ends the message and puts its hash, 32 bytes, in place of what `digest` held. The next byte begins another message.
  public mutating func finish(into digest: inout FixedBytes<32>) {
    let high = length >> 29
    let low = length << 3
    update(0x80)
    while length & 63 != 56 { update(0) }
    append(high)
    append(low)
    digest.removeAll()
    var index = 0
    while index < 8 {
      let word = state[unchecked: index]
      digest.append(bigEndian: UInt16(truncatingIfNeeded: word >> 16))
      digest.append(bigEndian: UInt16(truncatingIfNeeded: word))
      index &+= 1
    }
    length = 0
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
    while round < 64 {
      let word = scheduled(round)
      let choice = g ^ e & (f ^ g)
      let first = h &+ rotations(e, 6, 11, 25) &+ choice &+ SHA2Table.roundsHigh[unchecked: round] &+ word
      let majority = a & b | c & (a | b)
      let second = rotations(a, 2, 13, 22) &+ majority
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
  @inline(__always) private mutating func scheduled(_ round: Int) -> UInt32 {
    let place = round & 15
    guard round > 15 else { return block[unchecked: place] }
    let old = block[unchecked: (round &+ 1) & 15]
    let recent = block[unchecked: (round &+ 14) & 15]
    let sigma0 = rotated(old, 7) ^ rotated(old, 18) ^ old >> 3
    let sigma1 = rotated(recent, 17) ^ rotated(recent, 19) ^ recent >> 10
    block[unchecked: place] &+= sigma0 &+ block[unchecked: (round &+ 9) & 15] &+ sigma1
    return block[unchecked: place]
  }

  @inline(__always) private func rotated(_ word: UInt32, _ bits: UInt32) -> UInt32 { word &>> bits | word &<< (32 &- bits) }

  @inline(__always) private func rotations(_ word: UInt32, _ first: UInt32, _ second: UInt32, _ third: UInt32) -> UInt32 {
    rotated(word, first) ^ rotated(word, second) ^ rotated(word, third)
  }
}
