import CCIDDriver
import Transports

/// A reader of smart cards, as the site file describes it.
public struct SmartCardPlan: Sendable, Equatable {
  public enum Connection: Sendable, Equatable {
    /// By the system's service where that runs, else on USB without it.
    case automatic
    /// By the system's service (pcscd); part of the reader's name, `nil`: the only one.
    case service(String?)
    /// Without it. One of these makes, `nil`: any whose interface is of the class of such readers; `at`: in that socket.
    case usb([USBID]?, at: String?)
  }

  public var connection: Connection
  public var settings: CCIDReaderSettings

  public init(connection: Connection = .automatic, settings: CCIDReaderSettings = CCIDReaderSettings()) {
    self.connection = connection
    self.settings = settings
  }
}

extension SmartCardPlan.Connection: CustomStringConvertible {
  public var description: String {
    switch self {
    case .automatic: "PC/SC, USB"
    case .service(let name): "PC/SC" + (name.map { " \($0)" } ?? "")
    case .usb(let ids, let place):
      "USB " + (ids.map { $0.map(\.description).joined(separator: ", ") } ?? "CCID") + (place.map { " at \($0)" } ?? "")
    }
  }
}
