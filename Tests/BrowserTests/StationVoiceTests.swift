import Consoles
import Synchronization
import Testing

@testable import Station

extension BrowserTests {
  /// Debian's Chromium has no voice: the station's machine speaks for its pages.
  @Suite struct StationVoiceTests {
    private final class Mouth: Sendable {
      let said = Mutex<[String]>([])
      let hushed = Mutex(0)
      /// What is being said goes on until this.
      let isHeld = Mutex(false)

      var voice: StationVoice {
        StationVoice(
          say: { text, language, speaker in
            self.said.withLock { $0.append("\(speaker) \(language): \(text)") }
            while self.isHeld.withLock({ $0 }) { try? await Task.sleep(for: .milliseconds(5)) }
            return true
          },
          hush: { _ in
            self.hushed.withLock { $0 += 1 }
            self.isHeld.withLock { $0 = false }
          })
      }
      var all: [String] { said.withLock { $0 } }
    }
    private static let mute = "speechSynthesis.getVoices = () => [];"

    @Test func theTerminalIsSpokenByTheStationAndFallsSilentWithTheVisit() async throws {
      let mouth = Mouth()
      try await HallRig.run("kiosk/hall", onEveryPage: [Self.mute], voice: mouth.voice) { rig in
        func heard(_ text: String) async throws {
          try await rig.browser.waitUntil("it says \(text)") { mouth.all.last == text }
        }
        try await rig.touch("touch")
        try await heard("terminal zh: 您要做什么?。求助。有危险,或不知道找谁。办事。取号、查我的号。反映问题。路灯、电梯、通道……。本机保存了什么")
        try await rig.touch("business", "service")
        try await heard("terminal zh: 要办什么?。法律咨询。等候 3 人。救助申请。等候 0 人。老年证办理。等候 0 人")
        try await rig.touch("legal", "take")
        try await rig.expectScreen("slip")
        try await rig.browser.waitUntil("the number is said") { mouth.all.last?.contains("A001") == true }
        // Others in the hall hear the code only when it is asked for.
        #expect(!mouth.all.joined().contains("4。8。2。1"))
        mouth.isHeld.withLock { $0 = true }
        try await rig.touch("repeat")
        try await rig.browser.waitUntil("the code is said") { mouth.all.last?.contains("四位码。4。8。2。1") == true }
        try await rig.touch("restart")
        try await rig.browser.waitUntil("nothing of the visit is said any more") { mouth.hushed.withLock { $0 } > 0 }
        try await rig.touch("language")
        try await heard(
          "terminal en: What would you like?. I need help. Danger, or I do not know whom to ask. A service. "
            + "Take a number, look up my number. Report a problem. Lights, lifts, passages …. What is kept here")
        #expect(mouth.all.allSatisfy { !$0.contains("{") })
      }
    }

    @Test func theDisplayCallsNumbersByTheStation() async throws {
      let mouth = Mouth()
      try await HallRig.run("hall", onEveryPage: [Self.mute], voice: mouth.voice) { rig in
        try await rig.expectText("#services", "法律咨询")
        try await rig.browser.wait("it says nothing of a missing voice", for: "!document.querySelector('#voice').innerText")
        rig.change { $0.windows[1] = Hall.called(5, 3) }
        try await rig.browser.waitUntil("it is called") { mouth.all == ["hall zh: 请 A005 号到 3 号窗口"] }
        // Nothing but the catalogue is ever said.
        for parts in [
          "rm -rf", "whatFor", "pleaseCome number=A001 window=3;help", "pleaseCome number=A001", "pleaseCome number=x window=3",
          "pleaseCome number=A001 window=3 x=1", "#A001", "请坐", "", "pleaseCome number=$(id) window=3",
        ] {
          let ask = """
            const headers = { "Content-Type": "application/json" };
            const answer = await fetch("/api/hall/speak", { method: "POST", headers, body: JSON.stringify({ language: "zh", parts: \(quoted(parts)) }) });
            return answer.status;
            """
          #expect(try await rig.browser.evaluate("return (async () => { \(ask) })()", as: Int.self) == 400, "\(parts)")
        }
        #expect(mouth.all.count == 1)
      }
    }

    private func quoted(_ text: String) -> String { "\"\(text)\"" }
  }
}
