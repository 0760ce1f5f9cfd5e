import Foundation
import StationRuntime
import Testing

/// `linli sim reader` and `linli sim card`, by the program itself, with a real driver on the other end of the wire.
@Suite struct SimulatedReaderTests {
  /// The program, ended by its own signal.
  private final class Simulator {
    let folder = "/tmp/linli-\(UUID().uuidString.prefix(8))"
    private let process = Process()

    init() throws {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
      process.executableURL = URL(fileURLWithPath: try ReaderBench.program("linli"))
      process.arguments = ["sim", "reader", "--pty", "\(folder)/reader", "--socket", socket]
      process.standardOutput = FileHandle.nullDevice
      try process.run()
    }

    var socket: String { "\(folder)/sim.sock" }

    func end() -> Int32 {
      if process.isRunning { process.terminate() }
      process.waitUntilExit()
      return process.terminationStatus
    }

    deinit {
      _ = end()
      try? FileManager.default.removeItem(atPath: folder)
    }

    func waitUntilReady() async throws {
      for _ in 0..<1000 where (try? ControlSocket.ask(socket, "ping")) != "ok\n" { try await Task.sleep(for: .milliseconds(10)) }
    }

    /// By the command line, as a person would.
    func card(_ words: [String]) throws -> (code: Int32, text: String) {
      let command = Process()
      let output = Pipe()
      command.executableURL = URL(fileURLWithPath: try ReaderBench.program("linli"))
      command.arguments = ["sim", "card"] + words + ["--socket", socket]
      command.standardOutput = output
      try command.run()
      let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      command.waitUntilExit()
      return (command.terminationStatus, text)
    }
  }

  @Test func aPersonPutsCardsThereAndTakesThemAway() async throws {
    let simulator = try Simulator()
    try await simulator.waitUntilReady()
    let bench = try await ReaderBench.make([], probe: ["serial", "\(simulator.folder)/reader"])
    try await bench.line("health online", within: 20)
    func say(_ words: String) throws -> String { try ControlSocket.ask(simulator.socket, words) }

    let put = try simulator.card(["put", "--number", "3"])
    #expect(put.code == 0 && put.text == "好 / ok\n", "\(put.text)")
    bench.say("read 1 60000 address")
    #expect(try await bench.line("record ").hasPrefix("record resident "))
    bench.say("cancel")
    #expect(try say("show").hasPrefix("有卡"))
    #expect(try say("take") == "好 / ok\n" && say("show").hasPrefix("没有卡"))

    // By the number that the list shows.
    let listed = try #require(try say("list").split(separator: "\n").dropFirst(3).first?.split(separator: " "))
    #expect(try simulator.card(["put", "--number", String(listed[2])]).text == "好 / ok\n")
    #expect(try say("put --number 2201").hasPrefix("好") == false)
    _ = try say("take")

    _ = try say("half 400")
    bench.say("read 2 60000 -")
    try await bench.line("event readFailed(DeviceVocabulary.ReadFailure.brokeOff)")
    // Two cards are chosen, and then neither can be read.
    for (words, told) in [("ghost", "unclear"), ("two", "unclear")] {
      _ = try say("take")
      bench.say("cancel")
      _ = try say(words)
      bench.say("read \(words.utf8.count) 60000 -")
      try await bench.line("event readFailed(DeviceVocabulary.ReadFailure.\(told))")
    }
    _ = try say("put --kind foreign2023")
    #expect(try await bench.line("record ").hasPrefix("record foreign2023 "))

    _ = try say("unplug")
    try await bench.line("event detached")
    _ = try say("plug")
    try await bench.line("health online", within: 5)
    #expect(simulator.end() == 0)
    try await bench.line("event detached")
  }

  @Test func whatIsNotUnderstoodIsRefusedWithWhatThereIs() async throws {
    let simulator = try Simulator()
    try await simulator.waitUntilReady()
    let refused = try simulator.card(["put", "--number", "99"])
    #expect(refused.code == 1 && refused.text.contains("没有这样的卡") && refused.text.contains("resident"))
    for words in ["put --number", "put --colour red", "half 2000", "fault slow", "fault odd", "dance"] {
      #expect(try ControlSocket.ask(simulator.socket, words).contains("好") == false, "\(words)")
    }
    #expect(try ControlSocket.ask(simulator.socket, "fault slow 400") == "好 / ok\n")
    #expect(try ControlSocket.ask(simulator.socket, "show").contains("故障"))
    // Numbers in the list are whole: nobody has them.
    let list = try ControlSocket.ask(simulator.socket, "list").split(separator: "\n")
    #expect(list.count == 16 && list.allSatisfy { $0.contains("0000") || $0.contains("XXX") || $0.contains("900999") })
  }
}
