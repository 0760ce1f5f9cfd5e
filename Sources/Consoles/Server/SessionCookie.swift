import StaffAccess

/// A login's cookie, one for each page: cookies know no ports, and whoever logs in at one page must not take another's rights at the next.
struct SessionCookie: Sendable, Equatable {
  static let prefix = "linli-"

  var name: String
  /// Empty: the cookie is taken away.
  var token: String

  init(_ page: StaffPage, _ token: String) {
    name = Self.name(page)
    self.token = token
  }

  static func name(_ page: StaffPage) -> String { prefix + page.rawValue }
}
