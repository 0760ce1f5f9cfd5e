import DeviceKit

/// Finds the request for one node in what is heard on the line. The end is told by silence (t3.5), the beginning by looking for the
/// shortest suffix that starts with the node's address (or 0), has the length its function implies and a good CRC. So a request is
/// found even when noise, or another node's answer, was heard without a gap before it.
///
/// Holds the last 256 bytes in a ring, whatever comes.
public struct ModbusRequestDecoder: Sendable {
  private var ring = InlineArray<256, UInt8>(repeating: 0)
  /// Where the oldest byte lies.
  private var first: UInt8 = 0
  public private(set) var count = 0

  public init() {}

  public mutating func push(_ byte: UInt8) {
    ring[Int(first &+ UInt8(truncatingIfNeeded: count))] = byte
    if count < 256 { count &+= 1 } else { first &+= 1 }
  }

  public mutating func removeAll() {
    count = 0
    first = 0
  }

  /// The line has been silent: puts the PDU of the request for `address` into `pdu` and answers the address it was sent to (`address`
  /// or 0), or `nil` when nothing here is for that node. Empties the ring in any case.
  public mutating func finish(address: UInt8, into pdu: inout ModbusPDU) -> UInt8? {
    var crc = Checksum.CRC16ModbusBackwards()
    var start = count &- 1
    var found: UInt8?
    while start >= 0 {
      let candidate = byte(start)
      crc.update(candidate)
      if crc.isStart, candidate == address || candidate == 0, isRequest(from: start) {
        copy(from: start, into: &pdu)
        found = candidate
        break
      }
      start &-= 1
    }
    removeAll()
    return found
  }

  /// True once the bytes since the last silence are exactly one whole request for `address` (or for all): its length is that of its
  /// function, and the CRC is good. A node may prepare its answer; it still sends after t3.5.
  public mutating func isWhole(address: UInt8) -> Bool {
    guard count >= ModbusLimit.shortestFrameBytes, byte(0) == address || byte(0) == 0 else { return false }
    guard case .known(let length) = length(from: 0), length == count else { return false }
    return isIntact(from: 0)
  }

  /// Whether these bytes, whose CRC is good, are a request.
  private mutating func isRequest(from start: Int) -> Bool {
    guard count &- start >= ModbusLimit.shortestFrameBytes else { return false }
    return switch length(from: start) {
    case .known(let length): length == count &- start
    // An unknown function deserves its exception 01, and only the CRC can vouch for it.
    case .unknown: true
    case .undecided, .impossible: false
    }
  }

  private mutating func length(from start: Int) -> ModbusLength {
    ModbusLength.ofRequest(
      function: byte(start &+ 1), there: count &- start, third: byte(start &+ 2), seventh: byte(start &+ 6),
      eleventh: byte(start &+ 10))
  }

  private mutating func isIntact(from start: Int) -> Bool {
    var crc = Checksum.CRC16Modbus()
    var index = start
    while index < count {
      crc.update(byte(index))
      index &+= 1
    }
    return crc.value == 0
  }

  private mutating func copy(from start: Int, into pdu: inout ModbusPDU) {
    pdu.bytes.removeAll()
    var index = start &+ 1
    while index < count &- 2 {
      pdu.bytes.append(byte(index))
      index &+= 1
    }
  }

  /// The byte `index` places behind the oldest; 0 where there is none.
  private mutating func byte(_ index: Int) -> UInt8 {
    guard index >= 0, index < count else { return 0 }
    return ring[Int(first &+ UInt8(truncatingIfNeeded: index))]
  }
}
