import DeviceKit
import DeviceVocabulary
import StationLinkCodec

// What goes when: calls at once, the rest in order and in measure.
extension LinkSender {
  // MARK: - What the parent says

  mutating func welcomed(
    _ welcome: LinkWelcome, on path: Int, at now: Instant, _ wall: Int64, _ effects: inout Effects<Effect>
  ) {
    guard welcome.version == LinkProtocol.version else {
      paths[path].failed(
        .refused(.version, "上级的协议版本是 \(welcome.version) / the parent speaks version \(welcome.version)"), at: now)
      return
    }
    guard isPossible(welcome.receipt) else { return lose(path, .impossibleReceipt, at: now, &effects) }
    parent = welcome.station
    paths[path].opened(at: now, wall: wall)
    let spread = UInt32(clamping: (settings.readingsInterval ?? .zero).microseconds)
    readings.connected(at: now, delay: .microseconds(Int(random.below(spread))))
    let contiguous = welcome.receipt.contiguous
    // A parent that was set back to an older disk needs again what it once had.
    let isFirst = confirmed == nil
    if confirmed.map({ contiguous.position < $0.position }) ?? true {
      confirmed = contiguous
      sweep = Sweep()
      sweep.position = contiguous.position
      look(from: isFirst ? Self.justBefore(contiguous.position) : contiguous.position)
      effects.append(.parentHas(contiguous))
    } else if calls.missedFrom != nil {
      look(from: contiguous.position)
    }
    settle(welcome.receipt, sent: [], &effects)
  }

  /// A program that ended between the parent's answer and its own entry about it never told its calls: the last ones are looked at again.
  private static func justBefore(_ position: JournalPosition) -> JournalPosition {
    JournalPosition(epoch: position.epoch, sequence: position.sequence - min(position.sequence, lookedBackAt))
  }

  /// Looks through everything behind `position` for calls: what the queue holds now is found again.
  private mutating func look(from position: JournalPosition) {
    calls = CallQueue()
    scan = position < newest ? Scan(position: position, end: newest) : nil
  }

  mutating func received(
    _ receipt: LinkReceipt, _ flight: Flight, at now: Instant, _ wall: Int64, _ bytes: Int, _ effects: inout Effects<Effect>
  ) {
    guard isPossible(receipt) else { return lose(flight.path, .impossibleReceipt, at: now, &effects) }
    paths[flight.path].proved(at: now, wall: wall)
    // Less than before: answers that overtook each other, or a parent whose disk was set back. It is asked what it has.
    if let confirmed, receipt.contiguous.position < confirmed.position { paths[flight.path].wantsGreeting = true }
    settle(receipt, sent: flight.entries, &effects)
    let isTaken = flight.entries.allSatisfy { receipt.covers($0.position) }
    switch flight.lane {
    case .calls:
      // What was answered without being taken would be refused again at once.
      callsRetryAt = isTaken ? now : now + .seconds(1)
      ahead += flight.entries.count
      if !isTaken || ahead >= Self.aheadLimit { sendsInOrder = true }
    case .backlog:
      if isTaken, let last = flight.entries.last {
        sweep.page.removeAll { $0.position <= last.position }
        sweep.position = max(sweep.position, last.position)
        for index in paths.indices { paths[index].hindrance = nil }
        // The lane has one batch under way, so the pause after each is all that the rate needs.
        sweep.freeAt = flight.sentAt + .microseconds(bytes * 1_000_000 / max(1, settings.backlogBytesPerSecond))
      } else {
        sweep.freeAt = now + .seconds(1)
      }
    case .pulse, .readings: break
    }
    if calls.isEmpty { (sendsInOrder, ahead) = (false, 0) }
  }

  /// Nobody can have what was not recorded.
  private func isPossible(_ receipt: LinkReceipt) -> Bool {
    receipt.isWellFormed && receipt.highest <= max(newest, newestSent)
  }

  /// - Parameter sent: what the receipt is the answer to. At or below the floor only that is settled: the parent may have another entry under
  /// each of those numbers, so no call is delivered by one of them either.
  private mutating func settle(_ receipt: LinkReceipt, sent: [Outgoing], _ effects: inout Effects<Effect>) {
    let settled = calls.settle(receipt, floor: floor, sent: Set(sent.map(\.position)))
    let openings = settled.filter { $0.opens && $0.position > floor }.compactMap(\.incident)
    if !openings.isEmpty { effects.append(.delivered(openings)) }
    guard let old = confirmed, receipt.contiguous.position > old.position, receipt.contiguous.position > floor else { return }
    confirmed = receipt.contiguous
    sweep.page.removeAll { $0.position <= receipt.contiguous.position }
    if sweep.position < receipt.contiguous.position {
      sweep.position = receipt.contiguous.position
    }
    effects.append(.parentHas(receipt.contiguous))
  }

  // MARK: - Pages of the journal

  mutating func fetched(_ after: JournalPosition, _ page: [Outgoing], _ effects: inout Effects<Effect>) {
    if sweep.fetching == after {
      sweep.fetching = nil
      sweep.isAtEnd = page.isEmpty
      sweep.page = page.filter { $0.position > sweep.position }
    }
    if var looking = scan, looking.isFetching, looking.position == after {
      looking.isFetching = false
      if page.isEmpty { looking.position = looking.end }
      let there = page.prefix { $0.position <= confirmed?.position ?? .start }.filter { $0.opens && $0.position > floor }
        .compactMap(\.incident)
      if !there.isEmpty { effects.append(.delivered(there)) }
      for entry in page {
        // Only the first look goes on without room: it finds the calls that are not over.
        guard calls.hasRoom || !looking.isOfRest && calls.live.count < CallQueue.liveLimit else { break }
        looking.position = entry.position
        if entry.incident != nil, entry.position <= looking.end, entry.position > (confirmed?.position ?? .start) {
          calls.add(entry)
        }
      }
      scan = looking.position < looking.end ? looking : nil
    }
  }

  // MARK: - Sending

  mutating func sendCalls(at now: Instant, _ effects: inout Effects<Effect>) {
    double(at: now, &effects)
    if scan == nil, !sendsInOrder, isOpen, calls.count < CallQueue.limit / 2, let first = calls.takeMissed() {
      let before = JournalPosition(epoch: first.epoch, sequence: first.sequence - 1)
      scan = Scan(position: before, end: newest, isOfRest: true)
    }
    if var looking = scan, !looking.isFetching, isOpen, effects.room > 4, canLookOn(looking) {
      looking.isFetching = true
      scan = looking
      effects.append(.fetch(after: looking.position))
    }
    guard wantsCallLane, callsRetryAt <= now, effects.room > 4, let path = bestPath(at: now) else { return }
    launch(.entries(nextCalls), .calls, path: path, timeOut: Self.callTimeOut, at: now, &effects)
  }

  private func canLookOn(_ scan: Scan) -> Bool {
    scan.isOfRest ? calls.hasRoom : calls.live.count < CallQueue.liveLimit
  }

  /// What may go while older entries are looked for.
  private var border: CallQueue.Border? {
    scan.map { .init(end: $0.end, through: $0.isOfRest || !canLookOn($0) ? $0.position : nil) }
  }

  var wantsCallLane: Bool { hasFreePath && !isBusy(.calls) && calls.hasNext(border, liveOnly: sendsInOrder) }
  private var nextCalls: [Outgoing] {
    calls.next(entries: Self.callEntries, bytes: Self.callBytes, border, liveOnly: sendsInOrder, floor: floor)
  }

  /// Unanswered for 3 s: sent on the other path, too, with everything that has gathered since.
  private mutating func double(at now: Instant, _ effects: inout Effects<Effect>) {
    guard effects.room > 4,
      let slow = flights.firstIndex(where: { $0.mayBeDoubled && $0.sentAt + Self.doublingAfter <= now }),
      let other = otherWay(for: flights[slow])
    else { return }
    flights[slow].isDoubled = true
    launch(.entries(nextCalls), .calls, path: other, timeOut: Self.callTimeOut, at: now, &effects)
  }

  /// A way that carries no call: a second request on one connection would end the first, whose answer may be near.
  func otherWay(for flight: Flight) -> Int? {
    paths.indices.first { index in
      index != flight.path && isFree(index) && !flights.contains { $0.path == index && $0.lane == .calls }
    }
  }

  mutating func sendBacklog(at now: Instant, _ effects: inout Effects<Effect>) {
    trimPage()
    if confirmed != nil, isOpen, sweep.page.isEmpty, sweep.fetching == nil, !isBusy(.backlog), !sweep.isAtEnd,
      sweep.position < newest, effects.room > 4
    {
      sweep.fetching = sweep.position
      effects.append(.fetch(after: sweep.position))
    }
    guard wantsBacklogLane, sweep.freeAt <= now, effects.room > 4, let path = bestPath(at: now) else { return }
    var batch: [Outgoing] = []
    var size = 0
    for entry in sweep.page where sendsInOrder || entry.incident == nil {
      guard batch.isEmpty || (batch.count < LinkProtocol.batchEntries && size + entry.bytes <= Self.backlogBytes) else { break }
      batch.append(entry)
      size += entry.bytes
    }
    guard !batch.isEmpty else { return }
    launch(.entries(batch), .backlog, path: path, timeOut: Self.backlogTimeOut, at: now, &effects)
  }

  /// Steps of calls at the front of the page go on their own lane: the sweep has passed them.
  private mutating func trimPage() {
    guard !sendsInOrder else { return }
    let count = sweep.page.prefix { $0.incident != nil }.count
    guard count > 0 else { return }
    sweep.position = max(sweep.position, sweep.page[count - 1].position)
    sweep.page.removeFirst(count)
  }

  /// Something waits for the backlog lane, and no call needs the line for itself.
  var wantsBacklogLane: Bool {
    hasFreePath && !sweep.page.isEmpty && !isBusy(.backlog) && (sendsInOrder || !calls.hasNext(border))
  }

  /// Open, and not being asked what the parent has: that goes on the connection of the calls.
  private func isFree(_ path: Int) -> Bool { paths[path].isOpen && !flights.contains { $0.path == path && $0.isHello } }
  private var hasFreePath: Bool { paths.indices.contains { isFree($0) } }

  /// The first open path that proves itself; a silent one only when there is no other.
  private func bestPath(at now: Instant) -> Int? {
    let open = paths.indices.filter { index in
      isFree(index) && !flights.contains { $0.path == index && $0.isDoubled }
    }
    let proven = open.first { paths[$0].lastProof.map { now - $0 < LinkPath.pulseInterval + .seconds(3) } ?? false }
    return proven ?? open.first ?? paths.indices.first { isFree($0) }
  }
}
