import DeviceKit
import ModbusRTUCodec

/// What differs between sites; the defaults suit 16 panels at 19,200 baud.
public struct ModbusMasterSettings: Sendable, Equatable {
  /// The bus's name in the site file, for `busChanged`.
  public var bus: String
  public var timing: ModbusTiming
  /// The adapter repeats on its input what it sends: the exact copy is dropped.
  public var dropsEcho = false
  /// How often a poll is repeated before it counts as failed (0...3). Only for a node whose last poll was answered: a node that has
  /// begun to fail gets one try a poll.
  public var retries = 1
  /// Least time a node gets to begin its answer, beyond the line time of the answer itself. USB adapters hold bytes back for up to
  /// 16 ms, hence not less than 30 ms; the same is added to a longest reply time that a driver names.
  public var replyFloor = Interval.milliseconds(30)
  /// Most time a node gets whose driver names no longest reply time.
  public var replyCeiling = Interval.milliseconds(300)
  /// So many failed polls in a row open the circuit breaker.
  public var failuresUntilLost = 3
  /// After a broadcast (sheet §4: 100...200 ms).
  public var broadcastTurnaround = Interval.milliseconds(150)
  /// A failed poll is followed by the next after this time, also when the node is not due: so a dead node is known within 3 s.
  public var pollAgainAfterFailure = Interval.milliseconds(200)
  /// How often each node is looked for while the whole bus is out of order.
  public var searchInterval = Interval.milliseconds(800)
  /// Quiet that a jammed line must show before anything is sent into it.
  public var quietAfterJam = Interval.milliseconds(100)

  public init(bus: String, timing: ModbusTiming) {
    self.bus = bus
    self.timing = timing
  }
}
