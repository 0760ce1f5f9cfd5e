import DeviceKit
import DeviceVocabulary
import Foundation
import Journal
import Station
import StationLinkCodec
import StationLinkDriver
import StationRuntime
import Transports

/// The thread that owns the sender: follows the journal, performs what the sender says.
final class UplinkLoop {
  private let options: Uplink.Options
  private let lanes: LinkLanes
  private let mailbox: BoundedMailbox<LinkSender.Input>
  private let wake: WakeSignal
  private let pages: JournalPages
  private var sender: LinkSender?
  /// How far the journal was followed.
  private var seen = JournalPosition.start
  /// What the station's mailbox did not take yet, in order.
  private var untold: [StationInput] = []
  private var lastStates: [PathStatus.State] = []
  private var parent = ""
  private var contradiction: (position: JournalPosition, toldAt: Instant)?
  private var toldLackingPast = false
  private var parentClock: (wall: Int64, at: Instant)?
  private var loggedProblem: String?
  /// Pages that could not be read, and when that is tried again.
  private var unread: [(after: JournalPosition, at: Instant)] = []
  private let boot = BootIdentity.current() ?? "unknown"

  /// While nothing wakes it, the journal is looked at this often.
  private static let lookInterval = Interval.milliseconds(500)

  init(_ options: Uplink.Options, _ lanes: LinkLanes, _ mailbox: BoundedMailbox<LinkSender.Input>, _ wake: WakeSignal) {
    self.options = options
    self.lanes = lanes
    self.mailbox = mailbox
    self.wake = wake
    pages = JournalPages(folder: options.journalFolder)
  }

  func run(until stop: StopFlag) {
    var batch: [LinkSender.Input] = []
    while !stop.isRaised {
      wake.clear()
      reading { try begin() }
      if sender != nil { reading { try follow() } }
      mailbox.receive(into: &batch)
      for input in batch { give(checked(input)) }
      batch.removeAll(keepingCapacity: true)
      readAgain()
      if let due = sender?.deadline, due <= MonotonicClock.now() { give(.wake) }
      while let next = untold.first, options.tell(next) { untold.removeFirst() }
      wait()
    }
  }

  private func wait() {
    let now = MonotonicClock.now()
    var until = min(sender?.deadline ?? .distantFuture, now + Self.lookInterval)
    if !untold.isEmpty { until = min(until, now + .milliseconds(20)) }
    if let next = unread.first { until = min(until, next.at) }
    var set = PollSet()
    _ = set.add(wake.fileDescriptor)
    _ = set.wait(until: until)
  }

  /// The journal's files may be refused for a moment while the station changes them: it is tried again.
  private func reading(_ work: () throws -> Void) {
    do {
      try work()
      loggedProblem = nil
    } catch {
      if loggedProblem == nil { options.log("uplink: \(error)") }
      loggedProblem = "\(error)"
    }
  }

  private func begin() throws {
    guard sender == nil else { return }
    let end = try pages.end()
    seen = end.position
    let readingsSeconds = options.parent.readingsSeconds
    let settings = LinkSender.Settings(
      paths: options.parent.paths.map(\.name), backlogBytesPerSecond: options.parent.backlogKilobytesPerSecond * 1000,
      readingsInterval: readingsSeconds > 0 ? .seconds(readingsSeconds) : nil)
    var seed = SystemRandomNumberGenerator()
    sender = LinkSender(settings: settings, newest: end.position, seed: seed.next(), at: MonotonicClock.now())
  }

  private func follow() throws {
    while true {
      let page = try pages.outgoing(after: seen)
      guard let last = page.last else { return }
      seen = last.position
      give(.recorded(page))
    }
  }

  /// A parent whose copy is another than this journal has to be told apart before anything counts as delivered.
  private func checked(_ input: LinkSender.Input) -> LinkSender.Input {
    guard case .welcomed(let request, var welcome, let wall) = input else { return input }
    do {
      parentClock = (welcome.nowMilliseconds, MonotonicClock.now())
      let check = try pages.check(epochLimit: Self.epochLimit)
      sayLackingPast(welcome.receipt.contiguous.position, check.oldest)
      switch try check.verdict(on: welcome.receipt) {
      case .nonsense: return .failed(request: request, .impossibleReceipt)
      case .contradicts(let position): return .failed(request: request, beginAnew(position, after: check.branch))
      case .good(let receipt): welcome.receipt = receipt
      }
      // The sender has to know of everything that the parent may speak of.
      try follow()
      if let branch = check.branch { give(.branched(floor: branch.floor)) }
      return .welcomed(request: request, welcome, wallMilliseconds: wall)
    } catch {
      options.log("uplink: \(error)")
      return .failed(request: request, Self.unreadable)
    }
  }

  private static let unreadable = LinkFailure.refused(.busy, "日志暂时读不出 / the journal cannot be read now")

  /// The parent has entries up to `position` that this journal has not: the station begins a new epoch, and the path opens once that is on
  /// disk. Asked for again and again until then.
  private func beginAnew(_ position: JournalPosition, after branch: LinkBranch?) -> LinkFailure {
    let now = MonotonicClock.now()
    let waiting = LinkFailure.refused(.busy, "上级存有本站没有的记录,正在另起一段 / the parent has what this journal has not: beginning anew")
    if let last = contradiction {
      let isDone = branch.map { last.position < $0.begins } ?? false
      // A journal goes back only while its program is stopped. A parent that says so again and again must not fill the disk.
      if isDone, now - last.toldAt < Self.contradictionInterval { return .impossibleReceipt }
      if !isDone, now - last.toldAt < Self.tellingInterval { return waiting }
    }
    contradiction = (position, now)
    untold.append(.parentContradicts(epoch: position.epoch, detail: "\(position)"))
    return waiting
  }

  private static let contradictionInterval = Interval.seconds(3600)
  private static let tellingInterval = Interval.seconds(5)

  /// Epochs are minutes since 2020 where a journal begins, and one more each time it begins anew. The clock may be wrong, and a few years too
  /// many cost nothing.
  private static func epochLimit(newest: UInt32) -> UInt32 {
    let wall = max(WallTime.now().microsecondsSince1970 / 1_000_000, firstReleaseSeconds)
    let minutes = (wall - 1_577_836_800) / 60 + 10 * 365 * 1440
    return max(UInt32(clamping: minutes), UInt32(clamping: UInt64(newest) + 16))
  }

  private static let firstReleaseSeconds: Int64 = 1_795_000_000

  /// What was dropped here can be compared with nothing, and the parent has it no more: files go only when it has them, and more.
  private func sayLackingPast(_ contiguous: JournalPosition, _ oldest: JournalHead?) {
    guard let oldest, contiguous <= oldest.position, !toldLackingPast else { return }
    untold.append(.parentLacksPast(detail: "… \(oldest.position)"))
    toldLackingPast = true
  }

  /// The parent's wall clock, reckoned on from what it said last.
  private var parentMilliseconds: Int64 {
    guard let (wall, at) = parentClock else { return 0 }
    return wall &+ (MonotonicClock.now() - at).microseconds / 1000
  }

  private func give(_ input: LinkSender.Input) {
    guard var machine = sender else { return }
    var effects = Effects<LinkSender.Effect>()
    sender = nil
    machine.handle(input, at: MonotonicClock.now(), into: &effects)
    sender = machine
    if effects.refused > 0 { options.log("uplink: \(effects.refused) effects did not fit") }
    for index in 0..<effects.count { if let effect = effects[index] { perform(effect) } }
  }

  private func perform(_ effect: LinkSender.Effect) {
    switch effect {
    case .post(let request, let path, let lane, let content): post(request, path, lane, content)
    case .drop(let path): lanes.drop(path: path)
    case .fetch(let after): fetch(after)
    case .gather: give(.gathered(options.readings()))
    case .readingsRefused(let words): options.log("上级不收读数 / the parent takes no readings: \(words)")
    case .delivered(let incidents): untold.append(.delivered(incidents, parent: parent))
    case .parentHas(let head): options.parentHas(head, parentMilliseconds)
    case .status(let status):
      parent = status.parent
      untold.append(.link(status))
      let states = status.paths.map(\.state)
      for (index, path) in status.paths.enumerated() where !lastStates.indices.contains(index) || lastStates[index] != path.state
      {
        options.log("上级线路 / path \(path.name): \(path.state.rawValue) \(path.reason)")
        lanes.listen(path: index, path.isUp)
      }
      lastStates = states
    }
  }

  private func fetch(_ after: JournalPosition) {
    var page: [Outgoing] = []
    reading { page = try pages.outgoing(after: after) }
    // An empty page says that the journal ends there, and what is behind it would never be sent.
    let isRead = !page.isEmpty || after >= seen
    // By way of the mailbox: a long scan must not keep the answers waiting.
    if isRead, mailbox.send(.fetched(after: after, page), .irreplaceable) != .refused { return }
    unread.append((after, MonotonicClock.now() + .seconds(1)))
  }

  private func readAgain() {
    let now = MonotonicClock.now()
    let due = unread.filter { $0.at <= now }
    unread.removeAll { $0.at <= now }
    for item in due { fetch(item.after) }
  }

  private func post(_ request: UInt32, _ path: Int, _ lane: LinkSender.Lane, _ content: LinkSender.Content) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    do {
      switch content {
      case .hello:
        let hello = LinkHello(
          station: options.station, name: options.name, program: options.program, head: try pages.end(),
          oldest: try pages.dropped())
        lanes.post(
          request, path: path, lane: lane, LinkRequest(path: LinkProtocol.hello, body: Array(try encoder.encode(hello))), nonce: 0
        )
      case .pulse(let pulse):
        lanes.post(
          request, path: path, lane: lane, LinkRequest(path: LinkProtocol.pulse, body: Array(try encoder.encode(pulse))),
          nonce: pulse.nonce)
      case .readings(let readings):
        let message = LinkReadings(station: options.station, boot: boot, sentAt: MonotonicClock.now(), readings: readings)
        lanes.post(
          request, path: path, lane: lane, LinkRequest(path: LinkProtocol.readings, body: try message.sendable.encode()), nonce: 0
        )
      case .entries(let outgoing):
        let now = WallTime.now().microsecondsSince1970 / 1000
        let entries = try pages.linkEntries(outgoing, nowMilliseconds: now)
        let body = try EventBatch.encode(entries, station: options.station)
        lanes.post(
          request, path: path, lane: lane,
          LinkRequest(path: LinkProtocol.events, contentType: LinkProtocol.batchType, body: body),
          nonce: 0)
      }
    } catch {
      options.log("uplink: \(error)")
      _ = mailbox.send(.failed(request: request, Self.unreadable), .irreplaceable)
    }
  }
}
