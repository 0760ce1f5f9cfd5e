import Foundation

extension SiteFile {
  /// A site of a thousand panels takes less.
  public static let largestBytes = 1 << 20

  /// What stands in the file at `path`.
  ///
  /// - Throws: `SiteError` with the place of the first byte that is no text, or saying why the file cannot be read.
  public static func text(of path: String) throws(SiteError) -> String {
    let bytes = try contents(path)
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    let good = String(decoding: bytes, as: UTF8.self).prefix { $0 != "\u{FFFD}" }
    let lines = good.split(separator: "\n", omittingEmptySubsequences: false)
    throw refused(
      path, line: lines.count, column: (lines.last?.count ?? 0) + 1, "不是 UTF-8 文本,请用 UTF-8 编码保存",
      "not UTF-8 text; save it as UTF-8")
  }

  private static func contents(_ path: String) throws(SiteError) -> Data {
    var status = stat()
    guard stat(path, &status) == 0 else { throw unreadable(path, errno) }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw refused(path, "这是文件夹,请写明其中的站点文件", "this is a folder; name the site file in it")
    default: throw refused(path, "这不是普通文件", "this is no ordinary file")
    }
    guard status.st_size <= largestBytes else {
      throw refused(path, "文件超过 \(largestBytes >> 20) MiB,不是站点文件", "larger than \(largestBytes >> 20) MiB: no site file")
    }
    errno = 0
    guard let bytes = FileManager.default.contents(atPath: path) else { throw unreadable(path, errno) }
    return bytes
  }

  private static func unreadable(_ path: String, _ code: Int32) -> SiteError {
    switch code {
    case ENOENT: refused(path, "没有这个文件", "there is no such file")
    case EACCES, EPERM: refused(path, "没有权限读这个文件", "not permitted to read this file")
    default: refused(path, "读不了这个文件(\(code))", "cannot be read: \(String(cString: strerror(code)))")
    }
  }

  private static func refused(_ path: String, line: Int = 1, column: Int = 1, _ chinese: String, _ english: String) -> SiteError {
    SiteError(problems: [SiteProblem(file: path, line: line, column: column, chinese: chinese, english: english)])
  }
}
