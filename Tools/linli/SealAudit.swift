import DeviceKit
import DeviceVocabulary
import Foundation
import Journal
import Station
import StationRuntime
import Transports

/// The journal entry that stands before every opening of sealed data from the command line: by the running station, which has the journal,
/// or by hand when it does not run. Where it cannot be written nothing is opened.
struct SealAudit: Codable {
  var opening: SecretOpening
  var of: String
  var post: String
  var reason: String

  var action: DeskRequest.Action { .opening(note) }
  private var note: AccessNote { .opened(opening, of: of, post: post, staff: nil, reason: reason) }

  private static let verb = "sealed-opening "
  private static let written = "written"

  /// Who tells the running station; `nil`: the line says something else.
  static func say(_ line: String, submit: (SealAudit) -> DeskAnswer) -> String? {
    guard line.hasPrefix(verb) else { return nil }
    guard let audit = try? JSONDecoder().decode(SealAudit.self, from: Data(line.dropFirst(verb.count).utf8)), audit.isPlain else {
      return DeskControl.failure + "?\n"
    }
    let answer = submit(audit)
    return (answer == .done ? written : DeskControl.text(answer)) + "\n"
  }

  /// It goes into the journal and onto terminals.
  var isPlain: Bool {
    [of, post, reason, opening.what].allSatisfy { text in
      text.utf8.count <= 1000 && text.unicodeScalars.allSatisfy(\.isPlainText)
    }
  }

  /// - Throws: when it is not on the disk.
  func write(site: SiteArgument, journalFolder: String) throws {
    let socket = Socket.station(site.site)
    if ControlSocket.isServed(socket) {
      let line = Self.verb + String(decoding: try JSONEncoder().encode(self), as: UTF8.self)
      let said = try ControlSocket.ask(socket, line, timeoutSeconds: 10).trimmingCharacters(in: .newlines)
      guard said == Self.written else { throw Self.refused(said) }
      return
    }
    do {
      let time = WallTime.now()
      let entry = Entry(
        time: EntryTime(
          wallMilliseconds: time.microsecondsSince1970 / 1000, synchronised: time.isSynchronised,
          boot: BootIdentity.current() ?? "unknown", monotonic: MonotonicClock.now()), change: .access(note))
      let journal = try SQLiteJournal(folder: journalFolder, month: nil, options: JournalOptions())
      defer { journal.close() }
      _ = try journal.append([try EntryCoder().encode(entry)], urgent: false)
    } catch {
      throw Self.refused("\(error)")
    }
  }

  private static func refused(_ why: String) -> Failure {
    Failure(
      "打开个人信息要先写进日志,现在写不进,所以没有打开: \(why) / nothing was opened, because the journal does not take the entry that must stand before it: \(why)"
    )
  }
}
