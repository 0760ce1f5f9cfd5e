import DeviceKit
import DeviceVocabulary

/// Which device of the wall is away, and the one card that says why.
extension Station {
  mutating func wallHealthChanged(_ index: Int, _ health: Health) {
    let device = wallFacts.devices[index].name
    wallFacts.devices[index].health = health
    if health == .online {
      wallFacts.devices[index].isBack()
    } else {
      // What it was asked for counts no longer: its driver keeps the wish, and reads before it sends.
      wallFacts.forget(device)
      if wallFacts.devices[index].goneSince == nil { wallFacts.devices[index].goneSince = now }
      if wallFacts.devices[index].silentDue == nil, !wallFacts.devices[index].isMissed {
        wallFacts.devices[index].silentDue = now + Self.wallPatience
      }
      if health == .faulted { wallFacts.devices[index].isGarbled = true }
      if health == .absent { wallFacts.devices[index].isGarbled = false }
    }
    keepDeviceCards(index)
  }

  mutating func wallLineChanged(_ index: Int, _ line: WallLineStanding) {
    wallFacts.devices[index].line = line
    wallFacts.devices[index].lineSince = now
    keepDeviceCards(index)
  }

  mutating func wallTroubleChanged(_ index: Int, _ number: UInt16, _ trouble: WallTrouble, _ isPresent: Bool) {
    guard trouble == .password || trouble == .address else { return }
    wallFacts.devices[index].blocked.removeAll { $0 == (number, trouble) }
    if isPresent { wallFacts.devices[index].blocked.append((number, trouble)) }
    keepDeviceCards(index)
  }

  /// So long it may be silent before a card says so.
  private static let wallPatience = Interval.seconds(3)

  /// One card, whatever is the matter: a wrong password is not silence as well.
  mutating func keepDeviceCards(_ index: Int) {
    keepNetworkCard(wallFacts.devices[index].line?.network)
    let device = wallFacts.devices[index]
    var kind: FaultKey.Kind?
    switch device.failure {
    case _ where device.health == .online: break
    // Of a display its own card says so.
    case .passwordWrong?: kind = isDisplay(device.name) ? nil : .wallPassword
    case .wrongNumber?: break
    case .notUnderstood?, .damaged?, .unmatched?, .flooding?: kind = .wallAnswersWrongly
    default:
      // Until its time is over, or when it is about to be online, nothing new is known: a card from before stands.
      guard device.isMissed, device.line?.state != .answering, device.silentDue == nil || isFolded(device) else { return }
      kind = isFolded(device) ? nil : .wallSilent
    }
    for each in [FaultKey.Kind.wallSilent, .wallAnswersWrongly, .wallPassword] {
      condition(FaultKey(.wall(device.name), each), each == kind, detail: device.line?.text?.both ?? "")
    }
  }

  private func isDisplay(_ device: String) -> Bool {
    plan.wall?.outputs.contains { $0.display?.device == device } ?? false
  }

  /// A device that a picture needs and that does not answer. Not yet heard of is not gone: at the start everything is wished where it belongs.
  func isMissed(_ name: String) -> Bool {
    guard let device = wallFacts.device(name), device.health != .online else { return false }
    return device.isMissed || state.fault(FaultKey(.wall(name), .wallSilent))?.present == true
  }

  /// The time to answer is over of those whose time it is.
  mutating func runWallDevices() {
    let due = wallFacts.devices.indices.filter { wallFacts.devices[$0].silentDue.map { $0 <= now } ?? false }
    for index in due {
      let device = wallFacts.devices[index]
      wallFacts.devices[index].isMissed = device.health != .online
      wallFacts.devices[index].silentDue = device.health != .online && mayShareItsSilence(device) ? now + .seconds(1) : nil
    }
    for index in due { keepDeviceCards(index) }
  }
}

extension WallFacts.Device {
  /// Why nothing comes of it, by whoever opens its line, else by its driver alone; `nil`: not known, or it is silent.
  var failure: WallLineFailure? {
    if case .failed(let failure)? = line?.state { return failure }
    if blocked.contains(where: { $0.trouble == .password }) { return .passwordWrong }
    guard isGarbled else { return nil }
    return blocked.isEmpty ? .notUnderstood([]) : .wrongNumber
  }

  /// For what rests on it while it is away.
  var standing: WallLineStanding? {
    guard health != .online else { return nil }
    return line ?? failure.map { WallLineStanding(address: "", state: .failed($0)) }
  }

  mutating func isBack() {
    (silentDue, goneSince, isMissed, isGarbled) = (nil, nil, false, false)
  }
}
