import DeviceKit
import ModbusRTUCodec

/// The node's side of a Modbus line: hears bytes, answers what is for it, stays silent otherwise. The firmware runs this very code.
///
/// A frame ends with t3.5 of silence, and the answer leaves at that moment. A node that was woken late answers only when nothing was
/// heard since: bytes that came meanwhile are part of the search (`ModbusRequestDecoder`). Nothing is answered to a broadcast, another
/// address, a bad CRC. While the own answer leaves, the receiver is deaf, so that an echo is never taken for a request.
public struct ModbusSlave<Bank: ModbusBank>: Machine {
  public enum Input: Sendable {
    case byte(UInt8)
    /// Several bytes that were read at once; the newest came at the time of the call.
    case received(FixedBytes<256>)
    /// Parity, framing or overrun error: the frame it belongs to is lost.
    case lineError
    /// The last stop bit of `reply` is on the wire and the driver is off.
    case transmitted
    case wake
  }

  public enum Effect: Sendable, Equatable {
    /// Send `reply`, then say `.transmitted`.
    case transmit
  }

  /// 1...247.
  public var address: UInt8
  public var timing: ModbusTiming
  public var bank: Bank
  /// What is to be sent, valid from `.transmit` until `.transmitted`.
  public internal(set) var reply = FixedBytes<256>()
  /// Bytes of `reply`, and byte `index` of it, without a copy of all.
  public var replyCount: Int { mutating get { reply.count } }
  public mutating func replyByte(_ index: Int) -> UInt8 { reply.byte(at: index) }
  public private(set) var counters = ModbusSlaveCounters()

  private var decoder = ModbusRequestDecoder()
  var request = ModbusPDU(bytes: FixedBytes())
  private var lastByte = Instant.zero
  /// The reply is leaving.
  public private(set) var isSending = false
  private var frameIsBroken = false

  public init(address: UInt8, timing: ModbusTiming, bank: Bank) {
    self.address = address
    self.timing = timing
    self.bank = bank
  }

  /// Bytes were heard that the line's silence has not ended yet.
  public var isListening: Bool { mutating get { decoder.count > 0 } }

  public var deadline: Instant? {
    decoder.count == 0 && !frameIsBroken ? nil : lastByte + timing.silence
  }

  public mutating func handle(_ input: Input, at now: Instant, into effects: inout Effects<Effect>) {
    switch input {
    case .byte(let byte): hear(byte, at: now)
    case .received(let bytes): hear(bytes, at: now)
    case .lineError: lineFailed(at: now)
    case .transmitted: transmitted()
    case .wake: if effects.room > 0 && wake(at: now) { effects.append(.transmit) }
    }
  }

  // What the inputs do, for an owner that cannot afford an input of 265 bytes to be copied for each byte (the microcontroller).

  public mutating func hear(_ byte: UInt8, at now: Instant) {
    guard !isSending else { return }
    lastByte = now
    guard !frameIsBroken else { return }
    decoder.push(byte)
  }

  public mutating func hear(_ bytes: FixedBytes<256>, at now: Instant) {
    var index = 0
    while index < bytes.count {
      hear(bytes[index], at: now)
      index &+= 1
    }
  }

  public mutating func lineFailed(at now: Instant) {
    guard !isSending else { return }
    decoder.removeAll()
    frameIsBroken = true
    lastByte = now
  }

  public mutating func transmitted() {
    if isSending && reply.byte(at: 1) & 0x80 == 0 { bank.answered() }
    isSending = false
    decoder.removeAll()
  }

  /// True when `reply` is to be sent now.
  public mutating func wake(at now: Instant) -> Bool {
    // `deadline`, without a copy of the bank.
    guard decoder.count > 0 || frameIsBroken, now >= lastByte + timing.silence else { return false }
    guard endOfFrame() else { return false }
    isSending = true
    return true
  }

  /// True when an answer lies in `reply`.
  private mutating func endOfFrame() -> Bool {
    let wasBroken = frameIsBroken
    frameIsBroken = false
    let heard = decoder.count
    guard let asked = decoder.finish(address: address, into: &request) else {
      if wasBroken || heard > 0 { counters.notForMe &+= 1 }
      return false
    }
    counters.requests &+= 1
    let isBroadcast = asked == 0
    begin(reply: request.bytes.byte(at: 0))
    do throws(ModbusException) {
      let parsed = try request.request()
      try bank.begin(parsed, isBroadcast: isBroadcast)
      // Only writes make sense for all at once; a broadcast read is nobody's business.
      if isBroadcast && !parsed.isWrite { return false }
      try perform(parsed)
    } catch {
      counters.exceptions &+= 1
      begin(reply: request.bytes.byte(at: 0) | 0x80)
      reply.append(error.rawValue)
    }
    guard !isBroadcast else { return false }
    seal()
    return true
  }

  private mutating func begin(reply function: UInt8) {
    reply.removeAll()
    reply.append(address)
    reply.append(function)
  }

  private mutating func seal() {
    var crc = Checksum.CRC16Modbus()
    crc.update(&reply, from: 0, length: reply.count)
    reply.append(UInt8(truncatingIfNeeded: crc.value))
    reply.append(UInt8(truncatingIfNeeded: crc.value >> 8))
  }

  private mutating func perform(_ request: ModbusRequest) throws(ModbusException) {
    switch request {
    case .readCoils(let start, let count): try replyBits(start, count, inputs: false)
    case .readDiscreteInputs(let start, let count): try replyBits(start, count, inputs: true)
    case .readHoldingRegisters(let start, let count): try replyRegisters(start, count, inputs: false)
    case .readInputRegisters(let start, let count): try replyRegisters(start, count, inputs: true)
    case .writeCoil(let address, let on):
      try bank.checkCoil(at: address, on: on)
      bank.setCoil(at: address, on: on)
      finishWrite(request)
    case .writeRegister(let address, let value):
      try bank.checkRegister(at: address, value: value)
      bank.setRegister(at: address, value: value)
      finishWrite(request)
    case .returnQueryData: repeatRequest(5)
    case .writeCoils(let start, let count):
      try writeBits(start, count)
      finishWrite(request)
    case .writeRegisters(let start, let count):
      try writeValues(start, count)
      finishWrite(request)
    case .reportServerID: throw .illegalFunction
    case .maskWriteRegister(let address, let and, let or):
      let value = try bank.holdingRegister(at: address) & and | or & ~and
      try bank.checkRegister(at: address, value: value)
      bank.setRegister(at: address, value: value)
      bank.wrote(request)
      repeatRequest(7)
    case .readWriteRegisters(let readStart, let readCount, let writeStart, let writeCount):
      // Reading into the void first: a range that cannot be read must not be found out after the write has been done.
      try probeRegisters(readStart, readCount)
      try writeValues(writeStart, writeCount)
      bank.wrote(request)
      try replyRegisters(readStart, readCount, inputs: false)
    case .readFIFO(let pointer): try replyFIFO(pointer)
    case .readDeviceIdentification(let code, let object): try replyIdentification(code, object)
    }
  }
}

extension ModbusSlave: Sendable where Bank: Sendable {}
