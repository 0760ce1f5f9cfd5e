import DeviceKit

/// What the site file's description of a matrix comes to.
public struct LineDialect: MatrixDialect {
  public let settings: LineSettings
  public let traits: MatrixTraits
  private var lines: TextLines
  private var last: MatrixRequest?

  public init(_ settings: LineSettings) {
    self.settings = settings
    lines = TextLines(end: settings.terminator.last)
    var traits = MatrixTraits()
    if settings.greeting != nil { traits.greeting = .optional(.seconds(2)) }
    traits.answerLimit = settings.answerLimit
    traits.pause = settings.pause
    traits.answersRoutes = settings.acknowledgement != nil
    traits.canDisconnect = settings.noInput != nil
    traits.readsAreNamed = settings.readAnswer.namesOutput
    traits.known = MatrixDescription(inputs: settings.inputs, outputs: settings.outputs)
    self.traits = traits
  }

  public func bytes(_ request: MatrixRequest) -> [UInt8]? {
    switch request {
    case .routes(let routes):
      guard let route = routes.first else { return nil }
      return settings.route.bytes(output: onWire(route.output), input: inputOnWire(route.input)) + settings.terminator
    case .read(let output): return settings.read.bytes(output: onWire(output), input: 0) + settings.terminator
    case .login, .hello, .readAll, .keepAlive: return nil
    }
  }

  public func onWire(_ number: UInt16) -> UInt16 { number == 0 ? 0 : number - 1 + settings.base }
  public func inputOnWire(_ input: UInt16) -> UInt16 { input == 0 ? settings.noInput ?? 0 : onWire(input) }
  public func fromWire(_ number: UInt16) -> UInt16? {
    guard number >= settings.base, number - settings.base < .max else { return nil }
    return number - settings.base + 1
  }
  public func inputFromWire(_ number: UInt16) -> UInt16? { number == settings.noInput ? 0 : fromWire(number) }

  public mutating func asked(_ request: MatrixRequest) { last = request }

  public func isOwn(_ beginning: [UInt8]) -> Bool {
    let templates = [settings.greeting, settings.readAnswer, settings.acknowledgement, settings.refusal].compactMap { $0 }
    return beginning.textLines.contains { line in templates.contains { $0.mayBegin(line) } }
  }

  public mutating func startOver() {
    lines.startOver()
    last = nil
  }

  public mutating func push(_ byte: UInt8, into heard: inout [MatrixHeard]) {
    switch lines.push(byte) {
    case .tooLong?: heard.append(.tooLong)
    case .line(let line)?: heard.append(read(line))
    case nil: break
    }
  }

  private func read(_ line: [UInt8]) -> MatrixHeard {
    if settings.refusal?.match(line) != nil { return .refused(line.plainText()) }
    // The two may look alike: what was asked last decides.
    let isRead = if case .read? = last { true } else { false }
    if isRead, let answer = answer(line) { return answer }
    if acknowledges(line) { return .acknowledged }
    if let answer = answer(line) { return answer }
    return settings.greeting?.match(line) != nil ? .greeted : .unknown
  }

  private func acknowledges(_ line: [UInt8]) -> Bool {
    guard let match = settings.acknowledgement?.match(line) else { return false }
    // One that names others is the answer to something else.
    guard case .routes(let routes)? = last, let route = routes.first else { return true }
    return (match.output == nil || match.output == onWire(route.output))
      && (match.input == nil || match.input == inputOnWire(route.input))
  }

  private func answer(_ line: [UInt8]) -> MatrixHeard? {
    guard let match = settings.readAnswer.match(line), let input = match.input.flatMap(inputFromWire) else { return nil }
    guard settings.readAnswer.namesOutput else { return .input(input) }
    return match.output.flatMap(fromWire).map { .route(MatrixRoute($0, from: input)) }
  }
}
