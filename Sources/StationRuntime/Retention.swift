import DeviceKit
import DeviceVocabulary
import Foundation
import Journal
import Station
import StationLinkCodec
import Synchronization

/// What others have of this journal, as far as they have said so since the start.
public struct Delivered: Sendable, Equatable {
  /// Everything up to there is on the parent's disk.
  public var contiguous: JournalHead
  /// The parent's wall clock when it said so, milliseconds since 1970.
  public var parentMilliseconds: Int64
  /// How far the other readers of the journal have come (an alarm receiver); `nil`: there is none.
  public var othersThrough: JournalPosition?

  public init(contiguous: JournalHead, parentMilliseconds: Int64, othersThrough: JournalPosition? = nil) {
    self.contiguous = contiguous
    self.parentMilliseconds = parentMilliseconds
    self.othersThrough = othersThrough
  }
}

/// Where the uplink's thread leaves what the parent says, for the station's thread.
final class DeliveryBoard: Sendable {
  private let newest = Mutex<Delivered?>(nil)

  func put(_ delivered: Delivered) { newest.withLock { $0 = delivered } }
  func get() -> Delivered? { newest.withLock { $0 } }
}

// How a journal is kept from growing for ever: each month's file begins with the state so far, so that those before it may go once the
// parent has them.
extension Decider {
  /// A part of the state must fit into one body of the journal, and of the line: one that stayed here would be missing where it counts.
  static let carriedLimit = min(JournalOptions.maximumBodyBytes, LinkProtocol.entryBytes)

  /// The first thing that is written in a new month's file. When other entries wait for the disk they come first, and the file is none
  /// that the journal may begin with: the next month's will be.
  mutating func carryOver(_ inputs: [(input: StationInput, at: Instant)], wall: WallClock, now: Instant) {
    guard store.isAtMonthStart, station.plan.parent != nil, uncommitted.isEmpty, !isImpaired, !store.isProvisional else { return }
    var boot = ""
    if case .started(let first, _)? = inputs.first?.input { boot = first }
    let at = inputs.first?.at ?? now
    give(Stimulus(wall: wall.advanced(by: at - now), input: .monthBegan(boot: boot, tooLarge: tooLarge())), at: at)
  }

  /// Which part of the state does not fit into an entry; `nil`: all do.
  private func tooLarge() -> String? {
    let parts = station.state.carriedParts
    guard parts.count <= Self.batchLimit else { return "\(parts.count) > \(Self.batchLimit)" }
    for part in parts {
      let entry = Entry(time: EntryTime(wallMilliseconds: 0, synchronised: false, boot: "", monotonic: .zero), change: part)
      let bytes = (try? encoder.encode(entry).count) ?? .max
      // Room for the time, and for what the entries before it add.
      guard bytes > Self.carriedLimit - 1024 else { continue }
      let name = if case .carriedChild(let child) = part { child.station } else { station.plan.station }
      return "\(name): \(bytes) > \(Self.carriedLimit) bytes"
    }
    return nil
  }

  /// Drops whole files that the parent and everybody else have, whose month ended more than `keptMonths` ago by the clocks of both ends,
  /// and without which a fold gives the same state. Nothing is dropped by a station without a parent, nor while its journal and the
  /// parent's differ.
  ///
  /// - Returns: the names of the dropped files.
  public func dropDelivered(_ delivered: Delivered, keptMonths: Int, wall: WallClock) throws -> [String] {
    let parentsWall = WallClock(
      unixMilliseconds: delivered.parentMilliseconds, synchronised: true, utcOffsetSeconds: wall.utcOffsetSeconds)
    guard station.plan.parent != nil, !isImpaired, uncommitted.isEmpty,
      station.state.fault(FaultKey(.parent, .journalForked)) == nil,
      // A clock that ran ahead would make everything old.
      let own = wall.journalMonth, let parents = parentsWall.journalMonth, store.holds(delivered.contiguous)
    else { return [] }
    let contiguous = delivered.contiguous.position
    return try store.dropSegments(
      through: min(contiguous, delivered.othersThrough ?? contiguous), before: min(own, parents).earlier(by: keptMonths)
    ) { end in
      CarriedState(after: end.position, in: store).map { $0.last <= contiguous } ?? false
    }
  }
}

/// The state so far, as it stands at the beginning of a month's file.
public struct CarriedState {
  /// The last of its entries.
  public private(set) var last: JournalPosition

  /// Nil unless the entries behind `position` begin with one.
  public init?(after position: JournalPosition, in store: any EntryStore) {
    self.init(after: position) { try? store.entries(after: $0, limit: $1) }
  }

  public init?(after position: JournalPosition, entries: (JournalPosition?, Int) -> [JournalEntry]?) {
    let coder = EntryCoder()
    var position = position
    while let entry = entries(position == .start ? nil : position, 1)?.first {
      position = entry.position
      switch try? coder.decode(entry.body).change {
      case .carried:
        last = position
        return
      case .carriedChild: continue
      default: return nil
      }
    }
    return nil
  }
}
