import Glibc

extension USBDeviceIdentity {
  /// Whether one of its interfaces is of that class. The device is not opened for it.
  public func hasInterface(ofClass wanted: UInt8) -> Bool {
    let file = open("/sys/bus/usb/devices/\(topology)/descriptors", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return false }
    defer { Glibc.close(file) }
    var bytes = [UInt8](repeating: 0, count: 4_096)
    let count = read(file, &bytes, bytes.count)
    var start = 0
    while start + 8 < count {
      let length = Int(bytes[start])
      guard length >= 2 else { return false }
      if bytes[start + 1] == 4, length >= 9, bytes[start + 5] == wanted { return true }
      start += length
    }
    return false
  }

  /// The one that is meant, among all devices of a class.
  ///
  /// - Parameter topology: `nil`: wherever it is plugged in.
  /// - Throws: `absent`, or `ambiguous` when several fit.
  public static func find(interfaceClass: UInt8, at topology: String?) throws(USBError) -> USBDeviceIdentity {
    let found = list().filter { (topology == nil || $0.topology == topology) && $0.hasInterface(ofClass: interfaceClass) }
    guard let first = found.first else {
      throw .absent("class \(interfaceClass)" + (topology.map { " at \($0)" } ?? ""))
    }
    guard found.count == 1 else { throw .ambiguous(found) }
    return first
  }
}
