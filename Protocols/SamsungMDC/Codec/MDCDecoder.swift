/// Finds frames in a stream. AA may be inside of a frame, so that what cannot be one is dropped byte by byte until something is.
///
/// It holds at most one frame that is not complete.
public struct MDCDecoder: Sendable {
  public enum Side: Sendable {
    /// Reads what panels say.
    case host
    /// Reads what panels are told.
    case panel
  }

  public enum Found: Sendable, Equatable {
    case reply(MDCReply)
    case request(MDCRequest)
    /// The panel will speak TLS only, and wants a PIN.
    case wantsTLS
  }

  /// What a panel with "Secured Protocol" says as soon as it is connected.
  public static let greeting: [UInt8] = Array("MDCSTART<<TLS>>".utf8)

  /// Whether a panel's answer begins in these bytes, whatever comes of it.
  public static func hasBeginning(_ bytes: [UInt8]) -> Bool {
    if bytes == [MDCFrame.start] || bytes.count > 1 && zip(bytes, greeting).allSatisfy(==) { return true }
    return zip(bytes, bytes.dropFirst()).contains { $0 == MDCFrame.start && $1 == MDCFrame.reply }
  }

  private let side: Side
  private var buffer: [UInt8] = []
  /// Bytes that were part of nothing.
  public private(set) var dropped: UInt64 = 0

  public init(_ side: Side = .host) {
    self.side = side
  }

  public var isInside: Bool { !buffer.isEmpty }

  public mutating func push(_ byte: UInt8) -> Found? {
    buffer.append(byte)
    return next()
  }

  /// Nothing more came for what looks like the beginning of a frame: there may be a whole one inside of it. To be called until it answers `nil`.
  public mutating func resynchronise() -> Found? {
    while !buffer.isEmpty {
      drop(1)
      if let found = next() { return found }
    }
    return nil
  }

  public mutating func startOver() {
    dropped &+= UInt64(buffer.count)
    buffer.removeAll(keepingCapacity: true)
  }

  private mutating func next() -> Found? {
    while let first = buffer.first {
      if first == MDCFrame.start {
        switch check() {
        case .incomplete: return nil
        case .wrong: drop(1)
        case .whole(let length):
          let frame = buffer[..<length]
          let found: Found? =
            side == .host ? MDCReply(frame: frame).map { .reply($0) } : MDCRequest(frame: frame).map { .request($0) }
          if let found {
            buffer.removeFirst(length)
            return found
          }
          drop(1)
        }
      } else if side == .host, Self.greeting.starts(with: buffer.prefix(Self.greeting.count)) {
        guard buffer.count >= Self.greeting.count else { return nil }
        buffer.removeFirst(Self.greeting.count)
        return .wantsTLS
      } else {
        drop(1)
      }
    }
    return nil
  }

  private enum Check { case incomplete, wrong, whole(Int) }

  private func check() -> Check {
    guard buffer.count > 1 else { return .incomplete }
    if side == .host {
      guard buffer[1] == MDCFrame.reply else { return .wrong }
      if buffer.count > 3, buffer[3] < 2 { return .wrong }
      if buffer.count > 4, buffer[4] != MDCFrame.accepted, buffer[4] != MDCFrame.refused { return .wrong }
    } else if buffer[1] == MDCFrame.reply {
      // What other panels of the chain answer goes past this one.
      return .wrong
    }
    guard buffer.count > 3 else { return .incomplete }
    let length = 5 + Int(buffer[3])
    guard buffer.count >= length else { return .incomplete }
    return MDCFrame.sum(buffer[1..<(length - 1)]) == buffer[length - 1] ? .whole(length) : .wrong
  }

  private mutating func drop(_ count: Int) {
    buffer.removeFirst(count)
    dropped &+= UInt64(count)
  }
}
