import Foundation
import TestSupport
import Testing

/// An input/output module that another program serves at node 20 of a joined pair of terminals; input 1 is a button, output 1 a sounder.
enum PeerModule {
  static func site(_ folder: String) -> String { site(folder, role: "sounder") }

  static func site(_ folder: String, role: String) -> String {
    """
      - name: A
        port: \(folder)/host
        modules:
          - {node: 20, name: 模块, inputs: 4, outputs: 2, buttons: [{button: 1, place: p}], roles: [{output: 1, role: \(role)}]}

    """
  }

  /// A file under `Peers/`.
  static func file(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Peers/\(name)").path
  }

  /// Starts the module with its port and the file into which it writes every change of coil 1, then the station: the input that rises
  /// becomes a call, the relay follows, an acknowledgement silences it.
  static func drive(_ shell: Shell, start: (_ port: String, _ log: String) throws -> Void) throws {
    let wire = JoinedTerminals("\(shell.folder)/host", "\(shell.folder)/far")
    defer { wire.cut() }
    try shell.waitUntil("the wire is there") { FileManager.default.fileExists(atPath: "\(shell.folder)/far") }
    try start("\(shell.folder)/far", "\(shell.folder)/coils")
    _ = try shell.startStation()
    try shell.waitUntil("the input became a call") { (try? shell.desk("status"))?.contains("求助 #1") == true }
    func coils() -> String { (try? String(contentsOfFile: "\(shell.folder)/coils", encoding: .utf8)) ?? "" }
    try shell.waitUntil("the sounder sounds") { coils().hasSuffix("coil 1\n") }
    #expect(try shell.desk("acknowledge 1 desk").contains("done"))
    try shell.waitUntil("an acknowledgement silences it") { coils().hasSuffix("coil 0\n") }
  }
}
