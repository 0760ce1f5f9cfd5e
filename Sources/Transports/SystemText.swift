import Glibc

/// Small texts of the system: sysfs attributes, links, error names. Nothing here is used while bytes move.
enum SystemText {
  /// The first 4,095 bytes of a file, without white space at its ends; `nil` when it cannot be read.
  static func contents(of path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 4_095)
    let length = read(descriptor, &bytes, bytes.count)
    guard length > 0 else { return nil }
    return trimmed(String(decoding: bytes[..<length], as: UTF8.self))
  }

  /// Writes a short text to an attribute that exists; false when that was refused.
  static func write(_ text: String, to path: String) -> Bool {
    let descriptor = open(path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    let bytes = Array(text.utf8)
    return Glibc.write(descriptor, bytes, bytes.count) == bytes.count
  }

  /// Where a symbolic link points, as written in it.
  static func linkTarget(of path: String) -> String? {
    // Asked for every open file of every process when a port is opened.
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { space in
      guard let start = space.baseAddress else { return nil }
      let length = readlink(path, start, space.count)
      guard length > 0 else { return nil }
      return String(decoding: space[..<length].lazy.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
  }

  /// The path with every symbolic link resolved; `nil` when it leads nowhere.
  static func resolved(_ path: String) -> String? {
    guard let result = realpath(path, nil) else { return nil }
    defer { free(result) }
    return String(cString: result)
  }

  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  static func error(_ code: Int32) -> String {
    guard let text = strerror(code) else { return "errno \(code)" }
    return "errno \(code), \(String(cString: text))"
  }

  /// The names in a folder, sorted, without "." and ".."; empty when it cannot be read.
  static func names(in folder: String) -> [String] {
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let capacity = MemoryLayout.size(ofValue: entry.pointee.d_name)
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: capacity) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  private static func trimmed(_ text: String) -> String {
    let isSpace: (Character) -> Bool = { $0.isWhitespace || $0 == "\0" }
    return String(text.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
  }
}
