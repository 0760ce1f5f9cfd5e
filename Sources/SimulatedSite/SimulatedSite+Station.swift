import DeviceKit
import DeviceVocabulary
import Journal
import Station
import StationRuntime

/// The station's thread in virtual time: take what waits, decide, commit, let go; and what can be planted on the way.
extension SimulatedSite {
  func stepProgram(_ program: SimulatedProgram) {
    let inputs = program.inbox
    program.inbox = []
    program.wakeAt = nil
    let monotonic = clock.monotonic(now)
    plantBefore(inputs, program)
    let changed = !inputs.isEmpty || program.decider.deadline.map { $0 <= monotonic } ?? false
    var released: [StationEffect] = []
    program.decider.step(inputs, wall: clock.wall(now), now: monotonic) { released.append($0) }
    program.deciderDue = program.decider.deadline.map(clock.siteTime) ?? .distantFuture
    let fresh = program.store.takeFresh()
    guard !storage.isCut else {
      // The power went inside the commit: nothing of it was let go, and whether it is on disk shows after the next start.
      endProgram(cutsPower: true)
      return
    }
    if !fresh.isEmpty {
      tell(fresh)
      // A commit mostly takes a millisecond, and now and then the disk is busy with something else.
      let longest: UInt32 = random.chance(1, in: 50) ? UInt32(clamping: options.longestCommit.microseconds) : 6_000
      program.busyUntil = now + .microseconds(200 + Int(random.below(longest)))
    }
    if now - program.maintainedAt >= (program.decider.isImpaired ? .seconds(2) : .seconds(60)), !storage.isCut {
      program.maintainedAt = now
      program.decider.maintain(wall: clock.wall(now), now: monotonic)
      program.deciderDue = program.decider.deadline.map(clock.siteTime) ?? .distantFuture
    }
    let seen = max(now, program.busyUntil)
    for effect in released { program.releases.append((seen, .effect(effect))) }
    if changed || now - program.publishedAt >= .seconds(2) {
      program.publishedAt = now
      program.releases.append((seen, .page(program.decider.view())))
    }
  }

  func releaseDue() {
    while let program, let first = program.releases.first, first.at <= now {
      program.releases.removeFirst()
      switch first.release {
      case .page(let view):
        page = view
        observers.see(.page(view), at: now)
      case .effect(.device(let command)): pass(command)
      case .effect(.answer(let number, let answer)):
        trace.note(4, now, "\(number) \(answer)")
        if let request = requests.removeValue(forKey: number) { observers.see(.answered(request, answer), at: now) }
      case .effect(.record), .effect(.receipt), .effect(.command): break
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

  private func tell(_ fresh: [JournalEntry]) {
    let coder = EntryCoder()
    var told: [(entry: Entry, stamped: Instant)] = []
    for stored in fresh {
      trace.note(6, now, stored.body)
      seenPosition = max(seenPosition ?? stored.position, stored.position)
      log("entry \(stored.position) \(String(decoding: stored.body, as: UTF8.self))")
      guard let entry = try? coder.decode(stored.body) else { continue }
      told.append((entry, clock.siteTime(entry.time.monotonic, of: entry.time.boot) ?? now))
    }
    observers.see(.durable(told), at: now)
  }

  /// After a cut inside a commit there may be more on disk than anybody was told.
  func tellWhatIsOnDisk(_ store: WatchedStore) throws {
    var position = seenPosition
    while true {
      let more = try store.entries(after: position, limit: 1000)
      guard let last = more.last else { return }
      tell(more)
      position = last.position
    }
  }

  func finish() throws -> SiteReport {
    let stored: [JournalEntry]
    if let program {
      program.decider.saveSnapshot()
      let folded = try Decider.fold(program.store, useSnapshot: false)
      observers.see(.folded(fromSnapshot: program.decider.station.state, fromZero: folded), at: now)
      if options.planted == .altersEntry {
        stored = altered(try program.store.entries(after: nil, limit: .max))
      } else {
        stored = try program.store.entries(after: nil, limit: .max)
      }
    } else {
      stored = []
    }
    var end = SiteEnd(entries: stored, waiting: [], lamps: [], view: page)
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
      seed: options.seed, findings: observers.findings, hash: trace.hash, steps: trace.lines, entries: stored, injected: injected,
      presses: observers.measured, cutOutcomes: storage.outcomes)
  }

  private func altered(_ entries: [JournalEntry]) -> [JournalEntry] {
    var entries = entries
    if let middle = entries.indices.dropFirst(entries.count / 2).first { entries[middle].body[0] ^= 1 }
    return entries
  }
}
