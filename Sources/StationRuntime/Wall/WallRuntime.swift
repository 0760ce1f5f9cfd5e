import DeviceKit
import DeviceVocabulary
import Foundation
import Synchronization
import Transports

/// The devices of the display wall of a running station, on a thread of their own.
public final class WallRuntime: Sendable {
  private let devices: WallDevices
  private let orders: BoundedMailbox<WallOrder>
  private let wake: WakeSignal
  private let stop = StopFlag()
  private let ended: Mutex<DispatchGroup?> = Mutex(nil)

  /// Nothing is opened before `start`; what is asked before waits.
  public init(_ devices: WallDevices) throws {
    self.devices = devices
    wake = try WakeSignal()
    orders = BoundedMailbox(capacity: 0, reserve: 1024, wake: wake)
  }

  /// - Parameter tell: what a device said; called on the wall's thread, must not wait.
  public func start(tell: @escaping @Sendable (String, WallEvent) -> Void) {
    let orders = orders
    let handed = Handed(
      value: WallLoop(
        devices: devices.devices, driver: { DriverCatalog.wall($0) }, orders: orders, wake: wake,
        resolve: { device, host in
          // Looking a name up may take many seconds, and nobody else waits for it.
          _ = startThread("resolve") { _ = orders.send(.resolved(device, HostName.address(of: host)), .irreplaceable) }
        }, tell: tell))
    ended.withLock { $0 = startThread("wall") { [stop] in handed.value.run(until: stop) } }
  }

  /// Made on one thread and handed to its own; nothing else ever touches it.
  private struct Handed: @unchecked Sendable { let value: WallLoop }

  public var hands: WallHands {
    let orders = orders
    return WallHands(
      wish: { _ = orders.send(.wish($0, $1), .irreplaceable) }, identify: { _ = orders.send(.identify($0, $1), .irreplaceable) },
      retest: { _ = orders.send(.retest($0), .irreplaceable) })
  }

  public func shutDown() {
    stop.raise()
    wake.raise()
    _ = ended.withLock { $0 }?.wait(timeout: .now() + 2)
  }
}

/// Looks up what a host's name stands for.
enum HostName {
  /// A numeric address; `nil` when nobody knows.
  static func address(of name: String) -> String? {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(name, nil, &hints, &list) == 0, let first = list else { return nil }
    defer { freeaddrinfo(first) }
    var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    let code = getnameinfo(
      first.pointee.ai_addr, first.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
    guard code == 0 else { return nil }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
