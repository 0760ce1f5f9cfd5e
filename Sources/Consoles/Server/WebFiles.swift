import NIOCore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The files of the pages, read once at the start: serving them never waits for a disk, and nothing outside the list can be asked for.
struct WebFiles: Sendable {
  private let replies: [String: HTTPReply]

  /// - Parameter names: plain file names in `root`.
  init(root: String, names: [String]) throws(ConsoleError) {
    var replies: [String: HTTPReply] = [:]
    for name in names {
      let path = root + "/" + name
      guard let bytes = try? Data(contentsOf: URL(fileURLWithPath: path)) else { throw .webFile(path) }
      replies[name] = HTTPReply(contentType: Self.contentType(name), body: Array(bytes))
    }
    self.replies = replies
  }

  subscript(name: String) -> HTTPReply? { replies[name] }

  private static func contentType(_ name: String) -> String {
    switch name.split(separator: ".").last {
    case "html": "text/html; charset=utf-8"
    case "css": "text/css; charset=utf-8"
    case "js": "text/javascript; charset=utf-8"
    case "svg": "image/svg+xml"
    default: "application/octet-stream"
    }
  }
}
