/// How a window's picture is cut up for the displays that it lies on: what would fall behind the bars between them is left out, and each part
/// is turned as its display hangs. All lengths are pixels.
public struct WallMosaic: Sendable, Equatable, Codable {
  /// The picture as it hangs before whoever looks at it, with what lies behind the bars.
  public var width: Int
  public var height: Int
  public var panes: [Pane]

  public struct Pane: Sendable, Equatable, Codable {
    /// The part of the picture that one display shows, as it is looked at.
    public var part: WallFrame
    /// Its upper left corner in the window.
    public var left: Int
    public var top: Int
    /// How the display hangs, 0, 90, 180 or 270 degrees clockwise.
    public var rotation: Int

    public init(part: WallFrame, left: Int, top: Int, rotation: Int) {
      self.part = part
      self.left = left
      self.top = top
      self.rotation = rotation
    }
  }

  public init(width: Int, height: Int, panes: [Pane]) {
    self.width = width
    self.height = height
    self.panes = panes
  }
}
