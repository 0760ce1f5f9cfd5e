import DeviceKit
import Testing

@Suite struct InstantTests {
  @Test func additionSaturatesAtBothEnds() {
    #expect(Instant.distantFuture + .seconds(1) == .distantFuture)
    #expect(Instant(microseconds: 5) - .milliseconds(1) == .zero)
    #expect(Instant(microseconds: 5) + Interval(microseconds: .min) == .zero)
    #expect(Instant.zero - Interval(microseconds: .min) == Instant(microseconds: UInt64(Int64.max)))
  }

  @Test func distanceIsSigned() {
    let early = Instant(microseconds: 100)
    let late = Instant(microseconds: 350)
    #expect(late - early == .microseconds(250))
    #expect(early - late == .microseconds(-250))
    #expect(Instant.distantFuture - .zero == Interval(microseconds: .max))
  }

  @Test func intervalsSaturate() {
    #expect(Interval(microseconds: .max) + .seconds(1) == Interval(microseconds: .max))
    #expect(Interval(microseconds: .min) - .seconds(1) == Interval(microseconds: .min))
    #expect(Interval(microseconds: .max) * -2 == Interval(microseconds: .min))
    #expect(Interval.seconds(2) * 3 == .seconds(6))
  }
}

@Suite struct BufferTests {
  @Test func effectsKeepOrderAndCountWhatDidNotFit() {
    var effects = Effects<Int>()
    for number in 0..<20 { effects.append(number) }
    #expect(effects.count == 16 && effects.refused == 4 && effects.room == 0)
    #expect(effects[15] == 15 && effects[16] == nil && effects[-1] == nil)
    var drained: [Int] = []
    effects.drain { drained.append($0) }
    #expect(drained == Array(0..<16))
    #expect(effects.isEmpty && effects.refused == 0)
  }

  @Test func fixedBytesRefuseWhatDoesNotFit() {
    var bytes = FixedBytes<4>([1, 2, 3])
    #expect(!bytes.append(bigEndian: 0x0405) && bytes.count == 3)
    #expect(bytes.append(9) && !bytes.append(10))
    #expect(bytes[7] == 0 && bytes.bigEndian(at: 3) == 0x0900)
    bytes.removeFirst(2)
    #expect(bytes == FixedBytes<4>([3, 9]))
    bytes.truncate(to: 1)
    bytes[5] = 1
    #expect(bytes == FixedBytes<4>([3]))
    bytes.removeFirst(9)
    #expect(bytes.isEmpty)
  }

  @Test func equalityIgnoresWhatLiesBehindTheCount() {
    var left = FixedBytes<4>([1, 2, 3])
    left.truncate(to: 1)
    #expect(left == FixedBytes<4>([1]))
  }
}

@Suite struct ChecksumTests {
  @Test func checkValues() {
    var crc16 = Checksum.CRC16Modbus()
    var crc32 = Checksum.CRC32()
    for byte in "123456789".utf8 {
      crc16.update(byte)
      crc32.update(byte)
    }
    #expect(crc16.value == 0x4B37)
    #expect(crc32.value == 0xCBF4_3926)
  }

  @Test func workedExampleOfTheSheet() {
    var crc = Checksum.CRC16Modbus()
    var seen: [UInt16] = []
    for byte in [0x11, 0x03, 0x00, 0x00, 0x00, 0x03] as [UInt8] {
      crc.update(byte)
      seen.append(crc.value)
    }
    #expect(seen == [0x4C7F, 0xE14D, 0x3521, 0x18F5, 0x47D8, 0x5B07])
  }
}

@Suite struct SeededRandomTests {
  @Test func oneSeedOneSequence() {
    var left = SeededRandom(seed: 7)
    var right = SeededRandom(seed: 7)
    var other = SeededRandom(seed: 8)
    let first = (0..<100).map { _ in left.next() }
    #expect(first == (0..<100).map { _ in right.next() })
    #expect(first != (0..<100).map { _ in other.next() })
  }

  @Test func boundedDrawsStayInRangeAndReachIt() {
    var random = SeededRandom(seed: 1)
    var seen = [Int](repeating: 0, count: 6)
    for _ in 0..<6000 { seen[Int(random.below(6))] += 1 }
    #expect(seen.allSatisfy { $0 > 800 && $0 < 1200 })
    #expect(random.below(0) == 0)
    #expect(!random.chance(0, in: 10) && random.chance(10, in: 10))
  }
}
