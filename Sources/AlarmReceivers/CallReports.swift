import SIADC09Codec
import Station
import StationRuntime

/// A call as the receiver knows it: what its restore must repeat.
public struct ReportedCall: Sendable, Hashable, Codable {
  public var incident: IncidentID
  public var event: ReceiverEvent
  /// When the finger was on the button; seconds since 1970.
  public var occurred: Int64

  public init(incident: IncidentID, event: ReceiverEvent, occurred: Int64) {
    self.incident = incident
    self.event = event
    self.occurred = occurred
  }
}

/// What of the journal is told to the receiver (README.md of SIADC09, "Content"): a call that is opened, and its restore when it is closed
/// or was a wrong press. Further presses, acknowledgements and everything else stay in the house.
public struct CallReports: Sendable, Equatable {
  public enum Report: Sendable, Equatable {
    case opened(ReportedCall)
    case closed(ReportedCall)

    public var call: ReportedCall {
      switch self {
      case .opened(let call), .closed(let call): call
      }
    }
  }

  private let zones: [AlarmReceiverPlan.Zone]
  private let group: Int
  /// Reported as opened and not as closed yet, in order.
  public private(set) var open: [ReportedCall]

  public init(plan: AlarmReceiverPlan, open: [ReportedCall] = []) {
    zones = plan.zones
    group = plan.group
    self.open = open
  }

  /// Takes the entries in order; answers what is to be told of this one, if anything.
  public mutating func read(_ entry: Entry) -> Report? {
    switch entry.change {
    case .opened(let id, let opening):
      let seconds = (entry.time.wallMilliseconds &- Int64(opening.ageMilliseconds)) / 1000
      let call = ReportedCall(incident: id, event: event(opening), occurred: seconds)
      if call.event.code.hasRestore { open.append(call) }
      return .opened(call)
    case .closed(let id, _), .falseAlarm(let id, _, _):
      guard let index = open.firstIndex(where: { $0.incident == id }) else { return nil }
      var call = open.remove(at: index)
      call.event.isRestore = true
      call.occurred = entry.time.wallMilliseconds / 1000
      return .closed(call)
    default: return nil
    }
  }

  /// Calls that were open as the journal's oldest file began: their openings are gone.
  mutating func resume(_ incidents: [Incident]) {
    for incident in incidents where !open.contains(where: { $0.incident == incident.id }) {
      let seconds = (incident.openedAt.wallMilliseconds &- Int64(incident.opening.ageMilliseconds)) / 1000
      let call = ReportedCall(incident: incident.id, event: event(incident.opening), occurred: seconds)
      if call.event.code.hasRestore { open.append(call) }
    }
  }

  private func event(_ opening: Opening) -> ReceiverEvent {
    let zone = zones.first { $0.place == opening.place }
    let code: ReceiverEvent.Code =
      switch opening.mark {
      // A receiver must never take a test or a drill for a call: nobody is sent out.
      case .test, .drill: .manualTest
      case .real: opening.silent ? .duress : zone?.code ?? .panic
      }
    return ReceiverEvent(code, group: group, zone: zone?.zone ?? 0)
  }
}
