import DeviceKit
import DeviceVocabulary

/// A switch, a strip of sockets or a line that takes several devices of the wall with it: one card for all of them, and none of their own.
extension Station {
  /// So many are no coincidence.
  private static let networkLeast = 3
  /// Drivers find a silence one after the other: each asks every few seconds, and gives up after a few answers that do not come.
  private static let networkSpread = Interval.seconds(25)
  /// So long the first of them waits for the others before it has a card of its own.
  static let networkPatience = Interval.seconds(12)
  /// When the first of them is back the others have as long as their drivers pause between two attempts.
  private static let networkReturn = Interval.seconds(15)

  func networkKey(_ network: String) -> FaultKey { FaultKey(.wall(network), .wallNetworkSilent) }

  /// Its card stands.
  func isDead(_ network: String?) -> Bool { network.flatMap { state.fault(networkKey($0)) }?.present ?? false }

  func isFolded(_ device: WallFacts.Device) -> Bool { device.isNobodyThere && isDead(device.line?.network) }

  /// Others behind the same switch are falling silent at the same time, and it is not known yet whether all do.
  func mayShareItsSilence(_ device: WallFacts.Device) -> Bool {
    guard let network = device.line?.network, let gone = device.goneSince, now - gone < Self.networkPatience else { return false }
    let members = wallFacts.devices.filter { $0.line?.network == network }
    return members.count >= Self.networkLeast
      && members.contains { other in
        guard other.name != device.name, other.isNobodyThere, let since = other.goneSince else { return false }
        return max(since - gone, gone - since) <= Self.networkSpread
      }
  }

  mutating func keepNetworkCard(_ network: String?) {
    guard let network else { return }
    let members = wallFacts.devices.filter { $0.line?.network == network }
    if members.contains(where: { !$0.isNobodyThere && $0.isSettled }) { return networkIsBack(network) }
    guard members.count >= Self.networkLeast, members.allSatisfy({ $0.isMissed && $0.isNobodyThere }) else { return }
    let gone = members.compactMap(\.goneSince)
    guard let first = gone.min(), let last = gone.max(), last - first <= Self.networkSpread else { return }
    let names = members.map(\.name)
    let list = names.prefix(8).joined(separator: ", ") + (names.count > 8 ? " …" : "")
    condition(networkKey(network), true, detail: "影响 \(names.count) 台 / \(names.count) devices: \(list)")
    for name in names where state.fault(FaultKey(.wall(name), .wallSilent)) != nil {
      // By nobody's hand: what it said is on the card of them all now.
      record(.faultCleared(FaultKey(.wall(name), .wallSilent), post: ""))
    }
  }

  private mutating func networkIsBack(_ network: String) {
    guard isDead(network) else { return }
    condition(networkKey(network), false)
    for index in wallFacts.devices.indices
    where wallFacts.devices[index].line?.network == network && wallFacts.devices[index].isMissed {
      wallFacts.devices[index].silentDue = now + Self.networkReturn
    }
  }

  /// The devices that a card is about.
  func devices(of key: FaultKey) -> [String] {
    guard case .wall(let name) = key.subject else { return [] }
    guard key.kind == .wallNetworkSilent else { return [name] }
    return wallFacts.devices.filter { $0.line?.network == name }.map(\.name)
  }
}

extension WallFacts.Device {
  /// It does not answer, and nothing says that anybody is at its address.
  var isNobodyThere: Bool { health != .online && (failure?.isNobodyThere ?? true) }

  /// Known to be there, or to be away for a reason of its own; not just asked for the first time.
  fileprivate var isSettled: Bool { health == .online || failure != nil }
}
