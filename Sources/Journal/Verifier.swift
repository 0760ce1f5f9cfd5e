/// Something wrong with a journal: which file, and what.
public struct JournalProblem: Sendable, Equatable, CustomStringConvertible {
  public var path: String
  public var sequence: UInt64?
  public var text: String

  public var description: String { "\(path)\(sequence.map { " #\($0)" } ?? ""): \(text)" }
}

/// Walks the chain and says where it does not hold.
struct Verifier {
  let journal: SQLiteJournal

  init(_ journal: SQLiteJournal) {
    self.journal = journal
  }

  /// - Parameter start: entries up to here are taken as good (they were when the snapshot was made).
  func problems(after start: JournalPosition?) throws(JournalError) -> [JournalProblem] {
    var problems: [JournalProblem] = []
    var hash: [UInt8]?
    var sequence: UInt64?
    if let start {
      let anchor = try journal.entries(after: JournalPosition(epoch: 0, sequence: start.sequence &- 1), limit: 1).first
      if let anchor, anchor.position == start { (hash, sequence) = (anchor.hash, anchor.position.sequence) }
    }
    for (index, segment) in journal.files.enumerated() {
      let end = journal.limit(of: index)
      if let sequence, let end, sequence >= end { continue }
      if start == nil, let answer = try? segment.database.text("PRAGMA quick_check(3)"), answer != ["ok"] {
        problems.append(
          JournalProblem(path: segment.path, sequence: nil, text: "文件损坏 / file damaged: \(answer.joined(separator: "; "))"))
      }
      if let hash, hash != segment.header.previousHash, segment.header.gaps.isEmpty, sequence == segment.header.follows?.sequence
      {
        problems.append(JournalProblem(path: segment.path, sequence: nil, text: "与前一文件接不上 / does not follow the file before"))
      }
      let gaps = segment.header.gaps
      var previous = hash ?? segment.header.previousHash
      while true {
        let page: [JournalEntry]
        do throws(Database.Failure) { page = try segment.entries(after: sequence ?? 0, through: end, limit: 1000) } catch {
          throw .readFailed(path: segment.path, detail: error.detail)
        }
        if page.isEmpty { break }
        for entry in page {
          let afterGap = gaps.contains { $0.through == entry.position.sequence - 1 }
          if let sequence, entry.position.sequence != sequence + 1, !afterGap {
            let missing = "缺 \(sequence + 1) 至 \(entry.position.sequence - 1) / missing"
            problems.append(JournalProblem(path: segment.path, sequence: entry.position.sequence, text: missing))
          } else if !afterGap, entry.hash != JournalChain.hash(previous: previous, position: entry.position, body: entry.body) {
            problems.append(
              JournalProblem(path: segment.path, sequence: entry.position.sequence, text: "内容或散列被改动 / body or hash altered"))
          }
          previous = entry.hash
          sequence = entry.position.sequence
        }
      }
      hash = previous
    }
    return problems
  }
}
