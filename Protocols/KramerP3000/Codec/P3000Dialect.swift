import DeviceKit
import LineProtocolCodec

public struct P3000Settings: Sendable, Equatable {
  /// Which command switches.
  public enum Command: Sendable, Equatable {
    /// Picture; picture and sound; sound.
    case vid, av, aud
    /// Newer units with layers. The number of the picture's layer differs: 0 in some, 1 in others.
    case route(layer: UInt8)
  }

  /// The number that takes an output's input away.
  public enum NoInput: String, Sendable, CaseIterable {
    case zero
    /// One more than there are inputs.
    case afterLast
  }

  public var command: Command
  public var noInput: NoInput
  /// `nil`: the only one on its line.
  public var machine: UInt8?
  /// Level and password of `LOGIN`.
  public var login: String?
  public var inputs: UInt16?
  public var outputs: UInt16?
  public var pause: Interval

  public init(
    command: Command = .vid, noInput: NoInput = .zero, machine: UInt8? = nil, login: String? = nil, inputs: UInt16? = nil,
    outputs: UInt16? = nil, pause: Interval = .milliseconds(10)
  ) {
    self.command = command
    self.noInput = noInput
    self.machine = machine
    self.login = login
    self.inputs = inputs
    self.outputs = outputs
    self.pause = pause
  }

  var word: String {
    switch command {
    case .vid: "VID"
    case .av: "AV"
    case .aud: "AUD"
    case .route: "ROUTE"
    }
  }
}

/// A Kramer matrix that speaks Protocol 3000.
public struct P3000Dialect: MatrixDialect {
  public let settings: P3000Settings
  public let traits: MatrixTraits
  private var lines = TextLines(limit: 1_024)
  private var last: MatrixRequest?
  private var inputs: UInt16?

  static let questions = ["", "MODEL?", "VERSION?", "INFO-IO?"]

  public init(_ settings: P3000Settings = P3000Settings()) {
    self.settings = settings
    var traits = MatrixTraits()
    traits.hellos = Self.questions.count + 1
    // A line has at most 64 characters: `#01@AUD ` and six times `128>128,`.
    if case .route = settings.command {} else { traits.routesPerCommand = 6 }
    traits.pause = settings.pause
    traits.keepAliveInterval = .seconds(60)
    traits.echoesRoutes = true
    traits.readsAreNamed = true
    traits.known = MatrixDescription(inputs: settings.inputs, outputs: settings.outputs)
    self.traits = traits
    inputs = settings.inputs
  }

  public func bytes(_ request: MatrixRequest) -> [UInt8]? {
    switch request {
    case .hello(0): settings.login.map { line("LOGIN", $0) }
    case .hello(let step): Self.questions.indices.contains(step - 1) ? line(Self.questions[step - 1]) : nil
    case .routes(let routes): self.routes(routes)
    case .read(let output): read("\(output)")
    case .readAll:
      if case .route = settings.command { nil } else { line("\(settings.word)?", "*") }
    case .keepAlive: line("")
    case .login: nil
    }
  }

  private func line(_ command: String, _ parameters: String = "") -> [UInt8] {
    P3000Line(machine: settings.machine, command, parameters).request
  }

  private func routes(_ routes: [MatrixRoute]) -> [UInt8]? {
    guard case .route(let layer) = settings.command else {
      return line(settings.word, routes.map { "\(onWire($0.input))>\($0.output)" }.joined(separator: ","))
    }
    return routes.first.map { line("ROUTE", "\(layer),\($0.output),\(onWire($0.input))") }
  }

  private func read(_ output: String) -> [UInt8] {
    guard case .route(let layer) = settings.command else { return line("\(settings.word)?", output) }
    return line("ROUTE?", "\(layer),\(output)")
  }

  private func onWire(_ input: UInt16) -> UInt16 {
    guard input == 0, settings.noInput == .afterLast, let inputs, inputs < .max else { return input }
    return inputs + 1
  }

  private func fromWire(_ input: UInt16) -> UInt16 {
    guard settings.noInput == .afterLast, let inputs, inputs < .max, input == inputs + 1 else { return input }
    return 0
  }

  public mutating func asked(_ request: MatrixRequest) { last = request }

  /// Of Protocol 2000 the second byte is none of a text.
  public func isOwn(_ beginning: [UInt8]) -> Bool {
    beginning.textLines.contains { $0.first == P3000Line.answerStart && $0.dropFirst().first ?? 0 < 0x80 }
  }

  public mutating func startOver() {
    lines.startOver()
    last = nil
    inputs = settings.inputs
  }

  public mutating func push(_ byte: UInt8, into heard: inout [MatrixHeard]) {
    switch lines.push(byte) {
    case .tooLong?: heard.append(.tooLong)
    case .line(let bytes)?:
      guard let line = P3000Line(answer: bytes) else { return heard.append(.unknown) }
      // Another unit's on the same line.
      if let wanted = settings.machine, let machine = line.machine, machine != wanted { return }
      hear(line, into: &heard)
    case nil: break
    }
  }

  private mutating func hear(_ line: P3000Line, into heard: inout [MatrixHeard]) {
    if case .error(let code)? = line.outcome { return refused(code, line, into: &heard) }
    switch line.command {
    case "": heard.append(line.outcome == .ok ? .alive : .unknown)
    case "LOGIN": heard.append(.acknowledged)
    case "MODEL": heard.append(.described(MatrixDescription(model: Array(line.parameters.utf8).plainText())))
    case "VERSION": heard.append(.described(MatrixDescription(firmware: Array(line.parameters.utf8).plainText())))
    case "INFO-IO": size(line, into: &heard)
    case settings.word: switched(line, into: &heard)
    // Its own buttons switch picture and sound by other words.
    case "VID" where settings.command == .av: switched(line, into: &heard)
    default: break
    }
  }

  private func refused(_ code: UInt16, _ line: P3000Line, into heard: inout [MatrixHeard]) {
    let isLogin = last == .hello(0)
    guard code != 4, !isLogin else { return heard.append(.passwordWrong) }
    let number = "ERR" + String(decoding: decimal(code, width: 3), as: UTF8.self)
    let text = P3000Line.meaning(code).map { "\(number) \($0)" } ?? number
    // All that the parameters say is an input and an output; of ROUTE they say a layer as well.
    let namesLayer = if case .route = settings.command { true } else { false }
    if case .routes? = last, code == 3, !namesLayer { heard.append(.hasNone(text)) } else { heard.append(.refused(text)) }
  }

  /// `IN 11,OUT 9`
  private mutating func size(_ line: P3000Line, into heard: inout [MatrixHeard]) {
    var description = MatrixDescription()
    for part in line.parameters.split(separator: ",") {
      let words = part.split(separator: " ")
      guard words.count == 2, let count = number(Array(words[1].utf8)), count > 0 else { continue }
      if words[0].uppercased() == "IN" { description.inputs = count }
      if words[0].uppercased() == "OUT" { description.outputs = count }
    }
    inputs = description.inputs ?? inputs
    heard.append(.described(description))
  }

  private func switched(_ line: P3000Line, into heard: inout [MatrixHeard]) {
    let routes = found(line)
    guard !routes.isEmpty else { return heard.append(.unknown) }
    let isRead =
      switch last {
      case .read?, .readAll?: true
      default: false
      }
    // With OK it repeats what it was told to do, and that proves nothing.
    guard line.outcome == .ok, !isRead else { return heard += routes }
    if case .routes? = last { heard.append(.acknowledged) }
  }

  /// As many as the line names, whatever size the unit has: an asterisk is one of them.
  private func found(_ line: P3000Line) -> [MatrixHeard] {
    if case .route(let layer) = settings.command {
      guard let numbers = line.numbers, numbers.count == 3, numbers[0] == UInt16(layer), numbers[1] > 0 else { return [] }
      return [.route(MatrixRoute(numbers[1], from: fromWire(numbers[2])))]
    }
    return (line.routes ?? []).map { input, output in
      output.map { .route(MatrixRoute($0, from: fromWire(input))) } ?? .routeOfAll(fromWire(input))
    }
  }
}
