import DeviceKit
import DeviceVocabulary
import Station

/// Those who come, and the clerks at their windows: each sees only what was last shown, and mostly does what comes next.
extension SimulatedSite {
  func actAtVisits(_ choice: UInt32) {
    guard let program = community.program, let page = program.visitPage else { return }
    var draw = SeededRandom(seed: UInt64(choice))
    switch draw.below(3) {
    case 0: community.ask("", .kiosk(SiteLayout.kiosk, visitor(page, &draw)), at: now)
    case 1:
      let window = page.windows[Int(draw.below(UInt32(page.windows.count)))]
      let post = page.plan.window(window.number)?.post ?? ""
      community.ask(post, .visit(clerk(window, page, &draw)), at: now)
    default:
      guard let card = page.matters.isEmpty ? nil : page.matters[Int(draw.below(UInt32(page.matters.count)))] else { return }
      let (post, action) = owner(card.matter, &draw)
      community.ask(post, .visit(action), at: now)
    }
  }

  private func visitor(_ page: VisitView, _ draw: inout SeededRandom) -> KioskAction {
    let service = page.plan.services[Int(draw.below(UInt32(page.plan.services.count)))].id
    let digest = CodeDigest(draw.below(10_000))
    switch draw.below(10) {
    case 0: return .askForStaff
    case 1: return .reportHazard(kind: "lamp", place: page.places[0].id)
    // A code that may be anybody's, and mostly is nobody's.
    case 2: return .status(letter: "A", number: UInt16(1 + draw.below(9)), digest)
    default:
      let hasPriority = draw.chance(1, in: 5)
      let card = draw.chance(1, in: 2) ? layCard(&draw) : nil
      return .takeTicket(service: service, priority: hasPriority, digest, contact: card)
    }
  }

  /// He agrees, and his card is read and sealed before he touches the next thing.
  private func layCard(_ draw: inout SeededRandom) -> SealedField? {
    let plain = SimulatedPerson(draw.below(10_000)).plain
    let field = community.keys.seal(plain, isKept: options.planted != .keyNotKept)
    if let field { observers.see(.sealed(field, plain: plain), at: now) }
    return field
  }

  private func clerk(_ window: VisitView.WindowCard, _ page: VisitView, _ draw: inout SeededRandom) -> VisitAction {
    let number = window.number
    guard let current = window.current else { return .callNext(window: number) }
    if draw.chance(1, in: 12) {
      return [
        .recall(window: number), .skip(window: number), .park(window: number),
        .transfer(window: number, service: page.plan.services[0].id),
      ][Int(draw.below(4))]
    }
    switch current.phase {
    case .called: return .serve(window: number)
    case .serving where current.matter == nil && draw.chance(3, in: 4): return .open(window: number, contact: nil)
    default: return .finish(window: number)
    }
  }

  private func owner(_ matter: Matter, _ draw: inout SeededRandom) -> (String, VisitAction) {
    let other = SiteLayout.posts[Int(draw.below(UInt32(SiteLayout.posts.count)))]
    if let offer = matter.offer {
      return (offer.to, draw.chance(2, in: 3) ? .accept(matter.id) : .refuse(matter.id, reason: "不归我们"))
    }
    switch matter.phase {
    case .opened: return (matter.owner, .offer(matter.id, to: other))
    case .handled: return (matter.owner, .result(matter.id, .done, note: "已办"))
    case .resulted: return (matter.owner, .callBack(matter.id, reached: true))
    case .calledBack, .closed: return (matter.owner, .close(matter.id))
    }
  }
}

extension DeskRequest {
  /// What somebody's card said, if this is the wish for a number with it.
  var contact: SealedField? {
    guard case .kiosk(_, .takeTicket(_, _, _, let contact)) = action else { return nil }
    return contact
  }
}
