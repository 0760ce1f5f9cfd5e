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
  /// What was found last.
  public private(set) var frame = ModbusFrame()

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
    hear(byte) && findNext() ? frame : nil
  }

  /// The next frame in the bytes that are held.
  public mutating func next() -> ModbusFrame? {
    findNext() ? frame : nil
  }

  /// Takes the bytes from `position` on as `push` would take one after the other, up to the first that completes a frame, and moves
  /// `position` behind the last one taken. True when one lies in `frame`: then ask `findNext` until it is false, and go on from there.
  /// `heard` is not changed: it is not copied so.
  public mutating func push(_ heard: inout FixedBytes<256>, from position: inout Int) -> Bool {
    if takeWhole(&heard, from: &position) { return true }
    while position < heard.count {
      let byte = heard.byte(at: position)
      position &+= 1
      if hear(byte), bytes.count &- start >= undecidedBelow, findNext() { return true }
    }
    return false
  }

  /// What mostly comes, at a fifth of the cost: nothing is held, and the whole answer that is waited for lies at `position`.
  private mutating func takeWhole(_ heard: inout FixedBytes<256>, from position: inout Int) -> Bool {
    guard bytes.isEmpty, echo.isEmpty, expectedAddress != 0, heard.byte(at: position) == expectedAddress,
      heard.byte(at: position &+ 1) & 0x7F == expectedFunction,
      case .known(let length) = ModbusLength.ofAnswer(in: &heard, at: position), length <= heard.count &- position,
      heard.isIntactFrame(at: position, length: length)
    else { return false }
    frame.take(from: &heard, at: position, length: length)
    position &+= length
    return true
  }

  /// Puts the next frame in the bytes that are held into `frame`; false when there is none.
  public mutating func findNext() -> Bool {
    undecidedBelow = 0
    while start < bytes.count {
      switch ModbusLength.ofAnswer(in: &bytes, at: start) {
      case .known(let length):
        guard length <= bytes.count &- start else {
          if isExpected(at: start) { undecidedBelow = length }
          return hidden()
        }
        if bytes.isIntactFrame(at: start, length: length) {
          remove(length)
          return true
        }
        drop(1)
      case .undecided: return hidden()
      case .impossible, .unknown: drop(1)
      }
    }
    bytes.removeAll()
    start = 0
    return false
  }

  /// How `frame` stands to the request, which is not changed.
  public mutating func match(request: inout ModbusPDU) -> ModbusMatch { frame.pdu.match(request: &request) }

  /// Nothing more will come: looks for a whole frame at every position and drops everything before it; without one drops all.
  public mutating func settle() -> ModbusFrame? {
    if echoSeen > 0 { abandonEcho() }
    while start < bytes.count {
      if case .known(let length) = ModbusLength.ofAnswer(in: &bytes, at: start), length <= bytes.count &- start,
        bytes.isIntactFrame(at: start, length: length)
      {
        remove(length)
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
  private mutating func hidden() -> Bool {
    guard expectedAddress != 0, !isExpected(at: start) else { return false }
    var position = start &+ 1
    while position &+ 5 <= bytes.count {
      if isExpected(at: position),
        case .known(let length) = ModbusLength.ofAnswer(in: &bytes, at: position), position &+ length == bytes.count,
        bytes.isIntactFrame(at: position, length: length)
      {
        drop(position &- start)
        remove(length)
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

  private mutating func remove(_ length: Int) {
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
