import Foundation

/// One file of the journal: a month, or a part of one when an epoch began in it. It starts with the hash that the one before ended with,
/// so that older files can be dropped and the chain still has its anchor.
final class Segment {
  let number: Int
  let path: String
  let header: Header
  let database: Database

  struct Header: Codable, Equatable {
    var station: String
    var month: String
    var epoch: UInt32
    /// Where this file goes on: rows of an older file past this position never counted (their fsync had failed).
    var follows: JournalPosition?
    var previousHash: [UInt8]
    /// After a salvage: sequences that could not be read, in words; the chain starts anew behind each.
    var gaps: [Gap]
  }

  struct Gap: Codable, Equatable {
    var from: UInt64
    var through: UInt64
  }

  static func fileName(number: Int, month: String) -> String { String(format: "journal-%05d-%@.sqlite", number, month) }

  /// Segments of a folder in order; names that are not ours are left alone.
  static func list(_ folder: String) -> [(number: Int, path: String)] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.compactMap { name in
      guard name.hasPrefix("journal-"), name.hasSuffix(".sqlite"), let number = Int(name.dropFirst(8).prefix(5)) else {
        return nil
      }
      return (number, folder + "/" + name)
    }.sorted { $0.number < $1.number }
  }

  static func create(folder: String, number: Int, header: Header, vfs: String?) throws(Database.Failure) -> Segment {
    let path = folder + "/" + fileName(number: number, month: header.month)
    let database = try Database(path: path, create: true, readOnly: false, vfs: vfs)
    let text = (try? JSONEncoder().encode(header)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    try database.execute(
      """
      BEGIN IMMEDIATE;
      CREATE TABLE header(json TEXT NOT NULL);
      CREATE TABLE entries(sequence INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, body BLOB NOT NULL, hash BLOB NOT NULL);
      INSERT INTO header VALUES ('\(text.replacingOccurrences(of: "'", with: "''"))');
      COMMIT
      """)
    return Segment(number: number, path: path, header: header, database: database)
  }

  static func open(number: Int, path: String, readOnly: Bool, vfs: String?) throws(Database.Failure) -> Segment {
    let database = try Database(path: path, create: false, readOnly: readOnly, vfs: vfs)
    guard let text = try database.text("SELECT json FROM header").first,
      let header = try? JSONDecoder().decode(Header.self, from: Data(text.utf8))
    else { throw Database.Failure(code: 11, detail: "header missing") }
    return Segment(number: number, path: path, header: header, database: database)
  }

  private init(number: Int, path: String, header: Header, database: Database) {
    self.number = number
    self.path = path
    self.header = header
    self.database = database
  }

  func entries(after sequence: UInt64?, through end: UInt64?, limit: Int) throws(Database.Failure) -> [JournalEntry] {
    try database.entries(
      "WHERE sequence > ? AND sequence <= ? ORDER BY sequence LIMIT ?",
      [Int64(bitPattern: sequence ?? 0), end.map { Int64(bitPattern: $0) } ?? .max, Int64(limit)])
  }

  func last(through end: UInt64?) throws(Database.Failure) -> JournalEntry? {
    try database.entries("WHERE sequence <= ? ORDER BY sequence DESC LIMIT 1", [end.map { Int64(bitPattern: $0) } ?? .max]).first
  }
}
