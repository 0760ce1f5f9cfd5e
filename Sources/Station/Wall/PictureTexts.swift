import DeviceVocabulary

extension PictureState {
  /// For so long it may stand before that is a fault: a player that fills its buffer is soon done.
  private static let frozenSeconds: UInt32 = 5

  /// Long enough for a card.
  var isFrozen: Bool { if case .frozen(let seconds, _) = self { seconds >= Self.frozenSeconds } else { false } }

  /// What is the matter with the picture, in a few words; `nil`: it moves.
  public var text: BilingualText? {
    switch self {
    case .moving: nil
    case .frozen(let seconds, nil): BilingualText("画面 \(seconds) 秒不动", "it has stood still for \(seconds) s")
    case .frozen(let seconds, .paused?): BilingualText("被人暂停 \(seconds) 秒,正在恢复", "paused by somebody for \(seconds) s, goes on")
    case .frozen(let seconds, .buffering?):
      BilingualText("等信号源的数据 \(seconds) 秒(缓冲)", "has waited for its source's data for \(seconds) s (buffering)")
    case .black: BilingualText("画面全黑", "it is black")
    case .noProcess: BilingualText("播放程序 mpv 没有运行", "its player, mpv, does not run")
    case .none(let reason): Self.reason(reason)
    }
  }

  /// Why a source cannot be opened: mpv's own words, and what they mean.
  static func reason(_ reason: String) -> BilingualText {
    if reason.hasPrefix("vo:") {
      let words = reason.dropFirst(3)
      return BilingualText(
        "播放机的 mpv 打不开显示(\(words)),看 linli wall play 的 --display 和 --output",
        "the player's mpv cannot open its display (\(words)): see --display and --output of linli wall play")
    }
    if reason.hasPrefix("off screen ") {
      let size = reason.dropFirst(11)
      return BilingualText(
        "窗口超出了播放机的桌面(\(size)),看不全:核对站点文件的 screen",
        "its window reaches beyond the player's desktop (\(size)): see screen in the site file")
    }
    return switch reason {
    case "no picture": BilingualText("一直没有画面(no picture)", "no picture comes")
    // Of RTSP also where the camera refuses.
    case "unrecognized file format":
      BilingualText("打不开,格式认不出或被摄像机拒绝(\(reason))", "cannot be opened: \(reason), or refused by the camera")
    case "loading failed": BilingualText("打不开,读不到(\(reason))", "cannot be opened: \(reason)")
    case "eof": BilingualText("一打开就结束(\(reason))", "ends at once (\(reason))")
    case "no audio or video data played": BilingualText("打开了但没有画面(\(reason))", "has no picture: \(reason)")
    default: BilingualText("打不开(\(reason))", "cannot be opened: \(reason)")
    }
  }
}
