import Foundation
import TestSupport
import Testing

@testable import KioskHost

/// The machine's voice, with a program in espeak-ng's place that writes down what it was told, and with the real one into a file.
@Suite(.serialized) struct EspeakVoiceTests {
  private let folder = Shell.newFolder()

  /// Writes its arguments and its text down, then does `more`.
  private func stub(_ more: String) throws -> String {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let program = "\(folder)/espeak-ng"
    let script =
      "#!/bin/sh\nprintf '%s\\n' \"$@\" > \(folder)/arguments\ncat >> \(folder)/said\necho >> \(folder)/said\n\(more)\n"
    try script.write(toFile: program, atomically: true, encoding: .utf8)
    chmod(program, 0o755)
    return program
  }

  private func lines(_ name: String) -> [String] {
    let text = (try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)) ?? ""
    return text.split(separator: "\n").map(String.init)
  }

  private func waitFor(_ count: Int) async throws {
    let limit = Date(timeIntervalSinceNow: 30)
    while lines("said").count < count, Date() < limit { try await Task.sleep(for: .milliseconds(10)) }
    try #require(lines("said").count >= count)
  }

  @Test func itIsToldWhatToSayAndNoListOfProcessesShowsIt() async throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let voice = EspeakVoice(program: try stub("exit 0"))
    #expect(await voice.say("请 A001 号到 3 号窗口", language: "zh") == .said)
    #expect(lines("said") == ["请 A001 号到 3 号窗口"])
    #expect(lines("arguments") == ["-v", "cmn", "-s", "140", "--stdin"])
    #expect(await voice.say("; rm -rf / --stdout", language: "en") == .said)
    #expect(lines("arguments")[1] == "en" && lines("said").last == "; rm -rf / --stdout")
  }

  @Test func oneAtATimeAndTheNewestWins() async throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let voice = EspeakVoice(program: try stub("exec sleep 60"))
    async let first = voice.say("one", language: "zh", speaker: "terminal")
    try await waitFor(1)
    async let second = voice.say("two", language: "zh", speaker: "terminal")
    #expect(await first == .hushed)
    try await waitFor(2)
    // A call in the hall does not wait for what a terminal says.
    async let call = voice.say("call", language: "zh", speaker: "hall", interrupts: true)
    #expect(await second == .hushed)
    try await waitFor(3)
    // The session ends; the hall goes on.
    voice.hush("terminal")
    #expect(lines("said") == ["one", "two", "call"])
    voice.hush("hall")
    #expect(await call == .hushed)
  }

  @Test func whatFailsOrNeverEndsIsSilent() async throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let broken = EspeakVoice(program: try stub("exit 1"))
    #expect(await broken.say("x", language: "zh") == .silent)
    // Not tried again at once: without a sound card each attempt would start a program for nothing.
    #expect(await broken.say("y", language: "zh") == .silent)
    #expect(lines("said") == ["x"])
    let endless = EspeakVoice(program: try stub("exec sleep 60"), limitSeconds: 1)
    #expect(await endless.say("z", language: "zh") == .silent)
    #expect(await EspeakVoice(program: "/nowhere/espeak-ng").say("x", language: "zh") == .silent)
  }

  @Test func withoutACardOrASoundServerThereIsNone() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let cards = "\(folder)/snd"
    func has(_ environment: [String: String]) -> Bool { EspeakVoice.hasDevice(environment, cards: cards) }
    #expect(!has([:]) && !has(["XDG_RUNTIME_DIR": "/nowhere"]))
    #expect(has(["PULSE_SERVER": "tcp:10.0.0.1"]))
    try FileManager.default.createDirectory(atPath: cards, withIntermediateDirectories: true)
    // One that only records, and the mixer and the clock of any.
    for name in ["pcmC0D0c", "controlC0", "timer"] { try "".write(toFile: "\(cards)/\(name)", atomically: true, encoding: .utf8) }
    #expect(!has([:]))
    try "".write(toFile: "\(cards)/pcmC0D0p", atomically: true, encoding: .utf8)
    #expect(has([:]))
    try FileManager.default.removeItem(atPath: cards)
    try FileManager.default.createDirectory(atPath: "\(folder)/pulse", withIntermediateDirectories: true)
    #expect(!has(["XDG_RUNTIME_DIR": folder]))
    try "".write(toFile: "\(folder)/pulse/native", atomically: true, encoding: .utf8)
    #expect(has(["XDG_RUNTIME_DIR": folder]))
  }

  /// The real program knows the voices and the flags that we give it, and reads what we say; into a file, where there is no sound.
  @Test(arguments: [("zh", "请 A001 号到 3 号窗口"), ("en", "Number A001, please go to window 3")])
  func theRealProgramSpeaksBothLanguages(language: String, text: String) async throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let file = "\(folder)/said.wav"
    let real = try #require(EspeakVoice.program(), "Tools/setup test installs espeak-ng")
    let program = "\(folder)/espeak-ng"
    try "#!/bin/sh\nexec \(real) \"$@\" -w \(file)\n".write(toFile: program, atomically: true, encoding: .utf8)
    chmod(program, 0o755)
    #expect(await EspeakVoice(program: program).say(text, language: language) == .said)
    let wave = try #require(FileManager.default.contents(atPath: file))
    #expect(wave.starts(with: Data("RIFF".utf8)) && wave.count > 40_000, "more than a second of sound: \(wave.count)")
  }
}
