import DeviceKit
import LineProtocolCodec

/// A Blackmagic Videohub: says all it knows to somebody who comes, and every change to everybody.
public struct HubDialect: MatrixDialect {
  private var decoder = HubBlockDecoder()
  private var pieces: [HubBlockDecoder.Piece] = []
  private var hasDevice = false
  private var hasRouting = false
  private var firmware = ""
  /// The device block is asked for: when it comes, the hub did not start again.
  private var awaitsDevice = false
  public let traits: MatrixTraits

  public init() {
    var traits = MatrixTraits()
    traits.greeting = .required(.seconds(3))
    traits.hellos = 1
    traits.greetsWithAll = true
    // 288 lines of a route each are 2 KB: one command, so that all change together.
    traits.routesPerCommand = 512
    traits.answerLimit = .seconds(3)
    traits.missLimit = 2
    traits.proofInterval = .seconds(5)
    // A server that others wrote drops whoever is silent for 20 s.
    traits.keepAliveInterval = .seconds(10)
    traits.keepAliveIsAcknowledged = true
    traits.pushes = true
    traits.canDisconnect = false
    traits.readsAreNamed = true
    // More lines than that are not taken as one block.
    traits.sizeLimit = UInt16(HubBlockDecoder.lineLimit)
    self.traits = traits
  }

  public func bytes(_ request: MatrixRequest) -> [UInt8]? {
    switch request {
    case .routes(let routes): HubBlock.routing(routes).bytes
    case .readAll: HubBlock(HubBlock.routing).bytes
    case .keepAlive: HubBlock.ping.bytes
    case .hello(0): HubBlock(HubBlock.device).bytes
    case .login, .hello, .read: nil
    }
  }

  public mutating func asked(_ request: MatrixRequest) { awaitsDevice = request == .hello(0) }

  public func isOwn(_ beginning: [UInt8]) -> Bool {
    let headers = [
      HubBlock.preamble, HubBlock.device, HubBlock.inputLabels, HubBlock.outputLabels, HubBlock.routing, HubBlock.locks,
    ]
    return beginning.textLines.contains { line in
      headers.contains { line.begins(as: "\($0):".utf8) || line.resembles("\($0):".utf8) }
    }
  }

  public mutating func startOver() { self = HubDialect() }

  public mutating func push(_ byte: UInt8, into heard: inout [MatrixHeard]) {
    decoder.push(byte, into: &pieces)
    guard !pieces.isEmpty else { return }
    for piece in pieces {
      switch piece {
      case .stray: heard.append(.unknown)
      case .tooLong: heard.append(.tooLong)
      case .block(let block): hear(block, into: &heard)
      }
    }
    pieces.removeAll(keepingCapacity: true)
  }

  private mutating func hear(_ block: HubBlock, into heard: inout [MatrixHeard]) {
    switch block.header {
    // The block itself comes behind it.
    case "ACK": if !awaitsDevice { heard.append(.acknowledged) }
    case "NAK": heard.append(.refused("NAK"))
    case HubBlock.preamble: firmware = block.value("Version") ?? ""
    case HubBlock.device: device(block, into: &heard)
    case HubBlock.routing:
      for route in block.routes { heard.append(.route(route)) }
      hasRouting = true
      if hasDevice { heard.append(.greetedPerhaps) }
    case HubBlock.endPrelude: heard.append(hasDevice ? .greeted : .unknown)
    // Labels, locks, monitors, serial ports and what new models bring.
    default: break
    }
  }

  private mutating func device(_ block: HubBlock, into heard: inout [MatrixHeard]) {
    switch block.value("Device present") {
    case "true"?, nil: break
    // `false`, `needs_update`: a server without a hub behind it.
    default: return heard.append(.notThere)
    }
    // Said once to somebody who comes; again only when the hub itself came back.
    if hasDevice, !awaitsDevice { heard.append(.restarted) }
    hasDevice = true
    awaitsDevice = false
    func text(_ key: String) -> String { Array((block.value(key) ?? "").utf8).plainText() }
    heard.append(
      .described(
        MatrixDescription(
          model: text("Model name"), name: text("Friendly name"), firmware: firmware,
          inputs: block.value("Video inputs").flatMap { UInt16($0) }, outputs: block.value("Video outputs").flatMap { UInt16($0) }
        )))
    if hasRouting { heard.append(.greetedPerhaps) }
  }
}
