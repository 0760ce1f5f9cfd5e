import DeviceKit
import DeviceVocabulary
import StationLinkCodec
import StationLinkDeviceModel
import StationLinkDriver

/// A child's journal and its sender, a line that can fail, and a parent that can fail, in virtual time.
struct LinkRig {
  var now = Instant.zero
  var sender: LinkSender
  var parent = ParentModel()
  var journal: [LinkEntry] = []
  private var openings: [UInt32: JournalPosition] = [:]
  private(set) var descriptors: [Outgoing] = []
  /// How often the child's disk was set back.
  private var life: UInt8 = 0
  /// Where the journal began anew, as the disk has it.
  private(set) var branches: [LinkBranch] = []
  /// The last entry of what was written with each of them, in one transaction.
  private var branchEnds: [JournalPosition] = []
  private var isBeginningAnew = false
  var lines: [Line]
  var random: SeededRandom
  private var events: [(at: Instant, order: Int, event: Event)] = []
  private var order = 0

  // What is seen.
  var delivered: [(incident: UInt32, at: Instant)] = []
  var statuses: [LinkStatus] = []
  var statusChanges = 0
  /// Positions in the order in which the parent stored them.
  var claims: [String] = []
  var requests = 0
  var bytesSent = 0
  /// What bodies take on the line, compressed, in percent of their entries' bytes.
  var wirePercent = 100
  /// Requests with readings, as they went, and what was wrong with when they did.
  var sentReadings: [(at: Instant, readings: [DeviceReading])] = []
  var rudeness: [String] = []
  var refusedReadings = 0
  /// Requests with readings get no answer, and everything else does.
  var swallowsReadings = false
  /// The child's devices, as of now.
  var newest: [DeviceReading] = []
  /// Steps of calls for which no answer has come.
  private var unanswered: Set<JournalPosition> = []
  /// Requests under way, by path and lane; what was posted although one was.
  private var standing: [String: UInt32] = [:]
  var crowded: [String] = []
  /// The child's program, which does not know when the one before it sent readings.
  private var startedAt = Instant.zero
  /// Heartbeats for which no answer has come, and their paths.
  private var pulses: [UInt32: Int] = [:]
  /// When the parent had each incident's opening.
  var openedAtParent: [UInt32: Instant] = [:]

  struct Line {
    var isUp = true
    /// Requests vanish and nobody says so.
    var isBlackHole = false
    var latency = Interval.milliseconds(10)
    var bitsPerSecond = 2_000_000
    var lossPerMille: UInt32 = 0
    var freeAt = Instant.zero
    var generation = 0
  }

  private enum Event {
    case arrive(request: UInt32, path: Int, LinkSender.Content, generation: Int)
    case answer(LinkSender.Input, path: Int, generation: Int)
    case input(LinkSender.Input)
    case beginAnew(above: JournalPosition)
  }

  init(paths: Int = 1, seed: UInt64 = 1, backlog: Int = 250_000) {
    random = SeededRandom(seed: seed)
    lines = Array(repeating: Line(), count: paths)
    sender = LinkSender(
      settings: .init(paths: (0..<paths).map { "p\($0)" }, backlogBytesPerSecond: backlog), newest: .start, seed: seed, at: .zero)
  }

  // MARK: - The child

  /// One more entry in the journal, told to the sender as the tail does it.
  mutating func record(incident: UInt32? = nil, opens: Bool = false, ends: Bool = false, bytes: Int = 300, tell: Bool = true) {
    let outgoing = append(incident: incident, opens: opens, ends: ends, bytes: bytes)
    if tell { give(.recorded([outgoing])) }
  }

  @discardableResult
  mutating func append(incident: UInt32? = nil, opens: Bool = false, ends: Bool = false, bytes: Int = 300) -> Outgoing {
    let before = journal.last?.head ?? .start
    return append(
      at: JournalPosition(epoch: max(1, before.position.epoch), sequence: before.position.sequence + 1), incident, opens, ends,
      bytes)
  }

  private mutating func append(
    at position: JournalPosition, _ incident: UInt32?, _ opens: Bool, _ ends: Bool, _ bytes: Int
  ) -> Outgoing {
    let before = journal.last?.head ?? .start
    var hash = [UInt8](repeating: 0, count: 32)
    for index in 0..<8 { hash[index] = UInt8(truncatingIfNeeded: position.sequence >> (8 * UInt64(index))) }
    hash[31] = UInt8(truncatingIfNeeded: position.epoch)
    hash[30] = life
    let entry = LinkEntry(
      position: position, hash: EntryHash(hash) ?? .zero, before: before,
      time: LinkTime(wallMilliseconds: 0, isSynchronised: true, boot: "b", monotonicMicroseconds: now.microseconds),
      isLate: false,
      body: [UInt8](repeating: 0x20, count: bytes))
    journal.append(entry)
    let outgoing = Outgoing(position: position, before: before, incident: incident, opens: opens, ends: ends, bytes: bytes)
    descriptors.append(outgoing)
    if opens, let incident, openings[incident] == nil { openings[incident] = position }
    if incident != nil { unanswered.insert(position) }
    return outgoing
  }

  /// An older copy of the child's disk is put back: the newest so many entries are gone.
  mutating func restoreChild(without count: Int) {
    var count = min(count, journal.count)
    // A copy of a disk has all of a transaction or nothing.
    if let cut = zip(branches, branchEnds).first(where: { branch, end in
      let last = count < journal.count ? journal[journal.count - count - 1].position : .start
      return branch.begins <= last && last < end
    }) {
      count = journal.count { $0.position >= cut.0.begins }
    }
    journal.removeLast(count)
    descriptors.removeLast(count)
    branches.removeAll { $0.begins > journal.last?.position ?? .start }
    branchEnds.removeLast(branchEnds.count - branches.count)
    life += 1
    restartChild()
  }

  /// An older copy of the parent's disk is put back; its program was stopped for it, and what was under way is gone.
  mutating func restoreParent(without count: Int) {
    for index in lines.indices { lines[index].generation += 1 }
    parent.restore(without: count)
  }

  /// As the station does it: the calls that are open are told again under the new epoch.
  private mutating func beginAnew(above position: JournalPosition) {
    isBeginningAnew = false
    let floor = journal.last?.position ?? .start
    let begins = JournalPosition(epoch: max(floor.epoch, position.epoch) + 1, sequence: 1)
    let open = openCalls
    var told = [append(at: begins, 0, true, false, 100)]
    for incident in open { told.append(append(incident: incident, opens: true)) }
    branches.append(LinkBranch(floor: floor, begins: begins))
    branchEnds.append(journal.last?.position ?? begins)
    give(.recorded(told))
  }

  var openCalls: [UInt32] {
    var open: [UInt32] = []
    for entry in descriptors {
      guard let incident = entry.incident, incident > 0 else { continue }
      if entry.opens, !open.contains(incident) { open.append(incident) }
      if entry.ends { open.removeAll { $0 == incident } }
    }
    return open
  }

  /// The child's program starts anew: everything that only memory held is gone.
  mutating func restartChild() {
    events.removeAll()
    pulses.removeAll()
    standing.removeAll()
    isBeginningAnew = false
    startedAt = now
    for index in lines.indices { lines[index].generation += 1 }
    sender = LinkSender(
      settings: sender.settingsForRestart, newest: journal.last?.position ?? .start, seed: random.next(), at: now)
    give(.wake)
  }

  mutating func give(_ input: LinkSender.Input) {
    switch input {
    case .welcomed(_, let welcome, _): unanswered = unanswered.filter { !welcome.receipt.covers($0) }
    case .received(_, let receipt, _, _): unanswered = unanswered.filter { !receipt.covers($0) }
    case .pulsed(let request, _, _), .failed(let request, _): pulses[request] = nil
    default: break
    }
    switch input {
    case .welcomed(let request, _, _), .received(let request, _, _, _), .pulsed(let request, _, _), .taken(let request, _),
      .failed(let request, _):
      standing = standing.filter { $0.value != request }
    default: break
    }
    var effects = Effects<LinkSender.Effect>()
    sender.handle(input, at: now, into: &effects)
    precondition(effects.refused == 0, "the sender has more to do than fits")
    for index in 0..<effects.count { if let effect = effects[index] { perform(effect) } }
  }

  private mutating func perform(_ effect: LinkSender.Effect) {
    switch effect {
    case .post(let request, let path, let lane, let content):
      requests += 1
      // A second request on a connection ends the first one.
      if standing.updateValue(request, forKey: "\(path) \(lane)") != nil { crowded.append("\(now): \(lane) on \(path)") }
      if case .readings(let readings) = content { note(readings, path) }
      if case .pulse = content { pulses[request] = path }
      guard lines[path].isUp else {
        schedule(after: .milliseconds(1), .input(.failed(request: request, .unreachable("no route"))))
        return
      }
      let bytes = bytes(of: content)
      bytesSent += bytes
      if lines[path].isBlackHole || random.below(1000) < lines[path].lossPerMille { return }
      let begins = max(now, lines[path].freeAt)
      let sent = begins + .microseconds(bytes * 8 * 1_000_000 / lines[path].bitsPerSecond)
      lines[path].freeAt = sent
      schedule(
        at: sent + lines[path].latency, .arrive(request: request, path: path, content, generation: lines[path].generation))
    case .drop(let path):
      lines[path].generation += 1
      pulses = pulses.filter { $0.value != path }
      standing = standing.filter { !$0.key.hasPrefix("\(path) ") }
    case .fetch(let after):
      let first = descriptors.partitioningIndex { $0.position > after }
      let page = Array(descriptors[first...].prefix(1000))
      schedule(after: .milliseconds(2), .input(.fetched(after: after, page)))
    case .gather: schedule(after: .milliseconds(1), .input(.gathered(newest)))
    case .readingsRefused: refusedReadings += 1
    case .delivered(let incidents):
      for incident in incidents {
        delivered.append((incident, now))
        // The one claim that must never be ahead: the parent's disk has the opening.
        if !parentHasCall(incident) { claims.append("\(incident) is not at the parent") }
      }
    case .parentHas(let head):
      if !parent.cursor.knows(head.position), head.position != .start { claims.append("\(head.position) is not at the parent") }
    case .status(let status):
      if statuses.last?.paths.map(\.state) != status.paths.map(\.state) { statusChanges += 1 }
      statuses.append(status)
    }
  }

  private func bytes(of content: LinkSender.Content) -> Int {
    if case .readings(let readings) = content { return 200 + readings.count * 130 }
    guard case .entries(let entries) = content else { return 200 }
    return 200 + entries.reduce(0) { $0 + $1.bytes } * wirePercent / 100
  }

  /// A device was read: a newer value takes the place of the older one, and nobody is told.
  mutating func measure(
    _ node: UInt8, _ value: Int64, _ quantity: Quantity = .supplyMillivolts, timeToLive: Interval = .seconds(15)
  ) {
    let item = DeviceReading(
      Measurand(DeviceID(bus: "A", node: node), quantity), Reading(value: value, asOf: now, timeToLive: timeToLive))
    newest.removeAll { $0.measurand == item.measurand }
    newest.append(item)
  }

  private mutating func note(_ readings: [DeviceReading], _ path: Int) {
    if let last = sentReadings.last, last.at >= startedAt, now - last.at < .seconds(10) { rudeness.append("\(now): too soon") }
    if !unanswered.isEmpty { rudeness.append("\(now): a call waits") }
    if pulses.values.contains(path) { rudeness.append("\(now): a heartbeat is unanswered") }
    if statuses.last?.paths[path].state != .up { rudeness.append("\(now): the path is not up") }
    if readings.isEmpty || readings.count > LinkReadings.limit { rudeness.append("\(now): \(readings.count) readings") }
    if !readings.allSatisfy(newest.contains) { rudeness.append("\(now): superseded") }
    if readings.contains(where: { $0.reading.isStale(at: now) }) { rudeness.append("\(now): stale") }
    sentReadings.append((now, readings))
  }

  private mutating func schedule(after: Interval, _ event: Event) { schedule(at: now + after, event) }

  private mutating func schedule(at: Instant, _ event: Event) {
    order += 1
    let place = events.lastIndex { $0.at <= at }.map { $0 + 1 } ?? 0
    events.insert((at, order, event), at: place)
  }

  // MARK: - Time

  mutating func run(until end: Instant) {
    while true {
      let due = min(events.first?.at ?? .distantFuture, sender.deadline ?? .distantFuture)
      guard due <= end else { break }
      now = max(now, due)
      if let first = events.first, first.at <= now {
        events.removeFirst()
        happen(first.event)
      } else {
        give(.wake)
      }
    }
    now = end
  }

  mutating func run(for interval: Interval) { run(until: now + interval) }

  private mutating func happen(_ event: Event) {
    switch event {
    case .input(let input): give(input)
    case .answer(let input, let path, let generation):
      if lines[path].generation == generation, lines[path].isUp, !lines[path].isBlackHole { give(checked(input)) }
    case .beginAnew(let position): beginAnew(above: position)
    case .arrive(let request, let path, let content, let generation):
      guard lines[path].isUp else { return }
      let crashes = parent.crashes
      let input = answer(request, content)
      if parent.crashes > crashes { schedule(after: .milliseconds(5), .input(.failed(request: request, .unreachable("reset")))) }
      guard let input else { return }
      schedule(after: lines[path].latency, .answer(input, path: path, generation: generation))
    }
  }

  private func entry(at position: JournalPosition) -> LinkEntry? {
    let index = journal.partitioningIndex { $0.position >= position }
    return index < journal.count && journal[index].position == position ? journal[index] : nil
  }

  /// As the child's shell does it.
  private mutating func checked(_ input: LinkSender.Input) -> LinkSender.Input {
    guard case .welcomed(let request, var welcome, let wall) = input else { return input }
    let journal = journal
    let newest = { (position: JournalPosition) -> JournalHead in journal.last { $0.position <= position }?.head ?? .start }
    let check = WelcomeCheck(
      hash: { position in newest(position).position == position ? newest(position).hash : nil }, newest: newest, oldest: nil,
      branch: branches.last, epochLimit: 100_000)
    switch try? check.verdict(on: welcome.receipt) {
    case .good(let receipt):
      welcome.receipt = receipt
      if let branch = branches.last { give(.branched(floor: branch.floor)) }
      return .welcomed(request: request, welcome, wallMilliseconds: wall)
    case .contradicts(let position):
      if !isBeginningAnew {
        isBeginningAnew = true
        schedule(after: .milliseconds(Int(random.below(3000))), .beginAnew(above: position))
      }
      return .failed(request: request, .refused(.busy, "beginning anew"))
    case .nonsense, nil: return .failed(request: request, .impossibleReceipt)
    }
  }

  private mutating func answer(_ request: UInt32, _ content: LinkSender.Content) -> LinkSender.Input? {
    let answer: ParentModel.Answer
    let bytes = bytes(of: content)
    switch content {
    case .hello:
      answer = parent.hello(
        LinkHello(station: "child", name: "child", program: "t", head: journal.last?.head ?? .start), wallMilliseconds: 0)
    case .pulse(let pulse): answer = parent.pulse(pulse, wallMilliseconds: 0)
    case .readings where swallowsReadings: return nil
    case .readings(let readings):
      answer = parent.receive(LinkReadings(station: "child", boot: "b", sentAt: now, readings: readings), at: now)
    case .entries(let entries):
      answer = parent.receive(entries.compactMap { entry(at: $0.position) })
      for outgoing in entries where outgoing.opens && parent.cursor.knows(outgoing.position) {
        if let incident = outgoing.incident, openedAtParent[incident] == nil { openedAtParent[incident] = now }
      }
    }
    switch answer {
    case .welcome(let welcome): return .welcomed(request: request, welcome, wallMilliseconds: 0)
    case .receipt(let receipt): return .received(request: request, receipt, wallMilliseconds: 0, bytes: bytes)
    case .pulse(let pulse): return .pulsed(request: request, nonce: pulse.nonce, wallMilliseconds: 0)
    case .readings(let answer): return .taken(request: request, held: answer.held)
    case .refused(let refusal): return .failed(request: request, .refused(refusal, "\(refusal)"))
    case .nothing: return nil
    }
  }

  /// One of the lines becomes another, as chance has it.
  mutating func changeALine(_ random: inout SeededRandom) {
    let path = Int(random.below(UInt32(lines.count)))
    lines[path].isUp = random.chance(1, in: 2)
    lines[path].isBlackHole = random.chance(1, in: 4)
    lines[path].lossPerMille = random.below(300)
    lines[path].latency = .milliseconds(1 + Int(random.below(800)))
  }

  // MARK: - What must hold

  var everythingArrivedOnce: Bool {
    parent.cursor.head == (journal.last?.head ?? .start) && parent.entries.count == journal.count
      && Set(parent.entries.map(\.position)).count == journal.count
  }

  /// The opening of the call, or what tells it again, as it stands in this very journal.
  func parentHasCall(_ incident: UInt32) -> Bool {
    // As long as the disk was never set back each number stands for one entry.
    if life == 0 { return openings[incident].map { parent.cursor.knows($0) } ?? true }
    let tellers = descriptors.filter { $0.incident == incident && $0.opens }.map(\.position)
    let own = journal.filter { tellers.contains($0.position) }.map(\.head)
    return parent.entries.contains { own.contains($0.head) }
  }

  /// What of the own journal the parent has not, other than under numbers that it had given to a lost branch. When both ends are set back
  /// behind what told of a branch, only the entry itself tells.
  var missing: [JournalPosition] {
    let floor = branches.last?.floor ?? .start
    let there = Set(parent.entries.map(\.head))
    let numbers = Set(parent.entries.map(\.position))
    return journal.filter { entry in
      !there.contains(entry.head) && !numbers.contains(entry.position)
        && !(entry.position <= floor && parent.cursor.knows(entry.position))
    }.map(\.position)
  }

  /// Steps of one call in the order in which they were recorded.
  var orderWithinCalls: Bool {
    var last: [UInt32: JournalPosition] = [:]
    for entry in parent.entries {
      guard let incident = descriptors.first(where: { $0.position == entry.position })?.incident else { continue }
      if let before = last[incident], before > entry.position { return false }
      last[incident] = entry.position
    }
    return true
  }
}

extension LinkSender {
  fileprivate var settingsForRestart: Settings { Settings(paths: pathNames, backlogBytesPerSecond: 250_000) }
}
