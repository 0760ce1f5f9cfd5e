import ArgumentParser
import DeviceVocabulary
import Foundation
import StationRuntime

/// `linli wall identify`: which output is which, and whether the site file and the cables agree.
struct WallIdentify: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "identify", abstract: "让一块屏亮出自己;--all 逐块核对编号和接线 / makes an output show which it is; --all: walks them",
    discussion: """
      有矩阵的输出换成另一个信号源,自己有编号的屏闪背光,播放机写出编号。
      An output of a matrix shows another source, a display blinks, a player writes the number.
      --all 每亮一路就问您看到哪一块变了(0 = 没有),最后说哪里接错、站点文件改哪一行。退出码 1 = 有不对的。
      --all asks after each which one changed (0: none), and says at the end which cable or line of the site file is wrong; exit code 1 then.
      设备没有应答、屏关着的,说明为什么亮不出来,退出码 1。
      Of a device that does not answer, or a display that is off, it says why nothing can be shown there; exit code 1.
      """)
  @OptionGroup var post: WallPost
  @Argument(help: "输出编号,可写几个 / numbers of outputs") var outputs: [Int] = []
  @Flag(help: "全部,逐个核对 / all of them, one after the other") var all = false
  @Option(help: "秒数 / seconds") var seconds = 10

  func validate() throws {
    if outputs.isEmpty != all { throw ValidationError("写输出编号,或 --all / give numbers of outputs, or --all") }
    if !(0...30).contains(seconds) { throw ValidationError("--seconds 应为 0 至 30 / must be 0 to 30") }
  }

  func run() throws {
    guard all else {
      let shown = try outputs.map { try identify($0) }
      if shown.contains(false) { throw ExitCode(1) }
      return
    }
    let places = try WallPicture(quiet: post.place).places
    var steps: [WallWalk.Step] = []
    var left: [Int] = []
    for place in places {
      guard try identify(place.number) else {
        left.append(place.number)
        continue
      }
      print(
        "输出 \(place.number) 应在第 \(place.row) 行第 \(place.column) 列。哪一块变了? / row \(place.row), column \(place.column). Which one changed? ",
        terminator: "")
      fflush(nil)
      guard let seen = answer(places.map(\.number)) else { throw Failure("没有读到回答,核对中止 / no answer: stopped") }
      steps.append(WallWalk.Step(output: place.number, matrix: place.matrix, seen: seen))
      _ = try identify(place.number, seconds: 0)
    }
    let findings = steps.isEmpty ? [] : WallWalk(steps).findings
    for finding in findings { print("\(finding == .allRight ? "✓" : "✗") \(finding.text.chinese) / \(finding.text.english)") }
    if !left.isEmpty {
      let numbers = left.map(String.init).joined(separator: ", ")
      print("✗ 没有核对的输出 \(numbers):原因见上,处理后再走一遍 / not walked: \(numbers); see above why, and walk them again")
    }
    if findings != [.allRight] || !left.isEmpty { throw ExitCode(1) }
  }

  /// False: it shows nothing, and it was said why.
  private func identify(_ output: Int, seconds: Int? = nil) throws -> Bool {
    let said = try post.place.ask("identify \(WallPost.body(["output": output, "seconds": seconds ?? self.seconds], post.post))")
    let isDone = said["answer"] as? String == "done"
    if isDone, all { return true }
    if !post.place.json, all || outputs.count > 1 { print("输出 \(output) / output \(output): ", terminator: "") }
    do {
      try WallPost.conclude(said, post.place.json)
    } catch is ExitCode {
      if !post.place.json { print(try WallPicture(quiet: post.place).absent(at: output), terminator: "") }
      return false
    }
    return true
  }

  /// `nil`: the input has ended.
  private func answer(_ known: [Int]) -> Int? {
    while let line = readLine() {
      let text = line.trimmingCharacters(in: .whitespaces)
      if let number = Int(text), number == 0 || known.contains(number) { return number }
      print("写屏上的编号,没有变写 0 / the number of the display, or 0: ", terminator: "")
      fflush(nil)
    }
    return nil
  }
}
