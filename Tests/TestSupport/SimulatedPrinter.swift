import Foundation

/// `linli sim printer` with a hand on its standard input.
public final class SimulatedPrinter {
  public let shell: Shell
  /// Of this machine; 0: it is on a pseudo-terminal, `link`.
  public private(set) var port = 0
  public var link: String { "\(shell.folder)/printer" }
  private let hand = Pipe()
  private let process = Process()
  private var log: String { "\(shell.folder)/printer.log" }

  public init(isSerial: Bool = false) throws {
    shell = try Shell(folder: Shell.newFolder(), site: "")
    guard FileManager.default.createFile(atPath: log, contents: nil) else { throw ShellError(what: "the printer's log") }
    process.executableURL = URL(fileURLWithPath: Shell.linli)
    process.arguments = ["sim", "printer"] + (isSerial ? ["--pty", link] : ["--tcp", "0"])
    process.standardInput = hand
    process.standardOutput = FileHandle(forWritingAtPath: log)
    process.standardError = FileHandle.nullDevice
    try process.run()
    try shell.waitUntil("the printer is there") { text().contains("printer ready") }
    if isSerial { return }
    let address = text().split(separator: " ").first { $0.contains("127.0.0.1:") }
    guard let named = address?.split(separator: ":").last.flatMap({ Int($0) }) else {
      throw ShellError(what: "the printer's port")
    }
    port = named
  }

  deinit { if process.isRunning { process.terminate() } }

  public func text() -> String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }

  /// Waits until what it says after this holds the answer.
  public func say(_ line: String, answer: String) throws {
    let before = text().count
    try hand.fileHandleForWriting.write(contentsOf: Data("\(line)\n".utf8))
    try shell.waitUntil("\(line): \(answer)") { self.text().dropFirst(before).contains(answer) }
  }
}
