import DeviceKit
import DeviceVocabulary
import Station

/// Somebody at the desk, who sees only the page that was last shown: mostly does what comes next, and sometimes what is not allowed.
extension SimulatedSite {
  func actAtDesk(_ choice: UInt32) {
    guard community.program != nil, let page = community.page else { return }
    var draw = SeededRandom(seed: UInt64(choice))
    let posts = SiteLayout.posts
    let post = posts[Int(draw.below(UInt32(posts.count)))]
    let (who, action) = next(page, post, &draw)
    community.ask(who, action, at: now)
  }

  private func next(_ page: DeskView, _ post: String, _ draw: inout SeededRandom) -> (String, DeskRequest.Action) {
    if draw.chance(1, in: 8) { return (post, odd(page, &draw)) }
    if !page.faults.isEmpty, draw.chance(1, in: 4) {
      let fault = page.faults[Int(draw.below(UInt32(page.faults.count)))]
      return (post, fault.silenced || draw.chance(2, in: 3) ? .retest(fault.key) : .silenceFault(fault.key))
    }
    guard !page.incidents.isEmpty else { return (post, odd(page, &draw)) }
    let card = page.incidents[Int(draw.below(UInt32(page.incidents.count)))]
    let owner = card.owner ?? post
    if let offered = card.offeredTo {
      return (offered, draw.chance(1, in: 2) ? .acceptHandOver(card.id) : .refuseHandOver(card.id, reason: "在忙"))
    }
    switch card.phase {
    case .opened: return (post, draw.chance(1, in: 10) ? .falseAlarm(card.id, note: "") : .acknowledge(card.id))
    case .acknowledged where card.waits: return (post, .acknowledge(card.id))
    case .acknowledged:
      if draw.chance(1, in: 6) { return (owner, .offerHandOver(card.id, to: post)) }
      return (owner, .onScene(card.id))
    case .onScene:
      return (owner, .resolve(card.id, note: "已处置" + (options.planted == .namesInNotes ? SimulatedPerson(1).name : "")))
    case .resolved, .closed: return (owner, .close(card.id))
    }
  }

  /// Drills, tests, bypasses, and requests that must be refused.
  private func odd(_ page: DeskView, _ draw: inout SeededRandom) -> DeskRequest.Action {
    let incident = IncidentID(draw.below(40))
    guard !page.callPoints.isEmpty else { return .close(incident) }
    let button = page.callPoints[Int(draw.below(UInt32(page.callPoints.count)))].button
    switch draw.below(8) {
    case 0: return .startDrill(button)
    case 1: return .announceTest(button)
    case 2: return .bypass(button, reason: "检修", minutes: 1 + Int(draw.below(5)))
    case 3: return .endBypass(button)
    case 4: return .acknowledge(incident)
    case 5: return .onScene(incident)
    case 6: return .resolve(incident, note: "")
    default: return .retest(FaultKey(.device(button.device), .silent))
    }
  }
}
