import DeviceKit
import KramerP3000Codec
import LineProtocolCodec
import LineProtocolDeviceModel

/// How a Kramer matrix with Protocol 2000 answers.
public struct P2000Speech: MatrixSpeech {
  public let machine: UInt8
  private var decoder = P2000Decoder()

  public init(machine: UInt8 = 1) { self.machine = machine }

  public mutating func startOver() { decoder.startOver() }

  public func greeting(_ core: MatrixCore) -> [UInt8] { [] }

  public mutating func push(_ byte: UInt8, _ core: inout MatrixCore, into replies: inout [[UInt8]]) {
    guard case .frame(let frame)? = decoder.push(byte), !frame.isReply, frame.machine == machine else { return }
    if frame.instruction == P2000Frame.queryOutput, core.unreadable.contains(UInt16(frame.output)) { return }
    replies.append(answer(frame, &core))
  }

  private func answer(_ frame: P2000Frame, _ core: inout MatrixCore) -> [UInt8] {
    func said(_ instruction: UInt8, _ input: UInt8, _ output: UInt8) -> [UInt8] {
      P2000Frame(instruction, input: input, output: output, machine: machine, isReply: true).bytes
    }
    switch frame.instruction {
    case P2000Frame.switchVideo:
      let isDone = core.connect(MatrixRoute(UInt16(frame.output), from: UInt16(frame.input)))
      return isDone ? said(P2000Frame.switchVideo, frame.input, frame.output) : said(P2000Frame.error, 0, 2)
    case P2000Frame.queryOutput:
      return core.input(UInt16(frame.output)).map { said(P2000Frame.queryOutput, 0, UInt8(clamping: $0)) }
        ?? said(P2000Frame.error, 0, 2)
    case P2000Frame.defineMachine where frame.input == 1: return said(frame.instruction, 1, UInt8(clamping: core.inputs))
    case P2000Frame.defineMachine where frame.input == 2: return said(frame.instruction, 2, UInt8(clamping: core.outputs))
    default: return said(P2000Frame.error, 0, 1)
    }
  }

  public func news(_ changed: [MatrixRoute], _ core: MatrixCore) -> [UInt8] {
    changed.flatMap {
      P2000Frame(
        P2000Frame.switchVideo, input: UInt8(clamping: $0.input), output: UInt8(clamping: $0.output), machine: machine,
        isReply: true
      ).bytes
    }
  }
}

public typealias KramerP2000Model = MatrixModel<P2000Speech>
