import Foundation
import Testing

@testable import StationIdentity

@Suite struct CodeTests {
  private let code = InvitationCode(authority: (1...10).map { $0 * 25 }, secret: (1...10).map { 255 - $0 * 7 })

  @Test func whatIsShownIsRead() throws {
    #expect(code.text.split(separator: "-").map(\.count) == Array(repeating: 4, count: 9))
    #expect(try InvitationCode(code.text) == code)
    #expect(!code.description.contains(code.text))
    for _ in 0..<200 {
      let random = InvitationCode(authority: InvitationCode.newSecret(), secret: InvitationCode.newSecret())
      #expect(try InvitationCode(random.text) == random)
    }
  }

  @Test func lookAlikesBlanksAndCaseDoNotMatter() throws {
    let zeros = InvitationCode(authority: Array(repeating: 0, count: 10), secret: [8, 66, 16, 132, 33, 8, 66, 16, 132, 33])
    let typed = zeros.text.lowercased().replacingOccurrences(of: "0", with: "o").replacingOccurrences(of: "1", with: "l")
    #expect(try InvitationCode(" " + typed.replacingOccurrences(of: "-", with: " ") + "\n") == zeros)
  }

  /// Every single wrong character and every exchange of neighbours is found, and the right groups are named.
  @Test func everyTypingErrorIsFoundInItsPlace() {
    let good = Array(code.text.filter { $0 != "-" })
    for place in good.indices {
      for letter in "0123456789ABCDEFGHJKMNPQRSTVWXYZ" where letter != good[place] {
        var wrong = good
        wrong[place] = letter
        expectFound(String(wrong), place)
      }
      // Neighbours that two different characters check are each found by their own.
      if place + 1 < good.count, good[place] != good[place + 1] {
        var wrong = good
        wrong.swapAt(place, place + 1)
        // The last character exchanged with the first check character is found by that one first.
        expectFound(String(wrong), place == 31 ? 32 : place)
      }
    }
  }

  private func expectFound(_ text: String, _ place: Int) {
    let first = (place < 32 ? place / 8 : place - 32) * 2 + 1
    #expect(throws: InvitationCode.Mistake.typing(firstGroup: first)) { try InvitationCode(text) }
  }

  @Test func whatIsNoCodeIsNamed() {
    #expect(throws: InvitationCode.Mistake.length(0)) { try InvitationCode("") }
    #expect(throws: InvitationCode.Mistake.length(4)) { try InvitationCode("ABCD") }
    #expect(throws: InvitationCode.Mistake.letter("U", group: 2)) { try InvitationCode("ABCD-EFGU") }
    #expect(throws: InvitationCode.Mistake.letter("邻", group: 1)) { try InvitationCode("邻里") }
    #expect(throws: InvitationCode.Mistake.length(1000)) { try InvitationCode(String(repeating: "A", count: 100_000)) }
  }

  @Test(arguments: ["tiexi-03", "铁西社区3", "a_B.9", "㐀𠮷"]) func namesSurviveACertificate(_ text: String) throws {
    let name = try StationName(text)
    #expect(name.uri.utf8.allSatisfy { $0 < 128 && $0 > 32 })
    #expect(StationName(uri: name.uri) == name)
  }

  @Test(arguments: [
    "", " a", "a b", "a\n", "a\u{0}b", "a^b", "a:b", "a@b", "a/b", "\u{E9}", "e\u{301}", "\u{F900}", "🏠",
    String(repeating: "a", count: 41),
  ]) func namesThatMisleadAreRefused(
    _ text: String
  ) {
    #expect(throws: IdentityError.badName(text)) { try StationName(text) }
  }

  /// What Swift would call equal to another spelling is no name, so that bytes and text are compared alike.
  @Test func everyNameHasOneSpelling() throws {
    for value in 0...0x33000 {
      guard let scalar = Unicode.Scalar(UInt32(value)), StationName.accepts(scalar) else { continue }
      let text = String(scalar)
      let isOne =
        text.precomposedStringWithCanonicalMapping.unicodeScalars.elementsEqual([scalar])
        && text.decomposedStringWithCanonicalMapping.unicodeScalars.elementsEqual([scalar])
      #expect(isOne, "\(String(value, radix: 16))")
    }
    #expect(StationName(uri: "urn:linli:station:%61") == nil)
    #expect(StationName(uri: "urn:linli:station:") == nil)
  }

  @Test func serialsAreReadAsPeopleCopyThem() throws {
    #expect(try Serial("0A:Bc 01").text == "abc01")
    #expect(throws: IdentityError.badSerial("xyz")) { try Serial("xyz") }
    #expect(throws: IdentityError.badSerial("")) { try Serial("") }
  }
}
