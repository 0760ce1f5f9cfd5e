import CallPanelCodec
import DeviceKit

/// Memory that survives a reset but not a loss of power (a board's `.noinit` section), in 32-bit cells, each of which is written at once.
///
/// After a loss of power the cells hold anything. Cells that are not there read as 0.
public protocol KeptCells {
  mutating func cell(_ index: Int) -> UInt32
  mutating func setCell(_ index: Int, _ value: UInt32)
}

/// How the queue, its epoch and the clock lie in kept cells.
///
/// There are two copies of each. The copy that is not current is unsealed, written and sealed, so a reset at any moment leaves either the
/// state before or the state after: a press that was not acknowledged is kept, one that was is not offered as a new one.
public struct KeptQueue<Cells: KeptCells> {
  /// Cells that are needed.
  public static var cellCount: Int { KeptQueue.queues &+ 2 &* KeptQueue.queueCells }
  private static var clockCells: Int { 3 }
  private static var queues: Int { 2 &* clockCells }
  /// Seal, generation, epoch and count, last sequence, dropped, and four cells an event.
  private static var queueCells: Int { 5 &+ 4 &* EventQueue.capacity }
  private static var format: UInt32 { 0x4C4B_0002 }

  private var generation: UInt32 = 0
  private var current = 0
  private var clockTurn = 0

  public init() {}

  /// Keeps the time; to be called whenever it has gone on.
  public mutating func keep(_ now: Instant, in cells: inout Cells) {
    let base = clockTurn &* KeptQueue.clockCells
    clockTurn = 1 &- clockTurn
    let low = UInt32(truncatingIfNeeded: now.microseconds)
    let high = UInt32(truncatingIfNeeded: now.microseconds >> 32)
    cells.setCell(base &+ 2, 0)
    cells.setCell(base, low)
    cells.setCell(base &+ 1, high)
    cells.setCell(base &+ 2, KeptQueue.seal(low, high))
  }

  /// The greatest time that was kept; `nil` when none is.
  public mutating func clock(in cells: inout Cells) -> Instant? {
    var newest: Instant?
    var copy = 0
    while copy < 2 {
      let base = copy &* KeptQueue.clockCells
      let (low, high) = (cells.cell(base), cells.cell(base &+ 1))
      if cells.cell(base &+ 2) == KeptQueue.seal(low, high) {
        let instant = Instant(microseconds: UInt64(high) << 32 | UInt64(low))
        if newest == nil || newest ?? .zero < instant { newest = instant }
      }
      copy &+= 1
    }
    return newest
  }

  /// Keeps the queue as it is now, under its epoch; `isShown` when hosts may have seen events under it.
  /// `contacts`: those that were believed to be closed, bit 0 = button 1.
  public mutating func keep(
    _ queue: inout EventQueue, epoch: UInt16, isShown: Bool, contacts: UInt8, in cells: inout Cells
  ) {
    let copy = 1 &- current
    let base = KeptQueue.queues &+ copy &* KeptQueue.queueCells
    generation &+= 1
    cells.setCell(base, 0)
    cells.setCell(base &+ 1, generation)
    cells.setCell(base &+ 2, UInt32(epoch) << 16 | (isShown ? 0x8000 : 0) | UInt32(truncatingIfNeeded: queue.count))
    cells.setCell(base &+ 3, queue.lastSequence)
    cells.setCell(base &+ 4, UInt32(contacts) << 16 | UInt32(queue.dropped))
    var index = 0
    while index < queue.count {
      let place = base &+ 5 &+ 4 &* index
      let event = queue.kept(index)
      cells.setCell(place, event.sequence)
      cells.setCell(place &+ 1, UInt32(event.kind) << 8 | UInt32(event.button))
      cells.setCell(place &+ 2, UInt32(truncatingIfNeeded: event.at.microseconds))
      cells.setCell(place &+ 3, UInt32(truncatingIfNeeded: event.at.microseconds >> 32))
      index &+= 1
    }
    cells.setCell(base, KeptQueue.sum(base, queue.count, &cells))
    current = copy
  }

  /// The newest whole copy, put into `queue`; `nil` when there is none.
  public mutating func restore(
    _ queue: inout EventQueue, from cells: inout Cells
  ) -> (epoch: UInt16, isShown: Bool, contacts: UInt8)? {
    var best: Int?
    var copy = 0
    while copy < 2 {
      let base = KeptQueue.queues &+ copy &* KeptQueue.queueCells
      let count = Int(cells.cell(base &+ 2) & 0x7FFF)
      if count <= EventQueue.capacity, cells.cell(base) == KeptQueue.sum(base, count, &cells),
        best == nil || cells.cell(base &+ 1) &- generation < 0x8000_0000
      {
        best = copy
        generation = cells.cell(base &+ 1)
      }
      copy &+= 1
    }
    guard let best else { return nil }
    current = best
    let base = KeptQueue.queues &+ best &* KeptQueue.queueCells
    queue.startOver()
    let count = Int(cells.cell(base &+ 2) & 0x7FFF)
    var index = 0
    while index < count {
      let place = base &+ 5 &+ 4 &* index
      let what = cells.cell(place &+ 1)
      queue.restore(
        sequence: cells.cell(place), kind: UInt8(truncatingIfNeeded: what >> 8), button: UInt8(truncatingIfNeeded: what),
        at: Instant(microseconds: UInt64(cells.cell(place &+ 3)) << 32 | UInt64(cells.cell(place &+ 2))))
      index &+= 1
    }
    queue.restore(lastSequence: cells.cell(base &+ 3), dropped: UInt16(truncatingIfNeeded: cells.cell(base &+ 4)))
    let (head, tail) = (cells.cell(base &+ 2), cells.cell(base &+ 4))
    return (UInt16(truncatingIfNeeded: head >> 16), head & 0x8000 != 0, UInt8(truncatingIfNeeded: tail >> 16))
  }

  private static func seal(_ low: UInt32, _ high: UInt32) -> UInt32 { ~(low ^ (high << 16 | high >> 16) ^ format) }

  private static func sum(_ base: Int, _ count: Int, _ cells: inout Cells) -> UInt32 {
    var sum = Checksum.CRC32()
    sum.update(word: format)
    var index = 1
    while index < 5 &+ 4 &* count {
      sum.update(word: cells.cell(base &+ index))
      index &+= 1
    }
    // 0 means: unsealed.
    return sum.value == 0 ? 1 : sum.value
  }
}

extension KeptQueue: Sendable where Cells: Sendable {}
