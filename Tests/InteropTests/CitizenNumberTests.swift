import DeviceKit
import DeviceVocabulary
import Foundation
import ResidentCardCodec
import ResidentCardDeviceModel
import StationRuntime
import TestSupport
import Testing

/// Numbers of cards against id-validator. They are nobody's: made of a region, a day and a count, here or there, in each run.
@Suite struct CitizenNumberTests {
  private static let python = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent(".venv/bin/python").path
  private static let digits = Array("0123456789X")

  /// What our codec says of a card with that number.
  private static func doubts(_ number: String) throws -> CardDoubts {
    let birth = String(number.dropFirst(6).prefix(8))
    let card = SyntheticCard(
      .resident, [(.name, "样本"), (.birth, birth), (.number, number), (.validFrom, "20200101"), (.validTo, "长期")])
    let content = SecretBuffer(capacity: CardText.length)
    content.fill(from: card.text)
    return try #require(CardText(content)).doubts()
  }

  /// The cards that `linli sim card list` offers. Day and check digit are right, and the region was given to no place on purpose: a number
  /// of a real region might be somebody's.
  @Test func theNumbersOfTheSimulatedCardsAreRightInAllButTheirRegions() throws {
    let shell = try Shell(folder: Shell.newFolder(), site: "")
    let socket = "\(shell.folder)/reader.sock"
    try shell.start(["sim", "reader", "--pty", "\(shell.folder)/reader", "--socket", socket])
    try shell.waitUntil("the reader is there") { (try? ControlSocket.ask(socket, "ping")) == "ok\n" }
    let people = try ControlSocket.ask(socket, "list").split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    // A foreigner's of 2017 has fifteen places and no check digit.
    let numbers = people.compactMap { words in words.first { $0.count == 18 && $0.dropLast().allSatisfy(\.isNumber) } }
    #expect(people.count { $0.last == "resident" } == 12 && numbers.count == people.count { $0.last != "foreign2017" })
    for number in numbers { #expect(try Self.doubts(number).isEmpty, "\(number)") }
    let file = "\(shell.folder)/numbers"
    try numbers.joined(separator: "\n").write(toFile: file, atomically: true, encoding: .ascii)
    let run = try shell.run([PeerModule.file("citizen_number_parts.py"), file], program: Self.python)
    try #require(run.code == 0, "\(run.text)")
    let said = run.text.split(separator: "\n").map(String.init).filter { $0.hasPrefix("yes ") || $0.hasPrefix("no ") }
    #expect(said == numbers.map { _ in "no yes yes yes" }, "\(zip(numbers, said).map { "\($0): \($1)" })")
    // With a wrong check digit, or a day that there is not, the peer says so: it does look.
    let number = try #require(numbers.first)
    let wrong = number.dropLast() + (number.last == "1" ? "2" : "1")
    try "\(wrong)\n\(number.prefix(10))1341\(number.suffix(4))".write(toFile: file, atomically: true, encoding: .ascii)
    let again = try shell.run([PeerModule.file("citizen_number_parts.py"), file], program: Self.python).text
    let words = again.split(separator: "\n").map { $0.split(separator: " ") }.filter { ["yes", "no"].contains($0.first) }
    try #require(words.count == 2)
    #expect(words[0] == ["no", "yes", "yes", "no"] && words[1][1] == "no", "\(again)")
  }

  @Test func bothSayTheSameOfEveryCheckDigit() throws {
    var random = SeededRandom(seed: 5)
    var numbers: [String] = []
    for _ in 0..<30 {
      // A region that there is: the peer asks for that, too.
      let stem =
        "110105" + "19\(30 + random.below(60))" + "0\(1 + random.below(9))" + "\(10 + random.below(18))"
        + "\(100 + random.below(900))"
      numbers += Self.digits.map { stem + String($0) }
    }
    let shell = try Shell(folder: Shell.newFolder(), site: "")
    let file = "\(shell.folder)/numbers"
    try numbers.joined(separator: "\n").write(toFile: file, atomically: true, encoding: .ascii)
    let run = try shell.run([PeerModule.file("citizen_numbers.py"), file], program: Self.python)
    try #require(run.code == 0, "\(run.text)")
    let lines = run.text.split(separator: "\n").map(String.init)
    let said = lines.filter { $0 == "good" || $0 == "bad" }
    try #require(said.count == numbers.count)
    for (number, word) in zip(numbers, said) {
      #expect(try Self.doubts(number).isEmpty == (word == "good"), "\(number): \(word)")
    }
    #expect(said.count { $0 == "good" } == 30)
    // And what the peer makes is good here.
    let made = lines.compactMap { $0.hasPrefix("made ") ? String($0.dropFirst(5)) : nil }
    #expect(made.count == 100)
    for number in made { #expect(try Self.doubts(number).isEmpty, "\(number)") }
  }
}
