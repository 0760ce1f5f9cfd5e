import DeviceKit
import DeviceVocabulary
import ESCPOSCodec
import ESCPOSDriver
import Foundation
import Synchronization
import Transports

/// A ticket printer with a thread of its own: takes slips, and says of each whether it is on paper.
public final class TicketPrinter: Sendable {
  struct Job: Sendable {
    var number: UInt64
    var bytes: [UInt8]
  }

  private let plan: PrinterPlan
  private let table: DoubleByteTable
  private let inbox: BoundedMailbox<Job>
  private let wake: WakeSignal
  private let stop = StopFlag()
  private let answers = Mutex(Waiting())
  private let newest = Mutex(PrinterCondition.unknown)
  private let ended: Mutex<DispatchGroup?> = Mutex(nil)

  private struct Waiting {
    var next: UInt64 = 0
    var continuations: [UInt64: CheckedContinuation<PrintOutcome, Never>] = [:]
  }

  /// - Parameter fault: told on the printer's thread when something is the matter with the printer, and when it no longer is.
  /// - Throws: `ChineseText.Failure` when this system cannot write Chinese for printers.
  public init(plan: PrinterPlan, fault: @escaping @Sendable (PrinterFault, _ isPresent: Bool) -> Void) throws {
    self.plan = plan
    let chinese = try ChineseText()
    table = DoubleByteTable(encode: { chinese.code($0) }, decode: { chinese.scalar($0, $1) })
    wake = try WakeSignal()
    inbox = BoundedMailbox(capacity: 0, reserve: 32, wake: wake)
    let handed = Handed(
      value: PrinterLoop(plan: plan, inbox: inbox, wake: wake) { [weak self] event in
        switch event {
        case .conditionChanged(let condition): self?.newest.withLock { $0 = condition }
        case .faultChanged(let kind, let isPresent): fault(kind, isPresent)
        case .jobEnded(let job, let outcome): self?.ended(job, outcome)
        }
      })
    ended.withLock { $0 = startThread("printer") { [stop] in handed.value.run(until: stop) } }
  }

  /// How the printer was when it last said something else.
  public var condition: PrinterCondition { newest.withLock { $0 } }

  /// Made on one thread and handed to its own; nothing else ever touches it.
  private struct Handed: @unchecked Sendable { let value: PrinterLoop }

  /// Returns when it is known what became of the slip, or when nobody knows in time.
  public func print(_ slip: TicketSlip, modules: [[Bool]]?, within patience: Duration = .seconds(8)) async -> PrintOutcome {
    let bytes = slip.bytes(plan.profile, table, modules: modules)
    return await withCheckedContinuation { continuation in
      let number = answers.withLock { answers in
        answers.next += 1
        answers.continuations[answers.next] = continuation
        return answers.next
      }
      Task {
        try? await Task.sleep(for: patience)
        ended(number, .unknown(nil))
      }
      if inbox.send(Job(number: number, bytes: bytes), .irreplaceable) == .refused { ended(number, .notPrinted(.queueIsFull)) }
    }
  }

  private func ended(_ job: UInt64, _ outcome: PrintOutcome) {
    answers.withLock { $0.continuations.removeValue(forKey: job) }?.resume(returning: outcome)
  }

  public func shutDown() {
    stop.raise()
    wake.raise()
    _ = ended.withLock { $0 }?.wait(timeout: .now() + 2)
    // Nobody will say any more what became of these.
    let left = answers.withLock { answers in
      defer { answers.continuations = [:] }
      return Array(answers.continuations.values)
    }
    for continuation in left { continuation.resume(returning: .unknown(nil)) }
  }
}

/// The printer's thread: the driver, and the line it speaks on.
final class PrinterLoop {
  private var driver: PrinterDriver
  private let port: PrinterPort
  private let inbox: BoundedMailbox<TicketPrinter.Job>
  private let wake: WakeSignal
  private let event: (PrinterEvent) -> Void
  /// What the driver wants written, in order; each is answered.
  private var writes: [ArraySlice<UInt8>] = []
  private var wantsOpen = false

  init(plan: PrinterPlan, inbox: BoundedMailbox<TicketPrinter.Job>, wake: WakeSignal, event: @escaping (PrinterEvent) -> Void) {
    driver = DriverCatalog.printer(plan)
    port = PrinterPort(plan, wake: wake)
    self.inbox = inbox
    self.wake = wake
    self.event = event
  }

  func run(until stop: StopFlag) {
    var jobs: [TicketPrinter.Job] = []
    while !stop.isRaised {
      wake.clear()
      inbox.receive(into: &jobs)
      for job in jobs { give(.printRequested(job: job.number, job.bytes)) }
      jobs.removeAll(keepingCapacity: true)
      if let due = driver.deadline, due <= MonotonicClock.now() { give(.wake) }
      openIfWanted()
      flush()
      wait()
    }
    port.close()
  }

  private func openIfWanted() {
    guard wantsOpen else { return }
    wantsOpen = false
    guard port.open() else { return give(.linkDown) }
    if !port.isConnecting { give(.linkUp) }
  }

  private func flush() {
    while let next = writes.first, !port.isConnecting {
      guard let taken = port.write(next) else { return lost() }
      if taken < next.count {
        writes[0] = next.dropFirst(taken)
        return
      }
      writes.removeFirst()
      give(.written)
    }
  }

  private func lost() {
    let accepted = writes.first.map { $0.startIndex + port.doubtful } ?? 0
    let wasWriting = !writes.isEmpty
    writes = []
    port.close()
    give(wasWriting ? .writeFailed(accepted: accepted) : .linkDown)
  }

  private func wait() {
    let now = MonotonicClock.now()
    let due = min(driver.deadline ?? .distantFuture, port.deadline ?? .distantFuture)
    let until = wantsOpen ? now : min(due, now + .milliseconds(500))
    var set = PollSet()
    _ = set.add(wake.fileDescriptor)
    let line = port.descriptor >= 0 ? set.add(port.descriptor, output: port.isConnecting || !writes.isEmpty) : nil
    let ready = set.wait(until: until)
    if port.isUSB { return readUSB() }
    guard ready > 0, let line, !set[line].isEmpty else { return }
    if port.isConnecting {
      if port.finishConnecting() { give(.linkUp) } else { lost() }
      return
    }
    switch port.read() {
    case .nothing: if set[line].contains(.hangup) { lost() }
    case .bytes(let bytes): give(.received(bytes))
    case .lost: lost()
    }
  }

  private func readUSB() {
    // What it says of itself is short; more than this at once waits for the next round.
    for _ in 0..<8 {
      switch port.read() {
      case .nothing: return
      case .bytes(let bytes): give(.received(bytes))
      case .lost: return lost()
      }
    }
  }

  private func give(_ input: PrinterInput) {
    var effects = Effects<PrinterEffect>()
    driver.handle(input, at: MonotonicClock.now(), into: &effects)
    for index in 0..<effects.count {
      switch effects[index] {
      case .write(let bytes): writes.append(bytes[...])
      case .reopen:
        port.close()
        writes = []
        wantsOpen = true
      case .event(let event): self.event(event)
      case nil: break
      }
    }
  }
}
