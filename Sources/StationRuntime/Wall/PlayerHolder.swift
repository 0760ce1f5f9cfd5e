import DeviceKit
import Foundation

/// One start of one player: `HOST/PROCESS/MICROSECONDS`. Two programs of one name are told apart by it.
public struct PlayerInstance: Sendable, Equatable, CustomStringConvertible {
  public var host: String
  public var process: Int32
  /// When it was started, by its own clock: since 1970.
  public var startedMicroseconds: Int64

  public init(host: String, process: Int32, startedMicroseconds: Int64) {
    self.host = String(host.filter(Self.mayName).prefix(Self.hostLimit))
    self.process = process
    self.startedMicroseconds = startedMicroseconds
  }

  /// This program.
  public static func current() -> PlayerInstance {
    PlayerInstance(
      host: ProcessInfo.processInfo.hostName, process: getpid(),
      startedMicroseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
  }

  /// `nil`: none that a player gives.
  init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0].count <= Self.hostLimit, parts[0].allSatisfy(Self.mayName), let process = Int32(parts[1]),
      process > 0, let started = Int64(parts[2]), started >= 0
    else { return nil }
    self.init(host: String(parts[0]), process: process, startedMicroseconds: started)
  }

  static let hostLimit = 40
  private static func mayName(_ letter: Character) -> Bool {
    letter.isASCII && (letter.isLetter || letter.isNumber || "-.".contains(letter))
  }

  public var description: String { "\(host)/\(process)/\(startedMicroseconds)" }

  /// For people: which program that is. Chinese / English.
  var text: String {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.dateFormat = "yyyy-MM-dd HH:mm:ss"
    let since = formatter.string(from: Date(timeIntervalSince1970: Double(startedMicroseconds) / 1_000_000))
    return "\(host) 上 \(since) 启动的进程 \(process) / process \(process) on \(host), started \(since)"
  }
}

/// Who speaks in a player's name. One at a time: what two windows of one number show would be mixed up else, and what the one reports be taken
/// for a proof of the other.
struct PlayerHolder {
  let instance: PlayerInstance
  /// When it last asked or reported.
  var heardAt: Instant
  /// Its connection was closed from its side before it was answered: that program has ended.
  var hasEnded = false
  /// Says whether that is so of the connection on which it is waiting now; `nil`: it is not.
  var isGone: (@Sendable () -> Bool)?

  /// Another one may have the name.
  func isOver(at now: Instant) -> Bool { hasEnded || isGone?() == true || now - heardAt > PlayerBoard.silence }
}

/// Another program has the name, or none has asked in it yet.
enum PlayerRefusal: Error {
  case held(PlayerInstance)
  case nobodyAsked

  var line: String {
    switch self {
    case .held(let other): PlayerLine.held + other.text + "\n"
    case .nobodyAsked: "不行: 请先用 wish 询问 / ask by wish first\n"
    }
  }
}
