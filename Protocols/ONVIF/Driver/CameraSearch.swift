import DeviceKit
import ONVIFCodec

/// Asks the network which cameras there are, and collects who answers.
public struct CameraSearch: Machine, Sendable {
  public enum Input: Sendable, Equatable {
    /// - Parameter host: of the sender, as a number; `nil`: this machine.
    case datagram([UInt8], host: String?)
    case wake
  }
  public enum Effect: Sendable, Equatable {
    /// To `Discovery.group`, on each of the machine's networks.
    case multicast([UInt8])
    /// One that was not found before.
    case found(DiscoveredCamera, ServiceAddress)
    case ended
  }

  /// When it asks, after the beginning: a datagram may be lost, and so may its answer.
  public static let asks: [Interval] = [.zero, .milliseconds(500), .milliseconds(1_500)]
  public static let usual = Interval.seconds(4)
  public static let limit = 500

  private let length: Interval
  private var random: SeededRandom
  private var begunAt: Instant?
  private var ids: [String] = []
  private var known: [(id: String, address: ServiceAddress)] = []
  private var isEnded = false

  public init(length: Interval = Self.usual, seed: UInt64) {
    self.length = length
    random = SeededRandom(seed: seed)
  }

  public var deadline: Instant? {
    guard !isEnded else { return nil }
    guard let begunAt else { return .zero }
    let end = begunAt + length
    return ids.count < Self.asks.count ? min(begunAt + Self.asks[ids.count], end) : end
  }

  public mutating func handle(_ input: Input, at now: Instant, into effects: inout Effects<Effect>) {
    guard !isEnded else { return }
    let begun = begunAt ?? now
    begunAt = begun
    if case .datagram(let bytes, let host) = input {
      for camera in Discovery.matches(bytes, to: ids) {
        guard let address = camera.address(answeredFrom: host), known.count < Self.limit, effects.room > 2 else { continue }
        // Asked three times they answer three times; without a name of their own their address tells them apart.
        guard !known.contains(where: { $0.address == address || !camera.id.isEmpty && $0.id == camera.id }) else { continue }
        known.append((camera.id, address))
        effects.append(.found(camera, address))
      }
    }
    if ids.count < Self.asks.count, begun + Self.asks[ids.count] <= now {
      let id = Discovery.id((0..<16).map { _ in UInt8(truncatingIfNeeded: random.next() >> 24) })
      ids.append(id)
      effects.append(.multicast(Discovery.probe(id: id)))
    }
    if begun + length <= now {
      isEnded = true
      effects.append(.ended)
    }
  }
}
