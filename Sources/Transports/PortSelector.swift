/// Which port a site file means: a device file, or what an adapter is and where it is plugged in.
public struct PortSelector: Sendable, Equatable, CustomStringConvertible {
  public enum Means: Sendable, Equatable {
    /// A device file or a link to one, pseudo-terminals included.
    case path(String)
    /// The USB socket and interface, for instance 1-1.4:1.0; "1-1.4" alone means any interface there.
    case topology(String)
    /// The kind of adapter, and which one when `serialNumber` is given.
    case adapter(vendorID: UInt16, productID: UInt16, serialNumber: String?)
    case serialNumber(String)
  }

  public var means: Means

  public init(_ means: Means) {
    self.means = means
  }

  /// Reads `/dev/…`, `usb-path:1-1.4:1.0`, `usb-id:0403:6001`, `usb-id:0403:6001:SERIAL` or `usb-serial:SERIAL`.
  ///
  /// - Throws: `TransportError.notASelector`.
  public init(parsing text: String) throws(TransportError) {
    if text.hasPrefix("/") {
      means = .path(text)
      return
    }
    let halves = text.split(separator: ":", maxSplits: 1).map(String.init)
    guard halves.count == 2 else { throw .notASelector(text) }
    switch halves[0] {
    case "usb-path": means = .topology(halves[1])
    case "usb-serial": means = .serialNumber(halves[1])
    case "usb-id":
      let parts = halves[1].split(separator: ":", maxSplits: 2).map(String.init)
      guard parts.count >= 2, let vendor = Hexadecimal.value(parts[0]), let product = Hexadecimal.value(parts[1]) else {
        throw .notASelector(text)
      }
      means = .adapter(vendorID: vendor, productID: product, serialNumber: parts.count == 3 ? parts[2] : nil)
    default: throw .notASelector(text)
    }
  }

  /// The text that `init(parsing:)` reads.
  public var description: String {
    switch means {
    case .path(let path): path
    case .topology(let place): "usb-path:\(place)"
    case .serialNumber(let number): "usb-serial:\(number)"
    case .adapter(let vendor, let product, let number):
      "usb-id:\(Hexadecimal.text(vendor)):\(Hexadecimal.text(product))" + (number.map { ":\($0)" } ?? "")
    }
  }

  public func matches(_ port: PortIdentity) -> Bool {
    switch means {
    case .path(let path): port.path == path
    case .topology(let place): port.topology == place || (port.topology?.hasPrefix("\(place):") ?? false)
    case .serialNumber(let number): port.serialNumber == number
    case .adapter(let vendor, let product, let number):
      port.vendorID == vendor && port.productID == product && (number == nil || port.serialNumber == number)
    }
  }

  /// The one port of `ports` that is meant. A path is taken as it stands (links and pseudo-terminals are not in the list).
  ///
  /// - Throws: `portMissing`, `nothingMatches` or `ambiguous`, each naming what is there.
  public func resolve(among ports: [PortIdentity]) throws(TransportError) -> PortIdentity {
    if case .path(let path) = means {
      guard let target = PortFile.name(of: path) else { throw .portMissing(path: path, present: ports.map(\.description)) }
      return ports.first { $0.path == target } ?? PortIdentity(path: path)
    }
    let found = ports.filter(matches)
    guard let first = found.first else { throw .nothingMatches(selector: description, present: ports.map(\.description)) }
    guard found.count == 1 else { throw .ambiguous(selector: description, matches: found.map(\.description)) }
    return first
  }

  /// `resolve(among:)` with the ports that are there now.
  public func resolve() throws(TransportError) -> PortIdentity { try resolve(among: PortIdentity.list()) }
}

/// Finds a bus's port again after a hang-up, under whatever name it came back.
///
/// The first port found for the selector is remembered by what it is. A path in the site file therefore follows its adapter, and does not
/// silently take another adapter that was given the old name: two buses must never change places.
public struct PortTracker: Sendable {
  public let selector: PortSelector
  /// The port found last.
  public private(set) var known: PortIdentity?

  public init(_ selector: PortSelector) {
    self.selector = selector
  }

  /// The port to open now.
  ///
  /// - Throws: as `PortSelector.resolve(among:)`.
  public mutating func locate(among ports: [PortIdentity]) throws(TransportError) -> PortIdentity {
    if let known, let again = Self.sameAdapter(as: known, among: ports) {
      self.known = again
      return again
    }
    let found = try selector.resolve(among: ports)
    // A new adapter in the old socket is a repair; another adapter under the old name elsewhere is somebody else's bus.
    if case .path(let path) = selector.means, let known, let place = known.topology, found.topology != place {
      throw .portMissing(path: "\(path) (\(known.description))", present: ports.map(\.description))
    }
    known = found
    return found
  }

  public mutating func locate() throws(TransportError) -> PortIdentity { try locate(among: PortIdentity.list()) }

  private static func sameAdapter(as known: PortIdentity, among ports: [PortIdentity]) -> PortIdentity? {
    guard known.vendorID != nil else { return nil }
    let alike = ports.filter {
      $0.vendorID == known.vendorID && $0.productID == known.productID && $0.serialNumber == known.serialNumber
    }
    if let samePlace = alike.first(where: { $0.topology == known.topology }) { return samePlace }
    // In another socket only a serial number of its own tells that it is the same adapter; its interface must be the same, too.
    guard known.serialNumber != nil else { return nil }
    let sameInterface = alike.filter { interface(of: $0) == interface(of: known) }
    return sameInterface.count == 1 ? sameInterface.first : nil
  }

  private static func interface(of port: PortIdentity) -> String? {
    port.topology?.split(separator: ":").last.map(String.init)
  }
}
