import DeviceVocabulary
import NIOConcurrencyHelpers
import NIOCore
import StaffAccess
import Station

/// The operator's console of the display wall, on loopback: the wall as it was read back, what can be shown, and what calls.
public final class WallPages: Sendable {
  public var port: Int { pages.port }
  /// Page files that could not be read, if any: pages say so instead.
  public let missingFiles: [String]
  private let pages: LivePages
  private let open = NIOLockedValueBox(WallOpenCards())
  private let concealed: NIOLockedValueBox<Set<String>>
  private let newest: NIOLockedValueBox<WallView?>

  /// Names of the positions that a camera remembers, by its source; must not wait.
  public typealias Presets = @Sendable (_ source: String) -> [String]

  /// Other parameters and errors as for `DutyDesk`.
  ///
  /// - Parameter presets: asked when somebody is about to turn a camera.
  public init(
    address: String = "127.0.0.1", port: Int, webRoot: String, limits: ServerLimits = .standard, staff: StaffDoor? = nil,
    presets: @escaping Presets = { _ in [] }, submit: @escaping DutyDesk.Submit
  ) throws(ConsoleError) {
    let files = WebFiles(root: webRoot, names: WallRoutes.fileNames)
    missingFiles = files.missing
    let concealed = NIOLockedValueBox<Set<String>>([])
    self.concealed = concealed
    let newest = NIOLockedValueBox<WallView?>(nil)
    self.newest = newest
    pages = try LivePages(address: address, port: port, limits: limits) { board, hub in
      WallRoutes(
        files: files, board: board, hub: hub, staff: PageGuard(door: staff, page: .wall),
        presets: { source in concealed.withLockedValue { $0.contains(source) } ? [] : presets(source) },
        view: { newest.withLockedValue { $0 } }, submit: submit)
    }
  }

  /// The calls that the strip below the wall names; shown with the next `publish` of the wall.
  public func publish(_ view: DeskView) {
    let cards = WallOpenCards(view)
    open.withLockedValue { $0 = cards }
  }

  /// As `DutyDesk.publish`.
  public func publish(_ view: WallView) {
    let cards = open.withLockedValue { $0 }
    concealed.withLockedValue { $0 = view.sourcesToConceal }
    newest.withLockedValue { $0 = view }
    pages.publish(revision: view.revision) { view.json(cards, isForPages: true).bytes }
  }

  public func stationLost() { pages.stationLost() }
  public func stop() { pages.stop() }
}
