import DeviceKit
import DeviceVocabulary
import Foundation
import Transports

/// What reaches the thread of the wall's devices.
enum WallOrder: Sendable {
  case wish(String, [WallWish])
  case identify(WallPort, UInt8)
  case retest(String)
  /// What a host's name stands for now; `nil`: nobody knows.
  case resolved(String, String?)
}

/// The thread that speaks with all devices of the wall: each has its driver and its line, and none of them waits for another.
final class WallLoop {
  private final class Member {
    let plan: WallDevicePlan
    var driver: any WallDriver
    let line: WallLine
    var watch: WallLineWatch
    var intake = WallIntake()
    var wantsOpen = false
    var isResolving = false
    init(_ plan: WallDevicePlan, _ driver: any WallDriver) {
      self.plan = plan
      self.driver = driver
      line = WallLine(plan.connection)
      watch = WallLineWatch(plan.connection, isDescribed: plan.kind == .line, isOwn: { driver.isOwn($0) })
    }
  }

  private let members: [Member]
  private let orders: BoundedMailbox<WallOrder>
  private let wake: WakeSignal
  private let tell: (String, WallEvent) -> Void
  private let resolve: (String, String) -> Void

  private static let wakeNumber = -1

  /// - Parameters:
  ///   - driver: of a device, as the site file describes it.
  ///   - tell: what a device said, for the station.
  ///   - resolve: begins to look a host's name up for a device; `orders` is sent what was found.
  init(
    devices: [WallDevicePlan], driver: (WallDevicePlan) -> (any WallDriver)?, orders: BoundedMailbox<WallOrder>, wake: WakeSignal,
    resolve: @escaping (_ device: String, _ host: String) -> Void, tell: @escaping (String, WallEvent) -> Void
  ) {
    members = devices.compactMap { plan in driver(plan).map { Member(plan, $0) } }
    self.orders = orders
    self.wake = wake
    self.tell = tell
    self.resolve = resolve
  }

  func run(until stop: StopFlag) {
    var batch: [WallOrder] = []
    var ready = ReadySet()
    while !stop.isRaised {
      wake.clear()
      orders.receive(into: &batch)
      for order in batch { obey(order) }
      batch.removeAll(keepingCapacity: true)
      let now = MonotonicClock.now()
      var next = now + .milliseconds(500)
      ready.removeAll()
      ready.watch(wake.fileDescriptor, as: Self.wakeNumber, output: false)
      for (number, member) in members.enumerated() {
        if let due = member.driver.deadline, due <= MonotonicClock.now() { give(member, .wake) }
        openIfWanted(member)
        let descriptor = member.line.descriptor
        if descriptor >= 0 { ready.watch(descriptor, as: number, output: member.line.wantsToWrite) }
        if let due = member.driver.deadline { next = min(next, due) }
        if member.wantsOpen, !member.isResolving { next = now }
      }
      ready.wait(until: next) { number, found in
        if number != Self.wakeNumber { serve(members[number], found) }
      }
    }
    for member in members { member.line.close() }
  }

  private func obey(_ order: WallOrder) {
    func member(_ name: String) -> Member? { members.first { $0.plan.name == name } }
    switch order {
    case .wish(let device, let wishes): member(device).map { give($0, .wished(wishes)) }
    case .identify(let port, let seconds): member(port.device).map { give($0, .identify(port.number, seconds: seconds)) }
    case .retest(let device):
      guard let member = member(device) else { return }
      member.intake.endPause(at: MonotonicClock.now())
      give(member, .retest)
    case .resolved(let device, let host):
      guard let member = member(device), member.isResolving else { return }
      member.isResolving = false
      guard member.wantsOpen else { return }
      member.wantsOpen = false
      guard let host else {
        member.watch.failed(.nameUnknown)
        return give(member, .linkDown)
      }
      member.watch.named(host)
      open(member, host: host)
    }
  }

  // MARK: - Lines

  private func openIfWanted(_ member: Member) {
    guard member.wantsOpen, !member.isResolving else { return }
    guard !member.intake.isPaused(at: MonotonicClock.now()) else {
      member.wantsOpen = false
      return failed(member, .flooding)
    }
    if case .network(let host, _) = member.plan.connection, !SiteReader.isAddress(host) {
      member.isResolving = true
      member.watch.naming()
      report(member)
      return resolve(member.plan.name, host)
    }
    member.wantsOpen = false
    open(member, host: nil)
  }

  private func open(_ member: Member, host: String?) {
    member.line.close()
    member.watch.opening()
    if let refusal = member.line.open(host: host) { return failed(member, refusal.failure, found: refusal.found) }
    guard !member.line.isConnecting else { return report(member) }
    member.watch.opened()
    give(member, .linkUp)
  }

  private func serve(_ member: Member, _ found: Readiness) {
    if member.line.isConnecting {
      guard !found.isDisjoint(with: [.output, .hangup]) else { return }
      if let failure = member.line.finishConnecting() { return failed(member, failure) }
      member.watch.opened()
      return give(member, .linkUp)
    }
    if found.contains(.output), !member.line.flush() { return lost(member) }
    guard !found.isDisjoint(with: [.input, .hangup]) else { return }
    switch member.line.read() {
    case .nothing: if found.contains(.hangup) { lost(member) }
    case .bytes(let bytes):
      member.watch.heard(bytes)
      guard member.intake.take(bytes.count, at: MonotonicClock.now()) else { return flooded(member) }
      give(member, .received(bytes))
    case .lost: lost(member)
    }
  }

  /// Nobody has so much to say. Its driver tries on as ever, and finds the line closed until the pause is over.
  private func flooded(_ member: Member) {
    member.watch.flooded()
    member.line.close()
    give(member, .linkDown)
  }

  private func failed(_ member: Member, _ why: WallLineFailure, found: String? = nil) {
    member.watch.failed(why, found: found)
    member.line.close()
    give(member, .linkDown)
  }

  private func lost(_ member: Member) {
    member.watch.hungUp()
    member.line.close()
    give(member, .linkDown)
  }

  // MARK: - Drivers

  private func give(_ member: Member, _ input: WallInput) {
    var effects = Effects<WallEffect>()
    let isLost = take(input, member, &effects)
    report(member)
    if isLost { lost(member) }
  }

  private func report(_ member: Member) {
    if let news = member.watch.news() { tell(member.plan.name, news) }
  }

  /// True when the line did not take what was to be written.
  private func take(_ input: WallInput, _ member: Member, _ effects: inout Effects<WallEffect>) -> Bool {
    member.driver.handle(input, at: MonotonicClock.now(), into: &effects)
    var isLost = false
    while let effect = effects.takeFirst() {
      switch effect {
      case .write(let bytes): isLost = isLost || !member.line.write(bytes)
      case .reopen:
        member.watch.willReopen()
        member.line.close()
        isLost = false
        member.wantsOpen = true
      case .event(let event):
        member.watch.note(event)
        if case .received = input, event.provesAnAnswer { member.intake.answered() }
        // Why comes before what: a card is written down with its reason.
        report(member)
        tell(member.plan.name, event)
      }
    }
    return isLost
  }
}
