import DeviceKit
import ModbusRTUCodec

extension ModbusSlave {
  /// Answers 2B/0E (V1.1b3 §6.21): objects from `object` on as far as the code reaches and as many as fit; what does not fit is announced by
  /// "more follows" and the object to go on with. A stream that starts at an object that is not there begins again at 0.
  mutating func replyIdentification(_ code: UInt8, _ object: UInt8) throws(ModbusException) {
    reply.append(ModbusFunction.deviceIdentification)
    reply.append(code)
    reply.append(bank.identificationConformity)
    let tail = reply.count
    reply.append(0)
    reply.append(0)
    reply.append(0)
    if code == 4 {
      guard let length = bank.identificationLength(object) else { throw .illegalDataAddress }
      _ = append(object, length: length)
      reply[tail &+ 2] = 1
      return
    }
    let last: UInt8 = code == 1 ? 0x02 : (code == 2 ? 0x7F : 0xFF)
    let isStart = object <= last && bank.identificationLength(object) != nil
    var id = isStart ? object : 0
    var count: UInt8 = 0
    while true {
      if let length = bank.identificationLength(id) {
        guard append(id, length: length) else {
          reply[tail] = 0xFF
          reply[tail &+ 1] = id
          break
        }
        count &+= 1
      }
      if id == last { break }
      id &+= 1
    }
    guard count > 0 else { throw .illegalDataAddress }
    reply[tail &+ 2] = count
  }

  /// Adds one object, or answers `false` when it does not fit any more (254 bytes without the CRC).
  private mutating func append(_ object: UInt8, length: Int) -> Bool {
    guard length >= 0, length <= 245, reply.count &+ 2 &+ length <= 254 else { return false }
    reply.append(object)
    reply.append(UInt8(truncatingIfNeeded: length))
    var index = 0
    while index < length {
      reply.append(bank.identificationByte(object, index: index))
      index &+= 1
    }
    return true
  }
}
