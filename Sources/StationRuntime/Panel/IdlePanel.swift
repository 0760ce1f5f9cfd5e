import CallPanelCodec
import CallPanelDriver
import DeviceKit
import DeviceVocabulary
import Foundation
import FirmwareUpdateCodec
import FirmwareUpdateDriver
import ModbusRTUCodec
import Transports

/// One panel on a port that no station drives, for a technician at the terminal. It fetches no calls: those stay in the panel until a station
/// comes.
public final class IdlePanel {
  private let probe: BusProbe
  private let settings: SerialSettings
  private let node: UInt8
  public private(set) var identity: DeviceIdentity?

  /// How long an answer may take to begin, and how often a question is asked that has none.
  private static let patience = Interval.milliseconds(300)
  private static let tries = 4

  /// - Throws: when the port cannot be opened; `portBusy` names who holds it.
  public init(_ bus: BusPlan, node: UInt8) throws(TransportError) {
    settings = BusLoop.settings(bus)
    probe = try BusProbe(path: try PortSelector(parsing: bus.port).resolve().path, settings: settings, dropsEcho: bus.echo)
    self.node = node
  }

  public func close() { probe.close() }

  /// Asks the panel who it is; `nil` when it does not answer, or is no call panel.
  @discardableResult
  public func meet() throws(TransportError) -> DeviceIdentity? {
    identity = try probe.identity(of: node, patience: Self.patience, tries: Self.tries)
    return identity
  }

  private func identification(at address: UInt8, tries: Int = tries) throws(TransportError) -> PanelTransaction.Identification? {
    try ask(address, PanelTransaction.identification(), tries: tries).flatMap(PanelTransaction.identificationAnswer)
  }

  private func ask(_ address: UInt8, _ question: ModbusPDU, tries: Int = tries) throws(TransportError) -> ModbusPDU? {
    try probe.read(address, question, patience: Self.patience, tries: tries)
  }

  // MARK: - Jobs

  /// Runs an update to its end. `progress` hears of each request.
  public func update(_ images: [ImageFile], progress: (DeviceJob) -> Void) throws(TransportError) -> DeviceJob {
    var sender = UpdateSender(ticket: 0, unit: identity?.unit ?? 0, images: images)
    if identity?.about == nil { sender.end(.noUpdate) }
    var token: UInt8 = 0
    while !sender.job.isOver {
      let now = MonotonicClock.now()
      if sender.due > now { Thread.sleep(forTimeInterval: Double(min((sender.due - now).microseconds, 200_000)) / 1_000_000) }
      // A new image proves itself only to a host that takes note of its start. Nothing else is ordered: no event is acknowledged, no lamp set.
      if sender.job.step == .onTrial, let unit = identity?.unit {
        token = (token &+ 1) & 15
        let order = PanelOrder(token: token, acknowledgesRestart: true, unit: unit)
        _ = try probe.read(node, PanelTransaction.exchange(order, events: 0), patience: Self.patience)
      }
      guard let request = sender.nextRequest(at: MonotonicClock.now()) else { continue }
      let answer = try probe.read(node, request, patience: Self.patience)
      sender.completed(answer.flatMap { sender.accepts($0) ? $0 : nil }, at: MonotonicClock.now())
      progress(sender.job)
    }
    return sender.job
  }

  public func identify(seconds: UInt8) throws(TransportError) -> DeviceJob {
    var errand = PanelErrand.identify(ticket: 0, seconds: seconds)
    try run(&errand)
    return errand.job
  }

  /// Whether anybody answers at another address, at this port's speed.
  public func isTaken(_ address: UInt8) throws(TransportError) -> Bool { try identification(at: address, tries: 2) != nil }

  /// Writes the new address and speed, then waits until the same unit answers there: only then the job is `done`.
  public func readdress(_ address: UInt8, baud: Int, progress: (DeviceJob) -> Void) throws(TransportError) -> DeviceJob {
    guard let unit = identity?.unit, let rate = BaudRate(rawValue: baud) else { return failed(.silent) }
    var errand = PanelErrand.readdress(ticket: 0, address: address, baud: UInt32(clamping: baud))
    try run(&errand)
    progress(errand.job)
    guard errand.job.step == .awaitingFinger else { return errand.job }
    var there = settings
    there.baud = rate
    try probe.retune(there)
    let end = MonotonicClock.now() + .seconds(PanelMap.configurationWindowSeconds + 10)
    while MonotonicClock.now() < end {
      if try identification(at: address, tries: 1)?.unit == unit {
        var job = errand.job
        job.step = .done
        return job
      }
      Thread.sleep(forTimeInterval: 0.3)
    }
    try probe.retune(settings)
    if try identification(at: node)?.unit == unit { return failed(.stillHere) }
    var job = errand.job
    job.step = .unverified
    return job
  }

  private func failed(_ why: JobFailure) -> DeviceJob {
    var job = DeviceJob(ticket: 0, kind: .readdress, step: .failed)
    job.failure = why
    return job
  }

  private func run(_ errand: inout PanelErrand) throws(TransportError) {
    while errand.due != .distantFuture {
      let now = MonotonicClock.now()
      guard let request = errand.nextRequest(at: max(now, errand.due)) else { return }
      let answer = try probe.read(node, request, patience: Self.patience)
      errand.completed(answer.flatMap { errand.accepts($0) ? $0 : nil }, at: now)
    }
  }
}

extension BusProbe {
  /// The first usable answer of some tries; a busy panel is asked again.
  func read(_ address: UInt8, _ question: ModbusPDU, patience: Interval, tries: Int) throws(TransportError) -> ModbusPDU? {
    for _ in 0..<tries {
      if let answer = try read(address, question, patience: patience), answer.exception != .busy { return answer }
    }
    return nil
  }

  /// Who a panel says it is, and what of its firmware; `nil` when it does not answer, or is no call panel. Only reads.
  func identity(of address: UInt8, patience: Interval, tries: Int) throws(TransportError) -> DeviceIdentity? {
    guard
      let found = try read(address, PanelTransaction.identification(), patience: patience, tries: tries)
        .flatMap(PanelTransaction.identificationAnswer)
    else { return nil }
    var who = DeviceIdentity(
      vendor: "", product: "", firmware: "", unit: found.unit, protocolVersion: found.version, buttons: found.buttons)
    if let strings = try read(address, PanelStrings.request, patience: patience, tries: tries).flatMap(PanelStrings.init) {
      (who.vendor, who.product, who.firmware) = (strings.vendor, strings.product, strings.firmware)
    }
    let isKnown = found.version >> 8 == PanelMap.version >> 8
    if !isKnown { who.isOfUnknownProtocol = true }
    // Since map 1.1.
    guard isKnown, found.version & 0xFF >= 1 else { return who }
    if let about = try read(address, UpdateTransaction.about(), patience: patience, tries: tries)
      .flatMap(UpdateTransaction.aboutAnswer)
    {
      who.take(DeviceFirmware(about))
    }
    return who
  }
}
