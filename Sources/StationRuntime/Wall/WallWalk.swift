import DeviceVocabulary

/// What a technician saw when each output of the wall was made to show itself, and what is wrong in the site file then. Pure.
public struct WallWalk: Sendable {
  public struct Step: Sendable, Equatable {
    public var output: Int
    /// The output of the matrix that feeds it by the site file; `nil`: a window of a player.
    public var matrix: WallPort?
    /// Where the picture changed; 0: nowhere.
    public var seen: Int

    public init(output: Int, matrix: WallPort?, seen: Int) {
      self.output = output
      self.matrix = matrix
      self.seen = seen
    }
  }

  public enum Finding: Sendable, Equatable {
    case allRight
    /// All outputs of a matrix appear so many places further on: one counts from 0, the other from 1.
    /// `lowest`: of its numbers that the site file has.
    case shifted(device: String, by: Int, lowest: UInt16 = 1)
    /// These outputs have each other's cables, or each other's lines in the site file.
    case elsewhere(Step, rightMatrix: WallPort?)
    case nowhere(Step)
    /// Two outputs lit the same place.
    case twice(seen: Int, [Int])
  }

  private let steps: [Step]

  public init(_ steps: [Step]) { self.steps = steps }

  public var findings: [Finding] {
    if steps.allSatisfy({ $0.seen == $0.output }) { return [.allRight] }
    var found: [Finding] = []
    var explained: Set<Int> = []
    for device in Set(steps.compactMap { $0.matrix?.device }).sorted() {
      guard let shift = shift(of: device) else { continue }
      let lowest = steps.compactMap(\.matrix).filter { $0.device == device }.map(\.number).min() ?? 1
      found.append(.shifted(device: device, by: shift, lowest: lowest))
      explained.formUnion(steps.filter { $0.matrix?.device == device }.map(\.output))
    }
    let rest = steps.filter { !explained.contains($0.output) && $0.seen != $0.output }
    for seen in Set(rest.map(\.seen)).subtracting([0]).sorted() {
      let outputs = steps.filter { $0.seen == seen }.map(\.output)
      if outputs.count > 1 { found.append(.twice(seen: seen, outputs)) }
    }
    for step in rest {
      if step.seen == 0 {
        found.append(.nowhere(step))
      } else {
        found.append(.elsewhere(step, rightMatrix: steps.first { $0.seen == step.output }?.matrix))
      }
    }
    return found
  }

  /// By how much the matrix's outputs are off, all alike: two at least were seen, and those that were not would have been beyond the wall.
  private func shift(of device: String) -> Int? {
    let own = steps.filter { $0.matrix?.device == device }
    let seen = own.filter { $0.seen != 0 }
    guard seen.count >= 2, let first = seen.first, let matrix = first.matrix,
      let reached = own.first(where: { $0.output == first.seen })?.matrix
    else { return nil }
    let shift = Int(reached.number) - Int(matrix.number)
    guard abs(shift) == 1 else { return nil }
    let numbers = own.compactMap { $0.matrix.map { Int($0.number) } }
    let fits = own.allSatisfy { step in
      guard let port = step.matrix else { return false }
      let expected = own.first { $0.matrix?.number == UInt16(clamping: Int(port.number) + shift) }?.output
      return step.seen == expected ?? 0
    }
    return fits && Set(numbers).count == numbers.count ? shift : nil
  }
}

extension WallWalk.Finding {
  /// What to do, with the line for the site file where there is one. Chinese, then English.
  public var text: (chinese: String, english: String) {
    switch self {
    case .allRight: ("每一路都在该在的屏上", "every output is where it should be")
    case .shifted(let device, let shift, let lowest):
      Self.shifted(device, shift, lowest)
    case .elsewhere(let step, let right):
      (
        "输出 \(step.output) 的画面在 \(step.seen) 号屏上。调换线缆,或在站点文件里改输出 \(step.output)"
          + (right.map { ":matrix: \($0)" } ?? " 的接口"),
        "output \(step.output) appears at \(step.seen). Swap the cables, or change output \(step.output) in the site file"
          + (right.map { ": matrix: \($0)" } ?? "")
      )
    case .nowhere(let step):
      (
        "输出 \(step.output)\(step.matrix.map { "(\($0))" } ?? "")没有屏变化:看这块屏是否通电、输入口是否选对、视频线两头是否插好",
        "output \(step.output)\(step.matrix.map { " (\($0))" } ?? ""): nothing changed: see whether the display has power, the right input and both ends of its video cable"
      )
    case .twice(let seen, let outputs):
      (
        "\(seen) 号屏被输出 \(outputs.map(String.init).joined(separator: "、")) 点亮:有一次看错了,或 matrix 写重了,请再走一遍这几路",
        "\(seen) was lit by outputs \(outputs.map(String.init).joined(separator: ", ")): one was misread, or matrix is given twice; walk these again"
      )
    }
  }

  private static func shifted(_ device: String, _ shift: Int, _ lowest: UInt16) -> (chinese: String, english: String) {
    let others: (chinese: String, english: String) =
      switch (shift > 0, lowest) {
      // There is no number below.
      case (true, ...1):
        (
          "别的矩阵的编号从 1 起,\(device)/1 不能再减:把矩阵输出口上的线全部往后挪一个口",
          "others count from 1, and \(device)/1 is the lowest there is: move each cable at its outputs one socket further"
        )
      case (true, _):
        ("别的矩阵请把 outputs 里 matrix: \(device)/N 的 N 全部减 1", "others: subtract 1 from every N of matrix: \(device)/N")
      case (false, _):
        ("别的矩阵请把 outputs 里 matrix: \(device)/N 的 N 全部加 1", "others: add 1 to every N of matrix: \(device)/N")
      }
    return (
      "\(device) 的编号整体差 \(shift > 0 ? "+1" : "-1"):设备从 \(shift > 0 ? 0 : 1) 数起与站点文件不一致。kind: line 请改 line.base(0/1);"
        + others.chinese,
      "all outputs of \(device) appear \(shift > 0 ? "one further" : "one before"): it and the site file count from different numbers. kind line: change line.base (0/1); "
        + others.english
    )
  }
}
