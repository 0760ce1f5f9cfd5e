import DeviceKit
import ModbusRTUCodec

/// Bytes on a pair of wires, from the first start bit to the last stop bit.
struct Transmission: Sendable {
  /// Who speaks; `nil` is the host.
  var panel: Int?
  var bytes: FixedBytes<256>
  /// Baud rate and character of the speaker.
  var timing: ModbusTiming
  var from: Instant
  var until: Instant
  /// Somebody else spoke at the same time.
  var isGarbled = false

  init(panel: Int?, bytes: FixedBytes<256>, timing: ModbusTiming, from: Instant) {
    self.panel = panel
    self.bytes = bytes
    self.timing = timing
    self.from = from
    until = from + timing.interval(ofCharacters: bytes.count)
  }

  /// Two speakers whose bits are on the wire at the same time.
  func overlaps(_ other: Transmission) -> Bool { panel != other.panel && from < other.until && other.from < until }
}

/// What a receiver makes of bytes that were sent at another baud rate: it looks for a falling edge and samples the wire in the middle of
/// the bits it expects, as UARTs do. A byte whose stop bit is low is handed over all the same, as Linux does in raw mode.
enum MistunedUART {
  /// At most 256 bytes are heard of one message.
  static func heard(_ bytes: FixedBytes<256>, sent sender: ModbusTiming, heard receiver: ModbusTiming) -> FixedBytes<256> {
    guard sender.baud != receiver.baud else { return bytes }
    // In units in which both bits are whole numbers.
    let sentBit = Int(receiver.baud)
    let heardBit = Int(sender.baud)
    let character = Int(sender.bitsPerCharacter)
    let end = bytes.count * character * sentBit
    func isHigh(_ time: Int) -> Bool {
      let (index, place) = (time / sentBit).quotientAndRemainder(dividingBy: character)
      guard index < bytes.count, place < 9 else { return true }
      return place > 0 && bytes[index] >> UInt8(place - 1) & 1 == 1
    }
    func nextEdge(_ time: Int) -> Int { (time / sentBit + 1) * sentBit }
    var heard = FixedBytes<256>()
    var time = 0
    while time < end {
      if isHigh(time) {
        time = nextEdge(time)
      } else if isHigh(time + heardBit / 2) {
        // Too short to be a start bit.
        time += heardBit / 2
      } else {
        var byte: UInt8 = 0
        for place in 0..<8 where isHigh(time + heardBit / 2 + (place + 1) * heardBit) { byte |= 1 << UInt8(place) }
        heard.append(byte)
        time += heardBit / 2 + 9 * heardBit
        while time < end, !isHigh(time) { time = nextEdge(time) }
      }
    }
    return heard
  }
}
