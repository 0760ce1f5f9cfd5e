import DeviceKit
import DeviceVocabulary
import Foundation
import ResidentCardCodec
import ResidentCardDriver
import Synchronization
import Transports

/// What a reader tells, on its own thread and in order.
public enum ReaderReport: Sendable {
  case event(ReaderEvent)
  /// Just before `ReaderEvent.read` of the same handle. `consent` is the number of the consent to which it was read.
  case record(CardRecord, consent: UInt64)
  case health(Health)
}

/// A reader of resident identity cards with a thread of its own. It looks for a card only between `read` and the end of its consent, and
/// comes back by itself when it was unplugged.
public final class ResidentReader: Sendable {
  private let orders: ReaderOrders
  private let stop = StopFlag()
  private let ended: Mutex<DispatchGroup?> = Mutex(nil)

  /// - Parameters:
  ///   - log: for the technician: why the port does not open, what module answers. Nothing about a card, ever.
  ///   - report: on the reader's thread, in order. It must not wait for this reader.
  /// - Throws: `TransportError`, or `USBError` when libusb cannot start. A reader that is not there is none: it may come.
  public init(
    plan: ReaderPlan, log: @escaping @Sendable (String) -> Void = { FileHandle.standardError.write(Data(($0 + "\n").utf8)) },
    report: @escaping @Sendable (ReaderReport) -> Void
  ) throws {
    let orders = ReaderOrders(wake: try WakeSignal(), pages: LockedPages(log: log))
    self.orders = orders
    let wire: any ReaderWire =
      switch plan.connection {
      case .serial(let path, let baud): ReaderSerial(path: path, baud: baud, orders: orders)
      case .usb(let ids, let place):
        ReaderUSB(ids, at: place, context: try USBContext.shared(), orders: orders)
      }
    let handed = Handed(value: ReaderLoop(plan: plan, wire: wire, orders: orders, log: log, report: report))
    ended.withLock { $0 = startThread("reader") { [stop] in handed.value.run(until: stop) } }
  }

  deinit { shutDown() }

  /// Made on one thread and handed to its own; nothing else ever touches it.
  private struct Handed: @unchecked Sendable { let value: ReaderLoop }

  /// Looks for a card and reads it, once. An earlier reading is over with it, and what was read for it is erased.
  public func read(newestAddress: Bool, consent: CardConsent) { orders.read(newestAddress: newestAddress, consent) }

  /// Nobody wants a card any more. Whatever of one is here is erased when this returns: a report that is under way just then holds nothing.
  public func cancel() { orders.cancel() }

  /// Ends the thread, waiting two seconds at the most. What was read is erased.
  public func shutDown() {
    stop.raise()
    orders.cancel()
    _ = ended.withLock { $0 }?.wait(timeout: .now() + 2)
  }
}

/// What is wanted of a reader, from other threads. Only the newest counts.
final class ReaderOrders: Sendable {
  struct Reading: Sendable {
    var newestAddress: Bool
    var consent: CardConsent
  }
  private struct State {
    var isCancelled = false
    var reading: Reading?
    /// What a card's content was put into, and may still be in.
    var buffers: [Kept] = []
  }
  private struct Kept { weak var buffer: SecretBuffer? }

  let wake: WakeSignal
  let pages: LockedPages
  private let state = Mutex(State())

  init(wake: WakeSignal, pages: LockedPages) {
    self.wake = wake
    self.pages = pages
  }

  func read(newestAddress: Bool, _ consent: CardConsent) {
    replace(by: Reading(newestAddress: newestAddress, consent: consent))
  }

  func cancel() { replace(by: nil) }

  /// Erases in the same step: the reader's thread may be waiting for a reset.
  private func replace(by reading: Reading?) {
    let buffers = state.withLock { state in
      state.isCancelled = true
      state.reading = reading
      return state.buffers.compactMap(\.buffer)
    }
    for buffer in buffers { buffer.wipe() }
    wake.raise()
  }

  /// Until the driver has heard of it, it may tell of what is no more.
  var isCancelled: Bool { state.withLock { $0.isCancelled } }

  func take() -> (isCancelled: Bool, reading: Reading?) {
    state.withLock { state in
      defer {
        state.isCancelled = false
        state.reading = nil
      }
      return (state.isCancelled, state.reading)
    }
  }

  func makeBuffer(_ capacity: Int) -> SecretBuffer {
    let buffer = pages.buffer(capacity)
    state.withLock { state in
      state.buffers.removeAll { $0.buffer == nil }
      state.buffers.append(Kept(buffer: buffer))
    }
    return buffer
  }
}

/// The reader's thread: the driver, and the wire it speaks on.
final class ReaderLoop {
  private var driver: CardReader
  private let plan: ReaderPlan
  private let wire: any ReaderWire
  private let orders: ReaderOrders
  private let log: (String) -> Void
  private let report: (ReaderReport) -> Void
  private var lastRefusal: String?

  init(
    plan: ReaderPlan, wire: any ReaderWire, orders: ReaderOrders, log: @escaping (String) -> Void,
    report: @escaping (ReaderReport) -> Void
  ) {
    driver = DriverCatalog.reader(plan) { [orders] in orders.makeBuffer($0) }
    self.plan = plan
    self.wire = wire
    self.orders = orders
    self.log = log
    self.report = report
  }

  func run(until stop: StopFlag) {
    var inputs: [CardReaderInput] = []
    while !stop.isRaised {
      orders.wake.clear()
      obey()
      wire.collect(into: &inputs)
      for input in inputs { give(input) }
      inputs.removeAll(keepingCapacity: true)
      give(.wake)
      wait()
    }
    obey()
    give(.cancel)
    wire.close()
  }

  private func obey() {
    let (isCancelled, reading) = orders.take()
    if isCancelled { give(.cancel) }
    if let reading { give(.read(newestAddress: reading.newestAddress && plan.newestAddress, consent: reading.consent)) }
  }

  private func wait() {
    // A machine that wants to be woken without end must not take the processor.
    let now = MonotonicClock.now()
    let until = max(min(driver.deadline ?? .distantFuture, now + .seconds(1)), now + .microseconds(200))
    var set = PollSet()
    _ = set.add(orders.wake.fileDescriptor)
    _ = set.add(wire.descriptor, output: wire.wantsOutput)
    _ = set.wait(until: until)
  }

  /// Until nothing follows from it: what the wire answers at once is an input, too.
  private func give(_ input: CardReaderInput) {
    var next = [input]
    var index = 0
    while index < next.count {
      var effects = Effects<CardReaderEffect>()
      driver.handle(next[index], at: MonotonicClock.now(), into: &effects)
      if case .received(let buffer, _) = next[index] { wire.giveBack(buffer) }
      index += 1
      if effects.refused > 0 { log("读卡器驱动一次要做的事太多 / the reader's driver wanted more at once than fits: \(effects.refused)") }
      while let effect = effects.takeFirst() {
        if let answer = perform(effect) { next.append(answer) }
      }
    }
  }

  private func perform(_ effect: CardReaderEffect) -> CardReaderInput? {
    switch effect {
    case .write(let bytes, let pipe): return wire.write(bytes, pipe)
    case .read(let pipe): return wire.read(pipe)
    case .stopReading: wire.stopReading()
    case .clearHalt: return wire.clearHalt()
    case .resetDevice: return wire.reset()
    case .openPort: return open()
    case .identified(let number): log("读卡器模块 / reader module: \(number)")
    case .event(let event): tell(event)
    case .record(let record, let consent): if !orders.isCancelled { report(.record(record, consent: consent)) }
    case .health(let health): report(.health(health))
    }
    return nil
  }

  private func tell(_ event: ReaderEvent) {
    switch event {
    case .read, .readFailed, .cardArrived: if orders.isCancelled { return }
    default: break
    }
    report(.event(event))
  }

  /// Why not is logged once while it stays the same.
  private func open() -> CardReaderInput {
    let refusal = wire.open()
    if let refusal, refusal != lastRefusal { log("读卡器 / reader \(plan.connection): \(refusal)") }
    lastRefusal = refusal
    guard refusal == nil, let layout = wire.layout else { return .linkDown }
    return .linkUp(layout)
  }
}
