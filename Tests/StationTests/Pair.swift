import DeviceKit
import DeviceVocabulary
import Station
import Testing

/// Two stations on the bench, a community and its street centre, and a line that is pulled by not passing anything on.
struct Pair {
  var child: Bench
  var street: Bench
  private var sent = 0
  private var head = JournalHead.start
  private var request: UInt64 = 0
  private var orders = 0
  var isCut = false
  /// The child's journal goes on behind this many entries in another epoch.
  private var restored: (behind: Int, epoch: UInt32) = (0, 1)

  static let childPlan: SitePlan = {
    var plan = Bench.plan
    plan.parent = SitePlan.Parent(proofMinute: nil)
    plan.ladder = [.init(afterSeconds: 30, posts: [SitePlan.parentPost]), .init(afterSeconds: 60, posts: ["lead"])]
    return plan
  }()
  static let streetPlan: SitePlan = {
    var plan = SitePlan(
      name: "铁西街道综治中心", station: "tiexi", posts: [.init(id: "duty", name: "街道值班台"), .init(id: "chief", name: "街道带班")],
      places: [.init(id: "room", name: "监控室")], callPoints: [], devices: [])
    plan.children = [SitePlan.Child(station: "tiexi-03", name: "铁西社区")]
    return plan
  }()

  init(childPlan: SitePlan = Pair.childPlan, streetPlan: SitePlan = Pair.streetPlan) {
    child = Bench(plan: childPlan)
    street = Bench(plan: streetPlan)
    exchange()
  }

  /// Everything that either has for the other goes over, until nobody has anything.
  mutating func exchange(late: Bool = false) {
    guard !isCut else { return }
    while sent < child.entries.count || orders < street.orders.count {
      while sent < child.entries.count { pass(sent, late: late) }
      while orders < street.orders.count {
        child.give(.command(street.orders[orders].command, remainingMilliseconds: 60_000))
        orders += 1
      }
    }
  }

  mutating func pass(_ index: Int, late: Bool = false) {
    let received = self.received(index, late: late)
    request += 1
    street.give(.received(child: "tiexi-03", [received], request: request))
    guard index == sent else { return }
    sent += 1
    head = received.link.entry
    if case .opened(let id, _) = child.entries[index].change { child.give(.delivered([id], parent: "tiexi")) }
  }

  /// The child's entry as it comes off the line; hashes that are only told apart.
  func received(_ index: Int, late: Bool = false, branch: UInt8 = 0) -> Received {
    func hash(_ number: Int) -> EntryHash {
      var bytes = [UInt8](repeating: 0, count: 32)
      if number > 0 {
        bytes[0] = UInt8(truncatingIfNeeded: number)
        bytes[1] = UInt8(truncatingIfNeeded: number >> 8)
        bytes[2] = branch
        if number > restored.behind { bytes[3] = UInt8(truncatingIfNeeded: restored.epoch) }
      }
      return EntryHash(bytes) ?? .zero
    }
    func at(_ number: Int) -> JournalPosition {
      if number == 0 { return .start }
      if number <= restored.behind { return JournalPosition(epoch: 1, sequence: UInt64(number)) }
      return JournalPosition(epoch: restored.epoch, sequence: UInt64(number - restored.behind))
    }
    return Received(
      child: "tiexi-03", position: at(index + 1), hash: hash(index + 1),
      before: JournalHead(position: at(index), hash: hash(index)),
      isLate: late, body: [], content: child.entries[index])
  }

  /// The child comes back with a backup of its journal, the first `count` entries, and goes on in a new epoch.
  mutating func restoreChild(to count: Int, epoch: UInt32 = 2) {
    child.entries.removeLast(child.entries.count - count)
    restored = (count, epoch)
    sent = count
    child = child.restarted(boot: "boot-\(restored.epoch)", after: .seconds(5))
    exchange()
  }

  /// Time passes at both ends, and both look at their clocks.
  mutating func pass(seconds: Int) {
    for _ in 0..<seconds {
      child.pass(.seconds(1))
      street.pass(.seconds(1))
      exchange()
    }
    child.give(.wake)
    street.give(.wake)
  }

  var card: DeskView.ChildCard? { street.view.children.first }

  @discardableResult
  mutating func ask(_ post: String, _ action: ParentCommand.Action) -> DeskAnswer {
    street.ask(post, .child("tiexi-03", action))
  }
}
