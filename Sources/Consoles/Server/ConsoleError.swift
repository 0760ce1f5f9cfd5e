/// Why a page server did not start. Chinese first, then English.
public enum ConsoleError: Error, Equatable, CustomStringConvertible {
  /// Only this computer itself may open the pages: nothing on them is encrypted, and without accounts nobody is asked who he is.
  case notLoopback(String)
  case cannotListen(address: String, port: Int, reason: String)

  public var description: String {
    switch self {
    case .notLoopback(let address):
      "值班页面只能开在本机地址上(127.0.0.1、::1 或 localhost),不能开在 \(address)。"
        + " The pages are not encrypted and are for this computer alone: 127.0.0.1, ::1 or localhost, not \(address)."
    case .cannotListen(let address, let port, let reason):
      "打不开 \(address) 的 \(port) 端口(\(reason)),可能已有一个站点在运行。"
        + " Cannot listen on \(address) port \(port) (\(reason)); another station may be running."
    }
  }
}

/// An address of this computer itself, the only kind that pages are served on.
struct LoopbackAddress: Sendable {
  let text: String

  /// Refuses anything that others could reach.
  init(_ address: String) throws(ConsoleError) {
    if address == "localhost" {
      text = "127.0.0.1"
    } else if address == "::1" || Self.isIPv4(address) {
      text = address
    } else {
      throw .notLoopback(address)
    }
  }

  /// Whether a Host header names this computer: a foreign name that resolves to 127.0.0.1 (DNS rebinding) does not.
  static func isLoopback(hostHeader: String) -> Bool {
    let host = hostHeader.lowercased()
    if host.hasPrefix("[") {
      guard host.hasPrefix("[::1]") else { return false }
      return isPortSuffix(host.dropFirst(5))
    }
    let name = host.prefix { $0 != ":" }
    guard name == "localhost" || isIPv4(String(name)) else { return false }
    return isPortSuffix(host.dropFirst(name.count))
  }

  private static func isPortSuffix(_ text: Substring) -> Bool {
    text.isEmpty || (text.first == ":" && UInt16(text.dropFirst()) != nil)
  }

  private static func isIPv4(_ text: String) -> Bool {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127"
      && parts.allSatisfy { $0.allSatisfy(\.isASCII) && UInt8($0) != nil && !$0.hasPrefix("+") }
  }
}
