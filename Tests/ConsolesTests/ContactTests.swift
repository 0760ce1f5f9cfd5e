import DeviceKit
import DeviceVocabulary
import Foundation
import NIOConcurrencyHelpers
import Sealing
import StaffAccess
import Testing

@testable import Consoles
@testable import Station

/// The clerk opens what is sealed of who is at the window, and seals whom to call back.
@Suite struct ContactTests {
  private final class Rig {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("linli-contact-\(UUID().uuidString)").path
    let keys: KeyDatabase
    let sealer: FieldSealer

    init(sealTo: Bool = true) throws {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      keys = try KeyDatabase(path: folder + "/keys.sqlite")
      let reader = SealRecipient(name: "街道", publicKey: SealKeyFile().publicKey)
      sealer = FieldSealer(station: "s", recipient: sealTo ? reader : nil, keys: keys, pages: nil, now: { .zero })
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func card() throws -> SealedField {
      var fields = PersonalFields(pages: nil)
      fields.set(.name, "王小明".utf8)
      fields.set(.number, "210102199003071234".utf8)
      let content = SecretBuffer(capacity: 900)
      #expect(fields.write(to: content))
      return try sealer.seal(content, what: "card")
    }
  }

  private static func view(_ sealed: [SealedField]) -> VisitView {
    var view = VisitSample.view()
    view.revision = 6
    view.windows[0].current?.sealed = sealed
    view.sealTo = "街道"
    return view
  }

  @Test func aLookIsWrittenDownBeforeAnythingIsShown() async throws {
    let rig = try Rig()
    let (card, other) = (try rig.card(), SealedField(key: "elsewhere", bytes: [1]))
    let isWritten = NIOLockedValueBox(DeskAnswer.unrecorded)
    let test = try await TestWindows(answer: { _ in isWritten.withLockedValue { $0 } }, sealer: rig.sealer).live()
    defer { test.pages.stop() }
    #expect(try await test.client.post("/api/windows/3/look", #"{"post":"w3"}"#).body.contains("noContact"))
    #expect(test.notes.asked.isEmpty)
    test.pages.publish(Self.view([card, other]))
    let refused = try await test.client.post("/api/windows/3/look", #"{"post":"w3"}"#)
    #expect(refused.status == 202 && !refused.body.contains("王小明"))
    isWritten.withLockedValue { $0 = .refused(.notThisPostsWindow) }
    #expect(try await test.client.post("/api/windows/3/look", #"{"post":"w3"}"#).status == 409)
    isWritten.withLockedValue { $0 = .done }
    let answer = try await test.client.post("/api/windows/3/look", #"{"post":"w3"}"#)
    #expect(
      answer.body == #"{"answer":"fields","fields":[{"name":"王小明","number":"210***********1234"}],"closed":1}"#)
    #expect(answer.headers["cache-control"] == "no-store")
    let asked = VisitNotes.Asked(post: "w3", action: .visit(.look(window: 3, keys: [card.key], staff: nil)))
    #expect(test.notes.asked == [asked, asked, asked])
    // Neither name nor ciphertext stands in the picture that every page is sent.
    let picture = try await test.client.get("/api/visits").body
    #expect(picture.contains(#""hasContact":true"#) && !picture.contains(card.key) && !picture.contains("王小明"))
    // Handed over: said in plain words, and nothing is asked of the station.
    rig.sealer.handOver(card.key)
    let closed = try await test.client.post("/api/windows/3/look", #"{"post":"w3"}"#)
    #expect(closed.status == 409 && closed.body.contains("closedHere") && closed.body.contains("本站已经打不开"))
    #expect(test.notes.asked.count == 3)
    #expect(try await test.client.post("/api/windows/4/look", #"{"post":"w3"}"#).body.contains("windowEmpty"))
  }

  @Test func aContactIsSealedAndItsKeyGoesWhenTheStationRefuses() async throws {
    let rig = try Rig()
    let answers = NIOLockedValueBox<[DeskAnswer]>([.done, .unrecorded, .refused(.noMatter), .refused(.stationBusy)])
    let test = try await TestWindows(
      answer: { _ in answers.withLockedValue { $0.isEmpty ? .done : $0.removeFirst() } }, sealer: rig.sealer
    ).live()
    defer { test.pages.stop() }
    let body = #"{"post":"w3","name":"李梅","phone":"+86 138-0000-0000"}"#
    #expect(try await test.client.post("/api/windows/3/contact", body).body == #"{"answer":"done"}"#)
    guard case .visit(.giveContact(3, let field)) = test.notes.asked.first?.action else {
      Issue.record("nothing was asked")
      return
    }
    #expect(!"\(field)".contains("李梅") && String(decoding: field.bytes, as: UTF8.self).contains("李梅") == false)
    let content = try #require(rig.sealer.open(field, for: .compareAtWindow) { _ in true })
    #expect(PersonalFields(reading: content)?.text(.phone) == "+86 138-0000-0000")
    // What is decided and not on disk is named; what was refused is not.
    #expect(try await test.client.post("/api/windows/3/contact", body).status == 202)
    #expect(try rig.keys.count() == 2)
    for _ in 0..<2 { #expect(try await test.client.post("/api/windows/3/contact", body).status == 409) }
    #expect(try rig.keys.count() == 2 && rig.sealer.count == 2)
  }

  @Test(arguments: [
    #"{"post":"w3","name":"a","phone":""}"#, #"{"post":"w3","name":"a","phone":"1234"}"#,
    #"{"post":"w3","name":"a","phone":"no"}"#,
    #"{"post":"w3","name":"a\nb","phone":"123456"}"#, #"{"post":"w3","name":"a","phone":"123456789012345678901"}"#,
    #"{"post":"w3","phone":"123456"}"#, #"{"post":"w3","name":"a","phone":"123456","card":"x"}"#,
    #"{"name":"a","phone":"123456"}"#,
  ]) func nonsenseIsNoContact(_ body: String) async throws {
    let rig = try Rig()
    let test = try await TestWindows(sealer: rig.sealer).live()
    defer { test.pages.stop() }
    #expect(try await test.client.post("/api/windows/3/contact", body).status == 400)
    #expect(test.notes.asked.isEmpty && rig.sealer.count == 0)
  }

  @Test func withoutAReaderNothingIsSealed() async throws {
    let rig = try Rig(sealTo: false)
    for sealer in [rig.sealer, nil] {
      let test = try await TestWindows(sealer: sealer).live()
      defer { test.pages.stop() }
      let answer = try await test.client.post("/api/windows/3/contact", #"{"post":"w3","name":"a","phone":"123456"}"#)
      #expect(answer.status == 409 && answer.body.contains("notSealing") && test.notes.asked.isEmpty)
      test.pages.publish(Self.view([SealedField(key: "k", bytes: [1])]))
      #expect(try await test.client.post("/api/windows/3/look", #"{"post":"w3"}"#).body.contains("closedHere"))
    }
    #expect(try rig.keys.count() == 0)
  }

  /// Who may only look at the page may not look at what is sealed.
  @Test func onlyAClerkSeesWhatIsSealed() async throws {
    let rig = try Rig()
    let staff = try TestStaff([("c07", [.clerk], []), ("i01", [.inspector], []), ("d02", [.duty], [])])
    let card = try rig.card()
    let test = try TestWindows(sealer: rig.sealer, staff: staff.door)
    test.pages.publish(Self.view([card]))
    defer { test.pages.stop() }
    #expect(try await test.client.post("/api/windows/3/look", #"{"post":"w3"}"#).status == 401)
    for (id, status) in [("i01", 403), ("d02", 403), ("c07", 200)] {
      let cookie = try staff.logIn(id)
      let answer = try await test.client.post("/api/windows/3/look", #"{"post":"w3"}"#, cookie: cookie)
      #expect(answer.status == status && answer.body.contains("王小明") == (status == 200), "\(id)")
      let contact = #"{"post":"w3","name":"a","phone":"123456"}"#
      #expect(try await test.client.post("/api/windows/3/contact", contact, cookie: cookie).status == status)
    }
    #expect(test.notes.asked.first?.action == .visit(.look(window: 3, keys: [card.key], staff: "c07")))
  }

  @Test func numbersAreMasked() {
    for (number, shown) in [
      ("210102199003071234", "210***********1234"), ("XXX000000123456", "XXX********3456"), ("12345678", "********"),
      ("王12345678", "***********"), ("21010219900307123x", "210***********123*"), ("王210102199003071", "**************3071"),
    ] {
      var fields = PersonalFields(pages: nil)
      fields.set(.number, number.utf8)
      #expect(fields.maskedNumber == shown, "\(number)")
    }
  }
}
