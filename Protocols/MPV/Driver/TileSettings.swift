import DeviceKit
import DeviceVocabulary

/// One window of the software wall.
public struct TileSettings: Sendable, Equatable {
  /// As the site file counts outputs.
  public var number: UInt16
  /// Where its process was told to stand; another place is another process.
  public var frame: WallFrame
  /// A picture has to come, and to move, within this time.
  public var patience: Interval
  /// A process has to start and to open its socket within this time.
  public var startLimit: Interval

  public init(
    number: UInt16, frame: WallFrame, patience: Interval = .seconds(5), startLimit: Interval = .seconds(5)
  ) {
    self.number = number
    self.frame = frame
    self.patience = patience
    self.startLimit = startLimit
  }
}
