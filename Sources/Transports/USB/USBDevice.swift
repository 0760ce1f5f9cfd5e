import CLibUSB
import Glibc

public struct USBEndpoint: Sendable, Equatable {
  public enum Kind: Sendable, Equatable { case control, isochronous, bulk, interrupt }

  /// As the device numbers it: 0x81 brings, 0x02 takes.
  public var address: UInt8
  public var kind: Kind
  public var maximumPacketBytes: Int

  public init(address: UInt8, kind: Kind, maximumPacketBytes: Int) {
    self.address = address
    self.kind = kind
    self.maximumPacketBytes = maximumPacketBytes
  }

  public var isIn: Bool { address & 0x80 != 0 }
}

/// One way of using a device, without its alternate settings.
public struct USBInterface: Sendable, Equatable {
  public var number: Int
  /// 7: printer, 11: smart-card reader, 255: the maker's own.
  public var classCode: UInt8
  public var subclass: UInt8
  public var protocolCode: UInt8
  public var endpoints: [USBEndpoint]
  /// Descriptors of its class, as they stand there: first those behind the interface, then those behind its endpoints.
  public var extra: [UInt8]

  public func endpoint(_ address: UInt8) -> USBEndpoint? { endpoints.first { $0.address == address } }
}

/// An open USB device: pipes that move bytes. It belongs to the thread that opened it, which waits for its wake signal and takes what has come
/// (`takeCompletions`). Protocols, retries and times are the driver's.
public final class USBDevice {
  public let identity: USBDeviceIdentity
  public let interfaces: [USBInterface]
  let arrivals: USBArrivals
  private let context: USBContext
  private let file: Int32
  private(set) var handle: OpaquePointer?
  private var claimed: [Int] = []

  /// - Parameter wake: raised when a transfer has ended.
  /// - Throws: `absent`, `notPermitted`, or `failed`.
  public init(_ identity: USBDeviceIdentity, context: USBContext, wake: WakeSignal) throws(USBError) {
    let path = identity.file
    let file = open(path, O_RDWR | O_CLOEXEC)
    guard file >= 0 else { throw Self.refusal(errno, path, identity) }
    var handle: OpaquePointer?
    let code = libusb_wrap_sys_device(context.pointer, Int(file), &handle)
    guard code == 0, let handle else {
      Glibc.close(file)
      throw USBError(code, "open", of: identity)
    }
    do throws(USBError) {
      interfaces = try Self.interfaces(of: handle, identity)
    } catch {
      libusb_close(handle)
      Glibc.close(file)
      throw error
    }
    self.identity = identity
    self.context = context
    self.file = file
    self.handle = handle
    arrivals = USBArrivals(wake)
    // A driver of the kernel gives way, and comes back afterwards. Where the system knows no such thing the claim shows whether there is one.
    libusb_set_auto_detach_kernel_driver(handle, 1)
  }

  deinit { close() }

  public var isOpen: Bool { handle != nil }

  /// - Throws: `busy` when another program has it, `absent`, or `failed`.
  public func claim(_ interface: Int) throws(USBError) {
    guard let handle else { throw .absent("\(identity)") }
    guard !claimed.contains(interface) else { return }
    var code = libusb_claim_interface(handle, Int32(interface))
    if code == LIBUSB_ERROR_OTHER.rawValue || code == LIBUSB_ERROR_NOT_SUPPORTED.rawValue {
      // Detaching was refused, not the interface.
      libusb_set_auto_detach_kernel_driver(handle, 0)
      code = libusb_claim_interface(handle, Int32(interface))
    }
    guard code == 0 else { throw USBError(code, "claim", of: identity) }
    claimed.append(interface)
  }

  /// Ends the halt of an endpoint. Blocks while the device is asked, five seconds at the most.
  public func clearHalt(_ endpoint: UInt8) throws(USBError) {
    guard let handle else { throw .absent("\(identity)") }
    let code = libusb_clear_halt(handle, endpoint)
    guard code == 0 else { throw USBError(code, "clear halt", of: identity) }
  }

  /// Resets the device; claims stay. Call it when no transfer is under way. Blocks while the device comes back.
  ///
  /// - Throws: `absent` when it came back as another device: close it then, and look for it.
  public func reset() throws(USBError) {
    guard let handle else { throw .absent("\(identity)") }
    let code = libusb_reset_device(handle)
    guard code == 0 else { throw USBError(code, "reset", of: identity) }
  }

  /// Ends what is under way and gives the device back.
  public func close() {
    guard let handle else { return }
    self.handle = nil
    // A transfer that does not come back keeps its memory and the handle: closing would free both under the kernel's hands.
    guard arrivals.cancelAll(patienceMilliseconds: 2_000) else { return }
    for interface in claimed { libusb_release_interface(handle, Int32(interface)) }
    claimed = []
    libusb_close(handle)
    Glibc.close(file)
  }

  private static func refusal(_ code: Int32, _ path: String, _ identity: USBDeviceIdentity) -> USBError {
    switch code {
    case EACCES, EPERM: .notPermitted(path: path)
    case ENOENT, ENODEV, ENXIO: .absent("\(identity)")
    default: .failed(operation: "open", code: code)
    }
  }
}

extension USBDevice {
  /// Also makes sure that the file is that of the device that was listed.
  private static func interfaces(of handle: OpaquePointer, _ identity: USBDeviceIdentity) throws(USBError) -> [USBInterface] {
    let device = libusb_get_device(handle)
    var descriptor = libusb_device_descriptor()
    var code = libusb_get_device_descriptor(device, &descriptor)
    guard code == 0 else { throw USBError(code, "device descriptor", of: identity) }
    guard descriptor.idVendor == identity.vendorID, descriptor.idProduct == identity.productID else {
      throw .absent("\(identity)")
    }
    var configuration: UnsafeMutablePointer<libusb_config_descriptor>?
    code = libusb_get_active_config_descriptor(device, &configuration)
    if code == LIBUSB_ERROR_NOT_FOUND.rawValue {
      // Plugged in and not configured.
      code = libusb_set_configuration(handle, 1)
      if code == 0 { code = libusb_get_active_config_descriptor(device, &configuration) }
    }
    guard code == 0, let configuration else { throw USBError(code, "configuration", of: identity) }
    defer { libusb_free_config_descriptor(configuration) }
    let list = UnsafeBufferPointer(start: configuration.pointee.interface, count: Int(configuration.pointee.bNumInterfaces))
    return list.compactMap { entry in
      guard entry.num_altsetting > 0, let first = entry.altsetting?.pointee else { return nil }
      let all = UnsafeBufferPointer(start: first.endpoint, count: Int(first.bNumEndpoints))
      let endpoints = all.map(USBEndpoint.init)
      var extra = Array(UnsafeBufferPointer(start: first.extra, count: Int(max(first.extra_length, 0))))
      // Some makers put their class's descriptor behind an endpoint.
      for endpoint in all { extra += UnsafeBufferPointer(start: endpoint.extra, count: Int(max(endpoint.extra_length, 0))) }
      return USBInterface(
        number: Int(first.bInterfaceNumber), classCode: first.bInterfaceClass, subclass: first.bInterfaceSubClass,
        protocolCode: first.bInterfaceProtocol, endpoints: endpoints, extra: extra)
    }
  }
}

extension USBEndpoint {
  fileprivate init(_ descriptor: libusb_endpoint_descriptor) {
    let kinds: [Kind] = [.control, .isochronous, .bulk, .interrupt]
    self.init(
      address: descriptor.bEndpointAddress, kind: kinds[Int(descriptor.bmAttributes & 3)],
      maximumPacketBytes: Int(descriptor.wMaxPacketSize & 0x7FF))
  }
}
