import AlarmReceivers
import DeviceKit
import SIADC09Codec
import SIADC09DeviceModel
import SIADC09Driver

/// The sender and a model of a receiver in virtual time, with a line between them that can be cut.
struct SenderRig {
  static let unixStart: Int64 = 1_768_480_496

  var sender: DC09Sender
  var model: DC09ReceiverModel
  var now = Instant.zero
  /// How far the sender's wall clock is ahead of the receiver's.
  var clockErrorSeconds: Int64 = 0
  /// Nothing can be connected, and what is sent is lost.
  var isCut = false
  /// How the stream is cut into pieces, both ways; `nil`: whole messages.
  var pieces: SeededRandom?

  /// What the receiver has accepted, supervision left out.
  var accepted: [DC09Frame] = []
  var supervisions = 0
  var delivered: [UInt64] = []
  var refused: [UInt64] = []
  var health: [DC09Health] = []
  var connects = 0
  var transmitted: [[UInt8]] = []
  private var connected = false
  private var lastNumber: UInt64 = 0
  private var toSender: [DC09Input] = []

  init(_ settings: DC09SenderSettings = DC09SenderSettings(account: "1234", receiver: "0"), cipher: AESCipher? = nil) {
    sender = DC09Sender(settings: settings, cipher: cipher, seed: 5)
    model = DC09ReceiverModel(unixSecondsAtStart: Self.unixStart, cipher: cipher)
  }

  mutating func report(_ event: ReceiverEvent) {
    lastNumber += 1
    give(.report(DC09Report(number: lastNumber, event: event, occurred: DC09Timestamp(unixSeconds: Self.unixStart - 60))))
  }

  mutating func set(_ fault: DC09ReceiverModel.Fault?) { toModel(.set(fault)) }

  mutating func cut() {
    isCut = true
    if connected {
      connected = false
      give(.closed)
    }
  }

  /// Lets time pass, with both ends woken exactly at their deadlines.
  mutating func pass(_ interval: Interval) {
    let end = now + interval
    give(.wake)
    while true {
      let due = min(sender.deadline ?? .distantFuture, model.deadline ?? .distantFuture)
      guard due <= end else { break }
      now = max(now, due)
      toModel(.wake)
      give(.wake)
    }
    now = end
    give(.wake)
  }

  mutating func give(_ input: DC09Input) {
    toSender.append(input)
    while !toSender.isEmpty {
      let input = toSender.removeFirst()
      var effects = Effects<DC09Effect>()
      let wall = (Self.unixStart + Int64(now.microseconds / 1_000_000) + clockErrorSeconds) * 1000
      sender.handle(DC09Stimulus(input, wallMilliseconds: wall), at: now, into: &effects)
      for index in 0..<effects.count { if let effect = effects[index] { perform(effect) } }
    }
  }

  private mutating func perform(_ effect: DC09Effect) {
    switch effect {
    case .connect:
      connects += 1
      connected = !isCut
      if connected { toModel(.connected) }
      toSender.append(connected ? .connected : .closed)
    case .disconnect: connected = false
    case .transmit(let bytes):
      transmitted.append(bytes)
      guard connected, !isCut else { return }
      for piece in split(bytes) { toModel(.received(piece)) }
    case .delivered(let report, _): delivered.append(report)
    case .refused(let report, _): refused.append(report)
    case .renumbered: break
    case .health(let new): health.append(new)
    }
  }

  private mutating func toModel(_ input: DC09ReceiverModel.Input) {
    var effects = Effects<DC09ReceiverModel.Effect>()
    model.handle(input, at: now, into: &effects)
    for index in 0..<effects.count {
      switch effects[index] {
      case .transmit(let bytes): if connected { toSender += split(bytes).map { .received($0) } }
      case .close:
        connected = false
        toSender.append(.closed)
      case .accepted(let frame): if frame.kind == .null { supervisions += 1 } else { accepted.append(frame) }
      case nil: break
      }
    }
  }

  private mutating func split(_ bytes: [UInt8]) -> [[UInt8]] {
    guard var random = pieces else { return [bytes] }
    var rest = bytes[...]
    var parts: [[UInt8]] = []
    while !rest.isEmpty {
      let count = Int(random.below(12)) + 1
      parts.append(Array(rest.prefix(count)))
      rest = rest.dropFirst(count)
    }
    pieces = random
    return parts
  }
}
