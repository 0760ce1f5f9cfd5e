import DeviceKit
import DeviceVocabulary
import ModbusRTUCodec

/// One device on a Modbus line as the master sees it: a driver that names the next transaction it wants and is told how it went.
///
/// The master owns the line: it decides whose turn it is, keeps t3.5, measures reply times, retries and opens the circuit breaker. A node
/// driver only knows its device. It is a pure machine without a line of its own.
public protocol ModbusNode {
  var device: DeviceID { get }
  /// Nodes that carry calls for help go before all others. Never changes.
  var carriesCalls: Bool { get }
  /// Somebody waits for the next transaction of this node, so that it may go between the ordinary turns. Changes only when the node is called.
  var urgency: ModbusUrgency { get }
  /// The longest the device may take to begin its answer, as its manual says; `nil` where nobody knows, then the master's
  /// `replyCeiling` holds. No poll counts as failed before a try has waited so long. Never changes.
  var longestReply: Interval? { get }
  /// When this node wants its next transaction; in the past means as soon as its turn comes, `distantFuture` never. Changes only when the
  /// node is called.
  var due: Instant { get }

  /// `due` and `urgency` in one call. `mutating` only so that the node is not copied.
  mutating func wish() -> ModbusWish

  /// What to ask now, or `nil` when there is nothing (then `due` has moved into the future). A retry asks here again, so that the
  /// node can give it a new token.
  mutating func nextTransaction(at now: Instant) -> ModbusTransaction?

  /// Whether this answer belongs to the transaction under way. A late answer to an earlier one (old token) is told apart here; the
  /// master drops it, counts it and keeps waiting.
  func accepts(_ answer: ModbusPDU) -> Bool

  /// How the last transaction went; appends what the station should hear. At most 8 events: more wait for the next call.
  mutating func completed(_ outcome: ModbusOutcome, at now: Instant, into events: inout Effects<DeviceEvent>)

  /// A wish of the station for this device, kept until the device shows it.
  mutating func command(_ command: DeviceCommand, at now: Instant)

  /// The line is back after it was gone (adapter replugged, bus repaired): ask who is there before anything else.
  mutating func lineRestored(at now: Instant)
}

/// Of two that are urgent the higher goes first.
public enum ModbusUrgency: UInt8, Sendable, Comparable {
  case none
  /// Nobody waits, but there is more to do than to poll (firmware): it may go between two ordinary turns when nobody else is urgent.
  case background
  /// A lamp is to be set, an event to be acknowledged.
  case answer
  /// A press is to be fetched.
  case press

  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// What a node wants next.
public struct ModbusWish: Sendable, Equatable {
  public var due: Instant
  public var urgency: ModbusUrgency

  public init(due: Instant, urgency: ModbusUrgency) {
    self.due = due
    self.urgency = urgency
  }
}

extension ModbusNode {
  public func wish() -> ModbusWish { ModbusWish(due: due, urgency: urgency) }
  public var urgency: ModbusUrgency { .none }
  public var longestReply: Interval? { nil }
}

/// Any node: lines carry devices of several kinds.
public struct AnyModbusNode: ModbusNode {
  private var node: any ModbusNode

  public init(_ node: any ModbusNode) {
    self.node = node
  }

  public var device: DeviceID { node.device }
  public var carriesCalls: Bool { node.carriesCalls }
  public var urgency: ModbusUrgency { node.urgency }
  public var longestReply: Interval? { node.longestReply }
  public var due: Instant { node.due }
  public mutating func wish() -> ModbusWish { node.wish() }
  public mutating func nextTransaction(at now: Instant) -> ModbusTransaction? { node.nextTransaction(at: now) }
  public func accepts(_ answer: ModbusPDU) -> Bool { node.accepts(answer) }
  public mutating func completed(_ outcome: ModbusOutcome, at now: Instant, into events: inout Effects<DeviceEvent>) {
    node.completed(outcome, at: now, into: &events)
  }
  public mutating func command(_ command: DeviceCommand, at now: Instant) { node.command(command, at: now) }
  public mutating func lineRestored(at now: Instant) { node.lineRestored(at: now) }
}

/// One request and what may be done when no answer comes.
public struct ModbusTransaction: Sendable, Equatable {
  public var request: ModbusPDU
  /// True where the device echoes a token (our panel), so that `accepts` can tell a late answer. Otherwise the master waits out the
  /// node's longest reply time before it asks the same node again.
  public var toleratesLateAnswers: Bool

  public init(request: ModbusPDU, toleratesLateAnswers: Bool) {
    self.request = request
    self.toleratesLateAnswers = toleratesLateAnswers
  }
}

/// How a transaction ended, after the master's retries.
public enum ModbusOutcome: Sendable, Equatable {
  /// A well-formed answer from the right node with the right function (exceptions included).
  case answered(ModbusPDU, roundTrip: Interval)
  /// Nothing, or nothing usable, in time.
  case failed(ModbusFailure)
  /// The line went away before the answer.
  case lineLost
}

public enum ModbusFailure: String, Sendable, Equatable, CaseIterable {
  /// Not one byte came.
  case silent
  /// Bytes came but no frame with a good CRC.
  case garbled
  /// A good frame of another node or function.
  case foreignAnswer
  /// An answer with the right CRC that the codec refuses (wrong length, wrong echo).
  case malformed
}
