import NIOCore

/// MQTT 3.1.1, as much as a publisher with QoS 1 and a subscriber need.
enum MQTT {
  static let connected = 0x20
  static let published = 0x40
  static let subscribed = 0x90

  static let framing: LinkSocket.Framing = { bytes in
    let view = bytes.readableBytesView
    var (size, shift, used) = (0, 0, 1)
    while true {
      guard view.count > used else { return nil }
      let byte = view[view.startIndex + used]
      size |= Int(byte & 127) << shift
      (shift, used) = (shift + 7, used + 1)
      if byte & 128 == 0 { break }
    }
    guard view.count >= used + size, let kind = view.first else { return nil }
    bytes.moveReaderIndex(forwardBy: used)
    return bytes.readSlice(length: size).map { LinkSocket.Answer(code: Int(kind), body: $0) }
  }

  static func connect(_ name: String, isDurable: Bool) -> ByteBuffer {
    packet(0x10, string("MQTT") + [4, isDurable ? 0 : 2, 0, 0] + string(name))
  }

  static func publish(_ payload: [UInt8], to topic: String) -> ByteBuffer { packet(0x32, string(topic) + [0, 1] + payload) }

  static func subscribe(_ topic: String) -> ByteBuffer { packet(0x82, [0, 1] + string(topic) + [1]) }

  /// The acknowledgement of a message that came; `nil` for everything else.
  static func acknowledgement(of answer: LinkSocket.Answer) -> ByteBuffer? {
    var body = answer.body
    guard answer.code & 0xF6 == 0x32, let length: UInt16 = body.readInteger() else { return nil }
    body.moveReaderIndex(forwardBy: min(Int(length), body.readableBytes))
    return body.readBytes(length: 2).map { packet(0x40, $0) }
  }

  private static func string(_ text: String) -> [UInt8] {
    [UInt8(text.utf8.count >> 8), UInt8(text.utf8.count & 255)] + Array(text.utf8)
  }

  private static func packet(_ kind: UInt8, _ body: [UInt8]) -> ByteBuffer {
    var bytes = [kind]
    var left = body.count
    repeat {
      bytes.append(UInt8(left & 127) | (left > 127 ? 128 : 0))
      left >>= 7
    } while left > 0
    return ByteBuffer(bytes: bytes + body)
  }
}
