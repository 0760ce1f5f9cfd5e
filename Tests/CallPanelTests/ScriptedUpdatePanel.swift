import DeviceKit
import DeviceVocabulary
import FirmwareUpdateCodec
import FirmwareUpdateDriver
import ModbusRTUCodec

/// The update's registers of a panel as README.md of `Protocols/FirmwareUpdate` says them, and what a test lets go wrong: a peer that is
/// written apart from the real one.
struct ScriptedUpdatePanel {
  enum Mishap: Equatable {
    /// The request does not arrive, or its answer does not.
    case loseRequest, loseAnswer
    /// The request arrives twice.
    case twice
    /// Power is gone for a moment: the update is forgotten. The request under way has no answer.
    case restart
    case busy(Int)
    case exception(ModbusException)
  }

  let unit: UInt32
  var about = FirmwareAbout()
  var status = UpdateStatus()
  /// The panel goes on with the very same image.
  var keepsSameImage = false
  /// What the next restart brings up; `nil`: what runs now.
  var next: FirmwareAbout?
  /// Mishaps by the number of the request, counted from 0.
  var mishaps: [Int: Mishap] = [:]
  /// When the verification ends, and how.
  var verificationTakes = Interval.seconds(3)
  var verdict = UpdateRefusal.none
  /// `begin` and blocks are answered and not obeyed.
  var ignoresBlocks = false
  var ignoresActivate = false
  /// How long a trial lasts, and whether it is passed.
  var trialTakes = Interval.seconds(4)
  var passesTrial = true
  /// No answer at all for so long after `activate`.
  var restartTakes = Interval.seconds(2)

  private(set) var requests = 0
  private(set) var restarts = 0
  private(set) var memory: [UInt8] = []
  private(set) var blocksHeard = 0
  private(set) var begins = 0
  private var header = FixedBytes<128>()
  private var verifiedAt: Instant?
  private var deafUntil = Instant.zero
  private var trialEnds: Instant?
  private var busyLeft = 0
  private var former: FirmwareAbout?

  init(unit: UInt32 = 0x00C0_FFEE, board: PanelBoard = .microbit) {
    self.unit = unit
    about.board = board.rawValue
    about.version = 0x0102
    about.patch = 3
    about.buildID = 0x1111_2222_3333_4444
    about.slot = 0
    status.slot = 1
    status.slotKibibytes = 32
  }

  mutating func answer(_ request: ModbusPDU, at now: Instant) -> ModbusPDU? {
    pass(to: now)
    guard now >= deafUntil else { return nil }
    let mishap = mishaps[requests]
    requests += 1
    switch mishap {
    case .loseRequest: return nil
    case .loseAnswer:
      _ = obey(request, at: now)
      return nil
    case .twice:
      _ = obey(request, at: now)
      return obey(request, at: now)
    case .restart:
      restart(at: now)
      return nil
    case .busy(let count): busyLeft = count
    case .exception(let reason): return .exception(reason, to: request.function)
    case nil: break
    }
    if busyLeft > 0 {
      busyLeft -= 1
      return .exception(.busy, to: request.function)
    }
    return obey(request, at: now)
  }

  mutating func restart(at now: Instant) {
    restarts += 1
    let slot = status.slot
    let size = status.slotKibibytes
    status = UpdateStatus()
    (status.slot, status.slotKibibytes) = (slot, size)
    verifiedAt = nil
    if let new = next {
      former = about
      about = new
      about.isOnTrial = true
      next = nil
      trialEnds = now + restartTakes + trialTakes
      swapSlots()
    } else if about.isOnTrial, let old = former {
      about = old
      trialEnds = nil
      swapSlots()
    }
    deafUntil = now + restartTakes
  }

  private mutating func swapSlots() { status.slot = about.slot == 0 ? 1 : 0 }

  private mutating func pass(to now: Instant) {
    if let end = verifiedAt, end <= now {
      verifiedAt = nil
      status.state = verdict == .none ? .ready : .failed
      status.refusal = verdict
      status.percent = 100
    }
    if let end = trialEnds, end <= now {
      if passesTrial {
        about.isOnTrial = false
        trialEnds = nil
      } else {
        restart(at: end)
      }
    }
  }

  private mutating func obey(_ request: ModbusPDU, at now: Instant) -> ModbusPDU {
    let start = request.bytes.bigEndian(at: 1)
    if request.function == ModbusFunction.readInputRegisters {
      var values = FixedRegisters<125>()
      switch start {
      case UpdateMap.about: for index in 0..<UpdateMap.aboutCount { values.append(about.register(index)) }
      case UpdateMap.status: for index in 0..<UpdateMap.statusCount { values.append(status.register(index)) }
      default: return .exception(.illegalDataAddress, to: request.function)
      }
      return .registers(function: request.function, values: values)
    }
    let refusal: ModbusException? =
      switch start {
      case UpdateMap.begin: begin(request)
      case UpdateMap.block: take(request)
      case UpdateMap.order: order(request, at: now)
      default: .illegalDataAddress
      }
    if let refusal { return .exception(refusal, to: request.function) }
    return .written(function: request.function, start: start, count: request.bytes.bigEndian(at: 3))
  }

  private func unit(of request: ModbusPDU) -> UInt32 {
    UInt32(request.bytes.bigEndian(at: 6)) << 16 | UInt32(request.bytes.bigEndian(at: 8))
  }

  private mutating func begin(_ request: ModbusPDU) -> ModbusException? {
    guard unit(of: request) == unit else { return .illegalDataValue }
    begins += 1
    var bytes = FixedBytes<128>()
    for index in 10..<138 { bytes.append(request.bytes[index]) }
    guard var new = ImageHeader(bytes) else { return fail(.header) }
    if keepsSameImage, bytes == header, status.state == .receiving { return nil }
    if let why = new.mismatch(board: about.board, slot: status.slot, capacity: UInt32(status.slotKibibytes) * 1024 - 512) {
      return fail(why)
    }
    header = bytes
    memory = []
    status.state = .receiving
    status.refusal = .none
    status.nextBlock = 0
    status.blocks = UInt16((new.payloadLength + 63) / 64)
    status.percent = 0
    return nil
  }

  private mutating func fail(_ refusal: UpdateRefusal) -> ModbusException {
    status.state = .failed
    status.refusal = refusal
    return .illegalDataValue
  }

  private mutating func take(_ request: ModbusPDU) -> ModbusException? {
    blocksHeard += 1
    guard status.state == .receiving else { return .illegalDataValue }
    let number = request.bytes.bigEndian(at: 6)
    if ignoresBlocks || number < status.nextBlock { return nil }
    guard number == status.nextBlock, number < status.blocks else { return .illegalDataValue }
    for index in 8..<72 { memory.append(request.bytes[index]) }
    status.nextBlock += 1
    return nil
  }

  private mutating func order(_ request: ModbusPDU, at now: Instant) -> ModbusException? {
    guard unit(of: request) == unit else { return .illegalDataValue }
    switch UpdateCommand(rawValue: request.bytes.bigEndian(at: 10)) {
    case .verify:
      guard status.state == .receiving, status.nextBlock == status.blocks else { return .illegalDataValue }
      status.state = .verifying
      verifiedAt = now + verificationTakes
    case .activate:
      guard status.state == .ready else { return .illegalDataValue }
      if ignoresActivate { return nil }
      if var new = ImageHeader(header) {
        var about = about
        about.version = new.version
        about.patch = new.patch
        about.slot = status.slot
        about.buildID = (0..<8).reduce(0) { $0 << 8 | UInt64(new.hashByte($1)) }
        next = about
      }
      restart(at: now)
    case .abort: _ = fail(.aborted)
    case nil: return .illegalDataValue
    }
    return nil
  }
}

/// Images for tests: a header that holds together and a payload that says where it lies. Hash and signature are only marks.
enum TestImage {
  static func make(
    board: PanelBoard = .microbit, slot: UInt16 = 1, payload length: Int = 1_000, mark: UInt8 = 7, signed: Bool = true
  ) throws -> ImageFile {
    let payload = (0..<length).map { UInt8(truncatingIfNeeded: $0 / 64 &* 31 &+ $0 &+ Int(mark)) }
    var header = ImageHeader(
      board: board.rawValue, version: 0x0201, patch: 5, payloadLength: UInt32(length), slot: slot,
      hash: FixedBytes((0..<32).map { mark &+ UInt8($0) &+ UInt8(slot & 1) }))
    if signed { for index in 64..<128 { header.bytes[index] = mark } }
    return try ImageFile((0..<128).map { header.bytes[$0] } + payload)
  }
}

/// A sender and its scripted panel, one request after the other.
struct UpdateRig {
  var sender: UpdateSender
  var panel: ScriptedUpdatePanel
  var now = Instant(microseconds: 1_000_000)
  var steps: [DeviceJob.Step] = []

  init(_ images: [ImageFile], panel: ScriptedUpdatePanel = ScriptedUpdatePanel()) {
    sender = UpdateSender(ticket: 1, unit: panel.unit, images: images)
    self.panel = panel
  }

  /// Until the update is over, or so much time has passed.
  mutating func run(for limit: Interval = .seconds(3_600), until isEnough: (UpdateRig) -> Bool = { _ in false }) {
    let end = now + limit
    while !sender.job.isOver, now < end, !isEnough(self) {
      now = max(now, min(sender.due, end))
      guard let request = sender.nextRequest(at: now) else { continue }
      now += .milliseconds(60)
      let answer = panel.answer(request, at: now)
      if let answer, sender.accepts(answer) {
        sender.completed(answer, at: now)
      } else {
        now += .milliseconds(60)
        sender.completed(nil, at: now)
      }
      if steps.last != sender.job.step { steps.append(sender.job.step) }
    }
  }
}
