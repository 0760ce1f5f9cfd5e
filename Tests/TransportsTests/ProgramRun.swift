import Foundation
import Testing

/// Other programs that the tests need: the probe that is built beside them, and helpers in C.
enum ProgramRun {
  struct Missing: Error, CustomStringConvertible {
    var description: String
  }

  /// `transport-probe`, in the folder of the test bundle.
  static func probe() throws -> String {
    let bundleArgument = CommandLine.arguments.drop { $0 != "--test-bundle-path" }.dropFirst().first
    let starts = [bundleArgument, CommandLine.arguments.first, Bundle.main.executablePath].compactMap { $0 }
    for start in starts {
      var folder = URL(fileURLWithPath: start).deletingLastPathComponent()
      while folder.path != "/" {
        let candidate = folder.appendingPathComponent("transport-probe").path
        if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
        folder.deleteLastPathComponent()
      }
    }
    throw Missing(description: "transport-probe is not beside \(starts)")
  }

  /// Runs to the end and answers exit status, output and error output.
  static func run(_ arguments: [String], environment: [String: String] = [:]) throws -> (
    status: Int32, output: String, errors: String
  ) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    let output = Pipe()
    process.standardOutput = output
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let errorFile = folder.appendingPathComponent("errors")
    try Data().write(to: errorFile)
    process.standardError = try FileHandle(forWritingTo: errorFile)
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let errors = (try? String(contentsOf: errorFile, encoding: .utf8)) ?? ""
    return (process.terminationStatus, String(decoding: data, as: UTF8.self), errors)
  }

  static func temporaryFolder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("linli-transports-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }
}

/// A program that runs beside a test and is told to end by closing its input.
final class RunningProgram {
  let processID: Int32
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()

  init(_ arguments: [String]) throws {
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    processID = process.processIdentifier
  }

  /// The next line of its output, waiting for it.
  func line() -> String {
    var bytes: [UInt8] = []
    while let byte = try? output.fileHandleForReading.read(upToCount: 1)?.first, byte != UInt8(ascii: "\n") { bytes.append(byte) }
    return String(decoding: bytes, as: UTF8.self)
  }

  func end() {
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
  }
}
