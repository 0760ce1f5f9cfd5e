import DeviceKit
import Foundation
import ResidentCardCodec
import ResidentCardDeviceModel
import Testing

/// A reader on each of its wires, with real libusb and a real pseudo-terminal. Without umockdev and gcc these tests fail.
@Suite struct ReaderWireTests {
  static let wires: [PipeLayout] = [.split, .single, .serial]
  static let card = SyntheticCard.person(.resident, seed: 7, newestAddress: "测试省示例市新址路2号")

  /// Ready, with nothing on it.
  private func ready(_ layout: PipeLayout, patient: Bool = true) async throws -> ReaderBench {
    let bench = try await ReaderBench.make([("1-1", layout)], probe: ["usb"], patient: patient)
    try await bench.line("health online", within: 20)
    return bench
  }

  @Test(arguments: wires) func aWholeCardIsReadWithItsNewestAddress(layout: PipeLayout) async throws {
    let bench = try await ready(layout)
    #expect(bench.lines.contains("log 读卡器模块 / reader module: 05.01-20101129-0001228293-0296863149"))
    // Nobody has agreed to anything: the card stays unread.
    try bench.touch(.put(Self.card))
    try await Task.sleep(for: .milliseconds(300))
    #expect(!bench.has("event cardArrived") && !bench.has("record"))
    bench.say("read 1 60000 address")
    try await bench.line("event cardArrived")
    let record = try await bench.line("record ")
    #expect(record.hasPrefix("record resident ") && record.hasSuffix(recordLine(Self.card)), "\(record)")
    try await bench.line("event read(")
    bench.say("cancel")
    try await bench.line("event wiped(")
    // The same consent is good for one reading.
    bench.say("read 1 60000 address")
    try await bench.line("event readFailed(DeviceVocabulary.ReadFailure.consentEnded)")
    bench.say("quit")
    try await bench.line("end")
  }

  @Test(arguments: wires, [0, 1]) func aCardPulledAtAnyByteIsNoRecordAndTheNextOneIsRead(layout: PipeLayout, half: Int)
    async throws
  {
    let bench = try await ready(layout)
    let offsets = [[0, 5, 7, 71, 200, 1000], [1, 64, 128, 520, 1280, 1294]][half]
    for (index, offset) in offsets.enumerated() {
      // The request before this one stands still, and would have the card.
      bench.say("cancel")
      try await bench.line("cancelled")
      try bench.touch(.put(SyntheticCard.person(.resident, seed: UInt64(offset))))
      try bench.touch(.takeAtByte(offset))
      bench.say("read \(index + 1) 60000 -")
      try await bench.line("event readFailed(DeviceVocabulary.ReadFailure.brokeOff)")
      #expect(!bench.lines.contains { $0.hasPrefix("record") }, "\(offset)")
    }
    // The last request stands.
    try bench.touch(.put(Self.card))
    let record = try await bench.line("record ")
    #expect(record.hasSuffix(" 0") && record.contains(recordLine(Self.card).split(separator: " ")[0]))
  }

  @Test(arguments: wires) func aReaderPulledInMidReadComesBackByItself(layout: PipeLayout) async throws {
    let bench = try await ready(layout)
    for round in 1...2 {
      try bench.touch(.put(Self.card))
      // A third of a second for the answer at first, so that it is surely not whole yet; then a tenth.
      if round == 1 { bench.set(.slow(reply: .seconds(2), gap: .zero)) }
      bench.say("read \(round) 60000 -")
      try await bench.line("event cardArrived")
      try await Task.sleep(for: .milliseconds(round == 1 ? 40 : 100))
      try bench.touch(.unplug)
      try await bench.line("event detached")
      try await bench.line("health absent")
      #expect(!bench.lines.contains { $0.hasPrefix("record") } || round == 2)
      try await Task.sleep(for: .milliseconds(300))
      try bench.touch(.plug)
      try await bench.line("health online", within: 5)
    }
    bench.say("cancel")
    try bench.touch(.put(Self.card))
    bench.say("read 9 60000 -")
    try await bench.line("record ")
  }

  @Test(arguments: wires) func aReaderThatSaysNothingIsReportedAndComesBack(layout: PipeLayout) async throws {
    let bench = try await ready(layout, patient: false)
    bench.set(.silent)
    bench.say("read 1 60000 -")
    try await bench.line("event repairNeeded(DeviceVocabulary.ReaderRepair.silent)")
    #expect(bench.lines.contains("event readFailed(DeviceVocabulary.ReadFailure.outOfOrder)"))
    if layout != .serial {
      // The ladder, in its order: pipes, reset, open anew.
      let steps = bench.effects.filter { !$0.hasPrefix("out") }.map { String($0.prefix(5)) }
      let endpoints = layout == .split ? 4 : 2
      #expect(Array(steps.dropFirst().prefix(endpoints + 2)) == Array(repeating: "clear", count: endpoints) + ["reset", "claim"])
    }
    bench.set(nil)
    try await bench.line("event repaired")
    try await bench.line("health online")
    try bench.touch(.put(Self.card))
    bench.say("read 2 60000 -")
    try await bench.line("record ")
  }

  @Test(arguments: wires) func noiseIsNoRecord(layout: PipeLayout) async throws {
    let bench = try await ready(layout, patient: false)
    try bench.touch(.put(Self.card))
    bench.set(.garbled)
    bench.say("read 1 60000 -")
    // On a busy machine the noise may come too late to be heard.
    try await bench.line("event repairNeeded(")
    bench.set(nil)
    try await bench.line("event repaired")
    #expect(!bench.lines.contains { $0.hasPrefix("record") })
    bench.say("read 2 60000 -")
    try await bench.line("record ")
  }

  @Test(arguments: wires) func aSlowReaderIsWaitedFor(layout: PipeLayout) async throws {
    let bench = try await ready(layout)
    try bench.touch(.put(Self.card))
    // By the model's clock, which is eight times as fast.
    bench.set(.slow(reply: .milliseconds(1600), gap: .milliseconds(160)))
    bench.say("read 1 60000 -")
    let record = try await bench.line("record ")
    #expect(record.contains(recordLine(Self.card).split(separator: " ")[0]))
    #expect(!bench.lines.contains { $0.hasPrefix("event repairNeeded") })
  }

  @Test(arguments: [PipeLayout.split, .single]) func haltedPipesAreCleared(layout: PipeLayout) async throws {
    let bench = try await ready(layout)
    try bench.touch(.put(Self.card))
    bench.set(.halted)
    bench.say("read 1 60000 -")
    try await bench.line("record ")
    #expect(bench.effects.contains { $0.hasPrefix("clear 1-1") } && !bench.effects.contains("reset 1-1"))
    #expect(!bench.lines.contains { $0.hasPrefix("event repairNeeded") })
  }

  @Test(arguments: [CardReaderModel.Fault.deadUntilReset, .deadUntilOpened]) func theLadderIsClimbedAsFarAsNeeded(
    fault: CardReaderModel.Fault
  ) async throws {
    let bench = try await ready(.split, patient: false)
    bench.set(fault)
    bench.say("read 1 60000 -")
    try await bench.line("health online")
    #expect(bench.effects.contains("reset 1-1"))
    #expect(bench.effects.filter { $0 == "claim 1-1" }.count == (fault == .deadUntilReset ? 1 : 2))
    #expect(!bench.lines.contains { $0.hasPrefix("event repairNeeded") })
  }

  /// Looked for in the memory of a program that holds it and then does not, on the wire that leaves nothing of it in test tools.
  @Test func nothingOfACardIsLeftInMemoryWhenItIsCancelledPulledOrOver() async throws {
    let bench = try await ready(.serial)
    let number = Array(Self.card.text[122..<158])
    let inverted = ReaderBench.hex(number.map { ~$0 })
    let plain = ReaderBench.hex(stride(from: 0, to: number.count, by: 2).map { ~number[$0] })
    func count(_ pattern: String) async throws -> String {
      bench.say("scan \(pattern)")
      return String(try await bench.line("found ").dropFirst("found ".count))
    }
    try bench.touch(.put(Self.card))
    bench.say("read 1 60000 address")
    try await bench.line("event read(")
    // The search itself works: it is in one place, and there only.
    #expect(try await count(inverted) == "1")
    #expect(try await count(plain) == "0")
    bench.say("cancel")
    try await bench.line("cancelled")
    #expect(try await count(inverted) == "0")
    // Behind the number, then away.
    try bench.touch(.put(Self.card))
    try bench.touch(.takeAtByte(500))
    bench.say("read 2 60000 -")
    try await bench.line("event readFailed")
    #expect(try await count(inverted) == "0")
    // Its time is over.
    try bench.touch(.put(Self.card))
    bench.say("read 3 60000 -")
    try await bench.line("event read(")
    try bench.touch(.unplug)
    try await bench.line("event wiped(")
    #expect(try await count(inverted) == "0")
  }

  @Test func twoReadersOfOneMakeAreToldApartByTheirSockets() async throws {
    let other = SyntheticCard.person(.resident, seed: 8)
    let bench = try await ReaderBench.make([("1-1", .split), ("1-1.2", .single)], probe: ["usb", "1-1.2"])
    try await bench.line("health online", within: 20)
    try bench.touch(.put(other), "1-1.2")
    try bench.touch(.put(Self.card), "1-1")
    bench.say("read 1 60000 -")
    let record = try await bench.line("record ")
    #expect(record.hasSuffix(recordLine(other)))
    #expect(!bench.effects.contains { $0.hasSuffix(" 1-1") })
    // The other one is no stand-in for it.
    try bench.touch(.unplug, "1-1.2")
    try await bench.line("event detached")
    try await bench.line("event repairNeeded(DeviceVocabulary.ReaderRepair.absent)")
    #expect(!bench.effects.contains { $0.hasSuffix(" 1-1") })
  }

  @Test func withTwoReadersAndNoSocketNamedNeitherIsTaken() async throws {
    let bench = try await ReaderBench.make([("1-1", .split), ("1-2", .split)], probe: ["usb"])
    let refusal = try await bench.line("log 读卡器", within: 20)
    #expect(refusal.contains("0400:C35A at 1-1 (card reader); 0400:C35A at 1-2 (card reader)"))
    try await bench.line("event repairNeeded(DeviceVocabulary.ReaderRepair.absent)")
    #expect(bench.effects.isEmpty)
    try bench.touch(.unplug, "1-1")
    try await bench.line("health online", within: 5)
  }

  @Test func aDeviceOfTheSameNameWithoutPipesIsNoReader() async throws {
    let bench = try await ReaderBench.make([], usb: true, probe: ["usb"], first: "plug 1-1 plain 0400 c35a X")
    #expect(try await bench.line("log 读卡器", within: 20).contains("不是身份证读卡器"))
    try await bench.line("event repairNeeded(DeviceVocabulary.ReaderRepair.absent)")
  }
}
