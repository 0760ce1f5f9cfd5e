import Foundation
import Station
import TestSupport
import Testing

extension BrowserTests {
  /// R12: a terminal whose screen froze is back within 15 s, with nothing of the visit, and a press is as fast meanwhile as ever.
  @Suite struct KioskWatchTests {
    @Test func aHangingPageAndADeadOneComeBackWipedWhilePressesKeepTheirTime() async throws {
      try await KioskRig.run { rig in
        let kiosk = try rig.startKiosk()
        try rig.waitForPage()
        try await visit(rig)
        // The page's one thread never comes back.
        var browser = try await rig.attach()
        try await browser.run("setTimeout(() => { for (;;) {} }, 50)")
        try await expectBack(rig, times: 2, press: "1/1")
        await browser.quit()
        try await visit(rig)
        // What draws it is gone.
        let renderers = rig.processes("--type=renderer")
        #expect(!renderers.isEmpty)
        for renderer in renderers { kill(renderer, SIGKILL) }
        try await expectBack(rig, times: 3, press: "2/1")
        // The browser itself.
        browser = try await rig.attach()
        #expect(try await browser.evaluate("return document.body.innerText.includes('A00')", as: Bool.self) == false)
        await browser.quit()
        // Whoever watches is killed: nothing of it goes on by itself, and the next one wipes what was left.
        let last = rig.processes("--type=renderer")
        kill(kiosk.processIdentifier, SIGKILL)
        try rig.shell.waitUntil("the browser ends with its watch", seconds: 10) { !last.contains { kill($0, 0) == 0 } }
        let second = try rig.startKiosk()
        try rig.waitForPage()
        #expect(try rig.shell.stop(second) == 0)
        #expect(!FileManager.default.fileExists(atPath: rig.profile))
      }
    }

    /// Another page of the same terminal, in another browser on this machine, says all the while that it works.
    @Test func aSecondPageDoesNotHideThatTheFirstOneHangs() async throws {
      try await KioskRig.run { rig in
        let kiosk = try rig.startKiosk()
        try rig.waitForPage()
        let second = try await Browser(folder: rig.shell.folder, onEveryPage: [])
        do {
          try await second.open(rig.page)
          try await second.wait("the second page is there", for: "document.body.dataset.screen === 'idle'")
          let browser = try await rig.attach()
          try await browser.run("setTimeout(() => { for (;;) {} }, 50)")
          try rig.shell.waitUntil("the hang is seen", seconds: 15) { rig.log.contains("its page is silent") }
          // It was not seen because nobody spoke.
          let answer = try await LocalHTTP.ask(port: rig.ports[1], "GET", "/api/kiosk/\(rig.terminal)/alive")
          let age = try JSONDecoder().decode([String: Int].self, from: answer.body)["aliveMillisecondsAgo"]
          #expect(try #require(age) < 6000)
          try rig.waitForPage(2)
          await browser.quit()
        } catch {
          await second.quit()
          throw error
        }
        await second.quit()
        #expect(try rig.shell.stop(kiosk) == 0)
      }
    }

    /// As far as a slip with a number.
    private func visit(_ rig: KioskRig) async throws {
      let browser = try await rig.attach()
      for key in ["touch", "business", "service", "take"] {
        try await browser.wait(
          "\(key) can be touched",
          for: "document.body.dataset.ready === 'yes' && document.querySelector(\"[data-key='\(key)']\")?.checkVisibility()")
        try await browser.run("document.querySelector(\"[data-key='\(key)']\").click()")
      }
      try await browser.wait("a number", for: "document.querySelector('.number')?.innerText.startsWith('A00')")
      await browser.quit()
    }

    private func expectBack(_ rig: KioskRig, times: Int, press button: String) async throws {
      let started = Date()
      _ = try rig.shell.panels("press \(button)")
      let panel = Int(button.prefix(1)) ?? 0
      try rig.shell.waitUntilLamp(panel, 1, shows: "slow")
      // From the finger to the journal, by the journal's own time: looking at lamps takes its time on a machine where a browser hangs.
      let pressed = Int64(started.timeIntervalSince1970 * 1000)
      let entry = try #require(try rig.shell.entries().last { if case .opened = $0.change { true } else { false } })
      #expect(entry.time.wallMilliseconds - pressed <= 500, "the press is recorded in time")
      try rig.waitForPage(times)
      #expect(Date().timeIntervalSince(started) < 15)
      let browser = try await rig.attach()
      try await browser.wait("it begins anew", for: "document.body.dataset.screen === 'idle'")
      #expect(try await browser.evaluate("return document.body.innerText.includes('A00')", as: Bool.self) == false)
      await browser.quit()
    }

    @Test func threeFailedStartsShowWhatToDoInstead() async throws {
      try await KioskRig.run { rig in
        // A browser that ends at once, as long as a file says so; then the real one, with the plain page.
        let program = "\(rig.shell.folder)/browser"
        let script = """
          #!/bin/sh
          echo x >> \(rig.shell.folder)/starts
          [ "$(wc -l < \(rig.shell.folder)/starts)" -gt 3 ] && exec chromium "$@"
          exit 3
          """
        try script.write(toFile: program, atomically: true, encoding: .utf8)
        chmod(program, 0o755)
        let kiosk = try rig.startKiosk(browser: program)
        try rig.shell.waitUntil("it is given up") { rig.log.contains("given up for now") }
        #expect(rig.log.contains("退出码 3") && rig.count("browser started") == 3)
        try await Self.expectNotice(rig)
        #expect(try rig.shell.stop(kiosk) == 0)
      }
    }

    /// R12, the last rung: no browser at all. What the last one that worked has drawn stands in the screen's memory.
    @Test func withoutAnyBrowserTheRedButtonStandsInTheFramebuffer() async throws {
      try await KioskRig.run { rig in
        let program = "\(rig.shell.folder)/browser"
        try "#!/bin/sh\nexit 3\n".write(toFile: program, atomically: true, encoding: .utf8)
        chmod(program, 0o755)
        let screen = "\(rig.shell.folder)/screen"
        let given = { (form: String) in ["--framebuffer", screen, "--framebuffer-form", form] }
        func console() throws -> String { try String(contentsOfFile: "\(rig.shell.folder)/console", encoding: .utf8) }
        func clear(_ bytes: Int) throws {
          try Data(repeating: 0xAA, count: bytes).write(to: URL(fileURLWithPath: screen))
          try Data().write(to: URL(fileURLWithPath: "\(rig.shell.folder)/console"))
        }
        // None was drawn yet: words on the console.
        try clear(1344 * 480)
        var kiosk = try rig.startKiosk(browser: program, given("640x480x16,1344"))
        try rig.shell.waitUntil("the words are there") { try console().contains("In danger press the red button") }
        #expect(try console().contains("有危险"))
        #expect(try rig.shell.stop(kiosk) == 0)
        // A browser that works draws it once.
        kiosk = try rig.startKiosk(given("640x480x16,1344"))
        try rig.shell.waitUntil("the picture is kept", seconds: 60) { rig.log.contains("picture of the notice is kept") }
        #expect(try rig.shell.stop(kiosk) == 0)
        #expect(!FileManager.default.fileExists(atPath: rig.profile + "_notice"))
        for (form, bits, stride) in [("640x480x16,1344", 16, 1344), ("640x480x32,2688", 32, 2688)] {
          try clear(stride * 480)
          kiosk = try rig.startKiosk(browser: program, given(form))
          try rig.shell.waitUntil("it is drawn") { rig.log.contains("the picture of the notice is drawn there") }
          #expect(try rig.shell.stop(kiosk) == 0)
          #expect(try !console().contains("In danger"), "words would lie over the picture")
          try Self.expectPicture(screen, bits: bits, stride: stride)
        }
        // Beside the watch, for when the display server itself does not come up.
        try clear(2688 * 480)
        let drawn = try rig.shell.run(
          ["STATE_DIRECTORY=\(rig.shell.folder)/state", Shell.linli, "kiosk", "--notice"] + given("640x480x32,2688"),
          program: "/usr/bin/env")
        #expect(drawn.code == 0, "\(drawn.text)")
        try Self.expectPicture(screen, bits: 32, stride: 2688)
      }
    }

    /// A red band with white letters, dark letters above and below it, white around them, and nothing behind the end of a row.
    private static func expectPicture(_ screen: String, bits: Int, stride: Int) throws {
      let bytes = [UInt8](try #require(FileManager.default.contents(atPath: screen)))
      let (white, red, ink): (UInt32, UInt32, UInt32) =
        bits == 16 ? (0xFFFF, 0x9041, 0x10C5) : (0xFFFFFF, 0x940808, 0x101829)
      func pixel(_ x: Int, _ y: Int) -> UInt32 {
        let start = y * stride + x * bits / 8
        return bytes[start..<(start + bits / 8)].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      }
      func share(_ colour: UInt32, x: Range<Int>, y: Range<Int>) -> Double {
        let hits = y.reduce(0) { hits, y in hits + x.count { pixel($0, y) == colour } }
        return Double(hits) / Double(x.count * y.count)
      }
      // 3 % of the width at each side, 44 % to 66 % of the height.
      #expect(share(red, x: 20..<620, y: 213..<220) == 1 && share(red, x: 20..<620, y: 310..<316) == 1)
      #expect(share(white, x: 0..<640, y: 0..<20) == 1 && share(white, x: 0..<18, y: 0..<480) == 1)
      #expect(share(white, x: 0..<640, y: 450..<480) == 1 && share(white, x: 623..<640, y: 0..<480) == 1)
      for (colour, rows) in [(ink, 50..<105), (ink, 135..<175), (white, 240..<290), (ink, 355..<385), (ink, 400..<425)] {
        let found = share(colour, x: 40..<600, y: rows)
        #expect(found > 0.03 && found < 0.6, "letters in rows \(rows): \(found)")
      }
      let behind = 640 * bits / 8
      #expect((0..<480).allSatisfy { row in bytes[(row * stride + behind)..<((row + 1) * stride)].allSatisfy { $0 == 0xAA } })
      #expect(bytes.count == stride * 480)
    }

    private static func expectNotice(_ rig: KioskRig) async throws {
      try rig.shell.waitUntil("the plain page has a window") { try rig.windows() == 1 }
      let browser = try await rig.attach()
      try await browser.wait("it says what to do", for: "document.body?.innerText.includes('有危险:请按墙上的红色按钮')")
      try await browser.wait("in English too", for: "document.body.innerText.includes('In danger press the red button')")
      for key in ["ctrl+n", "ctrl+t", "F1", "F12", "ctrl+w"] { try rig.hands(["key", key]) }
      try await Task.sleep(for: .milliseconds(300))
      #expect(try await rig.open().count == 1)
      #expect(try rig.windows() == 1)
      await browser.quit()
    }
  }
}
