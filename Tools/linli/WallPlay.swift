import ArgumentParser
import DeviceVocabulary
import Foundation
import StationRuntime
import WallHost

struct WallPlay: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "play", abstract: "在这台电脑的屏幕上做软件大屏 / makes a software wall of this PC's screens",
    discussion: """
      每个窗口一个 mpv;站点说放什么就放什么,看到的画面报告给站点。站点重启时画面不断。
      One mpv for each window; what the station wishes is shown, and what is seen is reported back. The pictures stay while the station restarts.
      它从站点的 Unix 套接字(站点文件旁的 .sock)问站点,所以在运行站点的电脑上运行;别的电脑上先用 ssh 转过来。一个名称只有一个播放机。
      It asks the station by its Unix socket (beside the site file), so it runs on the station's own PC; elsewhere ssh forwards that socket first.
      One program has a name at a time.
      只在 X11 上能摆放窗口 / windows can be placed on X11 only (on Wayland: an X11 session).
        linli wall play --try                                       四个测试画面,不用站点 / four test pictures, without a station
        linli wall play --connect site.yaml --player pc1 --display :0
        ssh -N -L /tmp/site.sock:/srv/linli/site.sock station &     别的电脑 / another PC
        linli wall play --connect /tmp/site.sock --player pc1 --display :0
      """)
  @Option(help: "站点文件,或它的套接字 / site file of the running station, or its socket") var connect: String?
  @Option(help: "站点文件里播放机的名称 / the player's name in the site file") var player: String?
  @Option(help: "X11 屏幕,如 :0 / X11 screen") var display: String?
  @Option(help: "mpv 的视频输出,依次试 / mpv's video outputs, in the order in which they are tried") var output = "gpu,x11"
  @Option(
    help: """
      怎么解码 / how pictures are decoded: auto-copy-safe 显卡解码再拷回内存 by the graphics card and copied back; no 处理器 by the processor; \
      auto-safe 留在显卡里,最省,但全黑的画面查不出来 kept in the card: cheapest, and black pictures are not noticed; 或 mpv 的 or mpv's --hwdec=...
      """) var decoding = "auto-copy-safe"
  @Flag(name: .customLong("try"), help: "四个测试画面 / four test pictures") var isTrial = false
  @Option(help: "--try 时整个屏幕的大小 / size of the whole screen for --try") var size = "1920x1080"

  func validate() throws {
    guard isTrial || connect != nil && player != nil else {
      throw ValidationError("要写 --connect 和 --player,或 --try / give --connect and --player, or --try")
    }
    if let player, !player.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-_".contains($0)) }) {
      throw ValidationError("--player 只能有字母、数字、- 和 _ / letters, digits, - and _ only")
    }
    if isTrial { _ = try trialWishes() }
  }

  func run() async throws {
    let signals = Signals()
    let manager = ServiceManager()
    let settings = PlayerSettings(
      player: player ?? "try", display: display, videoOutput: output, hardwareDecoding: decoding)
    let instance = PlayerInstance.current()
    let report = PlayerTeller(socket: isTrial ? nil : socket, player: settings.player, instance)
    let host = try WallPlayer(settings, log: { Terminal.log($0) }, tell: { report.tell($0) })
    host.start()
    var link: PlayerLink?
    if isTrial {
      host.wish(try trialWishes())
    } else {
      report.start()
      link = PlayerLink(socket: socket, player: settings.player, instance, host: host)
      link?.start()
    }
    manager.ready()
    Terminal.log("播放机 \(settings.player): 运行中 / running")
    if !settings.noticesBlack {
      Terminal.log("--decoding \(decoding): 画面留在显卡里,全黑的查不出来 / pictures stay in the graphics card: black ones are not noticed")
    }
    await signals.stop()
    manager.stopping()
    link?.stop()
    host.stop()
    report.stop()
    // Its windows are gone: whoever comes next need not wait.
    link?.leave()
    Terminal.log("播放机已停止 / stopped")
  }

  private var socket: String {
    guard let connect else { return "" }
    var status = stat()
    let isSocket = lstat(connect, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
    return isSocket || connect.hasSuffix(".sock") ? connect : Socket.station(connect)
  }

  private func trialWishes() throws -> [WallWish] {
    let parts = size.split(separator: "x").compactMap { Int($0) }
    guard parts.count == 2, parts.allSatisfy({ (64...32_768).contains($0) }) else { throw ValidationError("--size 1920x1080") }
    let (width, height) = (parts[0] / 2, parts[1] / 2)
    return (0..<4).map { index in
      let frame = WallFrame(x: index % 2 * width, y: index / 2 * height, width: width, height: height)
      let picture = DeviceVocabulary.WallPicture(
        source: "test-\(index + 1)", address: "test:\(index + 1)", label: "测试 \(index + 1)", frame: frame)
      return WallWish(UInt16(index + 1), .picture(picture))
    }
  }
}
