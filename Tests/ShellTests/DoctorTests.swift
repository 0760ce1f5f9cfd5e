import Foundation
import StationRuntime
import TestSupport
import Testing

/// `linli doctor` on real pseudo-terminals with the real program, idle and running.
@Suite(.serialized) struct DoctorTests {
  private func doctor(_ shell: Shell, _ more: [String] = []) throws -> (code: Int32, text: String) {
    try shell.run(["doctor", "\(shell.folder)/site.yaml"] + more)
  }

  /// On a machine that is busy with other tests, a panel may really answer late or not at all for a moment.
  private func doctorFindsAllWell(_ shell: Shell, _ more: [String] = []) throws -> String {
    var text = ""
    try shell.waitUntil("the doctor finds all well") {
      let found = try doctor(shell, more)
      text = found.text
      return found.code == 0
    }
    return text
  }

  @Test func aSoundIdleBusIsWellAndItsPanelsAreNamed() throws {
    let shell = try Shell(panels: 3)
    let found = try doctorFindsAllWell(shell)
    #expect(found.contains("全部正常 / all well"))
    for unit in ["1001", "1002", "1003"] { #expect(found.contains("机身号 / unit \(unit)")) }
    let port = try shell.run(["doctor", "--port", "\(shell.folder)/bus", "--baud", "19200", "--quick"])
    #expect(port.code == 0 && port.text.contains("机身号 / unit 1003"), "\(port.text)")
  }

  @Test func aBusyPortIsLeftAloneAndItsHolderNamed() throws {
    let shell = try Shell(panels: 1)
    let station = try shell.startStation()
    try shell.waitUntil("the panel is online") { (try? shell.desk("status"))?.contains("A/1/2 大厅: online") == true }
    let found = try shell.run(["doctor", "--port", "\(shell.folder)/bus"])
    #expect(found.code == 2 && found.text.contains("被占用:进程 \(station.processIdentifier) (linli)"), "\(found.text)")
    #expect(try shell.desk("status").contains("A/1/2 大厅: online"))
  }

  @Test func whatCannotBeLookedAtIsSaid() throws {
    let shell = try Shell(panels: 1)
    let missing = try shell.run(["doctor", "--port", "\(shell.folder)/nowhere", "--baud", "9600"])
    #expect(missing.code == 2 && missing.text.contains("找不到串口 \(shell.folder)/nowhere"), "\(missing.text)")
    #expect(try shell.run(["doctor", "\(shell.folder)/no-such.yaml"]).code == 2)
  }

  @Test func aSilentBusIsOneFindingWithoutAGuess() throws {
    let shell = try Shell(panels: 3)
    _ = try shell.panels("wire short")
    let found = try doctor(shell, ["--quick"])
    #expect(found.code == 1 && found.text.contains("总线无声:3 个设备都不应答"), "\(found.text)")
    #expect(found.text.contains("从这里听起来都一样") && found.text.contains("1 处发现"))
  }

  @Test func theRateOfOnePanelAndOfTheHostAreToldApart() throws {
    let shell = try Shell(panels: 3)
    _ = try shell.panels("baud 2 9600")
    let one = try doctor(shell)
    #expect(one.code == 1 && one.text.contains("2 号(面板) 的波特率不对:它用 9600 8N1,总线是 19200 8N1"), "\(one.text)")
    _ = try shell.panels("baud all 38400")
    let all = try doctor(shell)
    #expect(all.code == 1 && all.text.contains("总线的波特率不对:设备用 38400 8N1,站点文件写的是 19200 8N1"), "\(all.text)")
    #expect(all.text.contains("baud: 38400"))
  }

  @Test func aPanelAtAnotherAddressIsFoundThere() throws {
    let shell = try Shell(panels: 3)
    _ = try shell.panels("address 2 9")
    let found = try doctor(shell)
    #expect(found.code == 1 && found.text.contains("地址不对:9 号有设备(机身号 1002)"), "\(found.text)")
    #expect(found.text.contains("而 2 号没有应答") && found.text.contains("1 处发现"))
  }

  @Test func twoPanelsAtOneAddressAreSuspectedAndToldHowToProve() throws {
    let shell = try Shell(panels: 3)
    _ = try shell.panels("address 2 1")
    let found = try doctor(shell, ["--quick"])
    #expect(found.code == 1 && found.text.contains("1 号(面板) 的应答总是乱码而别的设备正常:很可能两台设备用了同一地址"), "\(found.text)")
    #expect(found.text.contains("2 号没有应答:也许其中一台被设成了 1") && found.text.contains("Unplug one of the two"))
    // One answers later than the other: both are heard, and that is the proof.
    _ = try shell.panels("fault 2 late 60")
    let proven = try doctor(shell, ["--quick"])
    #expect(proven.text.contains("地址重复:1 号(面板) 有两台设备") && proven.text.contains("先后听到不同的机身号"), "\(proven.text)")
  }

  @Test func aLateNodeIsMeasured() throws {
    let shell = try Shell(panels: 3)
    _ = try shell.panels("fault 3 late 400")
    let found = try doctor(shell)
    let line = found.text.split(separator: "\n").first { $0.contains("3 号(面板) 应答太迟") } ?? ""
    let milliseconds = line.split(whereSeparator: { !$0.isNumber }).compactMap { Int($0) }.first { $0 > 100 } ?? 0
    #expect(found.code == 1 && (400...1500).contains(milliseconds) && line.contains("站点最多等 300 ms"), "\(found.text)")
  }

  @Test func aRunningStationIsAskedAndGoesOn() throws {
    let shell = try Shell(panels: 3)
    _ = try shell.startStation()
    try shell.waitUntil("the panels are online") { (try? shell.desk("status"))?.contains("A/3/2 大厅: online") == true }
    try shell.waitUntil("the bus is published as working") { try shell.desk("bus").contains("19200 8N1 working") }
    #expect(try doctorFindsAllWell(shell, ["--seconds", "2"]).contains("working"))
    func lost(_ node: Int) throws -> Bool {
      try shell.desk("bus").split(separator: "\n").contains { $0.hasPrefix("  \(node) ") && $0.hasSuffix("失联 / lost") }
    }
    _ = try shell.panels("baud 2 9600")
    try shell.waitUntil("node 2 is lost") { try lost(2) }
    let silent = try doctor(shell, ["--seconds", "2"])
    #expect(silent.code == 1 && silent.text.contains("2 号(面板) 不应答,别的设备有应答"), "\(silent.text)")
    _ = try shell.panels("baud 2 19200")
    try shell.waitUntil("node 2 is back") { try !lost(2) }
    _ = try shell.panels("address 2 1")
    try shell.waitUntil("node 1 is lost") { try lost(1) }
    // The last probes are up to ten seconds apart: long enough to see one.
    let twice = try doctor(shell, ["--seconds", "11"])
    #expect(twice.code == 1 && twice.text.contains("1 号(面板) 的应答总是乱码"), "\(twice.text)")
    _ = try shell.panels("wire swapped")
    try shell.waitUntil("the bus is silent") { try shell.desk("bus").contains("8N1 silent") }
    #expect(try doctor(shell, ["--seconds", "1"]).text.contains("总线无声"))
  }

  @Test func aLateNodeIsMeasuredByARunningStation() throws {
    let shell = try Shell(panels: 1)
    _ = try shell.startStation()
    try shell.waitUntil("the panel is online") { (try? shell.desk("status"))?.contains("A/1/2 大厅: online") == true }
    _ = try shell.panels("fault 1 late 450")
    try shell.waitUntil("the bus is silent") { try shell.desk("bus").contains("8N1 silent") }
    let found = try doctor(shell, ["--seconds", "4"])
    #expect(found.code == 1 && found.text.contains("1 号(面板) 应答太迟"), "\(found.text)")
  }

  /// Among others its answers are never heard whole.
  @Test func aLateNodeAmongOthersIsNamedByARunningStation() throws {
    let shell = try Shell(panels: 4)
    _ = try shell.startStation()
    try shell.waitUntilOnline(4)
    _ = try shell.panels("fault 2 late 400")
    try shell.waitUntil("node 2 is lost") {
      try shell.desk("bus").split(separator: "\n").contains { $0.hasPrefix("  2 ") && $0.hasSuffix("失联 / lost") }
    }
    // A busy machine may lose an answer of its own in one look.
    try shell.waitUntil("the doctor names it", seconds: 120) {
      let found = try doctor(shell, ["--seconds", "15"])
      return found.code == 1 && found.text.contains("2 号(面板) 应答太迟")
    }
  }
}
