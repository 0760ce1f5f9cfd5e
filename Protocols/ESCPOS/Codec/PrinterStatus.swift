/// What `DLE EOT` asks for.
public enum StatusKind: UInt8, Sendable, Hashable, CaseIterable {
  case printer = 1
  case offlineCause, errorCause, paper

  /// The request.
  public var bytes: [UInt8] { [0x10, 0x04, rawValue] }
}

/// How a printer is, as far as its status bytes say so. Each kind of answer carries some of it.
public struct PrinterStatus: OptionSet, Sendable, Hashable {
  public let rawValue: UInt16
  public init(rawValue: UInt16) { self.rawValue = rawValue }

  public static let offline = PrinterStatus(rawValue: 1)
  public static let drawerPinHigh = PrinterStatus(rawValue: 2)
  public static let waitsForRecovery = PrinterStatus(rawValue: 4)
  public static let feedButton = PrinterStatus(rawValue: 8)
  public static let coverOpen = PrinterStatus(rawValue: 16)
  public static let paperEndStop = PrinterStatus(rawValue: 32)
  public static let error = PrinterStatus(rawValue: 64)
  public static let recoverableError = PrinterStatus(rawValue: 128)
  public static let cutterError = PrinterStatus(rawValue: 256)
  public static let unrecoverableError = PrinterStatus(rawValue: 512)
  public static let selfRecoveringError = PrinterStatus(rawValue: 1_024)
  public static let paperNearEnd = PrinterStatus(rawValue: 2_048)
  public static let paperOut = PrinterStatus(rawValue: 4_096)

  /// Which bits of a real-time answer say what.
  private static func bits(_ kind: StatusKind) -> [(PrinterStatus, UInt8)] {
    switch kind {
    case .printer: [(.drawerPinHigh, 0x04), (.offline, 0x08), (.waitsForRecovery, 0x20), (.feedButton, 0x40)]
    case .offlineCause: [(.coverOpen, 0x04), (.feedButton, 0x08), (.paperEndStop, 0x20), (.error, 0x40)]
    case .errorCause:
      [(.recoverableError, 0x04), (.cutterError, 0x08), (.unrecoverableError, 0x20), (.selfRecoveringError, 0x40)]
    case .paper: [(.paperNearEnd, 0x0C), (.paperOut, 0x60)]
    }
  }

  private static let automatic: [[(PrinterStatus, UInt8)]] = [
    [(.drawerPinHigh, 0x04), (.offline, 0x08), (.coverOpen, 0x20), (.feedButton, 0x40)],
    [(.recoverableError, 0x04), (.cutterError, 0x08), (.unrecoverableError, 0x20), (.selfRecoveringError, 0x40)],
    [(.paperNearEnd, 0x03), (.paperOut, 0x0C)],
    [],
  ]

  private func byte(_ bits: [(PrinterStatus, UInt8)]) -> UInt8 { bits.reduce(0) { contains($1.0) ? $0 | $1.1 : $0 } }

  private init(_ byte: UInt8, _ bits: [(PrinterStatus, UInt8)]) {
    self = bits.reduce([]) { byte & $1.1 != 0 ? $0.union($1.0) : $0 }
  }

  /// All that an answer of this kind can say.
  public static func all(_ kind: StatusKind) -> PrinterStatus { bits(kind).reduce([]) { $0.union($1.0) } }

  /// The answer to `DLE EOT`.
  public func realTimeByte(_ kind: StatusKind) -> UInt8 { 0x12 | byte(Self.bits(kind)) }

  /// The answer does not say what was asked: the caller knows. `nil`: no such answer.
  public init?(realTimeByte byte: UInt8, _ kind: StatusKind) {
    guard byte & 0x93 == 0x12 else { return nil }
    self.init(byte, Self.bits(kind))
  }

  /// The answer to `GS r 1`.
  public var paperByte: UInt8 { byte([(.paperNearEnd, 0x03), (.paperOut, 0x0C)]) }

  /// `nil`: no such answer.
  public init?(paperByte byte: UInt8) {
    guard byte & 0x90 == 0 else { return nil }
    self.init(byte, [(.paperNearEnd, 0x03), (.paperOut, 0x0C)])
  }

  /// The four bytes that come by themselves after `GS a`.
  public var automaticBytes: [UInt8] { zip(Self.automatic, [0x10, 0, 0, 0] as [UInt8]).map { byte($0) | $1 } }

  /// `nil`: no such four bytes.
  public init?(automaticBytes bytes: [UInt8]) {
    guard bytes.count == 4, bytes[0] & 0x93 == 0x10, bytes[1...].allSatisfy({ $0 & 0x90 == 0 }) else { return nil }
    self = zip(bytes, Self.automatic).reduce([]) { $0.union(PrinterStatus($1.0, $1.1)) }
  }
}

/// What comes back from a printer, told apart by the bits that are always the same.
public enum PrinterReply: Sendable, Hashable {
  /// To `DLE EOT`; what it means depends on what was asked.
  case realTime(UInt8)
  /// To `GS r`.
  case inOrder(UInt8)
  case automatic(PrinterStatus)
  case flow(isReady: Bool)
  case garbage(UInt8)
}

/// The host's side of what a printer sends.
public struct ReplyDecoder: Sendable {
  private var automatic: [UInt8] = []

  public init() {}

  public mutating func startOver() { automatic.removeAll() }

  /// A row of four that breaks off is forgotten; the byte that broke it counts for itself.
  public mutating func push(_ byte: UInt8) -> PrinterReply? {
    if !automatic.isEmpty {
      guard byte & 0x90 == 0 else {
        automatic.removeAll()
        return first(byte)
      }
      automatic.append(byte)
      guard automatic.count == 4 else { return nil }
      defer { automatic.removeAll() }
      return PrinterStatus(automaticBytes: automatic).map { .automatic($0) }
    }
    return first(byte)
  }

  private mutating func first(_ byte: UInt8) -> PrinterReply? {
    if byte == 0x11 || byte == 0x13 { return .flow(isReady: byte == 0x11) }
    if byte & 0x93 == 0x12 { return .realTime(byte) }
    if byte & 0x93 == 0x10 {
      automatic = [byte]
      return nil
    }
    return byte & 0x90 == 0 ? .inOrder(byte) : .garbage(byte)
  }
}
