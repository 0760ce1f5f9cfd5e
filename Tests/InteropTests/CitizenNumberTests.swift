import DeviceKit
import DeviceVocabulary
import Foundation
import ResidentCardCodec
import ResidentCardDeviceModel
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
