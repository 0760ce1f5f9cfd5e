import Foundation
import Station
import TestSupport
import Testing

/// A full and a read-only disk under the real program.
@Suite(.serialized) struct DiskTests {
  @Test func aFullDiskTakesCallsThenNothingIsClaimedAndAllHeals() throws {
    let shell = try Shell(panels: 3)
    let disk = try PrivateDisk(at: "\(shell.folder)/journal", mebibytes: 3)
    defer { disk.close() }
    let station = try shell.startStation(on: disk)
    try shell.waitUntilOnline(3)

    try disk.fill("others")
    _ = try shell.panels("line 2/1 cut")
    try shell.waitUntil("the desk says that only calls are recorded") {
      let status = try shell.status()
      return status.contains("磁盘 callsOnly") && status.contains("journal:diskFull") && status.contains("A/2/1:lineCut")
    }
    #expect(try !list(disk).contains("lineCut"), "what is no call waits")
    _ = try shell.panels("press 1/1")
    try shell.waitUntilLamp(1, 1, shows: "slow")
    #expect(try opened(disk) == ["A/1/1"])

    try disk.fill("more")
    _ = try shell.panels("press 3/1")
    try shell.waitUntil("the desk says that a call is not recorded") {
      let status = try shell.status()
      return status.contains("磁盘 failed, 等待 1") && status.contains("【未记录】大厅 (A/3/1)") && status.contains("journal:diskFailed")
    }
    #expect(try shell.status().contains("求助 #1 大厅 (A/1/1)"), "the call that is on disk carries no such mark")
    // Long enough for the panel to offer the press again several times.
    for _ in 0..<60 {
      #expect(try shell.lamp(3, 1) == "fast", "a lamp must not say recorded")
      usleep(50_000)
    }
    #expect(try opened(disk) == ["A/1/1"])

    try disk.free("others")
    try disk.free("more")
    try shell.waitUntilLamp(3, 1, shows: "slow")
    try shell.waitUntil("the journal is as before") {
      let status = try shell.status()
      return status.contains("磁盘 healthy, 等待 0") && status.contains("磁盘已满,只记录求助,  (已消失,待复测)")
    }
    #expect(try !shell.status().contains("未记录"))
    for fault in ["diskFull", "diskFailed"] { #expect(try shell.desk("retest journal:\(fault) desk").contains("done")) }
    try shell.waitUntil("both cards are gone") { try !shell.status().contains("journal:disk") }
    #expect(try disk.run(["stat", "--format=%s", "\(disk.path)/journal.ballast"]).text == "\(1 << 20)\n", "the reserve is back")
    #expect(try shell.stop(station) == 0)
    #expect(try opened(disk) == ["A/1/1", "A/3/1"], "nothing lost, nothing twice")
    #expect(try list(disk).contains("lineCut"))
    #expect(try disk.run([Shell.linli, "journal", "verify", disk.path]).code == 0)
  }

  /// The reserve is gone when it starts, and not a byte is free: the station runs all the same, and says so.
  @Test func aStationStartsOnAFullDiskAndShowsWhatItKnows() throws {
    let shell = try Shell(panels: 2)
    let disk = try PrivateDisk(at: "\(shell.folder)/journal", mebibytes: 3)
    defer { disk.close() }
    var station = try shell.startStation(on: disk)
    try shell.waitUntilOnline(2)
    _ = try shell.panels("press 1/1")
    try shell.waitUntilLamp(1, 1, shows: "slow")
    #expect(try shell.stop(station, by: SIGKILL) == SIGKILL)
    try disk.free("journal.ballast")
    try disk.fill("others")
    station = try shell.startStation(on: disk)
    try shell.waitUntilOnline(2)
    _ = try shell.panels("press 2/2")
    try shell.waitUntil("both calls are shown") {
      let status = try shell.status()
      return status.contains("求助 #1 大厅 (A/1/1)") && status.contains("【未记录】大厅 (A/2/2)")
    }
    #expect(try shell.lamp(2, 2) == "fast")
    try disk.free("others")
    try shell.waitUntilLamp(2, 2, shows: "slow")
    #expect(try shell.stop(station) == 0)
    #expect(try opened(disk) == ["A/1/1", "A/2/2"])
    #expect(try disk.run([Shell.linli, "journal", "verify", disk.path]).code == 0)
  }

  /// Stopped cleanly, so that the files beside the journal's are gone, and no byte is left to make them again.
  @Test func aStationThatWasStoppedStartsOnADiskThatFilledUpMeanwhile() throws {
    let shell = try Shell(panels: 2)
    let disk = try PrivateDisk(at: "\(shell.folder)/journal", mebibytes: 3)
    defer { disk.close() }
    var station = try shell.startStation(on: disk)
    try shell.waitUntilOnline(2)
    _ = try shell.panels("press 1/1")
    try shell.waitUntilLamp(1, 1, shows: "slow")
    #expect(try shell.stop(station) == 0)
    try disk.free("journal.ballast")
    try disk.fill("others")
    station = try shell.startStation(on: disk)
    try shell.waitUntilOnline(2)
    _ = try shell.panels("press 2/2")
    try shell.waitUntil("both calls are shown") {
      let status = try shell.status()
      return status.contains("求助 #1 大厅 (A/1/1)") && status.contains("【未记录】大厅 (A/2/2)")
        && status.contains("磁盘 failed") && status.contains("journal:diskFailed") && status.contains("磁盘已满")
    }
    #expect(try shell.lamp(2, 2) == "fast")
    #expect(try disk.run([Shell.linli, "run", "\(shell.folder)/site.yaml"]).text.contains("不能再启动一个"))
    try disk.free("others")
    try shell.waitUntilLamp(2, 2, shows: "slow")
    #expect(try shell.stop(station) == 0)
    #expect(try opened(disk) == ["A/1/1", "A/2/2"])
    #expect(try disk.run([Shell.linli, "journal", "verify", disk.path]).code == 0)
  }

  @Test func aNewStationStartsOnAFullDisk() throws {
    let shell = try Shell(panels: 1)
    let disk = try PrivateDisk(at: "\(shell.folder)/journal", mebibytes: 3)
    defer { disk.close() }
    try disk.fill("others")
    let station = try shell.startStation(on: disk)
    try shell.waitUntilOnline(1)
    _ = try shell.panels("press 1/1")
    try shell.waitUntil("the call is shown") { try shell.status().contains("【未记录】大厅 (A/1/1)") }
    try disk.free("others")
    try shell.waitUntilLamp(1, 1, shows: "slow")
    #expect(try shell.stop(station) == 0)
    #expect(try opened(disk) == ["A/1/1"])
  }

  @Test func aReadOnlyDiskIsRefusedAtTheStartAndCanBeRead() throws {
    let shell = try Shell(panels: 1)
    let disk = try PrivateDisk(at: "\(shell.folder)/journal", mebibytes: 3)
    defer { disk.close() }
    let command = [Shell.linli, "run", "\(shell.folder)/site.yaml"]
    try disk.remount("ro")
    for _ in 0..<2 {
      let (code, text) = try disk.run(command)
      #expect(code == 1, "\(text)")
      for part in ["日志目录只读", disk.path, "请检查磁盘", "read-only"] { #expect(text.contains(part)) }
      // The second time with a journal that a killed station left, and after that with one that was closed.
      try disk.remount("rw")
      let station = try shell.startStation(on: disk)
      try shell.waitUntilOnline(1)
      _ = try shell.stop(station, by: SIGKILL)
      try disk.remount("ro")
    }
    #expect(try disk.run(command).code == 1)
    #expect(try disk.run([Shell.linli, "journal", "verify", disk.path]).code == 0)
    try disk.remount("rw")
    let station = try shell.startStation(on: disk)
    try shell.waitUntilOnline(1)
    #expect(try shell.stop(station) == 0)
    try disk.remount("ro")
    let (code, text) = try disk.run([Shell.linli, "journal", "list", disk.path])
    #expect(code == 0 && text.components(separatedBy: "started").count == 4, "\(text)")
  }

  /// The file system makes itself read-only after an error, under files that are open.
  @Test func aDiskThatTurnsReadOnlyIsSaidAndNothingIsClaimed() throws {
    let shell = try Shell(panels: 2)
    let disk = try FailingDisk(at: "\(shell.folder)/journal")
    defer { disk.close() }
    var station = try shell.startStation()
    try shell.waitUntilOnline(2)
    _ = try shell.panels("press 1/1")
    try shell.waitUntilLamp(1, 1, shows: "slow")
    try disk.fail()
    _ = try shell.panels("press 2/1")
    try shell.waitUntil("the desk says so") {
      let status = try shell.status()
      return status.contains("磁盘 failed, 等待 1") && status.contains("journal:diskFailed") && status.contains("【未记录】大厅 (A/2/1)")
    }
    #expect(try shell.desk("acknowledge 1 desk").contains("没有记录"))
    #expect(try shell.status().contains("求助 #1 大厅 (A/1/1) opened"), "no step is shown that is not on disk")
    for _ in 0..<20 {
      #expect(try shell.lamp(2, 1) == "fast" && shell.lamp(1, 1) == "slow")
      usleep(50_000)
    }
    #expect(try shell.stop(station) == 0)
    try disk.repair()
    station = try shell.startStation()
    try shell.waitUntilLamp(2, 1, shows: "slow")
    #expect(try shell.lamp(1, 1) == "slow")
    #expect(try shell.stop(station) == 0)
    #expect(try shell.presses().map(\.button.description) == ["A/1/1", "A/2/1"])
    #expect(try shell.run(["journal", "verify", "\(shell.folder)/journal"]).code == 0)
  }

  /// The recording is for the technician; that its disk is full is said once and stops nothing.
  @Test func aRecordingThatCannotGoOnIsSaidOnceAndStopsNothing() throws {
    let shell = try Shell(panels: 1)
    let disk = try PrivateDisk(at: "\(shell.folder)/recordings", mebibytes: 1)
    defer { disk.close() }
    let station = try shell.startStation(["--record", "\(disk.path)/day.rec"], on: disk)
    try shell.waitUntilOnline(1)
    try disk.fill("others")
    _ = try shell.panels("press 1/1")
    try shell.waitUntilLamp(1, 1, shows: "slow")
    func said() throws -> Int {
      try String(contentsOfFile: "\(shell.folder)/station.log", encoding: .utf8).components(separatedBy: "录制到此为止").count - 1
    }
    try shell.waitUntil("the recording's end is said") {
      _ = try shell.panels("press 1/2")
      return try said() == 1
    }
    #expect(try shell.desk("acknowledge 1 desk").contains("done"))
    #expect(try shell.stop(station) == 0 && said() == 1)
  }

  private func list(_ disk: PrivateDisk) throws -> String { try disk.run([Shell.linli, "journal", "list", disk.path]).text }

  /// The buttons whose calls are on disk, each press of it.
  private func opened(_ disk: PrivateDisk) throws -> [String] {
    try list(disk).split(separator: "\n").filter { $0.contains("\"opened\"") || $0.contains("\"pressedAgain\"") }.compactMap {
      line in
      line.firstRange(of: "\"A/").map { String(line[$0.lowerBound...].dropFirst().prefix { $0 != "\"" }) }
    }
  }
}
