import Consoles
import StaffAccess
import Station
import StationRuntime
import Synchronization

/// The pages for those who come, of a running station: the hall's and the windows'.
final class RunVisits: Sendable {
  private struct Open {
    var hall: HallPages
    var windows: WindowPages
  }
  private struct State {
    var open: Open?
    /// What came before the pages were there.
    var newest: VisitView?
  }
  private let state = Mutex(State())

  func publish(_ view: VisitView) {
    let open = state.withLock { state in
      state.newest = view
      return state.open
    }
    open?.hall.publish(view)
    open?.windows.publish(view)
  }

  func lost() {
    guard let open = state.withLock({ $0.open }) else { return }
    open.hall.stationLost()
    open.windows.stationLost()
  }

  /// Opens the pages that the site file names; none where nobody comes.
  func start(_ site: Site, _ file: SiteArgument, web: String?, staff: StaffDoor, submit: @escaping DutyDesk.Submit) throws {
    guard let plan = site.visitPages else { return }
    let codes = try TicketCodes(file: file.path(site.journalFolder) + "/slip-codes.key")
    let slips = SlipCodes(draw: { codes.draw() }, digest: { codes.digest($0) })
    let root = try WebRoot.find(web)
    let hall = try HallPages(
      port: plan.publicPort, webRoot: root, codes: slips, qr: { QRCode.rows($0) }, submit: submit)
    let windows = try WindowPages(
      port: plan.windowPort, webRoot: root, staff: staff, codes: slips, qr: { QRCode.rows($0) }, submit: submit)
    let newest = state.withLock { state in
      state.open = Open(hall: hall, windows: windows)
      return state.newest
    }
    if let newest {
      hall.publish(newest)
      windows.publish(newest)
    }
    Terminal.log("大厅 / hall: http://127.0.0.1:\(hall.port)/")
    Terminal.log("窗口 / windows: http://127.0.0.1:\(windows.port)/")
  }

  func stop() {
    guard let open = state.withLock({ $0.open }) else { return }
    open.hall.stop()
    open.windows.stop()
  }
}
