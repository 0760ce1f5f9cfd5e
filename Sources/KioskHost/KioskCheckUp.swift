import ChildPrograms
import Foundation
import Glibc

/// What a terminal needs of its machine, and what to do where it is missing.
public struct KioskCheckUp: Sendable {
  public struct Line: Sendable, Equatable {
    public enum Mark: String, Sendable { case good = "✓", missing = "✗", lacking = "!" }
    public var mark: Mark
    public var text: String
  }
  public private(set) var lines: [Line] = []

  /// Whether residents can use the terminal; what is only lacking is said and does without.
  public var isUsable: Bool { !lines.contains { $0.mark == .missing } }

  /// - Parameter buffer: where the notice is drawn when no browser runs; `nil`: there is none.
  public init(
    browser: String?, headless: Bool, buffer: FrameBuffer?, environment: [String: String] = ProcessInfo.processInfo.environment
  ) {
    look(browser)
    lookForFonts()
    lookForScreen(headless, environment)
    lookForSound(environment)
    look(buffer, environment)
    if getuid() == 0 {
      add(.missing, "现在是 root:请用普通用户运行 / this is root: run it as an ordinary user, or the browser's sandbox is off")
    }
  }

  private mutating func add(_ mark: Line.Mark, _ text: String) { lines.append(Line(mark: mark, text: text)) }

  private mutating func look(_ told: String?) {
    let found =
      told.map { KioskBrowser.canRun($0) ? $0 : nil } ?? KioskBrowser.find()
    if let found {
      add(.good, "浏览器 / browser: \(found)")
    } else {
      add(.missing, "没有浏览器:apt install chromium,或用 --browser 指明 / no browser: install chromium, or name one")
    }
    if (try? ChildProgram.find("setpriv")) == nil { add(.missing, "没有 setpriv:apt install util-linux / setpriv is missing") }
    let memory = KioskProfile.parents.first { KioskProfile.isMemory($0) && access($0, W_OK) == 0 }
    if let memory {
      add(.good, "浏览器资料只在内存里 / the profile lies in memory: \(memory)")
    } else {
      add(.lacking, "没有内存文件夹,资料放在磁盘上,用后删除:把 /tmp 或 /dev/shm 挂成 tmpfs / the profile lies on a disk: mount a tmpfs")
    }
    let folder = (memory ?? "/tmp") + "/linli-kiosk-check-\(getpid())"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try? FileManager.default.createDirectory(atPath: folder + "/etc/policies/managed", withIntermediateDirectories: true)
    if KioskBrowser.canOrder(folder: folder) {
      add(.good, "浏览器策略生效(只对这个浏览器) / the managed policy is in force, for this browser only")
    } else {
      add(
        .lacking,
        "浏览器策略用不了:把 linli kiosk --policy 的输出存为 /etc/chromium/policies/managed/linli.json / no policy: save what --policy prints there"
      )
    }
  }

  private mutating func lookForFonts() {
    let folders = ["/usr/share/fonts", "/usr/local/share/fonts"]
    let isThere = folders.contains { folder in
      FileManager.default.enumerator(atPath: folder)?.contains { file in
        let name = "\(file)".lowercased()
        return ["cjk", "wqy", "notosanssc", "sourcehansans", "uming", "droidsansfallback"].contains { name.contains($0) }
      } ?? false
    }
    if isThere {
      add(.good, "中文字体 / Chinese fonts")
    } else {
      add(.missing, "没有中文字体:apt install fonts-noto-cjk / no Chinese font")
    }
  }

  private mutating func lookForScreen(_ headless: Bool, _ environment: [String: String]) {
    if headless {
      add(.lacking, "不用屏幕(--headless),居民看不到 / no screen is used")
    } else if let display = environment["WAYLAND_DISPLAY"] ?? environment["DISPLAY"] {
      add(.good, "屏幕 / screen: \(display)")
    } else {
      add(
        .missing,
        "没有图形屏幕:apt install cage,再用 cage -- linli kiosk …;或在桌面自启动里运行 / no screen: run it under cage, or from the desktop's autostart"
      )
    }
  }

  private mutating func look(_ buffer: FrameBuffer?, _ environment: [String: String]) {
    guard let buffer else {
      return add(
        .lacking, "没有 \(FrameBuffer.usual):浏览器完全起不来时只有控制台上的字 / no framebuffer: without any browser only words on the console")
    }
    guard let form = buffer.knownForm else {
      return add(
        .lacking, "用不了 \(buffer.path):把用户加入 video 组 / cannot draw on it: put the user into the group video")
    }
    let size = "\(form.width)x\(form.height), \(form.bitsPerPixel) bit"
    guard let store = NoticeStore(environment) else {
      return add(.lacking, "\(buffer.path)(\(size)):没有存提示图的文件夹,设 StateDirectory= / no folder for the picture: StateDirectory=")
    }
    if store.hasPicture(form) {
      add(.good, "浏览器起不来时的提示图 / picture for when no browser runs: \(buffer.path), \(size)")
    } else {
      add(.lacking, "\(buffer.path)(\(size)):还没有提示图,终端第一次正常时自动画好 / no picture yet: drawn when the terminal first works")
    }
  }

  private mutating func lookForSound(_ environment: [String: String]) {
    if EspeakVoice.hasDevice(environment) {
      add(.good, "声卡 / sound device")
    } else {
      add(.lacking, "没有声卡:终端不出声,文字都在屏幕上 / no sound device: silent, all text is on the screen")
    }
    if EspeakVoice.program() != nil {
      add(.good, "语音 / voice: espeak-ng")
    } else {
      add(.lacking, "没有语音:apt install espeak-ng / no voice: install espeak-ng")
    }
  }
}
