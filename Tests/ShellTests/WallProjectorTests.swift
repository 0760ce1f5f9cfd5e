import Foundation
import TestSupport
import Testing

/// The real program and projectors over TCP: class 1 and class 2, each with a password and without.
@Suite(.serialized) struct WallProjectorTests {
  /// Outputs 1 and 2 are class 1, 2 and 4 want a password.
  private static func wall(passwords: [Int: String]) throws -> WallStation {
    try WallStation(columns: 4, rows: 1, simulator: ["--class1", "p1", "--class1", "p2"]) { site in
      (site.displayKind, site.displayInput) = ("pjlink", "DIGITAL2")
      site.displayPasswords = passwords
    }
  }

  private func device(_ name: String, _ wall: WallStation) throws -> [String: Any] {
    let view = try JSONSerialization.jsonObject(with: Data(try wall.get("/api/wall").body.utf8)) as? [String: Any]
    return try #require((view?["devices"] as? [[String: Any]])?.first { $0["name"] as? String == name })
  }

  @Test func bothClassesAreSwitchedAndReadBack() throws {
    let wall = try Self.wall(passwords: [2: "JBMIAProjectorLink", 4: "JBMIAProjectorLink"])
    try wall.waitUntilProved("all four are warm, and at their input")
    let shown = try wall.shell.devices("show").split(separator: "\n").map(String.init)
    for number in 1...4 {
      #expect(shown.contains("p\(number)  class \(number < 3 ? 1 : 2) on DIGITAL2"), "\(shown)")
      try wall.shell.waitUntil("p\(number) says what it is") { try device("p\(number)", wall)["model"] != nil }
      let said = try device("p\(number)", wall)
      #expect(said["model"] as? String == "Linli Model PJ")
      // SVER is class 2's: a class 1 unit was not asked for it.
      #expect(said["firmware"] as? String == (number < 3 ? "" : "2.01"), "p\(number): \(said)")
    }
    // Somebody's remote control, and the plug: both classes are put right again.
    for number in [1, 4] { try wall.shell.devices("remote p\(number)/1 RGB1") }
    try wall.shell.waitUntil("it is put right") {
      let shown = try wall.shell.devices("show")
      return shown.contains("p1  class 1 on DIGITAL2") && shown.contains("p4  class 2 on DIGITAL2")
    }
    // One that cannot be put right says what it is at, by its own word, and is no device that is not there.
    try wall.shell.devices("lock p3/1")
    try wall.shell.devices("odd p3/1 DIGITAL2")
    try wall.shell.waitUntil("what it says is on the card") {
      let view = try JSONSerialization.jsonObject(with: Data(try wall.get("/api/wall").body.utf8)) as? [String: Any]
      let cards = view?["faults"] as? [[String: Any]] ?? []
      return cards.contains { $0["key"] as? String == "output 3:outputNotSwitched" && "\($0)".contains("INPT=DIGITAL2") }
    }
    #expect(!(try wall.picture().faults.contains { $0.key.hasPrefix("wall p3:") }))
    try wall.shell.devices("unlock p3/1")
    try wall.waitUntilProved("it takes orders again")
    for number in [2, 3] { try wall.shell.devices("off p\(number)") }
    try wall.shell.waitUntil("they are missed") {
      try wall.picture().outputs.filter { $0.proof == "unreachable" }.map(\.number) == [2, 3]
    }
    for number in [2, 3] { try wall.shell.devices("on p\(number)") }
    try wall.waitUntilProved("they are warm again")
    #expect(try wall.shell.devices("show").contains("p2  class 1 on DIGITAL2"))
  }
}
