import DeviceKit
import Foundation
import Testing
import Transports

@Suite struct SerialLineTests {
  private let settings = SerialSettings(baud: .b19200, format: .none8One)
  private var soon: Instant { MonotonicClock.now() + .seconds(10) }
  private static let everyValue = FixedBytes<256>(UInt8.min...UInt8.max)

  private func receive(_ count: Int, from line: SerialLine) -> [UInt8] {
    collect(count) { bytes in
      _ = waitForInput(line.fileDescriptor, until: soon)
      return line.read(into: &bytes)
    }
  }

  private func receive(_ count: Int, from terminal: PseudoTerminal) -> [UInt8] {
    collect(count) { bytes in
      _ = waitForInput(terminal.descriptorToWaitOn, until: soon)
      return terminal.read(into: &bytes)
    }
  }

  private func collect(_ count: Int, _ read: (inout FixedBytes<256>) -> ReadResult) -> [UInt8] {
    var received: [UInt8] = []
    var bytes = FixedBytes<256>()
    let limit = soon
    while received.count < count, MonotonicClock.now() < limit, read(&bytes) != .hangup {
      for index in 0..<bytes.count { received.append(bytes[index]) }
    }
    return received
  }

  @Test func carriesEveryByteValueBothWays() throws {
    let terminal = try PseudoTerminal()
    let line = try SerialLine(path: terminal.slavePath, settings: settings)
    #expect(line.report.backend == .pseudoTerminal)
    #expect(line.write(Self.everyValue) == .complete)
    #expect(receive(256, from: terminal) == Array(0...255))
    #expect(terminal.write(Self.everyValue) == 256)
    #expect(receive(256, from: line) == Array(0...255))
    var bytes = FixedBytes<256>()
    #expect(line.read(into: &bytes) == .none)
  }

  @Test func showsTheSpeedToTheSimulator() throws {
    let terminal = try PseudoTerminal()
    for baud in BaudRate.allCases {
      let line = try SerialLine(path: terminal.slavePath, settings: SerialSettings(baud: baud, format: .none8Two))
      #expect(terminal.observedLine == ObservedLine(baud: baud.rawValue, stopBits: 2, isRaw: true))
      line.close()
    }
    let even = try SerialLine(path: terminal.slavePath, settings: SerialSettings(baud: .b9600, format: .even8One))
    #expect(!even.report.holdsParity)
    #expect(terminal.observedLine?.stopBits == 1)
  }

  @Test func aCopyOfItsDescriptorInAChildThatIsBeingStartedKeepsNobodyOut() throws {
    let terminal = try PseudoTerminal()
    let line = try SerialLine(path: terminal.slavePath, settings: settings)
    let copy = dup(line.fileDescriptor)
    defer { close(copy) }
    line.close()
    #expect(throws: Never.self) { try SerialLine(path: terminal.slavePath, settings: settings) }
  }

  @Test func reportsTheHangupAndOpensAgain() throws {
    let folder = try ProgramRun.temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let link = folder.appendingPathComponent("bus").path
    let terminal = try PseudoTerminal(link: link)
    let line = try SerialLine(path: link, settings: settings)
    terminal.write(FixedBytes([7]))
    terminal.hangUp()
    #expect(waitForInput(line.fileDescriptor, until: soon).contains(.hangup))
    var bytes = FixedBytes<256>()
    while line.read(into: &bytes) == .bytes {}
    #expect(line.read(into: &bytes) == .hangup)
    #expect(line.write(FixedBytes([1])) == .hangup)
    #expect(throws: TransportError.self) { try SerialLine(path: link, settings: settings) }

    let again = try PseudoTerminal(link: link)
    let reopened = try SerialLine(path: link, settings: settings)
    #expect(again.write(FixedBytes([1, 2])) == 2)
    #expect(receive(2, from: reopened) == [1, 2])
  }

  @Test func noticesOpeningAndClosingOfTheOtherSide() throws {
    let terminal = try PseudoTerminal()
    #expect(!terminal.slaveIsOpen)
    #expect(terminal.write(FixedBytes([1, 2, 3])) == 0)
    #expect(terminal.lostBytes == 3)
    let idle = terminal.descriptorToWaitOn
    #expect(waitForInput(idle, until: .zero) == [])
    let line = try SerialLine(path: terminal.slavePath, settings: settings)
    #expect(waitForInput(idle, until: soon) == .input)
    #expect(terminal.slaveIsOpen)
    let busy = terminal.descriptorToWaitOn
    #expect(busy != idle)
    line.close()
    #expect(waitForInput(busy, until: soon).contains(.hangup))
    var bytes = FixedBytes<256>()
    #expect(terminal.read(into: &bytes) == .none)
    #expect(terminal.descriptorToWaitOn == idle)
    #expect(waitForInput(idle, until: .zero) == [])
  }

  @Test func keepsWhatTheDriverDoesNotTakeYet() throws {
    let terminal = try PseudoTerminal()
    let line = try SerialLine(path: terminal.slavePath, settings: settings)
    var accepted = 0
    var result = WriteResult.complete
    while result == .complete, accepted < 1_000 {
      result = line.write(Self.everyValue)
      accepted += 1
    }
    guard case .pending(let rest) = result else {
      Issue.record("the driver took everything: \(result)")
      return
    }
    #expect(rest > 0 && line.hasUnsentBytes)
    #expect(line.write(Self.everyValue) == .busy)
    var received: [UInt8] = []
    while received.count < accepted * 256 {
      let part = receive(1, from: terminal)
      guard !part.isEmpty else { break }
      received += part
      _ = line.flush()
    }
    #expect(!line.hasUnsentBytes)
    #expect(received == (0..<accepted).flatMap { _ in UInt8.min...UInt8.max })
  }

  @Test func wakesOnlyWhenTheExpectedLengthIsThere() throws {
    let terminal = try PseudoTerminal()
    let line = try SerialLine(path: terminal.slavePath, settings: settings)
    #expect(line.setWakeThreshold(7))
    terminal.write(FixedBytes([1, 2, 3, 4, 5]))
    #expect(waitForInput(line.fileDescriptor, until: MonotonicClock.now() + .milliseconds(20)) == [])
    terminal.write(FixedBytes([6, 7]))
    #expect(waitForInput(line.fileDescriptor, until: soon) == .input)
    #expect(receive(7, from: line) == [1, 2, 3, 4, 5, 6, 7])
    // A shorter answer (an exception) is there for the asking.
    terminal.write(FixedBytes([9]))
    var bytes = FixedBytes<256>()
    let limit = soon
    while line.read(into: &bytes) == .none, MonotonicClock.now() < limit {}
    #expect(bytes == FixedBytes([9]))
    terminal.hangUp()
    #expect(waitForInput(line.fileDescriptor, until: soon).contains(.hangup))
    #expect(line.read(into: &bytes) == .hangup)
  }

  @Test func refusesASecondOpeningAndNamesTheHolder() throws {
    let terminal = try PseudoTerminal()
    let line = try SerialLine(path: terminal.slavePath, settings: settings)
    #expect(throws: TransportError.self) { try SerialLine(path: terminal.slavePath, settings: settings) }
    line.close()

    let other = try RunningProgram([try ProgramRun.probe(), "hold", terminal.slavePath])
    #expect(other.line() == "open=\(terminal.slavePath)")
    let busy = TransportError.portBusy(
      path: terminal.slavePath, holder: PortHolder(processID: other.processID, command: "transport-probe"))
    #expect(throws: busy) { try SerialLine(path: terminal.slavePath, settings: settings) }
    #expect(busy.description.hasPrefix("端口被占用：\(terminal.slavePath)，占用者进程 \(other.processID)"))
    other.end()
    let free = try SerialLine(path: terminal.slavePath, settings: settings)
    #expect(free.isOpen)
  }

  @Test func refusesAPortThatAProgramWithoutLocksReads() throws {
    let terminal = try PseudoTerminal()
    let other = try RunningProgram(["sh", "-c", "exec 5<>\(terminal.slavePath); echo open; read line"])
    #expect(other.line() == "open")
    let busy = TransportError.portBusy(path: terminal.slavePath, holder: PortHolder(processID: other.processID, command: "sh"))
    #expect(throws: busy) { try SerialLine(path: terminal.slavePath, settings: settings) }
    other.end()
  }

  @Test func refusesWhatIsNoPort() throws {
    #expect(throws: TransportError.notASerialPort(path: "/dev/null")) { try SerialLine(path: "/dev/null", settings: settings) }
    #expect(throws: TransportError.self) { try SerialLine(path: "/dev/linli-no-such-port", settings: settings) }
    let terminal = try PseudoTerminal()
    let kernel = SerialSettings(rs485: .kernel(RS485Timing()))
    #expect(throws: TransportError.rs485Unavailable(path: terminal.slavePath)) {
      try SerialLine(path: terminal.slavePath, settings: kernel)
    }
    #expect(!terminal.slaveIsOpen)
  }

  @Test func aClosedLineOnlySaysSo() throws {
    let terminal = try PseudoTerminal()
    let line = try SerialLine(path: terminal.slavePath, settings: settings)
    try line.setBreak(true)
    try line.setBreak(false)
    line.close()
    line.close()
    var bytes = FixedBytes<256>([1])
    #expect(line.read(into: &bytes) == .hangup)
    #expect(bytes.isEmpty)
    #expect(line.write(bytes) == .hangup)
    #expect(!line.setWakeThreshold(4))
    #expect(line.bytesInDriver == nil)
    #expect(throws: TransportError.self) { try line.setBreak(true) }
  }

  @Test func theLinkReplacesAnOldOneButNothingElse() throws {
    let folder = try ProgramRun.temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let link = folder.appendingPathComponent("bus").path
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "/dev/pts/99999")
    let terminal = try PseudoTerminal(link: link)
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == terminal.slavePath)
    terminal.hangUp()
    #expect(throws: (any Error).self) { try FileManager.default.destinationOfSymbolicLink(atPath: link) }

    try "kept".write(toFile: link, atomically: true, encoding: .utf8)
    #expect(throws: TransportError.linkTaken(path: link)) { try PseudoTerminal(link: link) }
    #expect(try String(contentsOfFile: link, encoding: .utf8) == "kept")
  }

  @Test func characterTimesAreRoundedUp() {
    #expect(SerialSettings(baud: .b9600, format: .none8One).characterMicroseconds == 1_042)
    #expect(SerialSettings(baud: .b19200, format: .even8One).characterMicroseconds == 573)
  }
}
