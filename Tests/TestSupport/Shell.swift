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

  /// A station on another wire than a simulated bus: `buses` is that part of its site file.
  public init(buses: (String) -> String) throws {
    folder = "/tmp/linli-shell-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var site = "site: {name: 测试站, station: test}\nplaces:\n  - {id: p, name: 大厅}\nposts:\n  - {id: desk, name: 值班台}\nbuses:\n"
    site += buses(folder) + "desk: {port: 0}\njournal: {folder: journal, ballastMiB: 1}\n"
    try site.write(toFile: "\(folder)/site.yaml", atomically: true, encoding: .utf8)
  }

  public convenience init(panels: Int) throws {
    try self.init { folder in
      (1...panels).reduce("  - name: A\n    port: \(folder)/bus\n    panels:\n") { text, node in
        text + "      - {node: \(node), name: 面板, buttons: [{button: 1, place: p}, {button: 2, place: p}]}\n"
      }
    }
    try start(["sim", "bus", "--link", "\(folder)/bus", "--panels", "\(panels)", "--socket", "\(folder)/sim.sock"])
    try waitUntil("the simulated bus is there") { (try? ControlSocket.ask("\(folder)/sim.sock", "ping")) == "ok\n" }
  }

  deinit {
    for process in processes where process.isRunning { kill(process.processIdentifier, SIGKILL) }
    try? FileManager.default.removeItem(atPath: folder)
  }

  @discardableResult
  public func start(_ arguments: [String], program: String = Shell.linli) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
    processes.append(process)
    return process
  }

  public func startStation(_ more: [String] = []) throws -> Process { try start(["run", "\(folder)/site.yaml"] + more) }

  /// Runs to the end and answers exit code and both outputs.
  public func run(_ arguments: [String], program: String = Shell.linli) throws -> (code: Int32, text: String) {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
  }

  public func panels(_ command: String) throws -> String { try ControlSocket.ask("\(folder)/sim.sock", command) }
  public func desk(_ command: String) throws -> String {
    try ControlSocket.ask("\(folder)/site.yaml.sock", command, timeoutSeconds: 10)
  }

  /// Looks again and again; the limit is only there against hanging.
  public func waitUntil(_ what: String, seconds: Double = 30, _ condition: () throws -> Bool) throws {
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
