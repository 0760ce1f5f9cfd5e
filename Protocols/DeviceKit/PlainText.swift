extension Unicode.Scalar {
  /// Whether it may go into the journal, onto a terminal and onto a page: no control character (tab and line feed aside), nothing that
  /// breaks a line where none is seen, and no mark that turns the direction of writing, so that one line could look like another.
  public var isPlainText: Bool {
    switch value {
    case 0x09, 0x0A: true
    case 0..<0x20, 0x7F..<0xA0: false
    case 0x2028...0x202E, 0x2066...0x2069: false
    default: true
    }
  }
}
