/// What is not writing: reading, snapshots, months, space, retention.
extension SQLiteJournal {
  public func entries(after position: JournalPosition?, limit: Int) throws(JournalError) -> [JournalEntry] {
    try archive.entries(after: position, limit: max(0, limit))
  }

  public func saveSnapshot(_ snapshot: JournalSnapshot) throws(JournalError) {
    // What room is left belongs to the calls.
    guard condition.state != .diskFull else { throw .diskFull(callsStillFit: true) }
    try snapshots.save(snapshot)
  }

  public func latestSnapshot(foldVersion: UInt32) -> JournalSnapshot? {
    guard let snapshot = snapshots.load(), snapshot.foldVersion == foldVersion, archive.holds(snapshot.head) else { return nil }
    return snapshot
  }

  /// Turns to a new month's file, moves the write-ahead file's pages, makes the ballast again when space has returned.
  public func maintain(month wall: JournalMonth?) throws(JournalError) {
    refillBallast()
    if let wall, wall > month, archive.current != nil, condition.state != .diskFull {
      let before = month
      month = wall
      do {
        try begin(epoch: archive.items.last?.header?.epoch ?? nextEpoch(), cause: .month)
      } catch {
        month = before
        throw error
      }
    }
    if let current = archive.current, current.pagesAhead >= options.checkpointPages { checkpoint() }
  }

  /// Makes the ballast where it is missing: a missing ballast is what tells a later start that the disk was full.
  func refillBallast() {
    guard !ballast.isThere else {
      if condition.state == .diskFull { condition.state = .healthy }
      return
    }
    do {
      try ballast.make()
      if condition.state == .diskFull { condition.state = .healthy }
    } catch  where error.kind == .full {
      if condition.state == .healthy {
        condition.note(JournalFault(kind: .diskFull, file: Ballast.file, position: last.position, detail: error.detail))
        condition.state = .diskFull
      }
    } catch {
      // The disk may be fine for entries; only the reserve is missing, and it is tried again with the next upkeep.
      if !condition.faults.contains(where: { $0.kind == .ballastMissing }) {
        condition.note(JournalFault(kind: .ballastMissing, file: Ballast.file, position: last.position, detail: error.detail))
      }
    }
  }

  /// Ends the epoch although the file is sound: the journal was restored from a copy, and the parent may know more than it.
  /// No call counts as delivered before it is done, so a full disk makes room for it.
  public func beginEpoch(above epoch: UInt32 = 0) throws(JournalError) {
    try beginAnew(epoch: max(nextEpoch(), epoch &+ 1), cause: .restored, urgent: true)
  }

  public func segments() -> [JournalSegment] { archive.summary() }

  /// Verifies the whole journal.
  ///
  /// - Parameter progress: called after every 512 entries at the most; false stops.
  public func verify(progress: ((JournalVerification.Progress) -> Bool)? = nil) -> JournalVerification {
    archive.verifyWhole(progress: progress)
  }

  public var isAtMonthStart: Bool {
    archive.current.map { $0.header.cause == .month && $0.header.anchor == last } ?? false
  }

  public func holds(_ head: JournalHead) -> Bool { archive.holds(head) }

  /// Drops the oldest files, as many as may go: all their entries are at or before `position` (what the parent has), their month is before
  /// `kept`, and the file that follows may be the first. The file that is written always stays. The anchor stays in the file that follows.
  ///
  /// - Parameter mayBegin: asked with the end of what would be dropped: whether a fold may begin behind it.
  /// - Returns: the names of the dropped files, damaged copies included: their content's time has run out too.
  public func dropSegments(
    through position: JournalPosition, before kept: JournalMonth, mayBegin: (JournalHead) -> Bool
  ) throws(JournalError) -> [String] {
    var count = 0
    let items = archive.items
    for (index, item) in items.enumerated().dropLast() {
      guard item.lastMonth(before: items[index + 1]) < kept, let next = items[index + 1].header, next.anchor.position <= position,
        // What stands before is not what the parent has under these numbers, and it may be nowhere else.
        next.cause != .restored
      else { break }
      if mayBegin(next.anchor) { count = index + 1 }
    }
    guard count > 0 else { return [] }
    archive.closeReading()
    var dropped: [String] = []
    let all = try folder.files()
    for item in items.prefix(count) {
      let name = "\(item.name)"
      // The segment itself goes last: what is left of an interrupted drop is still found by its name.
      let belongings = all.filter { $0.hasPrefix(name) && $0 != name } + [name]
      for file in belongings {
        do {
          try folder.disk.delete("\(folder.path)/\(file)")
        } catch {
          throw archive.reported(error, item.name, "drop")
        }
        if !file.hasSuffix("-wal") && !file.hasSuffix("-shm") { dropped.append(file) }
      }
      archive.forgetItems(1)
    }
    return dropped
  }
}

extension Archive.Item {
  /// A file that was begun before the clock could be trusted may reach into the month of the next one.
  fileprivate func lastMonth(before next: Archive.Item) -> JournalMonth {
    name.month == .unknown ? next.name.month : name.month
  }
}
