import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// Reads whatever a damaged journal still gives, row by row, and says what is missing. Nothing is dropped silently: the damaged files stay.
struct Salvage {
  let folder: String
  let vfs: String?

  struct Result {
    var entries: [JournalEntry] = []
    var gaps: [Segment.Gap] = []
    var paths: [String] = []
    var highestEpoch: UInt32?
    /// What the oldest file's chain starts from.
    var anchor = JournalChain.start
  }

  func collect() -> Result {
    var result = Result()
    var rows: [UInt64: JournalEntry] = [:]
    for (_, path) in Segment.list(folder) {
      result.paths.append(path)
      guard let database = try? Database(path: path, create: false, readOnly: false, vfs: vfs) else { continue }
      // A later file under a higher epoch says which rows of an earlier one never counted.
      if let text = try? database.text("SELECT json FROM header").first,
        let header = try? JSONDecoder().decode(Segment.Header.self, from: Data(text.utf8))
      {
        result.highestEpoch = max(result.highestEpoch ?? 0, header.epoch)
        if rows.isEmpty { result.anchor = header.previousHash }
        let follows = header.follows?.sequence ?? 0
        rows = rows.filter { $0.key <= follows }
      }
      for entry in readable(database) {
        result.highestEpoch = max(result.highestEpoch ?? 0, entry.position.epoch)
        rows[entry.position.sequence] = entry
      }
      database.close()
    }
    result.entries = rows.values.sorted { $0.position.sequence < $1.position.sequence }
    keepWhatChains(&result)
    return result
  }

  /// In ranges, halved wherever one does not read, down to single rows.
  private func readable(_ database: Database) -> [JournalEntry] {
    func read(_ from: UInt64, _ through: UInt64) -> [JournalEntry] {
      if let rows = try? database.entries(
        "WHERE sequence >= ? AND sequence <= ? ORDER BY sequence", [Int64(from), Int64(through)])
      {
        return rows
      }
      guard from < through else { return [] }
      let middle = from + (through - from) / 2
      return read(from, middle) + read(middle + 1, through)
    }
    let first = (try? database.entries("ORDER BY sequence LIMIT 1", []))?.first?.position.sequence ?? 1
    // When the end cannot be asked for, look a generous way ahead: the halving costs little where nothing is.
    let last = (try? database.entries("ORDER BY sequence DESC LIMIT 1", []))?.first?.position.sequence ?? first + 1_048_575
    return read(first, last)
  }

  /// Keeps the rows whose hash follows from the row before. One that was altered, or whose predecessor cannot be read, proves nothing:
  /// it is left out and named, and stays in the damaged file.
  private func keepWhatChains(_ result: inout Result) {
    var kept: [JournalEntry] = []
    var before: JournalEntry?
    for entry in result.entries {
      let follows = before.map { $0.position.sequence + 1 == entry.position.sequence } ?? true
      let previous = before?.hash ?? result.anchor
      if follows, entry.hash == JournalChain.hash(previous: previous, position: entry.position, body: entry.body) {
        if let last = kept.last, entry.position.sequence > last.position.sequence + 1 {
          result.gaps.append(Segment.Gap(from: last.position.sequence + 1, through: entry.position.sequence - 1))
        }
        kept.append(entry)
      }
      before = entry
    }
    if let first = kept.first?.position.sequence, let lost = result.entries.first?.position.sequence, first > lost {
      result.gaps.insert(Segment.Gap(from: lost, through: first - 1), at: 0)
    }
    if let last = kept.last?.position.sequence, let lost = result.entries.last?.position.sequence, last < lost {
      result.gaps.append(Segment.Gap(from: last + 1, through: lost))
    }
    result.entries = kept
  }

  static func setAside(_ paths: [String]) {
    for path in paths {
      for ending in ["", "-wal", "-shm"] where FileManager.default.fileExists(atPath: path + ending) {
        rename(path + ending, path + ending + ".damaged")
      }
    }
  }
}
