import Foundation
import TestSupport
import Testing

extension BrowserTests {
  /// The technician's page (`/tech` on the duty desk's server) of a real station with simulated panels.
  @Suite struct TechPageTests {
    private static func device(_ id: String, _ selector: String = "") -> String {
      "document.querySelector('.device[data-key=\"\(id)\"] \(selector)')"
    }

    @Test func aPanelThatIsCutOffIsSeenReTestedAndSeenToComeBack() async throws {
      try await DeskRig.run { rig in
        let browser = rig.browser
        try await browser.open(rig.address + "tech")
        try await browser.wait(
          "three panels are online", for: "document.querySelectorAll('.device.good[data-key^=\"node A/\"]').length === 3")
        try await browser.wait("the line is heard", for: "\(Self.device("bus A", ".heard dd"))?.innerText.endsWith('前')")
        #expect(try await browser.evaluate("return \(Self.device("bus A", ".at")).innerText", as: String.self).hasSuffix("/bus"))
        try await Accessibility.check(browser, "tech")

        _ = try rig.shell.panels("fault 2 mute")
        try await browser.wait("its card is there", for: "\(Self.device("node A/2", ".fault h4"))?.innerText.includes('没有应答')")
        #expect(try await browser.evaluate("return \(Self.device("node A/2")).classList.contains('bad')", as: Bool.self))
        #expect(
          try await browser.evaluate("return \(Self.device("node A/2", ".fault")).innerText.includes('检查该面板的供电')", as: Bool.self))
        try await browser.click("#only-bad")
        try await browser.wait("what works is out of the way", for: "!\(Self.device("node A/1"))")
        try await Accessibility.check(browser, "tech with a fault")

        // By the keyboard, as a hand at a cabinet has it: what is still dead does not pass.
        try await browser.run("\(Self.device("node A/2", "button")).focus()")
        try await browser.press(.enter)
        try await browser.wait("it failed", for: "\(Self.device("node A/2", ".fault .tag"))?.innerText.includes('复测未通过')")
        _ = try rig.shell.panels("fault 2 none")
        try await browser.wait("its cause is gone", for: "\(Self.device("node A/2", ".fault .tag"))?.innerText.includes('原因已消失')")
        try await browser.click(".device[data-key=\"node A/2\"] button")
        try await browser.wait("the card has gone", for: "!\(Self.device("node A/2", ".fault"))")
        try await browser.click("#only-bad")
        try await browser.wait("it works", for: "\(Self.device("node A/2"))?.classList.contains('good')")
      }
    }

    @Test func ofWhatHangsOnAPulledAdapterNothingIsClaimed() async throws {
      try await DeskRig.run { rig in
        let browser = rig.browser
        try await browser.open(rig.address + "tech")
        try await browser.wait(
          "three panels are online", for: "document.querySelectorAll('.device.good[data-key^=\"node A/\"]').length === 3")
        rig.pullBus()
        try await browser.wait("the adapter is gone", for: "\(Self.device("bus A", ".state"))?.innerText.includes('适配器不在')")
        try await browser.wait(
          "nobody knows of its panels", for: "document.querySelectorAll('.device.unknown[data-key^=\"node A/\"]').length === 3")
        try rig.plugBusIn()
        try await browser.wait(
          "they are back", for: "document.querySelectorAll('.device.good[data-key^=\"node A/\"]').length === 3")
        try await browser.wait("and the adapter", for: "\(Self.device("bus A", ".state"))?.innerText.includes('正常')")
      }
    }

    @Test func whereThereAreAccountsTheTechnicianLogsInHereAndTheInspectorOnlyLooks() async throws {
      try await DeskRig.run { rig in
        let (browser, shell) = (rig.browser, rig.shell)
        try Data("739164\n".utf8).write(to: URL(fileURLWithPath: "\(shell.folder)/pin"))
        for (id, role) in [("t01", "technician"), ("i01", "inspector"), ("d01", "duty")] {
          let added = try shell.run(
            ["-c", "\(Shell.linli) staff add \(shell.folder)/site.yaml \(id) --role \(role) < \(shell.folder)/pin"],
            program: "/bin/sh")
          #expect(added.code == 0, "\(added.text)")
        }
        func logIn(_ id: String) async throws {
          try await browser.open(rig.address + "tech")
          try await browser.wait("it asks who is there", for: "document.querySelector('#login')")
          #expect(try await browser.evaluate("return document.querySelectorAll('.device').length", as: Int.self) == 0)
          try await browser.click("#login [name=id]")
          try await browser.type(id)
          try await browser.click("#login [name=pin]")
          try await browser.type("739164")
          try await browser.press(.enter)
        }
        _ = try shell.panels("fault 2 mute")
        try await logIn("d01")
        try await browser.wait("his role may not", for: "document.querySelector('#login .said')?.innerText.includes('您的角色不能看')")
        try await Accessibility.check(browser, "tech-login")
        try await logIn("i01")
        try await browser.wait("he sees the fault", for: "\(Self.device("node A/2", ".fault"))")
        #expect(
          try await browser.evaluate(
            "return \(Self.device("node A/2", "button")).checkVisibility() || document.querySelector('#read-only').hidden",
            as: Bool.self)
            == false)
        try await browser.click("#log-out")
        try await logIn("t01")
        try await browser.wait("he may re-test", for: "\(Self.device("node A/2", "button"))?.checkVisibility()")
        // Disabled: out, with nothing left on the screen.
        #expect(try shell.run(["staff", "disable", "\(shell.folder)/site.yaml", "t01"]).code == 0)
        try await browser.wait("he is out", for: "document.querySelector('#login') && !document.querySelector('.device')")
      }
    }

    @Test func aStationThatIsGoneIsSaidToBe() async throws {
      try await DeskRig.run { rig in
        try await rig.browser.open(rig.address + "tech")
        try await rig.browser.wait("the panels are there", for: "document.querySelectorAll('.device.good').length >= 4")
        rig.signalStation(SIGKILL)
        try await rig.browser.wait("it says so", for: "document.querySelector('#lost-banner').innerText.includes('没有响应')")
        #expect(try await rig.browser.evaluate("return document.body.classList.contains('lost')", as: Bool.self))
        try rig.restartStation()
        try await rig.browser.wait("it comes back", for: "document.querySelector('#lost-banner').hidden")
      }
    }

    @Test(arguments: [(390, 844), (1280, 800)]) func nothingIsCutOffOrTooSmall(width: Int, height: Int) async throws {
      try await DeskRig.run { rig in
        let browser = rig.browser
        try await browser.resize(width, height)
        try await browser.open(rig.address + "tech")
        try await browser.wait(
          "the panels are there", for: "document.querySelectorAll('.device[data-key^=\"node A/\"]').length === 3")
        _ = try rig.shell.panels("fault 2 mute")
        try await browser.wait("a card is there", for: "\(Self.device("node A/2", "button"))?.checkVisibility()")
        #expect(try await browser.evaluate("return document.documentElement.scrollWidth <= innerWidth", as: Bool.self))
        let small = try await browser.evaluate(
          """
          return [...document.querySelectorAll("button, a, select, label.check")].filter((node) => node.checkVisibility())
            .filter((node) => node.getBoundingClientRect().height < 44).map((node) => node.outerHTML.slice(0, 80))
          """, as: [String].self)
        #expect(small == [])
        try await Accessibility.check(browser, "tech \(width)")
      }
    }
  }
}
