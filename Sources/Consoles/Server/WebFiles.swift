import NIOCore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The files of the pages, read once at the start: serving them never waits for a disk, and nothing outside the list can be asked for.
///
/// A station whose page files are missing runs all the same; its pages say what is missing.
struct WebFiles: Sendable {
  /// Paths that cannot be read.
  let missing: [String]
  private let replies: [String: HTTPReply]

  /// - Parameter names: plain file names in `root`.
  init(root: String, names: [String]) {
    var contents: [String: [UInt8]] = [:]
    for name in names { contents[name] = (try? Data(contentsOf: URL(fileURLWithPath: root + "/" + name))).map { Array($0) } }
    let missing = names.filter { contents[$0] == nil }
    let notice = missing.isEmpty ? nil : MissingFilesNotice(root: root, names: missing)
    self.missing = missing.map { root + "/" + $0 }
    replies = Dictionary(names.map { name in (name, Self.reply(name, contents[name], notice)) }) { first, _ in first }
  }

  private static func reply(_ name: String, _ content: [UInt8]?, _ notice: MissingFilesNotice?) -> HTTPReply {
    let isPage = name.hasSuffix(".html")
    guard let content else {
      var reply = HTTPReply(contentType: contentType(isPage ? name : ".txt"), body: isPage ? notice?.page ?? [] : [])
      reply.status = 503
      return reply
    }
    guard isPage, let notice else { return HTTPReply(contentType: contentType(name), body: content) }
    return HTTPReply(contentType: contentType(name), body: notice.put(into: content))
  }

  subscript(name: String) -> HTTPReply? { replies[name] }

  private static func contentType(_ name: String) -> String {
    switch name.split(separator: ".").last {
    case "html": "text/html; charset=utf-8"
    case "css": "text/css; charset=utf-8"
    case "js": "text/javascript; charset=utf-8"
    case "svg": "image/svg+xml"
    case "txt": "text/plain; charset=utf-8"
    default: "application/octet-stream"
    }
  }
}

/// What whoever opens a page is told when some of its files are not there.
private struct MissingFilesNotice {
  private let text: String

  init(root: String, names: [String]) {
    let shown = names.prefix(5).joined(separator: ", ") + (names.count > 5 ? " … (\(names.count))" : "")
    let words = [
      "网页文件缺失,这个页面可能打不开。求助照常受理:在这台电脑上运行 linli desk 站点文件 status 查看和处置。请重新安装程序,或用 linli run --web 指明网页文件夹。",
      "Files of the pages are missing: this page may not work. Calls are taken all the same: run linli desk SITE status on this computer. "
        + "Install the program anew, or name the folder with linli run --web.",
      "\(root): \(shown)",
    ]
    text = "<div role=\"alert\">" + words.map { "<p>\(Self.escaped($0))</p>" }.joined() + "</div>"
  }

  /// In the place of a page that is missing.
  var page: [UInt8] {
    Array("<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\"><title>网页文件缺失</title><body>\(text)</body></html>\n".utf8)
  }

  /// At the top of a page that may lack a script: with some luck the rest of it works.
  func put(into page: [UInt8]) -> [UInt8] {
    guard let body = page.firstRange(of: Array("<body".utf8)),
      let end = page[body.upperBound...].firstIndex(of: UInt8(ascii: ">"))
    else { return self.page }
    return page[...end] + Array(text.utf8) + page[(end + 1)...]
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing("\"", with: "&quot;")
  }
}
