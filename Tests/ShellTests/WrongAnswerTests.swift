import Foundation
import TestSupport
import Testing

/// Panels that answer for another or too late, on the real wire.
@Suite(.serialized) struct WrongAnswerTests {
  @Test func aPanelThatAnswersForAnotherMovesNoPress() throws {
    let shell = try Shell(panels: 3)
    let station = try shell.startStation()
    try shell.waitUntilOnline(3)
    // Two speak at once when 3 is asked, nobody when 2 is.
    _ = try shell.panels("fault 2 answers-for 3")
    try shell.waitUntil("panel 2 is a fault") { try shell.status().contains("故障 A/2:silent") }
    for panel in 1...3 { _ = try shell.panels("press \(panel)/1") }
    try shell.waitUntilLamp(1, 1, shows: "slow")
    #expect(try !shell.presses().contains { $0.button.description == "A/2/1" })
    _ = try shell.panels("fault 2 none")
    for panel in 2...3 { try shell.waitUntilLamp(panel, 1, shows: "slow") }
    #expect(try shell.stop(station) == 0)
    let presses = try shell.presses()
    #expect(presses.map(\.button.description).sorted() == ["A/1/1", "A/2/1", "A/3/1"])
    for press in presses { #expect(press.identity.unit == 1000 + UInt32(press.button.device.node), "\(press)") }
  }

  /// Alone at the other's address: its presses count, for nobody may be lost, and the desk says that another unit answers there.
  @Test func aPanelInThePlaceOfADeadOneIsNamed() throws {
    let shell = try Shell(panels: 3)
    let station = try shell.startStation()
    try shell.waitUntilOnline(3)
    _ = try shell.panels("power 3 off")
    try shell.waitUntil("panel 3 is a fault") { try shell.status().contains("故障 A/3:silent") }
    _ = try shell.panels("fault 2 answers-for 3")
    try shell.waitUntil("the stranger is named") { try shell.status().contains("故障 A/3:wrongIdentity: 面板换成了另一台") }
    #expect(try shell.stop(station) == 0)
  }

  @Test func answersAfterTheirTimeOutAreNotTakenForOthers() throws {
    let shell = try Shell(panels: 3)
    let station = try shell.startStation()
    try shell.waitUntilOnline(3)
    _ = try shell.panels("fault 2 late 400")
    for panel in 1...3 { _ = try shell.panels("press \(panel)/1") }
    for panel in [1, 3] { try shell.waitUntilLamp(panel, 1, shows: "slow") }
    for panel in [1, 3] { _ = try shell.panels("press \(panel)/2") }
    for panel in [1, 3] { try shell.waitUntilLamp(panel, 2, shows: "slow") }
    _ = try shell.panels("fault 2 none")
    try shell.waitUntilLamp(2, 1, shows: "slow")
    #expect(try shell.stop(station) == 0)
    let presses = try shell.presses()
    #expect(presses.map(\.button.description).sorted() == ["A/1/1", "A/1/2", "A/2/1", "A/3/1", "A/3/2"])
    for press in presses { #expect(press.identity.unit == 1000 + UInt32(press.button.device.node), "\(press)") }
  }
}
