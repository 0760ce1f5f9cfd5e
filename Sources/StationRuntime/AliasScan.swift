/// Looks for YAML aliases (`*name`) before the text is read.
///
/// An alias stands for a copy. A dozen lines that refer to each other can stand for more than a machine holds, and the parser takes such a
/// copy whole where it is a key. A site file needs none; so many as are accepted cannot grow to more than a few hundred copies.
enum AliasScan {
  static let limit = 16

  /// The line of the first alias beyond the limit, counted from 1.
  ///
  /// What is quoted or a comment does not count. In a block of free text a word with a star before it may count wrongly, which costs
  /// nothing below the limit.
  static func lineBeyondLimit(_ text: String) -> Int? {
    var line = 1
    var found = 0
    var quote: UInt8?
    var isComment = false
    // Whether a value may begin here: only there a star or a quotation mark means something.
    var mayBegin = true
    var before = UInt8(ascii: "\n")
    var bytes = text.utf8.makeIterator()
    var next = bytes.next()
    while let byte = next {
      next = bytes.next()
      defer { before = byte }
      if byte == UInt8(ascii: "\n") {
        line += 1
        isComment = false
        if quote == nil { mayBegin = true }
        continue
      }
      if let open = quote {
        if byte == UInt8(ascii: "\\"), open == UInt8(ascii: "\"") {
          next = bytes.next()
        } else if byte == open {
          quote = nil
        }
        continue
      }
      guard !isComment else { continue }
      switch byte {
      case UInt8(ascii: " "), UInt8(ascii: "\t"): continue
      case UInt8(ascii: "#") where isBlank(before): isComment = true
      case UInt8(ascii: "\""), UInt8(ascii: "'"):
        if mayBegin { quote = byte }
        mayBegin = false
      case UInt8(ascii: "*") where mayBegin && next.map { !isBlank($0) } ?? false:
        found += 1
        if found > limit { return line }
        mayBegin = false
      case UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: ","): mayBegin = true
      case UInt8(ascii: ":"), UInt8(ascii: "-"), UInt8(ascii: "?"): mayBegin = next.map(isBlank) ?? true
      default: mayBegin = false
      }
    }
    return nil
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
  }
}
