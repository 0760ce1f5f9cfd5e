import DeviceKit
import ExtronSISCodec
import LineProtocolCodec
import LineProtocolDeviceModel

/// How an Extron matrix answers, and the ways in which the series differ.
public struct SISSpeech: MatrixSpeech {
  public struct Traits: Sendable, Equatable {
    public var model = "CrossPoint 300"
    public var firmware = "1.23"
    public var partNumber = "60-338-21"
    /// Digits of a number in its answers: 2 or 3.
    public var width = 2
    public var password: String?
    /// Its serial port says nothing to somebody who comes.
    public var hasBanner = true
    /// Answers to `5!` name their output.
    public var namesReads = false
    public var knowsQuick = true
    /// `In01 Out03 All`.
    public var inputFirst = false
    public var saysSize = true
    public var negotiatesTelnet = false

    public init() {}
  }

  public let traits: Traits
  private var decoder = SISCommandDecoder()
  private var isLoggedIn = true
  private var typed: [UInt8] = []

  public init(_ traits: Traits = Traits()) {
    self.traits = traits
    startOver()
  }

  public mutating func startOver() {
    decoder.startOver()
    isLoggedIn = traits.password == nil
    typed = []
  }

  public func greeting(_ core: MatrixCore) -> [UInt8] {
    var said: [UInt8] = traits.negotiatesTelnet ? [0xFF, 0xFB, 0x01, 0xFF, 0xFB, 0x03] : []
    if traits.hasBanner {
      let banner = "© Copyright 2009, Extron Electronics, \(traits.model), V\(traits.firmware), \(traits.partNumber)"
      said += Array("\r\n\(banner)\r\nThu, 15 Jan 2026, 12:34:56\r\n".utf8)
    }
    if traits.password != nil { said += Array("\r\nPassword:".utf8) }
    return said
  }

  public mutating func push(_ byte: UInt8, _ core: inout MatrixCore, into replies: inout [[UInt8]]) {
    guard isLoggedIn else { return logIn(byte, into: &replies) }
    guard let command = decoder.push(byte) else { return }
    if case .readTie(let output, _) = command, core.unreadable.contains(output) { return }
    replies.append(Array("\(answer(command, &core))\r\n".utf8))
  }

  private mutating func logIn(_ byte: UInt8, into replies: inout [[UInt8]]) {
    guard byte == 0x0D else {
      if byte != 0x0A, typed.count < 100 { typed.append(byte) }
      return
    }
    isLoggedIn = typed == Array((traits.password ?? "").utf8)
    typed = []
    replies.append(Array((isLoggedIn ? "\r\nLogin Administrator\r\n" : "\r\nPassword:").utf8))
  }

  private func answer(_ command: SISCommand, _ core: inout MatrixCore) -> String {
    switch command {
    case .tie(let route, let layer): return tie(route, layer, &core)
    case .quick(let routes, _):
      guard traits.knowsQuick else { return "E10" }
      var trial = core
      guard routes.allSatisfy({ trial.connect($0) }) else { return "E22" }
      core = trial
      return "Qik"
    case .tieOfAll(let input, let layer):
      guard input <= core.inputs else { return "E01" }
      for output in 0..<core.outputs { _ = core.connect(MatrixRoute(output + 1, from: input)) }
      return "In\(number(input)) \(layer.tag)"
    case .readTie(let output, let layer):
      guard let input = core.input(output) else { return "E12" }
      return traits.namesReads ? said(MatrixRoute(output, from: input), layer) : number(input)
    case .verbose(let level): return "Vrb\(level)"
    case .information: return traits.saysSize ? "V\(core.inputs)X\(core.outputs) A\(core.inputs)X\(core.outputs)" : "E10"
    case .partNumber: return traits.partNumber
    case .firmware: return traits.firmware
    case .unknown: return "E10"
    }
  }

  private func tie(_ route: MatrixRoute, _ layer: SISLayer, _ core: inout MatrixCore) -> String {
    guard route.input <= core.inputs else { return "E01" }
    guard core.input(route.output) != nil else { return "E12" }
    return core.connect(route) ? said(route, layer) : "E22"
  }

  private func said(_ route: MatrixRoute, _ layer: SISLayer) -> String {
    let (input, output) = ("In\(number(route.input))", "Out\(number(route.output))")
    return "\(traits.inputFirst ? input : output) \(traits.inputFirst ? output : input) \(layer.tag)"
  }

  private func number(_ number: UInt16) -> String { String(decoding: decimal(number, width: traits.width), as: UTF8.self) }

  public func news(_ changed: [MatrixRoute], _ core: MatrixCore) -> [UInt8] {
    changed.flatMap { Array("\(said($0, .all))\r\n".utf8) }
  }
}

public typealias ExtronSISModel = MatrixModel<SISSpeech>
