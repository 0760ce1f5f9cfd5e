import DeviceKit
import FirmwareUpdateCodec

/// Which image the boot loader starts: the confirmed one, or once a new one that has to prove itself.
public struct BootRecord: Sendable, Equatable {
  public static let noTrial: UInt8 = 0xFF

  /// 0 or 1.
  public var confirmed: UInt8
  /// 0, 1 or `noTrial`.
  public var trial: UInt8
  /// Starts that the trial still has: 1 when it was activated, 0 from its start on.
  public var tries: UInt8

  public init(confirmed: UInt8, trial: UInt8 = BootRecord.noTrial, tries: UInt8 = 0) {
    self.confirmed = confirmed
    self.trial = trial
    self.tries = tries
  }

  /// As `RecordStore` keeps it.
  public var stored: FixedBytes<24> {
    var bytes = FixedBytes<24>()
    bytes.append(bigEndian: BootRecord.format)
    bytes.append(confirmed)
    bytes.append(trial)
    bytes.append(tries)
    return bytes
  }

  /// `nil` for a format or a slot that cannot be.
  public init?(stored bytes: FixedBytes<24>) {
    var bytes = bytes
    guard bytes.word(at: 0) == BootRecord.format, bytes.byte(at: 2) <= 1,
      bytes.byte(at: 3) <= 1 || bytes.byte(at: 3) == BootRecord.noTrial
    else { return nil }
    self.init(confirmed: bytes.byte(at: 2), trial: bytes.byte(at: 3), tries: bytes.byte(at: 4))
  }

  private static let format: UInt16 = 0xB001
}

/// What the boot loader decides at a start.
public struct BootChoice: Sendable, Equatable {
  /// The slot to run; `nil` when neither holds a whole image.
  public var slot: UInt16?
  /// To be written before the jump; a trial must not be started where it cannot be written.
  public var record: BootRecord?
  /// The slot is on trial: the watchdog has to run before the jump.
  public var isTrial = false

  /// `record` is what was stored, `nil` for a new or damaged board; `isGood` whether a slot (0, 1) holds a whole image of this board: asked
  /// only where it matters, because a hash over a slot takes half a second on a Cortex-M0.
  public static func decide(record: BootRecord?, isGood: (UInt8) -> Bool) -> BootChoice {
    if let record, record.trial != BootRecord.noTrial, record.trial != record.confirmed, record.tries > 0, isGood(record.trial) {
      return BootChoice(
        slot: UInt16(record.trial), record: BootRecord(confirmed: record.confirmed, trial: record.trial), isTrial: true)
    }
    var running = record?.confirmed ?? 0
    if !isGood(running) {
      running = 1 &- running
      guard isGood(running) else { return BootChoice() }
    }
    let settled = BootRecord(confirmed: running)
    return BootChoice(slot: UInt16(running), record: settled == record ? nil : settled)
  }

  /// What runs when the record of `decide` could not be written: never the trial, which could not be told to be its only start.
  public static func withoutRecord(_ record: BootRecord?, isGood: (UInt8) -> Bool) -> UInt16? {
    decide(record: record.map { BootRecord(confirmed: $0.confirmed) }, isGood: isGood).slot
  }
}

extension BootChoice {
  /// All that a boot loader does before the jump: reads the record, decides, and writes down what it decided. `slot` is the one to run, and
  /// `isTrial` only true where the record says so. `isGood` is asked as by `decide`.
  ///
  /// It has no clock: the memory is asked, and its own patience is what ends.
  public static func make<Memory: StableMemory>(
    _ memory: inout Memory, layout: StoreLayout, isGood: (UInt8, inout Memory) -> Bool
  ) -> BootChoice {
    var store = RecordStore(page: layout.boot, pageBytes: layout.pageBytes)
    var record: BootRecord?
    if let found = store.load(from: &memory) { record = BootRecord(stored: found.payload) }
    let choice = decide(record: record) { isGood($0, &memory) }
    guard let new = choice.record else { return choice }
    store.save(new.stored)
    var now = Instant.zero
    while store.isBusy {
      store.start(&memory)
      var questions = 0
      var succeeded: Bool?
      while succeeded == nil && questions < 100_000 {
        now += .microseconds(10)
        succeeded = memory.finished(at: now)
        questions &+= 1
      }
      store.finished(succeeded ?? false, &memory)
    }
    if store.outcome() ?? false { return choice }
    return BootChoice(slot: withoutRecord(record) { isGood($0, &memory) })
  }
}

/// Looks at what lies in a slot: as the boot loader does before a jump, and the running image at itself.
public struct SlotCheck: Sendable {
  private let address: UInt32
  private var next: UInt32 = 0
  private var left: UInt32 = 0
  private var hash = SHA256()
  private var header: ImageHeader?

  /// Begins the check of the image in `slot` of `layout` for `board`.
  public init<Memory: StableMemory>(
    _ memory: inout Memory, layout: StoreLayout, slot: UInt16, board: UInt16
  ) {
    address = layout.slot(slot)
    var bytes = FixedBytes<128>()
    var index: UInt32 = 0
    while index < UInt32(ImageHeader.length) {
      bytes.append(memory.read(address &+ index))
      index &+= 1
    }
    guard var found = ImageHeader(bytes), found.mismatch(board: board, slot: slot, capacity: layout.capacity) == nil
    else { return }
    header = found
    left = found.payloadLength
    next = address &+ ImageHeader.payloadOffset
  }

  /// Takes the next `count` payload bytes. The verdict when all were seen: `true` when the hash is that of the header.
  public mutating func step<Memory: StableMemory>(_ memory: inout Memory, bytes count: Int) -> Bool? {
    guard header != nil else { return false }
    var done = 0
    while done < count && left > 0 {
      hash.update(memory.read(next))
      next &+= 1
      left &-= 1
      done &+= 1
    }
    guard left == 0 else { return nil }
    var sum = FixedBytes<32>()
    hash.finish(into: &sum)
    var index = 0
    while index < 32 {
      if sum.byte(at: index) != header?.hashByte(index) { return false }
      index &+= 1
    }
    return true
  }

  /// There is a header of an image that could run here; it is written last, so the image is whole, but for what went bad later.
  public var isPresent: Bool { mutating get { header != nil } }

  /// The header, when it is one of an image that could run here.
  public var found: ImageHeader? { header }
}
