/// Where a player fetches a source from, as the site file writes it: checked for what no player could open.
enum PlayedAddress {
  private static let schemes = ["rtsp://", "rtsps://", "http://", "https://", "udp://", "rtp://"]

  /// What is wrong, without repeating the address, which may hold a password; `nil`: nothing.
  static func problem(of text: String) -> (chinese: String, english: String)? {
    if text.hasPrefix("test:") {
      // As the player draws them (`WallHost.TestPicture`).
      let isTest = Int(text.dropFirst(5)).map { (1...64).contains($0) } ?? false
      return isTest ? nil : ("测试画面应为 test:1 至 test:64", "test pictures are test:1 to test:64")
    }
    let accepted = (schemes + ["file://", "test:1…64"])
    guard let scheme = (schemes + ["file://"]).first(where: text.hasPrefix) else {
      return (
        "address 应以 \(accepted.joined(separator: "、")) 之一开头", "address must begin with one of \(accepted.joined(separator: ", "))"
      )
    }
    guard text.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F }) || scheme == "file://" else {
      return ("address 里不能有空格或控制字符", "address must hold no blanks or control characters")
    }
    let rest = text.dropFirst(scheme.count)
    guard scheme != "file://" else {
      return rest.hasPrefix("/") && rest.count > 1
        ? nil : ("file:// 后面应是完整路径,如 file:///srv/loop.mp4", "file:// takes a whole path, such as file:///srv/loop.mp4")
    }
    return problem(ofPlace: rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }, scheme)
  }

  /// `[user[:password]@]host[:port]`; ffmpeg's `udp://@group:port` has no user.
  private static func problem(ofPlace text: Substring, _ scheme: String) -> (chinese: String, english: String)? {
    // The last one: some write a password's own `@` as it is.
    let place = text.lastIndex(of: "@").map { text[text.index(after: $0)...] } ?? text
    var (host, port) = (place, Substring?.none)
    if place.hasPrefix("["), let end = place.firstIndex(of: "]") {
      host = place[...end]
      let behind = place[place.index(after: end)...]
      port = behind.isEmpty ? nil : behind.dropFirst()
    } else if let colon = place.lastIndex(of: ":") {
      (host, port) = (place[..<colon], place[place.index(after: colon)...])
    }
    if host.isEmpty || host == "[]" {
      return ("\(scheme) 后面没有主机,应写成 \(scheme)主机[:端口]/…", "there is no host behind \(scheme); write \(scheme)HOST[:PORT]/…")
    }
    let isNumber = port.map { port in Int(port).map { (1...65_535).contains($0) } ?? false } ?? true
    return isNumber ? nil : ("address 的端口应为 1 至 65535", "address must have a port of 1 to 65535")
  }
}
