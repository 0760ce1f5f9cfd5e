import ArgumentParser
import Foundation
import KioskHost
import StationRuntime

struct Kiosk: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "看护自助终端的浏览器 / runs and watches over the browser of a terminal", discussion: KioskText.help)
  @Option(help: "站点文件:取其中的端口和终端 / site file, for port and terminal") var site: String?
  @Option(help: "终端页面,必须在本机 / the terminal's page, on this machine") var url: String?
  @Option(help: "站点文件有几个终端时选哪个 / which terminal of the site file") var terminal: String?
  @Option(help: "浏览器程序,默认找 chromium / browser; default: chromium") var browser: String?
  @Option(help: "没有窗口管理器时的屏幕大小,例如 1920x1080 / size of the screen where no window manager runs") var size: String?
  @Option(help: "浏览器完全起不来时写提示的控制台,例如 /dev/tty1 / console for words when no browser runs at all") var console: String?
  @Option(help: "浏览器完全起不来时画提示图的帧缓冲,默认 /dev/fb0 / framebuffer for the notice when no browser runs; default: /dev/fb0")
  var framebuffer: String?
  @Option(help: .hidden) var framebufferForm: String?
  @Flag(help: "只把存好的提示图画到帧缓冲 / only draws the kept picture of the notice") var notice = false
  @Flag(help: "不用屏幕 / without a screen") var headless = false
  @Flag(help: "只检查这台机器缺什么 / only says what this machine lacks") var check = false
  @Flag(help: "只打印浏览器策略 / only prints the browser's policy") var policy = false
  @Option(help: .hidden) var debugPort: Int?
  @Flag(help: .hidden) var noSandbox = false

  func run() async throws {
    if check { return try tellCheckUp() }
    if notice { return try drawNotice() }
    var browser = try KioskBrowser(program: browser, address: try address())
    browser.headless = headless
    browser.debugPort = debugPort
    browser.noSandbox = noSandbox
    browser.size = try parsedSize()
    if policy { return print(String(decoding: browser.policy, as: UTF8.self)) }
    let signals = Signals()
    let manager = ServiceManager()
    let supervisor = try KioskSupervisor(
      browser, console: console, buffer: try buffer(), log: { Terminal.log($0) }, alive: { manager.alive() })
    supervisor.start()
    manager.ready()
    Terminal.log("看护 / watching over \(browser.address.page)")
    await signals.stop()
    manager.stopping()
    supervisor.stop()
    Terminal.log("终端已停止,资料已清除 / terminal stopped, its profile is wiped")
  }

  private func tellCheckUp() throws {
    let found = KioskCheckUp(browser: browser, headless: headless, buffer: try buffer())
    for line in found.lines { print("\(line.mark.rawValue) \(line.text)") }
    guard found.isUsable else { throw ExitCode(1) }
  }

  private func drawNotice() throws {
    guard let buffer = try buffer() else { throw Failure("没有 \(FrameBuffer.usual) / no framebuffer") }
    guard NoticeStore()?.show(on: buffer) == true else {
      throw Failure("没有提示图,或画不到 \(buffer.path) / no picture is kept, or it cannot be drawn there")
    }
  }

  private func buffer() throws -> FrameBuffer? {
    guard let framebuffer else {
      return access(FrameBuffer.usual, F_OK) == 0 ? FrameBuffer(path: FrameBuffer.usual) : nil
    }
    let form = try framebufferForm.map { text in
      guard let form = FrameBuffer.Form(text) else { throw ValidationError("--framebuffer-form 1920x1080x32,7680") }
      return form
    }
    return FrameBuffer(path: framebuffer, form: form)
  }

  private func address() throws -> KioskAddress {
    guard let site else { return try KioskAddress(url ?? "http://127.0.0.1:8466/kiosk/hall") }
    guard url == nil else { throw ValidationError("--site 或 --url,只用一个 / one of them") }
    let file = try SiteArgument.read(site)
    guard let pages = file.visitPages, let visits = file.plan.visits else {
      throw Failure("\(site) 没有 visits:,没有自助终端 / this site file has no terminal")
    }
    let known = visits.kiosks.map(\.id)
    let list = known.joined(separator: ", ")
    guard let chosen = terminal ?? known.first, known.contains(chosen) else {
      throw Failure("\(site) 没有终端 \(terminal ?? ""),有:\(list) / no such terminal")
    }
    guard terminal != nil || known.count == 1 else { throw Failure("用 --terminal 选一个 / name one with --terminal: \(list)") }
    return KioskAddress(port: pages.publicPort, terminal: chosen)
  }

  private func parsedSize() throws -> (width: Int, height: Int)? {
    guard let size else { return nil }
    let parts = size.split(separator: "x").compactMap { Int($0) }
    guard parts.count == 2, parts.allSatisfy({ (320...16384).contains($0) }) else { throw ValidationError("--size 1920x1080") }
    return (parts[0], parts[1])
  }
}

enum KioskText {
  static let help = """
    全屏打开终端页面;页面 8 秒没有心跳或浏览器退出,就整组结束、清除资料、重新启动;连续 3 次失败显示“不能用,按红色按钮”,以后再试。
    A page that is silent for 8 s, or a browser that ends, is killed with all that it started, and comes up in a new profile.

    systemd (cage: a compositor for one program; user kiosk in groups video, input, render, audio), /etc/systemd/system/linli-kiosk.service:
      [Unit]
      After=linli.service
      [Service]
      Type=notify
      NotifyAccess=all
      User=kiosk
      PAMName=login
      TTYPath=/dev/tty1
      StateDirectory=linli-kiosk
      ExecStart=/usr/bin/cage -- /usr/local/bin/linli kiosk --site /etc/linli/site.yaml --console /dev/tty1
      ExecStopPost=-/usr/local/bin/linli kiosk --notice
      Restart=always
      RestartSec=2
      KillMode=control-group
      [Install]
      WantedBy=graphical.target

    先用 linli kiosk --check 看缺什么 / first look with --check. Sources/KioskHost/README.md: what is closed, and by what.
    """
}
