import DeviceKit
import LineProtocolCodec

public struct SISSettings: Sendable, Equatable {
  public var layer: SISLayer
  public var password: String?
  /// Several ties in one command (`ESC +Q`). One that does not know it is found out.
  public var quick: Bool
  public var pause: Interval
  /// Where the unit does not say its size.
  public var inputs: UInt16?
  public var outputs: UInt16?

  public init(
    layer: SISLayer = .all, password: String? = nil, quick: Bool = true, pause: Interval = .milliseconds(10),
    inputs: UInt16? = nil,
    outputs: UInt16? = nil
  ) {
    self.layer = layer
    self.password = password
    self.quick = quick
    self.pause = pause
    self.inputs = inputs
    self.outputs = outputs
  }
}

/// An Extron matrix: short commands without an end, answers in lines.
public struct SISDialect: MatrixDialect {
  public let settings: SISSettings
  public private(set) var traits: MatrixTraits
  private var lines = TextLines()
  private var telnet = TelnetFilter()
  private var last: MatrixRequest?
  /// It has answered something, so that a banner now is none that greets.
  private var hasAnswered = false
  private var hasModel = false
  private var logins = 0
  /// Questions for the firmware that were not answered: only the answer to the last of them says that nothing else is on its way.
  private var openFirmware = 0

  static let hellos: [SISCommand] = [.verbose(3), .information, .partNumber, .firmware]
  static let firmwareHello = 3

  public init(_ settings: SISSettings = SISSettings()) {
    self.settings = settings
    var traits = MatrixTraits()
    traits.greeting = .optional(.milliseconds(1_500))
    traits.hellos = Self.hellos.count
    // An answer takes up to 1 s; a bare number that comes after this is nobody's.
    traits.answerLimit = .seconds(2)
    traits.routesPerCommand = settings.quick ? 16 : 1
    traits.pause = settings.pause
    // A Telnet port closes after 5 min of silence.
    traits.keepAliveInterval = .seconds(60)
    traits.echoesRoutes = true
    traits.known = MatrixDescription(inputs: settings.inputs, outputs: settings.outputs)
    self.traits = traits
  }

  public func bytes(_ request: MatrixRequest) -> [UInt8]? {
    switch request {
    case .login: settings.password.map { Array($0.utf8) + [0x0D] }
    case .hello(let step): Self.hellos.indices.contains(step) ? Self.hellos[step].bytes : nil
    case .routes(let routes):
      routes.count == 1 ? SISCommand.tie(routes[0], settings.layer).bytes : SISCommand.quick(routes, settings.layer).bytes
    case .read(let output): SISCommand.readTie(output: output, settings.layer).bytes
    case .keepAlive: SISCommand.firmware.bytes
    case .readAll: nil
    }
  }

  public mutating func asked(_ request: MatrixRequest) {
    switch request {
    case .login: logins += 1
    case .keepAlive, .hello(Self.firmwareHello): openFirmware += 1
    default: break
    }
    if request != .login { last = request }
  }

  public func isOwn(_ beginning: [UInt8]) -> Bool {
    var telnet = TelnetFilter()
    return beginning.filter { telnet.passes($0) }.textLines.contains { SISAnswer.hasBeginning($0) }
  }

  public mutating func startOver() {
    lines.startOver()
    telnet = TelnetFilter()
    last = nil
    hasAnswered = false
    hasModel = false
    logins = 0
    openFirmware = 0
  }

  public mutating func push(_ byte: UInt8, into heard: inout [MatrixHeard]) {
    guard telnet.passes(byte) else { return }
    switch lines.push(byte) {
    case .tooLong?: heard.append(.tooLong)
    case .line(let line)?: hear(SISAnswer(line), into: &heard)
    // The question for the password has no end of a line.
    case nil: if byte == 0x3A, lines.open.trimmed == Array("Password:".utf8) { askedForPassword(into: &heard) }
    }
  }

  private mutating func askedForPassword(into heard: inout [MatrixHeard]) {
    lines.startOver()
    heard.append(logins == 0 ? .wantsPassword : .passwordWrong)
  }

  private mutating func hear(_ answer: SISAnswer, into heard: inout [MatrixHeard]) {
    switch answer {
    case .banner, .other, .loggedIn: break
    default: hasAnswered = true
    }
    switch answer {
    case .tie(let output, let input, let layer):
      if settings.layer.includes(layer) { heard.append(.route(MatrixRoute(output, from: input))) }
    case .tieOfAll: break  // The outputs are read in their turn anyway.
    case .number(let input): heard.append(.input(input))
    case .quick, .verbose: heard.append(.acknowledged)
    case .error(let code): refused(code, into: &heard)
    case .firmware(let version):
      heard.append(.described(MatrixDescription(firmware: version)))
      openFirmware = max(openFirmware - 1, 0)
      if openFirmware == 0 { heard.append(.alive) }
    case .partNumber(let number): heard.append(.described(MatrixDescription(model: hasModel ? "" : number)))
    case .size(let inputs, let outputs): heard.append(.described(MatrixDescription(inputs: inputs, outputs: outputs)))
    case .banner(let model, let firmware):
      // On a serial line the banner is all that tells of a power cut; a slow unit greets when it was asked something already.
      if hasAnswered { heard.append(.restarted) }
      hasAnswered = false
      hasModel = true
      heard += [.described(MatrixDescription(model: model, firmware: firmware)), .greetedPerhaps]
    case .loggedIn: heard.append(.greeted)
    case .other: heard.append(.unknown)
    }
  }

  private mutating func refused(_ code: UInt8, into heard: inout [MatrixHeard]) {
    if code == 10, case .routes(let routes)? = last, routes.count > 1 { traits.routesPerCommand = 1 }
    let number = code < 10 ? "E0\(code)" : "E\(code)"
    let text = SISAnswer.meaning(code).map { "\(number) \($0)" } ?? number
    heard.append(SISAnswer.hasNone(code) ? .hasNone(text) : .refused(text))
  }
}

/// Leaves Telnet's own words out of what a Telnet port says. None of them is answered: a terminal without options is what we are.
struct TelnetFilter: Sendable {
  private var skip = 0

  mutating func passes(_ byte: UInt8) -> Bool {
    switch skip {
    case 2:
      // After IAC: WILL, WONT, DO and DONT have one byte more.
      skip = (0xFB...0xFE).contains(byte) ? 1 : 0
      return false
    case 1:
      skip = 0
      // An option; a line that was cut off goes on.
      return byte == 0x0D || byte == 0x0A
    default:
      if byte == 0xFF { skip = 2 }
      return byte != 0xFF
    }
  }
}
