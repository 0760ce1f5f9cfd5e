/// A printer as its site has it: paper, cutter and what it does not do as others do (README.md, "Quirks").
public struct PrinterProfile: Sendable, Hashable {
  public enum Paper: String, Sendable, Hashable, CaseIterable {
    case mm80, mm58

    /// What the head reaches, at 8 dots a millimetre.
    public var dots: Int { self == .mm80 ? 576 : 384 }
    /// Of ASCII in font A.
    public var columns: Int { dots / 12 }
  }

  public enum Cut: Sendable, Hashable {
    /// Torn off by hand.
    case none
    case partial, full
  }

  public enum Code: Sendable, Hashable {
    case printer
    /// No such firmware: the code is sent as an image.
    case raster
    case none
  }

  public enum Sizing: Sendable, Hashable {
    /// `1D 21`: up to eight times, for Chinese and ASCII alike.
    case scaled
    /// Older: `1C 21` for Chinese and `1B 21` for ASCII, at most twice.
    case doubled
  }

  public var paper: Paper
  public var cut: Cut
  /// `1D 56 41/42` feeds to the cutter by itself; else lines are fed before `1D 56 00/01`.
  public var cutterFeeds: Bool
  public var code: Code
  public var sizing: Sizing
  /// From the head to the cutter, or to the edge at which the paper is torn off.
  public var feedLines: UInt8

  public init(
    paper: Paper = .mm80, cut: Cut = .partial, cutterFeeds: Bool = true, code: Code = .printer, sizing: Sizing = .scaled,
    feedLines: UInt8 = 4
  ) {
    self.paper = paper
    self.cut = cut
    self.cutterFeeds = cutterFeeds
    self.code = code
    self.sizing = sizing
    self.feedLines = min(feedLines, 20)
  }

  /// What stands at the end of a slip: past the cutter, and cut.
  public var separator: [UInt8] {
    switch (cut, cutterFeeds) {
    case (.none, _): PrinterCommand.feedLines(feedLines).bytes
    // What was printed stands below the cutter still: the command feeds as far as that.
    case (let cut, true): PrinterCommand.feedAndCut(partial: cut == .partial, dots: 0).bytes
    case (let cut, false): PrinterCommand.feedLines(feedLines).bytes + PrinterCommand.cut(partial: cut == .partial).bytes
    }
  }
}
