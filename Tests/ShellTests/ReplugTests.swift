import Foundation
import StationRuntime
import TestSupport
import Testing

/// A running station whose adapter is pulled out and comes back under another name, on emulated adapters (umockdev).
@Suite(.serialized) struct ReplugTests {
  @Test func pollingGoesOnWhenTheAdapterComesBackUnderAnotherName() throws {
    let shell = try Shell { _ in
      """
        - name: A
          port: /dev/ttyUSB0
          panels:
            - {node: 1, name: 面板, buttons: [{button: 1, place: p}, {button: 2, place: p}]}

      """
    }
    try shell.start(["sim", "bus", "--link", "\(shell.folder)/bus", "--panels", "1", "--socket", "\(shell.folder)/sim.sock"])
    try shell.waitUntil("the simulated bus is there") { (try? ControlSocket.ask("\(shell.folder)/sim.sock", "ping")) == "ok\n" }
    let bench = try Bench(shell)
    defer { bench.end() }
    try shell.waitUntil("the panel is online") { try status(shell).contains("A/1/1 大厅: online") }
    #expect(try shell.desk("bus").contains("/dev/ttyUSB0 19200 8N1"))

    try bench.say("unplug")
    try shell.waitUntil("the fault is shown") { try status(shell).contains("adapterAbsent") }
    #expect(try !status(shell).contains("online"))
    // Pressed meanwhile: the panel keeps it.
    _ = try shell.panels("press 1/2")
    // Another adapter gets the old name; it is somebody else's bus and is left alone.
    try bench.say("beside ttyUSB0 1-2 OTHER")
    try shell.waitUntil("the other adapter was seen") { try shell.desk("bus").contains("OTHER") }
    #expect(try shell.desk("bus").contains("adapterAbsent"))

    try bench.say("plug ttyUSB3 1-1.3 A50285BI")
    try shell.waitUntil("the panel is online again") { try status(shell).contains("A/1/1 大厅: online") }
    try shell.waitUntil("the bus is published as working") { try shell.desk("bus").contains("/dev/ttyUSB3 19200 8N1 working") }
    try shell.waitUntil("the press has become a call") { try status(shell).contains("求助 #1") }
    #expect(try status(shell).contains("已消失"))
    bench.end()
    let listed = try shell.run(["journal", "list", "\(shell.folder)/journal"]).text.split(separator: "\n")
    let fault = listed.filter { $0.contains("adapterAbsent") }
    #expect(
      fault.count == 2 && fault.first?.contains("faultRaised") == true && fault.last?.contains("faultPresent") == true, "\(fault)"
    )
  }

  /// The port is a link, as under /dev/serial/by-path, that is made anew when the adapter is back.
  @Test func pollingGoesOnWhenALinkPointsElsewhere() throws {
    let shell = try Shell { folder in
      """
        - name: A
          port: \(folder)/port
          panels:
            - {node: 1, name: 面板, buttons: [{button: 1, place: p}, {button: 2, place: p}]}

      """
    }
    let (port, first, second) = ("\(shell.folder)/port", "\(shell.folder)/first", "\(shell.folder)/second")
    let simulators = try [first, second].map { link in
      try shell.start(["sim", "bus", "--link", link, "--panels", "1", "--socket", "\(link).sock"])
    }
    for link in [first, second] {
      try shell.waitUntil("the bus is there") { (try? ControlSocket.ask("\(link).sock", "ping")) == "ok\n" }
    }
    func point(at link: String) throws {
      try? FileManager.default.removeItem(atPath: port)
      let target = try FileManager.default.destinationOfSymbolicLink(atPath: link)
      try FileManager.default.createSymbolicLink(atPath: port, withDestinationPath: target)
    }
    try point(at: first)
    let station = try shell.startStation()
    try shell.waitUntil("the panel is online") { try status(shell).contains("A/1/1 大厅: online") }
    kill(simulators[0].processIdentifier, SIGKILL)
    try shell.waitUntil("the fault is shown") { try status(shell).contains("adapterAbsent") }
    try point(at: second)
    try shell.waitUntil("the panel is online again") { try status(shell).contains("A/1/1 大厅: online") }
    #expect(try status(shell).contains("已消失"))
    kill(station.processIdentifier, SIGTERM)
    station.waitUntilExit()
    #expect(station.terminationStatus == 0)
  }

  private func status(_ shell: Shell) throws -> String { (try? shell.desk("status")) ?? "" }
}

/// The station inside a bench of emulated adapters, whose first is wired to the shell's simulated bus.
private final class Bench {
  private let bench: Process
  private let commands: FileHandle
  private let pidFile: String

  init(_ shell: Shell) throws {
    let folder = shell.folder
    let helper = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("TransportsTests/Helpers/serial-testbed.c").path
    let built = try shell.run(
      ["-c", "exec cc -O1 -Wall -Werror -o \(folder)/bench \(helper) $(pkg-config --cflags --libs umockdev-1.0 gio-2.0)"],
      program: "/bin/sh")
    try #require(built.code == 0, "\(built.text)")
    try #require(mkfifo("\(folder)/commands", 0o600) == 0)
    pidFile = "\(folder)/pid"
    // What is written to the pipe goes to the bench, which listens on descriptor 3 of the program it runs.
    let script = "cat \(folder)/commands >&3 & echo $$ >\(pidFile); exec \(Shell.linli) run \(folder)/site.yaml 3>&- 4<&-"
    bench = try shell.start(
      ["TMPDIR=\(folder)", "LINLI_BENCH_FAR=\(folder)/bus", "umockdev-wrapper", "\(folder)/bench", "/bin/sh", "-c", script],
      program: "/usr/bin/env")
    commands = try #require(FileHandle(forWritingAtPath: "\(folder)/commands"))
  }

  func say(_ command: String) throws { try commands.write(contentsOf: Data("\(command)\n".utf8)) }

  /// Stops the station, with which the bench ends.
  func end() {
    guard bench.isRunning else { return }
    try? commands.close()
    let text = (try? String(contentsOfFile: pidFile, encoding: .utf8)) ?? ""
    if let pid = Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)) { kill(pid, SIGTERM) }
    bench.waitUntilExit()
  }
}
