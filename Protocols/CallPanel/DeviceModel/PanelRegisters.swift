import CallPanelCodec
import DeviceKit
import FirmwareUpdateCodec
import FirmwareUpdateDeviceModel

/// The core as registers (README.md); `PanelBank.swift` makes a Modbus bank of them. `nil` or `false` means: no such address.
extension PanelCore {
  mutating func inputRegister(_ address: UInt16) -> UInt16? {
    switch address {
    case 0x0000: return PanelMap.version
    case 0x0001: return UInt16(truncatingIfNeeded: unit >> 16)
    case 0x0002: return UInt16(truncatingIfNeeded: unit)
    case 0x0003: return UInt16(buttons)
    case PanelMap.poll..<(PanelMap.poll &+ PanelMap.tokenCount):
      if restartUnseen { restartIsShown = true }
      return status(token: UInt8(truncatingIfNeeded: address &- PanelMap.poll)).word
    case UpdateMap.about..<(UpdateMap.about &+ UpdateMap.aboutCount): return about.register(address &- UpdateMap.about)
    case UpdateMap.status..<(UpdateMap.status &+ UpdateMap.statusCount):
      return update.status.register(address &- UpdateMap.status)
    default: return nil
    }
  }

  mutating func discreteInput(_ address: UInt16) -> Bool? {
    switch address {
    case PanelMap.contacts..<(PanelMap.contacts &+ 8): return contacts[Int(address &- PanelMap.contacts)].isClosed
    case PanelMap.tamper: return tamper
    case PanelMap.lines..<(PanelMap.lines &+ 16):
      let line = lines[Int((address &- PanelMap.lines) >> 1)].line
      return line == (address & 1 == 0 ? .open : .short)
    default: return nil
    }
  }

  static func isHoldingRegister(_ address: UInt16) -> Bool {
    switch address {
    case PanelMap.exchangeWrite..<(PanelMap.exchangeWrite &+ PanelMap.exchangeWriteCount): true
    case PanelMap.exchangeRead..<PanelMap.exchangeReadEnd: true
    case PanelMap.silentMask, PanelMap.newAddress, PanelMap.newBaudCode, PanelMap.armConfiguration, PanelMap.identify: true
    default: false
    }
  }

  /// The exchange block reads as it was when the snapshot was taken.
  mutating func holding(_ address: UInt16) -> UInt16 {
    switch address {
    case PanelMap.exchangeWrite..<(PanelMap.exchangeWrite &+ PanelMap.exchangeWriteCount):
      return order.register(address &- PanelMap.exchangeWrite)
    case PanelMap.exchangeRead..<PanelMap.exchangeReadEnd:
      return reported.mutableSpan[Int(address &- PanelMap.exchangeRead)]
    case PanelMap.silentMask: return UInt16(settings.silentMask)
    case PanelMap.newAddress: return armedAt == nil ? UInt16(settings.address) : pendingAddress
    case PanelMap.newBaudCode: return armedAt == nil ? settings.baudCode : pendingBaud
    case PanelMap.armConfiguration: return armedAt == nil ? 0 : 1
    case PanelMap.identify: return lamps.identifySeconds
    default: return 0
    }
  }

  mutating func isValid(_ value: UInt16, for address: UInt16) -> Bool {
    switch address {
    case PanelMap.silentMask: value <= 0xFF
    case PanelMap.newAddress: PanelSettings.isValid(address: value)
    case PanelMap.newBaudCode: PanelMap.baud(code: value) != nil
    case PanelMap.identify: value <= PanelMap.identifyLimitSeconds
    case PanelMap.armConfiguration: value == PanelMap.armKey && PanelSettings.isValid(address: pendingAddress)
    default: true
    }
  }

  mutating func setHolding(_ address: UInt16, _ value: UInt16) {
    switch address {
    case PanelMap.exchangeWrite..<(PanelMap.exchangeWrite &+ PanelMap.exchangeWriteCount):
      staged.setRegister(address &- PanelMap.exchangeWrite, value)
    case PanelMap.silentMask: setSilentMask(UInt8(truncatingIfNeeded: value) & buttonMask)
    case PanelMap.newAddress:
      armedAt = nil
      pendingAddress = value
    case PanelMap.newBaudCode:
      armedAt = nil
      pendingBaud = value
    case PanelMap.armConfiguration: armedAt = now
    case PanelMap.identify: lamps.identify(seconds: value, buttons: buttons, at: now)
    case UpdateMap.begin...: stageUpdate(address, value)
    default: break
    }
  }

  mutating func status(token: UInt8) -> PanelStatus {
    var status = PanelStatus(word: 0)
    status.token = token
    status.pending = UInt8(clamping: epochIsStored ? queue.count : 0)
    status.restarted = restartUnseen
    status.tamper = tamper
    status.settingsBusy = settingsBusy
    status.hostWasSilent = silenceNoted
    status.changed = changed
    status.lineFault = faultyLines != 0
    status.contactFault = hasContactFault
    status.lampsDiffer = lampsDiffer
    return status
  }

  private var hasContactFault: Bool {
    mutating get {
      // Of contacts at rest none is stuck and none chatters.
      guard activeContacts != 0 else { return false }
      var index = 0
      while index < Int(buttons) {
        if contacts[index].isStuck || contacts[index].chatters { return true }
        index &+= 1
      }
      return false
    }
  }

  private var lampsDiffer: Bool {
    mutating get {
      var wishes = order.lamps.bits
      var button: UInt8 = 1
      while button <= buttons {
        let wish = UInt8(truncatingIfNeeded: wishes & 15)
        if wish <= PanelLamp.fault.rawValue && wish != lamps.shown(button).rawValue
          && settings.silentMask & (1 << (button &- 1)) == 0
        {
          return true
        }
        wishes >>= 4
        button &+= 1
      }
      return false
    }
  }

  /// Fixes what one exchange answers, so that its registers belong together and each age is right when the answer leaves.
  mutating func takeSnapshot() {
    var snapshot = PanelReport()
    snapshot.status = status(token: order.token)
    snapshot.epoch = shownEpoch
    snapshot.pending = epochIsStored ? UInt16(clamping: queue.count) : 0
    snapshot.bootCount = settings.bootCount
    snapshot.resetCause = resetCause.rawValue
    snapshot.silentMask = settings.silentMask
    snapshot.unit = unit
    snapshot.upTimeSeconds = WholeUnits.seconds(now - startedAt)
    snapshot.supplyMillivolts = supplyMillivolts
    snapshot.dropped = queue.dropped
    var index = 0
    while index < Int(buttons) {
      let button = UInt8(truncatingIfNeeded: index &+ 1)
      snapshot.lamps[button] = lamps.shown(button).rawValue
      snapshot.lines[button] = lines[index].line
      if contacts[index].isStuck { snapshot.stuck |= 1 << UInt8(index) }
      if contacts[index].chatters { snapshot.chatter |= 1 << UInt8(index) }
      if contacts[index].isClosed { snapshot.contacts |= 1 << UInt8(index) }
      index &+= 1
    }
    var place: UInt16 = 0
    while place < PanelMap.exchangeHeaderCount {
      reported[Int(place)] = snapshot.register(place)
      place &+= 1
    }
    var number = 0
    while number < PanelMap.eventWindow {
      let event = epochIsStored ? queue.event(number, at: now) : nil
      var register: UInt16 = 0
      while register < PanelMap.eventRegisterCount {
        reported[Int(place)] = event?.register(register) ?? 0
        place &+= 1
        register &+= 1
      }
      number &+= 1
    }
  }

  /// Does what the whole order says that was staged.
  mutating func obey() {
    order.token = staged.token
    // Meant for the panel that hung here before: only the token is taken, so that the answer tells whom the host reached.
    guard staged.unit == unit else { return }
    // Field by field: what the microcontroller copies whole is a call for a few bytes.
    order.acknowledgesRestart = staged.acknowledgesRestart
    order.mute = staged.mute
    order.unit = staged.unit
    order.epoch = staged.epoch
    order.sequence = staged.sequence
    order.lamps = staged.lamps
    // What nobody was told since this start, nobody can have seen: it is said to all, or of the start before.
    if staged.acknowledgesRestart && restartUnseen && restartWasTold && !isForAll {
      restartUnseen = false
      hostKnowsOfStart = true
    }
    lamps.muted = staged.mute
    if staged.epoch == shownEpoch && epochIsStored { queue.acknowledge(upTo: staged.sequence) }
    var button: UInt8 = 1
    while button <= buttons {
      indicate(button, staged.lamps[button])
      button &+= 1
    }
  }

  /// The rules by which a lamp follows the host: forward only, or to fault, or back to off (README.md, "Lamps").
  private mutating func indicate(_ button: UInt8, _ wish: UInt8) {
    guard let wished = PanelLamp(rawValue: wish), settings.silentMask & (1 << (button &- 1)) == 0 else { return }
    let shown = lamps.shown(button)
    let waits = queue.holdsPress(of: button)
    switch wished {
    case .fastBlink: return
    case .off: lamps.show(waits ? .fastBlink : .off, button, at: now)
    case .fault:
      if !(waits && shown == .fastBlink) { lamps.show(.fault, button, at: now) }
    case .slowBlink, .steady, .coming:
      let underWay = shown != .off && shown != .fastBlink && shown != .fault
      if underWay ? wished > shown : !waits { lamps.show(wished, button, at: now) }
    }
  }

  private mutating func setSilentMask(_ mask: UInt8) {
    guard mask != settings.silentMask else { return }
    settings.silentMask = mask
    lamps.silentMask = mask
    var button: UInt8 = 1
    while button <= buttons {
      if mask & (1 << (button &- 1)) != 0 { lamps.show(.off, button, at: now) }
      button &+= 1
    }
    changed = true
    save()
  }
}

extension PanelLamp {
  static func > (left: PanelLamp, right: PanelLamp) -> Bool { left.rawValue > right.rawValue }
}
