import CLibUSB
import Glibc
import Synchronization

/// How a transfer has ended.
public struct USBCompletion: Sendable, Equatable {
  public enum Outcome: Sendable, Equatable {
    /// So many bytes went.
    case done(Int)
    /// What a control request has brought.
    case answered([UInt8])
    /// The endpoint is halted.
    case stalled
    case cancelled, timedOut
    /// The device is not there any more.
    case gone
    case failed
  }

  /// What it was called when it was begun.
  public var token: UInt64
  public var endpoint: UInt8
  public var outcome: Outcome
}

/// A question over the control pipe (USB 2.0, 9.3).
public struct USBControlRequest: Sendable, Equatable {
  public var requestType: UInt8
  public var request: UInt8
  public var value: UInt16
  public var index: UInt16
  /// The longest answer.
  public var length: UInt16

  public init(requestType: UInt8, request: UInt8, value: UInt16, index: UInt16, length: UInt16) {
    self.requestType = requestType | 0x80
    self.request = request
    self.value = value
    self.index = index
    self.length = length
  }
}

extension USBDevice {
  /// Sends bytes through a bulk or interrupt pipe.
  ///
  /// - Parameter token: no other transfer under way has the same.
  public func send(
    _ bytes: some Collection<UInt8>, to endpoint: USBEndpoint, token: UInt64, limitMilliseconds: UInt32 = 1_000
  ) throws(USBError) {
    let copy = USBOwnMemory(bytes.count)
    for (index, byte) in bytes.enumerated() { copy.memory[index] = byte }
    try begin(copy.memory, copy, endpoint, token, limitMilliseconds)
  }

  /// Waits for bytes, and lets the kernel write them straight into the caller's memory: nothing of them is anywhere else.
  ///
  /// - Parameters:
  ///   - memory: at least one packet long.
  ///   - owner: kept until the transfer has ended.
  public func receive(
    into memory: UnsafeMutableRawBufferPointer, keeping owner: AnyObject, from endpoint: USBEndpoint, token: UInt64
  ) throws(USBError) {
    try begin(memory, owner, endpoint, token, 0)
  }

  public func ask(_ request: USBControlRequest, token: UInt64, limitMilliseconds: UInt32 = 1_000) throws(USBError) {
    let own = USBOwnMemory(Int(linli_usb_setup_size) + Int(request.length))
    guard let start = own.memory.bindMemory(to: UInt8.self).baseAddress else { return }
    libusb_fill_control_setup(start, request.requestType, request.request, request.value, request.index, request.length)
    try begin(own.memory, own, USBEndpoint(address: 0, kind: .control, maximumPacketBytes: 64), token, limitMilliseconds)
  }

  /// Ends those transfers early. Each still comes back among the completions, mostly as `cancelled`.
  public func cancel(where isMeant: (_ token: UInt64) -> Bool = { _ in true }) { arrivals.cancel(where: isMeant) }

  /// Ends all, and waits until each has.
  ///
  /// - Returns: false when one has not after that time.
  public func settle(patienceMilliseconds: Int = 1_000) -> Bool { arrivals.cancelAll(patienceMilliseconds: patienceMilliseconds) }

  /// What has ended since it was asked last, in order.
  public func takeCompletions() -> [USBCompletion] { arrivals.take() }

  private func begin(
    _ memory: UnsafeMutableRawBufferPointer, _ owner: AnyObject, _ endpoint: USBEndpoint, _ token: UInt64, _ limit: UInt32
  ) throws(USBError) {
    guard let handle else { throw .absent("\(identity)") }
    guard let transfer = libusb_alloc_transfer(0) else { throw .failed(operation: "transfer", code: ENOMEM) }
    let flight = USBFlight(token, endpoint.address, transfer, owner, arrivals)
    let bytes = memory.bindMemory(to: UInt8.self).baseAddress
    let whom = Unmanaged.passRetained(flight)
    let length = Int32(clamping: memory.count)
    switch endpoint.kind {
    case .control: libusb_fill_control_transfer(transfer, handle, bytes, usbTransferEnded, whom.toOpaque(), limit)
    case .interrupt:
      libusb_fill_interrupt_transfer(
        transfer, handle, endpoint.address, bytes, length, usbTransferEnded, whom.toOpaque(), limit)
    default:
      libusb_fill_bulk_transfer(transfer, handle, endpoint.address, bytes, length, usbTransferEnded, whom.toOpaque(), limit)
    }
    arrivals.add(flight)
    let code = libusb_submit_transfer(transfer)
    guard code == 0 else {
      arrivals.remove(flight)
      whom.release()
      throw USBError(code, "transfer", of: identity)
    }
  }
}

/// Memory that goes with its transfer.
private final class USBOwnMemory {
  let memory: UnsafeMutableRawBufferPointer

  init(_ count: Int) {
    memory = .allocate(byteCount: max(count, 1), alignment: 8)
    memory.initializeMemory(as: UInt8.self, repeating: 0)
    length = count
  }

  private let length: Int

  deinit { memory.deallocate() }
}

/// A transfer under way. It is freed when nobody has it any more: neither libusb nor whoever might cancel it.
final class USBFlight: @unchecked Sendable {
  let token: UInt64
  let endpoint: UInt8
  let transfer: UnsafeMutablePointer<libusb_transfer>
  let arrivals: USBArrivals
  private let owner: AnyObject

  init(
    _ token: UInt64, _ endpoint: UInt8, _ transfer: UnsafeMutablePointer<libusb_transfer>, _ owner: AnyObject,
    _ arrivals: USBArrivals
  ) {
    self.token = token
    self.endpoint = endpoint
    self.transfer = transfer
    self.owner = owner
    self.arrivals = arrivals
  }

  deinit { libusb_free_transfer(transfer) }

  var outcome: USBCompletion.Outcome {
    let length = Int(max(transfer.pointee.actual_length, 0))
    switch transfer.pointee.status {
    case LIBUSB_TRANSFER_COMPLETED:
      guard Int32(transfer.pointee.type) == Int32(LIBUSB_TRANSFER_TYPE_CONTROL.rawValue), let bytes = transfer.pointee.buffer
      else { return .done(length) }
      return .answered(Array(UnsafeBufferPointer(start: bytes + Int(linli_usb_setup_size), count: length)))
    case LIBUSB_TRANSFER_STALL: return .stalled
    case LIBUSB_TRANSFER_CANCELLED: return .cancelled
    case LIBUSB_TRANSFER_TIMED_OUT: return .timedOut
    case LIBUSB_TRANSFER_NO_DEVICE: return .gone
    default: return .failed
    }
  }
}

/// On libusb's event thread.
private func usbTransferEnded(_ transfer: UnsafeMutablePointer<libusb_transfer>?) {
  guard let whom = transfer?.pointee.user_data else { return }
  let flight = Unmanaged<USBFlight>.fromOpaque(whom).takeRetainedValue()
  flight.arrivals.ended(flight)
}

/// What is under way and what has ended: between the event thread and the thread of a device.
final class USBArrivals: Sendable {
  private struct State {
    var flying: [USBFlight] = []
    var ended: [USBCompletion] = []
  }
  private let state = Mutex(State())
  private let wake: WakeSignal

  init(_ wake: WakeSignal) { self.wake = wake }

  func add(_ flight: USBFlight) { state.withLock { $0.flying.append(flight) } }
  func remove(_ flight: USBFlight) { state.withLock { $0.flying.removeAll { $0 === flight } } }

  func ended(_ flight: USBFlight) {
    let completion = USBCompletion(token: flight.token, endpoint: flight.endpoint, outcome: flight.outcome)
    state.withLock { state in
      state.flying.removeAll { $0 === flight }
      state.ended.append(completion)
    }
    wake.raise()
  }

  func take() -> [USBCompletion] {
    state.withLock { state in
      defer { state.ended = [] }
      return state.ended
    }
  }

  /// Under the lock, so that none ends and is freed meanwhile. libusb calls back without a lock of its own.
  func cancel(where isMeant: (UInt64) -> Bool) {
    state.withLock { state in
      for flight in state.flying where isMeant(flight.token) { libusb_cancel_transfer(flight.transfer) }
    }
  }

  func cancelAll(patienceMilliseconds: Int) -> Bool {
    cancel { _ in true }
    for _ in 0..<max(patienceMilliseconds, 1) {
      if state.withLock({ $0.flying.isEmpty }) { return true }
      usleep(1_000)
    }
    return state.withLock { $0.flying.isEmpty }
  }
}
