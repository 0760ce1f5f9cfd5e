import DeviceKit
import DeviceVocabulary

/// Who the panel is, how the conversation stands and what becomes of a technician's wish, each beside what the station was last told of it.
struct PanelStanding: Sendable {
  private(set) var identity: DeviceIdentity?
  private(set) var health: Health?
  private var identityTold: DeviceIdentity?
  private var healthToTell = false
  private var jobTold: DeviceJob?

  mutating func become(_ new: Health) {
    guard new != health else { return }
    health = new
    healthToTell = true
  }

  mutating func identified(_ new: DeviceIdentity) { identity = new }

  /// All but a technician's wish is to be told anew.
  mutating func startOver() {
    let job = jobTold
    self = PanelStanding()
    jobTold = job
  }

  /// Appends what is new, while there is room; `true` when all has been said.
  ///
  /// - Parameter firmware: who the panel is is not said before that is known, or known not to be had: else each start would be two entries
  ///   in the journal.
  mutating func tell(
    _ device: DeviceID, _ firmware: PanelSideWork.Knowledge, _ job: DeviceJob?, upTo limit: Int,
    into events: inout Effects<DeviceEvent>
  ) -> Bool {
    if var identity, firmware != .unknown {
      if case .known(let about) = firmware { identity.take(about) }
      if identity != identityTold {
        guard events.count < limit, events.append(.identified(device, identity)) else { return false }
        identityTold = identity
      }
    }
    // Who it is comes before that it is there: a panel that is lost the next moment has been known, so that a stranger in its place is noticed.
    let isKnown = identity == nil || identityTold != nil
    if healthToTell, let health, health != .online || isKnown {
      guard events.count < limit, events.append(.healthChanged(device, health)) else { return false }
      healthToTell = false
    }
    if let job, jobTold.map({ job.isNews(after: $0) }) ?? true {
      guard events.count < limit, events.append(.jobChanged(device, job)) else { return false }
      jobTold = job
    }
    return true
  }
}

extension DeviceJob {
  /// Not each block is news.
  fileprivate func isNews(after told: DeviceJob) -> Bool {
    var alike = told
    alike.done = done
    let isStep = done == total || done < told.done || done &- told.done >= 8
    return self != alike || done != told.done && isStep
  }
}
