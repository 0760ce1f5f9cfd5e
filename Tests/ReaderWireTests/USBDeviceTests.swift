import Foundation
import Testing

/// The USB transport by itself, step by step, on devices of umockdev.
@Suite struct USBDeviceTests {
  private func value(_ bench: ReaderBench, _ name: String) async throws -> String {
    String(try await bench.line(name + "=", within: 20).dropFirst(name.count + 1))
  }

  @Test func devicesAreListedWithTheirSocketsAndEndpoints() async throws {
    let bench = try await ReaderBench.make([("1-1", .split), ("1-1.2", .single)], probe: ["devices"])
    #expect(try await value(bench, "listed") == "0400:C35A at 1-1 (card reader) SN-1-1")
    #expect(try await value(bench, "listed") == "0400:C35A at 1-1.2 (card reader) SN-1-1.2")
    #expect(try await value(bench, "interface") == "0 255 2 bulk 64, 6 bulk 64, 81 bulk 64, 85 bulk 64")
    #expect(try await value(bench, "ready") == "false")
    bench.say("ambiguous")
    #expect(try await value(bench, "ambiguous").contains("有 2 个 USB 设备符合,请用 at 写明插口: 0400:C35A at 1-1 (card reader); "))
  }

  @Test func aDriverOfTheKernelGivesWayAndAnotherProgramDoesNot() async throws {
    let bench = try await ReaderBench.make([("1-1", .single)], probe: ["devices"])
    try await bench.line("ready=")
    bench.send("driver 1-1 on")
    bench.say("claim")
    #expect(try await value(bench, "claim") == "done")
    bench.send("refuse 1-1 on")
    bench.say("claim")
    #expect(try await value(bench, "claim").contains("0400:C35A at 1-1 (card reader) 被占用"))
  }

  @Test(arguments: [["devices"], ["devices", "deaf"]]) func comingAndGoingIsNoticedWithUdevAndWithout(probe: [String])
    async throws
  {
    let bench = try await ReaderBench.make([("1-1", .single)], probe: probe)
    try await bench.line("ready=")
    for hand in [true, false] {
      bench.say("changes")
      try await bench.line("watching=")
      if hand { bench.send("plug 1-2 plain 1234 5678 X") } else { bench.send("unplug 1-2") }
      #expect(try await value(bench, "changed") == "true")
    }
    bench.say("quit")
    #expect(try await value(bench, "bye") == "bye")
  }

  @Test func everyTransferEndsInItsOwnWay() async throws {
    // The test itself is the device: no model takes or brings anything.
    let bench = try await ReaderBench.make([], usb: true, probe: ["devices"], first: "plug 1-1 single 0400 c35a X")
    try await bench.line("ready=")
    bench.say("transfers")
    try await bench.news("out 1-1 01 010203")
    bench.send("done 1-1 01")
    #expect(try await value(bench, "sent") == "done(3)")
    bench.send("in 1-1 82 2a2b")
    #expect(try await value(bench, "received") == "done(2) 42 43")
    #expect(try await value(bench, "asked") == "answered([10, 3, 99, 0, 97, 0, 114, 0, 100, 0])")
    #expect(try await value(bench, "refused") == "stalled")
    #expect(try await value(bench, "cancelled") == "cancelled")
    try await bench.news("out 1-1 01 09")
    #expect(try await value(bench, "late") == "timedOut")
    try await bench.news("ask 1-1 82")
    bench.send("stall 1-1")
    #expect(try await value(bench, "halted") == "stalled")
    try await bench.news("clear 1-1 82")
    try await bench.news("reset 1-1")
    try await bench.news("ask 1-1 82")
    bench.send("unplug 1-1")
    // Transfers end before the kernel forgets the device.
    #expect(try await value(bench, "unplugged").hasPrefix("gone"))
    #expect(try await value(bench, "afterwards").contains("没有找到 USB 设备 0400:C35A at 1-1"))
    #expect(try await value(bench, "transfers") == "over")
  }
}
