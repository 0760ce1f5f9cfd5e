import DeviceKit

/// The driver of one device of the display wall, whatever it speaks: it is given the whole wish for its ports, and brings the device to it
/// and keeps it there by itself, also after the device was power-cycled or somebody used its remote control.
public protocol WallDriver: Machine, Sendable where Input == WallInput, Effect == WallEffect {
  /// Whether an answer of the device that this driver is for begins in these bytes, the first that came over a line: if nothing was understood
  /// of them all the same, it is no other device that speaks there. Depends on nothing that happened.
  func isOwn(_ beginning: [UInt8]) -> Bool
}

public enum WallInput: Sendable, Equatable {
  /// The line is open: what is on it now may be another device, with other settings.
  case linkUp
  case linkDown
  case received([UInt8])
  /// The wish for all its ports; the newest replaces what was wished before. Ports that it does not name are left as they are.
  case wished([WallWish])
  /// A person wants to see which port this is, for so many seconds (0: no longer).
  case identify(UInt16, seconds: UInt8)
  /// Read everything again now, and try again what was given up.
  case retest
  case wake
}

public enum WallEffect: Sendable, Equatable {
  case write([UInt8])
  /// Close the line, if it is open, and open it (again).
  case reopen
  case event(WallEvent)
}

/// What a driver tells the station. A proof is a read-back, never an acknowledgement.
public enum WallEvent: Sendable, Equatable, Codable {
  /// Read back just now; told when it changed, after each switching, and at least every `WallConvergence.proofInterval`.
  case observed(UInt16, WallSetting)
  /// The wish was sent three times and is not so. It is tried on, slowly, and `observed` says when it is so after all.
  case notSwitched(UInt16, WallRefusal)
  case healthChanged(Health)
  /// Where it was asked, and what came of that. Told by whoever opens the line, not by the driver.
  case lineChanged(WallLineStanding)
  /// What the device says of itself, on every (re)connection where it can.
  case described(WallDescription)
  /// The device started again since it was last heard: its settings may be those of its factory.
  case restarted
  /// What is the matter with a port, or no longer is.
  case troubleChanged(UInt16, WallTrouble, isPresent: Bool)
  case measured(UInt16, WallQuantity, Int64)
  /// Whether the picture itself moves, where that can be seen.
  case pictureObserved(UInt16, PictureState)
}

extension WallEvent {
  /// Told because something that the device said was taken as an answer, or as news.
  public var provesAnAnswer: Bool {
    switch self {
    case .observed, .described, .measured, .pictureObserved, .healthChanged(.online): true
    default: false
    }
  }

  /// Told again within seconds.
  public var isRepeated: Bool {
    switch self {
    case .observed, .measured, .pictureObserved: true
    default: false
    }
  }
}

/// Why a port is not what was wished.
public enum WallRefusal: Sendable, Hashable, Codable {
  /// Acknowledged, and unchanged when read back: locked by somebody, most likely.
  case unchanged
  /// The device said no; its own code or text, at most 40 characters.
  case refused(String)
  /// The device answers other questions, but not this one.
  case unanswered
  /// It cannot: no such input or port on this model.
  case impossible(String)
  /// It was switched as wished again and again, and each time to something else since, by another than this station.
  case contested
}

public struct WallDescription: Sendable, Equatable, Codable {
  public var model: String
  public var name: String
  public var firmware: String
  public var inputs: UInt16?
  public var outputs: UInt16?

  public init(model: String, name: String = "", firmware: String = "", inputs: UInt16? = nil, outputs: UInt16? = nil) {
    self.model = model
    self.name = name
    self.firmware = firmware
    self.inputs = inputs
    self.outputs = outputs
  }
}

public enum WallTrouble: String, Sendable, Codable, CaseIterable {
  case fan, temperature, lamp, cover, filter, sensor, other
  /// Nothing arrives at the input that it shows.
  case noSignal
  /// The device wants a password, or another one than it was given; nothing is tried until that changes.
  case password
  /// Its address on the chain answers twice, or with another number.
  case address
}

public enum WallQuantity: String, Sendable, Codable, CaseIterable {
  case temperatureCelsius, hours, lampHours, filterHours, framesPerSecondTenths
}

public enum PictureState: Sendable, Equatable, Codable {
  /// Frames arrive.
  case moving
  /// The same frame for so many seconds; `because`: why, where the player says so.
  case frozen(seconds: UInt32, because: Standstill? = nil)
  case black
  /// No picture: the source does not answer, or ends.
  case none(reason: String)

  public enum Standstill: String, Sendable, Codable, CaseIterable {
    /// By somebody's hand.
    case paused
    /// The player waits for its source.
    case buffering
  }

  /// The player's own process is not there: that says nothing of the source.
  public static let noProcess = PictureState.none(reason: "mpv")
}
