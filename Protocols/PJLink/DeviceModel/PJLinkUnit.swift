import DeviceKit
import PJLinkCodec

/// How a model of projector differs from others.
public struct PJLinkTraits: Sendable {
  public var level: UInt8
  public var password: String?
  public var md5: @Sendable ([UInt8]) -> [UInt8]
  public var inputs: [String]
  public var latency: Interval
  public var warmUp: Interval
  public var coolDown: Interval
  /// Without a command for so long it closes the connection.
  public var idleLimit: Interval
  /// Some send NUL behind the greeting.
  public var afterGreeting: [UInt8]
  public var saysLowerCase: Bool
  /// Class 1 units answer `%2…` with ERR1, or not at all.
  public var ignoresUnknownClasses: Bool
  public var networkAddress: String
  /// Gets no answer, as with units that do not know it.
  public var ignoredCommands: [String] = []

  public init(
    level: UInt8 = 2, password: String? = nil, md5: @escaping @Sendable ([UInt8]) -> [UInt8],
    inputs: [String] = ["11", "31", "32", "51"], latency: Interval = .milliseconds(20), warmUp: Interval = .seconds(20),
    coolDown: Interval = .seconds(30), idleLimit: Interval = .seconds(30), afterGreeting: [UInt8] = [],
    saysLowerCase: Bool = false,
    ignoresUnknownClasses: Bool = false, networkAddress: String = "00:26:ab:00:00:01"
  ) {
    self.level = level
    self.password = password
    self.md5 = md5
    self.inputs = inputs
    self.latency = latency
    self.warmUp = warmUp
    self.coolDown = coolDown
    self.idleLimit = idleLimit
    self.afterGreeting = afterGreeting
    self.saysLowerCase = saysLowerCase
    self.ignoresUnknownClasses = ignoresUnknownClasses
    self.networkAddress = networkAddress
  }
}

/// What the projector is set to.
public struct PJLinkUnit: Sendable, Equatable {
  public var power = PJLinkPower.standby
  public var input: String
  public var mute = "30"
  public var isFrozen = false
  public var faults = PJLinkFaults()
  public var hasSignal = true
  public var lampHours = 1_200
  public var filterHours = 300
  public var isLocked = false
  private let inputs: [String]
  private let level: UInt8

  init(_ traits: PJLinkTraits) {
    inputs = traits.inputs
    level = traits.level
    input = traits.inputs.first ?? "31"
  }

  func read(_ command: PJLinkCommand) -> String {
    switch command.name {
    case "POWR": return power.rawValue
    case "INPT": return power == .on ? input : "ERR3"
    case "AVMT": return power == .on ? mute : "ERR3"
    case "ERST": return faults.value
    case "LAMP": return "\(lampHours) \(power == .on ? 1 : 0)"
    case "INST": return inputs.joined(separator: " ")
    case "NAME": return "投影机 1"
    case "INF1": return "Linli"
    case "INF2": return "Model PJ"
    case "INFO": return ""
    case "CLSS": return "\(level)"
    default: break
    }
    guard level >= 2, command.level >= 2 else { return "ERR1" }
    switch command.name {
    case "SNUM": return "0001"
    case "SVER": return "2.01"
    case "FILT": return "\(filterHours)"
    case "RLMP": return "LMP-1"
    case "RFIL": return "FIL-1"
    case "INNM":
      let code = String(command.parameter.dropFirst())
      return inputs.contains(code) ? PJLinkInput.name(code) ?? "ERR2" : "ERR2"
    case "IRES": return power != .on ? "ERR3" : hasSignal ? "1920x1200" : "-"
    case "RRES": return "1920x1200"
    case "FREZ": return power == .on ? (isFrozen ? "1" : "0") : "ERR3"
    default: return "ERR1"
    }
  }

  mutating func set(_ command: PJLinkCommand) -> String {
    let value = command.parameter
    switch command.name {
    case "POWR":
      guard value == "0" || value == "1" else { return "ERR2" }
      guard power == .standby || power == .on else { return "ERR3" }
      if value == "1", power == .standby { power = .warming }
      if value == "0", power == .on { power = .cooling }
      return "OK"
    case "INPT":
      guard inputs.contains(value) else { return "ERR2" }
      guard power == .on else { return "ERR3" }
      input = value
      return "OK"
    case "AVMT":
      guard ["10", "11", "20", "21", "30", "31"].contains(value) else { return "ERR2" }
      guard power == .on else { return "ERR3" }
      // Picture and sound each by themselves.
      var (picture, sound) = (mute == "11" || mute == "31", mute == "21" || mute == "31")
      let isOn = value.hasSuffix("1")
      if !value.hasPrefix("2") { picture = isOn }
      if !value.hasPrefix("1") { sound = isOn }
      mute = picture ? (sound ? "31" : "11") : (sound ? "21" : "30")
      return "OK"
    case "FREZ" where level >= 2 && command.level >= 2:
      guard value == "0" || value == "1" else { return "ERR2" }
      guard power == .on else { return "ERR3" }
      isFrozen = value == "1"
      return "OK"
    case "SVOL", "MVOL": return level >= 2 && command.level >= 2 ? (["0", "1"].contains(value) ? "OK" : "ERR2") : "ERR1"
    default: return "ERR1"
    }
  }
}
