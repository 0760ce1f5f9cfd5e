import DeviceKit
import DeviceVocabulary

/// Who the panel is and how the conversation stands, each beside what the station was last told of it.
struct PanelStanding: Sendable {
  private(set) var identity: DeviceIdentity?
  private(set) var health: Health?
  private var identityToTell = false
  private var healthToTell = false

  mutating func become(_ new: Health) {
    guard new != health else { return }
    health = new
    healthToTell = true
  }

  mutating func identified(_ new: DeviceIdentity) {
    guard new != identity else { return }
    identity = new
    identityToTell = true
  }

  /// Appends what is new, while there is room; `true` when all has been said.
  mutating func tell(_ device: DeviceID, upTo limit: Int, into events: inout Effects<DeviceEvent>) -> Bool {
    if identityToTell, let identity {
      guard events.count < limit, events.append(.identified(device, identity)) else { return false }
      identityToTell = false
    }
    if healthToTell, let health {
      guard events.count < limit, events.append(.healthChanged(device, health)) else { return false }
      healthToTell = false
    }
    return true
  }
}
