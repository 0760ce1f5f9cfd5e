import DeviceKit

/// One small record that survives every cut of power: two pages, written one place after the other, the newest good one counts.
///
/// A record is 32 bytes: sequence number (4), payload (24), CRC-32 over both (4). The page that holds the newest good record is never
/// erased, so that there is one at every moment, also when the other page is worn out; each erasure is spread over as many saves as a page
/// has places. It does one operation of
/// the memory at a time: `hasWork`, `start`, `finished`.
public struct RecordStore: Sendable {
  public static let recordBytes: UInt32 = 32
  public static let payloadBytes = 24
  /// After so many places that could not be written, a save has failed.
  static let triesPerSave: UInt8 = 3

  private enum Step: Sendable { case idle, due, erasing, writing }

  private let page: UInt32
  private let pageBytes: UInt32
  private var step = Step.idle
  private var sequence: UInt32 = 0
  /// Where the next record goes, from `page`; `2 * pageBytes` stands for the beginning.
  private var place: UInt32 = 0
  private var isErased = false
  /// Where the newest good record lies.
  private var good: UInt32?
  /// Another save was asked for while one was under way.
  private var isOutdated = false
  private var tries: UInt8 = 0
  private var payload = FixedBytes<24>()
  private var record = FixedBytes<64>()
  private var result: Bool?

  /// `page` is the address of the first of two pages of `pageBytes` each.
  public init(page: UInt32, pageBytes: UInt32) {
    self.page = page
    self.pageBytes = pageBytes
  }

  /// The newest good record's payload and how many places after it hold something that is no good record: a save that was cut off, or
  /// one that went bad later. `nil` when there is none. To be called before anything else.
  public mutating func load<Memory: StableMemory>(from memory: inout Memory) -> (payload: FixedBytes<24>, damaged: UInt16)? {
    var newest: UInt32?
    var offset: UInt32 = 0
    sequence = 0
    good = nil
    while offset < 2 &* pageBytes {
      if let found = read(offset, from: &memory), newest == nil || found > sequence {
        newest = offset
        sequence = found
      }
      offset &+= RecordStore.recordBytes
    }
    guard let newest else {
      // Whatever lies there is of no use: begin with a clean page.
      place = 0
      isErased = false
      return nil
    }
    _ = read(newest, from: &memory)
    let found = payload
    good = newest
    let end = pageEnd(of: newest)
    var damaged: UInt16 = 0
    var next = newest &+ RecordStore.recordBytes
    place = end
    while next < end {
      if isBlank(next, in: &memory) {
        if place == end { place = next }
      } else {
        damaged &+= 1
        place = end
      }
      next &+= RecordStore.recordBytes
    }
    isErased = place < end
    if !isErased {
      // The page is full: what follows in the other one are old records, or the next ones, none of them whole.
      place = end == 2 &* pageBytes ? 0 : end
      next = place
      while next < pageEnd(of: place), !isBlank(next, in: &memory), read(next, from: &memory) == nil {
        damaged &+= 1
        next &+= RecordStore.recordBytes
      }
    }
    return (found, damaged)
  }

  /// Asks for `payload` to be kept. A save that is under way is finished first and not told of: only the newest counts.
  public mutating func save(_ new: FixedBytes<24>) {
    payload = new
    result = nil
    tries = 0
    if step == .idle { step = .due } else { isOutdated = true }
  }
  public var hasWork: Bool { mutating get { step == .due } }
  public var isBusy: Bool { mutating get { step != .idle } }

  /// Whether the last save succeeded: once, when it is finished.
  public mutating func outcome() -> Bool? {
    let known = result
    result = nil
    return known
  }

  /// Starts the next operation of the memory.
  public mutating func start<Memory: StableMemory>(_ memory: inout Memory) {
    guard step == .due else { return }
    isOutdated = false
    if !isErased {
      step = .erasing
      memory.erase(page: page &+ (place < pageBytes ? 0 : pageBytes))
      return
    }
    step = .writing
    compose()
    memory.write(&record, at: page &+ place)
  }

  /// The operation that `start` began has ended.
  public mutating func finished<Memory: StableMemory>(_ succeeded: Bool, _ memory: inout Memory) {
    switch step {
    case .idle, .due: return
    case .erasing:
      // An erasure that failed may still have left a place that can be written.
      isErased = true
      step = .due
      if !succeeded { failed() }
    case .writing:
      let wasKept = succeeded && holds(place, in: &memory)
      step = .due
      if wasKept { good = place }
      moveOn()
      if wasKept {
        sequence &+= 1
        tries = 0
        if !isOutdated {
          step = .idle
          result = true
        }
      } else {
        failed()
      }
    }
  }

  private mutating func failed() {
    tries &+= 1
    guard tries >= RecordStore.triesPerSave else { return }
    tries = 0
    step = .idle
    result = false
  }

  /// The place after this one; where the page ends, the other page, which has to be erased.
  private mutating func moveOn() {
    let end = pageEnd(of: place)
    place &+= RecordStore.recordBytes
    guard place >= end else { return }
    isErased = false
    let other: UInt32 = end == 2 &* pageBytes ? 0 : end
    // Nothing of this page could be written: it is tried again from its beginning rather than the page with the record be erased.
    if let good, pageEnd(of: good) == pageEnd(of: other) {
      place = end &- pageBytes
    } else {
      place = other
    }
  }

  private func pageEnd(of offset: UInt32) -> UInt32 { offset < pageBytes ? pageBytes : 2 &* pageBytes }

  private mutating func compose() {
    record.removeAll()
    let next = sequence &+ 1
    record.append(bigEndian: UInt16(truncatingIfNeeded: next >> 16))
    record.append(bigEndian: UInt16(truncatingIfNeeded: next))
    record.append(from: &payload, at: 0, length: RecordStore.payloadBytes)
    while record.count < 28 { record.append(0) }
    var sum = Checksum.CRC32()
    var index = 0
    while index < 28 {
      sum.update(record.byte(at: index))
      index &+= 1
    }
    record.append(bigEndian: UInt16(truncatingIfNeeded: sum.value >> 16))
    record.append(bigEndian: UInt16(truncatingIfNeeded: sum.value))
  }

  private mutating func holds<Memory: StableMemory>(_ offset: UInt32, in memory: inout Memory) -> Bool {
    var index = 0
    while index < Int(RecordStore.recordBytes) {
      if memory.read(page &+ offset &+ UInt32(truncatingIfNeeded: index)) != record.byte(at: index) { return false }
      index &+= 1
    }
    return true
  }

  private mutating func isBlank<Memory: StableMemory>(_ offset: UInt32, in memory: inout Memory) -> Bool {
    var index: UInt32 = 0
    while index < RecordStore.recordBytes {
      if memory.read(page &+ offset &+ index) != 0xFF { return false }
      index &+= 1
    }
    return true
  }

  /// The sequence number of a good record at `offset`, whose payload is then in `payload`.
  private mutating func read<Memory: StableMemory>(_ offset: UInt32, from memory: inout Memory) -> UInt32? {
    var sum = Checksum.CRC32()
    var number: UInt32 = 0
    payload.removeAll()
    var index: UInt32 = 0
    while index < 28 {
      let byte = memory.read(page &+ offset &+ index)
      sum.update(byte)
      if index < 4 { number = number << 8 | UInt32(byte) } else { payload.append(byte) }
      index &+= 1
    }
    var stored: UInt32 = 0
    while index < 32 {
      stored = stored << 8 | UInt32(memory.read(page &+ offset &+ index))
      index &+= 1
    }
    return stored == sum.value && number != 0 && number != .max ? number : nil
  }
}
