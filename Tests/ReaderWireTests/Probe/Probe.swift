import DeviceKit
import DeviceVocabulary
import Foundation
import ResidentCardCodec
import StationRuntime
import Transports

/// The terminal's side of a reader as a program of its own: what it is told on standard input it asks of a `ResidentReader`, and it prints what
/// that reports, a line each. Its memory can be searched for what was on a card.
@main
enum Probe {
  static let usage =
    "usage: reader-probe usb [SOCKET] | serial PATH | devices [deaf] | printer | cards usb|service|automatic [NAME]"

  static func main() {
    let arguments = CommandLine.arguments
    var plan = ReaderPlan()
    switch arguments.dropFirst().first {
    case "usb": plan.connection = .usb(ReaderPlan.knownReaders, at: arguments.count > 2 ? arguments[2] : nil)
    case "serial" where arguments.count == 3: plan.connection = .serial(path: arguments[2], baud: .b115200)
    case "printer": return PrinterLook.run()
    case "cards" where arguments.count > 2:
      let name = arguments.count > 3 ? arguments[3] : nil
      let ways: [String: SmartCardPlan.Connection] = ["usb": .usb(nil, at: nil), "service": .service(name)]
      return CardLook.run(SmartCardPlan(connection: ways[arguments[2]] ?? .automatic))
    case "devices": return DeviceLook.run(hears: !arguments.contains("deaf"))
    default:
      print(usage)
      exit(2)
    }
    // On a machine that builds other things meanwhile, a device of programs is later than one of wires.
    if ProcessInfo.processInfo.environment["LINLI_PATIENT"] != nil {
      plan.settings.gapTimeout = .milliseconds(500)
      plan.settings.statusTimeout = .milliseconds(1500)
      plan.settings.findTimeout = .milliseconds(1500)
      plan.settings.selectTimeout = .milliseconds(1500)
    }
    do {
      let reader = try ResidentReader(plan: plan, log: { say("log \($0)") }, report: { say($0) })
      obey(reader)
      reader.shutDown()
      say("end")
    } catch {
      say("error \(error)")
      exit(1)
    }
  }

  static func say(_ text: String) {
    let line = Array((text + "\n").utf8)
    _ = write(1, line, line.count)
  }

  private static func say(_ report: ReaderReport) {
    switch report {
    case .health(let health): say("health \(health)")
    case .event(let event): say("event \(event)")
    case .record(let record, _):
      let hash = record.content.open(for: .compareAtWindow) { _ in true }?.withSpan { digest($0) } ?? 0
      let address = record.newestAddress?.open(for: .compareAtWindow) { _ in true }?.withSpan { digest($0) } ?? 0
      say("record \(record.kind) \(record.masked.name) \(record.masked.number) \(hash) \(address)")
    }
  }

  /// So that the test can compare without the text being printed.
  private static func digest(_ bytes: Span<UInt8>) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for index in bytes.indices { hash = (hash ^ UInt64(bytes[index])) &* 0x100_0000_01b3 }
    return hash
  }

  private static func obey(_ reader: ResidentReader) {
    while let line = readLine() {
      let words = line.split(separator: " ").map(String.init)
      switch words.first {
      case "read" where words.count == 4:
        let until = MonotonicClock.now() + .milliseconds(Int(words[2]) ?? 0)
        reader.read(
          newestAddress: words[3] == "address", consent: CardConsent(number: UInt64(words[1]) ?? 0, until: until))
      case "cancel":
        reader.cancel()
        say("cancelled")
      case "scan" where words.count == 2: say("found \(MemoryScan.count(inverted: words[1]))")
      case "quit": return
      default: say("unknown \(line)")
      }
    }
  }
}

/// Looks through this program's own memory.
enum MemoryScan {
  /// How often the bytes stand there.
  ///
  /// - Parameter inverted: all their bits turned, in hexadecimal, so that asking does not put them there.
  static func count(inverted text: String) -> Int {
    let digits = text.compactMap(\.hexDigitValue)
    let wanted = stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    guard let first = wanted.first, let maps = try? String(contentsOfFile: "/proc/self/maps", encoding: .utf8) else { return -1 }
    var found = 0
    for line in maps.split(separator: "\n") {
      let parts = line.split(separator: " ", omittingEmptySubsequences: true)
      guard parts.count > 1, parts[1].hasPrefix("rw"), parts.last?.hasPrefix("[vv") != true else { continue }
      let ends = parts[0].split(separator: "-").compactMap { UInt(String($0), radix: 16) }
      guard ends.count == 2, let start = UnsafeRawPointer(bitPattern: ends[0]) else { continue }
      let bytes = UnsafeRawBufferPointer(start: start, count: Int(ends[1] - ends[0]))
      var at = 0
      while at + wanted.count <= bytes.count,
        let next = memchr(start + at, Int32(~first), bytes.count - at - wanted.count + 1)
      {
        at = UnsafeRawPointer(next) - start
        if wanted.indices.allSatisfy({ bytes[at + $0] == ~wanted[$0] }) { found += 1 }
        at += 1
      }
    }
    return found
  }
}
