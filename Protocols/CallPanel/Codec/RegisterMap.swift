/// Where everything lies in a call panel's register space (README.md, map version 1.1). Addresses are those on the wire, counted from 0.
///
/// The layout of the short poll and of the exchange is frozen: a later map only appends, so that a host and a panel of different
/// ages still carry a call for help.
public enum PanelMap {
  /// Version of this map, major in the high byte.
  public static let version: UInt16 = 0x0101
  public static let vendor: StaticString = "Linli"
  /// The product is `CP-` and the number of buttons.
  public static let productPrefix: StaticString = "CP-"
  public static let buttonLimit: UInt8 = 8

  // Input registers (function 04).
  public static let identification: UInt16 = 0x0000
  public static let identificationCount: UInt16 = 4
  /// The short poll: one register at this address plus the token.
  public static let poll: UInt16 = 0x0100
  public static let tokenCount: UInt16 = 16

  // Holding registers.
  public static let exchangeWrite: UInt16 = 0x0200
  public static let exchangeWriteCount: UInt16 = 8
  public static let exchangeRead: UInt16 = 0x0300
  public static let exchangeHeaderCount: UInt16 = 16
  public static let eventRegisterCount: UInt16 = 5
  /// How many waiting events one exchange can show.
  public static let eventWindow = 4
  public static let exchangeReadEnd = exchangeRead &+ exchangeHeaderCount &+ eventRegisterCount &* UInt16(eventWindow)
  public static let silentMask: UInt16 = 0x0400
  public static let newAddress: UInt16 = 0x0410
  public static let newBaudCode: UInt16 = 0x0411
  public static let armConfiguration: UInt16 = 0x0412
  /// Written to `armConfiguration`, it arms the new address and baud for `configurationWindowSeconds`.
  public static let armKey: UInt16 = 0x4C4C
  public static let configurationWindowSeconds = 60
  /// Seconds that idle lamps run round, so that somebody in the room sees which panel it is; since map 1.1.
  public static let identify: UInt16 = 0x0420
  public static let identifyLimitSeconds: UInt16 = 60

  // Discrete inputs (function 02).
  public static let contacts: UInt16 = 0x0000
  public static let tamper: UInt16 = 0x0008
  /// Two inputs a button: open, short.
  public static let lines: UInt16 = 0x0010

  /// Baud of a code 0...5; `nil` for any other code.
  public static func baud(code: UInt16) -> UInt32? {
    switch code {
    case 0: 9_600
    case 1: 19_200
    case 2: 38_400
    case 3: 57_600
    case 4: 115_200
    case 5: 4_800
    default: nil
    }
  }

  /// The code of a baud rate; `nil` for one that panels do not know.
  public static func baudCode(_ rate: UInt32) -> UInt16? {
    var code: UInt16 = 0
    while let known = baud(code: code) {
      if known == rate { return code }
      code &+= 1
    }
    return nil
  }
}
