import Foundation
import NIOConcurrencyHelpers
import StaffAccess

/// Accounts in a folder of their own, all with one PIN, and a clock that a test moves.
final class TestStaff: Sendable {
  typealias Account = (id: String, roles: [Role], posts: [String])

  let path: String
  let door: StaffDoor
  private let noted = NIOLockedValueBox<[StaffDoor.Note]>([])
  private let clock = NIOLockedValueBox(Duration.zero)

  static let pin = "739164"

  /// - Parameter accounts: none, and there is no file.
  init(_ accounts: [Account]) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("linli-staff-\(UUID().uuidString)").path
    path = folder + "/staff.json"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var book = StaffBook()
    for account in accounts {
      book.put(StaffAccount(id: account.id, roles: account.roles, posts: account.posts, pin: try PinHash(Self.pin, rounds: 16)))
    }
    if !accounts.isEmpty { try book.save(path) }
    let (noted, clock) = (noted, clock)
    door = StaffDoor(path: path, clock: { clock.withLockedValue { $0 } }, pause: {}, rounds: 16) { note in
      noted.withLockedValue { $0.append(note) }
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: URL(fileURLWithPath: path).deletingLastPathComponent().path) }

  var notes: [StaffDoor.Note] { noted.withLockedValue { $0 } }
  /// `c07 /api/desk`: who wanted what without the right.
  var denied: [String] { notes.compactMap { if case .denied(let staff, let what) = $0 { "\(staff) \(what)" } else { nil } } }
  /// Since the beginning.
  var passed: Duration { clock.withLockedValue { $0 } }

  func pass(_ time: Duration) { clock.withLockedValue { $0 += time } }
  func logIn(_ id: String) throws -> String { try door.logIn(id: id, pin: Self.pin).get().token }
}
