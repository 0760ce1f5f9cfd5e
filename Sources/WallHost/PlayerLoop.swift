import ChildPrograms
import DeviceKit
import DeviceVocabulary
import Foundation
import MPVCodec
import MPVDriver
import Transports

/// The windows of a player. Belongs to its thread.
struct PlayerLoop {
  private final class Window {
    let id: Int
    let number: UInt16
    let frame: WallFrame
    var driver: TileDriver
    var mosaic: WallMosaic?
    var process: TileProcess?
    var starts = RestartLimit()
    var hasTrouble = false
    /// Told in the log already.
    var isWithoutScreen = false
    var isToldBeyond = false
    init(_ id: Int, _ number: UInt16, _ frame: WallFrame) {
      self.id = id
      self.number = number
      self.frame = frame
      driver = TileDriver(TileSettings(number: number, frame: frame), seed: UInt64(truncatingIfNeeded: id))
    }
  }

  /// Told to quit, and killed then if it does not.
  private var leaving: [(process: TileProcess, end: Instant)] = []
  private var windows: [Window] = []
  private var book = WindowBook()
  private let settings: PlayerSettings
  private let program: String
  private let folder: String
  private let log: (String) -> Void
  private let tell: (WallEvent) -> Void
  private let environment: [String: String]
  private let desktop: Desktop
  /// Windows that have said something of their picture.
  private let pictures = Pictures()

  static let quitLimit = Interval.milliseconds(500)

  init(
    settings: PlayerSettings, program: String, folder: String, log: @escaping (String) -> Void,
    tell: @escaping (WallEvent) -> Void
  ) {
    self.settings = settings
    self.program = program
    self.folder = folder
    self.log = log
    self.tell = tell
    var environment = ProcessInfo.processInfo.environment
    if let display = settings.display { environment["DISPLAY"] = display }
    // The key to the screen lies with the user, where the environment does not say otherwise.
    if environment["XAUTHORITY"] == nil, let home = environment["HOME"] { environment["XAUTHORITY"] = "\(home)/.Xauthority" }
    // Nothing else of the user's is read, and nothing is left behind there.
    environment["HOME"] = folder
    // There a window cannot say where it stands.
    environment["WAYLAND_DISPLAY"] = nil
    self.environment = environment
    desktop = Desktop(environment: environment)
  }

  // MARK: - Orders

  mutating func take(_ wishes: [WallWish]) { perform(book.take(wishes, at: MonotonicClock.now())) }

  func identify(_ number: UInt16, _ seconds: UInt8) {
    for window in windows where window.number == number { give(window, .identify(number, seconds: seconds)) }
  }

  func retest() { for window in windows { give(window, .retest) } }

  private mutating func perform(_ changes: [WindowBook.Change]) {
    for change in changes {
      switch change {
      case .open(let id, let number, let frame): windows.append(Window(id, number, frame))
      case .show(let id, let picture):
        guard let window = windows.first(where: { $0.id == id }) else { continue }
        var picture = picture
        // Of the process, and not to be read back from it.
        window.mosaic = picture.mosaic
        picture.mosaic = nil
        picture.address = TestPicture.resolve(picture.address) ?? ""
        give(window, .wished([WallWish(window.number, .picture(picture))]))
      case .close(let id):
        guard let index = windows.firstIndex(where: { $0.id == id }) else { continue }
        let window = windows.remove(at: index)
        guard let process = window.process else { continue }
        _ = process.isConnected && process.write(MPVRequest.quit(0).bytes)
        leaving.append((process, MonotonicClock.now() + Self.quitLimit))
      }
    }
  }

  mutating func endAll() {
    for window in windows { window.process?.end() }
    for item in leaving { item.process.end() }
    desktop.end()
    windows.removeAll()
    leaving.removeAll()
  }

  // MARK: - Steps

  /// Does what is due; answers when to come again.
  mutating func step() -> Instant {
    let now = MonotonicClock.now()
    var next = now + .milliseconds(500)
    leaving.removeAll { item in
      guard item.end <= now || item.process.hasEnded else { return false }
      item.process.end()
      return true
    }
    if desktop.step(at: now) { sawDesktop() }
    if let due = desktop.deadline { next = min(next, due) }
    if !leaving.isEmpty { next = min(next, now + .milliseconds(50)) }
    for item in leaving { item.process.words.read() }
    for window in windows {
      window.process?.words.read()
      if let process = window.process, !process.isConnected {
        if process.connectIfReady() {
          give(window, .linkUp)
        } else if process.hasEnded {
          lost(window)
        } else {
          next = min(next, now + TileProcess.look)
        }
      }
      var rounds = 0
      while let due = window.driver.deadline, due <= MonotonicClock.now(), rounds < 20 {
        give(window, .wake)
        rounds += 1
      }
      if let due = window.driver.deadline { next = min(next, due) }
      if window.process != nil, window.process?.isConnected == false { next = min(next, now + TileProcess.look) }
    }
    perform(book.tick(at: now))
    tellBeyond()
    perform(settled())
    if let due = book.deadline { next = min(next, due) }
    return next
  }

  func watch(_ ready: inout ReadySet) {
    for window in windows {
      if let process = window.process, process.isConnected {
        ready.watch(process.descriptor, as: window.id, output: process.wantsToWrite)
      }
    }
  }

  func serve(_ id: Int, _ found: Readiness) {
    guard let window = windows.first(where: { $0.id == id }), let process = window.process, process.isConnected else { return }
    if found.contains(.output), !process.flush() { return lost(window) }
    guard !found.isDisjoint(with: [.input, .hangup]) else { return }
    switch process.read() {
    case .nothing: if found.contains(.hangup) { lost(window) }
    case .bytes(let bytes): give(window, .received(bytes))
    case .lost: lost(window)
    }
  }

  private func lost(_ window: Window) {
    if let process = window.process, process.hasEnded {
      process.words.read()
      if let words = process.words.lastLine {
        log("窗口 \(window.number): mpv 结束了,最后说的是 / window: mpv has ended, and said last: \(words)")
      }
    }
    window.process?.end()
    window.process = nil
    give(window, .linkDown)
  }

  // MARK: - Drivers

  private func give(_ window: Window, _ input: WallInput) {
    var effects = Effects<WallEffect>()
    window.driver.handle(input, at: MonotonicClock.now(), into: &effects)
    var isLost = false
    while let effect = effects.takeFirst() {
      switch effect {
      case .write(let bytes): isLost = isLost || window.process?.write(bytes) == false
      case .reopen: isLost = !reopen(window)
      case .event(let event): heard(window, event)
      }
    }
    if isLost { lost(window) }
  }

  /// False when no process could be started.
  private func reopen(_ window: Window) -> Bool {
    window.process?.end()
    window.process = nil
    guard window.starts.allows(at: MonotonicClock.now()) else {
      if !window.hasTrouble {
        window.hasTrouble = true
        log("窗口 \(window.number): mpv 一分钟内重启了 \(RestartLimit.starts) 次,暂停 / window: mpv ended too often, paused")
        tell(.notSwitched(window.number, .refused("mpv \(RestartLimit.starts)/60 s")))
      }
      return false
    }
    let socket = "\(folder)/\(window.id).sock"
    let command = settings.command(
      program: program, number: window.number, frame: window.frame, mosaic: window.mosaic, socket: socket)
    do {
      window.process = try TileProcess(command, socket: socket, environment: environment)
      return true
    } catch {
      log("窗口 \(window.number): 启动不了 mpv / window: mpv cannot be started: \(error)")
      return false
    }
  }

  private func heard(_ window: Window, _ event: WallEvent) {
    // What is on its way out says nothing that counts.
    guard book.isCurrent(window.id) else { return }
    switch event {
    // A window's own: the player is there as long as it says so.
    case .healthChanged(let health):
      if health == .online { window.hasTrouble = false }
      // Nothing that can be vouched for is on that part of the wall.
      if health == .absent || health == .faulted { tell(.pictureObserved(window.number, .noProcess)) }
    case .described: if window.number == windows.first?.number { tell(event) }
    case .pictureObserved(let number, let state):
      pictures.ids.insert(window.id)
      tell(.pictureObserved(number, seen(window, state)))
    default: tell(event)
    }
  }

  /// A picture that mpv has, and nobody can see: the source is not to blame.
  private func seen(_ window: Window, _ state: PictureState) -> PictureState {
    guard case .none = state else {
      window.isWithoutScreen = false
      window.process?.words.forget()
      guard let size = desktop.beyond(window.frame) else { return state }
      return .none(reason: "off screen \(size)")
    }
    window.process?.words.read()
    guard state != .noProcess, let words = window.process?.words.screenTrouble else { return state }
    if !window.isWithoutScreen {
      window.isWithoutScreen = true
      log("窗口 \(window.number): mpv 打不开显示,看 --display 和 --output / window: mpv cannot open its display: \(words)")
    }
    return .none(reason: "vo:\(words)")
  }

  private func sawDesktop() {
    switch desktop.look {
    case .cannotOpen(let words)?: log("打不开显示,看 --display / the display cannot be opened: \(words)")
    case .size(let width, let height)?:
      log("桌面 / desktop: \(width)x\(height)")
      for window in windows { window.isToldBeyond = false }
    case nil: break
    }
    tellBeyond()
  }

  private func tellBeyond() {
    for window in windows where !window.isToldBeyond {
      guard let size = desktop.beyond(window.frame) else { continue }
      window.isToldBeyond = true
      let frame = window.frame
      log(
        "窗口 \(window.number): screen [\(frame.x), \(frame.y), \(frame.width), \(frame.height)] 超出桌面 \(size),看不全 / reaches beyond the desktop"
      )
    }
  }

  private mutating func settled() -> [WindowBook.Change] {
    let now = MonotonicClock.now()
    let found = pictures.ids.sorted()
    pictures.ids.removeAll()
    return found.flatMap { book.settled($0, at: now) }
  }
}

private final class Pictures {
  var ids: Set<Int> = []
}
