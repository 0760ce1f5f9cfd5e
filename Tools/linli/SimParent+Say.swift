import DeviceKit
import DeviceVocabulary
import Foundation
import StationLinkCodec
import StationLinkDeviceModel
import Transports

/// What a parent that misbehaves is told by its socket.
extension ParentSimulator {
  static let help = """
    silent [SECONDS]  收下请求,不应答,最长 3 天后自行恢复 / takes requests and answers nothing; heals after so long, 3 days at most
    diskFull, busy    503
    oldVersion        说另一个协议版本 / speaks another version of the protocol
    noReadings        像老程序一样不收读数 / has no address for readings, as older programs
    crashBeforeSync   收下条目,落盘前崩溃 / takes entries and crashes before they are on disk
    loseAnswer        落盘后应答丢失 / has them on disk, the answer is lost
    refuse [CODE]     拒绝本站(默认 unknownStation) / refuses this station
    lose PERCENT      这么多请求丢在路上,来去各半 / so many requests are lost, half on the way up, half on the way back
    duplicate         每批收到两次 / gets every batch twice
    reorder           每批倒着收,后一批先到 / gets every batch backwards, and the next one first
    clock SECONDS     时钟差 / its clock is wrong by so much
    delay MS          应答迟到 / answers late
    certificate WHICH 出示 / shows: own; foreign 别的机构的; otherName 别的站名; expired 已过期
    heal              除证书外都恢复 / none of these, the certificate aside
    show, entries     现状;已落盘的条目 / how it is; what is on its disk
    readings          最新读数 / the newest readings

    command ACTION    下行命令 / a command for the station: acknowledge, on-scene, close, accept ID;
                      offer ID POST; resolve, refuse, false-alarm ID TEXT; notice TEXT
    expired ACTION    同上,但到达时已过时限 / the same, past its time to live when it arrives
    again             上一条再发一遍 / the last one once more
    garbage           命令流里的乱码 / what is no command on the stream of commands
    answers           本站对命令的答复 / what the station has answered to commands
    """

  /// - Parameter send: writes to the open streams; answers how many there are.
  func say(_ line: String, send: (String) -> Int) -> String {
    let words = line.split(separator: " ").map(String.init)
    let now = WallTime.now().microsecondsSince1970 / 1000
    switch (words.first, words.count) {
    case ("ping", 1): return "ok\n"
    case ("command", 2...), ("expired", 2...):
      guard let action = DownwardCommands.action(line) else {
        return "\(DeskControl.failure)不认识的命令 / unknown command:\n\(Self.help)\n"
      }
      let text = state.withLock { state in
        state.commands.issue(action, isOver: words[0] == "expired", at: now + state.model.clockOffsetMilliseconds)
      }
      return "好,\(send(text)) 条命令流 / ok, streams\n"
    case ("again", 1):
      guard let text = state.withLock({ $0.commands.again(at: now + $0.model.clockOffsetMilliseconds) }) else {
        return "\(DeskControl.failure)还没发过命令 / no command was sent yet\n"
      }
      return "好,\(send(text)) 条命令流 / ok, streams\n"
    case ("garbage", 1): return "好,\(DownwardCommands.garbage.map(send).max() ?? 0) 条命令流 / ok, streams\n"
    case ("answers", 1): return state.withLock { $0.commands.answers.map { "\($0)\n" }.joined() }
    default: return state.withLock { Self.change(&$0, words) }
    }
  }

  private static func change(_ state: inout State, _ words: [String]) -> String {
    switch (words.first, words.count) {
    case ("silent", 1...2):
      let seconds = words.count == 1 ? nil : Int(words[1])
      guard words.count == 1 || (1...259_200).contains(seconds ?? 0) else { return "\(DeskControl.failure)silent 1...259200\n" }
      state.model.fault = .silent
      state.silentUntil = seconds.map { MonotonicClock.now() + .seconds($0) }
    case ("diskFull", 1): state.model.fault = .diskFull
    case ("busy", 1): state.model.fault = .busy
    case ("oldVersion", 1): state.model.fault = .oldVersion
    case ("noReadings", 1): state.model.fault = .noReadings
    case ("crashBeforeSync", 1): state.model.fault = .crashBeforeSync
    case ("loseAnswer", 1): state.model.fault = .loseAnswer
    case ("refuse", 1...2):
      guard let refusal = words.count == 1 ? .unknownStation : LinkRefusal(rawValue: words[1]) else {
        return "\(DeskControl.failure)refuse \(LinkRefusal.allCases.map(\.rawValue).joined(separator: " | "))\n"
      }
      state.model.fault = .refuses(refusal)
    case ("lose", 2):
      guard let percent = UInt32(words[1]), percent <= 100 else { return "\(DeskControl.failure)lose 0...100\n" }
      state.lossPercent = percent
    case ("duplicate", 1): state.duplicates = true
    case ("reorder", 1): state.reorders = true
    case ("clock", 2):
      guard let seconds = Int64(words[1]), abs(seconds) < 1_000_000_000 else { return "\(DeskControl.failure)clock SECONDS\n" }
      state.model.clockOffsetMilliseconds = seconds * 1000
    case ("delay", 2):
      guard let delay = Int(words[1]), (0...600_000).contains(delay) else { return "\(DeskControl.failure)delay 0...600000\n" }
      state.delayMilliseconds = delay
    case ("heal", 1):
      state.model.fault = .none
      state.silentUntil = nil
      state.model.clockOffsetMilliseconds = 0
      state.delayMilliseconds = 0
      state.duplicates = false
      state.reorders = false
      state.lossPercent = 0
    case ("show", 1): return drawing(state)
    case ("readings", 1): return DeskControl.text(state.model.readings.all(at: MonotonicClock.now()))
    case ("entries", 1): return state.model.entries.map { "\($0.position) \($0.hash)\n" }.joined()
    default: return "\(DeskControl.failure)不认识的命令 / unknown command:\n\(help)\n"
    }
    return "好 / ok\n"
  }

  private static func drawing(_ state: State) -> String {
    let model = state.model
    let left = state.silentUntil.map { ", 还有 / for another \(max(0, ($0 - MonotonicClock.now()).microseconds / 1_000_000)) s" }
    return "\(model.fault)\(left ?? ""), \(model.entries.count) 条 / entries, 连续至 / contiguous \(model.cursor.head.position), "
      + "\(model.cursor.ranges.count) 段 / ranges, 重复 / duplicates \(model.duplicates), 分叉 / branches \(model.branches), "
      + "崩溃 / crashes \(model.crashes)\n"
  }
}
