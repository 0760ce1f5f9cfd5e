import Foundation
import Testing

@testable import Journal

/// A folder of its own for one test, removed with the object.
final class JournalFixture {
  let folder: String
  static let november = JournalMonth(year: 2026, month: 11)
  static let december = JournalMonth(year: 2026, month: 12)

  init() {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("linli-journal-\(UUID().uuidString)").path
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  func open(
    vfs: String? = nil, month: JournalMonth? = november, ballast: Int = 0, _ change: (inout JournalOptions) -> Void = { _ in }
  ) throws -> SQLiteJournal {
    var options = JournalOptions()
    options.vfs = vfs
    options.ballastBytes = ballast
    change(&options)
    return try SQLiteJournal(folder: folder, month: month, options: options)
  }

  func files(_ ending: String = ".sqlite") throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(ending) }.sorted()
  }

  func path(_ file: String) -> String { "\(folder)/\(file)" }

  /// Flips bits of one byte.
  func damage(_ file: String, at offset: Int, with mask: UInt8 = 0xFF) throws {
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path(file)))
    guard offset < bytes.count else { return }
    bytes[bytes.startIndex + offset] ^= mask
    try bytes.write(to: URL(fileURLWithPath: path(file)))
  }
}

func body(_ number: Int, bytes: Int = 40) -> [UInt8] {
  let text = Array("{\"n\":\(number)}".utf8)
  return text + [UInt8](repeating: UInt8(truncatingIfNeeded: number &* 31), count: max(0, bytes - text.count))
}

func number(of body: [UInt8]) -> Int? {
  Int(String(decoding: body.dropFirst(5).prefix { $0 != UInt8(ascii: "}") }, as: UTF8.self))
}

extension SQLiteJournal {
  @discardableResult
  func write(_ numbers: some Sequence<Int>, urgent: Bool = true) throws -> [JournalEntry] {
    try append(numbers.map { body($0) }, urgent: urgent)
  }

  var numbers: [Int] {
    get throws { try entries(after: nil, limit: .max).compactMap { number(of: $0.body) } }
  }
}
