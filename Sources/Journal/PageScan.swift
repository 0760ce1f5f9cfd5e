#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Reads entries out of a segment's bytes without SQLite, for files that SQLite can no longer find its way in.
///
/// Every row verifies itself, so nothing needs to be believed: the scan tries each place that looks like the beginning of a row
/// (sqlite.org/fileformat2.html, "B-tree Cell Format" and "Record Format") and keeps what fits its own hash. A damaged byte
/// therefore costs the row it lies in, whatever page header, cell pointer or interior page was hit.
struct PageScan {
  private static let pageBytes = 4096
  private static let walHeaderBytes = 32
  private static let frameBytes = 24 + 4096

  /// What was found, in no particular order; the same entry may come several times.
  private(set) var found: [StoredEntry] = []
  /// Pages that the disk refused to read.
  private(set) var unreadablePages = 0

  private let main: RawFile?
  private let ahead: RawFile?
  /// Page number → offset of its newest committed copy in the write-ahead file.
  private var aheadPages: [UInt32: Int] = [:]

  init(path: String) {
    main = RawFile(path: path)
    ahead = RawFile(path: path + "-wal")
    let frames = committedFrames()
    for frame in frames { aheadPages[frame.page] = frame.offset }
    if let main {
      for offset in stride(from: 0, to: main.size, by: Self.pageBytes) { scanPage(of: main, at: offset) }
    }
    if let ahead {
      for frame in frames { scanPage(of: ahead, at: frame.offset) }
    }
  }

  /// Frames of the write-ahead file up to the last commit. Frames of an older generation carry other salts.
  private func committedFrames() -> [(page: UInt32, offset: Int)] {
    guard let ahead, let first = ahead.read(at: Self.walHeaderBytes, count: 24), first.count == 24 else { return [] }
    let salts = [first.word(at: 8), first.word(at: 12)]
    var frames: [(page: UInt32, offset: Int)] = []
    var committed = 0
    var offset = Self.walHeaderBytes
    while offset + Self.frameBytes <= ahead.size {
      if let head = ahead.read(at: offset, count: 24), [head.word(at: 8), head.word(at: 12)] == salts {
        frames.append((head.word(at: 0), offset + 24))
        if head.word(at: 4) != 0 { committed = frames.count }
      }
      offset += Self.frameBytes
    }
    return Array(frames.prefix(committed))
  }

  private mutating func scanPage(of file: RawFile, at offset: Int) {
    guard let page = file.read(at: offset, count: Self.pageBytes) else {
      unreadablePages += 1
      return
    }
    // A record's header: its length, then the types NULL (the key lies in front), 32-byte blob, 32-byte blob, body.
    var index = 1
    while index + 3 < page.count {
      if page[index] == 0, page[index + 1] == 76, page[index + 2] == 76, let stored = row(in: page, headerAt: index - 1) {
        found.append(stored)
      }
      index += 1
    }
  }

  private func row(in page: [UInt8], headerAt header: Int) -> StoredEntry? {
    guard let type = Varint(page, at: header + 4), type.value >= 12, type.value % 2 == 0 else { return nil }
    let headerBytes = 4 + type.length
    let bodyBytes = (type.value - 12) / 2
    guard Int(page[header]) == headerBytes, bodyBytes <= UInt64(JournalOptions.maximumBodyBytes) else { return nil }
    let payloadBytes = headerBytes + 64 + Int(bodyBytes)
    // In front of the record stand two numbers of unknown length: its size and the key. Only the right start ends just here.
    var start = header - 2
    while start >= max(0, header - 18) {
      if let size = Varint(page, at: start), size.value == UInt64(payloadBytes),
        let key = Varint(page, at: start + size.length), start + size.length + key.length == header,
        let position = JournalPosition(key: Int64(truncatingIfNeeded: key.value)),
        let payload = payload(in: page, at: header, bytes: payloadBytes)
      {
        let fields = Array(payload.dropFirst(headerBytes))
        if let stored = StoredEntry(
          position: position, previous: Array(fields.prefix(32)), hash: Array(fields.dropFirst(32).prefix(32)),
          body: Array(fields.dropFirst(64)))
        {
          return stored
        }
      }
      start -= 1
    }
    return nil
  }

  /// The record's bytes: what lies in the page, and the rest from its chain of overflow pages.
  private func payload(in page: [UInt8], at start: Int, bytes: Int) -> [UInt8]? {
    let usable = Self.pageBytes
    let most = usable - 35
    let least = (usable - 12) * 32 / 255 - 23
    let rest = least + (bytes - least) % (usable - 4)
    let local = bytes <= most ? bytes : (rest <= most ? rest : least)
    guard start + local + (local < bytes ? 4 : 0) <= page.count else { return nil }
    var payload = Array(page[start..<start + local])
    var next = local < bytes ? page.word(at: start + local) : 0
    while payload.count < bytes {
      guard next > 0, let overflow = overflowPage(next) else { return nil }
      next = overflow.word(at: 0)
      payload += overflow.dropFirst(4).prefix(bytes - payload.count)
    }
    return payload
  }

  private func overflowPage(_ number: UInt32) -> [UInt8]? {
    if let offset = aheadPages[number] { return ahead?.read(at: offset, count: Self.pageBytes) }
    return main?.read(at: (Int(number) - 1) * Self.pageBytes, count: Self.pageBytes)
  }
}

/// SQLite's variable-length integer: seven bits a byte, big-endian, the ninth byte whole.
private struct Varint {
  var value: UInt64 = 0
  var length = 0

  init?(_ bytes: [UInt8], at start: Int) {
    while start >= 0, start + length < bytes.count {
      let byte = bytes[start + length]
      length += 1
      if length == 9 {
        value = value << 8 | UInt64(byte)
        return
      }
      value = value << 7 | UInt64(byte & 0x7F)
      if byte < 0x80 { return }
    }
    return nil
  }
}

/// Positioned reads that survive bad sectors (a mapped file would end the process there).
private final class RawFile {
  let size: Int
  private let descriptor: Int32

  init?(path: String) {
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    size = max(0, Int(lseek(descriptor, 0, SEEK_END)))
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Nil unless all bytes could be read.
  func read(at offset: Int, count: Int) -> [UInt8]? {
    guard offset >= 0, offset + count <= size else { return nil }
    var bytes = [UInt8](repeating: 0, count: count)
    return pread(descriptor, &bytes, count, off_t(offset)) == count ? bytes : nil
  }
}
