import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// Tells systemd how the program stands (sd_notify(3): a datagram to the socket named in NOTIFY_SOCKET). Does nothing elsewhere.
public struct ServiceManager: Sendable {
  private let path: String?
  /// Half of the watchdog's period, in seconds, when there is one.
  public let watchdogSeconds: Double?

  public init(environment: [String: String] = ProcessInfo.processInfo.environment) {
    path = environment["NOTIFY_SOCKET"]
    watchdogSeconds = environment["WATCHDOG_USEC"].flatMap(Double.init).map { $0 / 2_000_000 }
  }

  public func ready() { notify("READY=1") }
  public func stopping() { notify("STOPPING=1") }
  /// To be sent only by a loop that has just proved to be alive.
  public func alive() { notify("WATCHDOG=1") }

  private func notify(_ text: String) {
    guard let path, !path.isEmpty else { return }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
    if bytes[0] == UInt8(ascii: "@") { bytes[0] = 0 }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    _ = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        sendto(descriptor, text, text.utf8.count, Int32(MSG_NOSIGNAL), $0, length)
      }
    }
  }
}
