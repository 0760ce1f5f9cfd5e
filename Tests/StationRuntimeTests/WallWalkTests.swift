import DeviceVocabulary
import StationRuntime
import Testing

/// What a technician is told after he has looked at each output.
@Suite struct WallWalkTests {
  /// Outputs 1... of `hub/1`...; `seen` in their order.
  private func findings(_ seen: [Int]) -> [WallWalk.Finding] {
    WallWalk(
      seen.enumerated().map { at, seen in
        WallWalk.Step(output: at + 1, matrix: WallPort(device: "hub", number: UInt16(at + 1)), seen: seen)
      }
    ).findings
  }
  private func step(_ output: Int, _ seen: Int) -> WallWalk.Step {
    WallWalk.Step(output: output, matrix: WallPort(device: "hub", number: UInt16(output)), seen: seen)
  }

  @Test func whatIsRightIsSaid() { #expect(findings([1, 2, 3, 4]) == [.allRight]) }

  @Test func aNumberingBaseIsFound() {
    #expect(findings([2, 3, 4, 0]) == [.shifted(device: "hub", by: 1)])
    #expect(findings([0, 1, 2, 3]) == [.shifted(device: "hub", by: -1)])
    #expect(WallWalk.Finding.shifted(device: "hub", by: 1, lowest: 2).text.english.contains("subtract 1"))
    // hub/0 is none that a site file may have.
    let lowest = WallWalk.Finding.shifted(device: "hub", by: 1).text
    #expect(
      !lowest.english.contains("subtract") && lowest.english.contains("one socket further") && lowest.chinese.contains("往后挪"))
    #expect(WallWalk.Finding.shifted(device: "hub", by: -1).text.english.contains("add 1"))
  }

  @Test func swappedCablesAreNamedWithTheLineToWrite() {
    let hub = { WallPort(device: "hub", number: $0) }
    #expect(
      findings([1, 3, 2, 4]) == [.elsewhere(step(2, 3), rightMatrix: hub(3)), .elsewhere(step(3, 2), rightMatrix: hub(2))])
    #expect(WallWalk.Finding.elsewhere(step(2, 3), rightMatrix: hub(3)).text.chinese.contains("matrix: hub/3"))
  }

  @Test func aDarkDisplayIsNoNumberingBase() { #expect(findings([1, 0, 3, 4]) == [.nowhere(step(2, 0))]) }

  @Test func whatCannotBeIsAskedAgain() {
    #expect(findings([1, 1, 3]) == [.twice(seen: 1, [1, 2]), .elsewhere(step(2, 1), rightMatrix: nil)])
  }

  @Test func oneSwapIsNoShift() {
    #expect(findings([2, 1]).allSatisfy { if case .elsewhere = $0 { true } else { false } })
  }

  @Test func windowsOfAPlayerHaveNoNumberingBase() {
    let steps = [WallWalk.Step(output: 1, matrix: nil, seen: 2), WallWalk.Step(output: 2, matrix: nil, seen: 1)]
    #expect(WallWalk(steps).findings.count == 2)
  }
}
