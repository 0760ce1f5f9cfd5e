import Foundation
import StationRuntime

/// The real program with a simulated bus, in a folder of its own.
public final class Shell {
  /// Short, because the paths of Unix sockets are.
  public let folder: String
  private var processes: [Process] = []

  public static let linli =
    Bundle.allBundles.map(\.bundleURL).first { $0.pathExtension == "xctest" }?.deletingLastPathComponent()
    .appendingPathComponent("linli").path
    ?? URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("linli").path

  /// The name of a folder that nobody uses.
  public static func newFolder() -> String { "/tmp/linli-shell-\(UUID().uuidString.prefix(8))" }

  /// A station with a site file of the test's own.
  public init(folder: String, site: String) throws {
    self.folder = folder
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try site.write(toFile: "\(folder)/site.yaml", atomically: true, encoding: .utf8)
  }

  /// A station on another wire than a simulated bus: `buses` is that part of its site file, `more` may follow it.
  public convenience init(more: String = "", buses: (String) -> String) throws {
    let folder = Self.newFolder()
    var site = "site: {name: 测试站, station: test}\nplaces:\n  - {id: p, name: 大厅}\nposts:\n"
    site +=
      "  - {id: desk, name: 值班台}\n  - {id: lead, name: 带班岗}\nbuses:\n" + buses(folder) + more
      + "desk: {port: 0}\njournal: {folder: journal, ballastMiB: 1}\n"
    try self.init(folder: folder, site: site)
  }

  /// - Parameter silentPanel: a panel whose place is silent.
  public convenience init(panels: Int, silentPanel: Int? = nil, more: String = "") throws {
    try self.init(more: more) { folder in
      (1...panels).reduce("  - name: A\n    port: \(folder)/bus\n    panels:\n") { text, node in
        let place = node == silentPanel ? "place: p, silent: true" : "place: p"
        return text + "      - {node: \(node), name: 面板, buttons: [{button: 1, \(place)}, {button: 2, \(place)}]}\n"
      }
    }
    try startBus(panels: panels)
  }

  /// Serves simulated panels on `folder/bus`.
  @discardableResult
  public func startBus(panels: Int, _ more: [String] = []) throws -> Process {
    let process = try start(
      ["sim", "bus", "--link", "\(folder)/bus", "--panels", "\(panels)", "--socket", "\(folder)/sim.sock"] + more)
    try waitUntil("the simulated bus is there") { (try? ControlSocket.ask("\(folder)/sim.sock", "ping")) == "ok\n" }
    return process
  }

  deinit {
    for process in processes where process.isRunning { kill(process.processIdentifier, SIGKILL) }
    try? FileManager.default.removeItem(atPath: folder)
  }

  @discardableResult
  public func start(
    _ arguments: [String], program: String = Shell.linli, environment: [String: String] = [:], log: String? = nil,
    errors: String? = nil
  ) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    if let log, FileManager.default.createFile(atPath: log, contents: nil) {
      process.standardOutput = FileHandle(forWritingAtPath: log)
    } else {
      process.standardOutput = FileHandle.nullDevice
    }
    if let errors, FileManager.default.createFile(atPath: errors, contents: nil) {
      process.standardError = FileHandle(forWritingAtPath: errors)
    } else {
      process.standardError = FileHandle.nullDevice
    }
    process.standardInput = FileHandle.nullDevice
    try process.run()
    processes.append(process)
    return process
  }

  /// What it prints goes to `station.log`, which begins anew with each start.
  public func startStation(_ more: [String] = [], environment: [String: String] = [:], on disk: PrivateDisk? = nil) throws
    -> Process
  {
    let arguments = ["run", "\(folder)/site.yaml"] + more
    guard let disk else { return try start(arguments, environment: environment, log: "\(folder)/station.log") }
    return try start(
      disk.entering([Shell.linli] + arguments), program: "/usr/bin/nsenter", environment: environment,
      log: "\(folder)/station.log")
  }

  public func run(_ arguments: [String], program: String = Shell.linli) throws -> (code: Int32, text: String) {
    try runToEnd(program, arguments)
  }

  public func panels(_ command: String) throws -> String { try ControlSocket.ask("\(folder)/sim.sock", command) }
  public func desk(_ command: String, site: String = "site.yaml") throws -> String {
    try ControlSocket.ask("\(folder)/\(site).sock", command, timeoutSeconds: 10)
  }

  /// Looks again and again; the limit is only there against hanging.
  public func waitUntil(_ what: String, seconds: Double = 60, _ condition: () throws -> Bool) throws {
    let limit = Date(timeIntervalSinceNow: seconds)
    while Date() < limit {
      if try condition() { return }
      usleep(20_000)
    }
    throw ShellError(what: what)
  }
}

public struct ShellError: Error, CustomStringConvertible {
  var what: String
  public var description: String { "did not happen: \(what)" }
}
