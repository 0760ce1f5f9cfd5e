import DeviceKit

/// Disk space held in reserve: when the disk is full it is given up, and the calls for help have its room.
struct Ballast {
  static let file = "journal.ballast"
  /// SQLITE_FULL.
  private static let fullCode: Int32 = 13

  private let folder: String
  private let path: String
  private let bytes: Int
  private let disk: VirtualDisk

  init(folder: String, bytes: Int, disk: VirtualDisk) {
    self.folder = folder
    path = "\(folder)/\(Self.file)"
    self.bytes = max(0, bytes)
    self.disk = disk
  }

  /// True also when none is wanted.
  var isThere: Bool { bytes == 0 || disk.size(path) == bytes }

  /// There is something to give up.
  var isPresent: Bool { bytes > 0 && disk.size(path) != nil }

  /// Room that must be left beside the ballast, or the very next entry would find the disk full again.
  private var margin: Int { bytes / 4 }

  func make() throws(SQLiteFailure) {
    guard bytes > 0 else { return }
    // Asked first: trying would fill the disk to its last byte for a moment, each time.
    if let free = disk.room(folder), case let room = free + (disk.size(path) ?? 0), room < bytes + margin {
      throw SQLiteFailure(code: Self.fullCode, detail: "\(room) bytes free, \(bytes + margin) needed")
    }
    // Random bytes: zeros would take no room on a disk that compresses.
    var random = SeededRandom(seed: 0x4C69_6E6C_69)
    do {
      try disk.write(path, count: bytes + margin, keeping: bytes) { _ in
        var piece: [UInt8] = []
        piece.reserveCapacity(1 << 16)
        while piece.count < 1 << 16 { piece.append(bigEndian: random.next()) }
        return piece
      }
    } catch {
      // Half a ballast only takes room away; when even deleting fails, the next attempt overwrites it.
      try? disk.delete(path)
      throw error
    }
  }

  /// False when there was nothing to give up.
  func giveUp() -> Bool {
    guard isPresent else { return false }
    do {
      try disk.delete(path)
      return true
    } catch {
      return false
    }
  }
}
