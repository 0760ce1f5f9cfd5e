import Station

/// The card readers of the terminals, as their pages reach them. Nothing passes here in clear: masked text, and what is sealed.
public struct CardDesk: Sendable {
  /// Somebody at that terminal agrees; `nil` where there is no reader.
  public var begin: @Sendable (_ kiosk: String) -> UInt64?
  /// The picture once it is another than the one that the page has, or after some seconds. Of card 0: what lies on the reader of smart cards.
  public var picture: @Sendable (_ kiosk: String, _ card: UInt64, _ seen: UInt32) async -> CardPicture
  public var touched: @Sendable (_ kiosk: String, _ card: UInt64) -> Void
  /// `nil`: whoever's card it is.
  public var end: @Sendable (_ kiosk: String, _ card: UInt64?) -> Void
  /// What was read, sealed: answered by `taken` or `giveBack`.
  public var takeField: @Sendable (_ kiosk: String, _ card: UInt64) async -> SealedField?
  public var taken: @Sendable (_ kiosk: String, _ card: UInt64) -> Void
  public var giveBack: @Sendable (_ kiosk: String, _ card: UInt64, SealedField) -> Void

  public init(
    begin: @escaping @Sendable (String) -> UInt64?, picture: @escaping @Sendable (String, UInt64, UInt32) async -> CardPicture,
    touched: @escaping @Sendable (String, UInt64) -> Void, end: @escaping @Sendable (String, UInt64?) -> Void,
    takeField: @escaping @Sendable (String, UInt64) async -> SealedField?, taken: @escaping @Sendable (String, UInt64) -> Void,
    giveBack: @escaping @Sendable (String, UInt64, SealedField) -> Void
  ) {
    self.begin = begin
    self.picture = picture
    self.touched = touched
    self.end = end
    self.takeField = takeField
    self.taken = taken
    self.giveBack = giveBack
  }

  /// A hall without readers.
  public static let none = CardDesk(
    begin: { _ in nil }, picture: { _, _, seen in CardPicture(revision: seen, stage: .over) }, touched: { _, _ in },
    end: { _, _ in }, takeField: { _, _ in nil }, taken: { _, _ in }, giveBack: { _, _, _ in })
}

extension HTTPReply {
  /// What the page goes on with, after its visitor has agreed.
  init(begunWith card: UInt64?) {
    guard let card else {
      self.init(.refused(.noReader))
      return
    }
    let digits = String(card, radix: 16)
    self.init(
      status: 200,
      json: .object {
        $0.field("answer", "reading")
        $0.field("card", String(repeating: "0", count: 16 - digits.count) + digits)
      })
  }

  init(_ picture: CardPicture) {
    self.init(
      status: 200,
      json: .object {
        $0.field("answer", "card")
        $0.field("revision", picture.revision)
        $0.field("stage", picture.stage.rawValue)
        $0.field("name", picture.name)
        $0.field("number", picture.number)
        $0.field("doubtful", picture.isDoubtful)
        $0.field("problem", optional: picture.problem?.rawValue)
        $0.field("lies", optional: picture.lies?.rawValue)
      })
  }
}
