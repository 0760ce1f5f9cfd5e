import DeviceVocabulary

/// What of a card may stand on a screen: `王*` and `220***********1234`. It does not print: it is for screens, not for logs.
public struct MaskedCard: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The first character, and a star for each that follows, two at the most; the Latin name where there is no Chinese one.
  public let name: String
  /// The first three places and the last four.
  public let number: String

  public init(_ text: CardText) {
    let chinese = Self.mask(text, .name)
    name = chinese.isEmpty ? Self.mask(text, .latinName) : chinese
    number = Self.number { text.forEachCharacter(of: .number, $0) }
  }

  private static func mask(_ text: CardText, _ field: CardField) -> String {
    var first: Unicode.Scalar?
    var places = 0
    text.forEachCharacter(of: field) { scalar in
      if places == 0 { first = scalar }
      places += 1
    }
    guard let first else { return "" }
    // A name of one character would stand there whole.
    let shown = places > 1 && first.properties.isAlphabetic ? String(Character(first)) : "*"
    return shown + String(repeating: "*", count: min(max(places - 1, 1), 2))
  }

  /// `220***********1234` (GB/T 35273): the whole number never is a string.
  ///
  /// - Parameter each: goes through the number's characters, or its bytes; called twice.
  public static func number(_ each: ((Unicode.Scalar) -> Void) -> Void) -> String {
    var places = 0
    each { _ in places += 1 }
    var masked = ""
    var place = 0
    // So few places, or anything but digits and capitals: no form of number that we know.
    let isKnown = places == 15 || places == 18
    each { scalar in
      let isShown = isKnown && (place < 3 || place >= places - 4) && (scalar.decimal != nil || scalar.isCapital)
      masked.unicodeScalars.append(isShown ? scalar : "*")
      place += 1
    }
    return masked
  }

  public var description: String { "MaskedCard" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: []) }
}

/// A card that was read. The content lies in buffers that the driver erases when its time is over, whoever holds this then.
public struct CardRecord: Sendable {
  public let handle: CardHandle
  public let kind: CardKind
  public let masked: MaskedCard
  public let doubts: CardDoubts
  /// 256 bytes, to be read through `CardText`.
  public let content: Sensitive<SecretBuffer>
  /// 70 bytes (`CardText.copyAddress`); `nil`: not asked for, or there is none.
  public let newestAddress: Sensitive<SecretBuffer>?

  public init(handle: CardHandle, text: CardText, content: SecretBuffer, newestAddress: SecretBuffer?, doubts: CardDoubts) {
    self.handle = handle
    kind = text.kind
    masked = MaskedCard(text)
    self.doubts = doubts
    self.content = Sensitive(content, what: "card")
    self.newestAddress = newestAddress.map { Sensitive($0, what: "card address") }
  }
}
