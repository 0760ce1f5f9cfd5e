import DeviceKit
import DeviceVocabulary
import ModbusRTUCodec
import ModbusRTUDeviceModel
import ModbusRTUDriver

typealias PlainBank = RegisterBank<8, 8, 16, 16>
typealias PlainBus = VirtualBus<TokenNode, PlainBank>

/// A node driver for tests: writes a token into register 0 and reads registers 0 and 1 back in one transaction. Register 1 holds the
/// slave's own address, so that an answer in the wrong hands is seen.
struct TokenNode: ModbusNode {
  let device: DeviceID
  var carriesCalls = true
  var longestReply: Interval?
  var interval = Interval.zero
  var due = Instant.zero
  /// Stands for a module that echoes no token: it only reads register 1.
  var usesToken = true
  /// Asks for a register that is not there, without token.
  var asksTooFar = false

  private(set) var token: UInt16 = 0
  private(set) var asked = 0
  private(set) var answered = 0
  private(set) var failed = 0
  private(set) var lost = 0
  private(set) var wrongAnswers = 0
  private(set) var restored = 0
  private(set) var lastAnswer = Instant.zero
  private(set) var longestGap = Interval.zero
  private(set) var exceptions = 0
  /// Retries end in one completion: never more completions than requests.
  private(set) var completions = 0
  private var mustSayOnline = true

  init(bus: String = "A", address: UInt8) {
    device = DeviceID(bus: bus, node: address)
  }

  mutating func nextTransaction(at now: Instant) -> ModbusTransaction? {
    asked += 1
    guard !asksTooFar else {
      return ModbusTransaction(request: .readHoldingRegisters(start: 100, count: 1), toleratesLateAnswers: false)
    }
    guard usesToken else {
      return ModbusTransaction(request: .readHoldingRegisters(start: 1, count: 1), toleratesLateAnswers: false)
    }
    token &+= 1
    return ModbusTransaction(
      request: .readWriteRegisters(readStart: 0, readCount: 2, writeStart: 0, values: FixedRegisters([token])),
      toleratesLateAnswers: true)
  }

  func accepts(_ answer: ModbusPDU) -> Bool {
    answer.isException || !usesToken || answer.register(0) == token
  }

  mutating func completed(_ outcome: ModbusOutcome, at now: Instant, into events: inout Effects<DeviceEvent>) {
    completions += 1
    due = now + interval
    switch outcome {
    case .answered(let pdu, _):
      answered += 1
      if pdu.isException {
        exceptions += 1
      } else if pdu.register(usesToken ? 1 : 0) != UInt16(device.node) {
        wrongAnswers += 1
      }
      if lastAnswer != .zero { longestGap = max(longestGap, now - lastAnswer) }
      lastAnswer = now
      if mustSayOnline { events.append(.healthChanged(device, .online)) }
      mustSayOnline = false
    case .failed: failed += 1
    case .lineLost: lost += 1
    }
  }

  mutating func command(_ command: DeviceCommand, at now: Instant) {
    due = now
  }

  mutating func lineRestored(at now: Instant) {
    restored += 1
    mustSayOnline = true
    due = now
  }
}

extension VirtualBus where Node == TokenNode, Bank == PlainBank {
  /// Nodes 1...`count`, the first `alarms` of them carrying calls, polled every `interval`; the line is up.
  static func make(
    _ count: Int, alarms: Int? = nil, interval: Interval = .zero, baud: UInt32 = 19_200,
    parity: ModbusTiming.Parity = .none, seed: UInt64,
    settings change: (inout ModbusMasterSettings) -> Void = { _ in }, node changeNode: (inout TokenNode) -> Void = { _ in }
  ) -> PlainBus {
    let timing = ModbusTiming(baud: baud, parity: parity)
    var settings = ModbusMasterSettings(bus: "A", timing: timing)
    change(&settings)
    var nodes: [TokenNode] = []
    var slaves: [ModbusSlave<PlainBank>] = []
    for address in 1...UInt8(count) {
      var node = TokenNode(address: address)
      node.carriesCalls = Int(address) <= alarms ?? count
      node.interval = interval
      changeNode(&node)
      nodes.append(node)
      var bank = PlainBank(vendor: "ZZ", product: "PB", version: "1.0")
      bank.setRegister(at: 1, value: UInt16(address))
      slaves.append(ModbusSlave(address: address, timing: timing, bank: bank))
    }
    var bus = PlainBus(settings: settings, nodes: nodes, slaves: slaves, seed: seed)
    bus.tell(.lineUp)
    return bus
  }

  func node(_ address: UInt8) -> TokenNode {
    master.node(Int(address) - 1) ?? TokenNode(address: 0)
  }

  func healthSaid(_ address: UInt8, _ health: Health, after instant: Instant = .zero) -> Instant? {
    first(after: instant) { $0 == .healthChanged(DeviceID(bus: "A", node: address), health) }
  }

  func conditionSaid(_ condition: BusCondition, after instant: Instant = .zero) -> Instant? {
    first(after: instant) { $0 == .busChanged("A", condition) }
  }
}
