import DeviceKit
import FirmwareUpdateDeviceModel

/// A flash for tests: knows what was done to it, and goes wrong as a test wants it.
struct FlashOfTests: StableMemory {
  enum Operation: Equatable { case erase(UInt32), write(UInt32) }

  /// Settings, boot record and two slots of 2 KiB.
  static let layout = StoreLayout(pageBytes: 128, settings: 0, boot: 256, slot0: 2_048, slot1: 4_096, slotBytes: 2_048)
  /// Two records in a page, and nothing else.
  static let records = StoreLayout(pageBytes: 64, settings: 0, boot: 128, slot0: 256, slot1: 256, slotBytes: 0)

  let pageBytes: UInt32
  private(set) var bytes: [UInt8]
  private(set) var operations: [Operation] = []
  /// Pages that take nothing and say so.
  var worn: Set<UInt32> = []
  /// Pages that take all but one bit of each byte, and say that it was good.
  var lying: Set<UInt32> = []
  /// At which operation, counted from here on, the power goes, and how many of its bytes are done by then.
  var cut: (left: Int, bytes: Int)?
  /// The power is gone: nothing happens any more.
  private(set) var isCut = false
  private var result: Bool?

  init(_ layout: StoreLayout) {
    pageBytes = layout.pageBytes
    bytes = Array(repeating: 0xFF, count: Int(layout.slot1 + layout.slotBytes))
  }

  mutating func read(_ address: UInt32) -> UInt8 { Int(address) < bytes.count ? bytes[Int(address)] : 0xFF }

  mutating func erase(page address: UInt32) {
    perform(.erase(address), at: address, count: Int(pageBytes)) { _, _ in 0xFF }
  }

  mutating func write(_ new: inout FixedBytes<64>, at address: UInt32) {
    let copy = new
    perform(.write(address), at: address, count: new.count) { $0 & copy[$1] }
  }

  mutating func finished(at now: Instant) -> Bool? {
    defer { result = nil }
    return result
  }

  /// Power comes back.
  mutating func restore() { (isCut, cut) = (false, nil) }

  private mutating func perform(_ operation: Operation, at address: UInt32, count: Int, _ value: (UInt8, Int) -> UInt8) {
    guard !isCut else { return }
    operations.append(operation)
    let page = address & ~(pageBytes - 1)
    result = !worn.contains(page)
    var done = count
    if let known = cut {
      cut = (known.left - 1, known.bytes)
      if known.left == 0 { (done, isCut, result) = (min(count, known.bytes), true, nil) }
    }
    guard !worn.contains(page) else { return }
    for index in 0..<done {
      let new = value(bytes[Int(address) + index], index)
      bytes[Int(address) + index] = lying.contains(page) ? new | 0x10 : new
    }
    // The byte at the cut is done by half.
    guard isCut, done < count else { return }
    let place = Int(address) + done
    let new = value(bytes[place], done)
    bytes[place] = new == 0xFF ? bytes[place] | 0x55 : bytes[place] & (new | 0xAA)
  }
}
