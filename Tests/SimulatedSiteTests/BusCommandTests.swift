import CallPanelDeviceModel
import SimulatedSite
import Testing

@Suite struct BusCommandTests {
  @Test(arguments: [
    ("address 3 5", BusCommand.hand(node: 3, .configure(address: 5, baudCode: nil))),
    ("baud 3 9600", .hand(node: 3, .configure(address: nil, baudCode: 0))),
    ("baud all 115200", .all(.configure(address: nil, baudCode: 4))),
    ("wire short", .wire(.shorted)), ("wire delay 40", .wire(.delayed(milliseconds: 40))),
    ("wire duplicate 10", .wire(.doubled(perMille: 10))), ("wire cut 3", .wire(.cutBefore(2))), ("wire ok", .wire(.none)),
    ("hold 3/1", .hand(node: 3, .press(1))), ("fault 2 late 400", .hand(node: 2, .fault(.late(milliseconds: 400)))),
    ("press 3/1", .tap(node: 3, button: 1, milliseconds: BusCommand.tapMilliseconds)),
  ])
  func readsWhatAPersonTypes(text: String, command: BusCommand) throws {
    #expect(try BusCommand(text) == command)
  }

  @Test(arguments: [
    "", "address 3", "address 3 0", "address 3 248", "address x 3", "baud 3 1200", "baud all", "baud some 9600", "wire shorted",
    "wire delay", "wire delay -1", "wire duplicate x", "fault 1 asleep", "hold 3", "hold 3/9",
    "wire cut 0", "wire noise 1001", "wire loss 2000", "fault 1 answers-for 0", "fault 1 signs-as 248",
  ])
  func saysWhatIsWrongWithAnythingElse(text: String) throws {
    let error = #expect(throws: BusCommandError.self) { try BusCommand(text) }
    #expect(error?.description.contains(" / ") == true)
  }

  @Test func everyVerbIsInTheHelp() {
    for verb in ["press", "hold", "release", "line", "housing", "power", "address", "baud", "fault", "wire", "show"] {
      #expect(BusCommand.help.contains("\(verb) ") || BusCommand.help.contains("\n\(verb)"))
    }
  }
}
