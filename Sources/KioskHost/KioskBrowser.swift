import ChildPrograms
import Foundation
import Glibc

/// How Chromium is started for a terminal: the command, its managed policy, and its surroundings.
///
/// What holds where: the policy forbids pages, downloads, dialogs and devices; the proxy that nobody serves lets no byte go elsewhere; the page
/// itself (`kiosk-keys.js`) takes every key first. Each holds without the others.
public struct KioskBrowser: Sendable {
  public var program: String
  public var address: KioskAddress
  /// Without a screen.
  public var headless = false
  /// Tests only: where DevTools may be asked, which a page in the hall must never be.
  public var debugPort: Int?
  /// Tests only: root has no sandbox.
  public var noSandbox = false
  /// Where no window manager makes it as large as the screen.
  public var size: (width: Int, height: Int)?

  public init(program: String?, address: KioskAddress) throws(KioskError) {
    if let program {
      guard Self.canRun(program) else { throw .noBrowser }
      self.program = program
    } else {
      guard let found = Self.find() else { throw .noBrowser }
      self.program = found
    }
    self.address = address
  }

  static func canRun(_ program: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: program, isDirectory: &isFolder) && !isFolder.boolValue
      && access(program, X_OK) == 0
  }

  /// Debian's own first: the script in PATH would add flags of others.
  static func find() -> String? {
    names.lazy.compactMap { $0.hasPrefix("/") ? (canRun($0) ? $0 : nil) : try? ChildProgram.find($0) }.first
  }

  private static let names = ["/usr/lib/chromium/chromium", "chromium", "chromium-browser", "google-chrome"]

  // MARK: - The policy

  /// What administrators may order, as a file for `/etc/chromium/policies/managed`.
  public var policy: Data { policy(.terminal) }

  func policy(_ page: KioskWatch.Page) -> Data {
    var orders: [String: Any] = [
      "URLBlocklist": [
        "*", "chrome://*", "chrome-untrusted://*", "devtools://*", "view-source:*", "file://*", "javascript://*", "about:*",
      ], "URLAllowlist": [page == .terminal ? "\(address.host)\(address.path)" : "data:*"],
      "AllowFileSelectionDialogs": false, "DownloadRestrictions": 3, "PrintingEnabled": false, "DefaultPopupsSetting": 2,
      "DeveloperToolsAvailability": 2, "RemoteDebuggingAllowed": false, "TaskManagerEndProcessEnabled": false,
      "ExtensionInstallBlocklist": ["*"], "BrowserAddPersonEnabled": false, "BrowserGuestModeEnabled": false, "BrowserSignin": 0,
      "SyncDisabled": true, "PasswordManagerEnabled": false, "AutofillAddressEnabled": false, "AutofillCreditCardEnabled": false,
      "TranslateEnabled": false, "SpellcheckEnabled": false, "SearchSuggestEnabled": false, "DefaultSearchProviderEnabled": false,
      "EditBookmarksEnabled": false, "BookmarkBarEnabled": false, "ShowHomeButton": false, "MetricsReportingEnabled": false,
      "ComponentUpdatesEnabled": false, "BackgroundModeEnabled": false, "NetworkPredictionOptions": 2,
      "SafeBrowsingProtectionLevel": 0,
      "DefaultBrowserSettingEnabled": false, "PromotionsEnabled": false, "ScreenCaptureAllowed": false,
      "VideoCaptureAllowed": false,
      "AudioCaptureAllowed": false, "EnableMediaRouter": false, "AllowDinosaurEasterEgg": false,
      "SavingBrowserHistoryDisabled": true,
      "DefaultGeolocationSetting": 2, "DefaultNotificationsSetting": 2, "DefaultClipboardSetting": 2, "DefaultSensorsSetting": 2,
      "DefaultSerialGuardSetting": 2, "DefaultWebUsbGuardSetting": 2, "DefaultWebHidGuardSetting": 2,
      "DefaultWebBluetoothGuardSetting": 2, "DefaultFileSystemReadGuardSetting": 2, "DefaultFileSystemWriteGuardSetting": 2,
      "DefaultLocalFontsSetting": 2, "DefaultWindowManagementSetting": 2, "DefaultThirdPartyStoragePartitioningSetting": 1,
      "WebAuthenticationRemoteDesktopAllowedOrigins": [String](),
    ]
    if debugPort != nil {
      orders["DeveloperToolsAvailability"] = 1
      orders["RemoteDebuggingAllowed"] = true
    }
    return (try? JSONSerialization.data(withJSONObject: orders, options: [.sortedKeys, .prettyPrinted])) ?? Data("{}".utf8)
  }

  // MARK: - The command

  /// - Parameters:
  ///   - page: what is shown instead of the terminal's page.
  ///   - mark: what the terminal's page says that it works under.
  func command(_ page: KioskWatch.Page, mark: String, in folder: String) -> [String] {
    [program] + flags + [
      "--user-data-dir=\(folder)/profile", "--app=\(page == .terminal ? address.page(mark: mark) : KioskNotice.address(page))",
    ]
  }

  /// Prints what a page of our own says, without a screen.
  func drawing(_ address: String, in folder: String) -> [String] {
    [program, "--headless", "--disable-gpu", "--dump-dom"] + closed + ["--user-data-dir=\(folder)/profile", address]
  }

  /// Wherever it is used: no first steps, nothing of its own on the line.
  private var closed: [String] {
    [
      "--no-first-run", "--no-default-browser-check", "--disable-extensions", "--disable-sync", "--disable-background-networking",
      "--disable-component-update", "--no-pings", "--disable-breakpad", "--disable-crash-reporter",
      "--proxy-server=http://127.0.0.1:9", "--proxy-bypass-list=<-loopback>", "--host-resolver-rules=MAP * ~NOTFOUND",
    ] + (noSandbox ? ["--no-sandbox"] : [])
  }

  private var flags: [String] {
    var flags = [
      "--kiosk", "--incognito", "--start-fullscreen", "--window-position=0,0", "--no-first-run", "--no-default-browser-check",
      "--disable-extensions", "--disable-component-extensions-with-background-pages", "--disable-default-apps", "--disable-sync",
      "--disable-translate", "--disable-background-networking", "--disable-component-update", "--disable-domain-reliability",
      "--disable-client-side-phishing-detection", "--no-pings", "--metrics-recording-only", "--disable-breakpad",
      "--disable-crash-reporter", "--no-report-upload", "--noerrdialogs", "--hide-crash-restore-bubble", "--disable-infobars",
      "--disable-dev-tools", "--disable-print-preview", "--disable-pinch", "--overscroll-history-navigation=0",
      "--disable-notifications", "--disable-speech-api-recognition", "--deny-permission-prompts", "--disable-file-system",
      "--disk-cache-size=1", "--media-cache-size=1", "--disable-gpu-shader-disk-cache", "--password-store=basic",
      "--use-mock-keychain", "--autoplay-policy=no-user-gesture-required", "--lang=zh-CN",
      "--disable-features=Translate,MediaRouter,OptimizationHints,AutofillServerCommunication,InterestFeedContentSuggestions,"
        + "GlobalMediaControls,TouchpadOverscrollHistoryNavigation,LiveCaption,ReadLater,SidePanelPinning,DialMediaRouteProvider",
      // All but the station's own port goes to a proxy that nobody serves; also what is on this machine.
      "--proxy-server=http://127.0.0.1:9", "--proxy-bypass-list=<-loopback>;\(address.host)",
      "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1", "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    ]
    if let size { flags.append("--window-size=\(size.width),\(size.height)") }
    if headless { flags += ["--headless=new", "--disable-gpu"] }
    if noSandbox { flags.append("--no-sandbox") }
    if let debugPort { flags.append("--remote-debugging-port=\(debugPort)") }
    let environment = ProcessInfo.processInfo.environment
    if !headless, environment["DISPLAY"] == nil, environment["WAYLAND_DISPLAY"] != nil {
      flags.append("--ozone-platform=wayland")
    }
    return flags
  }

  /// Wraps a command so that Chromium finds our folder where it looks for its policies, and nobody else does: a mount of its own, for which an
  /// ordinary user needs user namespaces (as Chromium's sandbox does).
  ///
  /// - Returns: `nil` where that does not work; then flags and page have to do.
  static func underPolicy(_ command: [String], folder: String) -> [String]? {
    guard access(place, F_OK) == 0, let unshare = try? ChildProgram.find("unshare"), let shell = try? ChildProgram.find("sh")
    else {
      return nil
    }
    let mount = "mount --bind \"$1\" \(place) || exit 97; shift; exec \"$@\""
    let inner = getuid() == 0 ? [] : [unshare, "--user", "--map-user=\(getuid())", "--map-group=\(getgid())", "--"]
    let outer = getuid() == 0 ? [unshare, "--mount"] : [unshare, "--user", "--map-root-user", "--mount"]
    return outer + ["--", shell, "-c", mount, "sh", "\(folder)/etc"] + inner + command
  }

  /// Whether the policy can be put in its place; to be asked on the thread that starts browsers.
  static func canOrder(folder: String) -> Bool {
    let nothing = open("/dev/null", O_RDWR | O_CLOEXEC)
    defer { close(nothing) }
    let test = ["/bin/sh", "-c", "[ -d \(place)/policies/managed ]"]
    guard let command = underPolicy(test, folder: folder),
      let child = try? ChildProgram.start(command, passing: [(nothing, 0), (nothing, 1), (nothing, 2)])
    else { return false }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0 && errno == EINTR {}
    return status == 0
  }

  /// Where Debian's Chromium looks.
  static let place = "/etc/chromium"

  /// Everything that it could leave behind lies in its folder.
  static func environment(in folder: String, nonce: String) -> [String: String] {
    var environment = ProcessInfo.processInfo.environment
    if environment["XAUTHORITY"] == nil, let home = environment["HOME"] { environment["XAUTHORITY"] = "\(home)/.Xauthority" }
    for name in ["HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"] { environment[name] = "\(folder)/home" }
    environment["TMPDIR"] = "\(folder)/tmp"
    environment["LANG"] = "zh_CN.UTF-8"
    environment["LANGUAGE"] = "zh_CN"
    environment["DBUS_SESSION_BUS_ADDRESS"] = "disabled:"
    environment[KioskChild.mark] = nonce
    environment["NOTIFY_SOCKET"] = nil
    environment["GOOGLE_API_KEY"] = "no"
    environment["GOOGLE_DEFAULT_CLIENT_ID"] = "no"
    environment["GOOGLE_DEFAULT_CLIENT_SECRET"] = "no"
    return environment
  }
}
