import Testing

extension BrowserTests {
  /// The page that draws the simulated panels (`linli sim bus --page PORT`).
  @Suite struct PanelsPageTests {
    static func lamp(_ node: Int, _ button: Int) -> String {
      "document.querySelector('.panel[data-key=\"\(node)\"] .button[data-key=\"\(button)\"]')?.parts.lamp"
    }

    @Test func aFingerOnADrawnButtonCallsAndItsLampIsDrawn() async throws {
      try await DeskRig.run { rig in
        let desk = try await rig.browser.tab()
        try await rig.openDesk()
        try await rig.startDuty()
        let panels = try await rig.browser.newTab()
        try await rig.browser.open("http://127.0.0.1:\(rig.panelsPort)/")
        try await rig.browser.wait("six buttons are drawn", for: "document.querySelectorAll('.knob').length === 6")
        try await rig.browser.wait("the lamps are off", for: "document.querySelectorAll('.lamp-0').length === 6")
        try await rig.browser.putFinger(on: ".panel[data-key=\"2\"] .button[data-key=\"1\"] .knob")
        try await rig.browser.wait(
          "the button is drawn as held",
          for: "document.querySelector('.panel[data-key=\"2\"] .button[data-key=\"1\"] .knob').ariaPressed === 'true'")
        try await rig.browser.liftFinger()
        try await rig.browser.wait("the drawn lamp blinks slowly", for: "\(Self.lamp(2, 1)).classList.contains('lamp-2')")
        #expect(try rig.lamp(2, 1) == "slow")
        // The drawn lamp goes on and off as the panel's does.
        for on in ["true", "false", "true"] {
          try await rig.browser.wait("the lamp is lit: \(on)", for: "\(Self.lamp(2, 1)).dataset.on === '\(on)'")
        }
        try await rig.browser.look(at: desk)
        try await rig.browser.click(DeskRig.button(1, "acknowledge"))
        try await rig.browser.wait("the call is acknowledged", for: DeskRig.hasPhase(1, "acknowledged"))
        try await rig.browser.look(at: panels)
        try await rig.browser.wait("the drawn lamp shows coming", for: "\(Self.lamp(2, 1)).classList.contains('lamp-4')")
        #expect(try rig.lamp(2, 1) == "coming")
      }
    }

    @Test func theKeyboardPressesToo() async throws {
      try await DeskRig.run { rig in
        try await rig.browser.open("http://127.0.0.1:\(rig.panelsPort)/")
        try await rig.browser.wait("the lamps are off", for: "document.querySelectorAll('.lamp-0').length === 6")
        try await rig.browser.run("document.querySelector('.panel[data-key=\"3\"] .knob').focus()")
        try await rig.browser.hold(.space, milliseconds: 200)
        try await rig.browser.wait("the lamp follows", for: "\(Self.lamp(3, 1)).classList.contains('lamp-2')")
        try await rig.browser.waitUntil("the station has the call") {
          try rig.shell.desk("status").contains("求助 #1 \(DeskRig.names[3]) (A/3/1)")
        }
      }
    }
  }
}
