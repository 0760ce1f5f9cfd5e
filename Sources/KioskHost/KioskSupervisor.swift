import ChildPrograms
import DeviceKit
import Foundation
import Glibc
import Transports

/// Keeps a terminal's browser running, from one thread: its own. What is decided is in `KioskWatch`.
public final class KioskSupervisor: Sendable {
  private let browser: KioskBrowser
  private let profile: KioskProfile
  private let console: String?
  private let buffer: FrameBuffer?
  private let store: NoticeStore?
  private let log: @Sendable (String) -> Void
  private let alive: @Sendable () -> Void
  private let stopping = DispatchSemaphore(value: 0)
  private let ended = DispatchGroup()

  /// - Parameters:
  ///   - console: where words are written when no browser runs at all, for instance `/dev/tty1`; `nil`: nowhere.
  ///   - buffer: where a picture with Chinese words is drawn then, if one was kept while a browser ran; `nil`: nowhere.
  ///   - log: one line for each change.
  ///   - alive: called as long as the watch itself works.
  public init(
    _ browser: KioskBrowser, console: String?, buffer: FrameBuffer? = nil, log: @escaping @Sendable (String) -> Void,
    alive: @escaping @Sendable () -> Void = {}
  ) throws(KioskError) {
    guard getuid() != 0 || browser.noSandbox else { throw .isRoot }
    self.browser = browser
    self.console = console
    self.buffer = buffer
    store = NoticeStore()
    self.log = log
    self.alive = alive
    profile = try KioskProfile(terminal: browser.address.terminal)
    if !profile.isInMemory {
      log("没有内存文件夹,浏览器资料放在 \(profile.path),用后删除 / no folder in memory: the profile lies on a disk, and is deleted")
    }
  }

  public func start() {
    ended.enter()
    let thread = Thread { [self] in
      run()
      ended.leave()
    }
    thread.name = "kiosk"
    thread.start()
  }

  /// Ends the browser and wipes what it kept; returns when that is done.
  public func stop() {
    stopping.signal()
    ended.wait()
  }

  // MARK: - The thread

  private static let look = DispatchTimeInterval.milliseconds(200)

  private func run() {
    var watch = KioskWatch()
    var effects = Effects<KioskWatch.Effect>()
    var hands = Hands(browser: browser, profile: profile)
    if !hands.hasPolicy {
      log("浏览器策略用不了(没有 \(KioskBrowser.place) 或用户命名空间),只靠启动参数和网页 / no managed policy: flags and page have to do")
    }
    let pulse = KioskPulse(address: browser.address)
    let artist = buffer.flatMap { buffer in store.map { NoticeArtist(browser: browser, buffer: buffer, store: $0) } }
    var askedAt = Instant.zero
    func step(_ input: KioskWatch.Input) {
      watch.handle(input, at: MonotonicClock.now(), into: &effects)
      while let effect = effects.takeFirst() {
        perform(effect, &hands)
        if effect == .note(.works) { artist?.begin(underPolicy: hands.hasPolicy, at: MonotonicClock.now()) }
      }
    }
    step(.begun)
    repeat {
      if let how = hands.takeEnding() { step(.ended(how)) }
      if MonotonicClock.now() - askedAt >= KioskPulse.every {
        step(pulse.ask(mark: hands.mark))
        askedAt = MonotonicClock.now()
      }
      step(.tick)
      if let isKept = artist?.look(at: MonotonicClock.now()) {
        log(isKept ? "提示图已存好 / the picture of the notice is kept" : "提示图没有画成 / the picture of the notice could not be drawn")
      }
      alive()
    } while stopping.wait(timeout: .now() + Self.look) == .timedOut
    hands.end()
    artist?.end()
    profile.release()
  }

  private func perform(_ effect: KioskWatch.Effect, _ hands: inout Hands) {
    switch effect {
    case .end: hands.end()
    case .show(let page): hands.show(page)
    case .tellConsole: tellConsole()
    case .note(let note): log(Self.text(note))
    }
  }

  /// A picture with Chinese words where one is kept, words on the console otherwise.
  private func tellConsole() {
    guard let buffer, let store, store.picture != nil else { return writeConsole(KioskNotice.console) }
    // First, because the console draws in the same place.
    writeConsole(KioskNotice.emptyConsole)
    if store.show(on: buffer) {
      log("浏览器起不来,提示图已画到 \(buffer.path) / no browser: the picture of the notice is drawn there")
    } else {
      log("画不到 \(buffer.path) / cannot draw there")
      writeConsole(KioskNotice.console)
    }
  }

  private func writeConsole(_ text: String) {
    guard let console else { return }
    let terminal = open(console, O_WRONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)
    guard terminal >= 0 else { return log("写不了 \(console) / cannot write to the console") }
    defer { close(terminal) }
    let bytes = Array(text.utf8)
    _ = write(terminal, bytes, bytes.count)
  }

  static func text(_ note: KioskWatch.Note) -> String {
    switch note {
    case .started: "终端:启动浏览器,全新资料 / terminal: browser started, in a new profile"
    case .works: "终端:页面正常 / terminal: its page works"
    case .waitsForStation: "终端:站点没有应答,显示“正在启动” / terminal: the station does not answer"
    case .silent: "终端:页面无响应,重新启动 / terminal: its page is silent and is started anew"
    case .neverCame: "终端:页面没有起来 / terminal: its page did not come up"
    case .ended(let how): "终端:浏览器退出(\(how)),重新启动 / terminal: the browser ended and is started anew"
    case .givenUp(let failures, let seconds):
      "终端:\(failures) 次启动失败,显示“不能用,按红色按钮”,\(seconds) 秒后再试 / terminal: given up for now, a page says so"
    case .noticeEnded(let how): "终端:提示页也起不来(\(how)) / terminal: not even the plain page stays"
    }
  }
}

/// The browser that runs now. Belongs to the supervisor's thread.
private struct Hands {
  let browser: KioskBrowser
  let profile: KioskProfile
  let hasPolicy: Bool
  private var child: KioskChild?
  /// Of the page that was opened last.
  private(set) var mark = KioskAddress.newMark()
  /// Why the last one could not even be started.
  private var failure: String?

  init(browser: KioskBrowser, profile: KioskProfile) {
    self.browser = browser
    self.profile = profile
    hasPolicy = (try? profile.renew()) != nil && KioskBrowser.canOrder(folder: profile.path)
  }

  /// Starts a browser in a new profile.
  mutating func show(_ page: KioskWatch.Page) {
    end()
    failure = nil
    mark = KioskAddress.newMark()
    let nothing = open("/dev/null", O_WRONLY | O_CLOEXEC)
    defer { close(nothing) }
    do {
      try profile.renew()
      try profile.write("etc/policies/managed/linli.json", browser.policy(page))
      try profile.write("etc/master_preferences", Data("{}".utf8))
      child = try KioskChild(
        browser.command(page, mark: mark, in: profile.path), folder: profile.path, underPolicy: hasPolicy, log: nothing)
    } catch {
      failure = "\(error)"
    }
  }

  /// How the browser ended, once.
  mutating func takeEnding() -> String? {
    defer { failure = nil }
    return failure ?? child?.ending
  }

  mutating func end() {
    child?.end()
    child = nil
    profile.wipe()
  }
}
