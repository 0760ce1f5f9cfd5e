import DeviceKit
import DeviceVocabulary
import Foundation
import Synchronization
import Testing

@testable import StationRuntime
@testable import Transports

/// What a technician is told of the line to a device: what was asked, and what came of it.
@Suite struct WallLineWatchTests {
  private static let place = WallDevicePlan.Connection.network(host: "10.0.0.5", port: 1515)

  private func state(_ watch: inout WallLineWatch) -> WallLineStanding.State? {
    guard case .lineChanged(let standing)? = watch.news() else { return nil }
    return standing.state
  }

  /// Of a port that is named without a speed, or by words, the advice is that for a port all the same.
  @Test func aPortIsNoHost() {
    var watch = WallLineWatch(.serial("/dev/serial/by-id/usb-FTDI 2", baud: .b9600))
    watch.failed(.portMissing)
    #expect(
      watch.news()
        == .lineChanged(
          WallLineStanding(address: "/dev/serial/by-id/usb-FTDI 2 9600", isSerial: true, state: .failed(.portMissing))))
    var host = WallLineWatch(.network(host: "hub 9990", port: 80))
    host.failed(.nameUnknown)
    #expect(
      host.news() == .lineChanged(WallLineStanding(address: "hub 9990:80", state: .failed(.nameUnknown))))
  }

  @Test func itIsConnectingFromTheFirstMomentOn() {
    var watch = WallLineWatch(Self.place)
    watch.opening()
    #expect(watch.news() == .lineChanged(WallLineStanding(address: "10.0.0.5:1515", state: .connecting)))
    #expect(watch.news() == nil, "told once")
    watch.failed(.refused)
    #expect(state(&watch) == .failed(.refused))
    watch.willReopen()
    watch.opening()
    #expect(watch.news() == nil, "the last that happened stands while it is tried on")
    watch.opened()
    #expect(state(&watch) == .open, "the cable is in the right socket now")
    watch.note(.healthChanged(.online))
    #expect(state(&watch) == .answering)
  }

  @Test func aNameAndWhatItStandsForAreBothSaid() {
    var watch = WallLineWatch(.network(host: "hub.local", port: 9990))
    watch.naming()
    #expect(state(&watch) == .connecting)
    watch.note(.healthChanged(.absent))
    #expect(state(&watch) == .failed(.nameUnknown), "whoever looks it up has not come back in time")
    watch.named("10.0.0.9")
    watch.opening()
    watch.failed(.unreachable)
    #expect(
      watch.news() == .lineChanged(WallLineStanding(address: "hub.local:9990 (10.0.0.9)", state: .failed(.unreachable))))
  }

  @Test func silenceJunkAndAPasswordAreThreeThings() {
    var watch = WallLineWatch(Self.place)
    watch.opening()
    watch.opened()
    _ = watch.news()
    watch.note(.healthChanged(.absent))
    #expect(state(&watch) == .failed(.silent))
    watch.willReopen()
    watch.opening()
    watch.opened()
    watch.heard(Array("SSH-2.0".utf8))
    watch.heard(Array("-x\r\n".utf8))
    watch.note(.healthChanged(.faulted))
    #expect(state(&watch) == .failed(.notUnderstood(Array("SSH-2.0-".utf8))))
    watch.hungUp()
    watch.willReopen()
    watch.opening()
    watch.opened()
    watch.heard([0x41])
    watch.note(.healthChanged(.faulted))
    #expect(watch.news() == nil, "noise is not the same each time, and not told each time")
    watch.note(.troubleChanged(1, .password, isPresent: true))
    #expect(state(&watch) == .failed(.passwordWrong))
  }

  /// What begins as it should is the right device.
  @Test func damagedAnswersAreNoOtherProtocol() {
    var watch = WallLineWatch(Self.place, isOwn: { $0.starts(with: [0xAA]) })
    func attempt(_ bytes: [UInt8]) -> WallLineStanding.State? {
      watch.willReopen()
      watch.opening()
      watch.opened()
      watch.note(.healthChanged(.identifying))
      watch.heard(bytes)
      watch.note(.healthChanged(.faulted))
      return state(&watch)
    }
    #expect(attempt([0xAA, 0xFF] + Array(repeating: 7, count: 90)) == .failed(.damaged([0xAA, 0xFF, 7, 7, 7, 7, 7, 7])))
    #expect(attempt([0x2A, 0xFF, 1, 3]) == nil, "now and then the beginning is damaged as well")
    #expect(attempt([0xAA, 0xFF, 1, 3]) == nil)
    #expect(attempt([0x53]) == nil)
    #expect(attempt([0x53, 0x53]) == .failed(.notUnderstood([0x53, 0x53])), "twice in a row it is another device")
    watch.note(.troubleChanged(1, .address, isPresent: true))
    #expect(attempt([0xAA, 0xFF]) == .failed(.wrongNumber))
  }

  /// How it speaks is what the site file says: of what it said so much is kept that a pattern can be written from it.
  @Test func ofADescribedMatrixItIsKeptWhatItSaid() {
    var watch = WallLineWatch(Self.place, isDescribed: true, isOwn: { _ in true })
    func attempt(_ bytes: [UInt8]) -> WallLineStanding.State? {
      watch.willReopen()
      watch.opening()
      watch.opened()
      watch.note(.healthChanged(.identifying))
      watch.heard(bytes)
      watch.note(.healthChanged(bytes.isEmpty ? .absent : .faulted))
      return state(&watch)
    }
    #expect(attempt([]) == .failed(.unansweredAsDescribed))
    let said = Array("OUT 1 = 3\r\n".utf8)
    #expect(attempt(said) == .failed(.unmatched(said)))
    #expect(attempt(Array("OUT 1 = 4\r\n".utf8)) == nil, "told once")
  }

  @Test func whoHasThePortIsTold() {
    var watch = WallLineWatch(.serial("/dev/ttyUSB7", baud: .b9600))
    func told() -> String? {
      guard case .lineChanged(let standing)? = watch.news() else { return nil }
      return standing.found
    }
    let busy = WallLineRefusal(
      TransportError.portBusy(path: "/dev/ttyUSB7", holder: PortHolder(processID: 77, command: "minicom")))
    watch.failed(busy.failure, found: busy.found)
    #expect(told() == "77 (minicom)")
    let missing = WallLineRefusal(TransportError.portMissing(path: "/dev/ttyUSB7", present: ["/dev/ttyS0", "/dev/ttyS1"]))
    watch.failed(missing.failure, found: missing.found)
    #expect(told() == "/dev/ttyS0; /dev/ttyS1")
    #expect(WallLineRefusal(TransportError.nothingMatches(selector: "usb-id:1:2", present: [])).found == "")
    watch.opening()
    watch.opened()
    #expect(told() == nil)
  }

  @Test func whoFloodsIsNotToldInTwoWays() {
    var watch = WallLineWatch(Self.place)
    func attempt() -> [WallLineStanding.State?] {
      watch.opening()
      watch.opened()
      watch.heard([0x55])
      watch.note(.healthChanged(.identifying))
      watch.note(.healthChanged(.faulted))
      let first = state(&watch)
      watch.flooded()
      // Its driver asks for the line meanwhile, and does not get it.
      watch.willReopen()
      watch.failed(.flooding)
      watch.note(.healthChanged(.absent))
      return [first, state(&watch)]
    }
    #expect(attempt() == [.failed(.notUnderstood([0x55])), .failed(.flooding)])
    for _ in 0..<3 { #expect(attempt() == [nil, nil]) }
    // One that answered well till then, and is online for its driver until that finds nobody.
    watch = WallLineWatch(Self.place)
    watch.opening()
    watch.opened()
    watch.note(.healthChanged(.online))
    _ = watch.news()
    watch.flooded()
    watch.failed(.flooding)
    watch.note(.healthChanged(.absent))
    #expect(state(&watch) == .failed(.flooding))
  }

  @Test func aDeviceThatClosesItsLineAfterEachAnswerIsThere() {
    var watch = WallLineWatch(Self.place)
    watch.opening()
    watch.opened()
    watch.heard([0xAA])
    watch.note(.healthChanged(.online))
    #expect(state(&watch) == .answering)
    for _ in 0..<3 {
      watch.hungUp()
      watch.willReopen()
      watch.opening()
      watch.opened()
      watch.heard([0xAA])
      #expect(watch.news() == nil)
    }
    watch.note(.healthChanged(.absent))
    #expect(state(&watch) == .failed(.lost))
  }

  /// A host that is off: unreachable, or nothing comes back, as the limits fall.
  @Test func whatTakesTurnsIsNotToldEachTime() {
    var watch = WallLineWatch(Self.place)
    func attempt(_ why: WallLineFailure) -> WallLineStanding.State? {
      watch.opening()
      watch.failed(why)
      return state(&watch)
    }
    #expect(attempt(.unreachable) == .failed(.unreachable))
    #expect(attempt(.unanswered) == nil && attempt(.unreachable) == nil && attempt(.unanswered) == nil)
    #expect(attempt(.unanswered) == .failed(.unanswered), "twice in a row is news")
    #expect(attempt(.refused) == .failed(.refused), "another machine is another thing")
  }

  @Test func theSystemsNumbersHaveNames() {
    let known: [(Int32, WallLineFailure)] = [
      (ECONNREFUSED, .refused), (EHOSTUNREACH, .unreachable), (ENETUNREACH, .unreachable), (ETIMEDOUT, .unanswered),
      (ECONNRESET, .hungUp), (ENOBUFS, .system(ENOBUFS)), (0, .nameUnknown),
    ]
    for (code, failure) in known { #expect(WallLineFailure(SocketFailure(reason: "", code: code)) == failure) }
    #expect(WallLineFailure(TransportError.portMissing(path: "/dev/ttyUSB7", present: [])) == .portMissing)
    #expect(WallLineFailure(TransportError.portBusy(path: "/dev/ttyUSB7", holder: nil)) == .portBusy)
  }

  // MARK: - Through real sockets

  /// What the wall's thread tells of the line to one device, until `isEnough`.
  private func told(_ plan: WallDevicePlan, until isEnough: @escaping @Sendable (WallLineStanding.State) -> Bool) throws
    -> [WallLineStanding]
  {
    let runtime = try WallRuntime(WallDevices(devices: [plan], addresses: [:], consolePort: 0))
    let seen = Mutex<[WallLineStanding]>([])
    let done = DispatchSemaphore(value: 0)
    runtime.start { _, event in
      guard case .lineChanged(let standing) = event else { return }
      seen.withLock { $0.append(standing) }
      if isEnough(standing.state) { done.signal() }
    }
    defer { runtime.shutDown() }
    #expect(done.wait(timeout: .now() + 30) == .success, "\(seen.withLock { $0 })")
    return seen.withLock { $0 }
  }

  @Test func aPortAtWhichNobodyListensRefuses() throws {
    let port = Int(try LoopbackListener.freePort())
    let plan = WallDevicePlan(name: "p", kind: .samsungMDC, connection: .network(host: "127.0.0.1", port: port))
    let told = try told(plan) { $0 == .failed(.refused) }
    #expect(told.first == WallLineStanding(address: "127.0.0.1:\(port)", state: .connecting) || told.count == 1)
    #expect(told.last?.address == "127.0.0.1:\(port)")
  }

  /// Another kind of device, which says who it is and hangs up.
  @Test(arguments: [WallDevicePlan.Kind.pjlink, .videohub, .extronSIS, .samsungMDC])
  func anotherKindOfDeviceIsNotSilent(_ kind: WallDevicePlan.Kind) throws {
    let listener = try StreamListener(port: 0)
    let stop = StopFlag()
    struct Handed: @unchecked Sendable { let listener: StreamListener }
    let handed = Handed(listener: listener)
    let ended = startThread("stranger") {
      while !stop.isRaised {
        if case .connected = handed.listener.read() { handed.listener.write(Array("SSH-2.0-dropbear\r\n".utf8)) }
        Thread.sleep(forTimeInterval: 0.01)
      }
    }
    defer {
      stop.raise()
      _ = ended.wait(timeout: .now() + 2)
    }
    var plan = WallDevicePlan(name: "p", kind: kind, connection: .network(host: "127.0.0.1", port: Int(listener.port)))
    plan.ports = [1]
    _ = try told(plan) { $0 == .failed(.notUnderstood(Array("SSH-2.0-".utf8))) }
  }

  /// Whatever it is, and whatever it speaks: so much is read of it, then it is told, and not opened again for a while.
  @Test(arguments: [WallDevicePlan.Kind.samsungMDC, .videohub, .pjlink, .extronSIS, .kramerP3000], [false, true])
  func whoSendsWithoutEndIsCutOff(_ kind: WallDevicePlan.Kind, isOwnSpeech: Bool) throws {
    let piece: [UInt8]
    switch kind {
    case _ where !isOwnSpeech: piece = Array(repeating: 0x55, count: 4_096)
    case .samsungMDC: piece = [0xAA, 0xFF, 0x09, 0x03, 0x41, 0x11, 0x01, 0x5E]
    case .videohub: piece = Array("VIDEO OUTPUT ROUTING:\n0 1\n\nVIDEO OUTPUT ROUTING:\n0 2\n\n".utf8)
    case .pjlink: piece = Array("PJLINK 0\r%1POWR=1\r".utf8)
    case .extronSIS: piece = Array("Out01 In02 All\r\n".utf8)
    default: piece = Array("~01@VID 1>1\r\n".utf8)
    }
    let block = Array((0..<max(1, 4_096 / piece.count)).map { _ in piece }.joined())
    let listener = try StreamListener(port: 0)
    let stop = StopFlag()
    let count = Mutex((sessions: 0, bytes: 0))
    struct Handed: @unchecked Sendable { let listener: StreamListener }
    let handed = Handed(listener: listener)
    let ended = startThread("flood") {
      while !stop.isRaised {
        if case .connected = handed.listener.read() { count.withLock { $0.sessions += 1 } }
        guard handed.listener.isConnected, !handed.listener.hasBytesWaiting else {
          handed.listener.write([])
          Thread.sleep(forTimeInterval: 0.0005)
          continue
        }
        handed.listener.write(block)
        count.withLock { $0.bytes += block.count }
      }
    }
    defer {
      stop.raise()
      _ = ended.wait(timeout: .now() + 2)
    }
    var plan = WallDevicePlan(name: "p", kind: kind, connection: .network(host: "127.0.0.1", port: Int(listener.port)))
    plan.ports = [1]
    _ = try told(plan) { $0 == .failed(.flooding) }
    // What was on its way when the line was closed is not read, and lies in the buffers of both ends.
    let seen = count.withLock { $0 }
    #expect(seen.sessions <= 2 && seen.bytes < seen.sessions * (WallIntake.limit + 16 * 1_024 * 1_024), "\(seen)")
  }

  /// A serial port is no other: what is on it may be faster than any speed, when it is a USB device of its own.
  @Test func aSerialPortIsCutOffAsWell() throws {
    struct Handed: @unchecked Sendable { let terminal: PseudoTerminal }
    let handed = Handed(terminal: try PseudoTerminal())
    let stop = StopFlag()
    let ended = startThread("flood") {
      var piece = FixedBytes<256>()
      for _ in 0..<256 { piece.append(0x55) }
      while !stop.isRaised {
        if !handed.terminal.slaveIsOpen || handed.terminal.write(piece) == 0 { Thread.sleep(forTimeInterval: 0.001) }
      }
    }
    defer {
      stop.raise()
      _ = ended.wait(timeout: .now() + 2)
    }
    var plan = WallDevicePlan(name: "p", kind: .samsungMDC, connection: .serial(handed.terminal.slavePath, baud: .b9600))
    plan.ports = [1, 2]
    let told = try told(plan) { $0 == .failed(.flooding) }
    #expect(told.last?.isSerial == true)
  }
}
