import CallPanelCodec
import DeviceKit
import DeviceVocabulary

/// What was last read from a panel beside what the station was last told: the difference is what to report. Nothing waits in a queue, so
/// however fast facts change, only the newest is kept.
struct PanelFacts: Sendable {
  private struct Told {
    var lamp: UInt8?
    var line: PanelLine?
    var stuck: Bool?
    var chatter: Bool?
  }

  /// The newest report, if any exchange has been answered since the panel was identified.
  private(set) var report: PanelReport?
  private var told: [Told] = Array(repeating: Told(), count: Int(PanelMap.buttonLimit))
  private var tamperTold: Bool?
  private var boot: UInt16?
  private var restartToTell: (cause: UInt8, bootCount: UInt16)?
  private var droppedTold: UInt16?
  private var measuredAt: Instant?
  private var supplyToTell = false
  private var upTimeToTell = false

  /// Everything is to be told anew (re-test, or another panel).
  mutating func forgetWhatWasTold() {
    told = Array(repeating: Told(), count: Int(PanelMap.buttonLimit))
    tamperTold = nil
    measuredAt = nil
  }

  /// Another panel hangs here: nothing of the old one counts.
  mutating func startOver() {
    self = PanelFacts()
  }

  mutating func observe(_ new: PanelReport, at now: Instant) {
    if let known = boot {
      if known != new.bootCount {
        restartToTell = (new.resetCause, new.bootCount)
        if let told = droppedTold, new.dropped < told { droppedTold = 0 }
      }
    } else {
      // The first report: whether the start and the drops are news, only the panel can tell.
      if new.status.restarted { restartToTell = (new.resetCause, new.bootCount) }
      droppedTold = new.status.restarted ? 0 : new.dropped
    }
    boot = new.bootCount
    report = new
    if measuredAt.map({ now - $0 >= .milliseconds(4_500) }) ?? true {
      measuredAt = now
      (supplyToTell, upTimeToTell) = (true, true)
      // A lamp that was read back is current only for a while: say it again although it has not changed.
      for index in told.indices { told[index].lamp = nil }
    }
  }

  /// Appends what differs, while there is room, the most important first; `true` when all has been said.
  mutating func tell(
    _ device: DeviceID, buttons: UInt8, at now: Instant, upTo limit: Int, into events: inout Effects<DeviceEvent>
  ) -> Bool {
    guard let report else { return true }
    func say(_ event: DeviceEvent) -> Bool { events.count < limit && events.append(event) }
    if let restart = restartToTell {
      guard say(.restarted(device, cause: PanelFacts.cause(restart.cause), bootCount: restart.bootCount)) else { return false }
      restartToTell = nil
    }
    if let known = droppedTold, known != report.dropped {
      guard say(.eventsDropped(device, count: UInt32(report.dropped &- known))) else { return false }
      droppedTold = report.dropped
    }
    for number in 1...max(buttons, 1) {
      let button = ButtonID(device: device, button: number)
      let index = Int(number) - 1
      guard told.indices.contains(index) else { break }
      let bit = UInt8(1) << UInt8(index)
      if told[index].lamp != report.lamps[number] {
        guard say(.indicatorObserved(button, Indicator(rawValue: report.lamps[number]) ?? .fault)) else { return false }
        told[index].lamp = report.lamps[number]
      }
      if told[index].line != report.lines[number] {
        guard say(.lineChanged(button, PanelFacts.line(report.lines[number]))) else { return false }
        told[index].line = report.lines[number]
      }
      if told[index].stuck != (report.stuck & bit != 0) {
        guard say(.stuckChanged(button, report.stuck & bit != 0)) else { return false }
        told[index].stuck = report.stuck & bit != 0
      }
      if told[index].chatter != (report.chatter & bit != 0) {
        guard say(.chatterChanged(button, report.chatter & bit != 0)) else { return false }
        told[index].chatter = report.chatter & bit != 0
      }
    }
    if tamperTold != report.status.tamper {
      guard say(.tamperChanged(device, report.status.tamper)) else { return false }
      tamperTold = report.status.tamper
    }
    if supplyToTell {
      guard say(measured(device, .supplyMillivolts, Int64(report.supplyMillivolts))) else { return false }
      supplyToTell = false
    }
    if upTimeToTell {
      guard say(measured(device, .upTimeSeconds, Int64(report.upTimeSeconds))) else { return false }
      upTimeToTell = false
    }
    return true
  }

  private func measured(_ device: DeviceID, _ quantity: Quantity, _ value: Int64) -> DeviceEvent {
    .measured(device, quantity, Reading(value: value, asOf: measuredAt ?? .zero, timeToLive: CallPanelDriver.readingTimeToLive))
  }

  private static func line(_ line: PanelLine) -> LineState {
    switch line {
    case .normal: .normal
    case .open: .open
    case .short: .short
    }
  }

  private static func cause(_ raw: UInt8) -> ResetCause {
    switch PanelResetCause(rawValue: raw) ?? .unknown {
    case .unknown: .unknown
    case .powerOn: .powerOn
    case .brownOut: .brownOut
    case .watchdog: .watchdog
    case .software: .software
    case .fault: .fault
    case .pin: .pin
    }
  }
}
