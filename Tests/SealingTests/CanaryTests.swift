import DeviceKit
import DeviceVocabulary
import Foundation
import Journal
import Station
import StationRuntime
import Testing

@testable import Sealing

/// A name that was planted, and is looked for in every file afterwards.
@Suite struct CanaryTests {
  private static let canary = "诸葛金丝雀"

  @Test(arguments: [false, true]) func aPlantedNameStandsInClearInNoFile(leaks: Bool) throws {
    let rig = try SealRig()
    let keys = try rig.database()
    let sealer = rig.sealer(keys)
    var fields = PersonalFields(pages: nil)
    fields.set(.name, Self.canary.utf8)
    let content = SecretBuffer(capacity: 900)
    #expect(fields.write(to: content))
    let field = try sealer.seal(content, what: "card")
    var options = JournalOptions()
    options.ballastBytes = 0
    let journal = try SQLiteJournal(folder: rig.folder, month: JournalMonth(year: 2026, month: 11), options: options)
    var plan = SitePlan(
      name: "s", station: "tiexi-03", posts: [.init(id: "w1", name: "W")], places: [.init(id: "hall", name: "H")], callPoints: [],
      devices: [])
    plan.visits = VisitPlan(
      services: [.init(id: "legal", name: "L", letter: "A")],
      windows: [.init(number: 1, name: "W", post: "w1", services: ["legal"])], kiosks: [.init(id: "hall", place: "hall")])
    var decider = try Decider(plan: plan, store: journal)
    let recording = rig.folder + "/recording"
    let recorder = try Recorder(path: recording, plan: plan, state: decider.station.state) { _ in }
    decider.recorder = { recorder.record($0, $1) }
    let wall = WallClock(unixMilliseconds: 1_795_500_000_000, synchronised: true)
    let actions: [DeskRequest.Action] = [
      .kiosk("hall", .takeTicket(service: "legal", priority: false, 1, contact: field)), .visit(.callNext(window: 1)),
      .visit(.serve(window: 1)), .visit(.look(window: 1, keys: [field.key], staff: nil)), .visit(.open(window: 1, contact: nil)),
      // A clerk who writes a name where none belongs: the checker has to find it.
      leaks ? .visit(.result(1, .done, note: Self.canary)) : .visit(.finish(window: 1)),
    ]
    let inputs: [StationInput] =
      [.started(boot: "b", program: "p")]
      + actions.enumerated().map { .request(DeskRequest(number: UInt64($0), post: "w1", action: $1)) }
    for input in inputs { decider.step([(input, rig.now)], wall: wall, now: rig.now) { _ in } }
    #expect(text(sealer.open(field, for: .compareAtWindow, audit: { _ in true }))?.contains(Self.canary) == true)
    decider.saveSnapshot()
    journal.close()
    let files = try FileManager.default.contentsOfDirectory(atPath: rig.folder)
    #expect(files.count >= 4, "journal, snapshot, keys, recording: \(files)")
    let bytes = try rig.everything()
    #expect(bytes.contains(sequence: Array(field.key.utf8)), "the scan sees the entries")
    #expect(bytes.contains(sequence: Array(Self.canary.utf8)) == leaks)
  }
}
