import SamsungMDCCodec

/// One panel: what it is set to, and what it answers to a request.
public struct MDCPanel: Sendable, Equatable {
  /// Its address on the chain.
  public var id: UInt8
  public var model = "QM55B"
  public var isOn = true
  public var input: UInt8 = 0x21
  public var isWall = false
  public var layout: [UInt8] = [0x11, 1]
  public var wallMode: UInt8 = 0
  /// `nil`: it has no loudspeaker.
  public var isAudioMuted: Bool? = false
  public var isDark = false
  public var condition = MDCErrorStatus()
  /// In units of ten minutes.
  public var hours: UInt32 = 6_000

  // What is wrong with it.
  public var isPowered = true
  /// Says yes to every set, and changes nothing.
  public var isLocked = false
  public var isMute = false
  /// Refuses everything with this code.
  public var refusal: UInt8?
  /// Answers with another address than it is asked by.
  public var answersAs: UInt8?
  /// HDMI1 that is fed by a PC is told as HDMI1-PC.
  public var saysPC = false
  /// Two panels stand at the same address.
  public var isDouble = false
  /// How many sets it has obeyed.
  public var changes = 0

  public init(id: UInt8) {
    self.id = id
  }

  /// As it left the factory: what a power cut does to some.
  mutating func restart(isOn: Bool) {
    self.isOn = isOn
    input = 0x21
    isWall = false
    layout = [0x11, 1]
    wallMode = 0
    isDark = false
  }

  /// `nil`: it says nothing.
  mutating func answer(_ request: MDCRequest) -> MDCReply? {
    if let refusal { return refuse(request, refusal) }
    guard let data = request.isSet ? set(request) : read(request.command) else { return refuse(request, 0x01) }
    return MDCReply(id: answersAs ?? id, command: request.command, data: data)
  }

  private func refuse(_ request: MDCRequest, _ code: UInt8) -> MDCReply {
    MDCReply(id: answersAs ?? id, isAccepted: false, command: request.command, data: [code])
  }

  private var saidInput: UInt8 { saysPC && [0x21, 0x23, 0x31, 0x33].contains(input) ? input + 1 : input }

  private var saidMute: UInt8 { isAudioMuted.map { $0 ? 1 : 0 } ?? 0xFF }

  private func read(_ command: UInt8) -> [UInt8]? {
    switch command {
    case MDCCommand.status:
      return MDCStatus(isOn: isOn, volume: isAudioMuted == nil ? 0xFF : 20, mute: saidMute, input: saidInput).data
    case MDCCommand.power: return [isOn ? 1 : 0]
    case MDCCommand.errorStatus: return condition.data
    case MDCCommand.modelName: return Array(model.utf8)
    case MDCCommand.softwareVersion: return Array("1010.3".utf8)
    case MDCCommand.deviceName: return Array("panel \(id)".utf8)
    case MDCCommand.hours: return [UInt8(truncatingIfNeeded: hours >> 8), UInt8(truncatingIfNeeded: hours)]
    default: break
    }
    guard isOn else { return nil }
    switch command {
    case MDCCommand.input: return [saidInput]
    case MDCCommand.mute: return [saidMute]
    case MDCCommand.wallOn: return [isWall ? 1 : 0]
    case MDCCommand.wallLayout: return isWall ? layout : nil
    case MDCCommand.wallMode: return isWall && !showsMagicInfo ? [wallMode] : nil
    case MDCCommand.backlight: return [isDark ? 1 : 0]
    default: return nil
    }
  }

  private var showsMagicInfo: Bool { input == 0x20 || input == 0x60 }

  private mutating func set(_ request: MDCRequest) -> [UInt8]? {
    let value = request.data[0]
    if request.command != MDCCommand.power, !isOn { return nil }
    switch request.command {
    case MDCCommand.power: guard value <= 2 else { return nil }
    case MDCCommand.input:
      guard MDCInput.code(MDCInput.name(value)) == value, !MDCInput.name(value).hasPrefix("0x") else { return nil }
    case MDCCommand.wallOn: guard !showsMagicInfo, value <= 1 else { return nil }
    case MDCCommand.backlight: guard value <= 1 else { return nil }
    case MDCCommand.mute: guard value <= 1, isAudioMuted != nil else { return nil }
    case MDCCommand.wallMode: guard isWall, !showsMagicInfo, value <= 1 else { return nil }
    case MDCCommand.wallLayout:
      let count = (Int(value) >> 4) * (Int(value) & 15)
      guard isWall, !showsMagicInfo, request.data.count == 2, request.data[1] >= 1, Int(request.data[1]) <= count else {
        return nil
      }
    default: return nil
    }
    guard !isLocked else { return request.data }
    changes += 1
    switch request.command {
    case MDCCommand.power: isOn = value != 0
    case MDCCommand.input: input = value
    case MDCCommand.wallOn: isWall = value == 1
    case MDCCommand.backlight: isDark = value == 1
    case MDCCommand.mute: isAudioMuted = value == 1
    case MDCCommand.wallMode: wallMode = value
    default: layout = request.data
    }
    return request.data
  }
}
