import ChildPrograms
import Foundation
import Glibc

/// One run of the browser, with everything that it starts. Belongs to one thread.
struct KioskChild {
  /// Stands in the environment of the browser and of all that it starts, also of what leaves its process group.
  static let mark = "LINLI_KIOSK_RUN"

  let process: pid_t
  private let nonce: String

  /// - Parameters:
  ///   - log: what the browser says; it names addresses of pages, and nothing of visitors.
  ///   - output: what it prints, if that is something else.
  init(_ command: [String], folder: String, underPolicy: Bool, log: Int32, output: Int32? = nil) throws(ChildProgramError) {
    nonce = UUID().uuidString
    let setpriv = try ChildProgram.find("setpriv")
    // A change of the user or its rights takes the order to die away: it is given again behind it. The press has the first claim on the machine.
    let guarded = ["/usr/bin/nice", "-n", "5", setpriv, "--pdeathsig", "KILL", "--"] + command
    let words = underPolicy ? KioskBrowser.underPolicy(guarded, folder: folder) ?? guarded : guarded
    let nothing = open("/dev/null", O_RDWR | O_CLOEXEC)
    defer { close(nothing) }
    process = try ChildProgram.start(
      words, passing: [(nothing, 0), (output ?? log, 1), (log, 2)],
      environment: KioskBrowser.environment(in: folder, nonce: nonce))
  }

  /// How it ended, in words; `nil` while it runs.
  var ending: String? {
    ChildProgram.ending(of: process).map { $0 > 128 ? "信号 \($0 - 128) / signal" : "退出码 \($0) / exit code" }
  }

  /// Kills it, its process group, and what has left that.
  func end() {
    ChildProgram.end(process)
    // Whoever is started while we look is found in the next round.
    for _ in 0..<10 {
      let left = strays
      if left.isEmpty { return }
      for stray in left { _ = kill(stray, SIGKILL) }
      usleep(20_000)
    }
  }

  private var strays: [pid_t] {
    let wanted = Data("\(Self.mark)=\(nonce)".utf8)
    let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return all.compactMap { pid_t($0) }.filter { process in
      guard let environment = FileManager.default.contents(atPath: "/proc/\(process)/environ") else { return false }
      return environment.range(of: wanted) != nil
    }
  }
}
