import Glibc

/// What is known of a USB device without opening it, from the kernel's own list.
public struct USBDeviceIdentity: Sendable, Equatable, CustomStringConvertible {
  /// The bus and the sockets that lead to it, as the kernel names them, for instance `1-1.2`: the same after it was plugged in again.
  public var topology: String
  /// Together they name the device's file; another one each time it is plugged in.
  public var bus: Int
  public var address: Int
  public var vendorID: UInt16
  public var productID: UInt16
  /// As the device tells it; many have none, or all the same.
  public var serialNumber: String?
  public var product: String?

  public init(
    topology: String, bus: Int, address: Int, vendorID: UInt16, productID: UInt16, serialNumber: String? = nil,
    product: String? = nil
  ) {
    self.topology = topology
    self.bus = bus
    self.address = address
    self.vendorID = vendorID
    self.productID = productID
    self.serialNumber = serialNumber
    self.product = product
  }

  public var id: USBID { USBID(vendorID, productID) }

  /// `0400:C35A at 1-1.2 (name)`.
  public var description: String { "\(id) at \(topology)" + (product.map { " (\($0))" } ?? "") }

  var file: String { "/dev/bus/usb/\(Self.padded(bus))/\(Self.padded(address))" }

  private static func padded(_ number: Int) -> String {
    String(repeating: "0", count: max(0, 3 - "\(number)".count)) + "\(number)"
  }
}

/// Maker and product, `0400:C35A`.
public struct USBID: Sendable, Hashable, CustomStringConvertible {
  public var vendor: UInt16
  public var product: UInt16

  public init(_ vendor: UInt16, _ product: UInt16) {
    self.vendor = vendor
    self.product = product
  }

  /// Four hexadecimal digits, a colon, four more.
  public init?(_ text: String) {
    let halves = text.split(separator: ":", omittingEmptySubsequences: false)
    guard halves.count == 2, let vendor = Hexadecimal.value(halves[0]), let product = Hexadecimal.value(halves[1]) else {
      return nil
    }
    self.init(vendor, product)
  }

  public var description: String { (Hexadecimal.text(vendor) + ":" + Hexadecimal.text(product)).uppercased() }
}

extension USBDeviceIdentity {
  /// Every device but hubs of the machine itself, by topology. The kernel is asked, and not libusb: its list knows nothing of what was plugged in
  /// later where no udev runs.
  public static func list() -> [USBDeviceIdentity] { names().compactMap { USBDeviceIdentity(topology: $0) } }

  /// The one that is meant.
  ///
  /// - Parameters:
  ///   - ids: any of these.
  ///   - topology: `nil`: wherever it is plugged in.
  /// - Throws: `absent`, or `ambiguous` when several fit.
  public static func find(_ ids: [USBID], at topology: String?) throws(USBError) -> USBDeviceIdentity {
    let found = list().filter { ids.contains($0.id) && (topology == nil || $0.topology == topology) }
    guard let first = found.first else {
      throw .absent(ids.map(\.description).joined(separator: ", ") + (topology.map { " at \($0)" } ?? ""))
    }
    guard found.count == 1 else { throw .ambiguous(found) }
    return first
  }

  /// Whether it is there, and has not been plugged in anew since.
  public var isPresent: Bool { Self.number(topology, "devnum") == address && Self.number(topology, "busnum") == bus }

  /// `1-1.2`: a bus, and a socket of it or of hubs behind it.
  public static func isTopology(_ text: String) -> Bool {
    let halves = text.split(separator: "-", omittingEmptySubsequences: false)
    guard halves.count == 2, text.utf8.count <= 32 else { return false }
    let sockets = halves[1].split(separator: ".", omittingEmptySubsequences: false)
    return ([halves[0]] + sockets).allSatisfy { part in
      (1...3).contains(part.utf8.count) && part.utf8.allSatisfy { (0x30...0x39).contains($0) } && part.first != "0"
    }
  }

  /// What stands in which socket: differs whenever something was plugged in or out.
  static func census() -> [String] { names().map { "\($0) \(number($0, "devnum") ?? 0)" } }

  private static let folder = "/sys/bus/usb/devices"

  private static func names() -> [String] { SystemText.names(in: folder).filter(isTopology) }

  private static func number(_ topology: String, _ attribute: String) -> Int? {
    SystemText.contents(of: "\(folder)/\(topology)/\(attribute)").flatMap { Int($0) }
  }

  private init?(topology: String) {
    func text(_ attribute: String) -> String? {
      guard let text = SystemText.contents(of: "\(Self.folder)/\(topology)/\(attribute)"), !text.isEmpty else { return nil }
      return text
    }
    // A device that has gone meanwhile lacks one of them.
    guard let bus = Self.number(topology, "busnum"), let address = Self.number(topology, "devnum"),
      let vendor = text("idVendor").flatMap({ Hexadecimal.value($0) }),
      let product = text("idProduct").flatMap({ Hexadecimal.value($0) })
    else { return nil }
    self.init(
      topology: topology, bus: bus, address: address, vendorID: vendor, productID: product, serialNumber: text("serial"),
      product: text("product"))
  }
}
