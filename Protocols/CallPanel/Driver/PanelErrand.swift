import CallPanelCodec
import DeviceKit
import DeviceVocabulary
import ModbusRTUCodec

/// One order of a technician to a panel: blink, or move to another address.
public struct PanelErrand: Sendable {
  static let tryLimit = 8
  private static let pause = Interval.milliseconds(200)
  /// A new address that was not confirmed by a finger is forgotten after this; some seconds on top for the last hold.
  static let fingerLimit = Interval.seconds(PanelMap.configurationWindowSeconds + 6)

  /// Polls in a row without an answer after which the panel counts as away.
  static let awayLimit = 3
  /// A panel that is not there for so long is not waited for any longer.
  static let silenceLimit = Interval.seconds(60)

  public private(set) var job: DeviceJob
  /// One after the other.
  private var requests: [ModbusPDU]
  private var tries = 0
  private var notBefore = Instant.zero
  private var armedAt: Instant?
  private var askedAt: Instant?
  private var unit: UInt32 = 0
  private var isUnderway = false

  private init(_ job: DeviceJob, _ requests: [ModbusPDU]) {
    self.job = job
    self.requests = requests
    if requests.isEmpty { end(.refused) }
  }

  public static func identify(ticket: UInt32, seconds: UInt8) -> PanelErrand {
    PanelErrand(
      DeviceJob(ticket: ticket, kind: .identify),
      [.writeRegister(PanelMap.identify, value: min(UInt16(seconds), PanelMap.identifyLimitSeconds))])
  }

  /// - Parameters:
  ///   - address: 1...247; another one is refused at once, as is a speed that panels do not know.
  ///   - baud: in bit/s.
  public static func readdress(ticket: UInt32, address: UInt8, baud: UInt32) -> PanelErrand {
    PanelErrand(DeviceJob(ticket: ticket, kind: .readdress), readdressing(address: address, baud: baud))
  }

  /// The new address and the speed's code, then the key, which a panel takes only behind a good address. Empty for what no panel takes.
  private static func readdressing(address: UInt8, baud: UInt32) -> [ModbusPDU] {
    guard (1...247).contains(address), let code = PanelMap.baudCode(baud) else { return [] }
    return [
      .writeRegisters(start: PanelMap.newAddress, values: FixedRegisters([UInt16(address), code])),
      .writeRegister(PanelMap.armConfiguration, value: PanelMap.armKey),
    ]
  }

  public var due: Instant { job.step == .asking && !job.isOver ? notBefore : .distantFuture }

  public mutating func nextRequest(at now: Instant) -> ModbusPDU? {
    guard due <= now, let request = requests.first else { return nil }
    isUnderway = true
    return request
  }

  public func accepts(_ answer: ModbusPDU) -> Bool {
    guard isUnderway, let request = requests.first, answer.function == request.function else { return false }
    if answer.isException { return answer.bytes.count == 2 }
    return answer.bytes.count == 5 && answer.bytes.bigEndian(at: 1) == request.bytes.bigEndian(at: 1)
  }

  /// The order was answered, or (`nil`) has no answer.
  public mutating func completed(_ answer: ModbusPDU?, at now: Instant) {
    guard isUnderway, !job.isOver else { return }
    isUnderway = false
    tries += 1
    notBefore = now + Self.pause
    guard let answer, answer.exception != .busy else {
      if tries >= Self.tryLimit { end(.silent) }
      return
    }
    if answer.isException { return end(.refused) }
    tries = 0
    notBefore = now
    requests.removeFirst()
    guard requests.isEmpty else { return }
    if job.kind == .readdress {
      armedAt = now
      job.step = .awaitingFinger
    } else {
      job.step = .done
    }
  }

  /// Silence alone proves nothing: a panel without power is as silent as one that has moved. So the job waits until the panel would have
  /// forgotten the new address, and does not end as `done` even then: who answers there is for whoever can ask there.
  ///
  /// - Parameter failures: polls of the panel in a row that had no answer.
  mutating func tick(failures: Int, at now: Instant) {
    let asked = askedAt ?? now
    askedAt = asked
    if job.step == .asking, now - asked > Self.silenceLimit { return end(.silent) }
    guard let armedAt, !job.isOver else { return }
    if failures >= Self.awayLimit { job.step = .away }
    guard now - armedAt > Self.fingerLimit else { return }
    if job.step == .away {
      // With an answer, the exchange that follows it tells whose it was.
      if failures > 0 { job.step = .unverified }
    } else if failures == 0 {
      end(.noFinger)
    }
  }

  /// The same unit answers at the old address.
  ///
  /// - Parameter restarted: it has started since its last report, so it has forgotten the new address.
  mutating func seen(restarted: Bool, at now: Instant) {
    guard let armedAt, !job.isOver else { return }
    if restarted { return end(.stillHere) }
    guard job.step == .away else { return }
    // A line that was disturbed: the panel still waits for the finger, as long as it does.
    if now - armedAt > Self.fingerLimit { end(.stillHere) } else { job.step = .awaitingFinger }
  }

  mutating func meet(unit met: UInt32) {
    if unit == 0 { unit = met } else if unit != met { end(.otherUnit) }
  }

  mutating func end(_ failure: JobFailure) {
    guard !job.isOver else { return }
    job.step = .failed
    job.failure = failure
  }
}
