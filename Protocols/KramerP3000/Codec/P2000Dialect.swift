import DeviceKit
import LineProtocolCodec

public struct P2000Settings: Sendable, Equatable {
  /// 1 ... 31: set at the unit.
  public var machine: UInt8
  public var inputs: UInt16?
  public var outputs: UInt16?
  public var pause: Interval

  public init(machine: UInt8 = 1, inputs: UInt16? = nil, outputs: UInt16? = nil, pause: Interval = .milliseconds(10)) {
    self.machine = machine
    self.inputs = inputs
    self.outputs = outputs
    self.pause = pause
  }
}

/// An older Kramer matrix, or one that was never switched over: Protocol 2000, picture only.
public struct P2000Dialect: MatrixDialect {
  public let settings: P2000Settings
  public let traits: MatrixTraits
  private var decoder = P2000Decoder()
  private var last: MatrixRequest?
  /// What was switched and not acknowledged yet: its echo is no news.
  private var openEchoes: [MatrixRoute] = []
  /// Questions for the number of inputs that were not answered: only the answer to the last says that nothing else is on its way.
  private var openCounts = 0

  public init(_ settings: P2000Settings = P2000Settings()) {
    self.settings = settings
    var traits = MatrixTraits()
    traits.hellos = 2
    traits.tellsModel = false
    // An answer takes up to 1 s; a bare number that comes after this is nobody's.
    traits.answerLimit = .seconds(2)
    traits.pause = settings.pause
    traits.keepAliveInterval = .seconds(60)
    traits.readsAreNamed = false
    traits.known = MatrixDescription(inputs: settings.inputs, outputs: settings.outputs)
    self.traits = traits
  }

  public func bytes(_ request: MatrixRequest) -> [UInt8]? {
    func frame(_ instruction: UInt8, _ input: UInt16, _ output: UInt16) -> [UInt8]? {
      guard input < 128, output < 128 else { return nil }
      return P2000Frame(instruction, input: UInt8(input), output: UInt8(output), machine: settings.machine).bytes
    }
    switch request {
    case .hello(0), .keepAlive: return frame(P2000Frame.defineMachine, 1, 1)
    case .hello(1): return frame(P2000Frame.defineMachine, 2, 1)
    case .routes(let routes): return routes.first.flatMap { frame(P2000Frame.switchVideo, $0.input, $0.output) }
    case .read(let output): return frame(P2000Frame.queryOutput, 0, output)
    case .readAll, .login, .hello: return nil
    }
  }

  public mutating func asked(_ request: MatrixRequest) {
    last = request
    switch request {
    case .hello(0), .keepAlive: openCounts += 1
    case .routes(let routes): openEchoes = Array((openEchoes + routes).suffix(32))
    default: break
    }
  }

  public func isOwn(_ beginning: [UInt8]) -> Bool { P2000Frame.isReply(beginning, of: settings.machine) }

  public mutating func startOver() {
    decoder.startOver()
    last = nil
    openEchoes = []
    openCounts = 0
  }

  public mutating func push(_ byte: UInt8, into heard: inout [MatrixHeard]) {
    switch decoder.push(byte) {
    case .stray?: heard.append(.unknown)
    case .tooLong?: heard.append(.tooLong)
    case .frame(let frame)?: if frame.isReply, frame.machine == settings.machine { hear(frame, into: &heard) }
    case nil: break
    }
  }

  private mutating func hear(_ frame: P2000Frame, into heard: inout [MatrixHeard]) {
    switch frame.instruction {
    case P2000Frame.switchVideo: switched(MatrixRoute(UInt16(frame.output), from: UInt16(frame.input)), into: &heard)
    case P2000Frame.queryOutput: heard.append(.input(UInt16(frame.output)))
    case P2000Frame.error: heard.append(.refused("error \(frame.output)"))
    case P2000Frame.defineMachine where frame.input == 1:
      if frame.output > 0 { heard.append(.described(MatrixDescription(inputs: UInt16(frame.output)))) }
      openCounts = max(openCounts - 1, 0)
      if openCounts == 0 { heard.append(.alive) }
    case P2000Frame.defineMachine where frame.input == 2 && frame.output > 0:
      heard.append(.described(MatrixDescription(outputs: UInt16(frame.output))))
    default: heard.append(.unknown)
    }
  }

  private mutating func switched(_ route: MatrixRoute, into heard: inout [MatrixHeard]) {
    guard let at = openEchoes.firstIndex(of: route) else { return heard.append(.route(route)) }
    openEchoes.removeFirst(at + 1)
    if case .routes(let routes)? = last, routes.first == route { heard.append(.acknowledged) }
  }
}
