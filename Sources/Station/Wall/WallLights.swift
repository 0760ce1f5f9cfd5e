import DeviceVocabulary

/// Lamps and screens that scenes switch: relay outputs of modules. They belong to the scene, which is whole only when their modules were read
/// to have them so.
struct WallLights: Sendable {
  typealias Light = WallPlan.Scene.Light

  /// What a base scene has asked of each last. It holds where the next one says nothing, and again when a meeting is over.
  private var base: [Light] = []
  /// As they were read before a meeting switched them, of those that no base scene has asked for.
  private var before: [Light] = []
  private var sent: [Light] = []
  /// As modules were read to have them last, bit 0 = output 1.
  private var read: [DeviceID: UInt32] = [:]

  mutating func observed(_ device: DeviceID, _ outputs: UInt32) { read[device] = outputs }

  /// `nil`: its module has not been read in this run of the program.
  func isOn(_ device: DeviceID, _ output: UInt8) -> Bool? {
    guard (1...32).contains(output) else { return nil }
    return read[device].map { $0 & (1 << UInt32(output - 1)) != 0 }
  }

  /// How these are to be without the meeting: as a base scene has asked, else as they were before it; else as they were read.
  func standing(_ lights: [Light]) -> [Light] {
    lights.compactMap { light in
      if let known = (base + before).first(where: { $0.isSame(as: light) }) { return known }
      return isOn(light.device, light.output).map { Light(device: light.device, output: light.output, isOn: $0) }
    }
  }

  /// What is to be switched now, as far as it was not asked for already.
  ///
  /// - Parameter kept: as the journal has what was before the meeting: it may have begun before this program.
  mutating func news(scene: WallPlan.Scene?, meeting: WallPlan.Scene?, kept: [Light] = []) -> [Light] {
    for light in scene?.lights ?? [] { base.put(light) }
    let wanted = meeting?.lights ?? []
    for light in wanted where !base.names(light) && !before.names(light) {
      if let known = kept.first(where: { $0.isSame(as: light) }) ?? standing([light]).first { before.append(known) }
    }
    var wishes = before
    for light in base { wishes.put(light) }
    for light in wanted { wishes.put(light) }
    before.removeAll { light in !wanted.contains { $0.isSame(as: light) } }
    let news = wishes.filter { !sent.contains($0) }
    for light in news { sent.put(light) }
    return news
  }
}

extension WallPlan.Scene.Light {
  fileprivate func isSame(as other: Self) -> Bool { device == other.device && output == other.output }
}

extension [WallPlan.Scene.Light] {
  fileprivate func names(_ light: Element) -> Bool { contains { $0.isSame(as: light) } }

  fileprivate mutating func put(_ light: Element) {
    removeAll { $0.isSame(as: light) }
    append(light)
  }
}

extension Station {
  /// The meeting's, while there is one.
  var wallMeeting: WallPlan.Scene? { state.wall.meeting.flatMap { plan.wall?.scene($0) } }

  /// `nil`: it switches none.
  func lightsBefore(_ meeting: WallPlan.Scene) -> [WallPlan.Scene.Light]? {
    meeting.lights.isEmpty ? nil : wallFacts.lights.standing(meeting.lights)
  }

  mutating func switchLights() {
    for light in wallFacts.lights.news(scene: wallScene, meeting: wallMeeting, kept: state.wall.lightsBefore ?? []) {
      pending.append(.device(.setOutput(light.device, output: light.output, on: light.isOn)))
    }
  }

  /// Those of the scene that counts, and whether their modules were read to have them so.
  var lightCards: [WallView.LightCard] {
    ((wallMeeting ?? wallScene)?.lights ?? []).map { light in
      let isHeard = devices.contains { $0.device == light.device && $0.health == .online }
      return WallView.LightCard(
        light: light, isProved: isHeard && wallFacts.lights.isOn(light.device, light.output) == light.isOn)
    }
  }
}
