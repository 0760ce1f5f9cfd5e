import ChildPrograms
import DeviceKit
import Foundation
import Glibc

/// Has the picture of the notice drawn by the browser while that works, and keeps it for when it does not. Belongs to the supervisor's thread.
final class NoticeArtist {
  private let browser: KioskBrowser
  private let buffer: FrameBuffer
  private let store: NoticeStore
  private var drawing: Drawing?
  private var hasTried = false

  private struct Drawing {
    var child: KioskChild
    var profile: KioskProfile
    var output: String
    var form: FrameBuffer.Form
    var until: Instant
  }

  private static let patience = Interval.seconds(30)
  /// A browser without a screen prints a page by its own developer tools, which the terminal's policy forbids. Here nobody is at the keys.
  private static let policy = #"{"URLBlocklist": ["*"], "URLAllowlist": ["data:*"]}"#

  init(browser: KioskBrowser, buffer: FrameBuffer, store: NoticeStore) {
    self.browser = browser
    self.buffer = buffer
    self.store = store
  }

  /// The browser works: once in a run it is asked for a picture, if none of this size and these words is kept.
  func begin(underPolicy: Bool, at now: Instant) {
    guard !hasTried, drawing == nil, let form = buffer.knownForm else { return }
    hasTried = true
    guard !store.hasPicture(form) else { return }
    guard let profile = try? KioskProfile(terminal: "\(browser.address.terminal)-notice") else { return }
    let output = "\(profile.path)/picture"
    guard (try? profile.renew()) != nil,
      (try? profile.write("etc/policies/managed/linli.json", Data(Self.policy.utf8))) != nil
    else { return profile.release() }
    let file = open(output, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    let nothing = open("/dev/null", O_WRONLY | O_CLOEXEC)
    defer {
      close(file)
      close(nothing)
    }
    let command = browser.drawing(NoticeDrawing.address(form.width, form.height), in: profile.path)
    guard file >= 0,
      let child = try? KioskChild(command, folder: profile.path, underPolicy: underPolicy, log: nothing, output: file)
    else { return profile.release() }
    drawing = Drawing(child: child, profile: profile, output: output, form: form, until: now + Self.patience)
  }

  /// Whether a picture is kept now that was not before; `nil`: nothing new.
  func look(at now: Instant) -> Bool? {
    guard let drawing else { return nil }
    guard drawing.child.ending != nil || now >= drawing.until else { return nil }
    drawing.child.end()
    self.drawing = nil
    defer { drawing.profile.release() }
    guard let said = FileManager.default.contents(atPath: drawing.output), let picture = NoticePicture([UInt8](said)),
      picture.width == drawing.form.width, picture.height == drawing.form.height
    else { return false }
    return store.keep(picture)
  }

  func end() {
    drawing?.child.end()
    drawing?.profile.release()
    drawing = nil
  }
}

/// Where the picture is kept.
public struct NoticeStore: Sendable {
  let folder: String

  /// What systemd gives (`StateDirectory=`), or the user's own folder for such things; `nil`: there is none.
  public init?(_ environment: [String: String] = ProcessInfo.processInfo.environment) {
    if let state = environment["STATE_DIRECTORY"]?.split(separator: ":").first, state.hasPrefix("/") {
      folder = String(state)
    } else if let cache = environment["XDG_CACHE_HOME"], cache.hasPrefix("/") {
      folder = cache + "/linli"
    } else if let home = environment["HOME"], home.hasPrefix("/") {
      folder = home + "/.cache/linli"
    } else {
      return nil
    }
  }

  var path: String { "\(folder)/notice.picture" }
  /// The longest that a picture's file may be: no run is shorter than a pixel.
  private static let limit = NoticePicture.pixelLimit

  var picture: NoticePicture? {
    guard let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int, size <= Self.limit,
      let data = FileManager.default.contents(atPath: path)
    else { return nil }
    return NoticePicture([UInt8](data))
  }

  /// One of the words that are shown now, for a screen of this size.
  func hasPicture(_ form: FrameBuffer.Form) -> Bool {
    guard let picture else { return false }
    return picture.version == NoticeDrawing.version && picture.width == form.width && picture.height == form.height
  }

  func keep(_ picture: NoticePicture) -> Bool {
    try? FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    return (try? Data(picture.text).write(to: URL(fileURLWithPath: path), options: .atomic)) != nil
  }

  /// Draws what is kept on a screen.
  ///
  /// - Returns: `false` when there is nothing to draw, or nothing to draw on.
  public func show(on buffer: FrameBuffer) -> Bool { picture.map { buffer.draw($0) } ?? false }
}
