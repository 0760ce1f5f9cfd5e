import Foundation

/// `staff.json`: the accounts.
public struct StaffBook: Sendable, Equatable, Codable {
  public var accounts: [StaffAccount] = []

  public init() {}

  public func account(_ id: String) -> StaffAccount? { accounts.first { $0.id == id } }

  public func account(_ card: StaffCardHash) -> StaffAccount? {
    card.text.isEmpty ? nil : accounts.first { $0.card == card.text }
  }

  /// Adds an account, or replaces the one with its id.
  public mutating func put(_ account: StaffAccount) {
    accounts.removeAll { $0.id == account.id }
    accounts.append(account)
    accounts.sort { $0.id < $1.id }
  }

  // MARK: - The file

  public static let fileName = "staff.json"
  private static let largestBytes = 1 << 20

  /// An empty book when there is no file.
  public static func load(_ path: String) throws(StaffError) -> StaffBook {
    var status = stat()
    guard stat(path, &status) == 0 else {
      if errno == ENOENT { return StaffBook() }
      throw .disk(path, String(cString: strerror(errno)))
    }
    guard status.st_size <= largestBytes else { throw .damaged(path, "\(status.st_size) B") }
    if status.st_mode & 0o077 != 0 { throw .open(path, mode: Int(status.st_mode & 0o777)) }
    guard let bytes = FileManager.default.contents(atPath: path) else { throw .disk(path, String(cString: strerror(errno))) }
    do {
      let book = try JSONDecoder().decode(StaffBook.self, from: bytes)
      guard Set(book.accounts.map(\.id)).count == book.accounts.count else {
        throw StaffError.damaged(path, "an id stands twice")
      }
      return book
    } catch {
      throw .damaged(path, "\(error)")
    }
  }

  /// Whole or not at all: written beside its place, synced, and renamed.
  public func save(_ path: String) throws(StaffError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    guard let bytes = try? encoder.encode(self) else { throw .damaged(path, "cannot be encoded") }
    let fresh = path + ".new"
    unlink(fresh)
    let file = Foundation.open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw .disk(fresh, String(cString: strerror(errno))) }
    let written = bytes.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
    let isWhole = written == bytes.count && fsync(file) == 0
    let reason = String(cString: strerror(errno))
    close(file)
    guard isWhole, rename(fresh, path) == 0 else {
      unlink(fresh)
      throw .disk(path, reason)
    }
  }
}

public enum StaffError: Error, Equatable, CustomStringConvertible {
  case disk(String, String)
  case damaged(String, String)
  /// Others may read the file.
  case open(String, mode: Int)

  public var description: String {
    switch self {
    case .disk(let path, let reason): "员工文件 \(path) 读写不了: \(reason) / the staff file cannot be read or written: \(reason)"
    case .damaged(let path, let reason):
      "员工文件 \(path) 内容不对,请从备份恢复或用 linli staff 重建: \(reason) / the staff file is damaged; restore it or make it anew: \(reason)"
    case .open(let path, let mode):
      "员工文件 \(path) 别人也能读 (\(String(mode, radix: 8)));请执行 chmod 600 / others may read the staff file; run chmod 600"
    }
  }
}
