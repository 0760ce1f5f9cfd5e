import CCIDCodec
import CCIDDriver
import DeviceKit
import DeviceVocabulary
import Foundation
import Synchronization
import Transports

/// A reader of smart cards with a thread of its own: tells which card lies there, and carries commands to it. It comes back by itself when it was
/// unplugged, or when the system's service was started anew.
public final class SmartCardReader: Sendable {
  private let orders: SmartCardOrders
  private let stop = StopFlag()
  private let ended: Mutex<DispatchGroup?> = Mutex(nil)

  /// - Parameters:
  ///   - log: for the technician: why there is no reader. Nothing about a card, ever.
  ///   - report: on the reader's thread, in order. It must not wait for this reader.
  /// - Throws: `TransportError`, or `USBError` when libusb cannot start. A reader that is not there is none: it may come.
  public init(
    plan: SmartCardPlan, log: @escaping @Sendable (String) -> Void = { FileHandle.standardError.write(Data(($0 + "\n").utf8)) },
    report: @escaping @Sendable (SmartCardEvent) -> Void
  ) throws {
    let orders = SmartCardOrders(wake: try WakeSignal(), pages: LockedPages(log: log))
    self.orders = orders
    let handed = Handed(value: SmartCardLoop(plan: plan, orders: orders, log: log, report: report))
    ended.withLock { $0 = startThread("smart card") { [stop] in handed.value.run(until: stop) } }
  }

  deinit { shutDown() }

  /// Made on one thread and handed to its own; nothing else ever touches it.
  private struct Handed: @unchecked Sendable { let value: SmartCardLoop }

  /// Asks the card that lies there.
  ///
  /// - Parameters:
  ///   - limit: for all of it. The system's service knows no limits: there the answer comes too late to anybody, and the reader is busy meanwhile.
  ///   - answer: on the reader's thread, or at once when it cannot be asked; with the status at the end. Whoever takes it erases it.
  public func transmit(
    _ command: [UInt8], within limit: Interval? = nil,
    answer: @escaping @Sendable (Result<SecretBuffer, SmartCardFailure>) -> Void
  ) {
    if !orders.put(SmartCardOrders.Order(command: command, limit: limit, answer: answer)) { answer(.failure(.busy)) }
  }

  /// Whether the card that lies there is a social-security card. Nothing is read from it: what it says of itself is erased here.
  public func askKind(answer: @escaping @Sendable (Result<Bool, SmartCardFailure>) -> Void) {
    transmit(SocialSecurityCard.select, within: .seconds(3)) { result in
      answer(
        result.map { said in
          defer { said.wipe() }
          return said.withSpan { SocialSecurityCard.isMet(by: $0) }
        })
    }
  }

  /// Ends the thread, waiting two seconds at the most. What was told of cards is erased.
  public func shutDown() {
    stop.raise()
    orders.close()
    _ = ended.withLock { $0 }?.wait(timeout: .now() + 2)
  }
}

/// What is wanted of a reader, from other threads.
final class SmartCardOrders: Sendable {
  struct Order: Sendable {
    var command: [UInt8]
    var limit: Interval?
    var answer: @Sendable (Result<SecretBuffer, SmartCardFailure>) -> Void
  }

  /// More are refused.
  static let limit = 4

  let wake: WakeSignal
  let pages: LockedPages
  let canceller = PCSCContext.Canceller()
  private let state = Mutex((waiting: [Order](), isClosed: false))

  init(wake: WakeSignal, pages: LockedPages) {
    self.wake = wake
    self.pages = pages
  }

  func put(_ order: Order) -> Bool {
    let isTaken = state.withLock { state in
      guard !state.isClosed, state.waiting.count < Self.limit else { return false }
      state.waiting.append(order)
      return true
    }
    if isTaken { rouse() }
    return isTaken
  }

  func take() -> Order? {
    state.withLock { state in state.waiting.isEmpty ? nil : state.waiting.removeFirst() }
  }

  func close() {
    let left = state.withLock { state in
      defer { state.waiting = [] }
      state.isClosed = true
      return state.waiting
    }
    for order in left { order.answer(.failure(.outOfOrder)) }
    rouse()
  }

  private func rouse() {
    wake.raise()
    canceller.cancel()
  }
}

/// The reader's thread: by the system's service, or without it.
final class SmartCardLoop {
  private let plan: SmartCardPlan
  let orders: SmartCardOrders
  private let log: (String) -> Void
  private let report: (SmartCardEvent) -> Void
  private var lastRefusal: String?
  private var notice: SmartCardRepair?
  /// Both ways count one after the other.
  var lastCard: UInt32 = 0

  init(
    plan: SmartCardPlan, orders: SmartCardOrders, log: @escaping (String) -> Void, report: @escaping (SmartCardEvent) -> Void
  ) {
    self.plan = plan
    self.orders = orders
    self.log = log
    self.report = report
  }

  var settings: CCIDReaderSettings { plan.settings }

  func run(until stop: StopFlag) {
    while !stop.isRaised {
      switch plan.connection {
      case .service(let name): SmartCardService(name, self).run(until: stop, leavesWithService: false)
      case .usb(let ids, let place): runUSB(ids, place, until: stop, leavesForService: false)
      case .automatic:
        if (try? PCSCContext()) != nil {
          SmartCardService(nil, self).run(until: stop, leavesWithService: true)
        } else {
          runUSB(nil, nil, until: stop, leavesForService: true)
        }
      }
    }
    while let order = orders.take() { order.answer(.failure(.outOfOrder)) }
  }

  private func runUSB(_ ids: [USBID]?, _ place: String?, until stop: StopFlag, leavesForService: Bool) {
    do {
      let wire = SmartCardUSB(ids, at: place, context: try USBContext.shared(), orders: orders)
      SmartCardWireLoop(wire, self).run { stop.isRaised || leavesForService && !wire.isOpen && (try? PCSCContext()) != nil }
    } catch {
      refused("\(error)")
      rest(seconds: 2)
    }
  }

  /// Why not is logged once while it stays the same.
  func refused(_ refusal: String?) {
    if let refusal, refusal != lastRefusal { log("智能卡读卡器 / smart-card reader \(plan.connection): \(refusal)") }
    lastRefusal = refusal
  }

  /// One notice, whichever way is gone.
  func tell(_ event: SmartCardEvent) {
    switch event {
    case .repairNeeded(let repair):
      guard notice == nil else { return }
      notice = repair
    case .repaired:
      guard notice != nil else { return }
      notice = nil
    case .ready:
      // The other way works.
      if notice.take() != nil { report(.repaired) }
    default: break
    }
    report(event)
  }

  /// Until then, or until somebody wants something.
  func rest(seconds: Int) {
    orders.wake.clear()
    var set = PollSet()
    _ = set.add(orders.wake.fileDescriptor)
    _ = set.wait(until: MonotonicClock.now() + .seconds(seconds))
  }
}

/// The driver, and the USB wire it speaks on.
final class SmartCardWireLoop {
  private var driver: CCIDReader
  private let wire: SmartCardUSB
  private let loop: SmartCardLoop
  private var lastToken: UInt64 = 0
  private var answers: [UInt64: @Sendable (Result<SecretBuffer, SmartCardFailure>) -> Void] = [:]

  init(_ wire: SmartCardUSB, _ loop: SmartCardLoop) {
    driver = DriverCatalog.smartCards(loop.settings) { [pages = loop.orders.pages] in pages.buffer($0) }
    self.wire = wire
    self.loop = loop
  }

  func run(until isOver: () -> Bool) {
    var inputs: [CCIDReaderInput] = []
    while !isOver() {
      loop.orders.wake.clear()
      while let order = loop.orders.take() {
        lastToken += 1
        answers[lastToken] = order.answer
        give(.transmit(token: lastToken, order.command, within: order.limit))
      }
      wire.collect(into: &inputs)
      for input in inputs { give(input) }
      inputs.removeAll(keepingCapacity: true)
      give(.wake)
      wait()
    }
    // Cards that were told are erased with it.
    give(.linkDown)
    wire.close()
    for token in answers.keys.sorted() { answers.removeValue(forKey: token)?(.failure(.outOfOrder)) }
  }

  private func wait() {
    // A machine that wants to be woken without end must not take the processor.
    let now = MonotonicClock.now()
    let until = max(min(driver.deadline ?? .distantFuture, now + .seconds(1)), now + .microseconds(200))
    var set = PollSet()
    _ = set.add(loop.orders.wake.fileDescriptor)
    _ = set.wait(until: until)
  }

  private func give(_ input: CCIDReaderInput) {
    var next = [input]
    var index = 0
    while index < next.count {
      var effects = Effects<CCIDReaderEffect>()
      driver.handle(next[index], at: MonotonicClock.now(), into: &effects)
      if case .received(let buffer, _) = next[index] { wire.giveBack(buffer) }
      index += 1
      while let effect = effects.takeFirst() { if let answer = perform(effect) { next.append(answer) } }
    }
  }

  private func perform(_ effect: CCIDReaderEffect) -> CCIDReaderInput? {
    switch effect {
    case .write(let bytes): return wire.write(bytes)
    case .read: return wire.read()
    case .listen: return wire.listen()
    case .stopReading: wire.stopReading()
    case .clearHalt: return wire.clearHalt()
    case .resetDevice: return wire.reset()
    case .openPort:
      let refusal = wire.open()
      loop.refused(refusal)
      return refusal == nil ? wire.linkUp : .linkDown
    case .event(let event):
      guard case .present(var card) = event else {
        loop.tell(event)
        break
      }
      loop.lastCard += 1
      card.number = loop.lastCard
      loop.tell(.present(card))
    case .health: break
    case .answered(let token, let result): answers.removeValue(forKey: token)?(result)
    }
    return nil
  }
}
