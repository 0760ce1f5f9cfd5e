import Foundation
import TestSupport
import Testing

@testable import KioskHost

@Suite struct KioskProfileTests {
  @Test func eachStartFindsAnEmptyFolderForItselfAlone() throws {
    let parent = Shell.newFolder()
    try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: parent) }
    let profile = try KioskProfile(terminal: "大厅/../x", parents: [parent])
    #expect(profile.path.hasPrefix("\(parent)/linli-kiosk-") && !profile.path.dropFirst(parent.count + 1).contains("/"))
    try profile.renew()
    try profile.write("profile/History", Data("A001".utf8))
    let mode = try FileManager.default.attributesOfItem(atPath: profile.path)[.posixPermissions] as? Int
    #expect(mode == 0o700)
    // A second one for the same terminal would wipe the first one's.
    #expect(throws: KioskError.alreadyWatched("大厅/../x")) { try KioskProfile(terminal: "大厅/../x", parents: [parent]) }
    try profile.renew()
    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(profile.path)/profile") == [])
    profile.release()
    #expect(try FileManager.default.contentsOfDirectory(atPath: parent) == [])
  }

  @Test func aFolderInMemoryComesFirst() {
    #expect(KioskProfile.isMemory("/dev/shm"))
    #expect(!KioskProfile.isMemory("/proc"))
    #expect(!KioskProfile.isMemory("/"))
  }

  @Test func theFlagsLetNothingElseThrough() throws {
    var browser = try KioskBrowser(program: "/bin/true", address: KioskAddress(port: 8466, terminal: "hall"))
    let command = browser.command(.terminal, mark: "1f", in: "/x")
    #expect(command.contains("--app=http://127.0.0.1:8466/kiosk/hall#1f") && command.contains("--user-data-dir=/x/profile"))
    #expect(
      !command.contains { $0.hasPrefix("--no-sandbox") || $0.hasPrefix("--remote-debugging") || $0.hasPrefix("--headless") })
    let policy = try #require(try JSONSerialization.jsonObject(with: browser.policy) as? [String: Any])
    #expect(policy["DeveloperToolsAvailability"] as? Int == 2 && policy["RemoteDebuggingAllowed"] as? Bool == false)
    #expect(policy["URLAllowlist"] as? [String] == ["127.0.0.1:8466/kiosk/hall"])
    browser.debugPort = 9
    #expect(browser.command(.broken, mark: "1f", in: "/x").contains("--remote-debugging-port=9"))
    #expect(browser.command(.broken, mark: "1f", in: "/x").contains { $0.hasPrefix("--app=data:text/html") })
    #expect(throws: KioskError.noBrowser) { try KioskBrowser(program: "/tmp", address: browser.address) }
  }
}
