/// What the master counts about one node since the start; each wraps. For the doctor and the technician's page.
public struct ModbusNodeStatistics: Sendable, Equatable, Codable {
  /// Requests sent, retries and probes included.
  public var requests: UInt32 = 0
  /// Answers that belonged to their request, exceptions included.
  public var answers: UInt32 = 0
  public var exceptions: UInt32 = 0
  /// Requests without a usable answer in time, of any kind.
  public var timeouts: UInt32 = 0
  /// Of those: bytes came, but no frame with a good CRC.
  public var crcErrors: UInt32 = 0
  /// Good frames of another node while this one was asked, or of this one when nobody was asked.
  public var foreign: UInt32 = 0
  /// Good answers that came after their time-out, or to an earlier request.
  public var late: UInt32 = 0
  /// Answers with a good CRC and the wrong length or echo.
  public var malformed: UInt32 = 0
  /// Bytes that belonged to no frame while this node was asked.
  public var garbageBytes: UInt32 = 0
  /// How often the circuit breaker opened.
  public var losses: UInt32 = 0
  /// Smoothed time from the end of the request to the begin of the answer, in microseconds.
  public var turnaroundMicroseconds: UInt32 = 0
  /// How long the last late answer took to begin, in microseconds; 0 before the first.
  public var lateMicroseconds: UInt32 = 0

  public init() {}
}

/// What the master counts about the pair of wires; each wraps.
public struct ModbusLineStatistics: Sendable, Equatable, Codable {
  public var bytesSent: UInt32 = 0
  public var bytesHeard: UInt32 = 0
  /// Bytes that belonged to no frame while nobody was asked.
  public var unsolicitedBytes: UInt32 = 0
  /// Good frames from addresses that the site file does not name, or from nobody who was asked.
  public var strangerFrames: UInt32 = 0
  public var echoesDropped: UInt32 = 0
  /// Requests whose echo came back changed.
  public var echoesBroken: UInt32 = 0
  /// Events that a node driver produced beyond its 8: a defect of that driver.
  public var refusedEvents: UInt32 = 0

  public init() {}
}
