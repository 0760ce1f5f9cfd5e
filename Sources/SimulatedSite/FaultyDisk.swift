import DeviceKit

/// What can go wrong with a disk, one operation at a time.
public enum DiskFault: Sendable, Hashable, CaseIterable {
  /// A write puts only a part of its bytes down and fails.
  case shortWrite
  /// fsync fails. As on Linux some of the unsynced pages are then lost although reading still shows them, and the next fsync
  /// succeeds without them.
  case syncError
  case readError
  /// The power goes: this operation and all later ones fail until `FaultyFileSystem.restart`.
  case powerCut
}

/// What one file would hold after a power cut: the synced bytes, and the changes since, of which any part may be there or not.
struct ShadowFile {
  enum Change {
    case write(offset: Int, bytes: [UInt8])
    case truncate(size: Int)
  }

  static let sectorBytes = 512

  private(set) var synced: [UInt8]
  private(set) var pending: [Change] = []
  /// False until the first sync: a file that never was synced may not even have a name after the cut.
  private(set) var isAnchored: Bool

  init(synced: [UInt8], isAnchored: Bool) {
    self.synced = synced
    self.isAnchored = isAnchored
  }

  mutating func note(_ change: Change) { pending.append(change) }

  mutating func sync() {
    for change in pending { Self.apply(change, to: &synced) }
    pending = []
    isAnchored = true
  }

  /// A failed sync: what did not reach the disk is marked clean all the same, and will never be written.
  mutating func failSync(_ random: inout SeededRandom) {
    Self.applySome(of: pending, to: &synced, &random)
    pending = []
  }

  /// The file after a power cut; nil: it is not there.
  func afterCut(_ random: inout SeededRandom) -> [UInt8]? {
    if !isAnchored && random.chance(1, in: 3) { return nil }
    var image = synced
    Self.applySome(of: pending, to: &image, &random)
    return image
  }

  /// Disks write sectors whole, in any order: of each change every sector is kept or lost by itself.
  private static func applySome(of changes: [Change], to image: inout [UInt8], _ random: inout SeededRandom) {
    let kept = random.below(101)
    for change in changes {
      guard case .write(let offset, let bytes) = change else {
        if random.chance(kept, in: 100) { apply(change, to: &image) }
        continue
      }
      var start = 0
      while start < bytes.count {
        let end = min(bytes.count, start + sectorBytes - (offset + start) % sectorBytes)
        if random.chance(kept, in: 100) { apply(.write(offset: offset + start, bytes: Array(bytes[start..<end])), to: &image) }
        start = end
      }
    }
  }

  private static func apply(_ change: Change, to image: inout [UInt8]) {
    switch change {
    case .truncate(let size):
      if size < image.count { image.removeLast(image.count - size) }
    case .write(let offset, let bytes):
      let end = offset + bytes.count
      if end > image.count { image += [UInt8](repeating: 0, count: end - image.count) }
      image.replaceSubrange(offset..<end, with: bytes)
    }
  }
}

/// The state behind `FaultyFileSystem`, free of SQLite's types: which operation fails, and what a power cut leaves.
struct FaultyDisk {
  enum Operation { case read, write, truncate, sync, delete, open }
  enum Verdict { case fine, fails, full, partial }

  private(set) var random: SeededRandom
  private(set) var isCut = false
  private(set) var operations = 0
  private(set) var counts: [Operation: Int] = [:]
  private(set) var injected: [DiskFault: Int] = [:]
  private(set) var fullAnswers = 0
  var quotaBytes: Int?
  /// Writes, truncations and syncs fail; what is there can be read.
  var refusesWrites = false
  /// Countdowns: a fault strikes at the operation that finds 0.
  private var waiting: [(fault: DiskFault, left: Int)] = []
  private var sizes: [String: Int] = [:]
  private(set) var shadows: [String: ShadowFile] = [:]

  init(seed: UInt64) {
    random = SeededRandom(seed: seed)
  }

  mutating func schedule(_ fault: DiskFault, after operations: Int) { waiting.append((fault, max(0, operations))) }

  mutating func clearSchedule() { waiting = [] }

  mutating func cut() {
    if !isCut { injected[.powerCut, default: 0] += 1 }
    isCut = true
  }

  /// Counts the operation and says how it goes. `growth` is the number of bytes by which the file would grow.
  mutating func judge(_ operation: Operation, growth: Int = 0) -> Verdict {
    if isCut || (refusesWrites && operation != .read && operation != .open) { return .fails }
    counts[operation, default: 0] += 1
    if operation != .read && operation != .open { operations += 1 }
    var verdict = Verdict.fine
    for index in waiting.indices.reversed() where Self.concerns(waiting[index].fault, operation) {
      if waiting[index].left > 0 {
        waiting[index].left -= 1
        continue
      }
      let fault = waiting.remove(at: index).fault
      injected[fault, default: 0] += 1
      switch fault {
      case .shortWrite: verdict = .partial
      case .syncError, .readError: verdict = .fails
      case .powerCut:
        isCut = true
        verdict = operation == .write ? .partial : .fails
      }
    }
    if verdict == .fine, growth > 0, let quotaBytes, sizes.values.reduce(0, +) + growth > quotaBytes {
      fullAnswers += 1
      return .full
    }
    return verdict
  }

  private static func concerns(_ fault: DiskFault, _ operation: Operation) -> Bool {
    switch fault {
    case .shortWrite: operation == .write
    case .syncError: operation == .sync
    case .readError: operation == .read
    case .powerCut: operation != .read && operation != .open
    }
  }

  // MARK: Files

  /// - Parameter content: what is in the file now; nil: it is created.
  mutating func opened(_ path: String, content: [UInt8]?) {
    sizes[path] = content?.count ?? 0
    if let known = shadows[path], !known.pending.isEmpty { return }
    shadows[path] = ShadowFile(synced: content ?? [], isAnchored: content != nil)
  }

  mutating func changed(_ path: String, _ change: ShadowFile.Change) {
    shadows[path]?.note(change)
    switch change {
    case .write(let offset, let bytes): sizes[path] = max(sizes[path] ?? 0, offset + bytes.count)
    case .truncate(let size): sizes[path] = size
    }
  }

  func size(_ path: String) -> Int { sizes[path] ?? 0 }

  mutating func synced(_ path: String) { shadows[path]?.sync() }

  mutating func syncFailed(_ path: String) { shadows[path]?.failSync(&random) }

  mutating func deleted(_ path: String) {
    shadows[path] = nil
    sizes[path] = nil
  }

  mutating func below(_ bound: Int) -> Int { Int(random.below(UInt32(clamping: bound))) }

  /// What every touched file holds after the cut, in the order of the paths; nil content: not there. Ends the cut.
  mutating func restart() -> [(path: String, content: [UInt8]?)] {
    var images: [(path: String, content: [UInt8]?)] = []
    for path in shadows.keys.sorted() {
      guard let shadow = shadows[path], !shadow.pending.isEmpty || !shadow.isAnchored else { continue }
      images.append((path, shadow.afterCut(&random)))
    }
    shadows = [:]
    sizes = [:]
    waiting = []
    isCut = false
    return images
  }
}
