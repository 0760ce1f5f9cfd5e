import DeviceVocabulary
import ResidentCardDriver
import Transports

/// The reader of resident identity cards of a terminal, as the site file describes it.
public struct ReaderPlan: Sendable, Equatable {
  public enum Connection: Sendable, Equatable {
    /// One of these makes; `at`: in that socket (`1-1.2`), `nil`: wherever it is plugged in, if there is no other.
    case usb([USBID], at: String?)
    case serial(path: String, baud: BaudRate)
  }

  /// What readers with the bare module call themselves. The second is a maker's stop-gap that one program tries, too.
  public static let knownReaders = [USBID(0x0400, 0xC35A), USBID(0x0483, 0x5652)]

  public var connection: Connection
  /// The driver's, with what is special about this reader.
  public var settings: CardReaderSettings
  /// False: it answers nothing, or nonsense, when it is asked for the address that was added last.
  public var newestAddress: Bool

  public init(
    connection: Connection = .usb(Self.knownReaders, at: nil), settings: CardReaderSettings = CardReaderSettings(),
    newestAddress: Bool = true
  ) {
    self.connection = connection
    self.settings = settings
    self.newestAddress = newestAddress
  }
}

extension ReaderPlan.Connection: CustomStringConvertible {
  public var description: String {
    switch self {
    case .usb(let ids, let place): "USB " + ids.map(\.description).joined(separator: ", ") + (place.map { " at \($0)" } ?? "")
    case .serial(let path, let baud): "\(path) \(baud.rawValue)"
    }
  }
}
