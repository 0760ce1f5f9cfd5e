import DeviceKit

/// What a security module says of itself: its kind, its day of manufacture and its serial numbers.
public struct ModuleNumber: Sendable, Equatable, CustomStringConvertible {
  public var kind: UInt16
  public var edition: UInt16
  /// YYYYMMDD, as a number.
  public var day: UInt32
  public var serial: UInt32
  public var secondSerial: UInt32

  /// `nil` unless it is 16 bytes.
  public init?(_ bytes: FixedBytes<16>) {
    guard bytes.count == 16 else { return nil }
    func half(_ at: Int) -> UInt16 { UInt16(bytes[at]) | UInt16(bytes[at + 1]) << 8 }
    func word(_ at: Int) -> UInt32 { UInt32(half(at)) | UInt32(half(at + 2)) << 16 }
    (kind, edition, day, serial, secondSerial) = (half(0), half(2), word(4), word(8), word(12))
  }

  /// `05.01-20101129-0001228293-0296863149`
  public var description: String {
    func padded(_ value: UInt32, _ width: Int) -> String {
      let digits = String(value)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    return padded(UInt32(kind), 2) + "." + padded(UInt32(edition), 2) + "-" + padded(day, 8) + "-" + padded(serial, 10) + "-"
      + padded(secondSerial, 10)
  }
}
