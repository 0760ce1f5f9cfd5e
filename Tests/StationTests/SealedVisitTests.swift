import DeviceKit
import DeviceVocabulary
import Foundation
import Testing

@testable import Station

/// What becomes of a sealed field: it goes with the visit or with the matter, and its key with it.
@Suite struct SealedVisitTests {
  private let card = SealedField(key: "card-key", bytes: [1, 0, 255])
  private let phone = SealedField(key: "phone-key", bytes: [2])

  private func served(_ bench: inout Bench, contact: SealedField?) {
    bench.takeTicket(contact: contact)
    bench.clerk("w1", .callNext(window: 1))
    bench.clerk("w1", .serve(window: 1))
  }

  @Test func aFieldFromTheTerminalGoesToTheMatterAndItsKeyIsForgottenWithTheHandOver() throws {
    var bench = Bench(plan: Bench.centre)
    served(&bench, contact: card)
    #expect(bench.visits.namedKeys == ["card-key"] && bench.visits.current(window: 1)?.contact == card)
    bench.clerk("w1", .open(window: 1, contact: phone))
    #expect(bench.visits.current(window: 1)?.contact == nil)
    #expect(bench.visits.matter(1)?.fromTicket == card && bench.visits.matter(1)?.contact == phone)
    #expect(bench.visits.namedKeys == ["card-key", "phone-key"] && bench.keyEffects == [])
    bench.clerk("w1", .offer(1, to: "mediation"))
    #expect(bench.keyEffects == [], "an offer is no hand-over")
    bench.clerk("mediation", .accept(1))
    #expect(bench.keyEffects == [.forgetKeys(["card-key", "phone-key"])])
    #expect(bench.visits.namedKeys == ["card-key", "phone-key"], "whoever has the private key can still read it")
  }

  @Test func withoutAMatterTheKeyIsShreddedWhenTheVisitEnds() {
    var bench = Bench(plan: Bench.centre)
    served(&bench, contact: card)
    bench.clerk("w1", .finish(window: 1))
    #expect(bench.keyEffects == [.shred(["card-key"])] && bench.visits.namedKeys == [])
    #expect(bench.visits.ticket(letter: "A", number: 1)?.contact == nil)
  }

  @Test func aFinishedVisitWithAMatterForgetsThePlainKeysOnly() {
    var bench = Bench(plan: Bench.centre)
    served(&bench, contact: card)
    bench.clerk("w1", .open(window: 1, contact: nil))
    bench.clerk("w1", .finish(window: 1))
    #expect(bench.keyEffects == [.forgetKeys(["card-key"])] && bench.visits.namedKeys == ["card-key"])
  }

  /// Its owner closes it while the visitor still stands there: nothing opens it here any more, and its reader still can.
  @Test func aClosedMatterForgetsThePlainKeys() {
    var bench = Bench(plan: Bench.centre)
    served(&bench, contact: card)
    bench.clerk("w1", .open(window: 1, contact: phone))
    bench.clerk("w1", .result(1, .done, note: ""))
    bench.clerk("w1", .callBack(1, reached: true))
    #expect(bench.keyEffects == [])
    #expect(bench.clerk("w1", .close(1)) == .done)
    #expect(bench.keyEffects == [.forgetKeys(["card-key", "phone-key"])])
    #expect(bench.visits.namedKeys == ["card-key", "phone-key"])
  }

  /// It has a result, and nobody closes it: the days of what is sealed are counted from the result.
  @Test(arguments: [true, false])
  func withAResultItIsDeletedAlsoWhenNobodyClosesTheMatter(synchronised: Bool) {
    var bench = Bench(plan: Bench.centre)
    served(&bench, contact: card)
    bench.clerk("w1", .open(window: 1, contact: phone))
    bench.clerk("w1", .finish(window: 1))
    bench.wall.synchronised = synchronised
    func pass(_ bench: inout Bench, days: Int) {
      for _ in 0..<days {
        bench.pass(.seconds(86_400))
        bench.give(.swept(keys: 0, files: 0))
      }
    }
    pass(&bench, days: 20)
    #expect(bench.visits.namedKeys == ["card-key", "phone-key"], "it has no result")
    bench.clerk("w1", .result(1, .done, note: ""))
    bench.keyEffects = []
    pass(&bench, days: 9)
    #expect(bench.visits.namedKeys == ["card-key", "phone-key"])
    pass(&bench, days: 2)
    #expect(bench.keyEffects.contains(.shred(["card-key", "phone-key"])) && bench.visits.namedKeys == [])
    #expect(bench.entries.count { $0.change == .visit(.contactsForgotten([1])) } == 1)
    // The matter stays, and its owner is pressed to close it.
    #expect(bench.visits.matter(1)?.result == .done && bench.visits.matter(1)?.overdue == true)
    #expect(bench.clerk("w1", .callBack(1, reached: false)) == .done && bench.clerk("w1", .close(1)) == .done)
    pass(&bench, days: 11)
    #expect(bench.visits.matters == [])
  }

  /// Not by a clock that nobody believes.
  @Test func aResultIsNotOldByAWrongClock() {
    var bench = Bench(plan: Bench.centre)
    served(&bench, contact: card)
    bench.clerk("w1", .open(window: 1, contact: nil))
    bench.clerk("w1", .result(1, .done, note: ""))
    let wrong = bench.restarted(boot: "boot-2", after: .seconds(4000 * 86_400), synchronised: false)
    #expect(wrong.visits.namedKeys == ["card-key"])
    let right = bench.restarted(boot: "boot-2", after: .seconds(10 * 86_400))
    #expect(right.visits.namedKeys == [] && right.visits.matter(1) != nil)
  }

  /// A program that did not keep the time of results has carried it over.
  @Test func anOldResultCountsFromTheMonthThatCarriedIt() throws {
    var bench = Bench(plan: Bench.centre)
    served(&bench, contact: card)
    bench.clerk("w1", .open(window: 1, contact: nil))
    bench.clerk("w1", .result(1, .done, note: ""))
    var old = VisitState()
    old.matters = bench.visits.matters
    old.matters[0].resultedAt = nil
    var (first, visits) = (old, VisitState())
    first.matters = []
    let time = bench.entries[0].time
    visits.apply(.carried(first, part: 0), at: time)
    visits.apply(.carried(old, part: 1), at: time)
    #expect(visits.matter(1)?.resultedAt == time)
  }

  @Test func aContactNeedsAMatterAndReplacesTheOneBefore() {
    var bench = Bench(plan: Bench.centre)
    #expect(bench.clerk("w1", .giveContact(window: 1, phone)) == .refused(.windowEmpty))
    served(&bench, contact: nil)
    #expect(bench.clerk("w1", .giveContact(window: 1, phone)) == .refused(.noMatter))
    bench.clerk("w1", .open(window: 1, contact: nil))
    #expect(bench.clerk("w3", .giveContact(window: 1, phone)) == .refused(.notThisPostsWindow))
    let long = SealedField(key: "k", bytes: [UInt8](repeating: 0, count: SealedField.limit + 1))
    #expect(bench.clerk("w1", .giveContact(window: 1, long)) == .refused(.noteTooLong))
    #expect(bench.clerk("w1", .giveContact(window: 1, phone)) == .done)
    #expect(bench.visits.matter(1)?.contact == phone && bench.keyEffects == [])
    #expect(bench.clerk("w1", .giveContact(window: 1, SealedField(key: "new-key", bytes: [3]))) == .done)
    #expect(bench.keyEffects == [.shred(["phone-key"])] && bench.visits.namedKeys == ["new-key"])
    bench.clerk("w1", .offer(1, to: "mediation"))
    bench.clerk("mediation", .accept(1))
    #expect(bench.clerk("w1", .giveContact(window: 1, phone)) == .refused(.notOwner))
  }

  @Test func aLookIsWrittenDownAndOnlyOfWhoIsAtTheWindow() {
    var bench = Bench(plan: Bench.centre)
    #expect(bench.clerk("w1", .look(window: 1, keys: ["card-key"], staff: nil)) == .refused(.windowEmpty))
    served(&bench, contact: card)
    #expect(bench.clerk("w1", .park(window: 1)) == .done)
    #expect(bench.clerk("w1", .call(window: 1, TicketID(day: bench.visits.day, letter: "A", number: 1))) == .done)
    // Who was called may not have come yet.
    #expect(bench.clerk("w1", .look(window: 1, keys: ["card-key"], staff: nil)) == .refused(.notServed))
    #expect(bench.clerk("w1", .serve(window: 1)) == .done)
    for keys in [[], ["other"], ["card-key", "other"], ["card-key", "card-key"]] {
      #expect(bench.clerk("w1", .look(window: 1, keys: keys, staff: nil)) == .refused(.noContact))
    }
    #expect(bench.clerk("w3", .look(window: 1, keys: ["card-key"], staff: nil)) == .refused(.notThisPostsWindow))
    #expect(bench.clerk("w1", .look(window: 1, keys: ["card-key"], staff: "c07")) == .done)
    let note = AccessNote.opened(
      SecretOpening(what: "contact", purpose: .compareAtWindow), of: "\(bench.visits.day)/A001", post: "w1", staff: "c07",
      reason: nil)
    #expect(bench.entries.last?.change == .access(note) && bench.station.state.accessNotes == 1)
  }

  @Test func theNightDeletesWhatItsTimeIsOverForAndSaysSoOnce() throws {
    var bench = Bench(plan: Bench.centre)
    served(&bench, contact: card)
    bench.clerk("w1", .open(window: 1, contact: nil))
    bench.takeTicket(contact: phone)
    let day = bench.visits.day
    let firstNight = bench.wall.millisecondsUntil(minuteOfDay: Station.nightMinute)
    bench.pass(.milliseconds(Int(firstNight) - 1000))
    #expect(bench.visits.day == day && bench.keyEffects == [])
    bench.pass(.seconds(1))
    #expect(bench.visits.day == day + 1 && bench.visits.lines == [] && bench.visits.namedKeys == ["card-key"])
    #expect(bench.keyEffects == [.shred(["phone-key"]), .sweep])
    bench.give(.swept(keys: 3, files: 1))
    let report = NightReport(night: day + 1, tickets: 2, matters: 0, keys: 3, files: 1)
    #expect(bench.visits.clearing?.last == report && bench.station.visitView(onDisk: nil)?.cleared == report)
    bench.give(.swept(keys: 5, files: 5))
    #expect(bench.visits.clearing?.last == report, "nobody asked")
    // Matters whose days are over stand in the report of the night that follows.
    bench.clerk("w1", .result(1, .done, note: ""))
    bench.clerk("w1", .callBack(1, reached: true))
    bench.clerk("w1", .close(1))
    bench.keyEffects = []
    for _ in 0..<12 {
      bench.pass(.seconds(86_400))
      bench.give(.swept(keys: 0, files: 0))
    }
    #expect(bench.keyEffects.filter { $0 == .sweep }.count == 12 && bench.keyEffects.contains(.shred(["card-key"])))
    let reports = bench.entries.compactMap { entry in
      if case .visit(.cleared(let report)) = entry.change { report } else { nil }
    }
    #expect(reports.map(\.night) == (1...13).map { day + $0 } && reports.map(\.matters).reduce(0, +) == 1)
    #expect(bench.visits.namedKeys == [])
  }

  @Test func aNightThatWasSleptThroughIsDoneAtTheStartAndNoNightTwice() {
    var bench = Bench(plan: Bench.centre)
    bench.takeTicket(contact: card)
    let day = bench.visits.day
    // Unanswered: asked again every ten minutes, and after a restart.
    bench.pass(.milliseconds(Int(bench.wall.millisecondsUntil(minuteOfDay: Station.nightMinute))))
    bench.pass(.seconds(1200))
    #expect(bench.keyEffects.filter { $0 == .sweep }.count == 3)
    var next = bench.restarted(boot: "boot-2", after: .seconds(7 * 3600))
    #expect(next.keyEffects.filter { $0 == .sweep }.count == 4)
    next.give(.swept(keys: 0, files: 0))
    #expect(next.visits.clearing?.night == day + 1)
    var again = next.restarted(boot: "boot-3", after: .seconds(60))
    #expect(again.keyEffects.count == next.keyEffects.count)
    // A clock that nobody has checked is believed for a week, and never backwards.
    var far = again.restarted(boot: "boot-4", after: .seconds(8 * 86_400), synchronised: false)
    #expect(far.keyEffects.count == next.keyEffects.count)
    far.wall.synchronised = true
    far.give(.wake)
    #expect(far.keyEffects.last == .sweep)
    again.wall.unixMilliseconds -= 40 * 86_400_000
    again.give(.wake)
    #expect(again.keyEffects.count == next.keyEffects.count)
  }

  @Test func whatIsSealedIsWrittenShortAndOldEntriesAreRead() throws {
    for count in 0...70 {
      let field = SealedField(key: "k", bytes: (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) })
      let text = String(decoding: try JSONEncoder().encode(field), as: UTF8.self)
      #expect(try JSONDecoder().decode(SealedField.self, from: Data(text.utf8)) == field)
      let base64 = Data(field.bytes).base64EncodedString()
      #expect(Base64.encode(field.bytes) == base64 && Base64.decode(base64) == field.bytes)
    }
    for wrong in ["A", "AA", "AAA", "A===", "AB==", "AAB=", "AA=A", "AAAA=", "====", "AA A", "AA-_"] {
      #expect(Base64.decode(wrong) == nil, "\(wrong)")
    }
    let old = #"{"ticket":{"day":5,"letter":"A","number":1},"service":"legal","priority":false,"kiosk":"hall","digest":7}"#
    #expect(try JSONDecoder().decode(Ticket.Taken.self, from: Data(old.utf8)).contact == nil)
    let numbers = #"{"key":"k","bytes":[1,2,255]}"#
    #expect(try JSONDecoder().decode(SealedField.self, from: Data(numbers.utf8)).bytes == [1, 2, 255])
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(SealedField.self, from: Data(#"{"key":"k","bytes":"*"}"#.utf8))
    }
  }

  /// Each part of the state has to fit into an entry, also when everybody has left as much as can be sealed.
  @Test func theStateIsCarriedInPartsThatFit() throws {
    var visits = VisitState()
    visits.day = 9
    let time = EntryTime(wallMilliseconds: 1, synchronised: true, boot: "b", monotonic: .zero)
    func field(_ number: Int) -> SealedField {
      SealedField(key: "\(number)", bytes: [UInt8](repeating: 0xA5, count: SealedField.limit))
    }
    for number in 1...600 {
      let id = TicketID(day: 9, letter: "A", number: UInt16(number))
      visits.apply(
        .taken(.init(ticket: id, service: "legal", priority: false, kiosk: "hall", digest: 1, contact: field(number))), at: time)
      visits.apply(
        .opened(
          .init(
            matter: MatterID(number), ticket: TicketID(day: 8, letter: "A", number: 1), service: "legal", digest: 1, window: 1,
            post: "w1", contact: field(number + 1000), fromTicket: field(number + 2000))), at: time)
    }
    var carried = VisitState()
    for (number, part) in visits.parts.enumerated() {
      #expect(try JSONEncoder().encode(part).count < 200 << 10)
      carried.apply(.carried(part, part: number), at: time)
    }
    #expect(carried == visits)
    #expect(visits.namedKeys.count == 1800)
  }

  /// Whatever the station remembers, by its own properties: each is of a kind in the table that the public reads, or says of nobody and
  /// nothing but the program's own running.
  @Test func whatTheStationRemembersIsInTheTable() {
    let ofState: [String: Retention.Kind?] = [
      "entries": .journal, "lastIncident": .calls, "incidents": .calls, "recentlyClosed": .calls, "bypasses": .calls,
      "announcedTests": .calls, "statistics": .calls, "faults": .faults, "accessNotes": .access,
      // Its visits are taken apart below.
      "visitState": nil,
      // Of devices, of the wall and of the line: nobody's.
      "lastSynchronisedMilliseconds": nil, "watermarks": nil, "identities": nil, "wallState": nil,
      "described": nil, "answered": nil, "notices": nil, "proof": nil, "children": nil,
      "lastCommand": nil, "lacksPast": nil,
    ]
    let ofVisits: [String: Retention.Kind?] = [
      "lines": .tickets, "waiting": .tickets, "seats": .tickets, "matters": .matters, "lastMatter": .matters, "hazards": .hazards,
      "lastHazard": .hazards, "counts": .ratings, "helps": .tickets, "holds": .tickets,
      "day": nil, "clearing": nil,
    ]
    for (value, known) in [(StationState() as Any, ofState), (VisitState() as Any, ofVisits)] {
      let names = Mirror(reflecting: value).children.compactMap(\.label)
      #expect(Set(names) == Set(known.keys), "\(type(of: value)): what is this, and how long is it kept?")
    }
    let named = Set((Array(ofState.values) + Array(ofVisits.values)).compactMap { $0 })
    for kind in named { #expect(Retention.rule(kind) != nil, "\(kind)") }
    // These lie in files of their own, or sealed within the others.
    #expect(Set(Retention.Kind.allCases).subtracting(named) == [.sealed, .keys, .staff, .recordings])
  }

  @Test func everyKindThatIsKeptHasItsRuleAndItsGround() {
    #expect(Retention.rules.map(\.kind) == Retention.Kind.allCases)
    for rule in Retention.rules {
      for text in [rule.name, rule.time, rule.purpose, rule.ground] { #expect(!text.chinese.isEmpty && !text.english.isEmpty) }
    }
  }
}
