import Foundation
import Glibc

/// The folder that a terminal's browser lives in: new at every start, for nobody else to read, in memory where the machine has a place for that.
struct KioskProfile {
  let path: String
  /// Nothing of it reaches a disk.
  let isInMemory: Bool
  private let lock: Int32

  /// - Parameter terminal: one supervisor each; a second one is refused, as it would wipe what the first one's browser lives in.
  init(terminal: String, parents: [String] = KioskProfile.parents) throws(KioskError) {
    let name =
      "linli-kiosk-\(getuid())-" + terminal.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? String($0) : "_" }.joined()
    guard let parent = parents.first(where: { Self.isMemory($0) && access($0, W_OK) == 0 }) ?? parents.last else {
      throw .noFolder
    }
    path = "\(parent)/\(name)"
    isInMemory = Self.isMemory(parent)
    lock = open("\(path).lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard lock >= 0 else { throw .system("open \(path).lock", errno) }
    guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
      close(lock)
      throw .alreadyWatched(terminal)
    }
  }

  /// Best first; the last one is always there.
  static var parents: [String] {
    let environment = ProcessInfo.processInfo.environment
    return [environment["XDG_RUNTIME_DIR"], "/dev/shm", "/run/lock", "/tmp"].compactMap { $0 }.filter { $0.hasPrefix("/") }
  }

  /// Whether a folder lies on a tmpfs: by the mount that it is on.
  static func isMemory(_ folder: String) -> Bool {
    let mounts = (try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)) ?? ""
    let fields = mounts.split(separator: "\n").map { $0.split(separator: " ") }.filter { $0.count > 2 }
    let over = fields.filter { "\(folder)/".hasPrefix($0[1] == "/" ? "/" : "\($0[1])/") }
    return over.max { $0[1].count < $1[1].count }?[2] == "tmpfs"
  }

  /// Throws away what is there and makes it anew, empty.
  func renew() throws(KioskError) {
    wipe()
    guard mkdir(path, 0o700) == 0 else { throw .system("mkdir \(path)", errno) }
    for folder in ["home", "profile", "etc/policies/managed", "tmp"] {
      do {
        try FileManager.default.createDirectory(
          atPath: "\(path)/\(folder)", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      } catch {
        throw .system("mkdir \(path)/\(folder)", errno)
      }
    }
  }

  func wipe() {
    // A process that was just killed may still be writing its last file.
    for _ in 0..<20 {
      try? FileManager.default.removeItem(atPath: path)
      if access(path, F_OK) != 0 { return }
      usleep(50_000)
    }
  }

  /// Gives the name back.
  func release() {
    wipe()
    unlink("\(path).lock")
    close(lock)
  }

  func write(_ name: String, _ data: Data) throws(KioskError) {
    guard FileManager.default.createFile(atPath: "\(path)/\(name)", contents: data, attributes: [.posixPermissions: 0o600]) else {
      throw .system("write \(path)/\(name)", errno)
    }
  }
}

/// Why a terminal cannot be watched over. For whoever typed the command: plain Chinese first, and what to do next.
public enum KioskError: Error, Sendable, Equatable, CustomStringConvertible {
  case noFolder
  case noBrowser
  case isRoot
  case alreadyWatched(String)
  case notThisMachine(String)
  case system(String, Int32)

  public var description: String {
    switch self {
    case .noFolder: "没有可写的临时文件夹 / no folder for the browser's profile"
    case .noBrowser: "找不到浏览器,请安装 chromium,或用 --browser 指明 / no browser: install chromium, or name it with --browser"
    case .isRoot:
      "不要用 root 运行浏览器,请换普通用户 / do not run the browser as root: its own protection would be off; use an ordinary user"
    case .alreadyWatched(let terminal): "自助终端 \(terminal) 已有看护程序在运行 / terminal \(terminal) is watched over already"
    case .notThisMachine(let address):
      "\(address) 不是本机的终端页面,应为 http://127.0.0.1:8466/kiosk/hall / not the page of a terminal on this machine"
    case .system(let operation, let code): "\(operation) 失败,errno \(code) / a system call failed"
    }
  }
}
