import DeviceKit
import DeviceVocabulary
import Foundation
import ResidentCardCodec
import ResidentCardDeviceModel
import Testing

@testable import Sealing

/// What of a card is sealed.
@Suite struct CardFieldsTests {
  @Test(arguments: CardKind.allCases) func nameNumberAndAddressOfEachKind(_ kind: CardKind) throws {
    for seed in UInt64(0)..<20 {
      let json = try Self.fields(.person(kind, seed: seed))
      #expect(json["name"]?.isEmpty == false && json["number"]?.isEmpty == false)
      let hasAddress = kind == .resident || kind == .regional
      #expect((json["address"] != nil) == hasAddress && json.count == (hasAddress ? 3 : 2))
    }
  }

  @Test func theNewestAddressWinsUnlessItIsEmpty() throws {
    #expect(try Self.fields(.person(.resident, seed: 1, newestAddress: "新址路2号"))["address"] == "新址路2号")
    #expect(try Self.fields(.person(.resident, seed: 1, newestAddress: ""))["address"]?.hasPrefix("测试省") == true)
  }

  @Test func quotesAndGarbageStayInsideTheirField() throws {
    let json = try Self.fields(
      SyntheticCard(.resident, [(.name, #"王",\"x":"#), (.number, "\u{0}\u{1}\u{7f}"), (.address, "\u{202E}号\n")]))
    #expect(json["name"] == #"王",\"x":"# && json.count == 3)
    #expect(json["number"]?.unicodeScalars.allSatisfy { $0 == "\u{FFFD}" } == true)
    var random = SeededRandom(seed: 11)
    for _ in 0..<200 {
      var card = SyntheticCard(.resident, [])
      for index in 0..<220 { card.text[index] = UInt8(truncatingIfNeeded: random.next()) }
      let json = try Self.fields(card)
      #expect(Set(json.keys).isSubset(of: ["name", "number", "address"]))
    }
  }

  @Test func whatIsNoCardHasNoFields() {
    let short = SecretBuffer(capacity: 255)
    short.fill(from: [UInt8](repeating: 0x20, count: 255))
    #expect(PersonalFields(card: short, newestAddress: nil, pages: nil) == nil)
  }

  /// The sealed form, read by a library.
  private static func fields(_ card: SyntheticCard) throws -> [String: String] {
    let text = SecretBuffer(capacity: CardText.length)
    text.fill(from: card.text)
    let newest = card.newestAddress.map { bytes in
      let buffer = SecretBuffer(capacity: CardText.addressLength)
      buffer.fill(from: bytes)
      return buffer
    }
    let fields = try #require(PersonalFields(card: text, newestAddress: newest, pages: nil))
    let sealed = SecretBuffer(capacity: 1024)
    try #require(fields.write(to: sealed))
    try #require(PersonalFields(reading: sealed, pages: nil) != nil)
    let bytes = sealed.withSpan { bytes in bytes.indices.map { bytes[$0] } }
    return try JSONDecoder().decode([String: String].self, from: Data(bytes))
  }
}
