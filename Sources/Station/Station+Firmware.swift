import DeviceKit
import DeviceVocabulary

/// What panels say of their firmware, and what becomes of a technician's wish, turned into fault cards with the next step.
extension Station {
  /// A new image proves itself within seconds when all is well; its boot loader gives it two minutes.
  static let trialGrace = Interval.seconds(30)
  /// A panel that starts new firmware is silent while its boot loader looks at it: that is no fault yet.
  static let updateGrace = Interval.seconds(20)
  /// How a panel fares is written down at most so often, so that one that starts again and again does not fill the journal; and as often
  /// that it has settled after a start. What came in between is written when this time is over.
  static let firmwareNoteInterval = Interval.seconds(60)

  struct FirmwareStatus: Sendable {
    var device: DeviceID
    /// Faults since the panel's power-on that a card was made of.
    var faults: UInt16
    var notedAt: Instant?
    var settledAt: Instant?
    /// What the panel last said, as long as that is not written down.
    var owed: DeviceIdentity?
    var trialSince: Instant?
    /// Until then its silence is that of a panel which starts new firmware.
    var restartsUntil: Instant?
  }

  // MARK: - Who it is

  /// Writes down who a device is, and judges what it says of itself.
  mutating func noteIdentity(_ device: DeviceID, _ identity: DeviceIdentity, known: DeviceIdentity?) {
    var identity = identity
    let isSameUnit = known?.unit == identity.unit
    // A panel that did not get round to it says nothing against what it said before.
    if identity.about == nil, isSameUnit, let known, known.protocolVersion == identity.protocolVersion,
      identity.firmware == known.firmware || identity.firmware == known.about?.release.number
    {
      identity.about = known.about
    }
    let index = firmwareStatus(device, known)
    if !isSameUnit { firmwares[index].faults = 0 }
    firmwares[index].owed = known != identity ? identity : nil
    let settles = known?.about?.isUnsettled == true && identity.about?.isUnsettled == false
    if known?.withoutState != identity.withoutState || isPast(firmwares[index].notedAt) {
      writeOwed(index)
    } else if settles, isPast(firmwares[index].settledAt) {
      firmwares[index].settledAt = now
      writeOwed(index)
    }
    let map = identity.protocolVersion
    condition(
      FaultKey(.device(device), .unknownProtocol), identity.isOfUnknownProtocol == true, detail: "\(map >> 8).\(map & 0xFF)")
    if let about = identity.about { judge(device, about, index) }
    compareVersions()
  }

  private func isPast(_ noted: Instant?) -> Bool { noted.map { now - $0 >= Self.firmwareNoteInterval } ?? true }

  private mutating func writeOwed(_ index: Int) {
    guard let identity = firmwares[index].owed else { return }
    firmwares[index].owed = nil
    firmwares[index].notedAt = now
    record(.deviceIdentified(firmwares[index].device, identity))
  }

  /// Writes down what was not written at once.
  mutating func writeOwedIdentities() {
    for index in firmwares.indices where isPast(firmwares[index].notedAt) { writeOwed(index) }
  }

  func nextOwedIdentity() -> Instant? {
    firmwares.compactMap { status in
      status.owed == nil ? nil : status.notedAt.map { max(now, $0 + Self.firmwareNoteInterval) } ?? now
    }.min()
  }

  private mutating func firmwareStatus(_ device: DeviceID, _ known: DeviceIdentity?) -> Int {
    if let index = firmwares.firstIndex(where: { $0.device == device }) { return index }
    firmwares.append(FirmwareStatus(device: device, faults: known?.about?.faults ?? 0))
    return firmwares.count - 1
  }

  private mutating func judge(_ device: DeviceID, _ about: DeviceFirmware, _ index: Int) {
    condition(FaultKey(.device(device), .unknownBoard), !about.isBoardKnown, detail: "\(about.board)")
    if about.selfTest & DeviceFirmware.selfTestUnfinished == 0 {
      condition(
        FaultKey(.device(device), .selfTestFailed), about.selfTestFailures != 0, detail: FirmwareTexts.selfTest(about).both)
    }
    firmwares[index].trialSince = about.isOnTrial ? firmwares[index].trialSince ?? now : nil
    if !about.isOnTrial { condition(FaultKey(.device(device), .onTrial), false) }
    if about.faults != firmwares[index].faults {
      firmwares[index].faults = about.faults
      if about.faults > 0 { condition(FaultKey(.device(device), .panelFaulted), true, detail: FirmwareTexts.fault(about).both) }
    }
  }

  // MARK: - Trials

  mutating func runTrials() {
    for index in firmwares.indices {
      guard let since = firmwares[index].trialSince, now - since >= Self.trialGrace else { continue }
      let device = firmwares[index].device
      let release = state.identities.first { $0.device == device }?.identity.about?.release
      condition(FaultKey(.device(device), .onTrial), true, detail: release.map { "\($0)" } ?? "")
    }
  }

  func nextTrial() -> Instant? {
    firmwares.compactMap { status in
      guard let since = status.trialSince, state.fault(FaultKey(.device(status.device), .onTrial))?.present != true else {
        return nil
      }
      return max(now, since + Self.trialGrace)
    }.min()
  }

  // MARK: - Versions of the site

  /// One card for each bus on which a panel has older firmware than another panel of the site on the same hardware.
  private mutating func compareVersions() {
    let panels = state.identities.filter { known in plan.devices.contains { $0.id == known.device } }.compactMap { known in
      known.identity.about.map { (device: known.device, about: $0) }
    }
    var older: [(device: DeviceID, release: FirmwareRelease, newest: FirmwareRelease)] = []
    for panel in panels {
      let others = panels.filter { $0.about.board == panel.about.board }.map(\.about.release)
      guard let newest = others.max(by: { $0.isOlder(than: $1) }), panel.about.release.isOlder(than: newest) else { continue }
      older.append((panel.device, panel.about.release, newest))
    }
    older.sort { $0.device < $1.device }
    for bus in busesToCompare {
      let names = older.filter { $0.device.bus == bus }.map { "\($0.device) \($0.release.number) < \($0.newest.number)" }
      let more = names.count > 4 ? ", … (\(names.count))" : ""
      condition(
        FaultKey(.bus(bus), .firmwareDiffers), !names.isEmpty, detail: names.prefix(4).joined(separator: ", ") + more)
    }
  }

  /// Those of the plan, and those of which a card still stands.
  private var busesToCompare: [String] {
    var found: [String] = []
    for device in plan.devices where !found.contains(device.id.bus) { found.append(device.id.bus) }
    for fault in state.faults where fault.key.kind == .firmwareDiffers {
      if case .bus(let bus) = fault.key.subject, !found.contains(bus) { found.append(bus) }
    }
    return found
  }

  // MARK: - Jobs

  mutating func jobChanged(_ device: DeviceID, _ job: DeviceJob) {
    guard job.kind == .update else { return }
    let index = firmwareStatus(device, state.identities.first { $0.device == device }?.identity)
    firmwares[index].restartsUntil = job.step == .restarting ? now + Self.updateGrace : nil
    if job.step == .done { condition(FaultKey(.device(device), .updateFailed), false) }
    guard job.step == .failed, let failure = job.failure, failure.isOfDevice else { return }
    let to = job.image.map { "\($0): " } ?? ""
    condition(FaultKey(.device(device), .updateFailed), true, detail: to + FirmwareTexts.why(failure).both)
  }

  func silentGrace(of device: DeviceID) -> Interval {
    guard let until = firmwares.first(where: { $0.device == device })?.restartsUntil, until > now else { return Self.silentGrace }
    return until - now
  }
}

extension DeviceIdentity {
  /// Who it is and what runs there, without how that fares.
  fileprivate var withoutState: DeviceIdentity {
    var identity = self
    identity.about = about?.image
    return identity
  }
}
