/// How a reader is reached.
public enum PipeLayout: String, Sendable, Equatable, CaseIterable {
  /// USB: heads go through one pair of pipes, the rest of each frame through another (OUT 02 and 06, IN 81 and 85).
  case split
  /// USB: whole frames through one pair of pipes.
  case single
  /// A serial port, or TCP: a stream that flows unasked.
  case serial
}

/// One way of bytes; each has both directions.
public enum ReaderPipe: String, Sendable, Equatable, CaseIterable {
  case head, body
  /// Where there is only one.
  case whole
}
