import CCIDCodec
import CCIDDriver
import DeviceKit
import DeviceVocabulary
import Transports

/// A reader of the class of smart-card readers on USB: a pipe for commands, one for answers, and mostly one for notices
/// (`Protocols/CCID/README.md`).
final class SmartCardUSB {
  struct Pipes {
    var interface: Int
    var out: USBEndpoint
    var answers: USBEndpoint
    var notices: USBEndpoint?
    var descriptor: CCIDDescriptor?

    /// `nil` for a device that is no such reader. Those from before the standard call their class the maker's own.
    init?(_ interfaces: [USBInterface]) {
      for interface in interfaces {
        let descriptor = CCIDDescriptor(in: interface.extra)
        guard interface.classCode == SmartCardUSB.classCode || interface.classCode == 0xFF && descriptor != nil,
          let out = interface.endpoints.first(where: { $0.kind == .bulk && !$0.isIn }),
          let answers = interface.endpoints.first(where: { $0.kind == .bulk && $0.isIn })
        else { continue }
        self.interface = interface.number
        self.out = out
        self.answers = answers
        self.descriptor = descriptor
        notices = interface.endpoints.first { $0.kind == .interrupt && $0.isIn }
        return
      }
      return nil
    }
  }

  static let classCode: UInt8 = 0x0B

  private let ids: [USBID]?
  private let place: String?
  private let context: USBContext
  private let orders: SmartCardOrders
  private let watch: USBWatch
  private var changesSeen: UInt64 = 0
  private var device: USBDevice?
  private var pipes: Pipes?
  private var spare: [SecretBuffer] = []
  /// What stands: the buffer, whether of notices, whether anybody still wants it.
  private var reads: [UInt64: (buffer: SecretBuffer, isNotice: Bool, isStopped: Bool)] = [:]
  private var lastToken: UInt64 = 0

  init(_ ids: [USBID]?, at place: String?, context: USBContext, orders: SmartCardOrders) {
    self.ids = ids
    self.place = place
    self.context = context
    self.orders = orders
    watch = context.watch(orders.wake)
  }

  var isOpen: Bool { device != nil }
  var linkUp: CCIDReaderInput { .linkUp(pipes?.descriptor, notices: pipes?.notices != nil) }

  /// Why not is the answer.
  func open() -> String? {
    close()
    do throws(USBError) {
      let identity =
        if let ids { try USBDeviceIdentity.find(ids, at: place) } else {
          try USBDeviceIdentity.find(interfaceClass: Self.classCode, at: place)
        }
      let device = try USBDevice(identity, context: context, wake: orders.wake)
      guard let pipes = Pipes(device.interfaces) else { return "\(identity): 不是智能卡读卡器 / no reader of smart cards" }
      try device.claim(pipes.interface)
      self.device = device
      self.pipes = pipes
      spare = []
      return nil
    } catch {
      return "\(error)"
    }
  }

  func close() {
    device?.close()
    // What came last is erased, too.
    if let device { settle(device.takeCompletions()) }
    device = nil
    for read in reads.values { read.buffer.wipe() }
    reads = [:]
  }

  func write(_ bytes: [UInt8]) -> CCIDReaderInput? {
    guard let device, let pipes else { return .transferFailed(.failed) }
    do throws(USBError) {
      try device.send(bytes, to: pipes.out, token: nextToken())
      return nil
    } catch {
      return failed(error)
    }
  }

  func read() -> CCIDReaderInput? {
    guard let pipes else { return .transferFailed(.failed) }
    return begin(pipes.answers, isNotice: false)
  }

  func listen() -> CCIDReaderInput? {
    guard let notices = pipes?.notices else { return .noticeFailed }
    return begin(notices, isNotice: true)
  }

  private func begin(_ endpoint: USBEndpoint, isNotice: Bool) -> CCIDReaderInput? {
    guard let device else { return .transferFailed(.failed) }
    // One packet each: its end shows where a message ends.
    let length = max(endpoint.maximumPacketBytes, 8)
    let buffer = spare.popLast(where: { $0.capacity == length }) ?? orders.pages.buffer(length)
    let token = nextToken()
    do throws(USBError) {
      try device.receive(into: buffer.lend(), keeping: buffer, from: endpoint, token: token)
      reads[token] = (buffer, isNotice, false)
      return nil
    } catch {
      buffer.takeBack(filled: 0)
      giveBack(buffer)
      return failed(error)
    }
  }

  func stopReading() {
    for token in reads.keys.sorted() { reads[token]?.isStopped = true }
    let stopped = reads
    device?.cancel { stopped[$0] != nil }
  }

  func clearHalt() -> CCIDReaderInput {
    mend { device, pipes throws(USBError) in
      for endpoint in [pipes.out, pipes.answers] + (pipes.notices.map { [$0] } ?? []) { try device.clearHalt(endpoint.address) }
    }
  }

  func reset() -> CCIDReaderInput { mend { device, _ throws(USBError) in try device.reset() } }

  /// With nothing under way, as both need it.
  private func mend(_ body: (USBDevice, Pipes) throws(USBError) -> Void) -> CCIDReaderInput {
    guard let device, let pipes else { return .linkDown }
    stopReading()
    _ = device.settle(patienceMilliseconds: 200)
    settle(device.takeCompletions())
    do throws(USBError) {
      try body(device, pipes)
      return .mended
    } catch .absent {
      return lost()
    } catch {
      // The next rung may help where this one did not.
      return .mended
    }
  }

  func collect(into inputs: inout [CCIDReaderInput]) {
    if context.changes != changesSeen {
      changesSeen = context.changes
      if let device {
        if !device.identity.isPresent { return inputs.append(lost()) }
      } else if open() == nil {
        inputs.append(linkUp)
      }
    }
    guard let device else { return }
    for completion in device.takeCompletions() {
      let read = reads.removeValue(forKey: completion.token)
      guard case .done(let count) = completion.outcome else {
        read?.buffer.takeBack(filled: 0)
        if let read { giveBack(read.buffer) }
        if let input = ended(completion.outcome, read?.isNotice == true, read?.isStopped == true) { inputs.append(input) }
        if self.device == nil { return }
        continue
      }
      guard let read else { continue }
      read.buffer.takeBack(filled: count)
      if read.isStopped {
        giveBack(read.buffer)
      } else if read.isNotice {
        inputs.append(.notified(read.buffer.withSpan { span in span.indices.map { span[$0] } }))
        giveBack(read.buffer)
      } else {
        inputs.append(.received(read.buffer, isLast: count < read.buffer.capacity))
      }
    }
  }

  private func ended(_ outcome: USBCompletion.Outcome, _ isNotice: Bool, _ isStopped: Bool) -> CCIDReaderInput? {
    switch outcome {
    case .done, .answered, .cancelled: return nil
    case .gone: return lost()
    case .stalled, .timedOut, .failed:
      if isStopped { return nil }
      return isNotice ? .noticeFailed : .transferFailed(outcome == .stalled ? .stalled : .failed)
    }
  }

  func giveBack(_ buffer: SecretBuffer) {
    buffer.wipe()
    if spare.count < 8 { spare.append(buffer) }
  }

  /// Transfers that have ended and whose bytes nobody wants.
  private func settle(_ completions: [USBCompletion]) {
    for completion in completions {
      guard let read = reads.removeValue(forKey: completion.token) else { continue }
      read.buffer.takeBack(filled: 0)
      giveBack(read.buffer)
    }
  }

  private func nextToken() -> UInt64 {
    lastToken += 1
    return lastToken
  }

  private func failed(_ error: USBError) -> CCIDReaderInput {
    switch error {
    case .absent: lost()
    case .stalled: .transferFailed(.stalled)
    default: .transferFailed(.failed)
    }
  }

  private func lost() -> CCIDReaderInput {
    close()
    return .linkDown
  }
}

extension Array {
  fileprivate mutating func popLast(where isFit: (Element) -> Bool) -> Element? {
    lastIndex(where: isFit).map { remove(at: $0) }
  }
}
