import Testing
import Transports

@Suite struct PortSelectorTests {
  private let first = PortIdentity(
    path: "/dev/ttyUSB0", topology: "1-1.4:1.0", vendorID: 0x0403, productID: 0x6001, serialNumber: "A1", summary: "FT232R")
  private let second = PortIdentity(
    path: "/dev/ttyUSB1", topology: "1-1.3:1.0", vendorID: 0x0403, productID: 0x6001, serialNumber: "B2", summary: "FT232R")
  private let nameless = PortIdentity(path: "/dev/ttyUSB2", topology: "1-2:1.0", vendorID: 0x1A86, productID: 0x7523)

  @Test(arguments: [
    "/dev/ttyS4", "usb-path:1-1.4:1.0", "usb-path:1-1.4:1.0-port2", "usb-id:0403:6001", "usb-id:1a86:7523:X:Y", "usb-serial:A1",
  ])
  func readsWhatItPrints(text: String) throws {
    #expect(try PortSelector(parsing: text).description == text)
  }

  @Test(arguments: [
    "", "ttyUSB0", "usb-id:0403", "usb-id:403:6001", "usb-id:+403:6001", "usb-id:zzzz:6001", "usb-path:", "usb:1-1",
  ])
  func refusesOtherTexts(text: String) {
    #expect(throws: TransportError.notASelector(text)) { try PortSelector(parsing: text) }
  }

  @Test func findsByPlaceKindAndNumber() throws {
    let ports = [first, second, nameless]
    #expect(try PortSelector(.topology("1-1.3:1.0")).resolve(among: ports) == second)
    #expect(try PortSelector(.topology("1-1.4")).resolve(among: ports) == first)
    #expect(try PortSelector(.serialNumber("B2")).resolve(among: ports) == second)
    #expect(try PortSelector(.adapter(vendorID: 0x1A86, productID: 0x7523, serialNumber: nil)).resolve(among: ports) == nameless)
  }

  @Test func namesWhatIsThereInstead() {
    let ports = [first, second]
    #expect(throws: TransportError.nothingMatches(selector: "usb-serial:C3", present: ports.map(\.description))) {
      try PortSelector(.serialNumber("C3")).resolve(among: ports)
    }
    #expect(throws: TransportError.ambiguous(selector: "usb-id:0403:6001", matches: ports.map(\.description))) {
      try PortSelector(.adapter(vendorID: 0x0403, productID: 0x6001, serialNumber: nil)).resolve(among: ports)
    }
    let missing = "/dev/linli-no-such-port"
    #expect(throws: TransportError.portMissing(path: missing, present: ports.map(\.description))) {
      try PortSelector(.path(missing)).resolve(among: ports)
    }
    let text = TransportError.nothingMatches(selector: "usb-serial:C3", present: ports.map(\.description)).description
    #expect(text.contains("现有端口：/dev/ttyUSB0 usb-path:1-1.4:1.0 usb-id:0403:6001:A1 FT232R"))
  }

  @Test func followsAnAdapterToAnotherNameAndSocket() throws {
    var tracker = PortTracker(PortSelector(.serialNumber("A1")))
    #expect(try tracker.locate(among: [first, second]).path == "/dev/ttyUSB0")
    var moved = first
    moved.path = "/dev/ttyUSB7"
    moved.topology = "3-1:1.0"
    #expect(try tracker.locate(among: [second, moved]) == moved)
  }

  @Test func takesTheSameSocketWhenAdaptersHaveEqualNumbers() throws {
    var twin = first
    twin.path = "/dev/ttyUSB1"
    twin.topology = "1-1.3:1.0"
    var tracker = PortTracker(PortSelector(.topology("1-1.4:1.0")))
    #expect(try tracker.locate(among: [first, twin]) == first)
    var renamed = first
    renamed.path = "/dev/ttyUSB9"
    #expect(try tracker.locate(among: [twin, renamed]) == renamed)
    // Only the twin is left, in its own socket: that is another bus.
    #expect(throws: TransportError.self) { try tracker.locate(among: [twin, twin]) }
  }

  @Test func doesNotGuessWithoutANumber() throws {
    var tracker = PortTracker(PortSelector(.topology("1-2:1.0")))
    #expect(try tracker.locate(among: [nameless]) == nameless)
    var elsewhere = nameless
    elsewhere.topology = "1-3:1.0"
    #expect(throws: TransportError.self) { try tracker.locate(among: [elsewhere]) }
    var renamed = nameless
    renamed.path = "/dev/ttyUSB5"
    #expect(try tracker.locate(among: [elsewhere, renamed]) == renamed)
  }
}
