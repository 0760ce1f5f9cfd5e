import DeviceKit
import KramerP3000Codec
import LineProtocolCodec
import LineProtocolDeviceModel

/// How a Kramer matrix with Protocol 3000 answers, and the ways in which units differ.
public struct P3000Speech: MatrixSpeech {
  public struct Traits: Sendable, Equatable {
    public var model = "VS-88HN"
    public var version = "1.10"
    /// `nil`: older texts show answers without the machine's number.
    public var machine: UInt8? = 1
    /// `2>1OK` instead of `2>1 OK`.
    public var spaceBeforeOK = true
    /// The layer that `ROUTE` takes; `nil`: it has no such command.
    public var routeLayer: UInt8?
    public var answersAll = true
    public var saysSize = true
    public var noInput = P3000Settings.NoInput.zero
    /// `1,pass`
    public var login: String?

    public init() {}
  }

  public let traits: Traits
  private var lines = TextLines(limit: 64)
  private var isLoggedIn = false

  public init(_ traits: Traits = Traits()) { self.traits = traits }

  public mutating func startOver() {
    lines.startOver()
    isLoggedIn = false
  }

  public func greeting(_ core: MatrixCore) -> [UInt8] { [] }

  public mutating func push(_ byte: UInt8, _ core: inout MatrixCore, into replies: inout [[UInt8]]) {
    switch lines.push(byte) {
    case .line(let line)?:
      // Several commands on one line, each with an answer of its own.
      for part in line.split(separator: 0x7C) {
        guard let request = P3000Line(request: Array(part).trimmed) else { continue }
        guard request.machine == nil || traits.machine == nil || request.machine == traits.machine else { continue }
        replies.append(sent(answer(request, &core)))
      }
    case .tooLong?: replies.append(sent(error(1)))
    case nil: break
    }
  }

  private func error(_ code: UInt16, _ command: String = "") -> P3000Line {
    P3000Line(machine: traits.machine, command, "", .error(code))
  }

  private func said(_ command: String, _ parameters: String, _ outcome: P3000Line.Outcome? = nil) -> P3000Line {
    P3000Line(machine: traits.machine, command, parameters, outcome)
  }

  private mutating func answer(_ request: P3000Line, _ core: inout MatrixCore) -> P3000Line {
    if request.command == "LOGIN" {
      isLoggedIn = request.parameters == traits.login
      return isLoggedIn ? said("LOGIN", request.parameters, .ok) : error(4, "LOGIN")
    }
    guard traits.login == nil || isLoggedIn || request.command.isEmpty else { return error(4) }
    switch request.command {
    case "": return said("", "", .ok)
    case "MODEL?": return said("MODEL", traits.model)
    case "VERSION?": return said("VERSION", traits.version)
    case "INFO-IO?" where traits.saysSize: return said("INFO-IO", "IN \(core.inputs),OUT \(core.outputs)")
    case "VID", "V", "AV", "AUD": return route(request, &core)
    case "VID?", "V?", "AV?", "AUD?": return asked(request, core)
    case "ROUTE" where traits.routeLayer != nil: return routeLayered(request, &core)
    case "ROUTE?" where traits.routeLayer != nil: return askedLayered(request, core)
    default: return error(2)
    }
  }

  private func long(_ command: String) -> String { command == "V" ? "VID" : command }

  private func fromWire(_ input: UInt16, _ core: MatrixCore) -> UInt16 {
    traits.noInput == .afterLast && input == core.inputs + 1 ? 0 : input
  }

  private func onWire(_ input: UInt16, _ core: MatrixCore) -> UInt16 {
    traits.noInput == .afterLast && input == 0 ? core.inputs + 1 : input
  }

  private func route(_ request: P3000Line, _ core: inout MatrixCore) -> P3000Line {
    guard let routes = request.routes else { return error(1, long(request.command)) }
    var trial = core
    for (input, output) in routes {
      for output in output.map({ [$0] }) ?? (0..<core.outputs).map({ $0 + 1 }) {
        let route = MatrixRoute(output, from: fromWire(input, core))
        // Which code a lock has is not known; it is none about the numbers.
        guard trial.connect(route) else { return error(core.has(route) ? 2 : 3, long(request.command)) }
      }
    }
    core = trial
    return said(long(request.command), request.parameters, .ok)
  }

  private func asked(_ request: P3000Line, _ core: MatrixCore) -> P3000Line {
    let command = long(String(request.command.dropLast()))
    func text(_ output: UInt16) -> String? { core.input(output).map { "\(onWire($0, core))>\(output)" } }
    if request.parameters == "*" {
      guard traits.answersAll else { return error(3, command) }
      return said(command, (0..<core.outputs).compactMap { text($0 + 1) }.joined(separator: ","))
    }
    return UInt16(request.parameters).flatMap(text).map { said(command, $0) } ?? error(3, command)
  }

  private func routeLayered(_ request: P3000Line, _ core: inout MatrixCore) -> P3000Line {
    guard let numbers = request.numbers, numbers.count == 3 else { return error(1, "ROUTE") }
    guard numbers[0] == traits.routeLayer.map(UInt16.init),
      core.connect(MatrixRoute(numbers[1], from: fromWire(numbers[2], core)))
    else { return error(3, "ROUTE") }
    return said("ROUTE", request.parameters, .ok)
  }

  private func askedLayered(_ request: P3000Line, _ core: MatrixCore) -> P3000Line {
    guard let numbers = request.numbers, numbers.count == 2, numbers[0] == traits.routeLayer.map(UInt16.init),
      let input = core.input(numbers[1])
    else { return error(3, "ROUTE") }
    return said("ROUTE", "\(numbers[0]),\(numbers[1]),\(onWire(input, core))")
  }

  private func sent(_ line: P3000Line) -> [UInt8] {
    guard line.outcome == .ok, !traits.spaceBeforeOK, !line.parameters.isEmpty else { return line.answer }
    return P3000Line(machine: line.machine, line.command, line.parameters + "OK").answer
  }

  public func news(_ changed: [MatrixRoute], _ core: MatrixCore) -> [UInt8] {
    let text = changed.map { "\(onWire($0.input, core))>\($0.output)" }.joined(separator: ",")
    guard let layer = traits.routeLayer else { return sent(said("VID", text)) }
    return changed.flatMap { sent(said("ROUTE", "\(layer),\($0.output),\(onWire($0.input, core))")) }
  }
}

public typealias KramerP3000Model = MatrixModel<P3000Speech>
