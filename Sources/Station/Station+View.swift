import DeviceKit
import DeviceVocabulary

/// The picture of the station for the pages. Taken by the runtime after a commit, so that nothing in it is ahead of the disk.
extension Station {
  /// The picture while the journal does not take entries. What was seen, a press or a fault, is shown all the same, because somebody needs
  /// help; a call that is not on disk says so. What was decided is not shown before it is on disk.
  ///
  /// - Parameters:
  ///   - onDisk: the fold of what is on disk.
  ///   - unwritten: what was recorded behind it and waits, oldest first.
  ///   - waiting: how many of those are about calls.
  public func view(onDisk: StationState, unwritten: [Entry], waiting: Int) -> DeskView {
    var shown = self
    shown.state = onDisk
    for entry in unwritten where entry.change.isSeen { shown.state.apply(entry) }
    shown.state.entries = onDisk.entries
    shown.state.statistics = onDisk.statistics
    var view = shown.view()
    view.journal.waiting = waiting
    for index in view.incidents.indices where onDisk.incident(view.incidents[index].id) == nil {
      view.incidents[index].recorded = false
      // The panel's own sign of a press; the station wishes nothing before the call is on disk.
      if !view.incidents[index].silent { view.incidents[index].lampWish = .fastBlink }
    }
    return view
  }

  public func view() -> DeskView {
    DeskView(
      site: plan.name, station: plan.station, revision: revision, entries: state.entries, asOfMilliseconds: wall.unixMilliseconds,
      clockSynchronised: wall.synchronised, incidents: inOrderOfNeed.map { card($0) },
      recentlyClosed: state.recentlyClosed.map { card($0) },
      faults: state.faults.map(card), callPoints: plan.callPoints.map(card), posts: plan.posts,
      onDuty: plan.onDutyAnywhere(at: wall), sound: sound,
      journal: DeskView.JournalStatus(condition: journal, waiting: 0),
      statistics: state.statistics, link: linkCard, notices: state.notices.map(card), children: childCards,
      handOvers: handOverCards, overdueMatters: overdueMatters)
  }

  /// What waits for somebody first, real calls before tests and drills, then the older before the younger.
  private var inOrderOfNeed: [Incident] {
    return state.incidents.sorted { (rank($0), $0.id) < (rank($1), $1.id) }
  }

  private var sound: DeskView.Sound {
    if state.incidents.contains(where: sounds) || state.children.contains(where: childRings) { return .call }
    return state.faults.contains { $0.present && !$0.silenced && !$0.key.kind.isInformation } ? .fault : .none
  }

  private func card(_ fault: StationState.Fault) -> DeskView.FaultCard {
    card(fault, at: whereText(fault.key), retesting: retests.contains { $0.key == fault.key })
  }

  /// The card of a fault of this station or of one below.
  func card(_ fault: StationState.Fault, at whereText: String, retesting: Bool) -> DeskView.FaultCard {
    let text = fault.key.kind.text
    return DeskView.FaultCard(
      key: fault.key, whatChinese: text.whatChinese, whatEnglish: text.whatEnglish, whereText: whereText,
      sinceMilliseconds: fault.since.wallMilliseconds, adviceChinese: text.adviceChinese, adviceEnglish: text.adviceEnglish,
      present: fault.present, silenced: fault.silenced || fault.key.kind.isInformation, retesting: retesting,
      retestFailedMilliseconds: fault.retestFailedAt?.wallMilliseconds, detail: fault.detail,
      returnedMilliseconds: fault.returnedAt?.wallMilliseconds)
  }

  private func card(_ point: SitePlan.CallPoint) -> DeskView.CallPointCard {
    let bypass = state.bypass(point.button).map { bypass in
      DeskView.Bypass(
        post: bypass.post, reason: bypass.reason,
        remainingSeconds: max(0, seconds(bypass.length - elapsed(since: bypass.since))))
    }
    return DeskView.CallPointCard(
      button: point.button, place: point.place, placeName: placeName(point.place, point.button), silent: point.silent,
      health: health(of: point.button.device), lampWish: state.indicator(for: point),
      lampShown: shownIndicator(point.button), bypass: bypass,
      testAnnounced: state.announcedTests.contains { $0.button == point.button })
  }

  private func health(of device: DeviceID) -> Health {
    kioskHealth(device) ?? devices.first { $0.device == device }?.health ?? .absent
  }

  private func whereText(_ key: FaultKey) -> String {
    switch key.subject {
    case .bus(let name): return name
    case .journal: return ""
    case .receiver: return "外部接警中心 / alarm receiver"
    case .kiosk(let kiosk): return kioskPlace(kiosk)
    case .wall(let network) where key.kind == .wallNetworkSilent: return "大屏网络 \(network) / the wall's network \(network)"
    case .wall(let device): return "大屏设备 \(device) / wall device \(device)"
    case .output(let number): return "输出 \(number) / output \(number)"
    case .source(let id): return "\(plan.wall?.source(id)?.name ?? id) (\(id))"
    case .pages: return "网页 / pages"
    case .staffReader: return "工卡读卡器 / reader of staff cards"
    case .printer: return "号单打印机 / ticket printer"
    case .path(let name): return name
    case .parent: return link?.parent ?? ""
    case .child(let child): return childName(child)
    case .childPath(let child, let path): return "\(childName(child)) · \(path)"
    case .device(let device):
      return "\(plan.devices.first { $0.id == device }?.name ?? "") (\(device))"
    case .button(let button): return "\(placeName(plan.callPoint(button)?.place ?? "", button)) (\(button))"
    }
  }

  func nextStep(_ incident: Incident) -> Int? {
    guard incident.phase != .closed, climbs(incident) else { return nil }
    let due: Int
    if incident.waits {
      guard plan.ladder.indices.contains(incident.escalationStep) else { return nil }
      due = plan.ladder[incident.escalationStep].afterSeconds
    } else {
      guard incident.phase == .acknowledged else { return nil }
      due = plan.onSceneWithinSeconds
    }
    return max(0, due - seconds(elapsed(since: incident.ladderSince)))
  }

  func between(_ from: EntryTime, _ to: EntryTime?) -> Int? {
    guard let to, let interval = from.elapsed(at: to) else { return nil }
    return seconds(interval)
  }

  func seconds(_ interval: Interval) -> Int { Int(interval.microseconds / 1_000_000) }
}

extension Change {
  /// Something that happened, in contrast to what was decided about it.
  fileprivate var isSeen: Bool {
    switch self {
    case .opened, .pressedAgain, .faultRaised, .faultPresent: true
    default: false
    }
  }
}
