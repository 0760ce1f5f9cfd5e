import Foundation
import Testing

/// The libserialport side, run for real on emulated adapters. Without umockdev, cc or the development files these tests fail.
@Suite struct SerialPortTests {
  @Test func listsOpensTransfersAndFollowsAnAdapterThatIsReplugged() throws {
    // Always there, whatever TMPDIR says: umockdev's socket paths must stay under 108 bytes.
    let folder = URL(fileURLWithPath: "/tmp/linli-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: folder) }
    let bench = folder.appendingPathComponent("serial-testbed").path
    let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Helpers/serial-testbed.c")
      .path
    let script = "exec cc -O1 -Wall -Werror -o '\(bench)' '\(source)' $(pkg-config --cflags --libs umockdev-1.0 gio-2.0)"
    let compiled = try ProgramRun.run(["sh", "-c", script])
    try #require(compiled.status == 0, "\(compiled.errors)")

    let run = try ProgramRun.run(
      ["timeout", "60", "umockdev-wrapper", bench, try ProgramRun.probe(), "bench"], environment: ["TMPDIR": folder.path])
    let values = Dictionary(
      run.output.split(separator: "\n").compactMap { line in
        line.firstIndex(of: "=").map { (String(line[..<$0]), String(line[line.index(after: $0)...])) }
      }, uniquingKeysWith: { $0 + "\n" + $1 })
    try #require(run.status == 0, "\(run.output)\n\(run.errors)")

    #expect(values["listed"] == "/dev/ttyUSB0 usb-path:1-1.4:1.0 usb-id:0403:6001:A50285BI FT232R USB UART")
    #expect(values["open"] == "/dev/ttyUSB0 serialPort")
    #expect(values["baud"] == "9600")
    #expect(values["flow"] == "software then none")
    #expect(values["lowLatency"] == "true 1")
    #expect(values["latencyTimer"] == "1")
    #expect(values["transfer"] == "exact")
    #expect(values["second"]?.hasPrefix("端口被占用：/dev/ttyUSB0，占用者进程") == true)
    #expect(values["stillOpen"] == "exact 9600")
    #expect(values["breaks"] == "1")
    #expect(values["exclusive"] == "1 0")

    #expect(values["rs485Refused"]?.contains("没有 RS-485 模式") == true)
    #expect(values["rs485State"] == "3 2 3")
    #expect(values["rs485After"] == "2 2 3")

    #expect(values["hangupSeen"] == "true")
    #expect(values["hangupRead"] == "hangup")
    #expect(values["hangupWrite"] == "hangup")
    #expect(values["gone"]?.hasPrefix("没有端口符合 usb-id:0403:6001:A50285BI。本机没有发现任何串口") == true)
    #expect(values["othername"]?.contains("usb-path:1-2:1.0 usb-id:0403:6001:OTHER") == true)
    #expect(values["othername"]?.hasPrefix("找不到端口 /dev/ttyUSB0") == true)
    #expect(values["back"]?.hasPrefix("/dev/ttyUSB3 usb-path:1-1.3:1.0 usb-id:0403:6001:A50285BI") == true)
    #expect(values["backByName"] == "/dev/ttyUSB3")
    #expect(values["backBaud"] == "19200")
    #expect(values["backTransfer"] == "exact")
  }
}
