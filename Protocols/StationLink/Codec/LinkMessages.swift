import DeviceVocabulary

/// The version of the protocol that this program speaks, and the paths of its HTTP requests.
public enum LinkProtocol {
  public static let version = 1
  public static let batchType = "application/cloudevents-batch+json"
  public static let jsonType = "application/json"
  /// Requests for certificates, and certificates.
  public static let pemType = "application/x-pem-file"
  /// Entries in one batch at most.
  public static let batchEntries = 500
  /// Bytes of a request's body at most, as sent and after inflation.
  public static let bodyBytes = 4 << 20
  /// Bytes of one entry's stored body at most. What is longer travels without it (`LinkEntry.withheldBytes`): it holds up nothing.
  public static let entryBytes = 256 << 10
  /// Of every body that is no batch.
  public static let smallBodyBytes = 64 << 10
  /// A child that has not been heard for so long on a path is shown as gone.
  public static let silentAfterSeconds = 15

  public static let hello = "/link/v1/hello"
  public static let events = "/link/v1/events"
  public static let pulse = "/link/v1/pulse"
  public static let readings = "/link/v1/readings"
  public static let keys = "/link/v1/keys"
  public static let commands = "/link/v1/commands"
  public static let revocations = "/link/v1/revocations"
  public static let renew = "/link/v1/renew"
  /// Names the way a request came (`linli-path`), as the child's site file calls it.
  public static let pathHeader = "linli-path"

  /// 1 to 12 letters, digits, `-` or `_`: anything else is shown as `-`.
  public static func isPathName(_ text: String) -> Bool {
    (1...12).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 45 || byte == 95
      }
  }
}

/// First request on each path: who is there, what it speaks, how far its journal goes.
public struct LinkHello: Sendable, Equatable, Codable {
  public var versions: [Int]
  public var station: String
  /// For people, for instance 铁西社区综治中心.
  public var name: String
  public var program: String
  /// The end of the child's journal.
  public var head: JournalHead
  /// The end of what the child has dropped; `nil`: its journal is there from its beginning.
  public var oldest: JournalHead?

  public init(
    versions: [Int] = [LinkProtocol.version], station: String, name: String, program: String, head: JournalHead,
    oldest: JournalHead? = nil
  ) {
    self.versions = versions
    self.station = station
    self.name = name
    self.program = program
    self.head = head
    self.oldest = oldest
  }
}

/// The parent's answer: the version that both speak, and what it has on disk.
public struct LinkWelcome: Sendable, Equatable, Codable {
  public var version: Int
  public var station: String
  public var name: String
  public var receipt: LinkReceipt
  /// Parent's wall clock, milliseconds since 1970; both desks say when the two differ by more than 2 minutes; never used to set a clock.
  public var nowMilliseconds: Int64
  /// Number of the parent's revocation list; a child with a lower one asks for the list. `nil` from parents that serve none.
  public var revocations: UInt64?

  /// The name is written into entries of the child's journal: it is no longer than a station's name may be.
  public static let stationBytes = 160

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    version = try container.decode(Int.self, forKey: .version)
    station = try container.decode(String.self, forKey: .station)
    name = try container.decode(String.self, forKey: .name)
    receipt = try container.decode(LinkReceipt.self, forKey: .receipt)
    nowMilliseconds = try container.decode(Int64.self, forKey: .nowMilliseconds)
    revocations = try container.decodeIfPresent(UInt64.self, forKey: .revocations)
    guard station.utf8.count <= Self.stationBytes else {
      throw DecodingError.dataCorruptedError(
        forKey: .station, in: container, debugDescription: "at most \(Self.stationBytes) bytes")
    }
  }

  public init(
    version: Int = LinkProtocol.version, station: String, name: String, receipt: LinkReceipt, nowMilliseconds: Int64,
    revocations: UInt64? = nil
  ) {
    self.version = version
    self.station = station
    self.name = name
    self.receipt = receipt
    self.nowMilliseconds = nowMilliseconds
    self.revocations = revocations
  }
}

/// A heartbeat: the answer carries the same nonce, so that a proof is of this moment and of this path.
public struct LinkPulse: Sendable, Equatable, Codable {
  public var nonce: UInt64
  /// Entries that the child still has to send.
  public var waiting: UInt64
  /// How the child sees its other paths, for the parent's page.
  public var paths: [PathStatus]

  public init(nonce: UInt64, waiting: UInt64, paths: [PathStatus]) {
    self.nonce = nonce
    self.waiting = waiting
    self.paths = paths
  }
}

public struct LinkPulseAnswer: Sendable, Equatable, Codable {
  public var nonce: UInt64
  public var nowMilliseconds: Int64
  /// As in `LinkWelcome`: a revocation is known below within one heartbeat.
  public var revocations: UInt64?

  public init(nonce: UInt64, nowMilliseconds: Int64, revocations: UInt64? = nil) {
    self.nonce = nonce
    self.nowMilliseconds = nowMilliseconds
    self.revocations = revocations
  }
}

/// One event of the command stream: the command, and the parent's time when it was sent, so that the child reckons what is left of its
/// time to live without comparing two clocks.
public struct LinkCommand: Sendable, Equatable, Codable {
  public var command: ParentCommand
  public var sentAtMilliseconds: Int64

  public init(command: ParentCommand, sentAtMilliseconds: Int64) {
    self.command = command
    self.sentAtMilliseconds = sentAtMilliseconds
  }

  /// What is left when it arrives, in milliseconds; zero or less: expired.
  public var remainingMilliseconds: Int64 {
    let passed = sentAtMilliseconds.subtractingReportingOverflow(command.issuedAtMilliseconds)
    // A parent's clock that was set back in between would make a command live for ever.
    let age = passed.overflow ? 0 : max(0, passed.partialValue)
    let life = command.timeToLiveSeconds.multipliedReportingOverflow(by: 1000)
    return (life.overflow ? 0 : Int64(life.partialValue)).subtractingReportingOverflow(age).partialValue
  }

  /// What a command may say of its times: whole seconds up to a week, and milliseconds that every JSON library holds exactly.
  public static let timeToLiveSeconds = 1...604_800
  public static let milliseconds: ClosedRange<Int64> = 0...0x1F_FFFF_FFFF_FFFF

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    command = try container.decode(ParentCommand.self, forKey: .command)
    sentAtMilliseconds = try container.decode(Int64.self, forKey: .sentAtMilliseconds)
    guard Self.timeToLiveSeconds.contains(command.timeToLiveSeconds), Self.milliseconds.contains(command.issuedAtMilliseconds),
      Self.milliseconds.contains(sentAtMilliseconds)
    else {
      throw DecodingError.dataCorruptedError(
        forKey: .command, in: container, debugDescription: "1 to 604800 seconds to live, times from 0 to 2^53 - 1 ms")
    }
  }
}

/// A refusal as it stands in an answer (RFC 9457): what, where, what is accepted; Chinese first.
public struct LinkProblem: Sendable, Equatable, Codable {
  public var type: String
  public var title: String
  public var detail: String
  public var code: LinkRefusal
  public var `where`: String
  public var accepted: String

  public init(_ code: LinkRefusal, at place: String, accepted: String, title: String) {
    self.type = "about:blank"
    self.title = title
    self.detail = "\(place): \(accepted)"
    self.code = code
    self.where = place
    self.accepted = accepted
  }
}
