import Foundation

/// A small disk of its own, in a mount namespace that only what is run through `entering` sees. Neither root nor a set-up is needed; where
/// the kernel forbids user namespaces it cannot be had, and the test that wants it fails.
public final class PrivateDisk {
  public let path: String
  private let holder: Process
  private let keepOpen = Pipe()

  /// - Throws: `ShellError` with what `unshare` and `mount` said.
  public init(at path: String, mebibytes: Int) throws {
    self.path = path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    holder = Process()
    holder.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
    // The namespace lives as long as somebody is in it: its holder ends with its input, so with the test.
    let script = "mount -t tmpfs -o size=\(mebibytes)m,mode=755 linli '\(path)' && echo ready && read end"
    holder.arguments = ["--map-root-user", "--mount", "sh", "-c", script]
    let output = Pipe()
    holder.standardInput = keepOpen
    holder.standardOutput = output
    holder.standardError = output
    try holder.run()
    let said = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
    guard said == "ready\n" else { throw ShellError(what: "a disk in a mount namespace: \(said)") }
  }

  deinit { close() }

  /// Lets go of the disk; what still runs on it keeps it until it ends. To be called at the end of the test (`defer`), so that the disk lives
  /// until then.
  public func close() { try? keepOpen.fileHandleForWriting.close() }

  /// The arguments of nsenter(1) that run a command where the disk is.
  public func entering(_ command: [String]) -> [String] {
    ["--preserve-credentials", "--user", "--mount", "--target", "\(holder.processIdentifier)", "--"] + command
  }

  @discardableResult
  public func run(_ command: [String]) throws -> (code: Int32, text: String) {
    try runToEnd("/usr/bin/nsenter", entering(command))
  }

  /// Takes every free byte, into a file of this name.
  public func fill(_ name: String) throws {
    try run(["dd", "if=/dev/zero", "of=\(path)/\(name)", "bs=4k"])
    guard try run(["df", "--output=avail", path]).text.split(separator: "\n").last?.trimmingCharacters(in: .whitespaces) == "0"
    else {
      throw ShellError(what: "the disk is full")
    }
  }

  public func free(_ name: String) throws { try run(["rm", "\(path)/\(name)"]) }

  /// - Throws: `ShellError` when the kernel refuses, for instance because a file is open for writing.
  public func remount(_ how: String) throws {
    let (code, text) = try run(["mount", "-o", "remount,bind,\(how)", path])
    guard code == 0 else { throw ShellError(what: "remount \(how): \(text)") }
  }
}

/// A disk in a file that the kernel makes read-only under a running program, as it does after an error. It takes root, by itself or through
/// sudo without a password; elsewhere the test that wants it fails.
public final class FailingDisk {
  public let path: String
  private let image: String
  private var isMounted = false

  /// - Throws: `ShellError` with what the tools said.
  public init(at path: String) throws {
    self.path = path
    image = path + ".img"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try Self.need(["/usr/bin/truncate", "--size=16M", image])
    try Self.need(["/usr/sbin/mkfs.ext4", "-q", "-F", image])
    try mount()
  }

  deinit { close() }

  /// As for `PrivateDisk`.
  public func close() {
    if isMounted { _ = try? Self.asRoot(["umount", "--lazy", path]) }
    isMounted = false
  }

  public func mount() throws {
    try Self.need(["mount", "-o", "loop,errors=remount-ro", image, path], asRoot: true)
    isMounted = true
    try Self.need(["chown", "\(getuid())", path], asRoot: true)
  }

  /// Takes it off, has it checked and puts it on again, as a technician would. Nothing may have it open.
  public func repair() throws {
    try Self.need(["umount", path], asRoot: true)
    isMounted = false
    // 1: errors were corrected (fsck(8)).
    let (code, text) = try runToEnd("/usr/sbin/e2fsck", ["-fp", image])
    guard code <= 1 else { throw ShellError(what: "e2fsck: \(text)") }
    try mount()
  }

  /// An error of the file system, as the kernel meets it: from now on it is read-only, also for files that are open.
  public func fail() throws {
    let device = try Self.need(["findmnt", "-no", "SOURCE", path]).trimmingCharacters(in: .whitespacesAndNewlines)
    let trigger = "/sys/fs/ext4/\(URL(fileURLWithPath: device).lastPathComponent)/trigger_fs_error"
    try Self.need(["sh", "-c", "echo test > \(trigger)"], asRoot: true)
  }

  @discardableResult
  private static func need(_ command: [String], asRoot: Bool = false) throws -> String {
    let (code, text) = asRoot ? try Self.asRoot(command) : try runToEnd("/usr/bin/env", command)
    guard code == 0 else { throw ShellError(what: "\(command.joined(separator: " ")): \(text)") }
    return text
  }

  private static func asRoot(_ command: [String]) throws -> (code: Int32, text: String) {
    try runToEnd("/usr/bin/env", (getuid() == 0 ? [] : ["sudo", "-n"]) + command)
  }
}

/// Runs to the end and answers exit code and both outputs.
public func runToEnd(_ program: String, _ arguments: [String]) throws -> (code: Int32, text: String) {
  let process = Process()
  let pipe = Pipe()
  process.executableURL = URL(fileURLWithPath: program)
  process.arguments = arguments
  process.standardInput = FileHandle.nullDevice
  process.standardOutput = pipe
  process.standardError = pipe
  try process.run()
  let data = pipe.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  return (process.terminationStatus, String(decoding: data, as: UTF8.self))
}
