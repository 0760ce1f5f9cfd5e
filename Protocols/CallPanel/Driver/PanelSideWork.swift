import CallPanelCodec
import DeviceKit
import DeviceVocabulary
import FirmwareUpdateCodec
import FirmwareUpdateDriver
import ModbusRTUCodec

/// What is done at a panel beside its call service: what its firmware says of itself is read now and then, and what a technician asks is done.
///
/// One request at a time, right after a poll, in place of none, and only when nobody on the line is urgent (`ModbusUrgency.background`): so a
/// call at this panel or another waits for one block of an image at most (75 bytes, 43 ms at 19,200 baud, and the answer).
struct PanelSideWork: Sendable {
  /// What is known of the panel's firmware.
  enum Knowledge: Sendable, Equatable {
    case unknown
    /// A panel before map 1.1, one of an unknown map, or one that does not say.
    case none
    case known(DeviceFirmware)
  }

  /// The first map that has the registers of the firmware.
  static let firstMap: UInt16 = 0x0101
  /// Nothing changes there while a panel runs, but for the end of a trial and of the self-test.
  static let readInterval = Interval.seconds(60)
  static let soonInterval = Interval.seconds(2)
  /// After so many tries without a usable answer nothing is known, and it is asked again at the usual interval.
  static let readTries = 3

  private enum Underway: Equatable {
    case about, update, errand
  }

  static let starvingTime = Interval.seconds(2)

  /// The panel was polled since the last request of this kind.
  var mayGo = false
  private(set) var firmware = Knowledge.unknown
  private var underway: Underway?
  private var wentAt = Instant.zero
  private var readDue = Instant.distantFuture
  private var readTries = 0
  private var update: UpdateSender?
  private var errand: PanelErrand?
  /// Sixteen panels that came up together are not to be read in one scan every minute.
  private let spread: Interval

  init(node: UInt8) { spread = .milliseconds(500) * Int(node &* 7 & 15) }

  /// Asked first is done first: an update that came in between is a technician's mistake.
  var job: DeviceJob? { update?.job ?? errand?.job }

  var due: Instant {
    guard mayGo else { return .distantFuture }
    return min(readDue, update?.due ?? .distantFuture, errand?.due ?? .distantFuture)
  }

  /// It was due for long and never had its turn: on a slow line, it goes in the place of a poll now and then.
  func isStarved(at now: Instant) -> Bool { now - wentAt > Self.starvingTime }

  mutating func nextRequest(at now: Instant) -> ModbusPDU? {
    guard due <= now else { return nil }
    wentAt = now
    if readDue <= now {
      (underway, mayGo) = (.about, false)
      return UpdateTransaction.about()
    }
    if let request = update?.nextRequest(at: now) {
      (underway, mayGo) = (.update, false)
      return request
    }
    if let request = errand?.nextRequest(at: now) {
      (underway, mayGo) = (.errand, false)
      return request
    }
    return nil
  }

  func accepts(_ answer: ModbusPDU) -> Bool {
    switch underway {
    case .about:
      answer.function == ModbusFunction.readInputRegisters
        && (answer.isException ? answer.bytes.count == 2 : answer.registerCount == Int(UpdateMap.aboutCount))
    case .update: update?.accepts(answer) ?? false
    case .errand: errand?.accepts(answer) ?? false
    case nil: false
    }
  }

  /// `nil`: no answer.
  mutating func completed(_ answer: ModbusPDU?, at now: Instant) {
    let finished = underway
    underway = nil
    switch finished {
    case .about: read(answer, at: now)
    case .update:
      update?.completed(answer, at: now)
      // What an update reads of the firmware is the same block.
      if let found = update?.firmware, case .known(let old) = firmware, found != old { firmware = .known(found) }
    case .errand: errand?.completed(answer, at: now)
    case nil: break
    }
  }

  mutating func tick(failures: Int, at now: Instant) {
    update?.tick(at: now)
    errand?.tick(failures: failures, at: now)
  }

  /// An exchange was answered by the unit that had said who it is.
  mutating func seen(restarted: Bool, at now: Instant) { errand?.seen(restarted: restarted, at: now) }

  private mutating func read(_ answer: ModbusPDU?, at now: Instant) {
    guard let answer, let about = UpdateTransaction.aboutAnswer(answer) else {
      readTries = min(readTries + 1, Self.readTries)
      let isRefused = answer?.exception.map { $0 != .busy } ?? false
      guard readTries == Self.readTries || isRefused else { return readDue = now + Self.soonInterval }
      if firmware == .unknown { firmware = .none }
      return readDue = now + Self.readInterval + spread
    }
    readTries = 0
    let found = DeviceFirmware(about)
    firmware = .known(found)
    readDue = now + (found.isUnsettled ? Self.soonInterval : Self.readInterval + spread)
  }

  /// The panel has said who it is.
  mutating func meet(_ identification: PanelTransaction.Identification) {
    let major = PanelMap.version >> 8
    let hasFirmware = identification.version >> 8 == major && identification.version >= Self.firstMap
    if hasFirmware {
      lookAgain()
    } else {
      firmware = .none
      readDue = .distantFuture
    }
    update?.meet(unit: identification.unit)
    if !hasFirmware { update?.end(.noUpdate) }
    errand?.meet(unit: identification.unit)
  }

  /// It was started again: other firmware may run, or have a fault to tell of.
  mutating func lookAgain() {
    guard firmware != .none || readDue != .distantFuture else { return }
    readDue = .zero
    readTries = 0
  }

  /// Nothing of what was read counts: who is there is asked anew.
  mutating func startOver() {
    firmware = .unknown
    readDue = .distantFuture
    underway = nil
    mayGo = false
  }

  /// A job that is under way is finished first: whoever asks for another sees that by the ticket.
  mutating func command(_ command: DeviceCommand) {
    switch command {
    case .update(_, let ticket, let bytes):
      let images = bytes.compactMap { try? ImageFile($0) }
      if let update, !update.job.isOver {
        if update.isFor(images) { self.update?.adopt(ticket: ticket) }
        return
      }
      guard errand?.job.isOver ?? true else { return }
      errand = nil
      update = UpdateSender(ticket: ticket, images: images.count == bytes.count ? images : [])
    case .identify(_, let ticket, let seconds): begin(.identify(ticket: ticket, seconds: seconds))
    case .readdress(_, let ticket, let address, let baud): begin(.readdress(ticket: ticket, address: address, baud: baud))
    case .callOff:
      update?.end(.calledOff)
      errand?.end(.calledOff)
    default: break
    }
  }

  private mutating func begin(_ new: PanelErrand) {
    guard update?.job.isOver ?? true else { return }
    update = nil
    errand = new
  }
}
