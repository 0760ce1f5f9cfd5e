import Consoles
import ESCPOSCodec
import Foundation
import KioskHost
import Sealing
import StaffAccess
import Station
import StationRuntime
import Synchronization

/// The pages for those who come, of a running station: the hall's and the windows'.
final class RunVisits: Sendable {
  private struct Open {
    var hall: HallPages
    var windows: WindowPages
    var printer: TicketPrinter?
    var cards: RunCards?
  }
  private struct State {
    var open: Open?
    /// What came before the pages were there.
    var newest: VisitView?
    /// What the station was last told of each terminal.
    var told: [String: Bool] = [:]
    var tell: (@Sendable (StationInput) -> Bool)?
    var besides: (@Sendable (inout VisitView) -> Void)?
  }
  private let state = Mutex(State())

  func publish(_ view: VisitView) {
    var view = view
    state.withLock { $0.besides }?(&view)
    let open = state.withLock { state in
      state.newest = view
      return state.open
    }
    open?.hall.publish(view)
    open?.windows.publish(view)
    if let hall = open?.hall { tellKiosks(view, hall) }
  }

  /// A terminal whose page came up, or stopped saying that it works.
  private func tellKiosks(_ view: VisitView, _ hall: HallPages) {
    for kiosk in view.plan.kiosks {
      guard let isAlive = hall.isAlive(kiosk.id) else { continue }
      let tell = state.withLock { $0.told[kiosk.id] == isAlive ? nil : $0.tell }
      if tell?(.kiosk(kiosk.id, isAlive: isAlive)) == true { state.withLock { $0.told[kiosk.id] = isAlive } }
    }
  }

  func lost() {
    guard let open = state.withLock({ $0.open }) else { return }
    open.hall.stationLost()
    open.windows.stationLost()
  }

  /// What the station's picture does not say of what is kept here.
  func addKept(_ besides: @escaping @Sendable (inout VisitView) -> Void) { state.withLock { $0.besides = besides } }

  /// Opens the pages that the site file names; none where nobody comes.
  ///
  /// - Returns: their files that are missing.
  func start(
    _ site: Site, _ file: SiteArgument, web: String?, staff: StaffDoor, sealer: FieldSealer?, runtime: StationRuntime,
    submit: @escaping DutyDesk.Submit
  ) throws -> [String] {
    guard let plan = site.visitPages else { return [] }
    let codes = try TicketCodes(file: file.path(site.journalFolder) + "/slip-codes.key")
    let slips = SlipCodes(draw: { codes.draw() }, digest: { codes.digest($0) })
    let root = WebRoot.find(web)
    let printer = try plan.printer.map { plan in
      try TicketPrinter(plan: plan) { _ = runtime.tell(.printer($0, isPresent: $1)) }
    }
    let print: PrintSlip = { ticket in await Self.print(ticket, printer, site, parentLost: self.parentLost) }
    let cards = try RunCards(plan, sealer: sealer, tell: { runtime.tell($0) })
    let hall = try HallPages(
      port: plan.publicPort, webRoot: root, codes: slips, qr: { QRCode.rows($0) }, print: print, cards: cards?.desk ?? .none,
      voice: Self.voice(),
      submit: submit)
    let windows = try WindowPages(
      port: plan.windowPort, webRoot: root, staff: staff, sealer: sealer, codes: slips, qr: { QRCode.rows($0) }, print: print,
      submit: submit)
    let newest = state.withLock { state in
      state.tell = { runtime.tell($0) }
      state.open = Open(hall: hall, windows: windows, printer: printer, cards: cards)
      return state.newest
    }
    if let newest {
      hall.publish(newest)
      windows.publish(newest)
    }
    Terminal.log("大厅 / hall: http://127.0.0.1:\(hall.port)/")
    Terminal.log("窗口 / windows: http://127.0.0.1:\(windows.port)/")
    return hall.missingFiles + windows.missingFiles
  }

  func stop() {
    guard let open = state.withLock({ $0.open }) else { return }
    open.hall.stop()
    open.windows.stop()
    open.cards?.stop()
    open.printer?.shutDown()
  }

  /// The machine's own voice, if it has one: a call in the hall does not wait for what a terminal is saying.
  private static func voice() -> StationVoice? {
    guard let voice = EspeakVoice() else { return nil }
    return StationVoice(
      say: { text, language, speaker in
        await voice.say(text, language: language, speaker: "\(speaker)", interrupts: speaker == .hall) == .said
      }, hush: { voice.hush("\($0)") })
  }

  /// What the technician's page is told of terminals and printer.
  func tell(_ sources: inout TechSources) {
    let (open, newest) = state.withLock { ($0.open, $0.newest) }
    sources.visits = newest
    for kiosk in newest?.kiosks ?? [] { sources.kiosksAlive[kiosk.id] = open?.hall.isAlive(kiosk.id) }
    sources.printerCondition = open?.printer?.condition ?? .unknown
  }

  /// Of a matter that is open, `#3`: its owner, and whom it is offered to. `nil`: the newest picture has no such matter.
  func posts(of subject: String) -> [String]? {
    guard let matters = state.withLock({ $0.newest?.matters }) else { return nil }
    return matters.first { "#\($0.matter.id)" == subject }?.matter.posts
  }

  private var parentLost: Bool { state.withLock { $0.newest?.parentLostMilliseconds != nil } }

  private static func print(_ ticket: PrintedTicket, _ printer: TicketPrinter?, _ site: Site, parentLost: Bool) async
    -> SlipOnPaper
  {
    guard let printer, let offered = site.plan.visits else { return .shown }
    let service = offered.services.first { $0.letter == ticket.id.letter }
    let windows = offered.windows.filter { window in service.map { window.services.contains($0.id) } ?? false }
    let code = "\(ticket.id.shown)-\(ticket.code)"
    let slip = TicketSlip(
      site: site.plan.name, number: ticket.id.shown, service: service?.name ?? "", waiting: ticket.ahead,
      place: Texts.windows(windows.map(\.number)), moment: moment(), code: ticket.code, qr: code,
      next: Texts.slipLines(bring: service?.bring ?? []),
      isWaitingToReport: parentLost)
    switch await printer.print(slip, modules: QRCode.rows(code)) {
    case .printed: return .printed
    case .notPrinted: return .shown
    // A printer that tells nothing gets the benefit of the doubt on no page.
    case .sentNotVerified, .unknown: return .unknown
    }
  }

  private static func moment() -> String {
    let format = DateFormatter()
    format.locale = Locale(identifier: "zh_CN")
    format.dateFormat = "yyyy年M月d日 HH:mm"
    return format.string(from: Date())
  }
}
