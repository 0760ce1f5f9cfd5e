import Crypto
import DeviceKit
import FirmwareUpdateCodec
import Foundation
import StationRuntime
import TestSupport
import Testing

/// `linli panel` with the real program on a pseudo-terminal: through a running station, and on an idle port.
@Suite(.serialized) struct PanelCommandTests {
  private let signer = Curve25519.Signing.PrivateKey()

  /// Writes an image for simulated panels; answers its path.
  ///
  /// - Parameter content: what the payload is made of, if not of patch and slot.
  private func image(
    _ shell: Shell, patch: UInt16, slot: UInt16, bytes: Int = 1_024, content: Int? = nil, signed: Bool = true
  ) throws -> String {
    let content = content ?? Int(patch) + Int(slot) * 3
    let payload = (0..<bytes).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ content) }
    var header = ImageHeader(
      board: PanelBoard.simulated.rawValue, version: 0x0102, patch: patch, payloadLength: UInt32(payload.count), slot: slot,
      hash: FixedBytes(Crypto.SHA256.hash(data: payload)))
    let signature = Array(try signer.signature(for: (0..<ImageHeader.signedLength).map { header.bytes[$0] }))
    if signed { for (index, byte) in signature.enumerated() { header.bytes[ImageHeader.signedLength + index] = byte } }
    let path = "\(shell.folder)/\(patch)-\(slot)-\(content)\(signed ? "" : "-unsigned").image"
    try Data((0..<ImageHeader.length).map { header.bytes[$0] } + payload).write(to: URL(fileURLWithPath: path))
    return path
  }

  /// Panels that run patch 1 from slot 0 and take later images.
  ///
  /// - Parameter planned: how many the site file has, if not as many.
  private func shell(panels: Int = 2, planned: Int? = nil) throws -> Shell {
    let shell = try Shell { folder in
      (1...(planned ?? panels)).reduce("  - name: A\n    port: \(folder)/bus\n    panels:\n") { text, node in
        text + "      - {node: \(node), name: 面板, buttons: [{button: 1, place: p}, {button: 2, place: p}]}\n"
      }
    }
    let key = signer.publicKey.rawRepresentation.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    try shell.startBus(panels: panels, ["--image", try image(shell, patch: 1, slot: 0), "--image-key", key])
    return shell
  }

  private func panel(_ shell: Shell, _ verb: String, _ more: [String]) throws -> (code: Int32, text: String) {
    try shell.run(["panel", verb] + more)
  }

  @Test func aRunningStationUpdatesAPanelWhileItTakesCalls() throws {
    let shell = try shell()
    let site = "\(shell.folder)/site.yaml"
    let files = [try image(shell, patch: 2, slot: 0), try image(shell, patch: 2, slot: 1)]
    _ = try shell.startStation()
    try shell.waitUntilOnline(2)
    let before = try panel(shell, "info", [site, "A/1"])
    #expect(before.code == 0 && before.text.contains("1.2.1 (build "), "\(before.text)")
    #expect(before.text.contains("机身号 / unit: 1001 (0x000003E9)") && before.text.contains("硬件 / board: simulated"))

    let update = try shell.start(
      ["panel", "update", site, "A/1"] + files, log: "\(shell.folder)/update.log")
    try shell.waitUntil("the update is under way") {
      (try? String(contentsOfFile: "\(shell.folder)/update.log", encoding: .utf8))?.contains("传送") == true
    }
    _ = try shell.panels("press 1/1")
    try shell.waitUntilLamp(1, 1, shows: "slow")
    try shell.waitUntil("the update is over", seconds: 120) { !update.isRunning }
    let log = try String(contentsOfFile: "\(shell.folder)/update.log", encoding: .utf8)
    #expect(update.terminationStatus == 0 && log.contains("从 1.2.1 ") && log.contains("1.2.2"), "\(log)")
    let after = try panel(shell, "info", [site, "A/1"])
    #expect(after.code == 0 && after.text.contains("1.2.2 (build ") && after.text.contains("分区 / slot: 1"), "\(after.text)")
    // The two differ now: an information on the desk.
    try shell.waitUntil("the desk says so") { try shell.status().contains("A:firmwareDiffers") }
    let again = try panel(shell, "update", [site, "A/1"] + files)
    #expect(again.code == 0 && again.text.contains("已经是这个固件"), "\(again.text)")
    #expect(!log.contains("旧版本"))
    let doctor = try shell.run(["doctor", site, "--seconds", "1"])
    #expect(doctor.text.contains("1.2.2 (build ") && doctor.text.contains("1.2.1 (build "), "\(doctor.text)")
  }

  @Test func anUpdateOutlivesTheCommandThatAskedForIt() throws {
    let shell = try shell(panels: 1)
    let site = "\(shell.folder)/site.yaml"
    let file = try image(shell, patch: 3, slot: 1, bytes: 4_096)
    _ = try shell.startStation()
    try shell.waitUntilOnline(1)
    let first = try shell.start(["panel", "update", site, "A/1", file], log: "\(shell.folder)/update.log")
    try shell.waitUntil("the update is under way") {
      (try? String(contentsOfFile: "\(shell.folder)/update.log", encoding: .utf8))?.contains("传送") == true
    }
    kill(first.processIdentifier, SIGKILL)
    try shell.waitUntil("it is gone") { !first.isRunning }
    let second = try panel(shell, "update", [site, "A/1", file])
    #expect(second.code == 0 && (second.text.contains("在运行,已确认") || second.text.contains("已经是这个固件")), "\(second.text)")
    let after = try panel(shell, "info", [site, "A/1"])
    #expect(after.code == 0 && after.text.contains("1.2.3 (build "), "\(after.text)")
    // Nobody but the station can have sent it meanwhile, and nothing is left to do.
    let third = try panel(shell, "update", [site, "A/1", file])
    #expect(third.code == 0 && third.text.contains("已经是这个固件") && !third.text.contains("传送"), "\(third.text)")
  }

  /// The payload, and so the build, does not know the number: it stands in the header.
  @Test func aReleaseThatOnlyRaisesTheNumberIsInstalled() throws {
    let shell = try shell(panels: 2)
    let site = "\(shell.folder)/site.yaml"
    // The very payload that runs.
    let file = try image(shell, patch: 2, slot: 1, content: 1)
    let station = try shell.startStation()
    try shell.waitUntilOnline(2)
    let first = try panel(shell, "update", [site, "A/1", file])
    #expect(first.code == 0 && first.text.contains("从 1.2.1 ") && first.text.contains("在运行,已确认"), "\(first.text)")
    let info = try panel(shell, "info", [site, "A/1"])
    #expect(info.text.contains("1.2.2 (build ") && info.text.contains("分区 / slot: 1"), "\(info.text)")
    try shell.waitUntil("the desk asks for the other one") { try shell.status().contains("[A/2 1.2.1 < 1.2.2]") }
    let again = try panel(shell, "update", [site, "A/1", file])
    #expect(again.code == 0 && again.text.contains("已经是这个固件"), "\(again.text)")
    let second = try panel(shell, "update", [site, "A/2", file])
    #expect(second.code == 0 && second.text.contains("在运行,已确认"), "\(second.text)")
    try shell.waitUntil("the desk has seen it") { try shell.faults()["A:firmwareDiffers"] == false }
    #expect(try shell.stop(station) == 0)
    // Without a station, and back.
    let port = ["--port", "\(shell.folder)/bus", "--node", "2"]
    let back = try panel(shell, "update", port + [try image(shell, patch: 1, slot: 0, content: 1)])
    #expect(back.code == 0 && back.text.contains("旧版本") && back.text.contains("在运行,已确认"), "\(back.text)")
    // A file that no panel takes is not said to run, whatever its payload.
    let unsigned = try image(shell, patch: 1, slot: 0, content: 1, signed: false)
    let refused = try panel(shell, "update", port + [unsigned])
    #expect(refused.code == 1 && refused.text.contains("没有签名") && !refused.text.contains("✓"), "\(refused.text)")
  }

  /// What the station knew of a panel may be a minute old.
  @Test func fromWhichFirmwareIsSaidWhenThePanelHasBeenAsked() throws {
    let shell = try shell(panels: 2)
    let site = "\(shell.folder)/site.yaml"
    _ = try shell.startStation()
    try shell.waitUntilOnline(2)
    _ = try shell.panels("power 1 off")
    try shell.waitUntil("it is lost") { try shell.faults()["A/1:silent"] == true }
    let update = try shell.start(
      ["panel", "update", site, "A/1", try image(shell, patch: 2, slot: 1)], log: "\(shell.folder)/update.log")
    func log() -> String { (try? String(contentsOfFile: "\(shell.folder)/update.log", encoding: .utf8)) ?? "" }
    try shell.waitUntil("it is asked") { log().contains("询问面板") }
    #expect(!log().contains("从 1.2.1"))
    _ = try shell.panels("power 1 on")
    try shell.waitUntil("the update is over", seconds: 120) { !update.isRunning }
    #expect(update.terminationStatus == 0 && log().contains("从 1.2.1 "), "\(log())")
  }

  @Test func whatDoesNotFitIsRefusedWithTheNextStepAndNothingIsSent() throws {
    let shell = try shell(panels: 1)
    let site = "\(shell.folder)/site.yaml"
    _ = try shell.startStation()
    try shell.waitUntilOnline(1)
    let wrongSlot = try panel(shell, "update", [site, "A/1", try image(shell, patch: 2, slot: 0)])
    #expect(wrongSlot.code == 1 && wrongSlot.text.contains("把两个分区的文件都写上"), "\(wrongSlot.text)")
    let damaged = "\(shell.folder)/damaged.image"
    var bytes = try Data(contentsOf: URL(fileURLWithPath: try image(shell, patch: 2, slot: 1)))
    bytes[300] ^= 1
    try bytes.write(to: URL(fileURLWithPath: damaged))
    let broken = try panel(shell, "update", [site, "A/1", damaged])
    #expect(broken.code == 2 && broken.text.contains("请重新取得文件"), "\(broken.text)")
    #expect(try panel(shell, "update", [site, "A/1", "\(shell.folder)/none"]).code == 2)
    let unknown = try panel(shell, "info", [site, "A/9"])
    #expect(unknown.code == 2 && unknown.text.contains("有: A/1"), "\(unknown.text)")
    let blink = try panel(shell, "identify", [site, "A/1", "--seconds", "30"])
    #expect(blink.code == 0 && blink.text.contains("灯在闪"), "\(blink.text)")
    #expect(try shell.panels("show") == "1  1:running  2:running\n")
    #expect(try panel(shell, "identify", [site, "A/1", "--seconds", "0"]).code == 0)
    #expect(try shell.panels("show") == "1  1:off  2:off\n")
  }

  @Test func anIdlePortWorksWithoutAStation() throws {
    let shell = try shell(panels: 2)
    let port = ["--port", "\(shell.folder)/bus", "--node", "2"]
    let info = try panel(shell, "info", port)
    #expect(info.code == 0 && info.text.contains("机身号 / unit: 1002"), "\(info.text)")
    let update = try panel(shell, "update", port + [try image(shell, patch: 4, slot: 1), try image(shell, patch: 4, slot: 0)])
    #expect(update.code == 0 && update.text.contains("在运行,已确认"), "\(update.text)")
    let site = try panel(shell, "info", ["\(shell.folder)/site.yaml", "A/2"])
    #expect(site.code == 0 && site.text.contains("1.2.4 (build "), "\(site.text)")
    // Back to an older one: allowed, and called so.
    let back = try panel(shell, "update", port + [try image(shell, patch: 3, slot: 0)])
    #expect(back.code == 0 && back.text.contains("旧版本") && back.text.contains("在运行,已确认"), "\(back.text)")
    #expect(try panel(shell, "update", port + [try image(shell, patch: 4, slot: 1)]).code == 0)
    #expect(try panel(shell, "identify", port + ["--seconds", "1"]).code == 0)
    #expect(try panel(shell, "info", ["--port", "\(shell.folder)/bus", "--node", "9"]).code == 2)
    let doctor = try shell.run(["doctor", "\(shell.folder)/site.yaml"])
    #expect(doctor.text.contains("硬件 / board simulated") && doctor.text.contains("1.2.4 (build "), "\(doctor.text)")
  }

  /// Silence is no proof of a move: only the unit itself at the new address is.
  @Test func aRunningStationSaysThatAPanelHasMovedOnlyWhenItIsMetThere() throws {
    let shell = try shell(panels: 3, planned: 4)
    let site = "\(shell.folder)/site.yaml"
    _ = try shell.startStation()
    try shell.waitUntil("the three are online") {
      guard let text = try? shell.status() else { return false }
      return (1...3).allSatisfy { text.contains("A/\($0)/2 大厅: online, 灯 ") }
    }
    func log(_ node: Int) -> String {
      (try? String(contentsOfFile: "\(shell.folder)/move-\(node).log", encoding: .utf8)) ?? ""
    }
    let moves = try [(1, 9), (2, 4), (3, 10)].map { node, to in
      try shell.start(["panel", "address", site, "A/\(node)", "--to", "\(to)"], log: "\(shell.folder)/move-\(node).log")
    }
    try shell.waitUntil("somebody is asked to hold a button") { (1...3).allSatisfy { log($0).contains("按满 5 秒") } }
    // The first loses its power for good, the third for a while; at the second, somebody holds a button.
    _ = try shell.panels("power 1 off")
    _ = try shell.panels("power 3 off")
    _ = try shell.panels("hold 2/1")
    // One that is met at its new address at once has not been away for long enough to be told of.
    let areAway = { (1...3).allSatisfy { log($0).contains("等着看它是否回来") || log($0).contains("✓") } }
    try? shell.waitUntil("the panels are away", seconds: 50, areAway)
    #expect(areAway(), "\((1...3).map(log))")
    _ = try shell.panels("power 3 on")
    _ = try shell.panels("release 2/1")
    try shell.waitUntil("all are over", seconds: 130) { !moves.contains { $0.isRunning } }
    #expect(moves[0].terminationStatus == 1 && log(1).contains("新地址没有核实") && !log(1).contains("✓"), "\(log(1))")
    #expect(log(1).contains("linli panel info --port \(shell.folder)/bus --baud 19200 --node 9"), "\(log(1))")
    #expect(moves[1].terminationStatus == 0 && log(2).contains("✓ 面板在 4 号应答"), "\(log(2))")
    #expect(moves[2].terminationStatus == 1 && log(3).contains("面板还在原来的地址"), "\(log(3))")
  }

  @Test func aNewAddressNeedsAFingerAndIsCheckedThere() throws {
    let shell = try shell(panels: 2)
    let port = ["--port", "\(shell.folder)/bus", "--node", "2"]
    let taken = try panel(shell, "address", port + ["--to", "1"])
    #expect(taken.code == 1 && taken.text.contains("已经有设备"), "\(taken.text)")
    let move = try shell.start(["panel", "address"] + port + ["--to", "7"], log: "\(shell.folder)/move.log")
    try shell.waitUntil("somebody is asked to hold a button") {
      (try? String(contentsOfFile: "\(shell.folder)/move.log", encoding: .utf8))?.contains("按满 5 秒") == true
    }
    _ = try shell.panels("hold 2/1")
    try shell.waitUntil("it has moved", seconds: 90) { !move.isRunning }
    _ = try shell.panels("release 2/1")
    #expect(move.terminationStatus == 0)
    #expect(try panel(shell, "info", ["--port", "\(shell.folder)/bus", "--node", "7"]).text.contains("机身号 / unit: 1002"))
  }
}
