import DeviceKit
import DeviceVocabulary
import Journal
import Station
import StationRuntime

/// The station's thread in virtual time: take what waits, decide, commit, let go; and what can be planted on the way.
extension SimulatedSite {
  func stepProgram(_ program: SimulatedProgram, on host: SimulatedHost) {
    let inputs = program.inbox
    program.inbox = []
    program.wakeAt = nil
    let monotonic = host.clock.monotonic(now)
    plantBefore(inputs, program, on: host)
    let changed = !inputs.isEmpty || program.decider.deadline.map { $0 <= monotonic } ?? false
    var released: [StationEffect] = []
    program.decider.step(inputs, wall: host.clock.wall(now), now: monotonic) { released.append($0) }
    program.deciderDue = program.decider.deadline.map(host.clock.siteTime) ?? .distantFuture
    let fresh = program.store.takeFresh()
    guard !host.storage.isCut else {
      // The power went inside the commit: nothing of it was let go, and whether it is on disk shows after the next start.
      endProgram(on: host, cutsPower: true)
      return
    }
    if !fresh.isEmpty {
      tell(fresh, of: host)
      // A commit mostly takes a millisecond, and now and then the disk is busy with something else.
      let longest: UInt32 = host.random.chance(1, in: 50) ? UInt32(clamping: options.longestCommit.microseconds) : 6_000
      program.busyUntil = now + .microseconds(200 + Int(host.random.below(longest)))
    }
    if now - program.maintainedAt >= (program.decider.isImpaired ? .seconds(2) : .seconds(60)), !host.storage.isCut {
      program.maintainedAt = now
      program.decider.maintain(wall: host.clock.wall(now), now: monotonic)
      program.deciderDue = program.decider.deadline.map(host.clock.siteTime) ?? .distantFuture
    }
    let seen = max(now, program.busyUntil)
    if !fresh.isEmpty, program.uplink != nil { program.releases.append((seen, .recorded(fresh))) }
    for effect in released { program.releases.append((seen, .effect(effect))) }
    if changed || now - program.publishedAt >= .seconds(2) {
      program.publishedAt = now
      program.releases.append((seen, .page(program.decider.view(), program.decider.visitView(), program.decider.wallView())))
    }
  }

  func releaseDue(_ host: SimulatedHost) {
    while let program = host.program, let first = program.releases.first, first.at <= now {
      program.releases.removeFirst()
      switch first.release {
      case .page(let view, let visits, let wall):
        let view = host.role == .community ? plant(view) : view
        host.page = view
        program.visitPage = visits
        observers.see(host.fact(.page(view)), at: now)
        if let wall = plant(wall) {
          program.wallPage = wall
          observers.see(.wall(wall), at: now)
        }
      case .recorded(let fresh):
        plantDelivered(fresh)
        if let uplink = program.uplink { give(uplink, uplink.recorded(fresh)) }
      case .effect(.device(let command)): pass(command)
      case .effect(.wall(let device, let wishes)): wish(device, wishes, program)
      case .effect(.wallRetest(let device)): giveWall(device, .retest, program)
      case .effect(.wallIdentify(let port, let seconds)):
        giveWall(port.device, .identify(port.number, seconds: seconds), program)
      case .effect(.answer(let number, let answer)):
        trace.note(4, now, "\(number) \(answer)")
        if let request = host.requests.removeValue(forKey: number) {
          // No ticket has it.
          if case .refused = answer, let field = request.contact { host.keys.shred([field.key]) }
          observers.see(host.fact(.answered(request, answer)), at: now)
        }
      case .effect(.receipt(let number, let receipt)): answer(number, receipt, program)
      case .effect(.command(_, let command)): sendDown(command)
      case .effect(.sweep):
        let count = program.decider.namedKeys.map { host.keys.sweep(named: $0) } ?? 0
        program.send(.swept(keys: count, files: 0), at: host.clock.monotonic(now), wake: now)
      case .effect(.shred(let keys)): host.keys.shred(keys)
      // No camera that turns stands in a simulated site.
      case .effect(.record), .effect(.forgetKeys), .effect(.turn), .effect(.sourceRetest): break
      }
    }
  }

  private func pass(_ command: DeviceCommand) {
    guard let command = plant(command) else { return }
    trace.note(5, now, "\(command)")
    log("command \(command)")
    if let index = wires.firstIndex(where: { $0.name == command.device.bus }) { give(index, .command(command)) }
  }

  // MARK: - What became durable

  private func tell(_ fresh: [JournalEntry], of host: SimulatedHost) {
    let coder = EntryCoder()
    var told: [(entry: Entry, stamped: Instant)] = []
    for stored in fresh {
      trace.note(host.role == .street ? 7 : 6, now, stored.body)
      host.seenPosition = max(host.seenPosition ?? stored.position, stored.position)
      log("\(host.role == .street ? "street " : "")entry \(stored.position) \(String(decoding: stored.body, as: UTF8.self))")
      guard let entry = try? coder.decode(stored.body) else { continue }
      told.append((entry, host.clock.siteTime(entry.time.monotonic, of: entry.time.boot) ?? now))
      if options.planted == .repeatsNumber, case .visit(.taken) = entry.change, let last = told.last { told.append(last) }
    }
    observers.see(host.fact(.durable(told)), at: now)
  }

  /// After a cut inside a commit there may be more on disk than anybody was told.
  func tellWhatIsOnDisk(_ store: WatchedStore, of host: SimulatedHost) throws {
    var position = host.seenPosition
    while true {
      let more = try store.entries(after: position, limit: 1000)
      guard let last = more.last else { return }
      tell(more, of: host)
      position = last.position
    }
  }

  func finish() throws -> SiteReport {
    let stored = try stored(on: community)
    observers.see(.keys(community.keys.kept, isSwept: false), at: now)
    var end = SiteEnd(entries: stored, waiting: [], lamps: [], view: community.page)
    end.entries = options.planted == .altersEntry ? altered(stored) : stored
    if let street { end.street = SiteEnd.Street(entries: try self.stored(on: street), view: street.page) }
    for (wire, one) in wires.enumerated() {
      for (index, panel) in one.bus.panels.enumerated() {
        end.waiting.append((observers.ground.device(wire, index), panel.logic.waitingEvents))
        for button in 1...panel.logic.buttons {
          end.lamps.append((observers.ground.button(wire, index, button), panel.indicator(of: button)))
        }
      }
    }
    observers.finish(end, at: now)
    return SiteReport(
      seed: options.seed, findings: observers.findings, hash: trace.hash, steps: trace.lines, entries: end.entries,
      streetEntries: end.street?.entries ?? [], injected: injected, presses: observers.measured,
      cutOutcomes: community.storage.outcomes)
  }

  private func stored(on host: SimulatedHost) throws -> [JournalEntry] {
    guard let program = host.program else { return [] }
    program.decider.saveSnapshot()
    let folded = try Decider.fold(program.store, useSnapshot: false)
    observers.see(host.fact(.folded(fromSnapshot: program.decider.station.state, fromZero: folded)), at: now)
    return try program.store.entries(after: nil, limit: .max)
  }

  private func altered(_ entries: [JournalEntry]) -> [JournalEntry] {
    var entries = entries
    if let middle = entries.indices.dropFirst(entries.count / 2).first { entries[middle].body[0] ^= 1 }
    return entries
  }
}
