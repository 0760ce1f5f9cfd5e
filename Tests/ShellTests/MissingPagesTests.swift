import Foundation
import TestSupport
import Testing

/// A station that was installed without its pages.
@Suite(.serialized, .timeLimit(.minutes(2))) struct MissingPagesTests {
  @Test func aStationWithoutItsPageFilesTakesCallsAndSaysWhatIsMissing() throws {
    let shell = try Shell(panels: 2)
    _ = try shell.startStation(["--web", "\(shell.folder)/nowhere"])
    try shell.waitUntilOnline(2)
    _ = try shell.panels("press 2/1")
    try shell.waitUntilLamp(2, 1, shows: "slow")
    try shell.waitUntil("the station runs and says what is missing") {
      try shell.status().contains("网页文件缺失,有的页面打不开")
    }
    let log = try String(contentsOfFile: "\(shell.folder)/station.log", encoding: .utf8)
    #expect(log.contains("网页文件缺失") && log.contains("\(shell.folder)/nowhere/desk.html"), "\(log)")
  }
}
