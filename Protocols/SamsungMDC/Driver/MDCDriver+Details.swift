import DeviceKit
import DeviceVocabulary
import SamsungMDCCodec

/// What a panel is, how it is, and where it hangs.
extension MDCDriver {
  mutating func firstRead(_ at: Int, at now: Instant) {
    panels[at].nextCondition = now
    panels[at].nextHours = now
    // The line is described by the first that answers.
    if description.model.isEmpty, !panels.contains(where: { !$0.details.isEmpty }) {
      describe(at)
    }
  }

  mutating func describe(_ at: Int) {
    panels[at].describesAgainAt = nil
    panels[at].details = [MDCCommand.modelName, MDCCommand.softwareVersion, MDCCommand.deviceName]
  }

  mutating func learned(_ at: Int, _ reply: MDCReply, at now: Instant) {
    let number = panels[at].number
    switch reply.command {
    case MDCCommand.errorStatus:
      panels[at].nextCondition = now + Self.conditionInterval
      guard reply.isAccepted, let condition = MDCErrorStatus(reply.data) else { return }
      setTrouble(at, .lamp, condition.lampFailed)
      setTrouble(at, .temperature, condition.isTooHot)
      setTrouble(at, .sensor, condition.sensorFailed)
      setTrouble(at, .fan, condition.fanFailed)
      setTrouble(at, .noSignal, condition.sync == .none && panels[at].isOn)
      outbox.append(.event(.measured(number, .temperatureCelsius, Int64(condition.celsius))))
    case MDCCommand.hours:
      panels[at].nextHours = now + Self.hoursInterval
      if reply.isAccepted, let hours = MDCHours.read(reply.data) { outbox.append(.event(.measured(number, .hours, hours))) }
    default: described(at, reply)
    }
  }

  private mutating func described(_ at: Int, _ reply: MDCReply) {
    panels[at].details.removeAll { $0 == reply.command }
    if reply.isAccepted {
      switch reply.command {
      case MDCCommand.modelName: description.model = reply.text
      case MDCCommand.softwareVersion: description.firmware = reply.text
      case MDCCommand.deviceName: description.name = reply.text
      default: break
      }
    }
    guard panels[at].details.isEmpty else { return }
    if description.model.isEmpty { description.model = "MDC" }
    description.outputs = UInt16(panels.count)
    outbox.append(.event(.described(description)))
  }

  // MARK: - Identify

  mutating func identify(_ number: UInt16, _ seconds: UInt8, at now: Instant) {
    guard let at = panels.firstIndex(where: { $0.number == number }) else { return }
    let until = now + .seconds(Int(seconds))
    if panels[at].blink != nil {
      panels[at].blink?.until = until
      if seconds == 0 { panels[at].blink?.nextToggle = now }
    } else if seconds > 0, panels[at].isOn, panels[at].isRead {
      panels[at].blink = MDCPanelState.Blink(until: until, nextToggle: now)
    }
  }

  /// Its number cannot be drawn for sure (B9 is known by name only); that its light goes off and on can be seen.
  mutating func toggle(_ at: Int, at now: Instant) {
    guard var blink = panels[at].blink else { return }
    guard let original = blink.original else {
      guard now < blink.until else {
        panels[at].blink = nil
        return
      }
      panels[at].blink?.nextToggle = now + Self.blinkInterval
      return put(at, MDCCommand.backlight, .blink, at: now)
    }
    blink.last = now < blink.until ? (blink.last ?? original) ^ 1 : original
    blink.nextToggle = now + Self.blinkInterval
    panels[at].blink = blink
    put(
      Question(
        panel: at, request: MDCRequest(MDCCommand.backlight, id: panels[at].id, data: [blink.last ?? 0]), kind: .blink,
        due: now + settings.replyTimeout, isProbe: false))
  }

  mutating func blinked(_ at: Int, _ reply: MDCReply, at now: Instant) {
    guard let blink = panels[at].blink else { return }
    guard reply.isAccepted else {
      // It was left dark: that is put right when it takes orders again.
      if let confirmed = blink.confirmed, confirmed != blink.original {
        panels[at].blink?.until = now
        panels[at].blink?.nextToggle = now + .seconds(5)
      } else {
        panels[at].blink = nil
      }
      return
    }
    panels[at].blink?.confirmed = blink.last
    if blink.original == nil {
      panels[at].blink?.original = (reply.data.first ?? 0) & 1
      panels[at].blink?.nextToggle = now
    } else if now >= blink.until, blink.last == blink.original {
      panels[at].blink = nil
    }
  }
}
