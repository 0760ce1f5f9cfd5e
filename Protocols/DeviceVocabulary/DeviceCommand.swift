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

  // What a technician asks; each ticket is told what becomes of it (`DeviceJob`).
  /// New firmware: whole image files, one, or one for each slot. The same images once more go on as they are, under the new ticket.
  case update(DeviceID, ticket: UInt32, images: [[UInt8]])
  /// Blink for so many seconds (0...60), so that a person sees which device it is.
  case identify(DeviceID, ticket: UInt32, seconds: UInt8)
  /// Another address (1...247) and speed, which take effect when somebody holds a button.
  case readdress(DeviceID, ticket: UInt32, address: UInt8, baud: UInt32)
  /// Whatever a technician has asked is not to go on.
  case callOff(DeviceID)

  public var device: DeviceID {
    switch self {
    case .accept(let device, _), .setOutput(let device, _, _), .retest(let device), .update(let device, _, _),
      .identify(let device, _, _), .readdress(let device, _, _, _), .callOff(let device):
      device
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
