import DeviceKit
import LineProtocolCodec
import LineProtocolDeviceModel

/// A matrix of the wall, whatever it speaks.
public protocol SimulatedMatrix: Sendable {
  var core: MatrixCore { get }
  var isPowered: Bool { get }
  var deadline: Instant? { get }
  mutating func run(_ input: WallModel.Input, at now: Instant) -> [WallModel.Effect]
  /// `nil`: no matrix has anything like that.
  mutating func hand(_ hand: WallHand, at now: Instant) -> [WallModel.Effect]?
}

extension MatrixModel: SimulatedMatrix {
  public mutating func run(_ input: WallModel.Input, at now: Instant) -> [WallModel.Effect] {
    switch input {
    case .connected: step(.connected, at: now)
    case .disconnected: step(.disconnected, at: now)
    case .received(let bytes): step(.received(bytes), at: now)
    case .wake: step(.wake, at: now)
    }
  }

  public mutating func hand(_ hand: WallHand, at now: Instant) -> [WallModel.Effect]? {
    own(hand).map { step(.hand($0), at: now) }
  }

  private mutating func step(_ input: Input, at now: Instant) -> [WallModel.Effect] {
    WallModel.step(&self, input, .wake, at: now) { effect in
      switch effect {
      case .transmit(let bytes): .transmit(bytes)
      case .hangUp: .hangUp
      }
    }
  }

  private func own(_ hand: WallHand) -> Hand? {
    func has(_ output: UInt16) -> Bool { output > 0 && output <= core.outputs }
    return switch hand {
    // It has one plug for all its outputs.
    case .power(nil, let on): .power(on)
    case .lock(let port, let on) where has(port): .lock(port, on)
    case .late(let milliseconds): .late(.milliseconds(milliseconds))
    case .silent(let on): .silent(on)
    case .garble(let perThousand): .garble(perThousand: perThousand)
    case .halves(let on): .halfLines(perThousand: on ? 300 : 0)
    case .closes(let on): .closesAfterCommand(on)
    case .taken(let on): .refusesSessions(on)
    case .route(let port, let input) where has(port) && input <= core.inputs: .route(MatrixRoute(port, from: input))
    case .shift(let by): .numberShift(by)
    case .power, .lock, .route, .remote, .odd, .fan, .hot: nil
    }
  }
}
