import Foundation

/// Why the sender cannot be set up; the text names the file and says what is accepted, never what stands in it.
public struct ReceiverError: Error, Sendable, Equatable, CustomStringConvertible {
  public var file: String
  public var chinese: String
  public var english: String

  public var description: String { "\(file): \(chinese) / \(english)" }
}

/// The file with the key that the alarm receiving centre has given: one line, 32, 48 or 64 hexadecimal digits (AES-128, -192, -256), or
/// `text:` and 16, 24 or 32 ASCII characters whose codes are the key, as some receivers have it.
public enum KeyFile {
  private static let longestBytes = 256

  /// - Throws: the file is missing, can be read by everybody, or holds no key.
  public static func cipher(_ path: String) throws(ReceiverError) -> AESCipher {
    var status = stat()
    guard stat(path, &status) == 0 else { throw refused(path, "没有这个密钥文件", "there is no such key file") }
    guard status.st_mode & S_IFMT == S_IFREG, status.st_size <= longestBytes else {
      throw refused(path, "这不是密钥文件", "this is no key file")
    }
    guard status.st_mode & 0o007 == 0 else {
      throw refused(path, "任何人都能读这个密钥文件,请执行 chmod 600", "everybody can read this key file: chmod 600")
    }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw refused(path, "读不了这个密钥文件", "this key file cannot be read")
    }
    let line = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    guard let key = key(line), let cipher = AESCipher(key: key) else {
      throw refused(
        path, "应为一行 32、48 或 64 位十六进制数字,或 text: 加 16、24 或 32 个 ASCII 字符",
        "must be one line of 32, 48 or 64 hexadecimal digits, or text: and 16, 24 or 32 ASCII characters")
    }
    return cipher
  }

  static func key(_ line: String) -> [UInt8]? {
    let marker = "text:"
    if line.hasPrefix(marker) {
      let bytes = Array(line.utf8.dropFirst(marker.utf8.count))
      return bytes.allSatisfy { (32...126).contains($0) } ? bytes : nil
    }
    let digits = Array(line)
    guard digits.count % 2 == 0 else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let high = digits[index].hexDigitValue, let low = digits[index + 1].hexDigitValue else { return nil }
      bytes.append(UInt8(high << 4 | low))
    }
    return bytes
  }

  private static func refused(_ path: String, _ chinese: String, _ english: String) -> ReceiverError {
    ReceiverError(file: path, chinese: chinese, english: english)
  }
}
