import DeviceKit
import Glibc
import Transports

/// A second program for the tests: it holds a port, or plays the technician on a bench of adapters that are not there (Helpers/).
@main
enum Probe {
  static func main() {
    let arguments = CommandLine.arguments
    switch arguments.dropFirst().first {
    case "hold" where arguments.count == 3: hold(arguments[2])
    case "bench": bench()
    case "formats": formats()
    default:
      print("usage: transport-probe hold PATH | bench | formats")
      exit(2)
    }
  }

  /// Opens a port, says so, and keeps it until the standard input ends.
  private static func hold(_ path: String) {
    do throws(TransportError) {
      let line = try SerialLine(path: path, settings: SerialSettings())
      print("open=\(line.path)")
      fflush(nil)
      while readLine() != nil {}
      line.close()
    } catch {
      print("error=\(error)")
      exit(1)
    }
  }

  /// Every step prints `name=value` for the test to compare.
  private static func bench() {
    do throws(TransportError) {
      for port in try PortIdentity.list() { print("listed=\(port)") }
      var byAdapter = PortTracker(try PortSelector(parsing: "usb-id:0403:6001:A50285BI"))
      var byName = PortTracker(PortSelector(.path("/dev/ttyUSB0")))
      _ = try byName.locate()
      try firstVisit(try byAdapter.locate())
      try rs485(at: "/dev/ttyUSB0")
      let line = try SerialLine(path: "/dev/ttyUSB0", settings: SerialSettings(baud: .b115200, format: .none8One))
      unplugged(line)
      report("gone", locating: &byAdapter)
      print("beside=\(ask("beside ttyUSB0 1-2 OTHER"))")
      report("othername", locating: &byName)
      print("replug=\(ask("plug ttyUSB3 1-1.3 A50285BI"))")
      let back = try byAdapter.locate()
      print("back=\(back)")
      print("backByName=\(try byName.locate().path)")
      let again = try SerialLine(path: back.path, settings: SerialSettings(baud: .b19200, format: .none8One))
      print("backBaud=\(ask("baud"))")
      print("backTransfer=\(transfer(over: again))")
    } catch {
      print("error=\(error)")
      exit(1)
    }
  }

  /// Opens the bench's adapter in every format and tells what its driver was told, or why the line was refused.
  private static func formats() {
    for format in CharacterFormat.allCases {
      do throws(TransportError) {
        let line = try SerialLine(path: "/dev/ttyUSB0", settings: SerialSettings(baud: .b19200, format: format))
        var state = termios()
        let isRead = tcgetattr(line.fileDescriptor, &state) == 0
        func has(_ flag: Int32) -> Bool { isRead && state.c_cflag & tcflag_t(flag) != 0 }
        let bits = isRead && state.c_cflag & tcflag_t(CSIZE) == tcflag_t(CS8) ? "8" : "?"
        let parity = has(PARENB) ? (has(PARODD) ? "O" : "E") : "N"
        print("\(format.rawValue)=\(bits)\(parity)\(has(CSTOPB) ? "2" : "1") \(line.report.holdsParity)")
        line.close()
      } catch {
        print("\(format.rawValue)=\(error)")
      }
    }
  }

  private static func firstVisit(_ port: PortIdentity) throws(TransportError) {
    let flowBefore = ask("flow")
    let line = try SerialLine(path: port.path, settings: SerialSettings(baud: .b9600, format: .none8Two))
    print("open=\(line.path) \(line.report.backend.rawValue)")
    print("baud=\(ask("baud"))")
    print("flow=\(flowBefore) then \(ask("flow"))")
    print("lowLatency=\(line.report.lowLatency) \(ask("lowlatency"))")
    print("latencyTimer=\(line.report.latencyTimerMilliseconds ?? -1)")
    print("transfer=\(transfer(over: line))")
    do throws(TransportError) {
      _ = try SerialLine(path: port.path, settings: SerialSettings())
      print("second=opened")
    } catch {
      print("second=\(error)")
    }
    print("stillOpen=\(transfer(over: line)) \(ask("baud"))")
    try line.setBreak(true)
    try line.setBreak(false)
    print("breaks=\(ask("breaks"))")
    let exclusive = ask("exclusive")
    line.close()
    print("exclusive=\(exclusive) \(ask("exclusive"))")
  }

  private static func rs485(at path: String) throws(TransportError) {
    let timing = RS485Timing(rtsOnSend: true, delayBeforeSendMilliseconds: 2, delayAfterSendMilliseconds: 3)
    let settings = SerialSettings(baud: .b19200, format: .none8One, rs485: .kernel(timing))
    do throws(TransportError) {
      _ = try SerialLine(path: path, settings: settings)
      print("rs485Refused=opened")
    } catch {
      print("rs485Refused=\(error)")
    }
    print("rs485On=\(ask("rs485 on"))")
    try SerialLine(path: path, settings: settings).close()
    print("rs485State=\(ask("rs485 state"))")
    try SerialLine(path: path, settings: SerialSettings(baud: .b19200, format: .none8One)).close()
    print("rs485After=\(ask("rs485 state"))")
  }

  private static func unplugged(_ line: SerialLine) {
    print("unplug=\(ask("unplug"))")
    let found = waitForInput(line.fileDescriptor, until: MonotonicClock.now() + .seconds(10))
    print("hangupSeen=\(found.contains(.hangup))")
    var bytes = FixedBytes<256>()
    print("hangupRead=\(line.read(into: &bytes))")
    print("hangupWrite=\(line.write(FixedBytes([1])))")
  }

  private static func report(_ name: String, locating tracker: inout PortTracker) {
    do throws(TransportError) {
      print("\(name)=found \(try tracker.locate())")
    } catch {
      print("\(name)=\(error)")
    }
  }

  /// Sends all 256 values; the bench answers each inverted.
  private static func transfer(over line: SerialLine) -> String {
    let sent = FixedBytes<256>(UInt8.min...UInt8.max)
    guard line.write(sent) == .complete else { return "not written" }
    var received: [UInt8] = []
    let limit = MonotonicClock.now() + .seconds(10)
    var bytes = FixedBytes<256>()
    while received.count < 256, MonotonicClock.now() < limit {
      _ = waitForInput(line.fileDescriptor, until: limit)
      guard line.read(into: &bytes) != .hangup else { return "hangup" }
      for index in 0..<bytes.count { received.append(bytes[index]) }
    }
    return received == (UInt8.min...UInt8.max).map { ~$0 } ? "exact" : "wrong after \(received.count)"
  }

  /// One command to the bench and its answer.
  private static func ask(_ command: String) -> String {
    let text = Array("\(command)\n".utf8)
    guard write(3, text, text.count) == text.count else { return "no bench" }
    var answer: [UInt8] = []
    var byte: UInt8 = 0
    while read(4, &byte, 1) == 1, byte != UInt8(ascii: "\n") { answer.append(byte) }
    return String(decoding: answer, as: UTF8.self)
  }
}
