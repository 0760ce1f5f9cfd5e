import Station

/// Carries out what a terminal asks for, and says what came of it in a form that its page shows.
struct KioskDesk: Sendable {
  let codes: SlipCodes
  let qr: @Sendable (String) -> [[Bool]]?
  let submit: DutyDesk.Submit
  let print: PrintSlip
  let cards: CardDesk
  private let receipts = SlipReceipts()

  init(
    codes: SlipCodes, qr: @escaping @Sendable (String) -> [[Bool]]?, submit: @escaping DutyDesk.Submit,
    print: @escaping PrintSlip,
    cards: CardDesk
  ) {
    self.codes = codes
    self.qr = qr
    self.submit = submit
    self.print = print
    self.cards = cards
  }

  /// A code that two slips of one number would share is drawn again; so often by chance only when the digits are nearly used up.
  static let draws = 20

  func work(_ wanted: KioskRequest, _ kiosk: String, _ fields: BodyFields) throws(BadRequest) -> @Sendable () async -> HTTPReply {
    switch wanted {
    case .help:
      // Who calls for help looks at nothing else.
      cards.end(kiosk, nil)
      return { await ask(kiosk, .callForHelp) }
    case .staff: return { await ask(kiosk, .askForStaff) }
    case .ticket:
      let (service, priority) = (try fields.text("service"), try fields.flag("priority"))
      let card = try fields.optionalCard("card")
      return { await takeTicket(kiosk, service, priority, card) }
    case .read: return { HTTPReply(begunWith: cards.begin(kiosk)) }
    case .card:
      let (card, seen) = (try fields.card("card"), try fields.seen("seen"))
      return { HTTPReply(await cards.picture(kiosk, card, seen)) }
    case .touched:
      let card = try fields.card("card")
      return {
        cards.touched(kiosk, card)
        return HTTPReply(.done)
      }
    case .forget:
      let card = try fields.card("card")
      return {
        cards.end(kiosk, card)
        return HTTPReply(.done)
      }
    case .letGo:
      let (since, isTouch) = (Int64(try fields.number("since")), try fields.flag("touch"))
      return { await ask(kiosk, .letGo(since: since, isTouch: isTouch)) }
    case .slip:
      let (id, slip) = (try fields.ticket("id"), try fields.choice("slip", Ticket.Slip.self))
      let receipt = try fields.receipt("receipt")
      guard receipts.isGood(receipt, kiosk, id) else { return { HTTPReply(.refused(.slipOfAnother)) } }
      return { await ask(kiosk, .slip(id, slip)) }
    case .hazard:
      let (kind, place) = (try fields.text("kind"), try fields.text("place"))
      return { await ask(kiosk, .reportHazard(kind: kind, place: place)) }
    case .status:
      let (slip, code) = (try fields.slip("number"), try fields.code("code"))
      return { await ask(kiosk, .status(letter: slip.letter, number: slip.number, codes.digest(code))) }
    case .rate:
      let (slip, code, faces) = (try fields.slip("number"), try fields.code("code"), try fields.number("faces"))
      return { await ask(kiosk, .rate(letter: slip.letter, number: slip.number, codes.digest(code), faces)) }
    }
  }

  private func ask(_ kiosk: String, _ action: KioskAction) async -> HTTPReply {
    HTTPReply(await submit("", .kiosk(kiosk, action)))
  }

  private func takeTicket(_ kiosk: String, _ service: String, _ priority: Bool, _ card: UInt64?) async -> HTTPReply {
    guard let card else { return await takeTicket(kiosk, service, priority, contact: nil).reply }
    // Whoever has laid a card down and is given a number must be able to rely on it.
    guard let field = await cards.takeField(kiosk, card) else { return HTTPReply(.refused(.cardIsOver)) }
    let (reply, isGiven) = await takeTicket(kiosk, service, priority, contact: field)
    if isGiven { cards.taken(kiosk, card) } else { cards.giveBack(kiosk, card, field) }
    return reply
  }

  /// - Returns: also whether a ticket was given, or may have been.
  private func takeTicket(
    _ kiosk: String, _ service: String, _ priority: Bool, contact: SealedField?
  ) async -> (reply: HTTPReply, isGiven: Bool) {
    let (code, answer) = await codes.unused {
      await submit("", .kiosk(kiosk, .takeTicket(service: service, priority: priority, $0, contact: contact)))
    }
    switch answer {
    case .ticket(let ticket, let ahead):
      let paper = await print(PrintedTicket(id: ticket.id, code: code, ahead: ahead))
      // What nobody knows stays unknown: a clerk looks.
      if paper == .printed { _ = await submit("", .kiosk(kiosk, .slip(ticket.id, .printed))) }
      let receipt = receipts.give(kiosk, ticket.id)
      return (
        .slip(ticket.id, code: code, service: ticket.service, ahead: ahead, paper: paper, receipt: receipt, qr: qr), true
      )
    case .refused: return (HTTPReply(answer), false)
    default: return (HTTPReply(answer), true)
    }
  }
}

extension SlipCodes {
  /// Draws a code and asks for it, again and again while another slip of that number has it; answers the last, and what was said of it.
  func unused(_ ask: (CodeDigest) async -> DeskAnswer) async -> (code: String, answer: DeskAnswer) {
    var code = draw()
    var answer = await ask(digest(code))
    for _ in 1..<KioskDesk.draws where answer == .refused(.codeTaken) {
      code = draw()
      answer = await ask(digest(code))
    }
    return (code, answer)
  }
}

extension HTTPReply {
  /// What stands on a slip: the only place where its code is in clear.
  ///
  /// - Parameters:
  ///   - code: `nil`: it is on the paper, and nobody else needs to see it.
  ///   - receipt: with which a terminal's page says what became of it.
  static func slip(
    _ id: TicketID, code: String?, service: String, ahead: Int?, paper: SlipOnPaper, receipt: String? = nil,
    qr: (String) -> [[Bool]]?
  ) -> HTTPReply {
    let modules = code.flatMap { qr("\(id.shown)-\($0)") }
    return HTTPReply(
      status: 200,
      json: .object {
        $0.field("answer", "ticket")
        $0.field("id", id.description)
        $0.field("number", id.shown)
        $0.field("code", optional: code)
        $0.field("service", service)
        $0.field("ahead", optional: ahead)
        $0.field("slip", paper.rawValue)
        $0.field("receipt", optional: receipt)
        // A row of 0 and 1 for each row of the code.
        if let modules { $0.field("qr", modules.map { String($0.map { $0 ? "1" : "0" }) }) }
      })
  }

  /// What the station said to a request.
  /// - Parameter because: what exactly is wrong, where more is known than the refusal says.
  init(_ answer: DeskAnswer, because: BilingualText? = nil) {
    switch answer {
    case .done: self.init(status: 200, json: .object { $0.field("answer", "done") })
    case .underWay: self.init(status: 202, json: .object { $0.field("answer", "underWay") })
    case .ticket(let ticket, let ahead):
      self.init(
        status: 200,
        json: .object {
          $0.field("answer", "ticket")
          $0.field("number", ticket.id.shown)
          $0.field("ahead", ahead)
        })
    case .standing(let standing): self.init(status: 200, json: .object { standing.write(to: &$0) })
    case .rehearsed(let found): self.init(status: 200, json: .object { found.write(to: &$0) })
    case .unrecorded: self.init(status: 202, json: Self.words("unrecorded", Texts.unrecorded))
    case .late: self.init(status: 202, json: Self.words("late", Texts.late))
    case .refused(let refusal):
      self.init(status: refusal.status, json: Self.words("refused", because ?? Texts.text(refusal), code: refusal.rawValue))
    }
  }

  private static func words(_ answer: String, _ words: BilingualText, code: String? = nil) -> JSONText {
    .object {
      $0.field("answer", answer)
      $0.field("code", optional: code)
      $0.field("chinese", words.chinese)
      $0.field("english", words.english)
    }
  }
}

extension Refusal {
  /// Of HTTP: what cannot be as things stand, or comes too often.
  var status: Int { self == .tooManyWishes ? 429 : 409 }
}

extension VisitStanding {
  /// With the plain words for the stage that it is in.
  fileprivate func write(to json: inout JSONText) {
    let words = Texts.text(self)
    json.field("answer", "standing")
    json.field("number", shown)
    json.field("service", service)
    json.field("ahead", ahead)
    json.field("ticket", optional: ticket?.rawValue)
    json.field("window", optional: window)
    json.field("chinese", words.chinese)
    json.field("english", words.english)
    guard let matter else { return }
    json.key("matter")
    json.object {
      $0.field("phase", matter.phase.rawValue)
      $0.field("owner", matter.owner)
      $0.field("offeredTo", optional: matter.offeredTo)
      $0.field("result", optional: matter.result?.rawValue)
      $0.field("overdue", matter.overdue)
      $0.field("hoursLeft", optional: matter.hoursLeft)
      $0.field("rating", optional: matter.rating)
      $0.field("canRate", matter.result != nil && matter.rating == nil && !matter.isReissued)
    }
  }
}
