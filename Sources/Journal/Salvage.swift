/// What was saved out of a damaged file.
public struct JournalSalvage: Sendable, Hashable, CustomStringConvertible {
  public var file: String
  /// The damaged file's new name; it is kept until its segment is dropped.
  public var keptAs: String
  public var copied: Int
  /// The losses, in order. Empty: only the file's structure was damaged.
  public var gaps: [JournalGap]

  public var description: String {
    let losses = gaps.map { "\($0)" }.joined(separator: ", ")
    return """
      \(file)：抢救 \(copied) 条，缺失 [\(losses)]，原文件保留为 \(keptAs) \
      / \(copied) entries salvaged, missing [\(losses)], damaged file kept as \(keptAs)
      """
  }
}

extension Archive {
  /// Copies every readable entry of a damaged segment, in order and with its identity, to a new file that takes the old one's
  /// name. The old file is kept. The caller begins a new epoch afterwards.
  func salvage(_ index: Int, proof: JournalHead?) throws(JournalError) -> JournalSalvage {
    let item = items[index]
    let declared = item.header == nil ? nil : try? segment(index).declaredCount()
    closeReading()
    let file = "\(item.name)"
    let entries = readable(in: item)
    let header = item.header ?? rebuiltHeader(index, from: entries)
    let kept = entries.filter { $0.position.epoch == header.epoch && $0.position >= header.first }
    let next = items.dropFirst(index + 1).first { $0.header != nil }?.header?.anchor
    let provenEnd = proof?.position.epoch == header.epoch ? proof : nil
    var gaps = Self.gaps(in: kept, header: header, end: next ?? provenEnd).filter { !item.gaps.contains($0) }
    let accounted = gaps.reduce(UInt64(kept.count)) { $0 &+ ($1.missing ?? 0) }
    if next == nil, let declared, declared > accounted, gaps.last?.before != nil || gaps.isEmpty {
      // Nothing follows that would prove the loss of the last entries, but the pages count more rows than could be read.
      gaps.append(JournalGap(after: kept.last?.position ?? header.anchor.position, before: nil))
    }
    do {
      let fresh = path(item.name) + JournalFolder.beingMade
      for part in ["", "-wal", "-shm", "-journal"] { try folder.disk.delete(fresh + part) }
      try Segment.create(at: fresh, vfs: vfs, header: header, gaps: item.gaps + gaps, entries: kept)
      try folder.disk.rename(file + JournalFolder.beingMade, to: file + JournalFolder.beingSalvaged, in: folder.path)
    } catch {
      throw reported(error, item.name, "salvage")
    }
    let keptAs = try folder.putSalvagedInPlace(of: file)
    replace(index, header: header, gaps: item.gaps + gaps)
    return JournalSalvage(file: file, keptAs: keptAs, copied: kept.count, gaps: gaps)
  }

  /// Self-verified rows, each position once, in order, those that never counted left out.
  private func readable(in item: Item) -> [StoredEntry] {
    let sorted = PageScan(path: path(item.name)).found.filter { $0.position.key <= item.ceiling }
      .sorted { $0.position < $1.position }
    var kept: [StoredEntry] = []
    for stored in sorted {
      guard let last = kept.last, last.position == stored.position else {
        kept.append(stored)
        continue
      }
      // Two whole rows for one place: one belongs to a transaction that was rolled back. The one that the chain needs stays.
      if kept.count > 1, last.previous != kept[kept.count - 2].entry.hash { kept[kept.count - 1] = stored }
    }
    return kept
  }

  /// A header for a file whose own is lost, from its entries and its neighbours.
  private func rebuiltHeader(_ index: Int, from entries: [StoredEntry]) -> SegmentHeader {
    let name = items[index].name
    var before = JournalHead.start
    if index > 0, let earlier = items[index - 1].header {
      before = earlier.anchor
      if let segment = try? segment(index - 1), let key = try? segment.lastKey(),
        case .whole(let stored)? = try? segment.rows(from: key, limit: 1).first
      {
        before = stored.entry.head
      }
      closeReading()
    }
    guard let first = entries.first else {
      return SegmentHeader(name: name, epoch: max(1, before.position.epoch), anchor: before, cause: .salvage)
    }
    // With the oldest file's header lost, the first entry that is left is the best anchor there is.
    let anchored = before != .start || first.position.sequence == 1
    let origin = JournalPosition(epoch: first.position.epoch, sequence: max(1, first.position.sequence) - 1)
    return SegmentHeader(
      name: name, epoch: first.position.epoch,
      anchor: anchored ? before : JournalHead(position: origin, hash: first.previous), cause: .salvage)
  }

  private static func gaps(in entries: [StoredEntry], header: SegmentHeader, end: JournalHead?) -> [JournalGap] {
    var gaps: [JournalGap] = []
    var head = header.anchor
    for stored in entries {
      if stored.previous != head.hash
        || (stored.position != header.first && stored.position.sequence != head.position.sequence &+ 1)
      {
        gaps.append(JournalGap(after: head.position, before: stored.position))
      }
      head = stored.entry.head
    }
    if let end, end.position > head.position { gaps.append(JournalGap(after: head.position, before: nil)) }
    return gaps
  }
}
