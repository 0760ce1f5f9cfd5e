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
    return HTTPReply(
      status: 200,
      json: .object { json in
        json.field("answer", "fields")
        json.key("fields")
        json.array(opened) { Self.write($1, to: &$0) }
        json.field("closed", ticket.sealed.count - opened.count)
      })
  }

  private static func write(_ fields: PersonalFields, to json: inout JSONText) {
    json.object {
      for field in PersonalFields.Field.allCases {
        $0.field(field.rawValue, optional: field == .number ? fields.maskedNumber : fields.text(field))
      }
    }
  }

  /// A contact as it was typed: `nil` for what is no name or no telephone number.
  static func read(name: String, phone: String) -> PersonalFields? {
    var fields = PersonalFields()
    let digits = phone.utf8.count { (0x30...0x39).contains($0) }
    let isPhone = phone.utf8.allSatisfy { (0x30...0x39).contains($0) || "+- ".utf8.contains($0) } && (5...20).contains(digits)
    guard isPhone, fields.set(.name, name.utf8), fields.set(.phone, phone.utf8) else { return nil }
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
