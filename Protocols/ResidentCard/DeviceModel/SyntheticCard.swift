import DeviceKit
import ResidentCardCodec

/// A card of nobody: its text is made here, and its number has a region that was given to no place.
public struct SyntheticCard: Sendable, Equatable {
  public var kind: CardKind
  /// 256 bytes.
  public var text: [UInt8]
  /// 1024 bytes that decode to no picture.
  public var photo: [UInt8]
  /// 70 bytes; `nil`: no address was added to the card.
  public var newestAddress: [UInt8]?

  public init(_ kind: CardKind, _ fields: [(CardField, String)], newestAddress: String? = nil) {
    self.kind = kind
    text = Self.padding(CardText.length)
    photo = (0..<1024).map { UInt8(truncatingIfNeeded: 7 * $0 + 3) }
    if kind != .resident { Self.put([kind.mark], at: CardKind.markOffset, into: &text) }
    for (field, value) in fields {
      var rest = Array(value.utf16)[...]
      for span in kind.spans(field) {
        Self.put(Array(rest.prefix(span.length / 2)), at: span.offset, into: &text)
        rest = rest.dropFirst(span.length / 2)
      }
    }
    self.newestAddress = newestAddress.map {
      var bytes = Self.padding(CardText.addressLength)
      Self.put(Array(Array($0.utf16).prefix(CardText.addressLength / 2)), at: 0, into: &bytes)
      return bytes
    }
  }

  /// The same card for the same seed.
  public static func person(_ kind: CardKind, seed: UInt64, newestAddress: String? = nil) -> SyntheticCard {
    var random = SeededRandom(seed: seed)
    func digits(_ count: Int, _ value: UInt32) -> String {
      let text = String(value)
      return String(repeating: "0", count: max(0, count - text.count)) + text.suffix(count)
    }
    let given = ["样本", "示例", "试", "假想", "测"]
    let name = ["王", "李", "欧阳", "陈"][Int(random.below(4))] + given[Int(random.below(5))]
    let birth = digits(4, 1930 + random.below(80)) + digits(2, 1 + random.below(12)) + digits(2, 1 + random.below(28))
    let region = kind == .foreign2023 ? "900999" : "0000" + digits(2, random.below(100))
    let stem = region + birth + digits(3, random.below(1000))
    var number = stem + String(Character(checkDigit(stem)))
    if kind == .foreign2017 { number = "XXX" + digits(12, random.below(999_999)) }
    var fields: [(CardField, String)] = [
      (.name, name), (.sex, random.chance(1, in: 2) ? "1" : "2"), (.birth, birth), (.number, number), (.validFrom, "20200101"),
      (.validTo, random.chance(1, in: 3) ? "长期" : "20400101"),
    ]
    switch kind {
    case .resident, .regional:
      fields += [(.address, "测试省示例市样本区假想路\(1 + random.below(999))号"), (.authority, "示例市公安局样本分局")]
      if kind == .resident { fields += [(.nation, digits(2, 1 + random.below(56)))] }
      if kind == .regional { fields += [(.travelPermit, "H0000" + digits(4, random.below(9999))), (.issueCount, "01")] }
    case .foreign2017:
      fields += [(.latinName, "SAMPLE, TEST PERSON"), (.nationality, "XXX"), (.cardVersion, "01"), (.office, "0000")]
    case .foreign2023:
      fields += [
        (.latinName, "SAMPLE, A PERSON WHOSE NAME DOES NOT FIT IN ONE PLACE"), (.nationality, "XXX"), (.replacements, "01"),
      ]
    }
    return SyntheticCard(kind, fields, newestAddress: newestAddress)
  }

  /// What `SDTCommand.read` brings.
  public var record: [UInt8] { [0x01, 0x00, 0x04, 0x00] + text + photo }

  private static func checkDigit(_ stem: String) -> Unicode.Scalar {
    var check = CheckDigit()
    for digit in stem.utf8 { check.update(Int(digit) - 0x30) }
    return check.scalar
  }

  private static func padding(_ length: Int) -> [UInt8] { (0..<length).map { $0 % 2 == 0 ? 0x20 : 0 } }

  private static func put(_ units: [UInt16], at offset: Int, into bytes: inout [UInt8]) {
    for (index, unit) in units.enumerated() {
      bytes[offset + 2 * index] = UInt8(truncatingIfNeeded: unit)
      bytes[offset + 2 * index + 1] = UInt8(truncatingIfNeeded: unit >> 8)
    }
  }
}
