import Crypto
import DeviceKit
import FirmwareUpdateCodec
import Foundation
import TestSupport
import Testing

/// The simulated bus as a program: what it leaves alone, and what it leaves behind.
@Suite(.serialized) struct SimulatorTests {
  private func link(_ shell: Shell) throws -> String {
    try FileManager.default.destinationOfSymbolicLink(atPath: "\(shell.folder)/bus")
  }

  @Test func aSecondOneRefusesAndTakesNothingFromTheFirst() throws {
    let shell = try Shell(panels: 2)
    let station = try shell.startStation()
    try shell.waitUntilOnline(2)
    let terminal = try link(shell)
    let second = try shell.run(["sim", "bus", "--link", "\(shell.folder)/bus", "--socket", "\(shell.folder)/sim.sock"])
    #expect(second.code == 1 && second.text.contains("已有程序在") && second.text.contains("sim.sock"), "\(second.text)")
    #expect(try link(shell) == terminal)
    _ = try shell.panels("press 2/1")
    try shell.waitUntilLamp(2, 1, shows: "slow")
    #expect(try shell.stop(station) == 0)
  }

  @Test func oneThatIsStoppedTakesItsSocketAndItsLinkAway() throws {
    let shell = try Shell {
      "  - name: A\n    port: \($0)/bus\n    panels: [{node: 1, name: x, buttons: [{button: 1, place: p}]}]\n"
    }
    for signal in [SIGTERM, SIGINT] {
      let bus = try shell.start([
        "sim", "bus", "--link", "\(shell.folder)/bus", "--socket", "\(shell.folder)/sim.sock", "--page", "0",
      ])
      try shell.waitUntil("the bus is there") { (try? shell.panels("ping")) == "ok\n" && (try? link(shell)) != nil }
      #expect(try shell.stop(bus, by: signal) == 0)
      #expect(try FileManager.default.contentsOfDirectory(atPath: shell.folder) == ["site.yaml"])
    }
  }

  /// As real panels that have lost their queue: the station knows the presses of the first run, and takes those of the second for new ones.
  @Test func aNewOneBesideAnOldJournalIsHeardFromItsFirstPressOn() throws {
    let shell = try Shell {
      "  - name: A\n    port: \($0)/bus\n    panels: [{node: 1, name: x, buttons: [{button: 1, place: p}, {button: 2, place: p}]}]\n"
    }
    let words = ["sim", "bus", "--link", "\(shell.folder)/bus", "--panels", "1", "--socket", "\(shell.folder)/sim.sock"]
    let first = try shell.start(words)
    try shell.waitUntil("the bus is there") { (try? shell.panels("ping")) == "ok\n" && (try? link(shell)) != nil }
    let station = try shell.startStation()
    try shell.waitUntilOnline(1)
    _ = try shell.panels("press 1/1")
    try shell.waitUntil("the first press is a call") { try shell.desk("status").contains("求助 #1") }
    #expect(try shell.stop(first) == 0)
    try shell.start(words)
    try shell.waitUntil("the bus is there again") { (try? shell.panels("ping")) == "ok\n" && (try? link(shell)) != nil }
    _ = try shell.panels("press 1/2")
    try shell.waitUntil("the second press is a call") { try shell.desk("status").contains("求助 #2") }
    #expect(try shell.stop(station) == 0)
  }

  /// What looks like an option behind the verb belongs to the command, but not where the socket is.
  @Test func theSocketMayStandBeforeOrBehindTheCommand() throws {
    let shell = try Shell(panels: 2)
    let socket = "\(shell.folder)/sim.sock"
    for words in [
      ["--socket", socket, "show"], ["show", "--socket", socket], ["show", "--socket=\(socket)"],
    ] {
      let said = try shell.run(["sim"] + words)
      #expect(said.code == 0 && said.text.contains("1  "), "\(words): \(said.text)")
    }
    let pressed = try shell.run(["sim", "press", "--socket", socket, "2/1"])
    #expect(pressed.code == 0 && pressed.text == "好 / ok\n", "\(pressed.text)")
    let open = try shell.run(["sim", "show", "--socket"])
    #expect(open.code == 64 && open.text.contains("要写套接字的路径"), "\(open.text)")
  }

  /// A script that presses a button which is not there should not go on.
  @Test func whatIsRefusedEndsWithExitCodeOne() throws {
    let shell = try Shell(panels: 2)
    func say(_ words: String) throws -> (code: Int32, text: String) {
      try shell.run(["sim", "--socket", "\(shell.folder)/sim.sock"] + words.split(separator: " ").map(String.init))
    }
    for words in [
      "press 9/1", "press 1/9", "hold 0/1", "power 3 off", "dance", "wire cut 0", "wire cut 3", "wire cut 99", "wire noise 1001",
      "fault 1 signs-as 248",
    ] {
      let said = try say(words)
      #expect(said.code == 1 && !said.text.contains("好"), "\(words): \(said.text)")
    }
    for words in ["wire cut 3", "wire cut 99"] { #expect(try say(words).text.contains("1 至 2"), "what is accepted is said") }
    for words in ["ping", "wire cut 2", "wire cut 1", "wire ok", "wire noise 1000", "wire ok", "show"] {
      let said = try say(words)
      #expect(said.code == 0, "\(words): \(said.text)")
    }
  }

  /// The emulator would take these, and the panels be silent.
  @Test func filesThatAreNoFirmwareForTheBoardAreRefused() throws {
    let shell = try Shell { _ in "" }
    func refusal(_ image: String) throws -> String {
      let said = try shell.run([
        "sim", "firmware", "--link", "\(shell.folder)/qemu", "--socket", "\(shell.folder)/qemu.sock", "--panels", "1", "--image",
        image,
      ])
      #expect(said.code == 1 && !said.text.contains("bus ready"), "\(said.text)")
      return said.text
    }
    let flash = "\(shell.folder)/panel.bin"
    /// Vector table, header at 0x400, payload at 0x600.
    func write(board: UInt16, vectors: [UInt8] = [0, 0, 1, 0x20, 9, 0, 0, 0], length: Int = 64) throws {
      let payload = (0..<64).map { UInt8($0) }
      var header = ImageHeader(
        board: board, version: 0x0101, patch: 0, payloadLength: 64, slot: 0,
        hash: FixedBytes(Crypto.SHA256.hash(data: payload)))
      var bytes = vectors + Array(repeating: UInt8(0xFF), count: 0x400 - vectors.count)
      for index in 0..<ImageHeader.length { bytes.append(header.bytes.byte(at: index)) }
      bytes += Array(repeating: 0, count: 0x200 - ImageHeader.length) + payload.prefix(length)
      try Data(bytes).write(to: URL(fileURLWithPath: flash))
    }
    #expect(try refusal("/etc/hostname").contains("不是能启动的固件"))
    #expect(try refusal("/dev/zero").contains("不是能启动的固件"))
    #expect(try refusal("\(shell.folder)/none").contains("没有固件映像"))
    // A program of this computer.
    #expect(try refusal(Shell.linli).contains("不是能启动的固件"))
    try write(board: PanelBoard.microbit.rawValue)
    #expect(try refusal(flash).contains("是 microbit 的固件,不是 lm3s6965evb 的"))
    try write(board: 77)
    #expect(try refusal(flash).contains("是 77 的固件"))
    try write(board: PanelBoard.lm3s6965evb.rawValue, length: 60)
    #expect(try refusal(flash).contains("文件不完整"))
    try write(board: PanelBoard.lm3s6965evb.rawValue, vectors: [])
    #expect(try refusal(flash).contains("不是能启动的固件"))
  }
}
