import Glibc

/// The end of what a child program writes: read as it comes, so that it never waits for us, and kept in part.
final class ProgramWords {
  private var reading: Int32 = -1
  /// For the child's own 1 and 2; closed when it runs.
  private(set) var writing: Int32 = -1
  private var kept: [UInt8] = []
  private let limit: Int

  init(limit: Int = 4_096) {
    self.limit = limit
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return }
    (reading, writing) = (ends[0], ends[1])
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    // The child's end waits, as every program expects of it.
    _ = fcntl(reading, F_SETFL, O_NONBLOCK)
  }

  deinit {
    if reading >= 0 { close(reading) }
    childHasIt()
  }

  func childHasIt() {
    if writing >= 0 { close(writing) }
    writing = -1
  }

  /// What came since last time is read. True when its end is reached.
  @discardableResult
  func read() -> Bool {
    guard reading >= 0 else { return true }
    var buffer = [UInt8](repeating: 0, count: 4_096)
    // A program that writes without end is read on next time.
    for _ in 0..<16 {
      let count = Glibc.read(reading, &buffer, buffer.count)
      if count == 0 { return true }
      guard count > 0 else { return errno != EAGAIN && errno != EINTR }
      kept = Array((kept + buffer[..<count]).suffix(limit))
    }
    return false
  }

  func forget() { kept = [] }

  var lines: [String] {
    kept.split { $0 == 0x0A || $0 == 0x0D }.map { line in
      String(
        String.UnicodeScalarView(String(decoding: line, as: UTF8.self).unicodeScalars.filter { (0x20..<0x7F).contains($0.value) })
      )
    }
  }
}

extension ProgramWords {
  /// Why mpv has no screen to show pictures on, in its own words; `nil`: it says nothing of that. No address is in it.
  var screenTrouble: String? {
    let lines = lines
    guard let end = lines.lastIndex(where: { $0.contains("(--vo) device") }) else { return nil }
    let words = lines[..<end].last { $0.hasPrefix("[vo") && !$0.contains("://") }
    guard let words, let at = words.firstIndex(of: "]") else { return "no video output" }
    return String(words[words.index(after: at)...].drop { $0 == " " }.prefix(80))
  }

  /// Of a program that has ended: its last words. A line with an address, which may hold a password, is left out.
  var lastLine: String? { lines.last { !$0.isEmpty && !$0.contains("://") && !$0.contains("@") }.map { String($0.prefix(80)) } }
}
