import DeviceKit
import DigitalIOCodec
import DigitalIODeviceModel
import Foundation
import ModbusRTUCodec
import Testing

@Suite struct DigitalIOVectorTests {
  @Test func vectorsAreAnswered() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(
      path: "../../Protocols/DigitalIO/Vectors/module.txt")
    var module = DigitalIOModule(address: 20, layout: DigitalIOTests.layout, timing: ModbusTiming(baud: 19_200))
    module.setContact(1, closed: true)
    module.setContact(12, closed: true)
    var now = Instant(microseconds: 1_000_000)
    var (title, answer, checked) = ("", [UInt8](), 0)
    for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") where !line.hasPrefix("#") {
      let bytes = line.dropFirst(2).split(separator: " ").compactMap { UInt8($0, radix: 16) }
      switch line.first {
      case "=": title = String(line.dropFirst(2))
      case ">":
        var out = Effects<DigitalIOModule.Effect>()
        now += .milliseconds(100)
        module.handle(.received(FixedBytes(bytes)), at: now, into: &out)
        module.handle(.wake, at: now + .milliseconds(3), into: &out)
        answer = out.isEmpty ? [] : (0..<module.reply.count).map { module.reply[$0] }
        module.handle(.transmitted, at: now + .milliseconds(20), into: &out)
      default:
        #expect(answer == bytes, "\(title)")
        checked += 1
      }
    }
    #expect(checked == 7)
  }
}
