import DeviceVocabulary
import StaffAccess
import Station

/// The duty desk (值班台): the page, its event stream and the JSON API, on loopback; and the technician's page beside it.
///
/// It shows what it is given by `publish` and hands what posts ask to `submit`; it decides nothing and keeps nothing.
public final class DutyDesk: Sendable {
  /// Hands a post's request to the station; returns after the entry that it caused is on disk, or with a refusal.
  public typealias Submit = @Sendable (_ post: String, _ action: DeskRequest.Action) async -> DeskAnswer
  /// The newest readings of a station below, `nil` when there is no such station; must not wait. No part of the view, which goes to every
  /// page after each commit: a page asks for them when somebody wants to see them.
  public typealias Readings = @Sendable (_ child: String) -> [AgedReading]?

  /// The port that is listened on: the one asked for, or the one that the system chose for 0.
  public var port: Int { pages.port }
  /// Page files that could not be read, if any: pages say so instead.
  public let missingFiles: [String]

  private let pages: LivePages
  private let devices: TechBoard

  /// Listens at once. Pages show "starting" until the first view.
  ///
  /// - Parameters:
  ///   - address: 127.0.0.0/8, `::1` or `localhost`; others could be reached from elsewhere and are refused: nothing is encrypted.
  ///   - port: 0 lets the system choose.
  ///   - webRoot: the folder of the page files (`Sources/Consoles/Web` or where it was installed).
  ///   - staff: who may look and act; without any account whoever sits at this computer may.
  ///   - devices: what the technician's page shows beside what the station's own picture says.
  /// - Throws: `.notLoopback`, `.cannotListen`. Missing page files are no reason: `missingFiles`.
  public init(
    address: String = "127.0.0.1", port: Int, webRoot: String, limits: ServerLimits = .standard,
    staff: StaffDoor? = nil, readings: @escaping Readings = { _ in nil },
    devices: TechBoard = TechBoard { TechSources() }, submit: @escaping Submit
  ) throws(ConsoleError) {
    let files = WebFiles(
      root: webRoot, names: DeskRoutes.fileNames + TechRoutes.fileNames.filter { !DeskRoutes.fileNames.contains($0) })
    missingFiles = files.missing
    self.devices = devices
    pages = try LivePages(address: address, port: port, limits: limits) { board, hub in
      DeskRoutes(
        files: files, board: board, hub: hub, staff: PageGuard(door: staff, page: .desk), readings: readings, submit: submit,
        tech: TechRoutes(
          devices: devices, page: files, board: board, staff: PageGuard(door: staff, page: .technician), submit: submit))
    }
  }

  /// Shows a new picture of the station to all pages. Callable from any thread, never waits; when several come faster than they can be
  /// sent only the newest is. One with a lower revision than the last is dropped.
  public func publish(_ view: DeskView) {
    devices.publish(view)
    pages.publish(revision: view.revision) { view.json().bytes }
  }

  /// The station stopped working while this server still runs: pages are told at once, grey everything, and requests are refused until
  /// the next `publish`.
  public func stationLost() { pages.stationLost() }

  /// Cuts all connections and ends the server's thread. To be called once, not from within `submit`.
  public func stop() { pages.stop() }
}
