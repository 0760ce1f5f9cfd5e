import DeviceKit
import DeviceVocabulary

/// What an output cannot show, whichever picture it shows just now: where sources take turns, one that cannot be shown is one fault, not one
/// for each turn.
struct WallCannot: Sendable, Equatable {
  var output: Int
  var source: String
  /// Whose refusal it is.
  var port: WallPort
  var refusal: WallRefusal
}

extension Station {
  /// - Returns: the detail of the output's card; `nil`: there is nothing that it cannot show.
  mutating func remembersCannot(_ tile: WallTile, _ composition: WallComposition) -> String? {
    let turns = composition.turns(of: tile)
    // For a moment, or before visitors, something else stands here: that says nothing of what takes turns below it.
    wallFacts.cannot.removeAll { $0.output == tile.output && !turns.contains($0.source) }
    if let source = tile.source {
      // What a display cannot show, such as its part of many, it cannot show of any source. A window over several outputs has one card.
      let own = composition.plan.output(tile.output)?.ports ?? []
      let needs = composition.needs(of: tile).filter { need in
        if case .display = need.setting { false } else { own.contains(need.port) }
      }
      let facts = needs.map { (need: $0, fact: wallFacts.port($0.port)) }
      let isShown = !facts.isEmpty && facts.allSatisfy { $0.fact?.satisfies($0.need.setting) == true && $0.fact?.asOf != .zero }
      if let (need, fact) = facts.first(where: { $0.fact?.refusal?.isFinal == true }), let refusal = fact?.refusal, !isShown {
        remember(WallCannot(output: tile.output, source: source, port: need.port, refusal: refusal))
      } else if isShown {
        wallFacts.cannot.removeAll { $0.output == tile.output && $0.source == source }
      }
    }
    return wallFacts.cannot.first { $0.output == tile.output }.map(detail)
  }

  private mutating func remember(_ new: WallCannot) {
    if let index = wallFacts.cannot.firstIndex(where: { $0.output == new.output && $0.source == new.source }) {
      wallFacts.cannot[index] = new
    } else {
      wallFacts.cannot.append(new)
    }
  }

  /// A matrix lacks the input; a player cannot fetch the picture from where it is told to.
  private func detail(_ item: WallCannot) -> String {
    let name = plan.wall?.source(item.source)?.name ?? item.source
    guard plan.wall?.output(item.output)?.player == item.port.device, case .impossible(let what) = item.refusal else {
      return item.refusal.text
    }
    return "\(item.port.device) 打不开\"\(name)\"的地址,或还没有它的地址: \(what.prefix(40)) / "
      + "\(item.port.device) cannot open the address of this source, or has none yet: \(what.prefix(40))"
  }
}

extension WallRefusal {
  var isFinal: Bool { if case .impossible = self { true } else { false } }
}

extension WallComposition {
  /// Those that come to this output by themselves, one after the other; of what somebody has put there, or a call, only that.
  func turns(of tile: WallTile) -> [String] {
    switch tile.layer {
    case .base, .meeting: (rotations[tile.region] ?? []) + [tile.source].compactMap { $0 }
    case .pin, .drill, .call: [tile.source].compactMap { $0 }
    }
  }
}
