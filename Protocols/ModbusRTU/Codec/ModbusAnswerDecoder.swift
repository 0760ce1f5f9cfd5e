import DeviceKit

/// Finds answers in the bytes a master hears, by the length their function implies and their CRC. Silence is not needed: adapters put
/// gaps of 1 to 16 ms into frames.
///
/// Garbage is dropped byte by byte, so that a good frame behind it is found; at most 256 bytes are held. While an answer is expected, a
/// frame from that node with that function is taken as soon as its last byte is there, even when garbage in front of it looks like the
/// beginning of something longer.
public struct ModbusAnswerDecoder: Sendable {
  private var bytes = FixedBytes<256>()
  /// Where undecided bytes begin; what lies before is spent.
  private var start = 0
  /// With fewer bytes than these from `start` on there is nothing to decide: the length is known and more must come.
  private var undecidedBelow = 0
  private var expectedAddress: UInt8 = 0
  private var expectedFunction: UInt8 = 0
  private var echo = FixedBytes<256>()
  private var echoSeen = 0
  /// Bytes that belonged to no frame, since the start; wraps.
  public private(set) var garbageBytes: UInt32 = 0
  /// Requests that came back exactly and were dropped; wraps.
  public private(set) var echoesDropped: UInt32 = 0
  /// An echo was due and something else came: the line does not carry what is sent.
  public private(set) var echoBroken = false

  public init() {}

  /// Bytes that are held and not decided yet.
  public var pendingBytes: Int { bytes.count &- start &+ echoSeen }

  /// A request goes out now. What was undecided is garbage. With `dropsEcho` the adapter repeats what it sends, and the exact copy is
  /// dropped (a write's answer looks the same: the first copy is the echo, the second the answer).
  public mutating func begin(_ request: ModbusFrame, dropsEcho: Bool) {
    begin(address: request.address, function: request.pdu.bytes[0])
    if dropsEcho { expectEcho(request.encoded()) }
  }

  /// A request to this node with this function goes out now, and no echo is to be expected.
  public mutating func begin(address: UInt8, function: UInt8) {
    discard()
    echoBroken = false
    expectedAddress = address
    expectedFunction = function
  }

  /// The adapter repeats `request`, which goes out now.
  public mutating func expectEcho(_ request: FixedBytes<256>) {
    echo = request
  }

  /// No answer is expected any more.
  public mutating func end() {
    expectedAddress = 0
    undecidedBelow = 0
    echo.removeAll()
    echoSeen = 0
  }

  /// Takes one byte; the frame it completes, if any. After a frame, ask `next()` until it is `nil`.
  public mutating func push(_ byte: UInt8) -> ModbusFrame? {
    guard hear(byte) else { return nil }
    return next()
  }

  /// The next frame in the bytes that are held.
  public mutating func next() -> ModbusFrame? {
    var frame = ModbusFrame()
    return next(into: &frame) ? frame : nil
  }

  /// Takes the bytes from `position` on as `push` would take one after the other, up to the first that completes a frame, and moves
  /// `position` behind the last one taken. True when `frame` was filled: then ask `next(into:)` until it is false, and go on from there.
  /// `heard` is not changed: it is not copied so.
  public mutating func push(
    _ heard: inout FixedBytes<256>, from position: inout Int, into frame: inout ModbusFrame
  ) -> Bool {
    while position < heard.count {
      let byte = heard.byte(at: position)
      position &+= 1
      if hear(byte), bytes.count &- start >= undecidedBelow, next(into: &frame) { return true }
    }
    return false
  }

  /// Fills in the next frame in the bytes that are held; false when there is none.
  public mutating func next(into frame: inout ModbusFrame) -> Bool {
    undecidedBelow = 0
    while start < bytes.count {
      switch ModbusLength.ofAnswer(in: &bytes, at: start) {
      case .known(let length):
        guard length <= bytes.count &- start else {
          if isExpected(at: start) { undecidedBelow = length }
          return hidden(into: &frame)
        }
        if bytes.isIntactFrame(at: start, length: length) {
          remove(length, into: &frame)
          return true
        }
        drop(1)
      case .undecided: return hidden(into: &frame)
      case .impossible, .unknown: drop(1)
      }
    }
    bytes.removeAll()
    start = 0
    return false
  }

  /// Nothing more will come: looks for a whole frame at every position and drops everything before it; without one drops all.
  public mutating func settle() -> ModbusFrame? {
    if echoSeen > 0 { abandonEcho() }
    while start < bytes.count {
      if case .known(let length) = ModbusLength.ofAnswer(in: &bytes, at: start), length <= bytes.count &- start,
        bytes.isIntactFrame(at: start, length: length)
      {
        var frame = ModbusFrame()
        remove(length, into: &frame)
        return frame
      }
      drop(1)
    }
    bytes.removeAll()
    start = 0
    return nil
  }

  /// Counts what is held as garbage and forgets it.
  public mutating func discard() {
    garbageBytes &+= UInt32(truncatingIfNeeded: pendingBytes)
    bytes.removeAll()
    start = 0
    undecidedBelow = 0
    echo.removeAll()
    echoSeen = 0
  }

  /// A frame of the expected node that ends with the newest byte, behind bytes that only look like a longer frame. When the bytes at
  /// the front are themselves from that node and function, they are waited for: data inside an answer must not be taken for one.
  private mutating func hidden(into frame: inout ModbusFrame) -> Bool {
    guard expectedAddress != 0, !isExpected(at: start) else { return false }
    var position = start &+ 1
    while position &+ 5 <= bytes.count {
      if isExpected(at: position),
        case .known(let length) = ModbusLength.ofAnswer(in: &bytes, at: position), position &+ length == bytes.count,
        bytes.isIntactFrame(at: position, length: length)
      {
        drop(position &- start)
        remove(length, into: &frame)
        return true
      }
      position &+= 1
    }
    return false
  }

  private mutating func isExpected(at position: Int) -> Bool {
    bytes.byte(at: position) == expectedAddress
      && (position &+ 1 >= bytes.count || bytes.byte(at: position &+ 1) & 0x7F == expectedFunction)
  }

  private mutating func remove(_ length: Int, into frame: inout ModbusFrame) {
    frame.take(from: &bytes, at: start, length: length)
    start &+= length
    undecidedBelow = 0
  }

  /// Takes one byte as echo or keeps it; false when it was echo.
  private mutating func hear(_ byte: UInt8) -> Bool {
    if echoSeen < echo.count {
      if byte == echo.byte(at: echoSeen) {
        echoSeen &+= 1
        if echoSeen == echo.count {
          echoesDropped &+= 1
          echo.removeAll()
          echoSeen = 0
        }
        return false
      }
      abandonEcho()
    }
    take(byte)
    return true
  }

  private mutating func drop(_ count: Int) {
    start &+= count
    undecidedBelow = 0
    garbageBytes &+= UInt32(truncatingIfNeeded: count)
  }

  private mutating func take(_ byte: UInt8) {
    if bytes.room == 0 {
      // A frame that begins at the front and fills the buffer would have been found, so its first byte is garbage.
      if start == 0 { drop(1) }
      bytes.removeFirst(start)
      start = 0
    }
    bytes.append(byte)
  }

  /// The echo is not coming as sent: what looked like its beginning are bytes like any other.
  private mutating func abandonEcho() {
    echoBroken = true
    var index = 0
    while index < echoSeen {
      take(echo.byte(at: index))
      index &+= 1
    }
    echo.removeAll()
    echoSeen = 0
  }
}
