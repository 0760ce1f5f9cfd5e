import DeviceKit
import DeviceVocabulary

/// Whether the terminals in the hall are there: their pages say so several times a minute.
extension Station {
  struct KioskStatus: Sendable {
    var kiosk: String
    var isAlive: Bool
  }

  /// A terminal is switched on by hand in the morning: nobody is called for that.
  static let kioskGrace = Interval.seconds(60)

  mutating func kioskChanged(_ kiosk: String, isAlive: Bool) {
    guard plan.visits?.kiosk(kiosk) != nil else { return }
    kiosks.removeAll { $0.kiosk == kiosk }
    kiosks.append(KioskStatus(kiosk: kiosk, isAlive: isAlive))
    condition(FaultKey(.kiosk(kiosk), .kioskSilent), !isAlive)
    if !isAlive { letGoOfAll(at: kiosk, .terminalSilent) }
  }

  /// Those that nobody has heard of since the start.
  private var unheard: [String] {
    (plan.visits?.kiosks ?? []).map(\.id).filter { id in !kiosks.contains { $0.kiosk == id } }
  }

  mutating func runKiosks() {
    guard let startedAt, now - startedAt.monotonic >= Self.kioskGrace else { return }
    for kiosk in unheard { kioskChanged(kiosk, isAlive: false) }
  }

  func nextKioskTimer() -> Instant? {
    guard let startedAt, !unheard.isEmpty else { return nil }
    return startedAt.monotonic + Self.kioskGrace
  }

  /// `nil` for what is no terminal's help key.
  func kioskHealth(_ device: DeviceID) -> Health? {
    guard device.bus == VisitPlan.kioskBus, let offered = plan.visits else { return nil }
    guard let kiosk = offered.kiosks.first(where: { offered.helpKey($0.id)?.device == device }),
      let status = kiosks.first(where: { $0.kiosk == kiosk.id })
    else { return .absent }
    return status.isAlive ? .online : .stale
  }

  // MARK: - After a power cut

  /// How long ago a number may have been taken, and how long it is shown, for its owner to be still there.
  static let interruptionTime = Interval.seconds(600)

  /// Numbers of which nobody knows whether a slip came out: the power failed, or the program was started anew, in that moment.
  mutating func noteInterruptedTickets() {
    for ticket in state.visits.lines.flatMap(\.tickets) where ticket.slip == .unknown && ticket.phase == .waiting {
      let age = ticket.takenAt.elapsed(at: stamp) ?? .zero
      if age <= Self.interruptionTime { interruptedTickets.append(ticket.id) }
    }
  }

  /// Those of one terminal that wait still, `A005`.
  func interrupted(_ kiosk: String) -> [String] {
    guard let startedAt, now - startedAt.monotonic < Self.interruptionTime else { return [] }
    let tickets = interruptedTickets.compactMap { state.visits.ticket($0) }
    return tickets.filter { $0.kiosk == kiosk && $0.slip == .unknown && $0.phase == .waiting }.map { $0.id.shown }
  }

  func nextInterruptionTimer() -> Instant? {
    guard let startedAt, !interruptedTickets.isEmpty, now - startedAt.monotonic < Self.interruptionTime else { return nil }
    return startedAt.monotonic + Self.interruptionTime
  }

  func kioskPlace(_ kiosk: String) -> String {
    let place = plan.visits?.kiosk(kiosk).flatMap { plan.place($0.place)?.name } ?? ""
    return "\(place) 自助终端 / terminal (\(kiosk))"
  }
}
