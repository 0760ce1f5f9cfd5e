import CallPanelCodec
import DeviceKit
import ModbusRTUCodec
import Transports

/// Asks on a bus that no station drives, one question at a time, and only listens otherwise. It never sends anything that writes.
final class BusProbe {
  private var line: SerialLine
  private var timing: ModbusTiming
  private let dropsEcho: Bool
  private var lastByte = Instant.zero
  /// What was sent came back byte by byte.
  private(set) var heardEcho = false

  /// Until no byte has come for so long, an answer is not over (FTDI adapters put up to 16 ms into it).
  static let longestGap = Interval.milliseconds(25)

  /// - Throws: as `SerialLine.init`; `portBusy` names who holds the port.
  init(path: String, settings: SerialSettings, dropsEcho: Bool) throws(TransportError) {
    line = try SerialLine(path: path, settings: settings)
    timing = Self.timing(settings)
    self.dropsEcho = dropsEcho
  }

  /// The device file, links followed.
  var path: String { line.path }
  var settings: SerialSettings { line.settings }
  /// Whether parity formats differ from 8N1 on this port: not on a pseudo-terminal.
  var holdsParity: Bool { line.report.backend == .serialPort }

  /// Goes on at another speed or format.
  func retune(_ settings: SerialSettings) throws(TransportError) {
    guard settings != line.settings else { return }
    let path = line.path
    line.close()
    line = try SerialLine(path: path, settings: settings)
    timing = Self.timing(settings)
  }

  func close() { line.close() }

  /// Only listens.
  func listen(for length: Interval) throws(TransportError) -> BusLook.Listening {
    var listening = BusLook.Listening()
    listening.milliseconds = Int(length.microseconds / 1000)
    let end = MonotonicClock.now() + length
    // Functions 01 to 06, of which every polling master sends some, have 8 bytes.
    var window = FixedBytes<256>()
    var buffer = FixedBytes<256>()
    while MonotonicClock.now() < end, try receive(into: &buffer, until: end) {
      listening.bytes += buffer.count
      for index in 0..<buffer.count {
        if window.count == 8 { window.removeFirst(1) }
        window.append(buffer[index])
        guard let frame = ModbusFrame(wire: window), Self.isRequest(frame) else { continue }
        listening.requests += 1
        window.removeAll()
      }
    }
    return listening
  }

  /// - Parameters:
  ///   - patience: how long the answer may take to begin.
  ///   - linger: so long after the request a second answer is listened for.
  /// - Throws: `system` when the port is gone.
  func ask(_ address: UInt8, _ question: ModbusPDU, patience: Interval, linger: Interval = .zero) throws(TransportError)
    -> ProbeOutcome
  {
    var reading = try exchange(address, question, patience: patience, linger: linger)
    let outcome = reading.outcome()
    heardEcho = heardEcho || reading.echoed > 0
    return outcome
  }

  /// The first answer itself, exceptions included; `nil` when none came.
  ///
  /// - Throws: `system` when the port is gone.
  func read(_ address: UInt8, _ question: ModbusPDU, patience: Interval) throws(TransportError) -> ModbusPDU? {
    var reading = try exchange(address, question, patience: patience, linger: .zero)
    _ = reading.outcome()
    return reading.first
  }

  private func exchange(_ address: UInt8, _ question: ModbusPDU, patience: Interval, linger: Interval) throws(TransportError)
    -> ProbeReading
  {
    try waitForSilence()
    let request = ModbusFrame(address: address, pdu: question)
    let wire = request.encoded()
    var reading = ProbeReading(request: request, dropsEcho: dropsEcho, timing: timing)
    let sent = MonotonicClock.now()
    guard line.write(wire) != .hangup else { throw gone }
    let requestEnd = sent + timing.interval(ofCharacters: wire.count)
    lastByte = requestEnd
    let latest = requestEnd + patience + timing.interval(ofCharacters: min(question.longestAnswerLength, 64))
    var until = latest
    var buffer = FixedBytes<256>()
    while try receive(into: &buffer, until: until) {
      reading.take(buffer, at: lastByte, requestEnd: requestEnd)
      // Something came: what belongs to it comes without a pause. Longer than twice the patience nothing is listened to.
      until = max(lastByte + timing.interval(ofCharacters: 4) + Self.longestGap, requestEnd + linger)
      until = min(until, latest + patience)
      if reading.bytes == reading.echoed { until = latest }
    }
    return reading
  }

  /// Reads once; false when nothing came until then.
  private func receive(into buffer: inout FixedBytes<256>, until end: Instant) throws(TransportError) -> Bool {
    while true {
      switch line.read(into: &buffer) {
      case .bytes:
        lastByte = MonotonicClock.now()
        return true
      case .hangup: throw gone
      case .none:
        guard MonotonicClock.now() < end else { return false }
        _ = waitForInput(line.fileDescriptor, output: line.hasUnsentBytes, until: end)
        if line.hasUnsentBytes, line.flush() == .hangup { throw gone }
      }
    }
  }

  /// What comes late from an earlier question is let through first.
  private func waitForSilence() throws(TransportError) {
    var buffer = FixedBytes<256>()
    let limit = MonotonicClock.now() + .milliseconds(500)
    while try receive(into: &buffer, until: min(lastByte + timing.silence, limit)), MonotonicClock.now() < limit {}
  }

  private var gone: TransportError { .portMissing(path: line.path, present: []) }

  private static func timing(_ settings: SerialSettings) -> ModbusTiming {
    let parity: ModbusTiming.Parity = settings.format == .even8One ? .even : settings.format == .odd8One ? .odd : .none
    return ModbusTiming(
      baud: UInt32(clamping: settings.baud.rawValue), parity: parity, stopBits: settings.format == .none8Two ? 2 : 1)
  }

  private static func isRequest(_ frame: ModbusFrame) -> Bool {
    var pdu = frame.pdu
    return (try? pdu.request()) != nil
  }
}

/// What is put together from the bytes behind one question.
struct ProbeReading {
  private let request: ModbusFrame
  private let wire: FixedBytes<256>
  private let timing: ModbusTiming
  private var decoder = ModbusAnswerDecoder()
  private var answers: [ProbeOutcome.Answer] = []
  private var foreign: UInt8?
  private(set) var first: ModbusPDU?
  private(set) var bytes = 0
  /// So many bytes from the first on are those that were sent.
  private(set) var echoed = 0
  private var echoGoesOn = true
  /// From the end of the request to the last byte.
  private var sinceRequest = Interval.zero

  init(request: ModbusFrame, dropsEcho: Bool, timing: ModbusTiming) {
    self.request = request
    self.timing = timing
    wire = request.encoded()
    decoder.begin(request, dropsEcho: dropsEcho)
  }

  mutating func take(_ heard: FixedBytes<256>, at now: Instant, requestEnd: Instant) {
    sinceRequest = now - requestEnd
    for index in 0..<heard.count {
      bytes += 1
      echoGoesOn = echoGoesOn && echoed < wire.count && heard[index] == wire[echoed]
      if echoGoesOn { echoed += 1 }
      var frame = decoder.push(heard[index])
      while let found = frame {
        take(found)
        frame = decoder.next()
      }
    }
  }

  private mutating func take(_ frame: ModbusFrame) {
    guard frame.address == request.address else {
      foreign = frame.address
      return
    }
    guard frame.pdu.match(request: request.pdu) == .matches else { return }
    if first == nil { first = frame.pdu }
    let begin = sinceRequest - timing.interval(ofCharacters: frame.pdu.bytes.count + 3)
    answers.append(.init(unit: PanelTransaction.identificationAnswer(frame.pdu)?.unit, turnaround: max(begin, .zero)))
  }

  /// Nothing more will come.
  mutating func outcome() -> ProbeOutcome {
    while let frame = decoder.settle() { take(frame) }
    // The beginning of an answer looks like that of the request; only the whole request is an echo.
    if echoed < wire.count { echoed = 0 }
    if !answers.isEmpty { return .answered(answers) }
    if let foreign { return .foreign(foreign) }
    return bytes > echoed ? .garbled(bytes: bytes - echoed) : .silent
  }
}
