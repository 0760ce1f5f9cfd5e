import CallPanelCodec
import DeviceKit
import FirmwareUpdateCodec
import FirmwareUpdateDeviceModel

/// What a call panel knows and decides, without the wire: contacts, lamps, the queue of events, settings.
///
/// `CallPanelLogic` puts the Modbus slave in front of it; `PanelRegisters.swift` shows it as registers.
struct PanelCore: Sendable {
  static var hostSilenceLimit: Interval { .seconds(10) }
  static var configurationHold: Interval { .seconds(5) }
  static var saveRetry: Interval { .seconds(1) }
  /// After so many failed saves events are offered although the new epoch is not stored: a call goes before bookkeeping.
  static let savesBeforeGivingUp: UInt8 = 3

  let unit: UInt32
  /// 1...8.
  let buttons: UInt8
  var settings: PanelSettings
  var queue = EventQueue()
  var lamps = CallLamps()
  var contacts: InlineArray<8, Contact> = InlineArray(repeating: Contact())
  /// Those that are not at rest, bit 0 = button 1: the others have nothing to do in a tick.
  private(set) var activeContacts: UInt8 = 0
  var lines: InlineArray<8, LineSupervisor> = InlineArray(repeating: LineSupervisor())
  /// Those that are open or short, bit 0 = button 1.
  private(set) var faultyLines: UInt8 = 0
  var tamper = false
  var about = FirmwareAbout()
  var versionText = FixedBytes<16>()
  var update: UpdateReceiver
  /// The registers of an update request while they are being set.
  var updateStage = FixedBytes<132>()
  var supplyMillivolts: UInt16 = 0
  var resetCause = PanelResetCause.unknown

  /// The time of the input being handled.
  var now: Instant = .zero
  var startedAt: Instant = .zero
  var hostHeardAt: Instant = .zero
  /// A host has taken note of this start: it has been told of it since, and we have heard its order.
  var hostKnowsOfStart = false

  // Towards the host.
  var order = PanelOrder(token: 0)
  var staged = PanelOrder(token: 0)
  /// The registers of the exchange block as they were when it was last asked for.
  var reported: InlineArray<36, UInt16> = InlineArray(repeating: 0)
  var restartUnseen = false
  /// The request under way is a broadcast: whoever sent it hears no answer.
  var isForAll = false
  /// The answer to the request under way tells of the restart; such an answer has left since the start.
  var restartIsShown = false
  var restartWasTold = false
  var changed = false
  var silenceNoted = false

  // Settings on their way to flash and a new address waiting for a finger.
  var wantsSave = false
  var wantsLineChange = false
  var pendingAddress: UInt16 = 0
  var pendingBaud: UInt16 = 0
  var armedAt: Instant?
  private var saving = false
  private var saveAgain = false
  private var failedSaves: UInt8 = 0
  private var saveRetryAt: Instant?
  /// Events are shown only under an epoch that is on flash: otherwise a second loss of power could use its numbers again.
  private(set) var epochIsStored = false
  /// The epoch that hosts see: the stored one, or where the flash is broken one drawn by chance.
  private(set) var shownEpoch: UInt16 = 0
  private var entropy: UInt16 = 0
  private var lastQueuedPress: InlineArray<8, Instant?> = InlineArray(repeating: nil)

  init(unit: UInt32, buttons: UInt8) {
    self.unit = unit
    self.buttons = buttons < 1 ? 1 : buttons > PanelMap.buttonLimit ? PanelMap.buttonLimit : buttons
    settings = .factory
    update = UpdateReceiver(
      board: PanelBoard.simulated.rawValue, running: UpdateMap.noSlot, layout: .none, key: FixedBytes())
    while updateStage.append(0) {}
  }

  var buttonMask: UInt8 { mutating get { UInt8(truncatingIfNeeded: (UInt16(1) << UInt16(buttons)) &- 1) } }
  var settingsBusy: Bool { mutating get { saving || saveRetryAt != nil || armedAt != nil } }

  @inline(never) mutating func start(_ start: PanelStart, at instant: Instant) {
    now = instant
    startedAt = instant
    hostHeardAt = instant
    hostKnowsOfStart = false
    about = start.about
    update.isOnTrial = about.isOnTrial
    composeVersion()
    resetCause = start.cause
    entropy = start.entropy
    if let stored = start.stored {
      settings = stored
    } else {
      settings = .factory
      // Which epochs were used is lost: go on in a range of its own, at a place drawn by chance.
      settings.epoch = 0x4000 | start.entropy & 0x3FFF
    }
    settings.bootCount &+= 1
    // One by one: as whole arrays they are written out place by place.
    var index = 0
    while index < 8 {
      contacts[index] = Contact()
      lines[index] = LineSupervisor()
      lastQueuedPress[index] = nil
      index &+= 1
    }
    activeContacts = 0
    faultyLines = 0
    lamps.startOver()
    lamps.silentMask = settings.silentMask
    lamps.muted = false
    order = PanelOrder(token: 0)
    armedAt = nil
    restartUnseen = true
    (restartIsShown, restartWasTold) = (false, false)
    changed = true
    silenceNoted = false
    (saving, saveAgain, saveRetryAt, failedSaves) = (false, false, nil, 0)
    if start.queueKept && start.stored != nil {
      epochIsStored = start.epochWasShown
      var button: UInt8 = 1
      while button <= buttons {
        if queue.holdsPress(of: button) { lamps.show(.fastBlink, button, at: now) }
        // A finger that stays over the start, or a stuck contact, has been told of.
        if start.heldContacts & (1 << (button &- 1)) != 0 { contacts[Int(button) &- 1] = Contact(heldAt: now) }
        button &+= 1
      }
    } else {
      epochIsStored = false
      queue.startOver()
      settings.raiseEpoch()
    }
    shownEpoch = settings.epoch
    save()
  }

  var deadline: Instant? {
    var earliest = lamps.deadline
    func consider(_ instant: Instant?) {
      guard let instant else { return }
      if let known = earliest, known <= instant { return }
      earliest = instant
    }
    consider(saveRetryAt)
    consider(update.deadline)
    if !lamps.hostIsSilent { consider(hostHeardAt + PanelCore.hostSilenceLimit) }
    if let armedAt { consider(armedAt + .seconds(PanelMap.configurationWindowSeconds)) }
    var index = 0
    while index < Int(buttons) {
      consider(contacts[index].deadline)
      if armedAt != nil && contacts[index].isClosed { consider(contacts[index].closedSince + PanelCore.configurationHold) }
      index &+= 1
    }
    return earliest
  }

  /// Everything that has become due by `instant`.
  mutating func advance(to instant: Instant) {
    now = instant
    lamps.advance(to: now)
    update.advance(to: now)
    if let retry = saveRetryAt, retry <= now {
      saveRetryAt = nil
      save()
    }
    if !lamps.hostIsSilent && now >= hostHeardAt + PanelCore.hostSilenceLimit {
      silenceNoted = true
      lamps.setHostSilent(true, at: now)
    }
    if activeContacts != 0 { advanceContacts() }
    if armedAt != nil { advanceConfiguration() }
  }

  private mutating func advanceContacts() {
    var index = 0
    while index < Int(buttons) {
      let bit = UInt8(1) << UInt8(truncatingIfNeeded: index)
      if activeContacts & bit != 0 {
        let news = contacts[index].advance(to: now)
        take(news, of: UInt8(truncatingIfNeeded: index &+ 1), chatters: contacts[index].chatters)
        if contacts[index].isAtRest { activeContacts &= ~bit }
      }
      index &+= 1
    }
  }

  /// The pins of all contacts, bit 0 = button 1, 1 = closed.
  mutating func sampleContacts(_ mask: UInt8) {
    var index = 0
    while index < Int(buttons) {
      let bit = UInt8(1) << UInt8(truncatingIfNeeded: index)
      contacts[index].sample(mask & bit != 0, at: now)
      if !contacts[index].isAtRest { activeContacts |= bit }
      index &+= 1
    }
  }

  /// Contacts that are believed to be closed, bit 0 = button 1.
  mutating func closedContacts() -> UInt8 {
    var mask: UInt8 = 0
    var index = 0
    while index < Int(buttons) {
      if contacts[index].isClosed { mask |= 1 << UInt8(index) }
      index &+= 1
    }
    return mask
  }

  mutating func sampleLine(_ button: UInt8, _ code: UInt16) {
    guard button >= 1 && button <= buttons else { return }
    let index = Int(button) &- 1
    guard lines[index].sample(code) else { return }
    changed = true
    let bit = UInt8(1) << (button &- 1)
    if lines[index].line == .normal { faultyLines &= ~bit } else { faultyLines |= bit }
  }

  mutating func setTamper(_ open: Bool) {
    if tamper != open { changed = true }
    tamper = open
  }

  /// A request for this panel arrived whole and sound.
  mutating func hostSpoke() {
    hostHeardAt = now
    lamps.setHostSilent(false, at: now)
  }

  /// The flash says how the save went that `wantsSave` asked for.
  mutating func settingsSaved(_ succeeded: Bool) {
    guard saving else { return }
    saving = false
    if succeeded {
      failedSaves = 0
      // What was stored holds this epoch even when a later change of settings waits for a save of its own.
      epochIsStored = true
      if saveAgain { save() }
    } else {
      failedSaves = failedSaves == .max ? .max : failedSaves &+ 1
      saveRetryAt = now + PanelCore.saveRetry
      if failedSaves >= PanelCore.savesBeforeGivingUp && !epochIsStored {
        // The raised epoch would come again after the next reset. One drawn by chance, and numbers that start at such a place too,
        // keep presses apart; it is not stored, so that a healed flash goes on where it stood.
        shownEpoch = 0x8000 | entropy & 0x7FFF
        queue.renumber(by: UInt32(truncatingIfNeeded: now.microseconds) & 0x0FFF_FFFF)
        epochIsStored = true
      }
    }
  }

  mutating func save() {
    guard !saving else {
      saveAgain = true
      return
    }
    saving = true
    saveAgain = false
    wantsSave = true
  }

  private mutating func take(_ news: Contact.News, of button: UInt8, chatters: Bool) {
    if news.faultsChanged { changed = true }
    if let pressedAt = news.pressedAt { pressed(button, at: pressedAt, chatters: chatters) }
    // A chattering contact is told of by its flag; its further edges would only push others out of the queue.
    guard !chatters else { return }
    if news.longPress { queue.append(.longPress, button, at: contacts[Int(button) &- 1].closedSince + Contact.longPress) }
    if let releasedAt = news.releasedAt { queue.append(.release, button, at: releasedAt) }
  }

  private mutating func pressed(_ button: UInt8, at instant: Instant, chatters: Bool) {
    let index = Int(button) &- 1
    if chatters {
      if let last = lastQueuedPress[index], queue.holdsPress(of: button) || now - last < Contact.chatterWindow { return }
    }
    lastQueuedPress[index] = now
    queue.press(button, at: instant)
    lamps.confirm(button, at: now)
    let shown = lamps.shown(button)
    if (shown == .off || shown == .fault) && settings.silentMask & (1 << (button &- 1)) == 0 {
      lamps.show(.fastBlink, button, at: now)
      changed = true
    }
  }

  private mutating func advanceConfiguration() {
    guard let armed = armedAt else { return }
    var index = 0
    while index < Int(buttons) {
      let since = contacts[index].closedSince
      if contacts[index].isClosed && since >= armed && now >= since + PanelCore.configurationHold {
        armedAt = nil
        settings.address = UInt8(truncatingIfNeeded: pendingAddress)
        settings.baudCode = pendingBaud
        wantsLineChange = true
        changed = true
        save()
        return
      }
      index &+= 1
    }
    if now >= armed + .seconds(PanelMap.configurationWindowSeconds) { armedAt = nil }
  }
}

/// What a board knows when its processor starts.
public struct PanelStart: Sendable, Equatable {
  public var cause: PanelResetCause
  /// `nil` when the settings store is empty or damaged.
  public var stored: PanelSettings?
  /// The memory that holds the queue, and the clock with it, survived the reset (checked by the board).
  public var queueKept: Bool
  /// Hosts may have seen events of the kept queue: it stays under its epoch, stored or not.
  public var epochWasShown: Bool
  /// Contacts that were closed, and whose press is told or in the queue, when the processor stopped; bit 0 = button 1.
  public var heldContacts: UInt8
  /// Any number that differs from start to start: it takes the place of an epoch that was lost with the settings.
  public var entropy: UInt16
  /// Board, image and faults as the board knows them.
  public var about: FirmwareAbout

  public init(
    cause: PanelResetCause, stored: PanelSettings?, queueKept: Bool, epochWasShown: Bool = true,
    heldContacts: UInt8 = 0, entropy: UInt16,
    about: FirmwareAbout = .bare
  ) {
    self.cause = cause
    self.stored = stored
    self.queueKept = queueKept
    self.epochWasShown = epochWasShown
    self.heldContacts = heldContacts
    self.entropy = entropy
    self.about = about
  }
}
