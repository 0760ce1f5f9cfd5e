import DeviceKit
import DeviceVocabulary
import Station
import Synchronization
import Transports

/// What is newest of the site's devices, for the technician's page. Callable from any thread; `publish` never waits for a page.
public final class TechBoard: Sendable {
  private struct State {
    var desk: DeskView?
    var history = TechHistory()
    var lookedAt: Instant?
  }
  private let state = Mutex(State())
  private let now: @Sendable () -> Instant
  private let sources: @Sendable () -> TechSources
  private let freeMebibytes: @Sendable () -> Int?

  /// States are noted not more often than this: a page tells since when something stands so to the second.
  static let lookInterval = Interval.seconds(1)

  /// - Parameters:
  ///   - now: monotonic; tests give their own.
  ///   - sources: must not wait: the station's own thread asks.
  ///   - freeMebibytes: of the journal's file system; asked for a page only, as a sick disk may take its time.
  public init(
    now: @escaping @Sendable () -> Instant = { MonotonicClock.now() }, freeMebibytes: @escaping @Sendable () -> Int? = { nil },
    sources: @escaping @Sendable () -> TechSources
  ) {
    self.now = now
    self.freeMebibytes = freeMebibytes
    self.sources = sources
  }

  public func publish(_ view: DeskView) {
    let now = now()
    let isDue = state.withLock { state in
      state.desk = view
      return state.lookedAt.map { now - $0 >= Self.lookInterval } ?? true
    }
    // What changes is noted whether or not somebody looks.
    if isDue { _ = look(sources()) }
  }

  /// `nil` before the station's first picture.
  func view() -> TechView? {
    var sources = sources()
    sources.freeMebibytes = freeMebibytes()
    return look(sources)
  }

  private func look(_ sources: TechSources) -> TechView? {
    let now = now()
    return state.withLock { state in
      guard let desk = state.desk else { return nil }
      state.lookedAt = now
      var view = TechPicture(desk: desk, sources: sources).view()
      state.history.note(sources, &view, at: now)
      return view
    }
  }
}

/// Since when each device has stood as it does, and when it was last heard, as far as this run of the program knows.
struct TechHistory {
  private struct Standing {
    var state: BilingualText
    var sinceMilliseconds: Int64
  }
  private struct Count {
    var count: UInt32
    var at: Instant?
  }
  private var standings: [String: Standing] = [:]
  private var counts: [String: Count] = [:]

  /// Puts the times into the picture.
  mutating func note(_ sources: TechSources, _ view: inout TechView, at now: Instant) {
    for wire in sources.wires {
      count(TechPicture.id(ofBus: wire.bus), wire.bytesHeard, at: now)
      for node in wire.nodes { count(TechPicture.id(ofNode: node.address, on: wire.bus), node.answers, at: now) }
    }
    for index in view.devices.indices {
      let device = view.devices[index]
      if standings[device.id]?.state != device.state {
        standings[device.id] = Standing(state: device.state, sinceMilliseconds: view.asOfMilliseconds)
      }
      if let heard = counts[device.id] {
        view.devices[index].heard = heard.at.map { .ago((now - $0).microseconds / 1000) } ?? .never
      }
      // A fault is in the journal, and was there before this run of the program.
      let fault =
        device.level == .bad ? device.faults.filter(\.present).map { $0.returnedMilliseconds ?? $0.sinceMilliseconds }.min() : nil
      view.devices[index].sinceMilliseconds =
        device.sinceMilliseconds ?? fault ?? standings[device.id].map(\.sinceMilliseconds)
    }
  }

  private mutating func count(_ id: String, _ count: UInt32, at now: Instant) {
    guard let known = counts[id] else { return counts[id] = Count(count: count, at: count == 0 ? nil : now) }
    if known.count != count { counts[id] = Count(count: count, at: now) }
  }
}
