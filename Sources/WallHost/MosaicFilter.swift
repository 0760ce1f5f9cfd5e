import DeviceVocabulary

extension WallMosaic {
  /// For mpv's `--vf`: the picture is fitted to the whole wall, what each display shows is cut out, turned, and put where its desktop is.
  var filter: String {
    let fitted = "scale=w=\(width):h=\(height):force_original_aspect_ratio=decrease,pad=\(width):\(height):-1:-1,setsar=1"
    guard panes.count > 1 else { return "lavfi=[\(([fitted] + (panes.first?.filters ?? [])).joined(separator: ","))]" }
    let inputs = panes.indices.map { "[s\($0)]" }.joined()
    let cut = panes.enumerated().map { "[s\($0)]\($1.filters.joined(separator: ","))[p\($0)]" }.joined(separator: ";")
    let outputs = panes.indices.map { "[p\($0)]" }.joined()
    let places = panes.map { "\($0.left)_\($0.top)" }.joined(separator: "|")
    return "lavfi=[\(fitted),split=\(panes.count)\(inputs);\(cut);"
      + "\(outputs)xstack=inputs=\(panes.count):layout=\(places):fill=black]"
  }
}

extension WallMosaic.Pane {
  fileprivate var filters: [String] {
    let crop = "crop=\(part.width):\(part.height):\(part.x):\(part.y)"
    // Turned the other way than the display, so that it stands upright for whoever looks at it.
    return switch rotation {
    case 90: [crop, "transpose=cclock"]
    case 180: [crop, "hflip", "vflip"]
    case 270: [crop, "transpose=clock"]
    default: [crop]
    }
  }
}
