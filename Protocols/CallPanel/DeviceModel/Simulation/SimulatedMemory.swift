import DeviceKit
import FirmwareUpdateDeviceModel

/// A flash memory for simulated panels: a page is erased to FF as a whole, a write only turns ones into zeroes, both take their time, and
/// a loss of power in between leaves half of it.
public struct SimulatedMemory: StableMemory, Sendable {
  /// Settings, boot record and two slots of 16 KiB in pages of 1 KiB.
  public static let layout = StoreLayout(
    pageBytes: 1024, settings: 0, boot: 2048, slot0: 4096, slot1: 4096 + 16_384, slotBytes: 16_384)

  private enum Operation: Sendable {
    case erase(UInt32)
    case write(UInt32, FixedBytes<64>)
  }

  /// What is stored, from address 0 on; what lies behind reads FF.
  public private(set) var bytes: [UInt8]
  /// Nothing can be erased or written any more.
  public var isBroken = false
  /// The page at this address takes nothing any more.
  public var wornPage: UInt32?
  /// How long an operation takes.
  public var operationTime = Interval.milliseconds(30)
  /// Operations begun since it was made.
  public private(set) var operations = 0
  private var underway: Operation?
  private var until: Instant?

  /// An empty memory.
  public init(bytes count: Int) {
    bytes = Array(repeating: 0xFF, count: count)
  }

  public mutating func read(_ address: UInt32) -> UInt8 {
    Int(address) < bytes.count ? bytes[Int(address)] : 0xFF
  }

  public mutating func erase(page address: UInt32) {
    underway = .erase(address & ~(SimulatedMemory.layout.pageBytes - 1))
    operations += 1
    until = nil
  }

  public mutating func write(_ bytes: inout FixedBytes<64>, at address: UInt32) {
    underway = .write(address, bytes)
    operations += 1
    until = nil
  }

  public mutating func finished(at now: Instant) -> Bool? {
    guard let operation = underway else { return nil }
    guard let end = until else {
      until = now + operationTime
      return nil
    }
    guard now >= end else { return nil }
    underway = nil
    guard works(operation) else { return false }
    apply(operation, upTo: .max)
    return true
  }

  /// The power goes. Of an operation under way the first `share` of 256 parts is done, and the byte there by half.
  public mutating func cut(share: UInt8) {
    if let operation = underway, works(operation) { apply(operation, upTo: share) }
    underway = nil
  }

  /// Sets bytes as a service tool does, or as wear does.
  public mutating func patch(_ address: Int, _ new: [UInt8]) {
    for (index, byte) in new.enumerated() where address >= 0 && address + index < bytes.count { bytes[address + index] = byte }
  }

  private func works(_ operation: Operation) -> Bool {
    switch operation {
    case .erase(let address), .write(let address, _):
      !isBroken && address & ~(SimulatedMemory.layout.pageBytes - 1) != wornPage
    }
  }

  private mutating func apply(_ operation: Operation, upTo share: UInt8) {
    switch operation {
    case .erase(let page):
      change(Int(page), Int(SimulatedMemory.layout.pageBytes), upTo: share) { old, _ in (0xFF, old | 0x55) }
    case .write(let address, let new):
      change(Int(address), new.count, upTo: share) { old, index in (old & new[index], old & (new[index] | 0xAA)) }
    }
  }

  private mutating func change(_ start: Int, _ length: Int, upTo share: UInt8, _ value: (UInt8, Int) -> (UInt8, UInt8)) {
    let whole = share == .max ? length : length * Int(share) / 256
    for index in 0..<length where start + index < bytes.count {
      guard index <= whole else { return }
      let (done, half) = value(bytes[start + index], index)
      bytes[start + index] = index < whole ? done : half
    }
  }
}

/// Memory of a simulated panel that survives a reset, and holds noise after a loss of power.
public struct SimulatedCells: KeptCells, Sendable {
  private var values: [UInt32]
  /// Cells that may still be written before the processor stops, for whoever looks for a moment that loses something.
  public var writesLeft = Int.max

  public init(noise random: inout SeededRandom) {
    values = (0..<KeptQueue<SimulatedCells>.cellCount).map { _ in UInt32(truncatingIfNeeded: random.next()) }
  }

  public mutating func cell(_ index: Int) -> UInt32 { values.indices.contains(index) ? values[index] : 0 }

  public mutating func setCell(_ index: Int, _ value: UInt32) {
    guard writesLeft > 0, values.indices.contains(index) else { return }
    writesLeft -= 1
    values[index] = value
  }
}
