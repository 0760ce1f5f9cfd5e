import DeviceKit
import DeviceVocabulary
import Journal
import Station
import StationLinkCodec
import StationLinkDriver
import StationRuntime

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
        community.send(.device(.pressed(again)), at: now, wake: .zero)
      }
      return event
    case (.lampBeforeDisk, .pressed(let press)):
      if let index = wireIndex(press.button) {
        if let identity = press.identity { give(index, .command(.accept(press.button.device, identity))) }
        give(index, .command(.indicate(press.button, .slowBlink)))
        community.program?.busyUntil = now + .milliseconds(400)
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
  func plantBefore(_ inputs: [(input: StationInput, at: Instant)], _ program: SimulatedProgram, on host: SimulatedHost) {
    switch (options.planted, host.role) {
    case (.pageBeforeDisk, .community), (.streetPageBeforeDisk, .street):
      var ahead = program.decider.station
      var effects = Effects<StationEffect>()
      for item in inputs {
        ahead.handle(Stimulus(wall: host.clock.wall(now), input: item.input), at: item.at, into: &effects)
        effects.removeAll()
      }
      observers.see(host.fact(.page(ahead.view())), at: now)
    case (.ticketBeforeDisk, .community):
      var ahead = program.decider.station
      var effects = Effects<StationEffect>()
      for item in inputs {
        guard case .request(let request) = item.input else { continue }
        ahead.handle(Stimulus(wall: host.clock.wall(now), input: item.input), at: item.at, into: &effects)
        while let effect = effects.takeFirst() {
          if case .answer(_, let answer) = effect { observers.see(.answered(request, answer), at: now) }
        }
      }
    case (.answerBeforeDisk, .community):
      for item in inputs { if case .request(let request) = item.input { observers.see(.answered(request, .done), at: now) } }
    default: break
    }
  }

  private func wireIndex(_ button: ButtonID) -> Int? { wires.firstIndex { $0.name == button.device.bus } }
}

/// The defects of the line.
extension SimulatedSite {
  /// As entries have become durable at the community.
  func plantDelivered(_ fresh: [JournalEntry]) {
    guard options.planted == .deliveredUnasked else { return }
    for outgoing in LineEntries().outgoing(fresh, after: .start) where outgoing.opens {
      if let incident = outgoing.incident { community.send(.delivered([incident], parent: "street"), at: now) }
    }
  }

  /// As a batch leaves the community.
  func planted(_ outgoing: [Outgoing]) -> [Outgoing] {
    switch options.planted {
    case .losesOnTheLine: outgoing.filter { $0.position.sequence % 7 != 0 }
    case .turnsOrder: outgoing.reversed()
    default: outgoing
    }
  }

  /// As a batch arrives at the street.
  func plantAtTheStreet(_ entries: [Received], _ request: UInt32, _ event: SimulatedLine.Event) {
    guard options.planted == .receiptBeforeDisk, let last = entries.last else { return }
    let receipt = LinkReceipt(contiguous: last.link.entry, ranges: [])
    line?.answer(request, .received(request: request, receipt, wallMilliseconds: 0, bytes: 0), to: event, at: now)
  }

  /// As a command arrives at the community.
  func planted(_ command: ParentCommand) -> ParentCommand {
    guard options.planted == .inventsCommand else { return command }
    var other = command
    other.number += 1
    return other
  }
}
