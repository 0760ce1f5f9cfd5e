import DeviceKit
import DeviceVocabulary
import Foundation
import Station
import StationRuntime
import Transports

/// The real program as a process of its own, with a site of 16 panels on a simulated bus and a folder of its own.
final class StationUnderTest {
  let folder: String
  let bus: SiteBus
  private(set) var program: ChildProgram
  private let bench: Bench

  /// Short, because the paths of Unix sockets are; on the disk that temporary files are on.
  ///
  /// - Parameters:
  ///   - more: further sections of its site file.
  ///   - prepare: is given the folder before the program is started.
  init(_ bench: Bench, baud: Int, late: UInt16 = 0, more: String = "", prepare: (String) throws -> Void = { _ in }) throws {
    self.bench = bench
    folder = FileManager.default.temporaryDirectory.path + "/linli-bench-\(getpid())-\(UUID().uuidString.prefix(4))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    bus = try SiteBus(link: "\(folder)/bus", baud: baud, late: late)
    let site = SiteText.make(port: "\(folder)/bus", baud: baud, more: more)
    try site.write(toFile: "\(folder)/site.yaml", atomically: true, encoding: .utf8)
    try prepare(folder)
    program = try Self.start(bench, folder)
  }

  deinit {
    kill(program.processID, SIGKILL)
    bus.stop()
    try? FileManager.default.removeItem(atPath: folder)
  }

  private static func start(_ bench: Bench, _ folder: String) throws -> ChildProgram {
    try ChildProgram([bench.linli, "run", "\(folder)/site.yaml", "--web", bench.web], log: "\(folder)/log")
  }

  /// Ends it and starts it again.
  func restart() throws {
    try program.terminate()
    bus.forgetNotes()
    program = try Self.start(bench, folder)
  }

  func ask(_ line: String) throws -> String { try ControlSocket.ask("\(folder)/site.yaml.sock", line, timeoutSeconds: 10) }

  /// Waits until every panel has been read.
  func waitUntilOnline() throws {
    try Self.wait("all panels are online", seconds: 60) {
      (try? ask("status"))?.components(separatedBy: ": online").count == SiteText.panels * SiteText.buttons + 1
    }
  }

  var log: String { (try? String(contentsOfFile: "\(folder)/log", encoding: .utf8)) ?? "" }

  func deskPort() throws -> Int { try Self.deskPort(log: "\(folder)/log") }

  /// The port of a duty desk, from what its program has said.
  static func deskPort(log file: String) throws -> Int { try port(of: "duty desk", log: file) }

  static func wallPort(log file: String) throws -> Int { try port(of: "display wall", log: file) }

  private static func port(of page: String, log file: String) throws -> Int {
    var port: Int?
    try wait("the \(page) is open", seconds: 30) {
      let log = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
      port = log.components(separatedBy: "\(page): http://127.0.0.1:").dropFirst().first.flatMap {
        Int($0.prefix { $0.isNumber })
      }
      return port != nil
    }
    return port ?? 0
  }

  /// Looks again and again; the limit is only there against hanging.
  static func wait(_ what: String, seconds: Int, _ condition: () throws -> Bool) throws {
    let limit = MonotonicClock.now() + .seconds(seconds)
    while try !condition() {
      guard MonotonicClock.now() < limit else { throw BenchError("did not happen within \(seconds) s: \(what)") }
      usleep(2_000)
    }
  }
}
