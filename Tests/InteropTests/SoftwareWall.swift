import DeviceKit
import DeviceVocabulary
import Foundation
import Synchronization
import TestSupport
import Testing
import Transports

@testable import WallHost

/// Windows of this very process, and what they say.
final class SoftwareWall {
  let player: WallPlayer
  private let heard = Heard()
  final class Heard: Sendable {
    let events = Mutex<[(at: Instant, event: WallEvent)]>([])
    let words = Mutex<[String]>([])
  }

  convenience init(_ screen: SimulatedScreen) throws { try self.init(display: screen.display) }

  init(display: String) throws {
    let heard = heard
    let settings = PlayerSettings(player: "pc1", display: display, videoOutput: "x11", hardwareDecoding: "no")
    player = try WallPlayer(settings, log: { line in heard.words.withLock { $0.append(line) } }) { event in
      heard.events.withLock { $0.append((MonotonicClock.now(), event)) }
    }
    player.start()
  }

  func wish(_ windows: [(number: UInt16, address: String, frame: WallFrame)]) {
    player.wish(
      windows.map { WallWish($0.number, .picture(WallPicture(source: $0.address, address: $0.address, frame: $0.frame))) })
  }

  var words: [String] { heard.words.withLock { $0 } }
  var events: [(at: Instant, event: WallEvent)] { heard.events.withLock { $0 } }
  /// To the process of this very wall's window.
  func signal(_ number: Int, _ signal: Int32, _ shell: Shell) throws {
    let (_, lines) = try shell.run(["axww", "-o", "pid,args"], program: "/usr/bin/ps")
    let found = lines.split(separator: "\n").filter {
      $0.contains("--title=linli-wall-\(number) ") && $0.contains(player.folder)
    }.compactMap { $0.split(separator: " ").first.flatMap { pid_t($0) } }
    try #require(!found.isEmpty)
    for process in found { _ = kill(process, signal) }
  }

  func forget() { heard.events.withLock { $0.removeAll() } }
  func shown(_ number: UInt16) -> String? {
    for item in events.reversed() {
      if case .observed(number, .picture(let picture)) = item.event { return picture.source }
    }
    return nil
  }
  func picture(_ number: UInt16) -> PictureState? {
    for item in events.reversed() { if case .pictureObserved(number, let state) = item.event { return state } }
    return nil
  }

  /// Sets a property of a window, as any program can that reaches its socket.
  func set(_ number: Int, _ property: String, _ value: String, _ shell: Shell) throws {
    let (_, lines) = try shell.run(["axww", "-o", "args"], program: "/usr/bin/ps")
    let window = lines.split(separator: "\n").first {
      $0.contains("--title=linli-wall-\(number) ") && $0.contains("--input-ipc-server=\(player.folder)")
    }
    let socket = try #require(window?.firstMatch(of: #/--input-ipc-server=(\S+)/#)).1
    let client = """
      import socket, sys
      line = socket.socket(socket.AF_UNIX); line.connect(sys.argv[1])
      line.sendall(b'{"command":["set_property","%s",%s]}\\n' % (sys.argv[2].encode(), sys.argv[3].encode()))
      sys.exit(b'"error":"success"' not in line.recv(4096))
      """
    let said = try shell.run(["-c", client, String(socket), property, value], program: "/usr/bin/python3")
    try #require(said.code == 0, "\(said.text)")
  }
}
