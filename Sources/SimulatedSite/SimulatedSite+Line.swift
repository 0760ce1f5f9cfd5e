import DeviceKit
import DeviceVocabulary
import Journal
import Station
import StationLinkCodec
import StationLinkDriver
import StationRuntime

/// The line between the two stations: the community's sender, what travels, and the street centre's end of it.
extension SimulatedSite {
  /// The parent's shell gives a request up when the station has not answered it for so long: its disk does not take it.
  private static let parentPatience = Interval.seconds(8)

  // MARK: - The community's end

  func beginUplink(_ program: SimulatedProgram) {
    guard let line else { return }
    runs += 1
    let uplink = SimulatedUplink(
      run: runs, paths: line.ways.map(\.name), store: program.store, seed: options.seed &+ UInt64(runs),
      monotonic: community.clock.monotonic(now))
    program.uplink = uplink
    give(uplink, .wake)
  }

  func give(_ uplink: SimulatedUplink, _ input: LinkSender.Input) {
    let effects = uplink.handle(input, at: community.clock.monotonic(now))
    for effect in effects { perform(effect, uplink) }
    uplink.due = min(
      uplink.sender.deadline.map(community.clock.siteTime) ?? .distantFuture, uplink.later.first?.at ?? .distantFuture,
      uplink.unread.first?.at ?? .distantFuture)
  }

  private func perform(_ effect: LinkSender.Effect, _ uplink: SimulatedUplink) {
    switch effect {
    case .post(let request, let path, _, let content): post(request, path, content, uplink)
    case .drop(let path): line?.drop(path)
    case .fetch(let after): fetch(after, uplink)
    case .delivered(let incidents): tellCommunity(.delivered(incidents, parent: uplink.parent))
    // Readings are in no journal and no promise: here there are none.
    case .parentHas, .gather, .readingsRefused: break
    case .status(let status):
      uplink.parent = status.parent
      tellCommunity(.link(status))
      for (index, path) in status.paths.enumerated() where path.isUp && line?.ways[index].streams == false {
        line?.openStream(way: index, run: uplink.run, at: now)
      }
    }
  }

  private func fetch(_ after: JournalPosition, _ uplink: SimulatedUplink) {
    if let page = try? uplink.page(after: after), !page.isEmpty || after >= uplink.head.position {
      uplink.later.append((now + .microseconds(500 + Int(community.random.below(4000))), .fetched(after: after, page)))
    } else {
      // While the disk fails nothing can be read.
      uplink.unread.append((after, now + .seconds(1)))
    }
  }

  private func tellCommunity(_ input: StationInput) { community.send(input, at: now) }

  private func post(_ request: UInt32, _ path: Int, _ content: LinkSender.Content, _ uplink: SimulatedUplink) {
    log("up \(request) on \(path): \(content.logText)")
    let site = community.site.plan
    let parcel: SimulatedLine.Content
    switch content {
    case .hello:
      parcel = .hello(LinkHello(station: site.station, name: site.name, program: "simulated", head: uplink.head, oldest: nil))
    case .pulse(let pulse): parcel = .pulse(pulse)
    case .readings: return
    case .entries(let outgoing):
      let wall = community.clock.wall(now).unixMilliseconds
      guard let body = try? uplink.batch(planted(outgoing), station: site.station, wallMilliseconds: wall) else {
        let failed = LinkSender.Input.failed(request: request, .refused(.busy, "the journal cannot be read now"))
        return uplink.later.append((now + .milliseconds(1), failed))
      }
      parcel = .batch(body)
    }
    line?.post(request, parcel, way: path, run: uplink.run, at: now)
  }

  // MARK: - What travels

  /// When the street's end of the line has something to do by itself.
  var streetDue: Instant? {
    guard let program = street?.program else { return nil }
    var next = program.asked.values.map(\.giveUpAt).min()
    if !program.pulses.isEmpty { next = min(next ?? .distantFuture, program.pulsesToldAt + .seconds(1)) }
    return next
  }

  func runLine() {
    if let uplink = community.program?.uplink, uplink.due <= now {
      let unread = uplink.unread.filter { $0.at <= now }
      uplink.unread.removeAll { $0.at <= now }
      for item in unread { fetch(item.after, uplink) }
      while let first = uplink.later.first, first.at <= now {
        uplink.later.removeFirst()
        give(uplink, first.input)
      }
      if uplink.due <= now { give(uplink, .wake) }
    }
    while let event = line?.take(by: now) { arrive(event) }
    guard let street, let program = street.program else { return }
    for (number, ask) in program.asked.sorted(by: { $0.key < $1.key }) where ask.giveUpAt <= now {
      program.asked[number] = nil
      refuse(.diskUnavailable, ask.request, ask.event)
    }
    guard !program.pulses.isEmpty, program.pulsesToldAt + .seconds(1) <= now else { return }
    street.send(.childrenHeard(program.pulses), at: now)
    program.pulses = []
    program.pulsesToldAt = now
  }

  private func arrive(_ event: SimulatedLine.Event) {
    guard line?.isCurrent(event) == true else { return }
    switch event.parcel {
    case .request(let request, let content): received(request, content, event)
    case .streamOpened:
      guard let street, street.program != nil else { return }
      line?.ways[event.way].streams = true
      street.send(.childListens(SiteLayout.station), at: now)
    case .reply(let request, let input):
      guard let uplink = community.program?.uplink, uplink.run == event.run else { return }
      if case .received(_, let receipt, _, _) = input { observers.see(.receipt(receipt), at: now) }
      if case .welcomed(_, let welcome, _) = input { observers.see(.receipt(welcome.receipt), at: now) }
      log("down \(request): \(input)")
      give(uplink, input)
    case .command(let command):
      guard community.program?.uplink?.run == event.run else { return }
      tellCommunity(.command(planted(command.command), remainingMilliseconds: command.remainingMilliseconds))
    }
  }

  // MARK: - The street's end

  private func received(_ request: UInt32, _ content: SimulatedLine.Content, _ event: SimulatedLine.Event) {
    guard let street, let program = street.program else {
      line?.answer(request, .failed(request: request, .unreachable("connection refused")), to: event, at: now)
      return
    }
    switch content {
    case .pulse(let pulse):
      let name = line?.ways[event.way].name ?? ""
      program.pulses.removeAll { $0.path == name }
      program.pulses.append(ChildPulse(child: SiteLayout.station, path: name, waiting: pulse.waiting))
      line?.answer(request, .pulsed(request: request, nonce: pulse.nonce, wallMilliseconds: wall), to: event, at: now)
    case .hello(let hello):
      ask(program, request, event) { .childConnected(SiteLayout.station, oldest: hello.oldest, request: $0) }
    case .batch(let body):
      do throws(EventBatch.Mistake) {
        let entries = try LineEntries().received(body, of: SiteLayout.station)
        plantAtTheStreet(entries, request, event)
        ask(program, request, event) { .received(child: SiteLayout.station, entries, request: $0) }
      } catch {
        refuse(error.refusal, request, event)
      }
    }
  }

  private var wall: Int64 { community.clock.wall(now).unixMilliseconds }

  private func ask(
    _ program: SimulatedProgram, _ request: UInt32, _ event: SimulatedLine.Event, _ input: (UInt64) -> StationInput
  ) {
    guard let street else { return }
    street.lastRequest += 1
    program.asked[street.lastRequest] = (event, request, now + Self.parentPatience)
    street.send(input(street.lastRequest), at: now)
  }

  private func refuse(_ refusal: LinkRefusal, _ request: UInt32, _ event: SimulatedLine.Event) {
    line?.answer(request, .failed(request: request, .refused(refusal, "\(refusal)")), to: event, at: now)
  }

  /// What is on the street's disk, in answer to a request.
  func answer(_ number: UInt64, _ receipt: LinkReceipt, _ program: SimulatedProgram) {
    guard let street, let ask = program.asked.removeValue(forKey: number) else { return }
    guard case .request(_, let content) = ask.event.parcel else { return }
    // Also what is lost on the way down has to be true.
    observers.see(.receipt(receipt), at: now)
    if case .hello = content {
      let welcome = LinkWelcome(
        version: LinkProtocol.version, station: street.site.plan.station, name: street.site.plan.name, receipt: receipt,
        nowMilliseconds: street.clock.wall(now).unixMilliseconds, revocations: nil)
      line?.answer(ask.request, .welcomed(request: ask.request, welcome, wallMilliseconds: wall), to: ask.event, at: now)
    } else {
      line?.answer(
        ask.request, .received(request: ask.request, receipt, wallMilliseconds: wall, bytes: content.bytes), to: ask.event,
        at: now)
    }
  }

  func sendDown(_ command: ParentCommand) {
    guard let street, let uplink = community.program?.uplink else { return }
    let sent = LinkCommand(command: command, sentAtMilliseconds: street.clock.wall(now).unixMilliseconds)
    line?.send(sent, run: uplink.run, at: now)
  }

  /// An operator of the street centre, who sees only the page that was last shown.
  func actAtStreet(_ street: SimulatedHost, _ choice: UInt32) {
    guard street.program != nil, let page = street.page else { return }
    var draw = SeededRandom(seed: UInt64(choice))
    let post = SiteLayout.streetPosts[Int(draw.below(UInt32(SiteLayout.streetPosts.count)))]
    if !page.faults.isEmpty, draw.chance(1, in: 4) {
      let fault = page.faults[Int(draw.below(UInt32(page.faults.count)))]
      return street.ask(post, fault.silenced ? .retest(fault.key) : .silenceFault(fault.key), at: now)
    }
    guard let child = page.children.first, let action = below(child, post, &draw) else { return }
    street.ask(post, .child(child.station, action), at: now)
  }

  private func below(_ child: DeskView.ChildCard, _ post: String, _ draw: inout SeededRandom) -> ParentCommand.Action? {
    if draw.chance(1, in: 10) { return .notice(text: "演练通知") }
    if draw.chance(1, in: 10) { return .close(incident: draw.below(40)) }
    guard !child.incidents.isEmpty else { return nil }
    let card = child.incidents[Int(draw.below(UInt32(child.incidents.count)))]
    if card.offeredTo != nil {
      return draw.chance(1, in: 2) ? .accept(incident: card.id) : .refuse(incident: card.id, reason: "在忙")
    }
    switch card.phase {
    case .opened: return draw.chance(1, in: 10) ? .falseAlarm(incident: card.id, note: "") : .acknowledge(incident: card.id)
    case .acknowledged where card.waits: return .acknowledge(incident: card.id)
    case .acknowledged:
      return draw.chance(1, in: 3) ? .offer(incident: card.id, to: SiteLayout.posts[0]) : .onScene(incident: card.id)
    case .onScene: return .resolve(incident: card.id, note: "已处置")
    case .resolved, .closed: return .close(incident: card.id)
    }
  }
}

extension LinkSender.Content {
  fileprivate var logText: String {
    switch self {
    case .hello: "hello"
    case .pulse: "pulse"
    case .readings: "readings"
    case .entries(let entries):
      "\(entries.count) entries, \(entries.first.map { "\($0.position)" } ?? "") … \(entries.last.map { "\($0.position)" } ?? "")"
    }
  }
}
