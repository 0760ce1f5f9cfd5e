import Foundation
import Testing
import Transports

/// The libserialport side, run for real on emulated adapters. Without umockdev, cc or the development files these tests fail.
@Suite struct SerialPortTests {
  /// A folder that is always there, whatever TMPDIR says: umockdev's socket paths must stay under 108 bytes.
  private func folder() throws -> URL {
    let folder = URL(fileURLWithPath: "/tmp/linli-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    return folder
  }

  /// Compiles one of the helpers.
  private func compile(_ source: String, _ options: String, to binary: String) throws {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Helpers/\(source)").path
    let compiled = try ProgramRun.run(["sh", "-c", "exec cc -O1 -Wall -Werror -o '\(binary)' '\(path)' \(options)"])
    try #require(compiled.status == 0, "\(compiled.errors)")
  }

  /// What the probe printed as `name=value` on the bench.
  private func probe(_ command: String, in folder: URL, environment: [String: String] = [:]) throws -> [String: String] {
    let bench = folder.appendingPathComponent("serial-testbed").path
    try compile("serial-testbed.c", "$(pkg-config --cflags --libs umockdev-1.0 gio-2.0)", to: bench)
    let run = try ProgramRun.run(
      ["timeout", "60", "umockdev-wrapper", bench, try ProgramRun.probe(), command],
      environment: environment.merging(["TMPDIR": folder.path]) { $1 })
    try #require(run.status == 0, "\(run.output)\n\(run.errors)")
    return Dictionary(
      run.output.split(separator: "\n").compactMap { line in
        line.firstIndex(of: "=").map { (String(line[..<$0]), String(line[line.index(after: $0)...])) }
      }, uniquingKeysWith: { $0 + "\n" + $1 })
  }

  @Test func everyFormatReachesADriverThatHoldsParity() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let driver = folder.appendingPathComponent("parity-driver.so").path
    try compile("parity-driver.c", "-shared -fPIC -ldl", to: driver)
    let values = try probe("formats", in: folder, environment: ["LD_PRELOAD": driver])
    #expect(values == ["8N1": "8N1 true", "8E1": "8E1 true", "8O1": "8O1 true", "8N2": "8N2 true"])
  }

  @Test func aDriverThatDropsParityIsRefusedByName() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let values = try probe("formats", in: folder)
    #expect(values["8N1"] == "8N1 true" && values["8N2"] == "8N2 true")
    for format in ["8E1", "8O1"] {
      let refusal = TransportError.settingsRefused(path: "/dev/ttyUSB0", settings: "19200 \(format)")
      #expect(values[format] == refusal.description)
    }
  }

  @Test func listsOpensTransfersAndFollowsAnAdapterThatIsReplugged() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let values = try probe("bench", in: folder)
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
