extension Collection<UInt8> {
  /// Whether this is `word`, or the beginning of it or of more than it, with few bits turned over: one in twelve at most, of six bytes at
  /// least. Texts that have nothing in common differ in one of five.
  public func resembles(_ word: some Collection<UInt8>) -> Bool {
    var (bytes, turned) = (0, 0)
    for (byte, wanted) in zip(self, word) {
      bytes += 1
      turned += (byte ^ wanted).nonzeroBitCount
    }
    return bytes >= 6 && turned * 12 <= bytes * 8
  }
}
