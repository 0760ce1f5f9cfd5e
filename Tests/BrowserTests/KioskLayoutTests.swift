import Testing

@testable import Station

extension BrowserTests {
  /// Old eyes and old hands: sizes, contrast, names and words of every screen of the terminal, from what the browser has drawn.
  @Suite struct KioskLayoutTests {
    static let script = """
      const found = [];
      const name = (node) => `${node.tagName}.${node.className} "${node.textContent.trim().slice(0, 20)}"`;
      const visible = (node) => node.checkVisibility({ visibilityProperty: true }) && !node.closest(".unseen");
      const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
      const light = (channel) => (channel / 255 <= 0.04045 ? channel / 255 / 12.92 : ((channel / 255 + 0.055) / 1.055) ** 2.4);
      const luminance = ([r, g, b]) => 0.2126 * light(r) + 0.7152 * light(g) + 0.0722 * light(b);
      const ground = (node) => {
        for (let at = node; at; at = at.parentElement) {
          const colour = rgb(getComputedStyle(at).backgroundColor);
          if (colour.length === 3 || colour[3] === 1) return colour;
        }
        return [255, 255, 255];
      };
      if (document.documentElement.scrollWidth > innerWidth) found.push("scrolls sideways");
      const targets = [...document.querySelectorAll("button, a, input, select, summary")].filter(visible);
      for (const node of targets) {
        const box = node.getBoundingClientRect();
        if (box.width < LEAST || box.height < LEAST) found.push(`too small: ${name(node)} ${box.width}x${box.height}`);
        if (box.left < 0 || box.right > innerWidth) found.push(`sticks out: ${name(node)}`);
        if (node.scrollWidth > node.clientWidth + 1) found.push(`cut off: ${name(node)}`);
        if (!(node.innerText.trim() || node.getAttribute("aria-label"))) found.push(`no name: ${name(node)}`);
        if (LOW && box.top < innerHeight * 0.4 - 1) found.push(`too high: ${name(node)} ${box.top}`);
      }
      for (const [index, node] of targets.entries()) {
        const box = node.getBoundingClientRect();
        const over = targets.slice(index + 1).find((other) => {
          const two = other.getBoundingClientRect();
          return box.left < two.right && two.left < box.right && box.top < two.bottom && two.top < box.bottom;
        });
        if (over && !STICKY) found.push(`${name(node)} lies under ${name(over)}`);
      }
      if (document.querySelectorAll(".choice").length > 3) found.push("more than three choices");
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      for (let text = walker.nextNode(); text; text = walker.nextNode()) {
        const node = text.parentElement;
        if (!text.data.trim() || !visible(node) || node.closest("dialog:not([open])")) continue;
        const style = getComputedStyle(node);
        const size = parseFloat(style.fontSize);
        if (size < 24) found.push(`small text: ${name(node)} ${size}`);
        if (parseFloat(style.lineHeight) / size < 1.49) found.push(`narrow lines: ${name(node)} ${style.lineHeight}`);
        const lights = [luminance(rgb(style.color)), luminance(ground(node))].sort((one, two) => two - one);
        const contrast = (lights[0] + 0.05) / (lights[1] + 0.05);
        if (contrast < 7) found.push(`weak contrast: ${name(node)} ${contrast}`);
      }
      if (!document.querySelector("h1").innerText.trim()) found.push("no heading");
      if (!document.title) found.push("no title");
      for (const node of document.querySelectorAll("[role=group], nav:not([hidden]) button, dialog[open]")) {
        if (node.matches("[role=group]") && !node.getAttribute("aria-label")) found.push(`group without a name: ${name(node)}`);
      }
      for (const node of document.querySelectorAll("svg")) {
        if (node.getAttribute("aria-hidden") !== "true" && !(node.getAttribute("role") === "img" && node.getAttribute("aria-label"))) found.push("a picture without a name");
      }
      if (document.body.dataset.screen) {
        const needed = ["idle", "lost"].includes(document.body.dataset.screen) ? ["staff", "repeat"] : ["staff", "repeat", "restart"];
        for (const id of needed) if (!visible(document.getElementById(id))) found.push(`${id} is not there`);
      }
      return found;
      """

    private func check(_ rig: HallRig, _ scene: String, low: Bool = false, sticky: Bool = false) async throws {
      try await Self.check(rig.browser, scene, low: low, sticky: sticky)
    }

    /// - Parameters:
    ///   - low: all targets must lie in the lower 60 %.
    ///   - sticky: what is long may pass under the keys that stay at the lower edge.
    ///   - least: how large targets are, in CSS pixels.
    static func check(_ browser: Browser, _ scene: String, low: Bool = false, sticky: Bool = false, least: Int = 72) async throws
    {
      let script = Self.script.replacing("LOW", with: "\(low)").replacing("STICKY", with: "\(sticky)").replacing(
        "LEAST", with: "\(least)")
      let found = try await browser.evaluate(script, as: [String].self)
      #expect(found == [], "\(scene)")
    }

    @Test(arguments: ["zh-CN", "en"]) func everyScreenIsLargeClearAndNamed(language: String) async throws {
      try await KioskScenes.run { rig, reader in
        for scene in KioskScenes.all {
          try await KioskScenes.walk(rig, reader, scene)
          if try await rig.browser.evaluate("return document.documentElement.lang", as: String.self) != language {
            try await rig.browser.run("document.querySelector('#language').click()")
          }
          for (width, height) in [(1366, 768), (1080, 1920), (360, 740)] {
            try await rig.browser.resize(width, height)
            try await check(rig, "\(scene.name), \(width) pixels, \(language)")
          }
          try await TextTests.expectNothingForeign(rig.browser, names: KioskScenes.names, in: language)
          try await rig.browser.resize(1366, 768)
          try await Accessibility.check(rig.browser, "kiosk-\(scene.name)-\(language)")
        }
        try await rig.browser.resize(1366, 768)
        try await KioskScenes.walk(rig, reader, ("home", ["touch"]))
        try await rig.browser.run("document.documentElement.dataset.idleSeconds = '0'")
        try await rig.browser.wait("it asks", for: KioskLeavingTests.dialog)
        try await check(rig, "leaving, \(language)", sticky: true)
        try await Accessibility.check(rig.browser, "kiosk-leaving-\(language)")
        rig.pages.stationLost()
        try await rig.browser.run("document.documentElement.dataset.idleSeconds = '60'; document.querySelector('#stay').click()")
        try await rig.expectScreen("lost")
        try await check(rig, "lost, \(language)")
        try await Accessibility.check(rig.browser, "kiosk-lost-\(language)")
        try await TextTests.expectNothingForeign(rig.browser, names: Hall.names, in: language)
      }
    }

    @Test func highContrastAndLargerTextHoldOnEveryScreen() async throws {
      try await KioskScenes.run { rig, reader in
        for scene in KioskScenes.all {
          try await KioskScenes.walk(rig, reader, scene)
          let plain = try await rig.browser.evaluate(
            "return parseFloat(getComputedStyle(document.querySelector('h1')).fontSize)", as: Double.self)
          try await rig.browser.run("document.body.classList.add('contrast', 'large')")
          let large = try await rig.browser.evaluate(
            "return parseFloat(getComputedStyle(document.querySelector('h1')).fontSize)", as: Double.self)
          #expect(large > plain * 1.25)
          #expect(
            try await rig.browser.evaluate("return getComputedStyle(document.body).backgroundColor", as: String.self)
              == "rgb(0, 0, 0)")
          for (width, height) in [(1366, 768), (1080, 1920), (360, 740)] {
            try await rig.browser.resize(width, height)
            // On a low screen what is long is scrolled to, over the keys that stay.
            try await check(rig, "\(scene.name), \(width) pixels, contrast and large", sticky: true)
          }
          try await rig.browser.resize(1366, 768)
          try await rig.browser.run("document.body.classList.remove('contrast', 'large')")
        }
      }
    }

    @Test(arguments: [(1366, 768), (1080, 1920), (360, 740)]) func inLowModeAllTargetsLieInTheLowerPart(width: Int, height: Int)
      async throws
    {
      var view = KioskScenes.view()
      view.parentLostMilliseconds = Hall.now
      try await KioskScenes.run(view) { rig, reader in
        try await rig.browser.resize(width, height)
        for scene in KioskScenes.all {
          try await KioskScenes.walk(rig, reader, scene)
          try await rig.browser.run("document.body.classList.add('low')")
          try await check(rig, "\(scene.name), \(width) pixels, low", low: true)
          try await rig.browser.run("document.body.classList.remove('low')")
        }
        try await rig.browser.run("document.body.classList.add('low'); document.documentElement.dataset.idleSeconds = '0'")
        try await rig.browser.wait("it asks", for: KioskLeavingTests.dialog)
        #expect(
          try await rig.browser.evaluate(
            "return document.querySelector('#stay').getBoundingClientRect().top >= innerHeight * 0.4", as: Bool.self))
      }
    }
  }
}
