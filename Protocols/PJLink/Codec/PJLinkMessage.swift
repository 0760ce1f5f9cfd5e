/// `%<class><CMD4> <parameter>`, with what proves the password in front of the first one of a connection.
public struct PJLinkCommand: Sendable, Equatable {
  /// 32 hexadecimal digits.
  public var digest: [UInt8]
  public var level: UInt8
  /// Four letters, upper case.
  public var name: String
  public var parameter: String

  public init(_ name: String, _ parameter: String = "?", level: UInt8 = 1, digest: [UInt8] = []) {
    self.digest = digest
    self.level = level
    self.name = name
    self.parameter = parameter
  }

  public var isQuery: Bool { parameter.hasPrefix("?") }

  public var bytes: [UInt8] { digest + Array("%\(level)\(name) \(parameter)".utf8) + [PJLinkText.end] }

  /// - Parameter line: without its end.
  public init?(line: [UInt8]) {
    var rest = line[...]
    if rest.first != UInt8(ascii: "%"), rest.count > 32, rest.prefix(32).allSatisfy(PJLinkText.isHexDigit) {
      digest = Array(rest.prefix(32))
      rest = rest.dropFirst(32)
    } else {
      digest = []
    }
    guard let head = PJLinkText.head(rest), head.rest.first == UInt8(ascii: " ") else { return nil }
    level = head.level
    name = head.name
    parameter = String(decoding: head.rest.dropFirst(), as: UTF8.self)
  }
}

/// `%<class><CMD4>=<value>`.
public struct PJLinkReply: Sendable, Equatable {
  public var level: UInt8
  public var name: String
  public var value: String

  public init(_ name: String, _ value: String, level: UInt8 = 1) {
    self.level = level
    self.name = name
    self.value = value
  }

  public var bytes: [UInt8] { Array("%\(level)\(name)=\(value)".utf8) + [PJLinkText.end] }

  public init?(line: [UInt8]) {
    guard let head = PJLinkText.head(line[...]), head.rest.first == UInt8(ascii: "=") else { return nil }
    level = head.level
    name = head.name
    value = String(decoding: head.rest.dropFirst(), as: UTF8.self)
  }

  public var error: PJLinkError? { PJLinkError(rawValue: value.uppercased()) }
  public var isOK: Bool { value.uppercased() == "OK" }
}

public enum PJLinkError: String, Sendable, Equatable {
  /// Not known, or no such part fitted.
  case undefined = "ERR1"
  case outOfRange = "ERR2"
  /// Not now: it warms up, cools down, or is off.
  case unavailable = "ERR3"
  case failure = "ERR4"
}

/// What a projector says before it is asked, and instead of an answer to a wrong digest.
public enum PJLinkGreeting: Sendable, Equatable {
  case open
  case protected(salt: [UInt8])
  case refused

  public init?(line: [UInt8]) {
    let words = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: true)
    guard words.count >= 2, String(decoding: words[0], as: UTF8.self).uppercased() == "PJLINK" else { return nil }
    switch String(decoding: words[1], as: UTF8.self).uppercased() {
    case "0": self = .open
    case "1":
      guard words.count == 3 else { return nil }
      self = .protected(salt: Array(words[2]))
    case "ERRA": self = .refused
    default: return nil
    }
  }

  public var bytes: [UInt8] {
    switch self {
    case .open: Array("PJLINK 0".utf8) + [PJLinkText.end]
    case .protected(let salt): Array("PJLINK 1 ".utf8) + salt + [PJLinkText.end]
    case .refused: Array("PJLINK ERRA".utf8) + [PJLinkText.end]
    }
  }

  /// What stands in front of the first command of the connection: 32 digits, lower case.
  public static func digest(salt: [UInt8], password: String, md5: ([UInt8]) -> [UInt8]) -> [UInt8] {
    let digits = Array("0123456789abcdef".utf8)
    return md5(salt + Array(password.utf8)).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
  }
}

enum PJLinkText {
  static let end: UInt8 = 0x0D

  static func isHexDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"): true
    default: false
    }
  }

  static func head(_ line: ArraySlice<UInt8>) -> (level: UInt8, name: String, rest: ArraySlice<UInt8>)? {
    let bytes = Array(line.prefix(6))
    guard bytes.count == 6, bytes[0] == UInt8(ascii: "%"), (0x31...0x39).contains(bytes[1]) else { return nil }
    let name = String(decoding: bytes[2...], as: UTF8.self).uppercased()
    guard name.utf8.count == 4, name.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) }) else {
      return nil
    }
    return (bytes[1] - 0x30, name, line.dropFirst(6))
  }
}
