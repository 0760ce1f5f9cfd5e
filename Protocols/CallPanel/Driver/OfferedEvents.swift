import CallPanelCodec
import DeviceKit
import DeviceVocabulary

/// The events that a panel shows and has not been told to forget: which were reported to the station, which it has on disk, and up to
/// which number the panel may forget.
///
/// A panel always shows its oldest events in rising order. Hence everything up to a number that was shown has been shown, and the
/// acknowledgement may rise over accepted events as long as none below it still waits.
struct OfferedEvents: Sendable {
  /// A report that the station did not answer is repeated no sooner than this.
  static let repeatInterval = Interval.seconds(1)

  private struct Entry {
    var event: PanelEvent
    var isAccepted = false
    var reportedAt: Instant?
  }

  private(set) var unit: UInt32 = 0
  private(set) var epoch: UInt16 = 0
  /// Every event up to this one is on the station's disk; 0 for none.
  private(set) var acknowledgement: UInt32 = 0
  /// The part of it that the panel has answered.
  private(set) var confirmed: UInt32 = 0
  private var entries: [Entry] = []

  /// Shown and not confirmed.
  var count: Int { entries.count }
  var acknowledgementIsDue: Bool { acknowledgement > confirmed }
  var someWait: Bool { entries.contains { !$0.isAccepted } }

  func waits(for button: UInt8) -> Bool {
    entries.contains { !$0.isAccepted && $0.event.button == button }
  }

  /// Another unit or another epoch: nothing known of the old queue means anything any more.
  mutating func follow(unit: UInt32, epoch: UInt16) {
    guard unit != self.unit || epoch != self.epoch else { return }
    self = OfferedEvents()
    self.unit = unit
    self.epoch = epoch
  }

  /// The panel answered an order that carried this acknowledgement.
  mutating func confirm(upTo sequence: UInt32) {
    confirmed = max(confirmed, sequence)
    entries.removeAll { $0.event.sequence <= confirmed }
  }

  /// The panel shows this event, in rising order within one answer.
  mutating func offer(_ event: PanelEvent) {
    if event.sequence <= confirmed {
      // A panel that shows what it was told to forget has lost count. To hear a press twice is harmless, the station drops it.
      (confirmed, acknowledgement) = (0, 0)
      entries.removeAll()
    }
    if let index = entries.firstIndex(where: { $0.event.sequence == event.sequence }) {
      entries[index].event = event
    } else if entries.last.map({ $0.event.sequence < event.sequence }) ?? true, entries.count < 2 * PanelMap.eventWindow {
      entries.append(Entry(event: event))
    }
  }

  /// Reports what is new or overdue, while there is room.
  mutating func report(_ device: DeviceID, at now: Instant, upTo limit: Int, into events: inout Effects<DeviceEvent>) {
    for index in entries.indices where !entries[index].isAccepted && events.count < limit && events.room > 0 {
      if let last = entries[index].reportedAt, now - last < OfferedEvents.repeatInterval { continue }
      entries[index].reportedAt = now
      events.append(vocabulary(entries[index].event, device))
    }
  }

  /// The station has the event on disk; `true` when the acknowledgement rose.
  mutating func accept(_ identity: EventIdentity) -> Bool {
    guard identity.unit == unit, identity.epoch == epoch,
      let index = entries.firstIndex(where: { $0.event.sequence == identity.sequence }), entries[index].reportedAt != nil
    else { return false }
    entries[index].isAccepted = true
    let before = acknowledgement
    for entry in entries {
      guard entry.isAccepted else { break }
      acknowledgement = max(acknowledgement, entry.event.sequence)
    }
    return acknowledgement > before
  }

  func button(of identity: EventIdentity) -> UInt8? {
    guard identity.unit == unit, identity.epoch == epoch else { return nil }
    return entries.first { $0.event.sequence == identity.sequence }?.event.button
  }

  private func vocabulary(_ event: PanelEvent, _ device: DeviceID) -> DeviceEvent {
    let button = ButtonID(device: device, button: event.button)
    let identity = EventIdentity(unit: unit, epoch: epoch, sequence: event.sequence)
    func press(_ kind: Press.Kind) -> DeviceEvent {
      .pressed(Press(button: button, kind: kind, identity: identity, ageMilliseconds: event.ageMilliseconds))
    }
    return switch event.kind {
    case .press: press(.press)
    case .again: press(.repeat)
    case .longPress: press(.longPress)
    case .release: .released(button, identity: identity, ageMilliseconds: event.ageMilliseconds)
    }
  }
}
