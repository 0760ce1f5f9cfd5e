import DeviceKit
import DeviceVocabulary

/// How often each post may switch the wall. What calls for help and the clock do to it is not counted.
struct WallRates: Sendable {
  struct Refused: Sendable, Equatable {
    var post: String
    var count: Int
    /// When their number is written down.
    var due: Instant
  }

  /// Refusals are counted for so long, and written down once.
  static let span = Interval.seconds(60)

  private var rates: [(post: String, rate: CommandRate)] = []
  private(set) var refused: [Refused] = []
  var deadline: Instant? { refused.map(\.due).min() }

  /// - Parameter post: of the site file, so that there are not more of them than it has.
  mutating func takes(_ post: String, at now: Instant) -> Bool {
    let index = rates.firstIndex { $0.post == post } ?? rates.count
    if index == rates.count { rates.append((post, .ofWallPost)) }
    guard !rates[index].rate.takes(at: now) else { return true }
    if let known = refused.firstIndex(where: { $0.post == post }) {
      refused[known].count += 1
    } else {
      refused.append(Refused(post: post, count: 1, due: now + Self.span))
    }
    return false
  }

  /// What is to be written down now; all of it when the program ends.
  mutating func takeDue(at now: Instant) -> [Refused] {
    defer { refused.removeAll { $0.due <= now } }
    return refused.filter { $0.due <= now }
  }
}

extension Station {
  /// A rehearsal switches nothing, and writes nothing down.
  mutating func mayAsk(_ action: WallAction, by post: String) -> Bool {
    if case .rehearse = action { return true }
    return wallFacts.rates.takes(post, at: now)
  }

  mutating func noteRefusedWishes(until moment: Instant) {
    for item in wallFacts.rates.takeDue(at: moment) { record(.wall(.wishesRefused(post: item.post, count: item.count))) }
  }
}
