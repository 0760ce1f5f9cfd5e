/// What kind of printer it is: the differences between models that were met or told of (README.md, "Quirks").
public struct PrinterTraits: Sendable, Equatable {
  public enum Status: Sendable, Equatable { case full, realTimeOnly, none }

  public var dots: Int
  public var status: Status
  public var hasCutter: Bool
  /// Without it the payload of a code is printed as text.
  public var hasQR: Bool
  /// `1D 21` makes Chinese larger, too.
  public var scalesChinese: Bool
  /// `1B 40` leaves the Chinese mode.
  public var initialiseLeavesChinese: Bool
  public var startsInChinese: Bool
  public var answersInData: Bool
  /// How fast what it received is worked off; `nil`: at once.
  public var bytesPerSecond: Int?
  /// What it takes before it has worked off any of it; more is lost, as a wire without flow control loses it.
  public var bufferBytes: Int

  public init(
    dots: Int = 576, status: Status = .full, hasCutter: Bool = true, hasQR: Bool = true, scalesChinese: Bool = true,
    initialiseLeavesChinese: Bool = true, startsInChinese: Bool = false, answersInData: Bool = false, bytesPerSecond: Int? = nil,
    bufferBytes: Int = 131_072
  ) {
    self.dots = dots
    self.status = status
    self.hasCutter = hasCutter
    self.hasQR = hasQR
    self.scalesChinese = scalesChinese
    self.initialiseLeavesChinese = initialiseLeavesChinese
    self.startsInChinese = startsInChinese
    self.answersInData = answersInData
    self.bytesPerSecond = bytesPerSecond
    self.bufferBytes = bufferBytes
  }

  /// A cheap one for 58 mm: torn off by hand, no codes of its own.
  public static let small = PrinterTraits(dots: 384, status: .realTimeOnly, hasCutter: false, hasQR: false)
}
