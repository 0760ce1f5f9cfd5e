import Foundation
import TestSupport
import Testing
import Transports

/// Our camera against a client of others, our search against a camera of others. `Tools/setup test` installs them; without them these fail.
@Suite(.serialized) struct ONVIFPeerTests {
  private static let python =
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent(".venv/bin/python").path

  private struct Rig {
    let shell: Shell
    let port: UInt16
    let rtsp: UInt16

    init() throws {
      (port, rtsp) = (try LoopbackListener.freePort(), try LoopbackListener.freePort())
      shell = try Shell(folder: Shell.newFolder(), site: "")
      try "Wg@12345\n".write(toFile: "\(shell.folder)/password", atomically: true, encoding: .utf8)
      try shell.start(
        [
          "sim", "camera", "--port", "\(port)", "--rtsp", "\(rtsp)", "--user", "admin", "--password-file",
          "\(shell.folder)/password", "--hidden", "--socket", "\(shell.folder)/camera.sock",
        ])
      try shell.waitUntil("the camera is there") { (try? hand("ping"))?.code == 0 }
    }

    @discardableResult
    func hand(_ words: String...) throws -> (code: Int32, text: String) {
      try shell.run(["sim", "camera", "--socket", "\(shell.folder)/camera.sock", "--hand"] + words)
    }

    func client(_ password: String, _ kind: String, _ requests: String...) throws -> [String] {
      let run = try shell.run(
        [PeerModule.file("onvif_client.py"), "\(port)", "admin", password, kind] + requests, program: ONVIFPeerTests.python)
      try #require(run.code == 0, "\(run.text)")
      return run.text.split(separator: "\n").map(String.init)
    }
  }

  /// onvif-python reads with the official WSDLs: what ours leaves out or puts in the wrong place it does not take.
  @Test(arguments: ["token", "digest"]) func aClientOfOthersReadsAndTurnsOurCamera(kind: String) throws {
    let rig = try Rig()
    if kind == "digest" { try rig.hand("digest") }
    let said = try rig.client("Wg@12345", kind, "clock", "device", "profiles", "streams", "presets", "goto yard & gate")
    let today = Calendar(identifier: .gregorian).dateComponents(in: TimeZone(identifier: "UTC") ?? .current, from: Date())
    #expect(
      said == [
        "\(today.year ?? 0)-\(today.month ?? 0)-\(today.day ?? 0)", "Linli WG-CAM 1.0", "main:1920x1080 sub:640x360",
        "rtsp://127.0.0.1:\(rig.rtsp)/ch1/main rtsp://127.0.0.1:\(rig.rtsp)/sub/ch1/main", "door, yard & gate", "ok",
      ], "\(said)")
    #expect(try rig.hand("show").text.contains("position yard & gate  wrong 0"))
    #expect(try rig.client("Wg@12345", kind, "goto roof") == ["ONVIFOperationException"])
    #expect(try rig.client("wrong", kind, "profiles").last == "ONVIFOperationException")
  }

  /// In pieces too, and by a clock that is off by less than is refused.
  @Test func aClientOfOthersTakesOurCameraInPieces() throws {
    let rig = try Rig()
    try rig.hand("chunked")
    try rig.hand("clock", "200")
    #expect(try rig.client("Wg@12345", "token", "device") == ["Linli WG-CAM 1.0"])
    try rig.hand("clock", "7200")
    #expect(try rig.client("Wg@12345", "token", "device").last == "ONVIFOperationException", "its clock decides")
  }

  /// On a network of its own that ends at this machine, so that nobody's cameras are asked. WSDiscovery leaves the loop's own address out.
  private func alone(_ shell: Shell, _ script: String) throws -> (code: Int32, text: String) {
    let own = getuid() == 0 ? [] : ["--user", "--map-root-user"]
    let network =
      "export PATH=$PATH:/usr/sbin:/sbin; ip link set lo up && ip link set lo multicast on && ip addr add 10.99.0.1/32 dev lo"
      + " && ip route add 224.0.0.0/4 dev lo || exit 9\n"
    let end = "\nstatus=$?; kill $(jobs -p) 2>/dev/null; exit $status\n"
    return try shell.run(
      own + ["--net", "--pid", "--mount-proc", "--fork", "--kill-child", "timeout", "60", "bash", "-c", network + script + end],
      program: "/usr/bin/unshare")
  }

  @Test func ourSearchFindsACameraOfOthers() throws {
    let shell = try Shell(folder: Shell.newFolder(), site: "")
    let found = try alone(
      shell,
      """
      '\(Self.python)' '\(PeerModule.file("discovery.py"))' publish http://10.99.0.1:80/onvif/device_service > '\(shell.folder)/log' &
      for i in $(seq 200); do grep -q ready '\(shell.folder)/log' 2>/dev/null && break; sleep 0.05; done
      '\(Shell.linli)' wall sources --discover --seconds 3 --json
      """)
    // It is found, and does not speak ONVIF: there is nobody at its address.
    #expect(found.code == 1 && found.text.contains("\"address\":\"http://10.99.0.1/onvif/device_service\""), "\(found)")
    #expect(found.text.contains("\"name\":\"WG2\"") && found.text.contains("\"model\":\"WG-CAM\""))
    #expect(found.text.components(separatedBy: "\"address\":").count == 2, "found once, though asked three times")
  }

  @Test func aSearchOfOthersFindsOurCamera() throws {
    let shell = try Shell(folder: Shell.newFolder(), site: "")
    let camera = "'\(Shell.linli)' sim camera --port 8180 --rtsp 8554 --name 'East gate' --socket '\(shell.folder)/camera.sock'"
    let wait =
      "for i in $(seq 200); do '\(Shell.linli)' sim camera --socket '\(shell.folder)/camera.sock' --hand ping >/dev/null 2>&1 && break; sleep 0.05; done"
    let theirs = try alone(
      shell, "\(camera) >/dev/null &\n\(wait)\n'\(Self.python)' '\(PeerModule.file("discovery.py"))' find")
    #expect(theirs.text.contains("http://127.0.0.1:8180/onvif/device_service"), "\(theirs)")
    #expect(theirs.text.contains("onvif://www.onvif.org/name/East gate"))
    let ours = try alone(shell, "\(camera) >/dev/null &\n\(wait)\n'\(Shell.linli)' wall sources --discover --seconds 3")
    #expect(ours.code == 0 && ours.text.contains("http://127.0.0.1:8180/onvif/device_service  East gate"), "\(ours)")
    #expect(ours.text.contains("rtsp://127.0.0.1:8554/ch1/main") && ours.text.contains("onvif: \"http://127.0.0.1:8180"))
  }

  @Test func whereNobodyAnswersItIsSaidWhatToCheck() throws {
    let shell = try Shell(folder: Shell.newFolder(), site: "")
    let found = try alone(shell, "'\(Shell.linli)' wall sources --discover --seconds 1")
    #expect(found.code == 1 && found.text.contains("lo 10.99.0.1") && found.text.contains("--at http://HOST"), "\(found)")
  }
}
