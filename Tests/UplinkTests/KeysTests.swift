import Foundation
import NIOConcurrencyHelpers
import StationLinkCodec
import Testing
import Uplink

/// The lane of wrapped keys between both real ends.
@Suite(.serialized, .timeLimit(.minutes(2))) struct KeysTests {
  /// A key database that the test makes up.
  private final class Database: Sendable {
    private let names = NIOLockedValueBox<(names: Set<String>, revision: UInt64)>(([], 1))

    func set(_ new: Set<String>) {
      names.withLockedValue { state in
        state.names = new
        state.revision += 1
      }
    }

    var source: KeySource {
      KeySource(revision: { self.names.withLockedValue { $0.revision } }) { after in
        let found = self.names.withLockedValue { $0.names }.sorted().filter { $0 > after }.prefix(LinkKeys.limit)
        return LinkKeys(
          station: "tiexi-03", after: after, through: found.count < LinkKeys.limit ? "" : found.last ?? "",
          keys: found.map { KeysTests.key($0) })
      }
    }
  }

  private static func name(_ number: Int) -> String {
    let text = String(number, radix: 16)
    return String(repeating: "0", count: 32 - text.count) + text
  }

  private static func key(_ name: String) -> LinkKeys.Item {
    LinkKeys.Item(
      name: name, recipient: [UInt8](repeating: 7, count: 8), wrapped: Array(name.utf8) + [UInt8](repeating: 9, count: 49))
  }

  private static func held(_ stretches: [LinkKeys]) -> Set<String> {
    stretches.reduce(into: []) { held, stretch in
      held = held.filter { $0 <= stretch.after || !stretch.through.isEmpty && $0 > stretch.through }
      held.formUnion(stretch.keys.map(\.name))
    }
  }

  @Test func allKeysComeInStretchesAndAgainWhenOneWent() async throws {
    let rig = try LinkRig()
    let database = Database()
    database.set(Set((0..<250).map(Self.name)))
    let child = try rig.startChild(keys: database.source)
    // Whatever was asked twice: this is what a parent has that does as it is told.
    let first = Set((0..<250).map(Self.name))
    try await rig.waitUntil("all came", seconds: 60) { Self.held(rig.keys) == first }
    #expect(rig.keys.allSatisfy { $0.keys.count <= LinkKeys.limit } && rig.keys.contains { $0.after == Self.name(99) })
    #expect(rig.keys.first?.keys.first == Self.key(Self.name(0)))
    let left = Set((1..<5).map(Self.name))
    database.set(left)
    try await rig.waitUntil("what is left came with a heartbeat's answer", seconds: 50) { Self.held(rig.keys) == left }
    #expect(child.isUp && rig.bodies == [Array("abc".utf8)], "none of it is in a journal")
  }

  @Test func anotherStationsKeysAndNonsenseAreRefused() async throws {
    let rig = try LinkRig()
    let good = LinkKeys(station: rig.child, after: "", through: "", keys: [Self.key(Self.name(1))])
    #expect(try await post(good, rig) == #"{"held":1}"#)
    var wrong = good
    wrong.station = "tiexi-04"
    #expect(try await post(wrong, rig).contains("otherStation"))
    rig.refuseKeys(true)
    #expect(try await post(good, rig).contains("diskUnavailable"))
    #expect(rig.keys.count == 2)
  }

  private func post(_ keys: LinkKeys, _ rig: LinkRig) async throws -> String {
    try await rig.curl(
      "-H", "content-type: application/json", "--data-binary", "@-", "https://yunfeng/link/v1/keys",
      input: Data(try keys.encode()))
  }

  @Test func aStretchIsReadAsItWasWrittenAndNothingElse() throws {
    let good = LinkKeys(
      station: "s", after: Self.name(1), through: Self.name(9), keys: [2, 3, 9].map { Self.key(Self.name($0)) })
    #expect(try LinkKeys.decode(good.encode(), station: "s") == good)
    func refused(_ change: (inout LinkKeys) -> Void) -> String? {
      var wrong = good
      change(&wrong)
      do throws(EventBatch.Mistake) {
        guard let bytes = try? wrong.encode() else { return nil }
        _ = try LinkKeys.decode(bytes, station: "s")
        return nil
      } catch {
        return "\(error.refusal) \(error.place)"
      }
    }
    #expect(refused { $0.station = "t" } == "otherStation station")
    #expect(refused { $0.after = "x" } == "malformed after" && refused { $0.through = Self.name(1) + "0" } == "malformed through")
    #expect(refused { $0.keys.swapAt(0, 1) } == "malformed keys[1].name")
    #expect(refused { $0.keys[1] = $0.keys[0] } == "malformed keys[1].name")
    #expect(refused { $0.keys[0].name = Self.name(1) } == "malformed keys[0].name", "not behind the stretch's beginning")
    #expect(refused { $0.through = Self.name(8) } == "malformed keys[2].name", "beyond its end")
    #expect(refused { $0.keys[0].name = Self.name(2).uppercased() + "G" } == "malformed keys[0].name")
    #expect(refused { $0.keys[2].recipient.removeLast() } == "malformed keys[2].recipient")
    #expect(refused { $0.keys[2].wrapped.append(0) } == "malformed keys[2].wrapped")
    #expect(
      refused { keys in
        keys.through = ""; keys.keys = (2...102).map { Self.key(Self.name($0)) }
      } == "tooLarge keys")
    for nonsense in [
      "", "{}", "[]", #"{"station":"s","after":"","through":"","keys":[{"name":"","recipient":"*","wrapped":""}]}"#,
    ] {
      #expect(throws: EventBatch.Mistake.self) { try LinkKeys.decode(Array(nonsense.utf8), station: "s") }
    }
  }
}
