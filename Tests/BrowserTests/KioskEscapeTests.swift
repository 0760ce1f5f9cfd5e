import Foundation
import Testing

extension BrowserTests {
  /// What somebody with a keyboard, a mouse and time tries at a terminal. Each attempt leaves exactly one page and one window: the terminal's.
  @Suite struct KioskEscapeTests {
    /// As `xdotool` names them. Ctrl+Alt+Delete, Ctrl+Alt+F1 and the system key belong to the kernel and the window manager: README.md.
    /// Those that open something come before those that close, which would hide it.
    static let keys =
      [
        "F1", "F3", "F5", "F6", "F7", "F10", "F11", "F12", "Menu", "shift+F10", "shift+Escape", "alt+Left", "alt+Right",
        "alt+Home",
        "alt+d", "alt+e", "alt+f", "XF86Back", "XF86HomePage", "XF86Search", "XF86Mail", "ctrl+Tab", "ctrl+shift+Tab",
        "ctrl+Page_Down", "ctrl+1", "ctrl+9", "ctrl+plus", "ctrl+minus", "ctrl+shift+Delete",
      ] + "abdefghjklnoprstu".map { "ctrl+\($0)" } + "abcijmnopt".map { "ctrl+shift+\($0)" }
      + ["alt+F4", "ctrl+F4", "ctrl+w", "ctrl+shift+w", "ctrl+q", "ctrl+shift+q", "ctrl+0"]

    @Test func nothingLeadsOutOfTheTerminal() async throws {
      try await KioskRig.run { rig in
        let kiosk = try rig.startKiosk()
        try rig.waitForPage()
        let browser = try await rig.attach()
        do {
          #expect(try await rig.open() == [rig.page])
          try await browser.wait("the page is ready", for: "document.body.dataset.ready === 'yes'")
          let look = "return [innerWidth, innerHeight, devicePixelRatio, document.title, scrollY].join()"
          let before = try await browser.evaluate(look, as: String.self)
          try await keyboard(browser, rig)
          try await mouse(rig)
          try await rig.expectOnlyTheTerminal("after keys and mouse")
          #expect(try await browser.evaluate(look, as: String.self) == before, "larger, smaller or another page")
          try await scripts(browser, rig)
          #expect(rig.count("browser started") == 1, "a browser that was closed and came back is no answer")
        } catch {
          await browser.quit()
          throw error
        }
        await browser.quit()
        #expect(try rig.shell.stop(kiosk) == 0)
        #expect(rig.processes() == [] && !FileManager.default.fileExists(atPath: rig.profile))
      }
    }

    private func keyboard(_ browser: Browser, _ rig: KioskRig) async throws {
      try await browser.run(
        "window.pressed = []; addEventListener('keydown', (event) => pressed.push(`${event.ctrlKey ? 'ctrl+' : ''}${event.key}`), true)"
      )
      for start in stride(from: 0, to: Self.keys.count, by: 8) {
        let some = Array(Self.keys[start..<min(start + 8, Self.keys.count)])
        try rig.hands(["key", "--delay", "30"] + some)
        // What a key opens is there by then.
        try await Task.sleep(for: .milliseconds(300))
        try await rig.expectOnlyTheTerminal(some.joined(separator: " "))
      }
      // They do reach the page, also those that it then stops: else nothing was tried.
      try rig.hands(["key", "Return"])
      try await browser.wait("the page's own key comes", for: "pressed.at(-1) === 'Enter'")
      let pressed = try await browser.evaluate("return pressed", as: [String].self)
      for key in ["F1", "F5", "F12", "ctrl+t", "ctrl+w", "ctrl+n", "F4"] { #expect(pressed.contains(key), "\(key): \(pressed)") }
      #expect(pressed.count { $0.hasPrefix("ctrl+") } >= 30)
    }

    private func mouse(_ rig: KioskRig) async throws {
      for button in ["2", "3", "8", "9"] {
        try rig.hands(["mousemove", "500", "400", "click", button])
        try await Task.sleep(for: .milliseconds(120))
        try await rig.expectOnlyTheTerminal("mouse button \(button)")
      }
      // A long press; a drag over half of the screen; Ctrl and the wheel.
      try rig.hands(["mousemove", "60", "20", "mousedown", "1", "sleep", "1", "mouseup", "1"])
      try rig.hands([
        "mousemove", "200", "200", "mousedown", "1", "mousemove", "700", "600", "mousemove", "10", "700", "mouseup", "1",
      ])
      try rig.hands(["keydown", "ctrl", "click", "4", "click", "5", "click", "4", "keyup", "ctrl"])
      try rig.hands(["keydown", "ctrl", "click", "1", "keyup", "ctrl", "keydown", "shift", "click", "1", "keyup", "shift"])
    }

    /// What a script could do if one came in: the page, its policy, and the browser's orders each refuse.
    private func scripts(_ browser: Browser, _ rig: KioskRig) async throws {
      func ask(_ script: String) async throws -> String { try await browser.evaluate("return (async () => { \(script) })()") }
      let windows = "const one = window.open('/hall'), two = window.open('about:blank'); return String(one ?? two);"
      #expect(try await ask(windows) == "null")
      let link =
        "const a = Object.assign(document.createElement('a'), { href: '/hall', target: '_blank' }); a.click(); return '';"
      #expect(try await ask(link) == "")
      let file = """
        const link = document.createElement("a");
        Object.assign(link, { href: URL.createObjectURL(new Blob(["x"])), download: "escaped.txt" }).click();
        print();
        alert("x");
        return String(confirm("x"));
        """
      #expect(try await ask(file) == "false")
      let chooser = """
        const field = Object.assign(document.createElement("input"), { type: "file" });
        const over = new Promise((over) => { field.oncancel = () => over("refused"); setTimeout(() => over("nothing"), 1000); });
        field.click();
        return over;
        """
      _ = try await ask(chooser)
      let devices = """
        const tries = [
          () => navigator.mediaDevices.getUserMedia({ video: true }), () => navigator.mediaDevices.getUserMedia({ audio: true }),
          () => navigator.mediaDevices.getDisplayMedia(), () => navigator.usb.requestDevice({ filters: [] }),
          () => navigator.serial.requestPort(), () => navigator.hid.requestDevice({ filters: [] }), () => navigator.requestMIDIAccess(),
          () => navigator.clipboard.readText(), () => navigator.clipboard.writeText("x"), () => showOpenFilePicker(),
          () => navigator.bluetooth.requestDevice({ acceptAllDevices: true }),
          () => new Promise((yes, no) => navigator.geolocation.getCurrentPosition(yes, no)),
          () => Notification.requestPermission().then((said) => said === "granted" || Promise.reject(said)),
        ];
        const open = [];
        for (const one of tries) await Promise.resolve().then(one).then(() => open.push(String(one)), () => {});
        return open.join();
        """
      #expect(try await ask(devices) == "")
      let elsewhere = """
        const open = [];
        for (const address of ["http://127.0.0.1:\(rig.ports[0])/healthz", "http://127.0.0.1:\(rig.ports[2])/healthz",
          "http://localhost:\(rig.ports[1])/healthz", "https://example.org/"]) {
          await fetch(address, { mode: "no-cors" }).then(() => open.push(address), () => {});
        }
        return open.join();
        """
      #expect(try await ask(elsewhere) == "")
      // Nothing of an earlier visitor: one entry, no storage.
      #expect(
        try await ask("return [history.length, localStorage.length, sessionStorage.length, document.cookie].join();") == "1,0,0,")
      #expect(try await ask("history.back(); history.forward(); return '';") == "")
      try await rig.expectOnlyTheTerminal("scripts")
      let files = FileManager.default.enumerator(atPath: rig.profile)?.map { "\($0)" } ?? []
      #expect(!files.isEmpty && !files.contains { $0.contains("escaped") || $0.hasSuffix(".crdownload") })
      try await addresses(browser, rig)
    }

    /// A page may go nowhere by itself; and even where somebody gets an address to type, it is not opened.
    private func addresses(_ browser: Browser, _ rig: KioskRig) async throws {
      let own = ["chrome://settings", "chrome://policy", "devtools://devtools/bundled/inspector.html", "view-source:\(rig.page)"]
      for address in own + ["file:///etc/passwd", "javascript:document.body.remove()", "data:text/html,x"] {
        try await browser.run("location.href = '\(address)'")
        try await Task.sleep(for: .milliseconds(100))
        try await rig.expectOnlyTheTerminal(address)
      }
      for address in [
        "http://127.0.0.1:\(rig.ports[1])/", "http://127.0.0.1:\(rig.ports[1])/notice", "http://127.0.0.1:\(rig.ports[0])/",
        "http://127.0.0.1:\(rig.ports[2])/", "http://localhost:\(rig.ports[1])/kiosk/\(rig.terminal)", "https://example.org/",
        "file:///etc/passwd", "mailto:a@b",
      ] {
        // Some are refused already here.
        _ = try? await browser.open(address)
        let shown = try await browser.evaluate("return document.documentElement.innerText", as: String.self)
        let isBlocked = ["Your organization", "组织", "ERR_PROXY_CONNECTION_FAILED"].contains { shown.contains($0) }
        #expect(isBlocked, "\(address): \(shown.prefix(300))")
      }
    }
  }
}

extension KioskRig {
  fileprivate func expectOnlyTheTerminal(_ attempt: String) async throws {
    #expect(try await open() == [page], "\(attempt)")
    #expect(try windows() == 1, "\(attempt)")
  }
}
