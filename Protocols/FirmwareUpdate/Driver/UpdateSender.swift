import DeviceKit
import DeviceVocabulary
import FirmwareUpdateCodec
import ModbusRTUCodec

/// The host's side of a firmware update: names the next request to the panel and is told its answer. A pure machine without a line of its own,
/// like a node driver; whoever owns the line decides when a request may go, and goes on polling between two of them.
///
/// - What has no answer is never guessed: the panel is asked how it stands, and the dialogue goes on from there. Blocks may be sent twice.
/// - `begin` has to be answered, so that what the panel says of "ready" can only be said of this image.
/// - Success is the read-back: the new release (number and build) runs from its slot and has proved itself.
/// - Whatever a panel answers ends in `job.failure`, at the latest when it has made no headway for `stumbleLimit` answers or was silent for
///   `silenceLimit`.
public struct UpdateSender: Sendable {
  /// A panel gives an update up when its host has said nothing of it for ten minutes.
  public static let silenceLimit = Interval.seconds(600)
  /// Answers in a row that bring the update no further.
  static let stumbleLimit = 12
  /// How often the image may be sent from the beginning, because the panel was started again or gave up.
  static let beginningLimit = 8
  /// So many times the image's blocks are sent at most.
  static let passLimit = 4
  /// How often "activate" is said to a panel that stays as it is.
  static let activationLimit = 6
  /// A panel that has memory to erase says "busy"; for longer than this nothing takes.
  static let busyLimit = Interval.seconds(60)
  /// Verification is known to last some seconds; without a step of its percentage for so long, it hangs.
  static let verificationLimit = Interval.seconds(120)
  /// After "activate" the former image may still answer for so long.
  static let restartTime = Interval.seconds(5)
  /// An image on trial that has not proved itself after 120 s is taken back by its boot loader.
  static let trialLimit = Interval.seconds(180)

  private static let busyPause = Interval.milliseconds(30)
  private static let stumblePause = Interval.milliseconds(200)
  private static let verificationPause = Interval.milliseconds(500)
  private static let trialPause = Interval.seconds(1)

  private enum State: Equatable {
    /// What runs there? → offer, trial when it is the new image already, ended
    case asking
    /// Which slot is free, and how large? → beginning, ended
    case offer
    /// → looking, once the panel has answered `begin`
    case beginning
    /// How does the update stand? → block, ordering, beginning, asking, ended
    case looking
    /// → block, looking
    case block(UInt16)
    case ordering(UpdateCommand)
    /// What runs now? → looking, ended
    case trial
    /// The former image still answers: was the order lost, or has it come back? → ordering, ended
    case doubting
    case ended
  }

  /// Serial number of the panel; 0: not known yet.
  private var unit: UInt32
  private let images: [ImageFile]
  private var image: ImageFile?
  private var state = State.asking
  private var underway: ModbusPDU?
  /// How it stands, to be shown.
  public private(set) var job: DeviceJob
  /// What the panel last said of itself.
  public private(set) var firmware: DeviceFirmware?

  private var notBefore = Instant.zero
  private var heardAt: Instant?
  private var busySince: Instant?
  private var stumbles = 0
  private var beginnings = 0
  private var activations = 0
  private var activatedAt = Instant.zero
  private var percentSince = Instant.zero
  /// The highest block number that the panel has wanted since `begin`; `nil` before it has said one.
  private var furthest: UInt16?
  private var blocksSent = 0
  /// Since when the new image has been seen to run.
  private var seenSince: Instant?

  /// - Parameters:
  ///   - unit: 0 when it is not known yet: the first that is met is meant.
  ///   - images: one, or one for each slot of the same firmware.
  public init(ticket: UInt32, unit: UInt32 = 0, images: [ImageFile]) {
    self.unit = unit
    self.images = images
    job = DeviceJob(ticket: ticket, kind: .update)
    if images.isEmpty { end(.notAnImage) }
  }

  /// When the next request may go; `distantFuture` when nothing is left to say.
  public var due: Instant { state == .ended ? .distantFuture : notBefore }

  /// The same images, asked for once more: they go on as they are.
  public func isFor(_ others: [ImageFile]) -> Bool {
    images.count == others.count && zip(images, others).allSatisfy { $0.isSame(as: $1) }
  }

  /// This unit answers now at the address.
  public mutating func meet(unit met: UInt32) {
    if unit == 0 { unit = met } else if unit != met { end(.otherUnit) }
  }

  public mutating func adopt(ticket: UInt32) { job.ticket = ticket }

  /// Another unit hangs at the address, or somebody has called the update off.
  public mutating func end(_ failure: JobFailure) {
    guard !job.isOver else { return }
    state = .ended
    job.step = .failed
    job.failure = failure
  }

  public mutating func nextRequest(at now: Instant) -> ModbusPDU? {
    guard due <= now else { return nil }
    heardAt = heardAt ?? now
    if case .block = state { blocksSent += 1 }
    if blocksSent > Int(job.total) * Self.passLimit + 100 { end(.makesNoSense) }
    underway = request
    return underway
  }

  private var request: ModbusPDU? {
    switch state {
    case .asking, .trial: UpdateTransaction.about()
    case .offer, .looking, .doubting: UpdateTransaction.status()
    case .beginning: image.map { UpdateTransaction.begin(unit: unit, $0.header) }
    case .block(let number): image.map { UpdateTransaction.block(number, $0.block(number)) }
    case .ordering(let command): UpdateTransaction.order(unit: unit, command)
    case .ended: nil
    }
  }

  /// Whether this can be the answer to the request under way. That of an earlier request of the same kind can, too: it does no harm.
  public func accepts(_ answer: ModbusPDU) -> Bool {
    guard let underway, answer.function == underway.function else { return false }
    if answer.isException { return answer.bytes.count == 2 }
    if underway.function == ModbusFunction.writeRegisters {
      return answer.bytes.count == 5 && answer.bytes.bigEndian(at: 1) == underway.bytes.bigEndian(at: 1)
        && answer.bytes.bigEndian(at: 3) == underway.bytes.bigEndian(at: 3)
    }
    return answer.registerCount == Int(underway.bytes.bigEndian(at: 3))
  }

  /// The request under way was answered, or (`nil`) has no answer.
  public mutating func completed(_ answer: ModbusPDU?, at now: Instant) {
    guard underway != nil, state != .ended else { return }
    underway = nil
    guard let answer else { return unanswered(at: now) }
    heardAt = now
    if answer.isException { return refused(answer.exception ?? .deviceFailure, at: now) }
    busySince = nil
    switch state {
    case .asking: asked(answer, at: now)
    case .offer: offered(answer, at: now)
    case .beginning: state = .looking
    case .looking: looked(answer, at: now)
    case .block(let number): state = number + 1 < job.total ? .block(number + 1) : .looking
    case .ordering(.activate):
      activated(at: now)
    case .ordering: state = .looking
    case .trial: tried(answer, at: now)
    case .doubting: doubted(answer, at: now)
    case .ended: break
    }
    if case .block(let number) = state { job.done = number }
  }

  /// Time has passed without a turn for the update: the panel may be gone.
  public mutating func tick(at now: Instant) {
    let since = heardAt ?? now
    heardAt = since
    if now - since > Self.silenceLimit { end(seenSince == nil ? .silent : .notConfirmed) }
  }

  private mutating func unanswered(at now: Instant) {
    notBefore = now + Self.stumblePause
    switch state {
    case .block: state = .looking
    // It starts at once, and may not have answered any more.
    case .ordering(.activate): activated(at: now)
    case .ordering: state = .looking
    default: break
    }
    tick(at: now)
  }

  private mutating func refused(_ reason: ModbusException, at now: Instant) {
    if reason == .busy {
      let since = busySince ?? now
      busySince = since
      notBefore = now + Self.busyPause
      if case .block = state { blocksSent -= 1 }
      if now - since > Self.busyLimit { end(.memoryFailed) }
      return
    }
    busySince = nil
    let isUnknown = reason == .illegalFunction || reason == .illegalDataAddress
    switch state {
    case .asking where isUnknown, .offer where isUnknown: return end(.noUpdate)
    // Why, its status says.
    case .beginning, .block, .ordering: state = .looking
    default: break
    }
    stumble(at: now)
  }

  /// An answer that leads no further.
  private mutating func stumble(at now: Instant) {
    stumbles += 1
    notBefore = now + Self.stumblePause
    if stumbles > Self.stumbleLimit { end(.makesNoSense) }
  }

  // MARK: - Before anything is written

  private mutating func asked(_ answer: ModbusPDU, at now: Instant) {
    guard let about = UpdateTransaction.aboutAnswer(answer) else { return stumble(at: now) }
    let found = DeviceFirmware(about)
    firmware = found
    if job.before == nil { job.before = found.release }
    // Nothing to do, or the last step of an update whose host was started again.
    if let running = images.first(where: { $0.runs(as: found) }) {
      // A file that the panel would not take is not said to run there.
      guard running.isSigned else { return end(.notSigned) }
      image = running
      job.image = running.release
      state = .trial
      return tried(about, at: now)
    }
    state = .offer
  }

  private mutating func offered(_ answer: ModbusPDU, at now: Instant) {
    guard let status = UpdateTransaction.statusAnswer(answer), let firmware else { return stumble(at: now) }
    switch ImageChoice.pick(images, board: firmware.board, slot: status.slot, kibibytes: status.slotKibibytes) {
    case .failure(let failure): end(failure)
    case .success(let picked):
      image = picked
      job.image = picked.release
      job.total = picked.blocks
      begin(at: now)
    }
  }

  private mutating func begin(at now: Instant) {
    beginnings += 1
    guard beginnings <= Self.beginningLimit else { return end(.makesNoSense) }
    job.step = .sending
    job.percent = 0
    furthest = nil
    state = .beginning
  }

  // MARK: - Sending

  private mutating func looked(_ answer: ModbusPDU, at now: Instant) {
    guard let status = UpdateTransaction.statusAnswer(answer) else { return stumble(at: now) }
    switch status.state {
    case .failed:
      // Given up because this host was away for long: it is begun again.
      if status.refusal == .aborted { state = .asking } else { end(JobFailure(status.refusal) ?? .makesNoSense) }
    // Started again: what runs there now is asked first.
    case .idle: state = .asking
    case .receiving, .verifying, .ready:
      // Another image than ours: somebody else's, or what was there before.
      guard status.blocks == job.total, status.nextBlock <= job.total else { return begin(at: now) }
      go(on: status, at: now)
    }
  }

  private mutating func go(on status: UpdateStatus, at now: Instant) {
    switch status.state {
    case .receiving:
      let isLess = furthest.map { status.nextBlock <= $0 } ?? false
      furthest = max(furthest ?? 0, status.nextBlock)
      state = status.nextBlock < job.total ? .block(status.nextBlock) : .ordering(.verify)
      percentSince = now
      if status.nextBlock == job.total { job.done = job.total } else { job.step = .sending }
      if isLess { stumble(at: now) } else { stumbles = 0 }
    case .verifying:
      if job.step != .verifying || status.percent > job.percent { percentSince = now }
      job.step = .verifying
      job.percent = max(job.percent, min(status.percent, 100))
      notBefore = now + Self.verificationPause
      if now - percentSince > Self.verificationLimit { end(.makesNoSense) }
    case .ready:
      job.percent = 100
      state = .ordering(.activate)
    case .idle, .failed: break
    }
  }

  // MARK: - Whether the new one runs

  private mutating func activated(at now: Instant) {
    activations += 1
    activatedAt = now
    job.step = .restarting
    state = .trial
    notBefore = now + Self.trialPause
  }

  private mutating func tried(_ answer: ModbusPDU, at now: Instant) {
    guard let about = UpdateTransaction.aboutAnswer(answer) else { return stumble(at: now) }
    firmware = DeviceFirmware(about)
    tried(about, at: now)
  }

  private mutating func tried(_ about: FirmwareAbout, at now: Instant) {
    notBefore = now + Self.trialPause
    guard image?.runs(as: DeviceFirmware(about)) == true else {
      if seenSince != nil { return end(.reverted) }
      if now - activatedAt >= Self.restartTime { state = .doubting }
      return
    }
    stumbles = 0
    let since = seenSince ?? now
    seenSince = since
    guard about.isOnTrial else {
      state = .ended
      job.step = .done
      return
    }
    job.step = .onTrial
    if now - since > Self.trialLimit { end(.notConfirmed) }
  }

  private mutating func doubted(_ answer: ModbusPDU, at now: Instant) {
    guard let status = UpdateTransaction.statusAnswer(answer) else { return stumble(at: now) }
    // A panel that was started again keeps no update in mind.
    guard status.state == .ready, status.blocks == job.total else { return end(.reverted) }
    guard activations < Self.activationLimit else { return end(.notStarted) }
    state = .ordering(.activate)
  }
}
