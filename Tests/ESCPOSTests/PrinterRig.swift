import DeviceKit
import DeviceVocabulary
import ESCPOSCodec
import ESCPOSDeviceModel
import ESCPOSDriver
import Testing

/// The driver and the model of a printer in virtual time, with a line between them that can be cut anywhere.
struct PrinterRig {
  var driver: PrinterDriver
  var model: PrinterModel
  var now = Instant.zero

  /// The line breaks when it has passed on so many bytes more.
  var breakAfter: Int?
  /// What the break looks like: the count of bytes that were taken, or the bare fact.
  var tellsAccepted = false
  /// Nothing can be opened.
  var isCut = false
  /// Takes bytes and never says that it did.
  var hangs = false
  /// The line takes so long for a write.
  var writeDelay = Interval.zero
  var isOpen = false

  var outcomes: [UInt64: PrintOutcome] = [:]
  var outcomesInOrder: [PrintOutcome] = []
  var conditions: [PrinterCondition] = []
  /// Faults as they came and went: "+paperOut", "-paperOut".
  var notices: [String] = []
  var slips: [PrintedSlip] = []
  var opened = 0
  var written: [[UInt8]] = []
  private var toDriver: [(due: Instant, input: PrinterInput)] = []

  init(
    _ settings: PrinterSettings = PrinterSettings(separator: PrinterProfile().separator),
    _ traits: PrinterTraits = PrinterTraits()
  )
    throws
  {
    driver = PrinterDriver(settings, seed: 3)
    model = PrinterModel(traits, table: try chinese())
  }

  mutating func print(_ job: UInt64, _ bytes: [UInt8]) { give(.printRequested(job: job, bytes)) }
  mutating func hand(_ hand: PrinterModel.Hand) {
    toModel(.hand(hand))
    deliver()
  }

  /// Lets time pass, with both ends woken exactly at their deadlines.
  mutating func pass(_ interval: Interval) {
    let end = now + interval
    give(.wake)
    var steps = 0
    while steps < 1_000_000 {
      steps += 1
      let due = min(driver.deadline ?? .distantFuture, model.deadline ?? .distantFuture, toDriver.first?.due ?? .distantFuture)
      guard due <= end else { break }
      now = max(now, due)
      toModel(.wake)
      give(.wake)
    }
    now = end
  }

  mutating func give(_ input: PrinterInput) {
    toDriver.append((now, input))
    deliver()
  }

  private mutating func deliver() {
    while let index = toDriver.firstIndex(where: { $0.due <= now }) {
      let input = toDriver.remove(at: index).input
      var effects = Effects<PrinterEffect>()
      driver.handle(input, at: now, into: &effects)
      while let effect = effects.takeFirst() { perform(effect) }
    }
  }

  private mutating func perform(_ effect: PrinterEffect) {
    switch effect {
    case .reopen:
      opened += 1
      isOpen = !isCut && model.isPowered
      toDriver.append((now, isOpen ? .linkUp : .linkDown))
    case .write(let bytes): write(bytes)
    case .event(.conditionChanged(let condition)): conditions.append(condition)
    case .event(.faultChanged(let fault, let isPresent)): notices.append("\(isPresent ? "+" : "-")\(fault)")
    case .event(.jobEnded(let job, let outcome)):
      if outcomes[job] != nil { Issue.record("the outcome of job \(job) was told twice") }
      outcomes[job] = outcome
      outcomesInOrder.append(outcome)
    }
  }

  private mutating func write(_ bytes: [UInt8]) {
    written.append(bytes)
    guard isOpen else { return }
    if let left = breakAfter, left < bytes.count {
      toModel(.received(Array(bytes[..<left])))
      breakAfter = nil
      isOpen = false
      if tellsAccepted { toDriver.append((now, .writeFailed(accepted: left))) }
      toDriver.append((now, .linkDown))
      return
    }
    breakAfter = breakAfter.map { $0 - bytes.count }
    toModel(.received(bytes))
    if !hangs, isOpen { toDriver.append((now + writeDelay, .written)) }
  }

  private mutating func toModel(_ input: PrinterModel.Input) {
    var effects = Effects<PrinterModel.Effect>()
    model.handle(input, at: now, into: &effects)
    while let effect = effects.takeFirst() {
      switch effect {
      case .transmit(let bytes): if isOpen { toDriver.append((now, .received(bytes))) }
      case .finished(let slip): slips.append(slip)
      case .hangUp:
        if isOpen { toDriver.append((now, .linkDown)) }
        isOpen = false
      }
    }
  }

  /// The tickets on paper, whole ones only: their numbers.
  func numbers() -> [String] {
    slips.compactMap { slip in
      let lines = slip.lines.map(\.text)
      guard lines.first == "社会治安综合治理中心", lines.last == "2026-01-15 12:34", slip.codes.count == 1 else { return nil }
      return lines.first { $0.hasPrefix("A") }
    }
  }
}

func ticket(_ number: Int, _ profile: PrinterProfile = PrinterProfile()) throws -> [UInt8] {
  var ticket = TicketSlip.sample
  ticket.number = "A\(String(repeating: "0", count: max(0, 5 - "\(number)".count)))\(number)"
  return ticket.bytes(profile, try chinese())
}
