import DeviceKit
import Foundation
import ONVIFCodec
import ONVIFDriver
import Transports

/// Speaks with a camera by ONVIF, on the calling thread.
public enum CameraCall {
  /// One conversation; 20 s at most, and the time that the look-up of a name takes.
  public static func run(
    _ plan: CameraPlan, _ goal: CameraTalk.Goal, isStopped: () -> Bool = { false }
  ) -> CameraTalk.Outcome {
    let talk = CameraTalk(
      .init(
        address: plan.address, login: plan.login, goal: goal, unixSeconds: Int64(Date().timeIntervalSince1970),
        seed: .random(in: 0...(.max))))
    return Conversation.run(talk, isStopped: isStopped) ?? .failed(.unreachable)
  }

  /// Asks all networks of this machine which cameras there are, on the calling thread.
  ///
  /// - Parameter found: called as each answers.
  /// - Returns: the networks that were asked.
  /// - Throws: `TransportError` when no datagram can be sent at all.
  public static func search(
    seconds: Int, isStopped: () -> Bool = { false }, found: (DiscoveredCamera, ServiceAddress) -> Void
  ) throws(TransportError) -> [String] {
    var search = CameraSearch(length: .seconds(seconds), seed: .random(in: 0...(.max)))
    let socket = try MulticastSocket(group: Discovery.group, port: UInt16(Discovery.port), listens: false)
    let own = MulticastSocket.networks().map(\.host)
    var asked: [String] = []
    var inputs: [CameraSearch.Input] = [.wake]
    var ready = ReadySet()
    while !isStopped() {
      while !inputs.isEmpty {
        var effects = Effects<CameraSearch.Effect>()
        search.handle(inputs.removeFirst(), at: MonotonicClock.now(), into: &effects)
        while let effect = effects.takeFirst() {
          switch effect {
          case .multicast(let bytes):
            for network in socket.send(bytes).map({ "\($0.name) \($0.host)" }) where !asked.contains(network) {
              asked.append(network)
            }
          case .found(let camera, let address): found(camera, address)
          case .ended: return asked
          }
        }
      }
      guard let deadline = search.deadline else { return asked }
      ready.removeAll()
      ready.watch(socket.descriptor, as: 0, output: false)
      ready.wait(until: min(deadline, MonotonicClock.now() + .milliseconds(200))) { _, _ in }
      // A few at a time: who floods us does not keep the end from coming.
      for _ in 0..<64 {
        guard let (bytes, sender) = socket.receive() else { break }
        inputs.append(.datagram(bytes, host: own.contains(sender.host) ? nil : sender.host))
      }
      inputs.append(.wake)
    }
    return asked
  }
}
