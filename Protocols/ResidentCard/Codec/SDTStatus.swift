/// What the module says of a command: the third status byte (README.md, "Status").
public struct SDTStatus: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt8

  public init(rawValue: UInt8) { self.rawValue = rawValue }
  private init(_ value: UInt8) { rawValue = value }

  public static let done = SDTStatus(0x90)
  public static let found = SDTStatus(0x9F)
  /// The card has no such item.
  public static let noSuchItem = SDTStatus(0x91)
  public static let hostChecksum = SDTStatus(0x10)
  public static let hostLength = SDTStatus(0x11)
  public static let badCommand = SDTStatus(0x21)
  public static let notPermitted = SDTStatus(0x23)
  public static let unrecognised = SDTStatus(0x24)
  public static let cardRefusedModule = SDTStatus(0x31)
  public static let moduleRefusedCard = SDTStatus(0x32)
  public static let verificationFailed = SDTStatus(0x33)
  public static let printFailed = SDTStatus(0x37)
  public static let lengthError = SDTStatus(0x3F)
  public static let unknownCard = SDTStatus(0x40)
  public static let readFailed = SDTStatus(0x41)
  public static let noRandomNumber = SDTStatus(0x47)
  public static let selfTestFailed = SDTStatus(0x60)
  public static let notAuthorised = SDTStatus(0x66)
  public static let noCard = SDTStatus(0x80)
  public static let selectFailed = SDTStatus(0x81)

  /// All that the sheets list, with what they mean.
  public static let known: [(status: SDTStatus, words: String)] = [
    (done, "done"), (found, "card found"), (noSuchItem, "the card has no such item"),
    (hostChecksum, "the module saw a wrong checksum"), (hostLength, "the module saw a wrong length"),
    (badCommand, "bad command"), (notPermitted, "not permitted"), (unrecognised, "unrecognised error"),
    (cardRefusedModule, "the card did not accept the module"), (moduleRefusedCard, "the module did not accept the card"),
    (verificationFailed, "verification of the content failed"), (printFailed, "verification of the prints failed"),
    (lengthError, "wrong length of the content"), (unknownCard, "unrecognised kind of card"), (readFailed, "reading failed"),
    (noRandomNumber, "no random number from the card"), (selfTestFailed, "the module's self-test failed"),
    (notAuthorised, "the module is not authorised"), (noCard, "no card"), (selectFailed, "choosing the card failed"),
  ]

  public var words: String { Self.known.first { $0.status == self }?.words ?? "status \(String(rawValue, radix: 16))" }
}
