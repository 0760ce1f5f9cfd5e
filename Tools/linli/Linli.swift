import ArgumentParser
import Foundation
import StationRuntime

@main
struct Linli: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "linli",
    abstract: "邻里: 综治中心站点程序 / controller host for community governance centres",
    subcommands: [
      Run.self, Check.self, Ports.self, Desk.self, Doctor.self, Panel.self, JournalCommand.self, ReplayCommand.self, Sim.self,
      Simulate.self,
      Pki.self, Enroll.self, Staff.self, Seal.self, Kiosk.self, Wall.self,
    ])

  /// Shown in the journal and on pages.
  static let version = "linli 0.1"

  static func main() async {
    // A reader that goes away must not end the program.
    signal(SIGPIPE, SIG_IGN)
    do {
      var command = try parseAsRoot()
      if var command = command as? AsyncParsableCommand { try await command.run() } else { try command.run() }
    } catch {
      exit(withError: error)
    }
  }
}

/// A message for the person at the terminal and exit code 1.
struct Failure: Error, CustomStringConvertible {
  var description: String
  init(_ text: String) { description = text }
}

/// Where a running station and a simulated bus can be asked, unless told otherwise.
enum Socket {
  static func station(_ siteFile: String) -> String { siteFile + ".sock" }
  /// Asks the running station of a site file. Of a file that is not there no station can be started: that is said then.
  static func ask(_ siteFile: String, _ line: String) throws -> String {
    do throws(ControlError) {
      return try ControlSocket.ask(station(siteFile), line, timeoutSeconds: 10)
    } catch {
      guard case .nobodyThere = error, !FileManager.default.fileExists(atPath: siteFile) else { throw error }
      throw Failure("没有站点文件 \(siteFile) / there is no site file \(siteFile)")
    }
  }
  /// Each user has one: they need not share a machine's simulated bus by accident.
  static let simulator = FileManager.default.temporaryDirectory.path + "/linli-bus-\(getuid()).sock"
  static let parent = FileManager.default.temporaryDirectory.path + "/linli-parent-\(getuid()).sock"
  static let reader = FileManager.default.temporaryDirectory.path + "/linli-reader-\(getuid()).sock"
  static let camera = FileManager.default.temporaryDirectory.path + "/linli-camera-\(getuid()).sock"
  static let wall = FileManager.default.temporaryDirectory.path + "/linli-wall-\(getuid()).sock"
  static let line = FileManager.default.temporaryDirectory.path + "/linli-line-\(getuid()).sock"
}
