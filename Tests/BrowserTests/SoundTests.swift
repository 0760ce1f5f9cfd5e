import Testing

extension BrowserTests {
  @Suite struct SoundTests {
    /// An ear at every way into the loudspeaker: `loudness()` is the loudest sample of the last 0.7 s.
    static let ear = """
      window.contexts = [];
      window.ears = [];
      const connect = AudioNode.prototype.connect;
      AudioNode.prototype.connect = function (target, ...more) {
        if (target instanceof AudioDestinationNode) {
          const ear = this.context.createAnalyser();
          ear.fftSize = 32768;
          connect.call(this, ear);
          window.ears.push(ear);
        }
        return connect.call(this, target, ...more);
      };
      window.AudioContext = class extends AudioContext {
        constructor(...options) { super(...options); window.contexts.push(this); }
      };
      window.loudness = () => Math.max(0, ...window.ears.map((ear) => {
        const samples = new Float32Array(ear.fftSize);
        ear.getFloatTimeDomainData(samples);
        return samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
      }));
      """
    static let banner = "!document.querySelector('#sound-banner').hidden"
    /// The alarm has pauses of 0.8 s; the ear hears 0.7 s back.
    static let rings = "loudness() > 0.2"

    @Test func aCallRingsUntilItIsAcknowledgedAndNothingElseSilencesIt() async throws {
      try await DeskRig.run(onEveryPage: [Self.ear]) { rig in
        try await rig.openDesk()
        try await beforeTheDutyBegins(rig)
        try await rig.startDuty()
        try await rig.browser.wait("it rings", for: Self.rings)
        #expect(try await rig.browser.evaluate("return \(Self.banner)", as: Bool.self) == false)
        try await silencingAndClosingAreNoAcknowledgement(rig)
        try await anotherTabTakesOver(rig)
        try await rig.browser.click(DeskRig.button(1, "acknowledge"))
        try await rig.browser.wait("acknowledged", for: DeskRig.hasPhase(1, "acknowledged"))
        try await Self.expectSilence(rig.browser)
      }
    }

    /// The browser lets no page sound before a hand was on it. The page must say so, and what waits.
    private func beforeTheDutyBegins(_ rig: DeskRig) async throws {
      try await rig.browser.wait("the banner stands", for: Self.banner)
      let colour = "return getComputedStyle(document.querySelector('#sound-banner')).backgroundColor"
      #expect(try await rig.browser.evaluate(colour, as: String.self) == "rgb(155, 12, 12)")
      _ = try rig.shell.panels("press 1/1")
      try await rig.browser.wait(
        "the strip says that a call waits", for: "document.querySelector('#waiting')?.innerText.includes('\(DeskRig.names[1])')")
      #expect(
        try await rig.browser.evaluate(
          "return [\(Self.banner), contexts.some((context) => context.state === 'running')]", as: [Bool].self) == [true, false])
    }

    private func silencingAndClosingAreNoAcknowledgement(_ rig: DeskRig) async throws {
      _ = try rig.shell.panels("line 3/1 cut")
      try await rig.browser.wait("there is a fault", for: "document.querySelector('.fault')")
      try await rig.browser.click(".fault [data-word=silence]")
      try await rig.browser.wait("the fault is silenced", for: "document.querySelector('.fault [data-word=silence]').disabled")
      #expect(try await rig.browser.evaluate("return \(DeskRig.card(1, ".close")).disabled", as: Bool.self))
      for verb in ["close", "on-scene"] {
        let ask = """
          const headers = { "Content-Type": "application/json" };
          const answer = await fetch("/api/incidents/1/\(verb)", { method: "POST", headers, body: '{"post": "desk"}' });
          return answer.status;
          """
        #expect(try await rig.browser.evaluate("return (async () => { \(ask) })()", as: Int.self) == 409)
      }
      try await rig.browser.click("#change-post")
      try await expectItGoesOn(rig)
      try await rig.startDuty()
      try await expectItGoesOn(rig)
      #expect(try await rig.browser.evaluate("return \(DeskRig.card(1)).card.waits", as: Bool.self))
    }

    /// One tab sounds; when it is closed, the next one goes on.
    private func anotherTabTakesOver(_ rig: DeskRig) async throws {
      let first = try await rig.browser.tab()
      let second = try await rig.browser.newTab()
      try await rig.openDesk()
      try await rig.browser.wait("it knows that the other tab sounds", for: "!\(Self.banner)")
      try await rig.startDuty()
      #expect(try await rig.browser.evaluate("return loudness()", as: Double.self) == 0)
      try await rig.browser.look(at: first)
      try await rig.browser.closeTab()
      try await rig.browser.look(at: second)
      try await rig.browser.wait("the second tab rings", for: Self.rings)
    }

    /// A pause and then the tone again.
    private func expectItGoesOn(_ rig: DeskRig) async throws {
      try await rig.browser.wait("there is a pause", for: "loudness() === 0")
      try await rig.browser.wait("it rings again", for: Self.rings)
    }

    /// Longer than the pauses of the alarm.
    static func expectSilence(_ browser: Browser) async throws {
      try await browser.wait("the last tone is over", for: "loudness() === 0")
      let listen = """
        let loudest = 0;
        for (let look = 0; look < 10; look += 1) {
          await new Promise((resolve) => setTimeout(resolve, 200));
          loudest = Math.max(loudest, loudness());
        }
        return loudest;
        """
      #expect(try await browser.evaluate("return (async () => { \(listen) })()", as: Double.self) == 0)
    }
  }
}
