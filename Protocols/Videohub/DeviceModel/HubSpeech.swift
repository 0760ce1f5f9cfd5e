import DeviceKit
import LineProtocolCodec
import LineProtocolDeviceModel
import VideohubCodec

/// How a Videohub answers, and the ways in which those that were seen differ.
public struct HubSpeech: MatrixSpeech {
  public struct Traits: Sendable, Equatable {
    public var version = "2.8"
    public var model = "Blackmagic Smart Videohub 12 x 12"
    public var name = "模拟矩阵"
    /// From 2.7 on.
    public var endsPrelude = true
    /// Else the question for a whole block is refused, as the mock-up of others does.
    public var answersQuestions = true
    public var isPresent = true
    /// Some servers of others end lines so.
    public var carriageReturns = false

    public init() {}
  }

  public var traits: Traits
  private var decoder = HubBlockDecoder()
  private var labels: [UInt16: String] = [:]

  public init(_ traits: Traits = Traits()) { self.traits = traits }

  public mutating func startOver() { decoder.startOver() }

  public func greeting(_ core: MatrixCore) -> [UInt8] {
    var blocks = [HubBlock(HubBlock.preamble, ["Version: \(traits.version)"])]
    guard traits.isPresent else { return sent(blocks + [HubBlock(HubBlock.device, ["Device present: false"])]) }
    blocks += [
      device(core),
      HubBlock(HubBlock.inputLabels, (0..<core.inputs).map { "\($0) \(labels[$0] ?? "Input \($0 + 1)")" }),
      HubBlock(HubBlock.outputLabels, (0..<core.outputs).map { "\($0) Output \($0 + 1)" }), locks(core), routing(core),
    ]
    if traits.endsPrelude { blocks += [HubBlock(HubBlock.configuration, ["Take Mode: true"]), HubBlock(HubBlock.endPrelude)] }
    return sent(blocks)
  }

  private func device(_ core: MatrixCore) -> HubBlock {
    HubBlock(
      HubBlock.device,
      [
        "Device present: true", "Model name: \(traits.model)", "Friendly name: \(traits.name)", "Unique ID: 7C2E0D000001",
        "Video inputs: \(core.inputs)", "Video processing units: 0", "Video outputs: \(core.outputs)",
        "Video monitoring outputs: 0", "Serial ports: 0",
      ])
  }

  private func routing(_ core: MatrixCore) -> HubBlock {
    .routing((0..<core.outputs).compactMap { at in core.input(at + 1).map { MatrixRoute(at + 1, from: $0) } })
  }

  private func locks(_ core: MatrixCore) -> HubBlock {
    HubBlock(HubBlock.locks, (0..<core.outputs).map { "\($0) \(core.locked.contains($0 + 1) ? "L" : "U")" })
  }

  public mutating func push(_ byte: UInt8, _ core: inout MatrixCore, into replies: inout [[UInt8]]) {
    var pieces: [HubBlockDecoder.Piece] = []
    decoder.push(byte, into: &pieces)
    for case .block(let block) in pieces { replies.append(sent(answer(block, &core))) }
  }

  private mutating func answer(_ block: HubBlock, _ core: inout MatrixCore) -> [HubBlock] {
    switch block.header {
    case "PING": return [.ack]
    case HubBlock.device where block.lines.isEmpty: return traits.answersQuestions ? [.ack, device(core)] : [.nak]
    case HubBlock.routing where block.lines.isEmpty: return traits.answersQuestions ? [.ack, routing(core)] : [.nak]
    case HubBlock.routing: return route(block.routes, of: block.lines.count, &core)
    case HubBlock.inputLabels where !block.lines.isEmpty:
      for (index, text) in block.entries where index < core.inputs { labels[index] = String(text) }
      return [.ack, block]
    default: return [.nak]
    }
  }

  /// All of a block or nothing of it; whoever asked gets the changed lines as everybody does, also where a lock kept the old ones.
  private func route(_ routes: [MatrixRoute], of lines: Int, _ core: inout MatrixCore) -> [HubBlock] {
    var trial = core
    guard routes.count == lines, routes.allSatisfy({ trial.connect($0) }) else { return [.nak] }
    core = trial
    return [.ack, .routing(routes.compactMap { route in core.input(route.output).map { MatrixRoute(route.output, from: $0) } })]
  }

  public func news(_ changed: [MatrixRoute], _ core: MatrixCore) -> [UInt8] { sent([.routing(changed)]) }

  private func sent(_ blocks: [HubBlock]) -> [UInt8] {
    let bytes = blocks.flatMap(\.bytes)
    return traits.carriageReturns ? bytes.flatMap { $0 == 0x0A ? [0x0D, 0x0A] : [$0] } : bytes
  }
}

public typealias VideohubModel = MatrixModel<HubSpeech>
