import DeviceVocabulary
import Dispatch
import NIOConcurrencyHelpers
import Sealing
import Station
import Transports

/// Opens for a clerk what is sealed of who is at the window, and seals what the clerk is told for the call-back.
///
/// What is opened is written down before; the clear text goes into one answer and nowhere else. Of a number of an identity document the page is
/// given what is needed to compare it.
struct ContactDesk: Sendable {
  let sealer: FieldSealer?
  /// The newest picture of the visits.
  let newest: NIOLockedValueBox<VisitView?>
  let submit: DutyDesk.Submit
  private static let queue = DispatchQueue(label: "seal")

  func look(window number: Int, post: String, staff: String?) async -> HTTPReply {
    guard let ticket = newest.withLockedValue({ $0?.windows.first { $0.number == number }?.current }) else {
      return HTTPReply(.refused(.windowEmpty))
    }
    guard !ticket.sealed.isEmpty else { return HTTPReply(.refused(.noContact)) }
    let readable = ticket.sealed.filter { sealer?.holds($0.key) ?? false }
    guard let sealer, !readable.isEmpty else { return HTTPReply(.refused(.closedHere)) }
    let answer = await submit(post, .visit(.look(window: number, keys: readable.map(\.key), staff: staff)))
    // Anything else: it is not on disk that somebody looked, so he does not.
    guard answer == .done else { return HTTPReply(answer) }
    let opened = readable.compactMap { field in
      sealer.open(field, for: .compareAtWindow) { _ in true }.flatMap { PersonalFields(reading: $0) }
    }
    guard !opened.isEmpty else { return HTTPReply(.refused(.closedHere)) }
    defer { for fields in opened { fields.wipe() } }
    return Self.answer(opened, closed: ticket.sealed.count - opened.count) ?? HTTPReply(.refused(.closedHere))
  }

  /// `{"answer":"fields","fields":[…],"closed":1}`, in memory that is erased when it was sent. `nil`: it does not fit.
  private static func answer(_ opened: [PersonalFields], closed: Int) -> HTTPReply? {
    let json = SecretBuffer(capacity: answerBytes, pages: LockedPages.keep)
    func put(_ text: String) -> Bool { text.utf8.allSatisfy { json.append($0) } }
    var fits = put(#"{"answer":"fields","fields":["#)
    for (index, fields) in opened.enumerated() { fits = fits && put(index == 0 ? "" : ",") && fields.writeMasked(to: json) }
    fits = fits && put(#"],"closed":\#(closed)}"#)
    return fits ? HTTPReply(status: 200, secret: json) : nil
  }

  /// A card, a contact, and room.
  private static let answerBytes = 8 * SealedField.limit

  /// A contact as it was typed: `nil` for what is no name or no telephone number.
  static func read(name: SecretBuffer, phone: SecretBuffer) -> PersonalFields? {
    var fields = PersonalFields()
    let isPhone = phone.withSpan { span in
      var digits = 0
      for index in span.indices {
        let isDigit = (0x30...0x39).contains(span[index])
        guard isDigit || "+- ".utf8.contains(span[index]) else { return false }
        if isDigit { digits += 1 }
      }
      return (5...20).contains(digits)
    }
    guard isPhone, fields.set(.name, from: name), fields.set(.phone, from: phone) else { return nil }
    return fields
  }

  func give(_ fields: PersonalFields, window number: Int, post: String) async -> HTTPReply {
    guard let sealer, sealer.isReady else { return HTTPReply(.refused(.notSealing)) }
    guard let field = await Self.offTheLoop({ Self.seal(fields, sealer) }) else { return HTTPReply(.refused(.notSealing)) }
    let answer = await submit(post, .visit(.giveContact(window: number, field)))
    // Nothing names it, and nothing will.
    if case .refused = answer { await Self.offTheLoop { sealer.shred([field.key]) } }
    return HTTPReply(answer)
  }

  private static func seal(_ fields: PersonalFields, _ sealer: FieldSealer) -> SealedField? {
    let content = SecretBuffer(capacity: SealedField.limit, pages: LockedPages.keep)
    defer {
      content.wipe()
      fields.wipe()
    }
    return fields.write(to: content) ? try? sealer.seal(content, what: "contact") : nil
  }

  /// A key is put on the disk: no page waits for that.
  private static func offTheLoop<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in queue.async { continuation.resume(returning: work()) } }
  }
}
