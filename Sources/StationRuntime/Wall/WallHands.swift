import DeviceVocabulary

/// What the station can ask of whatever speaks with the devices of the wall. Nothing here waits.
public struct WallHands: Sendable {
  /// The whole wish for a device.
  public var wish: @Sendable (_ device: String, [WallWish]) -> Void
  /// A person wants to see which port this is.
  public var identify: @Sendable (WallPort, _ seconds: UInt8) -> Void
  /// Everything of a device is read, and what was given up is tried again.
  public var retest: @Sendable (_ device: String) -> Void
  /// A camera turns to a position that it remembers; `StationInput.turned` says what became of it.
  public var turn: @Sendable (_ source: String, _ preset: String) -> Void = { _, _ in }
  /// A source is asked again at once, also one whose password was wrong.
  public var retestSource: @Sendable (_ source: String) -> Void = { _ in }

  public init(
    wish: @escaping @Sendable (String, [WallWish]) -> Void, identify: @escaping @Sendable (WallPort, UInt8) -> Void,
    retest: @escaping @Sendable (String) -> Void
  ) {
    self.wish = wish
    self.identify = identify
    self.retest = retest
  }
}
