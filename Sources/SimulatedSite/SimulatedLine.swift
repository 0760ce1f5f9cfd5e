import DeviceKit
import DeviceVocabulary
import StationLinkCodec
import StationLinkDriver

/// What goes wrong with one way between the two stations.
public enum LineFault: Sendable, Hashable {
  case none
  /// No route: whoever begins something is told so at once.
  case cut
  /// Everything vanishes, and nobody says so.
  case blackHole
  /// So many of 1,000 requests or answers vanish.
  case lossy(perMille: UInt32)
  /// Everything takes so much longer.
  case slow(milliseconds: Int)
  /// So many of 1,000 requests arrive twice, the second one late.
  case doubled(perMille: UInt32)
  /// So many of 1,000 requests arrive without their end.
  case truncated(perMille: UInt32)
}

/// The network between the two stations: ways with delay, rate and faults. What goes in at one end comes out at the other later, or not.
struct SimulatedLine {
  struct Way {
    var name: String
    var latency: Interval
    var bitsPerSecond: Int
    var fault = LineFault.none
    /// Rises when its connections are closed: what belongs to older ones reaches nobody.
    var generation = 0
    /// When the way up has passed on what it has.
    var freeAt = Instant.zero
    /// The child's command stream stands on it.
    var streams = false
  }

  enum Parcel {
    case request(UInt32, Content)
    case reply(UInt32, LinkSender.Input)
    case command(LinkCommand)
    case streamOpened
  }

  enum Content {
    case hello(LinkHello)
    case pulse(LinkPulse)
    case batch([UInt8])

    var bytes: Int {
      switch self {
      case .hello, .pulse: 400
      case .batch(let body): 300 + body.count
      }
    }
  }

  struct Event {
    var at: Instant
    var way: Int
    var generation: Int
    /// Of the child's program: what an earlier run asked for, a later one does not hear.
    var run: Int
    var parcel: Parcel
  }

  var ways: [Way]
  private(set) var events: [Event] = []
  private var random: SeededRandom

  init(_ layout: SiteLayout.Line, seed: UInt64) {
    ways = layout.ways.map { Way(name: $0.name, latency: $0.latency, bitsPerSecond: $0.bitsPerSecond) }
    random = SeededRandom(seed: seed)
  }

  var due: Instant? { events.first?.at }

  mutating func take(by now: Instant) -> Event? {
    guard let first = events.first, first.at <= now else { return nil }
    return events.removeFirst()
  }

  /// Whether what was sent on a way still has a connection to arrive on.
  func isCurrent(_ event: Event) -> Bool { ways[event.way].generation == event.generation }

  // MARK: - Up

  mutating func post(_ request: UInt32, _ content: Content, way: Int, run: Int, at now: Instant) {
    let line = ways[way]
    switch line.fault {
    case .cut:
      return put(.reply(request, .failed(request: request, .unreachable("no route"))), way, run, at: now + .milliseconds(1))
    case .blackHole: return
    case .lossy(let perMille): if random.chance(perMille, in: 1000) { return }
    default: break
    }
    let sent = max(now, line.freeAt) + .microseconds(content.bytes * 8 * 1_000_000 / line.bitsPerSecond)
    ways[way].freeAt = sent
    var content = content
    if case .truncated(let perMille) = line.fault, random.chance(perMille, in: 1000), case .batch(let body) = content {
      content = .batch(Array(body.prefix(Int(random.below(UInt32(body.count))))))
    }
    let arrives = sent + delay(line)
    put(.request(request, content), way, run, at: arrives)
    if case .doubled(let perMille) = line.fault, random.chance(perMille, in: 1000) {
      put(.request(request, content), way, run, at: arrives + .milliseconds(Int(random.below(3000))))
    }
  }

  /// The child wants commands on this way.
  mutating func openStream(way: Int, run: Int, at now: Instant) {
    guard ways[way].fault != .cut, ways[way].fault != .blackHole else { return }
    put(.streamOpened, way, run, at: now + delay(ways[way]))
  }

  // MARK: - Down

  mutating func answer(_ request: UInt32, _ input: LinkSender.Input, to event: Event, at now: Instant) {
    let line = ways[event.way]
    switch line.fault {
    case .cut, .blackHole: return
    case .lossy(let perMille): if random.chance(perMille, in: 1000) { return }
    default: break
    }
    let parcel = Parcel.reply(request, input)
    insert(Event(at: now + delay(line), way: event.way, generation: event.generation, run: event.run, parcel: parcel))
  }

  /// On every command stream. One that goes into a hole was lost with its stream, as the child finds out.
  mutating func send(_ command: LinkCommand, run: Int, at now: Instant) {
    for index in ways.indices where ways[index].streams {
      if ways[index].fault == .cut || ways[index].fault == .blackHole {
        ways[index].streams = false
      } else {
        put(.command(command), index, run, at: now + delay(ways[index]))
      }
    }
  }

  /// All connections of a way end.
  mutating func drop(_ way: Int) {
    ways[way].generation += 1
    ways[way].streams = false
  }

  private mutating func delay(_ line: Way) -> Interval {
    let extra: Interval = if case .slow(let milliseconds) = line.fault { .milliseconds(milliseconds) } else { .zero }
    return line.latency + extra + .microseconds(Int(random.below(2000)))
  }

  private mutating func put(_ parcel: Parcel, _ way: Int, _ run: Int, at moment: Instant) {
    insert(Event(at: moment, way: way, generation: ways[way].generation, run: run, parcel: parcel))
  }

  private mutating func insert(_ event: Event) {
    let place = events.lastIndex { $0.at <= event.at }.map { $0 + 1 } ?? 0
    events.insert(event, at: place)
  }
}
