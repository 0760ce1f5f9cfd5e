import DeviceVocabulary
import Foundation
import Journal
import Station
import StationRuntime
import TestSupport
import Testing

/// A technician puts an older copy of a community's disk back, and the street has what came after the copy. Both are the real program.
@Suite(.serialized) struct SetBackTests {
  @Test(arguments: [10, 150]) func noLampSaysWhatTheStreetHasNotAndTheBacklogGoesOn(lostEntries: Int) throws {
    let pair = try StationPair(panels: 8)
    var (_, community) = try pair.start()
    let journal = "\(pair.community.folder)/journal"
    let manager = FileManager.default
    _ = try pair.community.panels("press 1/1")
    try pair.community.waitUntilLamp(1, 1, shows: "steady")
    #expect(try pair.community.stop(community) == 0)
    try manager.copyItem(atPath: journal, toPath: journal + ".copy")
    community = try pair.community.startStation()

    for round in 1...2 {
      try pair.waitUntilConnected()
      // A call, and more, that only the street will have.
      _ = try pair.community.panels("press \(round * 2)/1")
      try pair.community.waitUntilLamp(round * 2, 1, shows: "steady")
      while try pair.originals().count < lostEntries + 20 {
        #expect(try pair.community.desk("bypass A/8/2 desk 30 检修").contains("done"))
        #expect(try pair.community.desk("end-bypass A/8/2 desk").contains("done"))
      }
      try pair.community.waitUntil("the street has everything", seconds: 60) { try pair.missing().isEmpty }
      #expect(try pair.community.stop(community) == 0)
      let lost = try pair.originals().map(\.position.epoch).max() ?? 0
      try manager.removeItem(atPath: journal)
      try manager.copyItem(atPath: journal + ".copy", toPath: journal)

      pair.lines[0].cut()
      community = try pair.community.startStation()
      try pair.community.waitUntilOnline(8)
      _ = try pair.community.panels("press \(round * 2 + 1)/1")
      try pair.community.waitUntilLamp(round * 2 + 1, 1, shows: "slow")
      pair.lines[0].heal()
      try pair.community.waitUntil("the lamp is steady", seconds: 60) {
        guard try pair.community.lamp(round * 2 + 1, 1) == "steady" else { return false }
        let has = try Self.calls(pair).contains(UInt8(round * 2 + 1))
        #expect(has, "the lamp says what the street does not have")
        return true
      }
      try pair.community.waitUntil("the new epoch is at the street", seconds: 60) { try Self.missing(pair, above: lost).isEmpty }
      // What is on disk is on the desks a moment later.
      try pair.community.waitUntil("the community says that its journal forked") {
        try pair.community.faults()["^:journalForked"] == true
      }
      try pair.street.waitUntil("the street says so, too") {
        try pair.street.faults()["@\(StationPair.communityName):childBranched"] == true
      }
      // The second time also the two calls since the first.
      try pair.street.waitUntil("the street shows the calls that only it has") {
        try pair.street.status().split(separator: "\n").count { $0.contains("仅上级有记录") } == (round == 1 ? 1 : 4)
      }

      // It stays whole over another start.
      #expect(try pair.community.stop(community) == 0)
      community = try pair.community.startStation()
      try pair.waitUntilConnected()
      _ = try pair.community.panels("press \(round + 6)/2")
      try pair.community.waitUntilLamp(round + 6, 2, shows: "steady")
      #expect(try Self.calls(pair).contains(UInt8(round + 6)))
      try pair.community.waitUntil("the street has everything of it") { try Self.missing(pair, above: lost).isEmpty }
      #expect(!pair.community.log().contains(": refused") && !pair.community.log().contains("正在另起"))
    }
    for shell in [pair.street, pair.community] {
      #expect(try JournalReader(folder: "\(shell.folder)/journal").verify().findings.isEmpty)
    }
  }

  /// The panels whose calls the street has on disk, told as they were opened or told again.
  private static func calls(_ pair: StationPair) throws -> Set<UInt8> {
    Set(
      try pair.copies().compactMap { copy in
        switch copy.content?.change {
        case .opened(_, let opening): opening.button.device.node
        case .toldAgain(let incident): incident.opening.button.device.node
        default: nil
        }
      })
  }

  /// Entries of the epochs above one, with their hashes, that the street does not have.
  private static func missing(_ pair: StationPair, above epoch: UInt32) throws -> [JournalPosition] {
    let there = Set(try pair.copies().map(\.link.entry))
    return try pair.originals().filter { $0.epoch > epoch && !there.contains($0.head) }.map(\.position)
  }
}
