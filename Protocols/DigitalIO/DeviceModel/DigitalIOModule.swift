import DeviceKit
import DigitalIOCodec
import ModbusRTUCodec
import ModbusRTUDeviceModel

/// What is wrong with a simulated module; one at a time, `none` heals it.
public enum DigitalIOFault: Sendable, Equatable {
  case none
  /// Does not answer.
  case dead
  /// Answers this much too late, in milliseconds (0...60,000).
  case late(milliseconds: UInt16)
  /// Acknowledges writes and moves no relay (welded or unpowered).
  case deafRelays
}

/// An ordinary input and relay module, as bought: it has no memory of what happened between two polls, no identity and no watchdog, so
/// that its relays stay as they are when the host dies and fall off when its power does.
public struct DigitalIOModule: Machine, Sendable {
  public enum Input: Sendable {
    case wake
    case byte(UInt8)
    case received(FixedBytes<256>)
    /// The reply is on the wire.
    case transmitted
  }

  public enum Effect: Sendable, Equatable {
    /// Send `reply`, then say `.transmitted`.
    case transmit
  }

  public private(set) var reply = FixedBytes<256>()
  /// A quirk of how some modules are made: answers to 01 and 02 have at least this many data bytes, however few were asked for, with
  /// ones in the bytes too many. 0 as the standard has it; no more than 16.
  public var paddedBytes: UInt8 = 0
  private var slave: ModbusSlave<DigitalIOBank>
  private var fault = DigitalIOFault.none
  private var replyAt: Instant?

  public init(address: UInt8, layout: DigitalIOLayout, timing: ModbusTiming) {
    slave = ModbusSlave(address: address, timing: timing, bank: DigitalIOBank(layout: layout))
  }

  /// Relays that are on, bit 0 = output 1.
  public var outputs: UInt32 { slave.bank.outputs }

  // The hand.

  /// Contact of an input (1...32).
  public mutating func setContact(_ input: UInt8, closed: Bool) {
    guard input >= 1, input <= 32 else { return }
    let bit = UInt32(1) << UInt32(input - 1)
    slave.bank.closed = closed ? slave.bank.closed | bit : slave.bank.closed & ~bit
  }

  public mutating func set(_ new: DigitalIOFault) {
    fault = new
    slave.bank.relaysAreDeaf = new == .deafRelays
  }

  /// Power goes and comes: relays fall off, an answer under way is lost.
  public mutating func powerCycle() {
    slave.bank.outputs = 0
    replyAt = nil
    slave = ModbusSlave(address: slave.address, timing: slave.timing, bank: slave.bank)
  }

  public var deadline: Instant? {
    guard let replyAt else { return slave.deadline }
    guard let other = slave.deadline else { return replyAt }
    return min(replyAt, other)
  }

  public mutating func handle(_ input: Input, at now: Instant, into effects: inout Effects<Effect>) {
    listen(.wake, now, &effects)
    if let at = replyAt, at <= now {
      replyAt = nil
      effects.append(.transmit)
    }
    switch input {
    case .wake: break
    case .byte(let byte): listen(.byte(byte), now, &effects)
    case .received(let bytes): listen(.received(bytes), now, &effects)
    case .transmitted: listen(.transmitted, now, &effects)
    }
  }

  private mutating func listen(_ input: ModbusSlave<DigitalIOBank>.Input, _ now: Instant, _ effects: inout Effects<Effect>) {
    var answers = Effects<ModbusSlave<DigitalIOBank>.Effect>()
    slave.handle(input, at: now, into: &answers)
    guard answers.count > 0 else { return }
    reply = slave.reply
    pad()
    switch fault {
    case .none, .deafRelays: effects.append(.transmit)
    case .dead:
      // To the module it has been sent; the wire never saw it.
      listen(.transmitted, now, &effects)
    case .late(let milliseconds): replyAt = now + .milliseconds(Int(min(milliseconds, 60_000)))
    }
  }

  private mutating func pad() {
    let wanted = min(paddedBytes, 16)
    guard reply[1] == 0x01 || reply[1] == 0x02, reply.count >= 5, reply[2] < wanted else { return }
    reply.truncate(to: reply.count - 2)
    for _ in reply[2]..<wanted { reply.append(0xFF) }
    reply[2] = wanted
    var sum = Checksum.CRC16Modbus()
    for index in 0..<reply.count { sum.update(reply[index]) }
    reply.append(UInt8(truncatingIfNeeded: sum.value))
    reply.append(UInt8(truncatingIfNeeded: sum.value >> 8))
  }
}

/// The terminals of the module as coils and discrete inputs.
struct DigitalIOBank: ModbusBank, Sendable {
  let layout: DigitalIOLayout
  var closed: UInt32 = 0
  var outputs: UInt32 = 0
  var relaysAreDeaf = false

  init(layout: DigitalIOLayout) {
    self.layout = layout
  }

  mutating func begin(_ request: ModbusRequest, isBroadcast: Bool) throws(ModbusException) {
    switch request {
    case .readCoils, .readDiscreteInputs: break
    case .writeCoil: break
    case .writeCoils: guard layout.writeFunction == .multiple else { throw .illegalFunction }
    default: throw .illegalFunction
    }
  }

  mutating func discreteInput(at address: UInt16) throws(ModbusException) -> Bool {
    guard layout.inputFunction == .discreteInputs, let bit = bit(address, layout.inputStart, layout.inputCount)
    else { throw .illegalDataAddress }
    return (closed ^ layout.activeLowMask) & bit != 0
  }

  mutating func coil(at address: UInt16) throws(ModbusException) -> Bool {
    if let bit = bit(address, layout.outputStart, layout.outputCount) { return outputs & bit != 0 }
    guard layout.inputFunction == .coils, let bit = bit(address, layout.inputStart, layout.inputCount)
    else { throw .illegalDataAddress }
    return (closed ^ layout.activeLowMask) & bit != 0
  }

  mutating func checkCoil(at address: UInt16, on: Bool) throws(ModbusException) {
    guard bit(address, layout.outputStart, layout.outputCount) != nil else { throw .illegalDataAddress }
  }

  mutating func setCoil(at address: UInt16, on: Bool) {
    guard !relaysAreDeaf, let bit = bit(address, layout.outputStart, layout.outputCount) else { return }
    outputs = on ? outputs | bit : outputs & ~bit
  }

  private func bit(_ address: UInt16, _ start: UInt16, _ count: UInt16) -> UInt32? {
    guard address >= start, address - start < count else { return nil }
    return UInt32(1) << UInt32(address - start)
  }
}
