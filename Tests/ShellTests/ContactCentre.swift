import Foundation
import Sealing
import Station
import TestSupport
import Testing
import Transports

/// A station with a window, and a key whose owner may read what visitors leave there.
struct ContactCentre {
  static let pin = "739164"

  let shell: Shell
  let windows: UInt16
  let station: Process

  init() throws {
    let folder = Shell.newFolder()
    let owner = SealKeyFile()
    windows = try LoopbackListener.freePort()
    shell = try Shell(
      folder: folder,
      site: """
        site: {name: 测试站, station: test}
        places: [{id: p, name: 大厅}]
        posts: [{id: desk, name: 值班台}, {id: other, name: 调解岗}]
        buses: [{name: A, port: \(folder)/bus, panels: [{node: 1, name: 面板, buttons: [{button: 1, place: p}]}]}]
        desk: {port: 0}
        journal: {folder: journal, ballastMiB: 1}
        visits:
          services: [{id: legal, name: 法律咨询, letter: A}]
          windows: [{number: 1, name: 窗口, post: desk, services: [legal]}]
          kiosks: [{id: hall, place: p}]
          contact: 前台
          publicPort: \(try LoopbackListener.freePort())
          windowPort: \(windows)
          sealTo: {name: 铁西街道, key: "\(Data(owner.publicKey).base64EncodedString())"}

        """)
    try owner.save("\(folder)/owner.key")
    try shell.startBus(panels: 1)
    station = try shell.startStation()
    let (shell, windows) = (shell, windows)
    try shell.waitUntil("the windows' page is there") {
      try runToEnd("/usr/bin/curl", ["-s", "http://127.0.0.1:\(windows)/healthz"]).text.contains("live")
    }
  }

  /// Somebody takes a number and stands at the window; while nobody has an account yet.
  func openMatter() throws {
    let file = try String(contentsOfFile: "\(shell.folder)/site.yaml", encoding: .utf8)
    let hall = try #require(file.firstMatch(of: #/publicPort: ([0-9]+)/#)?.output.1)
    let taken = try post("\(hall)/api/kiosk/hall/ticket", #"{"service":"legal","priority":"no"}"#)
    try #require(taken.contains("A001"), "\(taken)")
    for step in ["next", "serve", "open"] { try #require(window(step).contains("done"), "\(step)") }
  }

  func leave(_ name: String, _ phone: String) throws {
    let said = try window("contact", #","name":"\#(name)","phone":"\#(phone)""#)
    try #require(said.contains("done"), "\(said)")
  }

  @discardableResult
  func window(_ verb: String, _ more: String = "") throws -> String {
    try post("\(windows)/api/windows/1/\(verb)", #"{"post":"desk"\#(more)}"#)
  }

  func offer(to other: String) throws -> String {
    try post("\(windows)/api/matters/1/offer", #"{"post":"desk","to":"\#(other)"}"#)
  }

  func accept(_ other: String) throws -> String { try post("\(windows)/api/matters/1/accept", #"{"post":"\#(other)"}"#) }

  private func post(_ address: String, _ body: String) throws -> String {
    let json = ["-H", "content-type: application/json", "-d", body, "http://127.0.0.1:\(address)"]
    return try runToEnd("/usr/bin/curl", ["-s", "--max-time", "20"] + json).text
  }

  func addStaff(_ id: String, _ role: String, _ more: String = "") throws {
    let site = "\(shell.folder)/site.yaml"
    let said = try piped("staff add '\(site)' \(id) --role \(role) \(more)", pin: Self.pin)
    #expect(said.code == 0, "\(said.text)")
  }

  func open(_ who: String, pin: String = "", post: String = "desk") throws -> (code: Int32, text: String) {
    try piped(
      "seal open '\(shell.folder)/site.yaml' --key '\(shell.folder)/owner.key' --matter 1 --purpose callBack --reason 回访 --post \(post) \(who)",
      pin: pin)
  }

  private func piped(_ command: String, pin: String) throws -> (code: Int32, text: String) {
    try runToEnd("/bin/sh", ["-c", "echo '\(pin)' | '\(Shell.linli)' \(command) 2>&1"])
  }

  func notes() throws -> [AccessNote] {
    try shell.entries().compactMap { if case .access(let note) = $0.change { note } else { nil } }
  }
}
