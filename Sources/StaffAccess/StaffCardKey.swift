import Crypto
import DeviceVocabulary
import Foundation

/// The key under which the UIDs of staff cards are hashed, in a file of its own beside `staff.json`: whoever has one of the files alone learns no UID,
/// and the same card in another centre has another hash.
public struct StaffCardKey: Sendable {
  public static let fileName = "staff-cards.key"
  private static let length = 32
  private let key: SymmetricKey

  init(key: SymmetricKey) { self.key = key }

  static func path(besides staffFile: String) -> String {
    let folder = (staffFile as NSString).deletingLastPathComponent
    return folder.isEmpty ? fileName : folder + "/" + fileName
  }

  /// `nil` when there is no file: no card was ever given to anybody.
  public static func load(besides staffFile: String) throws(StaffError) -> StaffCardKey? {
    let path = path(besides: staffFile)
    var status = stat()
    guard stat(path, &status) == 0 else {
      if errno == ENOENT { return nil }
      throw .disk(path, String(cString: strerror(errno)))
    }
    if status.st_mode & 0o077 != 0 { throw .open(path, mode: Int(status.st_mode & 0o777)) }
    guard status.st_size == length, let bytes = FileManager.default.contents(atPath: path), bytes.count == length else {
      throw .damaged(path, "\(status.st_size) B, not \(length)")
    }
    return StaffCardKey(key: SymmetricKey(data: bytes))
  }

  public static func loadOrMake(besides staffFile: String) throws(StaffError) -> StaffCardKey {
    if let key = try load(besides: staffFile) { return key }
    let path = path(besides: staffFile)
    let fresh = SymmetricKey(size: .bits256)
    let file = Foundation.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw .disk(path, String(cString: strerror(errno))) }
    let written = fresh.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
    let isWhole = written == length && fsync(file) == 0
    let reason = String(cString: strerror(errno))
    close(file)
    guard isWhole else {
      unlink(path)
      throw .disk(path, reason)
    }
    return StaffCardKey(key: fresh)
  }

  /// Of a card's UID, in hexadecimal. Nothing of the UID is copied for it.
  public func hash(_ uid: SecretBuffer) -> StaffCardHash {
    var code = HMAC<SHA256>(key: key)
    code.update(data: Array("staff card ".utf8))
    uid.withSpan { bytes in
      for index in bytes.indices { withUnsafeBytes(of: bytes[index]) { code.update(data: $0) } }
    }
    return StaffCardHash(
      text: code.finalize().map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined())
  }
}

/// What is kept of a staff card.
public struct StaffCardHash: Sendable, Equatable {
  public var text: String
  public init(text: String) { self.text = text }
}

/// Why a card cannot be a staff card.
public enum StaffCardDefect: String, Sendable, CaseIterable, Error {
  /// It tells no number: a card with contacts, or a reader that does not ask.
  case noUID
  /// It makes up another number each time (ISO 14443-3: four bytes that begin with 08): phones and some bank cards.
  case randomUID
  /// It does not work.
  case unusable

  /// - Returns: `nil` for a UID that stays the same.
  static func of(_ uid: SecretBuffer?) -> StaffCardDefect? {
    guard let uid, !uid.isEmpty else { return .noUID }
    return uid.withSpan { $0.count == 4 && $0[0] == 0x08 } ? .randomUID : nil
  }
}

extension StaffCardDefect: CustomStringConvertible {
  public var description: String {
    switch self {
    case .noUID: "这张卡没有卡号,不能当工卡;请用非接触卡 / this card tells no number of its own: take one without contacts"
    case .randomUID:
      "这张卡每次的卡号都不一样(手机或银行卡),不能当工卡 / this card makes up another number each time, as phones and bank cards do: it cannot be a staff card"
    case .unusable: "这张卡没有回应 / this card does not answer"
    }
  }
}
