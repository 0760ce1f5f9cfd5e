import ESCPOSCodec
import ESCPOSDriver
import Transports

/// The ticket printer of a terminal, as the site file describes it.
public struct PrinterPlan: Sendable, Equatable {
  public enum Connection: Sendable, Equatable {
    case network(host: String, port: Int)
    /// A printer file of the kernel, `/dev/usb/lp0`.
    case file(String)
    case serial(path: String, baud: BaudRate)
    /// By its printer class, past the kernel's driver; `at`: in that socket.
    case usb(USBID, at: String?)
  }

  public var connection: Connection
  public var profile: PrinterProfile
  public var status: PrinterSettings.Status

  public init(connection: Connection, profile: PrinterProfile = PrinterProfile(), status: PrinterSettings.Status = .full) {
    self.connection = connection
    self.profile = profile
    self.status = status
  }
}

extension PrinterPlan.Connection: CustomStringConvertible {
  public var description: String {
    switch self {
    case .network(let host, let port): "\(host):\(port)"
    case .file(let path): path
    case .serial(let path, let baud): "\(path) \(baud.rawValue)"
    case .usb(let id, let place): "USB \(id)" + (place.map { " at \($0)" } ?? "")
    }
  }
}
