import DeviceKit
import DeviceVocabulary
import Foundation
import Journal
import Station
import StationRuntime
import StationLinkCodec
import Transports

/// The journal of a simulated child: entries as a real station writes them, chained.
struct ChildEntries {
  let station: String
  private(set) var head = JournalHead.start
  private let coder = EntryCoder()
  private let boot = BootIdentity.current() ?? "bench"
  private var calls: IncidentID = 0
  private var steps = 0

  init(station: String) { self.station = station }

  /// What a station writes first: who it is and what it is made of.
  mutating func start() throws -> [LinkEntry] {
    let points = (1...SiteText.panels).flatMap { node in
      (1...SiteText.buttons).map { button in
        let id = ButtonID(device: DeviceID(bus: "A", node: UInt8(node)), button: UInt8(button))
        return SitePlan.CallPoint(button: id, place: "p\(node)")
      }
    }
    let plan = SitePlan(
      name: station, station: station, posts: [SitePlan.Post(id: "desk", name: "值班台")],
      places: (1...SiteText.panels).map { SitePlan.Place(id: "p\($0)", name: "\($0) 号房间") }, callPoints: points, devices: [])
    return try [.started(program: "bench"), .described(SiteDescription(plan))].map { try add($0) }
  }

  /// The next step of calls for help that come one after the other: pressed, acknowledged, on scene, resolved, closed.
  mutating func callStep() throws -> LinkEntry {
    defer { steps += 1 }
    if steps % 5 == 0 { calls += 1 }
    let change: Change =
      switch steps % 5 {
      case 0: opening
      case 1: .acknowledged(calls, post: "desk", formerOwner: nil)
      case 2: .onScene(calls, post: "desk")
      case 3: .resolved(calls, post: "desk", note: "已处理")
      default: .closed(calls, post: "desk")
      }
    return try add(change)
  }

  /// What is no call: buttons that are taken out of service and put back.
  mutating func upkeepStep() throws -> LinkEntry {
    let button = ButtonID(device: DeviceID(bus: "A", node: UInt8(head.position.sequence / 2 % 16 + 1)), button: 2)
    return try add(
      head.position.sequence % 2 == 0
        ? .bypassed(button, post: "desk", reason: "检修", minutes: 30) : .bypassEnded(button, post: "desk"))
  }

  private var opening: Change {
    let node = calls % UInt32(SiteText.panels) + 1
    return .opened(
      calls,
      Opening(
        button: ButtonID(device: DeviceID(bus: "A", node: UInt8(node)), button: 1), place: "p\(node)", mark: .real, kind: .press,
        identity: EventIdentity(unit: 900_000 + node, epoch: 1, sequence: calls), ageMilliseconds: 40, silent: false,
        bypassed: false))
  }

  private mutating func add(_ change: Change) throws -> LinkEntry {
    let wall = WallTime.now()
    let now = MonotonicClock.now()
    let milliseconds = wall.microsecondsSince1970 / 1000
    let body = try coder.encode(
      Entry(
        time: EntryTime(
          wallMilliseconds: milliseconds, synchronised: wall.isSynchronised, boot: boot, monotonic: now), change: change))
    let position = JournalPosition(epoch: 1, sequence: head.position.sequence + 1)
    let before = head
    head = JournalHead(position: position, hash: .chained(after: before.hash, at: position, body: body))
    return LinkEntry(
      position: position, hash: head.hash, before: before,
      time: LinkTime(
        wallMilliseconds: milliseconds, isSynchronised: wall.isSynchronised, boot: boot,
        monotonicMicroseconds: now.microseconds), isLate: false, body: body)
  }
}
