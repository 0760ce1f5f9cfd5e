import Testing

@testable import KioskHost

@Suite struct KioskAddressTests {
  @Test func onlyATerminalOfThisMachineIsOpened() throws {
    let address = try KioskAddress("http://127.0.0.1:8466/kiosk/hall")
    #expect(address == KioskAddress(port: 8466, terminal: "hall"))
    #expect(address.page == "http://127.0.0.1:8466/kiosk/hall")
    #expect(KioskAddress(port: 1, terminal: "大厅").page == "http://127.0.0.1:1/kiosk/%E5%A4%A7%E5%8E%85")
    for other in [
      "https://127.0.0.1:8466/kiosk/hall", "http://10.0.0.9:8466/kiosk/hall", "http://127.0.0.1:8466/hall",
      "http://127.0.0.1/kiosk/hall",
      "http://127.0.0.1:8466/kiosk/", "http://127.0.0.1:8466/kiosk/a/b", "http://127.0.0.1:99999/kiosk/a", "file:///etc/passwd",
      "",
      "http://127.0.0.1:8466/kiosk/hall --no-sandbox",
    ] {
      #expect(throws: KioskError.notThisMachine(other)) { try KioskAddress(other) }
    }
  }
}
