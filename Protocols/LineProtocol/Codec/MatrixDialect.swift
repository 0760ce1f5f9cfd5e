import DeviceKit

/// How one kind of matrix switcher speaks: bytes both ways, and what its driver must know. Outputs and inputs count from 1 on this side,
/// whatever the wire counts from; input 0 is none.
public protocol MatrixDialect: Sendable {
  var traits: MatrixTraits { get }
  /// `nil`: it has no such request.
  func bytes(_ request: MatrixRequest) -> [UInt8]?
  /// A request was sent: what comes next is its answer, perhaps.
  mutating func asked(_ request: MatrixRequest)
  /// Whether an answer of such a device begins in the first bytes of a line, whatever comes of it.
  func isOwn(_ beginning: [UInt8]) -> Bool
  /// What is heard next has nothing to do with what was heard before.
  mutating func startOver()
  mutating func push(_ byte: UInt8, into heard: inout [MatrixHeard])
}

public struct MatrixRoute: Sendable, Hashable {
  public var output: UInt16
  public var input: UInt16

  public init(_ output: UInt16, from input: UInt16) {
    self.output = output
    self.input = input
  }
}

public enum MatrixRequest: Sendable, Equatable {
  case login
  /// One of the questions who it is, or what else has to be said first: 0 ..< `MatrixTraits.hellos`.
  case hello(Int)
  /// At most `MatrixTraits.routesPerCommand` of them.
  case routes([MatrixRoute])
  case read(UInt16)
  case readAll
  /// Has an answer that is no other's, where the dialect can.
  case keepAlive
}

public enum MatrixHeard: Sendable, Equatable {
  /// It has said all that it says to somebody who comes.
  case greeted
  /// ... unless there is more within 300 ms.
  case greetedPerhaps
  /// What an output gets, whether asked or not.
  case route(MatrixRoute)
  /// What all its outputs get.
  case routeOfAll(UInt16)
  /// The answer to `read`, where that does not name the output.
  case input(UInt16)
  case acknowledged
  case refused(String)
  /// ... because it has no such input or output.
  case hasNone(String)
  /// The answer to `keepAlive`.
  case alive
  case described(MatrixDescription)
  case wantsPassword
  case passwordWrong
  /// It says that it started again.
  case restarted
  /// Somebody answers, but there is no switcher behind it.
  case notThere
  case unknown
  /// No end of a line in sight.
  case tooLong
}

/// What it says of itself; an empty text or `nil` is not known.
public struct MatrixDescription: Sendable, Equatable {
  public var model: String
  public var name: String
  public var firmware: String
  public var inputs: UInt16?
  public var outputs: UInt16?

  public init(model: String = "", name: String = "", firmware: String = "", inputs: UInt16? = nil, outputs: UInt16? = nil) {
    self.model = model
    self.name = name
    self.firmware = firmware
    self.inputs = inputs
    self.outputs = outputs
  }

  public mutating func add(_ other: MatrixDescription) {
    if !other.model.isEmpty { model = other.model }
    if !other.name.isEmpty { name = other.name }
    if !other.firmware.isEmpty { firmware = other.firmware }
    inputs = other.inputs ?? inputs
    outputs = other.outputs ?? outputs
  }
}

public struct MatrixTraits: Sendable, Equatable {
  /// What it says by itself to somebody who comes.
  public enum Greeting: Sendable, Equatable {
    case none
    /// Waited for so long, and done without.
    case optional(Interval)
    /// Without it this is another device.
    case required(Interval)
  }

  public var greeting = Greeting.none
  public var hellos = 0
  /// Its greeting says who it is: the hellos are sent only where that was not whole.
  public var greetsWithAll = false
  /// Says what model it is.
  public var tellsModel = true
  public var routesPerCommand = 1
  public var answerLimit = Interval.seconds(1)
  /// Between an answer and the next request.
  public var pause = Interval.zero
  /// Requests without an answer, one after the other, until the line is opened anew.
  public var missLimit = 3
  /// Something is sent at least this often.
  public var keepAliveInterval: Interval?
  /// Each output is read at least this often. What is unchanged is told every five seconds, so this has to divide them.
  public var proofInterval = Interval.milliseconds(2_500)
  /// Whether the answer to `read` says which output it speaks of; `nil`: that is learned.
  public var readsAreNamed: Bool?
  /// The most inputs or outputs that it can have: what it says beyond that is not believed.
  public var sizeLimit: UInt16 = 4_096
  /// What is known without asking.
  public var known = MatrixDescription()
  /// Says by itself what changes, so that what it does not say has not.
  public var pushes = false
  /// `acknowledged` and `refused` may answer `keepAlive`; else only `alive` does.
  public var keepAliveIsAcknowledged = false
  /// What an output gets now is the acknowledgement of its command, and no proof.
  public var echoesRoutes = false
  /// Else a command has no answer, and only reading shows what it did.
  public var answersRoutes = true
  public var canDisconnect = true

  public init() {}
}

/// Decimal digits as wires write them, with zeros in front up to `width`.
public func decimal(_ number: UInt16, width: Int = 1) -> [UInt8] {
  let digits = Array("\(number)".utf8)
  return [UInt8](repeating: 0x30, count: max(0, width - digits.count)) + digits
}
