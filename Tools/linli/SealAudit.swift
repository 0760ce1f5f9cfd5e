import DeviceKit
import DeviceVocabulary
import Foundation
import Journal
import Station
import StationRuntime
import Transports

/// The journal entry that stands before every opening of sealed data from the command line.
struct SealAudit: Codable {
  var opening: SecretOpening
  var of: String
  var post: String
  var reason: String
  /// What the login answered; `nil` where nobody has an account.
  var token: String?

  func note(staff: String?) -> AccessNote { .opened(opening, of: of, post: post, staff: staff, reason: reason) }

  /// It goes into the journal and onto terminals.
  var isPlain: Bool {
    [of, post, reason, opening.what].allSatisfy { text in
      text.utf8.count <= 1000 && text.unicodeScalars.allSatisfy(\.isPlainText)
    }
  }

  /// By hand, when the station does not run.
  ///
  /// - Throws: when it is not on the disk.
  static func write(_ note: AccessNote, journalFolder: String) throws {
    let time = WallTime.now()
    let entry = Entry(
      time: EntryTime(
        wallMilliseconds: time.microsecondsSince1970 / 1000, synchronised: time.isSynchronised,
        boot: BootIdentity.current() ?? "unknown", monotonic: MonotonicClock.now()), change: .access(note))
    let journal = try SQLiteJournal(folder: journalFolder, month: nil, options: JournalOptions())
    defer { journal.close() }
    _ = try journal.append([try EntryCoder().encode(entry)], urgent: false)
  }
}
