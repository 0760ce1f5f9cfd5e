import DeviceKit
import DeviceVocabulary
import DigitalIOCodec
import ModbusRTUCodec
import ModbusRTUDriver

/// How one ordinary input and relay module is driven.
public struct DigitalIOConfiguration: Sendable, Equatable {
  public var device: DeviceID
  public var layout: DigitalIOLayout
  /// What the site file calls the module; it cannot say so itself.
  public var product: String
  /// Pause between two polls of the inputs, 0 ms...1 s: a pulse must outlast it (and the other nodes' turns) to be seen.
  public var pollInterval: Interval
  /// The longest time the module may take to begin its answer, 10...2,000 ms. It is not taken for dead, nor asked again, before that
  /// has passed; a dead one costs the line so much with each try.
  public var longestReply: Interval

  public init(
    device: DeviceID, layout: DigitalIOLayout, product: String = "", pollInterval: Interval = .zero,
    longestReply: Interval = .milliseconds(250)
  ) {
    self.device = device
    self.layout = layout
    self.product = product
    self.pollInterval = min(max(pollInterval, .zero), .seconds(1))
    self.longestReply = min(max(longestReply, .milliseconds(10)), .seconds(2))
  }
}

/// The host's side of a third-party module (README.md): inputs polled and watched for edges, relays converged to their wish.
///
/// The inputs have every other turn at least: a relay that does not follow never keeps a press waiting.
public struct DigitalIODriver: ModbusNode, Sendable {
  /// Exceptions in a row after which the module counts as faulted.
  static let exceptionLimit = 3
  static let exceptionPause = Interval.seconds(1)
  static let eventLimit = 8

  private enum Underway: Equatable {
    case inputs, outputs, write
  }

  public let configuration: DigitalIOConfiguration
  public var device: DeviceID { configuration.device }
  public var longestReply: Interval? { configuration.longestReply }
  public var carriesCalls: Bool { configuration.layout.inputCount > 0 }

  private var underway: Underway?
  private var request: ModbusPDU?
  private var inputs: InputWatch
  private var outputs = OutputKeeper()
  private var inputsDue: Instant = .zero
  private var notBefore: Instant = .zero
  /// At the start as if they had: the inputs go first.
  private var outputsHadTheTurn = true
  private var failures = 0
  private var exceptions = 0
  private var identified = false
  private var health: Health?
  private var healthToTell = false
  private var tellMore = false

  public init(_ configuration: DigitalIOConfiguration) {
    self.configuration = configuration
    inputs = InputWatch(count: Int(configuration.layout.inputCount))
  }

  private var layout: DigitalIOLayout { configuration.layout }

  public var due: Instant {
    var earliest = Instant.distantFuture
    if layout.inputCount > 0 { earliest = inputsDue }
    if layout.outputCount > 0 { earliest = min(earliest, outputs.due(layout.outputMask)) }
    if tellMore { earliest = .zero }
    return max(earliest, notBefore)
  }

  public mutating func nextTransaction(at now: Instant) -> ModbusTransaction? {
    guard due <= now else { return nil }
    let outputsWant = layout.outputCount > 0 && (tellMore || outputs.due(layout.outputMask) <= now)
    let inputsWant = layout.inputCount > 0 && (tellMore || inputsDue <= now)
    if inputsWant && (outputsHadTheTurn || !outputsWant) {
      underway = .inputs
      request = layout.readInputs
    } else if outputsWant, outputs.writeIsDue(layout.outputMask, at: now), let wanted = outputs.wanted,
      let observed = outputs.observed,
      let write = layout.write(wanted: wanted, observed: observed)
    {
      underway = .write
      request = write
    } else if outputsWant {
      underway = .outputs
      request = layout.readOutputs
    } else {
      underway = nil
      request = nil
    }
    return request.map { ModbusTransaction(request: $0, toleratesLateAnswers: false) }
  }

  public func accepts(_ answer: ModbusPDU) -> Bool {
    guard let underway, let request, answer.function == request.function else { return false }
    if answer.isException { return answer.bytes.count == 2 }
    return switch underway {
    case .inputs: layout.closedInputs(answer) != nil
    case .outputs: layout.outputsOn(answer) != nil
    case .write: answer.bytes.count == 5 && answer.bytes.bigEndian(at: 1) == request.bytes.bigEndian(at: 1)
    }
  }

  public mutating func completed(_ outcome: ModbusOutcome, at now: Instant, into events: inout Effects<DeviceEvent>) {
    let finished = underway
    (underway, request) = (nil, nil)
    if finished == .inputs || layout.inputCount == 0 { inputsDue = now + configuration.pollInterval }
    outputsHadTheTurn = finished == .outputs || finished == .write
    switch outcome {
    case .answered(let answer, _):
      if let finished { answered(finished, answer, at: now) }
    case .failed, .lineLost:
      failures = min(failures + 1, 1_000)
      // Whether a write whose answer was lost took effect, only reading tells.
      if finished != .inputs { outputs.doubt() }
    }
    report(at: now, into: &events)
  }

  public mutating func command(_ command: DeviceCommand, at now: Instant) {
    guard command.device == device else { return }
    switch command {
    case .setOutput(_, let output, let on):
      if UInt16(output) <= layout.outputCount { outputs.want(output, on: on) }
    case .retest:
      inputs.tellAnew()
      startOver()
    // A module of others has no firmware of ours: `linli panel` says so itself.
    case .accept, .indicate, .setSilent, .update, .identify, .readdress, .callOff:
      break
    }
  }

  public mutating func lineRestored(at now: Instant) {
    startOver()
  }

  private mutating func startOver() {
    outputs.startOver()
    (underway, request) = (nil, nil)
    (notBefore, inputsDue) = (.zero, .zero)
    exceptions = 0
    identified = false
    health = nil
  }

  private mutating func answered(_ finished: Underway, _ answer: ModbusPDU, at now: Instant) {
    if failures > 0 { outputs.doubt() }
    failures = 0
    if answer.isException {
      exceptions = min(exceptions + 1, 1_000)
      notBefore = now + DigitalIODriver.exceptionPause
      if exceptions >= DigitalIODriver.exceptionLimit { become(.faulted) }
      return
    }
    exceptions = 0
    switch finished {
    case .inputs:
      if let closed = layout.closedInputs(answer) { inputs.observe(closed, at: now) }
    case .outputs:
      if let on = layout.outputsOn(answer) { outputs.read(on, mask: layout.outputMask, at: now) }
    case .write:
      outputs.written(at: now)
    }
    become(outputs.isFaulted ? .faulted : .online)
  }

  private mutating func become(_ new: Health) {
    guard new != health else { return }
    health = new
    healthToTell = true
  }

  private mutating func report(at now: Instant, into events: inout Effects<DeviceEvent>) {
    let limit = events.count + DigitalIODriver.eventLimit
    tellMore = true
    guard inputs.tell(device, at: now, upTo: limit, into: &events) else { return }
    if health == .online && !identified {
      let identity = DeviceIdentity(
        vendor: "", product: configuration.product, firmware: "", unit: 0, protocolVersion: 0,
        buttons: UInt8(clamping: layout.inputCount))
      guard events.count < limit, events.append(.identified(device, identity)) else { return }
      identified = true
    }
    if healthToTell, let health {
      guard events.count < limit, events.append(.healthChanged(device, health)) else { return }
      healthToTell = false
    }
    tellMore = !outputs.tell(device, upTo: limit, into: &events)
  }
}
