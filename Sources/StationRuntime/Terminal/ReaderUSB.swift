import DeviceKit
import DeviceVocabulary
import ResidentCardCodec
import ResidentCardDriver
import Transports

/// A reader on USB: one pair of pipes, or two, whichever its endpoints show (`Protocols/ResidentCard/README.md`, "Pipes").
final class ReaderUSB: ReaderWire {
  /// Which endpoints are which pipe.
  struct Pipes: Equatable {
    var layout: PipeLayout
    var interface: Int
    var out: [ReaderPipe: USBEndpoint]
    var brings: [ReaderPipe: USBEndpoint]

    /// `nil` for a device that is no such reader.
    init?(_ interfaces: [USBInterface]) {
      for interface in interfaces {
        guard let headOut = interface.endpoint(0x02), let bodyOut = interface.endpoint(0x06),
          let headIn = interface.endpoint(0x81), let bodyIn = interface.endpoint(0x85)
        else { continue }
        layout = .split
        self.interface = interface.number
        out = [.head: headOut, .body: bodyOut]
        brings = [.head: headIn, .body: bodyIn]
        return
      }
      for interface in interfaces {
        let usable = interface.endpoints.filter { $0.kind == .bulk || $0.kind == .interrupt }
        guard let takes = usable.first(where: { !$0.isIn }), let gives = usable.first(where: \.isIn) else { continue }
        layout = .single
        self.interface = interface.number
        out = [.whole: takes]
        brings = [.whole: gives]
        return
      }
      return nil
    }

    /// In a fixed order.
    var endpoints: [USBEndpoint] {
      [ReaderPipe.head, .body, .whole].flatMap { pipe in [out[pipe], brings[pipe]].compactMap { $0 } }
    }
  }

  private struct Read {
    var pipe: ReaderPipe
    var buffer: SecretBuffer
    /// Nobody wants it any more.
    var isStopped = false
  }

  private let ids: [USBID]
  private let place: String?
  private let context: USBContext
  private let orders: ReaderOrders
  private let watch: USBWatch
  private var changesSeen: UInt64 = 0
  private var device: USBDevice?
  private var pipes: Pipes?
  private var buffers: TransferBuffers
  private var reads: [UInt64: Read] = [:]
  private var lastToken: UInt64 = 0

  init(_ ids: [USBID], at place: String?, context: USBContext, orders: ReaderOrders) {
    self.ids = ids
    self.place = place
    self.context = context
    self.orders = orders
    watch = context.watch(orders.wake)
    buffers = TransferBuffers(orders, capacity: 64)
  }

  var layout: PipeLayout? { device == nil ? nil : pipes?.layout }
  var descriptor: Int32 { -1 }
  var wantsOutput: Bool { false }

  func open() -> String? {
    close()
    do throws(USBError) {
      let identity = try USBDeviceIdentity.find(ids, at: place)
      let device = try USBDevice(identity, context: context, wake: orders.wake)
      guard let pipes = Pipes(device.interfaces) else { return "\(identity): 不是身份证读卡器 / no reader of identity cards" }
      try device.claim(pipes.interface)
      self.device = device
      self.pipes = pipes
      // No packet may be longer than its buffer.
      let longest = pipes.brings.values.map(\.maximumPacketBytes).max() ?? 64
      buffers = TransferBuffers(orders, capacity: max(longest, 64))
      return nil
    } catch {
      return "\(error)"
    }
  }

  func close() {
    device?.close()
    // What came last is erased, too.
    if let device { settleReads(device.takeCompletions()) }
    device = nil
    for read in reads.values { read.buffer.wipe() }
    reads = [:]
  }

  func write(_ bytes: FixedBytes<20>, _ pipe: ReaderPipe) -> CardReaderInput? {
    guard let device, let endpoint = pipes?.out[pipe] else { return .transferFailed(.failed) }
    do throws(USBError) {
      try device.send(bytes.withSpan { span in span.indices.map { span[$0] } }, to: endpoint, token: nextToken())
      return nil
    } catch {
      return failed(error)
    }
  }

  func read(_ pipe: ReaderPipe) -> CardReaderInput? {
    guard let device, let endpoint = pipes?.brings[pipe] else { return .transferFailed(.failed) }
    let buffer = buffers.take()
    let token = nextToken()
    do throws(USBError) {
      try device.receive(into: buffer.lend(), keeping: buffer, from: endpoint, token: token)
      reads[token] = Read(pipe: pipe, buffer: buffer)
      return nil
    } catch {
      buffer.takeBack(filled: 0)
      buffers.giveBack(buffer)
      return failed(error)
    }
  }

  func stopReading() {
    for token in reads.keys.sorted() { reads[token]?.isStopped = true }
    let stopped = reads
    device?.cancel { stopped[$0] != nil }
  }

  func clearHalt() -> CardReaderInput {
    mend { device throws(USBError) in
      for endpoint in pipes?.endpoints ?? [] {
        do throws(USBError) {
          try device.clearHalt(endpoint.address)
        } catch .absent(let what) {
          throw .absent(what)
        } catch {
          // Some devices refuse it for an endpoint that is not halted; the others are cleared all the same.
        }
      }
    }
  }

  func reset() -> CardReaderInput { mend { device throws(USBError) in try device.reset() } }

  /// With nothing under way, as both need it.
  private func mend(_ body: (USBDevice) throws(USBError) -> Void) -> CardReaderInput {
    guard let device else { return .linkDown }
    stopReading()
    _ = device.settle(patienceMilliseconds: 200)
    settleReads(device.takeCompletions())
    do throws(USBError) {
      try body(device)
      return .mended
    } catch .absent {
      return lost()
    } catch {
      // The next rung may help where this one did not.
      return .mended
    }
  }

  func collect(into inputs: inout [CardReaderInput]) {
    if context.changes != changesSeen {
      changesSeen = context.changes
      if let device {
        if !device.identity.isPresent { return inputs.append(lost()) }
      } else if open() == nil, let layout {
        inputs.append(.linkUp(layout))
      }
    }
    guard let device else { return }
    // Both halves of a command fail together: told once, so that the second one is not taken for a failure of what mends the first.
    var failure: CardReaderInput?
    defer { if let failure, self.device != nil { inputs.append(failure) } }
    for completion in device.takeCompletions() {
      let read = reads.removeValue(forKey: completion.token)
      if case .done(let count) = completion.outcome {
        guard let read else { continue }
        read.buffer.takeBack(filled: count)
        guard !read.isStopped else {
          buffers.giveBack(read.buffer)
          continue
        }
        inputs.append(.received(read.buffer, from: read.pipe))
        continue
      }
      read?.buffer.takeBack(filled: 0)
      if let read { buffers.giveBack(read.buffer) }
      switch completion.outcome {
      case .done, .answered, .cancelled: continue
      case .gone: return inputs.append(lost())
      case .stalled: failure = .transferFailed(.stalled)
      case .timedOut, .failed: if read?.isStopped != true, failure == nil { failure = .transferFailed(.failed) }
      }
    }
  }

  func giveBack(_ buffer: SecretBuffer) { buffers.giveBack(buffer) }

  /// Transfers that have ended and whose bytes nobody wants.
  private func settleReads(_ completions: [USBCompletion]) {
    for completion in completions {
      guard let read = reads.removeValue(forKey: completion.token) else { continue }
      read.buffer.takeBack(filled: 0)
      buffers.giveBack(read.buffer)
    }
  }

  private func nextToken() -> UInt64 {
    lastToken += 1
    return lastToken
  }

  private func failed(_ error: USBError) -> CardReaderInput {
    switch error {
    case .absent: lost()
    case .stalled: .transferFailed(.stalled)
    default: .transferFailed(.failed)
    }
  }

  private func lost() -> CardReaderInput {
    close()
    return .linkDown
  }
}
