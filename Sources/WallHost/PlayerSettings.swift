import DeviceVocabulary
import MPVDriver

/// How windows are opened on this PC.
public struct PlayerSettings: Sendable, Equatable {
  /// As the site file names it.
  public var player: String
  /// The X11 screen; `nil`: as the environment says.
  public var display: String?
  /// mpv's video output, `gpu` on a screen with a graphics card, `x11` without.
  public var videoOutput: String
  /// How mpv decodes, by the names of its `--hwdec`: `auto-copy-safe`, `auto-safe`, `no` for the processor, or a single method.
  public var hardwareDecoding: String

  /// mpv's filters see pictures in the PC's memory only: decoded by its processor, or copied back from the graphics card. Where they stay in
  /// the card nobody notices that one is black.
  public var noticesBlack: Bool { hardwareDecoding == "no" || hardwareDecoding.split(separator: "-").contains("copy") }

  public init(
    player: String, display: String? = nil, videoOutput: String = "gpu,x11", hardwareDecoding: String = "auto-copy-safe"
  ) {
    self.player = player
    self.display = display
    self.videoOutput = videoOutput
    self.hardwareDecoding = hardwareDecoding
  }

  /// The whole command line of a window. Nothing of a source is in it: other users of the PC can read it.
  func command(program: String, number: UInt16, frame: WallFrame, mosaic: WallMosaic? = nil, socket: String) -> [String] {
    let black = "@\(TileDriver.blackFilter):lavfi=[blackdetect=d=2:pic_th=0.98:pix_th=0.06]"
    // What is cut up here must not stay in a graphics card.
    let decoding = mosaic == nil || noticesBlack ? hardwareDecoding : "auto-copy-safe"
    return [
      program,
      // Nothing of the user's own settings, no scripts, no program that looks addresses up elsewhere.
      "--no-config", "--load-scripts=no", "--ytdl=no", "--idle=yes",
      // What it cannot do it says, and nothing else; of what it says no address is passed on.
      "--terminal=yes", "--input-terminal=no", "--msg-level=all=error", "--msg-color=no",
      // No window before there is a picture: it may stand over another one, which stays until then. The driver keeps it open from then on.
      "--force-window=no",
      // A picture without anything of a player, deaf to keyboard and mouse: no screenshot can be taken by a key.
      "--no-border", "--no-osc", "--osd-level=1", "--osd-bar=no", "--osd-font-size=40", "--osd-align-y=bottom",
      "--no-input-default-bindings", "--input-vo-keyboard=no", "--no-input-cursor", "--cursor-autohide=always", "--aid=no",
      "--no-sub", "--keepaspect-window=no", "--stop-screensaver=yes",
      "--geometry=\(frame.width)x\(frame.height)+\(frame.x)+\(frame.y)", "--title=linli-wall-\(number)",
      // Pictures at once; what accepts and never answers ends after 3 s.
      "--profile=low-latency", "--rtsp-transport=tcp", "--cache=no", "--network-timeout=5",
      "--demuxer-lavf-o-add=timeout=3000000", "--image-display-duration=inf",
      // Whether a picture is black all over (`noticesBlack`).
      "--vf=\(([black] + (mosaic.map { [$0.filter] } ?? [])).joined(separator: ","))",
      "--vo=\(videoOutput)", "--hwdec=\(decoding)", "--input-ipc-server=\(socket)",
    ]
  }
}
