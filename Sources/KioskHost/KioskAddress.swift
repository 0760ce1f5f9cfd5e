/// The page of a terminal on this machine.
public struct KioskAddress: Sendable, Equatable {
  public let port: Int
  public let terminal: String

  public init(port: Int, terminal: String) {
    self.port = port
    self.terminal = terminal
  }

  /// `http://127.0.0.1:8466/kiosk/hall`; nothing else is opened, and nothing of another machine.
  public init(_ text: String) throws(KioskError) {
    guard let found = text.wholeMatch(of: #/http://(127\.0\.0\.1|localhost):(\d{1,5})/kiosk/([A-Za-z0-9_.-]{1,40})/?/#),
      let port = Int(found.2), (1...65535).contains(port)
    else { throw .notThisMachine(text) }
    self.init(port: port, terminal: String(found.3))
  }

  var host: String { "127.0.0.1:\(port)" }
  /// As an address has it: a terminal's name in the site file may be Chinese.
  var path: String {
    let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.".utf8)
    return "/kiosk/"
      + terminal.utf8.map { byte in
        let digits = String(byte, radix: 16, uppercase: true)
        return plain.contains(byte) ? String(UnicodeScalar(byte)) : "%" + (digits.count == 1 ? "0" : "") + digits
      }.joined()
  }
  public var page: String { "http://\(host)\(path)" }

  /// What one start of the browser is known by: other pages of the same terminal do not know it, so that they cannot speak for it.
  static func newMark() -> String { String(UInt64.random(in: .min ... .max), radix: 16) }

  /// - Parameter mark: in the part of an address that stays in the browser.
  func page(mark: String) -> String { "\(page)#\(mark)" }
}
