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
    Self.own(hand).map { step(.hand($0), at: now) }
  }

  private mutating func step(_ input: Input, at now: Instant) -> [WallModel.Effect] {
    WallModel.step(&self, input, .wake, at: now) { effect in
      switch effect {
      case .transmit(let bytes): .transmit(bytes)
      case .hangUp: .hangUp
      }
    }
  }

  private static func own(_ hand: WallHand) -> Hand? {
    switch hand {
    case .power(_, let on): .power(on)
    case .lock(let port, let on): .lock(port, on)
    case .late(let milliseconds): .late(.milliseconds(milliseconds))
    case .silent(let on): .silent(on)
    case .garble(let perThousand): .garble(perThousand: perThousand)
    case .halves(let on): .halfLines(perThousand: on ? 300 : 0)
    case .closes(let on): .closesAfterCommand(on)
    case .taken(let on): .refusesSessions(on)
    case .route(let port, let input): .route(MatrixRoute(port, from: input))
    case .shift(let by): .numberShift(by)
    case .remote, .odd, .fan, .hot: nil
    }
  }
}
