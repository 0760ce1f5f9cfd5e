import DeviceKit
import Journal

/// What came of one life of a simulated site.
public struct SiteReport: Sendable {
  public var seed: UInt64
  public var findings: [SiteFinding]
  /// Over everything that happened, in order.
  public var hash: String
  public var steps: Int
  public var entries: [JournalEntry]
  /// Of the street centre.
  public var streetEntries: [JournalEntry]
  /// How many faults and actions of each kind were put in.
  public var injected: [String: Int]
  public var presses: SiteMeasures
  public var cutOutcomes: [CutOutcome]
}
