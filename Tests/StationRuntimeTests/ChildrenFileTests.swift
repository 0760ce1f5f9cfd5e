import DeviceVocabulary
import Station
import Testing

@testable import StationRuntime

/// `children:` of a site file.
@Suite struct ChildrenFileTests {
  static let children = """

    children:
      stations: [{station: tiexi-04, name: 铁西四社区}]
      handDown: {onSceneWithin: 600, resolveWithin: 7200}
    """

  @Test func theTimesOfWhatIsHandedDownAreRead() throws {
    let plan = try SiteFile.read(SiteFileTests.good + Self.children, file: "site.yaml").plan
    #expect(plan.handOverLimits == HandOverLimits(onSceneSeconds: 600, resolveSeconds: 7200))
    let without = Self.children.replacing("  handDown: {onSceneWithin: 600, resolveWithin: 7200}", with: "")
    let usual = try SiteFile.read(SiteFileTests.good + without, file: "site.yaml").plan
    #expect(
      usual.handOverLimits == HandOverLimits(onSceneSeconds: 240, resolveSeconds: 3600), "as for its own calls, and an hour")
  }

  /// What is changed, and a word of the message; all stand on the section's last line.
  static let mistakes: [(from: String, to: String, word: String)] = [
    ("onSceneWithin: 600", "onSceneWithin: 29", "from 30 to 86400"), ("resolveWithin: 7200", "resolveWithin: 59", "from 60"),
    ("resolveWithin: 7200", "resolveWithin: 599", "must not be shorter than onSceneWithin"),
    ("onSceneWithin: 600, ", "", "needs \"onSceneWithin\""), ("resolveWithin: 7200", "resolveWithn: 7200", "resolveWithin?"),
    ("{onSceneWithin: 600, resolveWithin: 7200}", "600", "handDown"), ("600", "10min", "whole number"),
  ]

  @Test(arguments: mistakes.indices) func everyMistakeIsReportedWithItsLine(index: Int) throws {
    let mistake = Self.mistakes[index]
    let text = SiteFileTests.good + Self.children.replacing(mistake.from, with: mistake.to, maxReplacements: 1)
    let error = try #require(#expect(throws: SiteError.self) { _ = try SiteFile.read(text, file: "site.yaml") })
    let line = text.split(separator: "\n").count
    #expect(
      error.problems.contains { $0.line == line && $0.description.contains(mistake.word) }, "\(mistake.to): \(error)")
  }
}
