import DeviceKit

extension DC09Frame {
  /// A body's length is said in three hexadecimal digits.
  public static let longestBody = 0xFFF

  /// The bytes of this frame, from line feed to carriage return.
  ///
  /// - Parameter random: where the pad of an encrypted frame is drawn from.
  /// - Returns: `nil` when it is encrypted and there is no cipher, when a field holds what would end it (a bracket, a quote, a control
  ///   character or what is not ASCII), or when it is too long.
  public func encoded(_ cipher: (any DC09Cipher)? = nil, random: inout SeededRandom) -> [UInt8]? {
    let name = kind.word
    guard Self.isClean(name), content.extended.allSatisfy(Self.isClean), Self.isClean(content.data),
      (0...9999).contains(sequence),
      Self.isClean(line), Self.isClean(receiver ?? ""), Self.isClean(account ?? "")
    else { return nil }
    let number = String(sequence)
    var body = Array("\"\(isEncrypted ? "*" : "")\(name)\"".utf8)
    body += Array("\(String(repeating: "0", count: 4 - number.count))\(number)\(receiver.map { "R" + $0 } ?? "")L\(line)".utf8)
    body += Array("\(account.map { "#" + $0 } ?? "A0")[".utf8)
    let tail = content.extended.reduce("]") { $0 + "[\($1)]" } + (content.timestamp.map { "_\($0)" } ?? "")
    if isEncrypted {
      let clear = Array("|\(content.data)\(tail)".utf8)
      guard let cipher, let secret = cipher.encrypt(DC09Padding.pad(clear.count, &random) + clear) else { return nil }
      body += DC09Hex.digits(secret)
    } else {
      body += Array("\(content.data)\(tail)".utf8)
    }
    guard body.count <= Self.longestBody else { return nil }
    return [0x0A] + DC09Hex.digits(Int(dc09Checksum(body)), 4) + DC09Hex.digits(body.count, 4) + body + [0x0D]
  }

  /// What stands between line feed and carriage return.
  public static func decoded(_ bytes: [UInt8], _ cipher: (any DC09Cipher)? = nil) -> Result<DC09Frame, DC09Rejection> {
    do throws(DC09Rejection) {
      return .success(try read(bytes, cipher))
    } catch {
      return .failure(error)
    }
  }

  private static func isClean(_ text: String) -> Bool {
    text.utf8.allSatisfy { (32...126).contains($0) && $0 != 0x5B && $0 != 0x5D && $0 != 0x22 }
  }

  private static func read(_ bytes: [UInt8], _ cipher: (any DC09Cipher)?) throws(DC09Rejection) -> DC09Frame {
    guard bytes.count > 8 else { throw .tooShort }
    let body = Array(bytes[8...])
    guard let checksum = DC09Hex.number(bytes[..<4]), let length = DC09Hex.number(bytes[4..<8]) else { throw .badHead }
    guard checksum == Int(dc09Checksum(body)) else { throw .badChecksum }
    guard length == body.count else { throw .badLength }
    var rest = body[...]
    guard rest.popFirst() == 0x22, let quote = rest.firstIndex(of: 0x22) else { throw .badHead }
    var word = String(decoding: rest[..<quote], as: UTF8.self)
    rest = rest[(quote + 1)...]
    let isEncrypted = word.hasPrefix("*")
    if isEncrypted { word.removeFirst() }
    guard let bracket = rest.firstIndex(of: 0x5B), let head = head(rest[..<bracket]) else { throw .badHead }
    let inside = Array(rest[(bracket + 1)...])
    return DC09Frame(
      kind: DC09Kind(word: word), sequence: head.sequence, receiver: head.receiver, line: head.line, account: head.account,
      isEncrypted: isEncrypted, content: try isEncrypted ? opened(inside, cipher) : content(inside[...]))
  }

  /// `0001R0L0#1234`. Also `0003NoneL0#1234`, as a receiver was met that says so of a receiver number that was not sent, `0000R0L0A0`
  /// where there is no account, and an account without `#`.
  private static func head(_ bytes: ArraySlice<UInt8>)
    -> (sequence: Int, receiver: String?, line: String, account: String?)?
  {
    guard bytes.count >= 6 else { return nil }
    var sequence = 0
    for digit in bytes.prefix(4) {
      guard (48...57).contains(digit) else { return nil }
      sequence = sequence * 10 + Int(digit - 48)
    }
    guard let prefix = bytes.dropFirst(4).firstIndex(of: 0x4C) else { return nil }
    let before = bytes[(bytes.startIndex + 4)..<prefix]
    let receiver = before.first == 0x52 ? String(decoding: before.dropFirst(), as: UTF8.self) : nil
    let after = bytes[(prefix + 1)...]
    // Without `#` nobody can tell where the line ends and the account begins; a line of one digit is the usual one.
    let mark = after.firstIndex(of: 0x23)
    let end = mark ?? after.dropFirst().startIndex
    guard !after.isEmpty, (1...6).contains(end - after.startIndex), after[..<end].allSatisfy({ DC09Hex.value($0) != nil }) else {
      return nil
    }
    var account = after[end...]
    if mark != nil { account = account.dropFirst() }
    guard account.count <= 16 else { return nil }
    let name = String(decoding: account, as: UTF8.self)
    return (
      sequence, receiver, String(decoding: after[..<end], as: UTF8.self),
      name.isEmpty || mark == nil && name == "A0" ? nil : name
    )
  }

  private static func opened(_ digits: [UInt8], _ cipher: (any DC09Cipher)?) throws(DC09Rejection) -> DC09Content {
    guard let cipher, let secret = DC09Hex.bytes(digits), !secret.isEmpty, let clear = cipher.decrypt(secret) else {
      throw .unreadable
    }
    // The pad ends at the bar; some leave the bar out where there is no data (README.md, "Encryption").
    guard let end = clear.firstIndex(where: { $0 == 0x7C || $0 == 0x5D }) else { throw .unreadable }
    do {
      return try content(clear[(clear[end] == 0x7C ? end + 1 : end)...])
    } catch {
      // A wrong key gives bytes, too; only that they make no sense tells.
      throw .unreadable
    }
  }

  /// `data][H…]_timestamp`, from behind the first bracket.
  private static func content(_ bytes: ArraySlice<UInt8>) throws(DC09Rejection) -> DC09Content {
    guard bytes.allSatisfy({ (32...126).contains($0) }), let end = bytes.firstIndex(of: 0x5D) else { throw .badContent }
    var content = DC09Content(data: String(decoding: bytes[..<end], as: UTF8.self))
    var rest = bytes[(end + 1)...]
    while rest.first == 0x5B {
      guard let end = rest.firstIndex(of: 0x5D) else { throw .badContent }
      content.extended.append(String(decoding: rest[(rest.startIndex + 1)..<end], as: UTF8.self))
      rest = rest[(end + 1)...]
    }
    if rest.isEmpty { return content }
    guard rest.first == 0x5F, let timestamp = DC09Timestamp(String(decoding: rest.dropFirst(), as: UTF8.self)) else {
      throw .badContent
    }
    content.timestamp = timestamp
    return content
  }
}
