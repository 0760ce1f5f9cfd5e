import DeviceKit
import DeviceVocabulary
import Foundation
import Journal
import Station
import StationRuntime

/// A journal on disk as a station writes it while its line is down.
final class LongJournal {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("linli-backlog-\(UUID().uuidString)").path
  let total: Int
  private(set) var end = JournalHead.start
  private(set) var callSteps = 0
  private(set) var callBytes = 0
  private(set) var bodyBytes = 0
  /// Calls that are not over.
  private(set) var open: Set<UInt32> = []
  private(set) var openings = 0

  /// The first was recorded thirty days ago.
  static let start: Int64 = 1_790_000_000_000
  static let span: Int64 = 30 * 86_400_000
  private let store: SQLiteJournal
  private let coder = EntryCoder()
  private var lastCall: UInt32 = 0

  /// - Parameter callsPerThousand: steps of calls among a thousand entries; one call in fifty stays open.
  init(entries total: Int, callsPerThousand: Int) throws {
    self.total = total
    store = try SQLiteJournal(folder: folder, month: JournalMonth(year: 2026, month: 9))
    var random = SeededRandom(seed: 30)
    var steps: [Change] = []
    var batch: [[UInt8]] = []
    for number in 0..<total {
      var change = Self.ordinary(number, &random)
      if Int(random.below(1000)) < callsPerThousand {
        if steps.isEmpty { steps = call() }
        change = steps.removeFirst()
      }
      let body = try encode(change, number)
      if change.incident != nil {
        callSteps += 1
        callBytes += body.count
      }
      bodyBytes += body.count
      batch.append(body)
      if batch.count == 1000 || number == total - 1 {
        _ = try store.append(batch, urgent: true)
        batch = []
        if number % 100_000 == 99_999 { try store.maintain(month: nil) }
      }
    }
    // A call whose steps were cut off by the end is not over either.
    if let id = steps.first?.incident { open.insert(id) }
    end = store.last
  }

  deinit { remove() }
  func remove() { try? FileManager.default.removeItem(atPath: folder) }

  /// One more call, as it happens now.
  func liveCall(at number: Int) throws -> UInt32 {
    lastCall += 1
    _ = try store.append([try encode(.opened(lastCall, opening(lastCall)), number)], urgent: true)
    end = store.last
    return lastCall
  }

  func bytes() throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: folder).filter { !$0.hasSuffix("ballast") }.reduce(0) { sum, file in
      let size = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(file)")[.size] as? Int
      return sum + (size ?? 0)
    }
  }

  /// When an entry of this number was recorded, milliseconds since 1970.
  func wall(_ number: Int) -> Int64 { Self.start + Int64(number) * Self.span / Int64(total) }

  private func encode(_ change: Change, _ number: Int) throws -> [UInt8] {
    let wall = wall(number)
    let monotonic = Instant(microseconds: UInt64(wall - Self.start) * 1000)
    let boot = "5f0a6d0e-8c3e-4b57-9a52-0f2b6f0f7c11"
    return try coder.encode(
      Entry(time: EntryTime(wallMilliseconds: wall, synchronised: true, boot: boot, monotonic: monotonic), change: change))
  }

  private func opening(_ id: UInt32) -> Opening {
    Opening(
      button: ButtonID(device: DeviceID(bus: "A", node: UInt8(id % 16 + 1)), button: UInt8(id % 4 + 1)), place: "hall",
      mark: .real,
      kind: .press, identity: EventIdentity(unit: 70_000 + id % 16, epoch: 2, sequence: id), ageMilliseconds: 140, silent: false,
      bypassed: false)
  }

  private func call() -> [Change] {
    lastCall += 1
    openings += 1
    let id = lastCall
    let steps: [Change] = [
      .opened(id, opening(id)), .acknowledged(id, post: "desk", formerOwner: nil), .onScene(id, post: "desk"),
      .resolved(id, post: "desk", note: "扶起,无需送医"), .closed(id, post: "desk"),
    ]
    guard id % 50 == 0 else { return steps }
    open.insert(id)
    return Array(steps.prefix(1))
  }

  private static func ordinary(_ number: Int, _ random: inout SeededRandom) -> Change {
    let device = DeviceID(bus: "A", node: UInt8(random.below(16) + 1))
    let button = ButtonID(device: device, button: UInt8(random.below(4) + 1))
    switch random.below(6) {
    case 0: return .faultRaised(FaultKey(.device(device), .silent), detail: "没有应答 / no answer")
    case 1: return .faultPresent(FaultKey(.device(device), .silent), random.below(2) == 0)
    case 2: return .faultCleared(FaultKey(.device(device), .silent), post: "desk")
    case 3: return .bypassed(button, post: "desk", reason: "检修", minutes: 30)
    case 4: return .bypassEnded(button, post: nil)
    default: return .testAnnounced(button, post: "desk")
    }
  }

  /// One of each kind that a station writes in quantity, and those that are told by their names.
  static let samples: [Change] = {
    let device = DeviceID(bus: "A", node: 1)
    let button = ButtonID(device: device, button: 1)
    let key = FaultKey(.device(device), .silent)
    let opening = Opening(
      button: button, place: "hall", mark: .real, kind: .press, identity: nil, ageMilliseconds: 0, silent: false, bypassed: false)
    return [
      .started(program: "t"), .stopped, .clockStepped(byMilliseconds: 5), .carried(StationState()),
      .carriedChild(ChildState(station: "x")), .opened(1, opening), .pressedAgain(1, button, identity: nil),
      .escalated(1, step: 1, posts: ["lead"]), .raisedAgain(1), .acknowledged(1, post: "desk", formerOwner: "lead"),
      .handOverOffered(1, from: "a", to: "b"), .handOverAccepted(1, post: "b"),
      .handOverEnded(1, post: nil, reason: "\"change\":{\""),
      .onScene(1, post: "desk"), .resolved(1, post: "desk", note: "好"), .closed(1, post: "desk"),
      .falseAlarm(1, post: "desk", note: "误按"), .testAnnounced(button, post: "desk"), .testExpired(button),
      .bypassed(button, post: "desk", reason: "检修", minutes: 5), .bypassEnded(button, post: nil), .faultRaised(key, detail: "x"),
      .faultPresent(key, true), .faultSilenced(key, post: "desk"), .faultCleared(key, post: "desk"),
      .retestFailed(key, post: "desk"),
      .delivered(1, parent: "street"), .commandAnswered(7, .done), .noticed(7, post: "duty", text: "t", seconds: 5),
      .noticeExpired(7),
      .proofAsked(1), .proofReturned(1, milliseconds: 5), .proofFailed(1), .pastMissing("x", through: .start),
      .commandLapsed("x", 7),
    ]
  }()
}
