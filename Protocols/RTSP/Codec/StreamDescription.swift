/// What a session description (RFC 4566) says of its pictures.
public struct StreamDescription: Sendable, Equatable {
  /// There is an `m=video` line.
  public var hasVideo = false
  /// Where the video is set up, as its `a=control` says.
  public var control: String?

  public init(_ body: [UInt8]) {
    var isVideo = false
    for line in body.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }).prefix(500) {
      let text = String(decoding: line, as: UTF8.self)
      if text.hasPrefix("m=") {
        isVideo = text.hasPrefix("m=video") && !hasVideo
        hasVideo = hasVideo || isVideo
      } else if isVideo, text.hasPrefix("a=control:") {
        control = String(text.dropFirst(10))
      }
    }
  }

  /// Where to set the video up.
  ///
  /// - Parameter base: `Content-Base`, or where it was described.
  public func setup(base: String) -> String {
    guard let control, control != "*" else { return base }
    if control.lowercased().hasPrefix("rtsp://") { return control }
    return base.hasSuffix("/") ? base + control : base + "/" + control
  }
}
