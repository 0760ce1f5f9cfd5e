/// What the station wants of a device. A driver keeps the newest wish for each lamp and output and converges the device to it by
/// itself, also after the device was power-cycled.
public enum DeviceCommand: Sendable, Equatable, Codable {
  /// The event is on disk: the panel may forget it.
  case accept(DeviceID, EventIdentity)
  /// What the lamp of a button should show.
  case indicate(ButtonID, Indicator)
  /// A button that shows and sounds nothing in the room (duress); kept in the panel's own settings.
  case setSilent(ButtonID, Bool)
  /// What a relay output should be (sounder, light tower); outputs counted from 1.
  case setOutput(DeviceID, output: UInt8, on: Bool)
  /// Look at the device again now: circuit breaker closed, identity and line state read anew.
  case retest(DeviceID)

  public var device: DeviceID {
    switch self {
    case .accept(let device, _), .setOutput(let device, _, _), .retest(let device): device
    case .indicate(let button, _), .setSilent(let button, _): button.device
    }
  }
}

/// What the lamp and buzzer of a call point show; the order is that of the call for help. A lamp never goes back a step except to `fault`.
public enum Indicator: UInt8, Sendable, Codable, CaseIterable, Comparable {
  case off = 0
  /// Pressed: set by the panel alone, even when the host is dead. The host never commands it.
  case fastBlink = 1
  /// Recorded on the station's disk.
  case slowBlink = 2
  /// The parent's application has it on its disk.
  case steady = 3
  /// A named post has acknowledged: steady with the "coming" sound pattern.
  case coming = 4
  /// The call point or its line is out of order.
  case fault = 5

  public static func < (left: Indicator, right: Indicator) -> Bool { left.rawValue < right.rawValue }
}
