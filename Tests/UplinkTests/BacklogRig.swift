import DeviceKit
import DeviceVocabulary
import Journal
import StationLinkCodec

@testable import StationLinkDriver
@testable import Uplink

/// The real sender on a real journal, a line of some speed, and what a parent would have of it, in virtual time.
struct BacklogRig {
  var parent = Seen()
  private(set) var began = Instant.zero
  /// When the parent had the last step of a call from before, and the last entry of all.
  private(set) var callsDone = Instant.zero
  private(set) var done = Instant.zero
  private(set) var mostHeld = 0
  private(set) var longestLiveCall = Interval.zero

  private let journal: LongJournal
  private let pages: JournalPages
  private let bitsPerSecond: Int
  private let past: JournalPosition
  private var sender: LinkSender
  private var seen: JournalPosition
  private var now = Instant.zero
  private var lineFree = Instant.zero
  private var arrivals: [(at: Instant, input: LinkSender.Input)] = []
  private var liveCalls: [(incident: UInt32, at: Instant)] = []
  private var pressed = 0
  private var nextLive = Instant.zero + .seconds(5)

  /// What the parent has, without keeping it.
  struct Seen {
    private var cursor = LinkCursor()
    private(set) var count = 0
    private(set) var again = 0
    private(set) var late = 0
    private(set) var problems: [String] = []
    private(set) var firstOpenings: [UInt32] = []
    private(set) var othersBeforeCalls = 0
    fileprivate var callsLeft = 0
    private var lastStep: [UInt32: JournalPosition] = [:]
    var head: JournalHead { cursor.head }
    var ranges: Int { cursor.ranges.count }

    func knows(_ position: JournalPosition) -> Bool { cursor.knows(position) }
    var welcome: LinkReceipt { cursor.welcome }

    fileprivate mutating func take(_ entry: LinkEntry, _ about: Outgoing, _ journal: LongJournal, isPast: Bool) {
      switch cursor.take(entry.link) {
      case .new: count += 1
      case .known:
        again += 1
        return
      default: return problems.append("\(entry.position) does not fit")
      }
      if EntryHash.chained(after: entry.before.hash, at: entry.position, body: entry.body) != entry.hash {
        problems.append("\(entry.position): its hash")
      }
      if isPast {
        if entry.time.wallMilliseconds != journal.wall(Int(entry.position.sequence) - 1) {
          problems.append("\(entry.position): its time")
        }
        if entry.isLate { late += 1 }
      }
      guard let incident = about.incident else {
        if callsLeft > 0 { othersBeforeCalls += 1 }
        return
      }
      if isPast { callsLeft -= 1 }
      if let last = lastStep[incident], last > entry.position {
        problems.append("call \(incident): \(entry.position) behind \(last)")
      }
      lastStep[incident] = entry.position
      if about.opens, isPast { firstOpenings.append(incident) }
    }

    fileprivate func receipt(_ positions: [JournalPosition]) -> LinkReceipt { cursor.receipt(for: positions) }
  }

  init(_ journal: LongJournal, bitsPerSecond: Int) {
    self.journal = journal
    self.bitsPerSecond = bitsPerSecond
    pages = JournalPages(folder: journal.folder)
    past = journal.end.position
    seen = past
    sender = LinkSender(settings: .init(paths: ["main"], readingsInterval: nil), newest: past, seed: 1, at: .zero)
    parent.callsLeft = journal.callSteps
  }

  /// Until the parent has everything, or a day has passed.
  mutating func run() throws {
    try give(.wake)
    while parent.head != journal.end || parent.callsLeft > 0 {
      let due = min(arrivals.first?.at ?? .distantFuture, sender.deadline ?? .distantFuture, nextLive)
      guard due < Instant.zero + .seconds(86_400) else { break }
      now = max(now, due)
      if nextLive <= now {
        try press()
      } else if let first = arrivals.first, first.at <= now {
        arrivals.removeFirst()
        try give(first.input)
      } else {
        try give(.wake)
      }
    }
    done = now
  }

  /// A call now and then, for as long as there is a backlog: at most twenty.
  private mutating func press() throws {
    pressed += 1
    nextLive = pressed < 20 ? now + .seconds(7) : .distantFuture
    liveCalls.append((try journal.liveCall(at: journal.total), now))
    let page = try pages.page(after: seen)
    seen = page.last?.entry.position ?? seen
    try give(.recorded(page.map { pages.outgoing($0.entry, before: $0.before) }))
  }

  private mutating func give(_ input: LinkSender.Input) throws {
    var effects = Effects<LinkSender.Effect>()
    sender.handle(input, at: now, into: &effects)
    mostHeld = max(mostHeld, sender.held)
    for index in 0..<effects.count {
      switch effects[index] {
      case .post(let request, _, _, let content): try post(request, content)
      case .fetch(let after):
        let page = try pages.page(after: after).map { pages.outgoing($0.entry, before: $0.before) }
        arrive(.fetched(after: after, page), at: now + .milliseconds(10))
      default: break
      }
    }
  }

  private mutating func post(_ request: UInt32, _ content: LinkSender.Content) throws {
    switch content {
    case .hello:
      let welcome = LinkWelcome(station: "street", name: "street", receipt: parent.welcome, nowMilliseconds: 0)
      arrive(.welcomed(request: request, welcome, wallMilliseconds: 0), at: now + .milliseconds(40))
    case .pulse(let pulse):
      arrive(.pulsed(request: request, nonce: pulse.nonce, wallMilliseconds: 0), at: now + .milliseconds(40))
    case .readings: break
    case .entries(let outgoing):
      // As if it did not compress at all.
      let bytes = outgoing.reduce(0) { $0 + $1.bytes }
      lineFree = max(now, lineFree) + .microseconds(bytes * 8 * 1_000_000 / bitsPerSecond)
      let there = lineFree + .milliseconds(20)
      let wall = LongJournal.start + LongJournal.span + 3_600_000
      let entries = try pages.linkEntries(outgoing, nowMilliseconds: wall)
      for (entry, about) in zip(entries, outgoing) { parent.take(entry, about, journal, isPast: entry.position <= past) }
      if parent.callsLeft == 0, callsDone == .zero { callsDone = there }
      for (index, call) in liveCalls.enumerated().reversed() where outgoing.contains(where: { $0.incident == call.incident }) {
        longestLiveCall = max(longestLiveCall, there - call.at)
        liveCalls.remove(at: index)
      }
      arrive(
        .received(request: request, parent.receipt(outgoing.map(\.position)), wallMilliseconds: 0, bytes: bytes),
        at: there + .milliseconds(25))
    }
  }

  private mutating func arrive(_ input: LinkSender.Input, at: Instant) {
    arrivals.insert((at, input), at: arrivals.firstIndex { $0.at > at } ?? arrivals.count)
  }
}
