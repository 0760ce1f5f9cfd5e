import DeviceKit
import ONVIFCodec

/// From one answer to the next question.
extension CameraTalk {
  mutating func answered(
    _ request: CameraRequest, _ answer: SOAPElement, _ now: Instant, _ effects: inout Effects<Effect>
  ) {
    switch request {
    case .systemDateAndTime:
      if let seconds = CameraAnswers.unixSeconds(answer) { found.clockAheadSeconds = seconds - unixSeconds(at: now) }
      ask(.capabilities, now, &effects)
    case .capabilities, .services:
      for service in [CameraService.device, .media, .ptz] {
        guard let given = CameraAnswers.address(of: service, answer) else { continue }
        if given.host != settings.address.host, !ownNames.contains(given.host) { ownNames.append(given.host) }
        if service == .media { media = given.reached(by: settings.address) }
        if service == .ptz { ptz = given.reached(by: settings.address) }
      }
      // Some say of the older form that they have it, and leave out what matters.
      if media == nil, request == .capabilities { return ask(.services, now, &effects) }
      afterServices(now, &effects)
    case .deviceInformation:
      found.identity = CameraAnswers.identity(answer)
      ask(.profiles, now, &effects)
    case .profiles:
      found.profiles = CameraAnswers.profiles(answer)
      afterProfiles(now, &effects)
    case .streamAddress(let profile):
      let given = CameraAnswers.streamAddress(answer).flatMap {
        StreamAddress.reached($0, host: settings.address.host, ownNames: ownNames)
      }
      if let given, let index = found.profiles.firstIndex(where: { $0.token == profile }) { found.profiles[index].stream = given }
      nextStream(now, &effects)
    case .presets:
      found.presets = CameraAnswers.presets(answer)
      afterPresets(now, &effects)
    case .goToPreset(_, let token):
      end(.moved(found.presets.first { $0.token == token } ?? CameraPreset(token: token, name: token)), &effects)
    }
  }

  /// What a refusal means depends on what was asked: without its clock, its services or its presets there is still a picture to be had.
  mutating func refused(_ fault: CameraFault, _ request: CameraRequest, _ now: Instant, _ effects: inout Effects<Effect>) {
    let failure = CameraFailure.refused(request.operation, fault.text)
    switch request {
    case .systemDateAndTime: ask(.capabilities, now, &effects)
    case .capabilities: ask(.services, now, &effects)
    case .services: afterServices(now, &effects)
    case .deviceInformation: ask(.profiles, now, &effects)
    case .streamAddress:
      lastFault = failure
      nextStream(now, &effects)
    case .presets:
      if case .goTo = settings.goal { return end(.failed(failure), &effects) }
      afterPresets(now, &effects)
    case .profiles, .goToPreset: end(.failed(failure), &effects)
    }
  }

  private mutating func afterServices(_ now: Instant, _ effects: inout Effects<Effect>) {
    if case .describe = settings.goal { ask(.deviceInformation, now, &effects) } else { ask(.profiles, now, &effects) }
  }

  /// The profile that is meant: for a goal that names none, the first.
  private var chosen: CameraProfile? {
    switch settings.goal {
    case .describe(let name): found.profiles.named(name ?? "first")
    case .stream(let name), .goTo(_, let name): found.profiles.named(name)
    }
  }

  private mutating func afterProfiles(_ now: Instant, _ effects: inout Effects<Effect>) {
    guard !found.profiles.isEmpty else { return end(.failed(.noStream), &effects) }
    guard let chosen, let index = found.profiles.firstIndex(of: chosen) else {
      return end(.failed(.noProfile(found.profiles.map(\.name))), &effects)
    }
    switch settings.goal {
    case .describe(nil): streamsLeft = Array(found.profiles.indices)
    case .describe, .stream: streamsLeft = [index]
    case .goTo:
      guard chosen.moves || ptz != nil else { return end(.failed(.doesNotMove), &effects) }
      return ask(.presets(profile: chosen.token), now, &effects)
    }
    nextStream(now, &effects)
  }

  private mutating func nextStream(_ now: Instant, _ effects: inout Effects<Effect>) {
    if !streamsLeft.isEmpty {
      let index = streamsLeft.removeFirst()
      return ask(.streamAddress(profile: found.profiles[index].token), now, &effects)
    }
    guard found.profiles.contains(where: { $0.stream != nil }) else { return end(.failed(lastFault ?? .noStream), &effects) }
    guard let chosen, chosen.moves || ptz != nil else { return afterPresets(now, &effects) }
    ask(.presets(profile: chosen.token), now, &effects)
  }

  private mutating func afterPresets(_ now: Instant, _ effects: inout Effects<Effect>) {
    guard case .goTo(let name, _) = settings.goal, let chosen else { return end(.described(found), &effects) }
    guard let preset = found.presets.first(where: { $0.name == name }) ?? found.presets.first(where: { $0.token == name }) else {
      return end(.failed(.noPreset(found.presets.map(\.name))), &effects)
    }
    ask(.goToPreset(profile: chosen.token, preset: preset.token), now, &effects)
  }
}
