import DeviceKit
import LineProtocolCodec

/// The other half of a matrix that a site file describes: it understands that description's commands and answers by its patterns.
public struct LineSpeech: MatrixSpeech {
  public let settings: LineSettings
  private let dialect: LineDialect
  private var line: [UInt8] = []

  public init(_ settings: LineSettings) {
    self.settings = settings
    dialect = LineDialect(settings)
  }

  public mutating func startOver() { line = [] }

  public func greeting(_ core: MatrixCore) -> [UInt8] { settings.greeting.map { said($0, 0, 0) } ?? [] }

  public mutating func push(_ byte: UInt8, _ core: inout MatrixCore, into replies: inout [[UInt8]]) {
    line.append(byte)
    guard line.suffix(settings.terminator.count) == settings.terminator[...] else {
      if line.count > 256 { line = [] }
      return
    }
    let command = Array(line.dropLast(settings.terminator.count))
    line = []
    if let match = settings.read.match(command), let wire = match.output {
      guard dialect.fromWire(wire).map({ !core.unreadable.contains($0) }) ?? true else { return }
      let input = dialect.fromWire(wire).flatMap { core.input($0) }
      replies.append(input.map { said(settings.readAnswer, wire, dialect.inputOnWire($0)) } ?? refusal)
    } else if let match = settings.route.match(command), let output = match.output, let input = match.input {
      let route = dialect.fromWire(output).flatMap { to in dialect.inputFromWire(input).map { MatrixRoute(to, from: $0) } }
      let isDone = route.map { core.connect($0) } ?? false
      replies.append(isDone ? settings.acknowledgement.map { said($0, output, input) } ?? [] : refusal)
    } else if !command.isEmpty {
      replies.append(refusal)
    }
  }

  private var refusal: [UInt8] { settings.refusal.map { said($0, 0, 0) } ?? [] }

  private func said(_ template: LineTemplate, _ output: UInt16, _ input: UInt16) -> [UInt8] {
    template.bytes(output: output, input: input) + settings.terminator
  }

  public func news(_ changed: [MatrixRoute], _ core: MatrixCore) -> [UInt8] { [] }
}
