import Foundation
import StaffAccess
import Station
import StationRuntime

/// Who opens, at the terminal: asks him, and has every opening written down, by the running station or by this program.
final class SealOpener {
  private let say: (String, _ timeoutSeconds: Int) throws -> String
  private var token: String?
  /// Reads cards where no station runs.
  private var reader: SmartCardReader?

  init(_ site: SiteArgument, _ folder: SealedFolder) {
    let socket = Socket.station(site.site)
    if ControlSocket.isServed(socket) {
      say = { line, seconds in try ControlSocket.ask(socket, line, timeoutSeconds: seconds) }
      return
    }
    let journal = folder.journalFolder
    let write: @Sendable (AccessNote, String) -> String? = { note, _ in
      do { try SealAudit.write(note, journalFolder: journal) } catch { return "\(error)" }
      return nil
    }
    let door = StaffDoor(path: site.path(StaffBook.fileName)) { _ = write(AccessNote($0), "") }
    if let plan = folder.site.staffReader { reader = try? SmartCardReader(plan: plan, log: { _ in }) { door.cards.heard($0) } }
    let desk = SealDesk(door: door, posts: { folder.posts(of: $0) }, write: write)
    say = { line, _ in desk.say(line) ?? "" }
  }

  deinit {
    if let token { _ = try? say(SealDesk.logout + token, 10) }
    reader?.shutDown()
  }

  /// - Parameter id: whose PIN is asked for; `nil`: by card.
  func logIn(_ id: String?, post: String, of: String) throws {
    let pin = try id.map { try PINPrompt.read("\($0) 的密码 / PIN of \($0): ") }
    if id == nil { PINPrompt.tell("请把工卡放在读卡器上 / lay your staff card on the reader (\(StaffCard.seconds) s)") }
    let login = SealDesk.Login(id: id, pin: pin, post: post, of: of)
    let said = try ask(SealDesk.login, login, seconds: id == nil ? StaffCard.seconds + 10 : 30)
    guard said.hasPrefix(SealDesk.token) else { throw Failure(Self.withoutMark(said)) }
    token = String(said.dropFirst(SealDesk.token.count))
  }

  /// - Throws: when it is not on the disk that this was opened.
  func write(_ audit: SealAudit) throws {
    var audit = audit
    audit.token = token
    let said = try ask(SealDesk.opening, audit, seconds: 10)
    guard said == SealDesk.written else {
      let why = Self.withoutMark(said)
      throw Failure(
        "打开个人信息要先写进日志,现在没有写进,所以没有打开: \(why) / nothing was opened, because the entry that must stand before it was not written: \(why)"
      )
    }
  }

  private func ask(_ verb: String, _ value: some Encodable, seconds: Int) throws -> String {
    let line = verb + String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
    return try say(line, seconds).trimmingCharacters(in: .newlines)
  }

  private static func withoutMark(_ said: String) -> String {
    said.hasPrefix(DeskControl.failure) ? String(said.dropFirst(DeskControl.failure.count)) : said
  }
}

/// What is typed without being shown.
enum PINPrompt {
  /// One line of standard input when that is no terminal.
  static func read(_ prompt: String) throws -> String {
    guard isatty(STDIN_FILENO) == 1 else { return readLine(strippingNewline: true) ?? "" }
    guard let text = getpass(prompt) else { throw Failure("读不了密码 / the PIN cannot be read") }
    defer { explicit_bzero(text, strlen(text)) }
    return String(cString: text)
  }

  /// Not on standard output: what is opened goes there.
  static func tell(_ words: String) { FileHandle.standardError.write(Data((words + "\n").utf8)) }
}
