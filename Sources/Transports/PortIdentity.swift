import CSerialPort

/// What is known of one serial port: where its file is now, and what stays the same when it comes back under another name.
public struct PortIdentity: Sendable, Equatable, CustomStringConvertible {
  /// For instance /dev/ttyUSB0. Changes with every replug.
  public var path: String
  /// The USB socket and interface as sysfs names them, for instance 1-1.4:1.0, with "-port2" behind it for the third port of an
  /// interface with several. `nil` when the port is not on USB.
  public var topology: String?
  public var vendorID: UInt16?
  public var productID: UInt16?
  /// As the adapter tells it. Many cheap adapters have none, or all the same.
  public var serialNumber: String?
  /// Free text of the driver or the adapter.
  public var summary: String

  public init(
    path: String, topology: String? = nil, vendorID: UInt16? = nil, productID: UInt16? = nil, serialNumber: String? = nil,
    summary: String = ""
  ) {
    self.path = path
    self.topology = topology
    self.vendorID = vendorID
    self.productID = productID
    self.serialNumber = serialNumber
    self.summary = summary
  }

  /// One line for lists and errors, for instance `/dev/ttyUSB0 usb-path:1-1.4:1.0 usb-id:0403:6001:A50285BI FT232R USB UART`.
  public var description: String {
    var parts = [path]
    if let topology { parts.append("usb-path:\(topology)") }
    if let vendorID, let productID {
      let number = serialNumber.map { ":\($0)" } ?? ""
      parts.append("usb-id:\(Hexadecimal.text(vendorID)):\(Hexadecimal.text(productID))\(number)")
    }
    if !summary.isEmpty { parts.append(summary) }
    return parts.joined(separator: " ")
  }
}

extension PortIdentity {
  /// Every serial port that libserialport finds, by path. Pseudo-terminals are not among them.
  ///
  /// - Throws: `TransportError.system` when the system's list cannot be read.
  public static func list() throws(TransportError) -> [PortIdentity] {
    var ports: UnsafeMutablePointer<OpaquePointer?>?
    // A machine without any terminal device has no such folder; libserialport calls that a failure.
    guard SystemText.exists("/sys/class/tty") else { return [] }
    guard sp_list_ports(&ports) == SP_OK, let ports else {
      throw .system(operation: "sp_list_ports", path: "/sys/class/tty", code: sp_last_error_code())
    }
    defer { sp_free_port_list(ports) }
    var found: [PortIdentity] = []
    var index = 0
    while let port = ports[index] {
      if let identity = PortIdentity(port) { found.append(identity) }
      index += 1
    }
    return found.sorted { $0.path < $1.path }
  }

  private init?(_ port: OpaquePointer) {
    guard let name = sp_get_port_name(port) else { return nil }
    let path = String(cString: name)
    self.init(path: path)
    if let text = sp_get_port_description(port) { summary = String(cString: text) }
    guard sp_get_port_transport(port) == SP_TRANSPORT_USB else { return }
    var vendor: Int32 = 0
    var product: Int32 = 0
    if sp_get_port_usb_vid_pid(port, &vendor, &product) == SP_OK {
      vendorID = UInt16(truncatingIfNeeded: vendor)
      productID = UInt16(truncatingIfNeeded: product)
    }
    if let text = sp_get_port_usb_serial(port) {
      let number = String(cString: text)
      serialNumber = number.isEmpty ? nil : number
    }
    if let text = sp_get_port_usb_product(port) { summary = String(cString: text) }
    topology = Self.topology(ofPortNamed: String(path.dropFirst("/dev/".count)))
  }

  /// The USB place from the device's path in sysfs: the last component of the form bus-socket.socket:configuration.interface.
  static func topology(ofPortNamed name: String) -> String? {
    guard let device = SystemText.resolved("/sys/class/tty/\(name)/device") else { return nil }
    guard let place = device.split(separator: "/").last(where: isUSBInterface) else { return nil }
    let port = SystemText.contents(of: "\(device)/port_number").flatMap { Int($0) } ?? 0
    return port > 0 ? "\(place)-port\(port)" : String(place)
  }

  private static func isUSBInterface(_ component: Substring) -> Bool {
    let halves = component.split(separator: ":", omittingEmptySubsequences: false)
    guard halves.count == 2, let first = component.first, first.isNumber, halves[0].contains("-") else { return false }
    return component.allSatisfy { $0.isNumber || $0 == "-" || $0 == "." || $0 == ":" }
  }
}

/// Four hexadecimal digits, as USB numbers are written.
enum Hexadecimal {
  static func text(_ value: UInt16) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 4 - digits.count) + digits
  }

  static func value(_ text: some StringProtocol) -> UInt16? {
    guard text.count == 4, text.allSatisfy(\.isHexDigit) else { return nil }
    return UInt16(text, radix: 16)
  }
}
