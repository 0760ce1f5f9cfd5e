/// How the line to a device of the wall stands, as the computer that opens it sees it.
public struct WallLineStanding: Sendable, Hashable, Codable {
  /// What was asked: `10.0.0.5:9990`, `hub.local:9990 (10.0.0.5)`, or a serial port and its speed.
  public var address: String
  /// A serial port and its speed were asked, not a host.
  public var isSerial: Bool
  public var state: State
  /// What was found instead, where that helps: the program that has the port, or the ports that there are (empty: none).
  public var found: String?

  public enum State: Sendable, Hashable, Codable {
    /// Asked for the first time, or again after it could not be opened; no answer yet.
    case connecting
    /// It is open, and the device has not said anything that makes sense yet.
    case open
    /// The device answers.
    case answering
    /// The last thing that went wrong; it is tried on.
    case failed(WallLineFailure)
  }

  public init(address: String, isSerial: Bool = false, state: State, found: String? = nil) {
    self.address = address
    self.isSerial = isSerial
    self.state = state
    self.found = found
  }
}

/// Why nothing comes of a line, as far as the computer can tell.
public enum WallLineFailure: Sendable, Hashable, Codable {
  // Nobody is reached.
  /// Nobody knows what the host's name stands for.
  case nameUnknown
  /// A machine answers at the address, and no program listens at the port.
  case refused
  /// No way there, or no machine answers at the address: told by the system.
  case unreachable
  /// Nothing at all came back.
  case unanswered
  /// It answered, and does not any more; the line was not ended.
  case lost

  // Of a serial port.
  case portMissing, portAmbiguous, portBusy, portForbidden
  /// It is no serial port, or cannot be set to that speed.
  case portUnfit

  // Somebody is there.
  /// It took the connection and ended it.
  case hungUp
  /// The line is open, and the device says nothing.
  case silent
  /// It says something else than this protocol: the first bytes of it, at most 8.
  case notUnderstood([UInt8])
  /// It begins as this protocol begins, and nothing of it is whole: the first bytes of it, at most 8.
  case damaged([UInt8])
  /// It says something, and what the site file describes as its answers fits none of it: the first bytes of it, at most 40.
  case unmatched([UInt8])
  /// The line is open, and what the site file describes as questions has no answer.
  case unansweredAsDescribed
  /// It sends without being asked, and more than any device of a wall has to say: it is not listened to any more for a while.
  case flooding
  /// It answers under another number than the site file gives.
  case wrongNumber
  case passwordWrong

  /// The system's own number (errno) for what is none of these.
  case system(Int32)

  public static let bytesKept = 8
  public static let wordsKept = 40

  /// Nobody is reached, and no machine has said no: a cable, a switch, a plug.
  public var isNobodyThere: Bool { self == .unreachable || self == .unanswered || self == .lost }
}

extension WallLineStanding {
  /// What the devices behind one switch have in common as a rule: `10.0.0.*`; `nil` for a serial port, or what has no such address.
  public var network: String? {
    let place = address.split(separator: "(").last ?? ""
    let parts = place.prefix { $0 == "." || $0.isASCII && $0.isNumber }.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4, parts.allSatisfy({ UInt8($0) != nil }) else { return nil }
    return parts.dropLast().joined(separator: ".") + ".*"
  }
}
