import DeviceKit

// Answers: how a node builds them and how a master reads them. Readers never trap: what is not in the answer reads as `nil`.
extension ModbusPDU {
  public static func exception(_ reason: ModbusException, to function: UInt8) -> ModbusPDU {
    var pdu = ModbusPDU(bytes: FixedBytes())
    pdu.bytes.append(function | 0x80)
    pdu.bytes.append(reason.rawValue)
    return pdu
  }

  /// Answer to 01 or 02: `count` bits (1...2000), least significant bit of the first byte first.
  public static func bits(function: UInt8, count: UInt16, bits: FixedBytes<250>) -> ModbusPDU {
    var pdu = ModbusPDU(bytes: FixedBytes())
    let length = (Int(count) &+ 7) >> 3
    pdu.bytes.append(function)
    pdu.bytes.append(UInt8(truncatingIfNeeded: length))
    var index = 0
    while index < length {
      if !pdu.bytes.append(bits[index]) { break }
      index &+= 1
    }
    return pdu
  }

  /// Answer to 03, 04 or 17.
  public static func registers(function: UInt8, values: FixedRegisters<125>) -> ModbusPDU {
    var pdu = ModbusPDU(bytes: FixedBytes())
    pdu.bytes.append(function)
    pdu.bytes.append(UInt8(truncatingIfNeeded: values.count &* 2))
    var index = 0
    while index < values.count {
      pdu.bytes.append(bigEndian: values[index])
      index &+= 1
    }
    return pdu
  }

  /// Answer to 0F or 10: where and how much was written. Answers to 05, 06, 08 and 16 are the request itself.
  public static func written(function: UInt8, start: UInt16, count: UInt16) -> ModbusPDU {
    make(function, start, count)
  }

  /// Answer to 18: the queue as it stands, at most 31 registers.
  public static func fifo(_ values: FixedRegisters<31>) -> ModbusPDU {
    let count = UInt16(truncatingIfNeeded: values.count)
    var pdu = make(ModbusFunction.readFIFO, 2 &+ 2 &* count, count)
    var index = 0
    while index < values.count {
      pdu.bytes.append(bigEndian: values[index])
      index &+= 1
    }
    return pdu
  }

  /// The reason when this is an exception answer with a code the standard knows; an unknown code reads as device failure.
  public var exception: ModbusException? {
    guard isException, bytes.count >= 2 else { return nil }
    return ModbusException(rawValue: bytes[1]) ?? .deviceFailure
  }

  /// How many registers an answer to 03, 04, 17 or 18 carries; 0 for anything else.
  public var registerCount: Int {
    switch bytes[0] {
    case ModbusFunction.readHoldingRegisters, ModbusFunction.readInputRegisters, ModbusFunction.readWriteRegisters:
      Int(bytes[1]) >> 1
    case ModbusFunction.readFIFO: Int(bytes.bigEndian(at: 3))
    default: 0
    }
  }

  /// Register `index` (from 0) of an answer to 03, 04, 17 or 18.
  public func register(_ index: Int) -> UInt16? {
    guard index >= 0, index < registerCount else { return nil }
    let position = (bytes[0] == ModbusFunction.readFIFO ? 5 : 2) &+ 2 &* index
    guard position &+ 2 <= bytes.count else { return nil }
    return bytes.bigEndian(at: position)
  }

  /// Bit `index` (from 0) of an answer to 01 or 02.
  public func bit(_ index: Int) -> Bool? {
    let isBits = bytes[0] == ModbusFunction.readCoils || bytes[0] == ModbusFunction.readDiscreteInputs
    guard isBits, index >= 0, index >> 3 < Int(bytes[1]), 2 &+ index >> 3 < bytes.count else { return nil }
    return bytes[2 &+ index >> 3] >> UInt8(index & 7) & 1 == 1
  }

  /// Address and value or count that an answer to 05, 06, 0F, 10 (or 08) repeats.
  public var writtenPair: (first: UInt16, second: UInt16)? {
    guard bytes.count >= 5 else { return nil }
    return (bytes.bigEndian(at: 1), bytes.bigEndian(at: 3))
  }
}

/// A walk over the objects of an answer to 2B/0E: `id len text` each (V1.1b3 §6.21).
public struct ModbusIdentification: Sendable {
  public let pdu: ModbusPDU

  /// `nil` when the answer is not one to 2B/0E or its objects run over its end.
  public init?(_ pdu: ModbusPDU) {
    guard pdu.bytes[0] == ModbusFunction.encapsulated, pdu.bytes[1] == ModbusFunction.deviceIdentification,
      pdu.bytes.count >= 7
    else { return nil }
    self.pdu = pdu
    var position = 7
    var left = Int(pdu.bytes[6])
    while left > 0 {
      guard position &+ 2 <= pdu.bytes.count else { return nil }
      position &+= 2 &+ Int(pdu.bytes[position &+ 1])
      left &-= 1
    }
    guard position == pdu.bytes.count else { return nil }
  }

  public var conformity: UInt8 { pdu.bytes[3] }
  /// More objects follow: ask again from `nextObject`.
  public var moreFollows: Bool { pdu.bytes[4] != 0 }
  public var nextObject: UInt8 { pdu.bytes[5] }
  public var count: Int { Int(pdu.bytes[6]) }

  /// The text of an object as bytes, or `nil` when this answer does not hold it.
  public func object(_ id: UInt8) -> FixedBytes<246>? {
    var position = 7
    var left = count
    while left > 0 {
      let length = Int(pdu.bytes[position &+ 1])
      if pdu.bytes[position] == id {
        var text = FixedBytes<246>()
        var index = 0
        while index < length {
          if !text.append(pdu.bytes[position &+ 2 &+ index]) { break }
          index &+= 1
        }
        return text
      }
      position &+= 2 &+ length
      left &-= 1
    }
    return nil
  }
}
