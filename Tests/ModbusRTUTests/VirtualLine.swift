import DeviceKit
import ModbusRTUCodec

/// A pair of wires in virtual time: stations send, every other station hears each byte when its last bit has passed. Bytes take their
/// time at the line's baud, bytes that overlap destroy each other, and faults are drawn from a seed. It reads no clock and does no
/// input or output: whoever runs it asks for `nextArrival` and takes arrivals in order.
struct VirtualLine {
  /// Chances are per million; 0 is never.
  struct Faults {
    var lossPerByte: UInt32 = 0
    var corruptionPerByte: UInt32 = 0
    /// Only what slaves send is corrupted (a weak driver, a bad bias).
    var corruptsOnlyAnswers = false
    /// A frame is heard twice.
    var duplicationPerFrame: UInt32 = 0
    /// A frame leaves later than it should, by up to `longestDelay`.
    var delayPerFrame: UInt32 = 0
    var longestDelay = Interval.zero
    /// Stray bytes a minute.
    var noisePerMinute: UInt32 = 0
  }

  struct Arrival {
    var at: Instant
    var byte: UInt8
    /// The station that sent it; -1 for noise.
    var from: Int
  }

  private struct Flight {
    var begin: Instant
    var end: Instant
    var byte: UInt8
    var from: Int
  }

  let timing: ModbusTiming
  var faults = Faults()
  /// Stations from this number on are cut off from those before it.
  var cutBefore: Int?
  /// Something transmits without pause until then.
  var babbleUntil = Instant.zero
  private(set) var collisions = 0

  private var random: SeededRandom
  /// In the order of their ends.
  private var flights: [Flight] = []
  private var nextNoise: Instant?
  private var noiseFrom = Instant.zero

  init(timing: ModbusTiming, seed: UInt64) {
    self.timing = timing
    random = SeededRandom(seed: seed)
  }

  /// True when `station` can hear `sender`.
  func carries(from sender: Int, to station: Int) -> Bool {
    guard sender != station else { return false }
    guard let cutBefore, sender >= 0 else { return true }
    return (sender < cutBefore) == (station < cutBefore)
  }

  mutating func send(_ bytes: FixedBytes<256>, from station: Int, at now: Instant) {
    var begin = now
    if random.chance(faults.delayPerFrame, in: 1_000_000) {
      begin += .microseconds(Int(random.below(UInt32(faults.longestDelay.microseconds))))
    }
    put(bytes, from: station, at: begin)
    if random.chance(faults.duplicationPerFrame, in: 1_000_000) {
      put(bytes, from: station, at: begin + timing.interval(ofCharacters: bytes.count) + timing.silence + timing.silence)
    }
  }

  var nextArrival: Instant? {
    let noise = noiseArrival
    guard let first = flights.first else { return noise }
    return noise.map { min($0, first.end) } ?? first.end
  }

  /// The next byte that has passed by `now`; `nil` when there is none. Lost bytes are skipped.
  mutating func arrival(by now: Instant) -> Arrival? {
    makeNoise(by: now)
    while let first = flights.first, first.end <= now {
      flights.removeFirst()
      if random.chance(faults.lossPerByte, in: 1_000_000) { continue }
      var byte = first.byte
      let mayCorrupt = !faults.corruptsOnlyAnswers || first.from > 0
      if random.chance(faults.corruptionPerByte, in: 1_000_000), mayCorrupt { byte ^= 1 << UInt8(random.below(8)) }
      return Arrival(at: first.end, byte: byte, from: first.from)
    }
    return nil
  }

  private mutating func put(_ bytes: FixedBytes<256>, from station: Int, at begin: Instant) {
    for index in 0..<bytes.count {
      place(
        Flight(
          begin: begin + timing.interval(ofCharacters: index), end: begin + timing.interval(ofCharacters: index + 1),
          byte: bytes[index], from: station))
    }
  }

  private mutating func place(_ flight: Flight) {
    var new = flight
    for index in flights.indices
    where flights[index].from != new.from && flights[index].begin < new.end && new.begin < flights[index].end {
      flights[index].byte = UInt8(truncatingIfNeeded: random.next())
      new.byte = UInt8(truncatingIfNeeded: random.next())
      collisions += 1
    }
    let position = flights.lastIndex { $0.end <= new.end }.map { $0 + 1 } ?? 0
    flights.insert(new, at: position)
  }

  /// When the next noise byte has passed, babble or stray.
  private var noiseArrival: Instant? {
    if noiseFrom < babbleUntil { return noiseFrom + timing.interval(ofCharacters: 1) }
    return nextNoise
  }

  /// Puts the noise that has passed by `now` on the wire.
  private mutating func makeNoise(by now: Instant) {
    let character = timing.interval(ofCharacters: 1)
    while noiseFrom < babbleUntil, noiseFrom + character <= now {
      place(Flight(begin: noiseFrom, end: noiseFrom + character, byte: UInt8(truncatingIfNeeded: random.next()), from: -1))
      noiseFrom += character
    }
    guard faults.noisePerMinute > 0 else {
      nextNoise = nil
      return
    }
    if let noise = nextNoise, noise <= now {
      place(Flight(begin: noise - character, end: noise, byte: UInt8(truncatingIfNeeded: random.next()), from: -1))
      nextNoise = nil
    }
    if nextNoise == nil { nextNoise = now + .microseconds(Int(random.below(120_000_000 / faults.noisePerMinute)) + 1) }
  }

  mutating func babble(from begin: Instant, until end: Instant) {
    noiseFrom = begin
    babbleUntil = end
  }
}
