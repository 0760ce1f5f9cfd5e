import DeviceVocabulary
import ResidentCardCodec
import Transports

extension PersonalFields {
  /// Name, number and address of a card, and nothing else of it. The address that was added last wins; of foreigners the Latin name stands
  /// where there is no Chinese one. `nil` unless the buffer holds the text of a card.
  public init?(card: SecretBuffer, newestAddress: SecretBuffer?, pages: SecretBuffer.PageKeeper? = LockedPages.keep) {
    guard let text = CardText(card) else { return nil }
    self.init(pages: pages)
    let field = SecretBuffer(capacity: Field.address.limit, pages: pages)
    defer { field.wipe() }
    if text.copy(.name, into: field) == 0 { text.copy(.latinName, into: field) }
    set(.name, from: field)
    text.copy(.number, into: field)
    set(.number, from: field)
    let isNewest = newestAddress.map { CardText.copyAddress($0, into: field) > 0 } ?? false
    if !isNewest { text.copy(.address, into: field) }
    set(.address, from: field)
  }
}
