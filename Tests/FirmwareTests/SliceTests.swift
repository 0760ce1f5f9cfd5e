import DeviceKit
import FirmwareUpdateCodec
import FirmwareUpdateDriver
import Foundation
import ModbusRTUCodec
import TestSupport
import Testing
import VirtualBoards

extension Firmware {
  /// A poll and a press never wait for an update's computing longer than 5 ms, on the slowest board.
  ///
  /// The emulator's clock goes by instructions here, 64 ns each, so that a busy machine changes no count. What is measured is a whole round of
  /// the main loop, with its tick and its interrupts.
  @Suite struct SliceTests {
    /// 5 ms of 16 MHz at 1.45 cycles an instruction (Protocols/FirmwareUpdate/README.md).
    private let limit = 55_000

    @Test func noRoundOfTheMainLoopIsLongWhileASignatureIsVerified() throws {
      let rig = try BoardRig(.microbit, image: "hooks", baud: 230_400, more: ["-icount", "shift=6"])
      let master = try RawMaster("\(rig.shell.folder)/bus")
      try rig.shell.waitUntil("its self-test is finished", seconds: 120) {
        about(master).map { $0.selfTest & SelfTest.unfinished == 0 } ?? false
      }
      let selfTest = try takeLongest(rig)
      #expect((1_000...limit).contains(selfTest), "\(selfTest) instructions")
      let words = try #require(master.inputs(247, 1, 2))
      let unit = UInt32(words[0]) << 16 | UInt32(words[1])
      let path = "\((BoardRig.image("panel", of: .microbit) as NSString).deletingLastPathComponent)/panel-1.lnl"
      let file = try ImageFile(Array(try Data(contentsOf: URL(fileURLWithPath: path))))
      // It is verified at once, and a block is taken when it is good.
      #expect(ask(UpdateTransaction.begin(unit: unit, file.header), master)?.isException == false)
      try rig.shell.waitUntil("the signature is good", seconds: 240) {
        ask(UpdateTransaction.block(0, file.block(0)), master)?.isException == false
      }
      let longest = try takeLongest(rig)
      print(
        "the longest round while a signature is verified: \(longest) instructions; while the image's hash is taken: \(selfTest)")
      #expect(longest > 25_000, "the longest step of the verification is not in it: \(longest)")
      #expect(longest <= limit)
    }

    /// In instructions, since it was last asked for (Boards/Application/Hooks.swift): SysTick counts 62.5 ns.
    private func takeLongest(_ rig: BoardRig) throws -> Int {
      let word = try rig.hooks() + 4 * 12
      let ticks = try rig.board.readWord(word)
      try rig.board.writeWord(0, at: word)
      return Int(ticks) * 125 / 128
    }

    private func about(_ master: RawMaster) -> FirmwareAbout? {
      ask(UpdateTransaction.about(), master).flatMap { UpdateTransaction.aboutAnswer($0) }
    }

    private func ask(_ request: ModbusPDU, _ master: RawMaster) -> ModbusPDU? {
      master.ask(247, (0..<request.bytes.count).map { request.bytes[$0] }).map { ModbusPDU(bytes: FixedBytes($0)) }
    }
  }
}
