/// What a verification found. Nothing in it is repaired by looking.
public struct JournalVerification: Sendable, Hashable {
  public struct Finding: Sendable, Hashable, CustomStringConvertible {
    public var file: String
    /// Where; nil: the file as a whole.
    public var position: JournalPosition?
    public var problem: JournalProblem

    public var description: String {
      let place = position.map { " \($0)" } ?? ""
      return "\(file)\(place)：\(problem.chinese) / \(problem.english)"
    }
  }

  /// How far a verification has come.
  public struct Progress: Sendable, Hashable {
    public var file: String
    public var fileNumber: Int
    public var files: Int
    public var entries: Int
  }

  public var files = 0
  public var entries = 0
  /// In the order of the chain.
  public var findings: [Finding] = []
  /// Losses of former damages, known since their salvage.
  public var knownGaps: [JournalGap] = []
  /// Rows of transactions that failed: in the file, never counted, never reported to anybody.
  public var voidRows = 0

  public var isSound: Bool { findings.isEmpty }
}

extension Archive {
  /// Walks the chain from `start` (nil: from the oldest) to its end.
  ///
  /// - Parameters:
  ///   - structure: also lets SQLite look over each file's structure, which reads it once more.
  ///   - progress: called after every 512 entries at the most; false stops, and what was found until then is returned.
  func verify(
    from start: JournalHead?, structure: Bool, progress: ((JournalVerification.Progress) -> Bool)? = nil
  ) -> JournalVerification {
    var report = JournalVerification()
    var walk = ChainWalk(from: nil)
    let first = index(after: start?.position)
    for index in items.indices.dropFirst(first) {
      let item = items[index]
      report.files += 1
      report.knownGaps += item.gaps
      if index > first, item.name.number > items[index - 1].name.number + 1 {
        let missing = JournalProblem.filesMissing(first: items[index - 1].name.number + 1, last: item.name.number - 1)
        report.note(item.name, nil, missing)
      }
      guard let header = item.header, let segment = try? segment(index) else {
        report.note(item.name, nil, item.detail.isEmpty ? .headerAltered : .unreadable(detail: item.detail))
        walk.lose()
        continue
      }
      if let problem = walk.enter(header, after: index > first ? items[index - 1].gaps : []) {
        report.note(item.name, header.anchor.position, problem)
      }
      var key = Int64.min
      if index == first, let start, start.position > header.anchor.position {
        key = start.position.key
        walk.lose()
      }
      let number = report.files
      let stopped = verify(segment, from: key, walk: &walk, into: &report) { entries in
        progress?(.init(file: segment.file, fileNumber: number, files: items.count - first, entries: entries)) ?? true
      }
      if stopped { return report }
      if structure { report.noteStructure(of: segment) }
    }
    return report
  }

  /// True when the progress callback wants no more.
  private func verify(
    _ segment: Segment, from start: Int64, walk: inout ChainWalk, into report: inout JournalVerification,
    goOn: (Int) -> Bool
  ) -> Bool {
    var key = start
    while true {
      let rows: [SegmentRow]
      do {
        rows = try segment.rows(from: key, limit: 512)
      } catch {
        report.note(segment.header.name, walk.head?.position, .unreadable(detail: error.detail))
        walk.lose()
        return false
      }
      for row in rows {
        switch row {
        case .altered(let altered):
          report.note(segment.header.name, JournalPosition(key: altered), .contentAltered)
          walk.lose()
          key = altered
        case .whole(let stored):
          report.entries += 1
          if let problem = walk.accept(stored, in: segment.header, gaps: segment.gaps) {
            report.note(segment.header.name, stored.position, problem)
          }
          key = stored.position.key
        }
      }
      if !goOn(report.entries) { return true }
      guard rows.count == 512, key < .max else { return false }
      key += 1
    }
  }
}

extension JournalVerification {
  mutating func note(_ name: SegmentName, _ position: JournalPosition?, _ problem: JournalProblem) {
    findings.append(Finding(file: "\(name)", position: position, problem: problem))
  }

  fileprivate mutating func noteStructure(of segment: Segment) {
    do {
      voidRows += try segment.voidCount()
      if let problem = try segment.structureProblem() { note(segment.header.name, nil, .structureDamaged(detail: problem)) }
    } catch {
      note(segment.header.name, nil, .structureDamaged(detail: error.detail))
    }
  }
}
