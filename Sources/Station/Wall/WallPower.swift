import DeviceKit
import DeviceVocabulary

/// When displays are on, and in which order they are switched on: one after the other, because all at once would trip a breaker, and after
/// a power cut they all come back at once.
struct WallPower: Sendable, Equatable {
  /// Those whose turn has come, or that were found on.
  private(set) var released: Set<WallPort> = []
  /// Before, nobody's turn comes.
  private(set) var nextTurn = Instant.zero
  private(set) var isWaiting = false

  /// What is known of this device is of another time: it may have been without power.
  mutating func forget(_ device: String) { released = released.filter { $0.device != device } }

  /// Lets the display go on whose turn it is. Those on which a call stands come first, then the others in the order of their outputs.
  mutating func pace(_ composition: WallComposition, _ facts: WallFacts, at now: Instant) {
    isWaiting = false
    for tile in composition.tilesByNeed {
      guard let display = composition.plan.output(tile.output)?.display else { continue }
      guard composition.isOn(tile) else {
        released.remove(display)
        continue
      }
      guard !released.contains(display) else { continue }
      switch facts.isDisplayOn(display) {
      case nil: break
      case true?: released.insert(display)
      case false? where nextTurn <= now:
        released.insert(display)
        nextTurn = now + .milliseconds(composition.plan.powerOnGapMilliseconds)
      case false?: isWaiting = true
      }
    }
  }

  /// The wishes as they may be followed now: a display that has to wait stays off if it is.
  func held(_ wishes: [WallDeviceWish]) -> [WallDeviceWish] {
    wishes.map { device in
      var device = device
      for index in device.wishes.indices {
        guard case .display(var setting) = device.wishes[index].setting, setting.isOn,
          !released.contains(WallPort(device: device.device, number: device.wishes[index].number))
        else { continue }
        setting.mayStayOff = true
        device.wishes[index].setting = .display(setting)
      }
      return device
    }
  }
}

extension WallFacts {
  /// `nil`: not read.
  func isDisplayOn(_ port: WallPort) -> Bool? {
    guard let fact = self.port(port), fact.asOf != .zero, case .display(let setting) = fact.setting else { return nil }
    return setting.isOn
  }
}

extension WallComposition {
  fileprivate var tilesByNeed: [WallTile] { tiles.filter { $0.layer.call != nil } + tiles.filter { $0.layer.call == nil } }
}

extension WallPlan {
  /// The displays are off now by the clock. No hours: never.
  func rests(at clock: WallClock) -> Bool {
    !displayHours.isEmpty
      && !displayHours.contains { clock.isWithin(fromMinute: $0.fromMinute, toMinute: $0.toMinute, weekdays: $0.weekdays) }
  }

  /// When the displays were last due to go off by the clock, in milliseconds since 1970; weekdays do not count.
  func lastRest(before clock: WallClock) -> Int64? {
    displayHours.map { clock.unixMilliseconds - 86_400_000 + clock.millisecondsUntil(minuteOfDay: Int64($0.toMinute)) }.max()
  }
}
