import DeviceKit
import DeviceVocabulary
import Station

/// The defects that tests switch on to see that the checkers find them; without one of them nothing here does anything.
extension SimulatedSite {
  /// On the way from a wire to the station.
  func plant(_ event: DeviceEvent) -> DeviceEvent? {
    switch (options.planted, event) {
    case (.losesPress, .pressed(let press)):
      guard let identity = press.identity, identity.sequence % 5 == 0, let index = wireIndex(press.button) else { return event }
      give(index, .command(.accept(press.button.device, identity)))
      return nil
    case (.doublesPress, .pressed(let press)):
      if var identity = press.identity {
        identity.epoch += 900
        var again = press
        again.identity = identity
        program?.send(.device(.pressed(again)), at: clock.monotonic(now), wake: now)
      }
      return event
    case (.lampBeforeDisk, .pressed(let press)):
      if let index = wireIndex(press.button) {
        if let identity = press.identity { give(index, .command(.accept(press.button.device, identity))) }
        give(index, .command(.indicate(press.button, .slowBlink)))
        program?.busyUntil = now + .milliseconds(400)
      }
      return event
    case (.hidesBusFaults, .busChanged(_, let condition)): return condition == .working ? event : nil
    default: return event
    }
  }

  /// On the way from the station to a wire.
  func plant(_ command: DeviceCommand) -> DeviceCommand? {
    switch (options.planted, command) {
    case (.comingUnasked, .indicate(let button, .slowBlink)): return .indicate(button, .coming)
    case (.lampFallsBack, .indicate(let button, .coming)): return .indicate(button, .off)
    case (.silentShows, .setSilent(let button, true)): return .setSilent(button, false)
    case (.silentShows, .indicate(let button, .off)): return .indicate(button, .slowBlink)
    case (.neverAccepts, .accept): return nil
    default: return command
    }
  }

  /// Before the station's batch is committed.
  func plantBefore(_ inputs: [(input: StationInput, at: Instant)], _ program: SimulatedProgram) {
    switch options.planted {
    case .pageBeforeDisk:
      var ahead = program.decider.station
      var effects = Effects<StationEffect>()
      for item in inputs {
        ahead.handle(Stimulus(wall: clock.wall(now), input: item.input), at: item.at, into: &effects)
        effects.removeAll()
      }
      observers.see(.page(ahead.view()), at: now)
    case .answerBeforeDisk:
      for item in inputs { if case .request(let request) = item.input { observers.see(.answered(request, .done), at: now) } }
    default: break
    }
  }

  private func wireIndex(_ button: ButtonID) -> Int? { wires.firstIndex { $0.name == button.device.bus } }
}
