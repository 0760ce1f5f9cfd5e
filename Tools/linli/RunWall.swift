import Consoles
import ONVIFCodec
import StaffAccess
import Station
import StationRuntime
import Synchronization

/// The display wall of a running station: its devices, and the operator's console.
final class RunWall: Sendable {
  private struct State {
    var pages: WallPages?
    /// What came before the page was there.
    var wall: WallView?
    var desk: DeskView?
  }
  private let state = Mutex(State())
  private let devices: WallRuntime?
  private let players: PlayerBoard?
  private let sources = Mutex<SourceWatch?>(nil)
  private let cameras: CameraDirectory?

  init(_ site: Site) throws {
    devices = try site.wall.map { try WallRuntime($0) }
    players = site.wall.map { PlayerBoard($0) }
    cameras = site.wall.flatMap { $0.cameras.isEmpty ? nil : CameraDirectory($0.cameras) }
  }

  /// What the station asks of the devices; `nil` where there is no wall.
  var hands: WallHands? {
    guard let devices else { return nil }
    var hands = devices.hands
    hands.turn = { [cameras] in cameras?.turn($0, $1) }
    hands.retestSource = { id in self.sources.withLock { $0 }?.retest(id) }
    return players?.hands(others: hands) ?? hands
  }

  func publish(_ view: DeskView) {
    let pages = state.withLock { state in
      state.desk = view
      return state.pages
    }
    pages?.publish(view)
  }

  func publish(_ view: WallView) {
    let pages = state.withLock { state in
      state.wall = view
      return state.pages
    }
    pages?.publish(view)
  }

  /// What the technician's page is told of the wall, and of cameras that were asked where they are; passwords are masked.
  func tell(_ sources: inout TechSources) {
    sources.wall = state.withLock { $0.wall }
    for camera in cameras?.standings ?? [] {
      sources.sources[camera.source] = camera.stream.map { StreamAddress.masked($0) } ?? sources.sources[camera.source]
    }
  }

  func lost() { state.withLock { $0.pages }?.stationLost() }

  /// Opens the devices' lines and the console; nothing where the site has no wall.
  ///
  /// - Returns: page files that are missing.
  func start(_ site: Site, web: String?, staff: StaffDoor, runtime: StationRuntime, submit: @escaping DutyDesk.Submit) throws
    -> [String]
  {
    guard let devices, let plan = site.wall else { return [] }
    devices.start { runtime.tell($0, $1) }
    players?.start { runtime.tell($0, $1) }
    let players = players
    cameras?.start(
      address: { players?.move($0, to: $1) },
      turned: { runtime.tell(.turned(source: $0, preset: $1, failure: $2)) })
    let watch = SourceWatch(addresses: plan.addresses, cameras: cameras) { runtime.tell(source: $0, $1) }
    watch.start()
    sources.withLock { $0 = watch }
    let pages = try WallPages(
      port: plan.consolePort, webRoot: WebRoot.find(web), staff: staff,
      presets: { [cameras] source in cameras?.standings.first { $0.source == source }?.presets ?? [] }, submit: submit)
    let (wall, desk) = state.withLock { state in
      state.pages = pages
      return (state.wall, state.desk)
    }
    if let desk { pages.publish(desk) }
    if let wall { pages.publish(wall) }
    Terminal.log("大屏 / display wall: http://127.0.0.1:\(pages.port)/")
    return pages.missingFiles
  }

  /// A line of a player: it waits until there is something new to show.
  func playerSays(_ line: String, _ client: ControlClient) -> String? { players?.answer(line) { client.isGone } }

  /// A line that begins with `wall`; `nil`: another.
  func say(_ line: String, staff: StaffDoor, submit: (String, DeskRequest.Action) -> DeskAnswer) -> String? {
    var words = line.split(separator: " ", maxSplits: 2).map(String.init)
    guard words.first == "wall", words.count >= 2 else { return nil }
    let (wall, desk) = state.withLock { ($0.wall, $0.desk) }
    guard let wall else { return "\(DeskControl.failure)本站没有大屏,或还没有就绪 / no display wall here, or not ready yet\n" }
    let isAll = words.count == 3 && words[2] == "all"
    if words[1] == "cameras" {
      return CameraList((cameras?.standings ?? []).filter { isAll || WallControl.mayTell($0.source, of: wall) }).json + "\n"
    }
    if words[1] == "show" { return WallControl.show(wall, desk, isAll: isAll).json + "\n" }
    if words[1] == "export" {
      return words.count == 3 ? WallControl.layout(words[2], of: wall) ?? "\(DeskControl.failure)没有这个布局 / no such layout\n" : nil
    }
    let isRehearsal = words[1] == "rehearse"
    if isRehearsal, words.count == 3 { words = ["wall"] + words[2].split(separator: " ", maxSplits: 1).map(String.init) }
    let body = words.count == 3 ? words[2] : "{}"
    let answer = WallControl.request(words[1], body, isRehearsal: isRehearsal, view: wall, door: staff, submit: submit)
    // The station shows what it has decided before it takes the next request: whoever looks after this answer sees what came of it.
    if !isRehearsal, answer.status == 200 { _ = submit("", .wall(.rehearse(.endMeeting))) }
    return answer.json + "\n"
  }

  func stop() {
    state.withLock { $0.pages }?.stop()
    cameras?.shutDown()
    sources.withLock { $0 }?.shutDown()
    players?.shutDown()
    devices?.shutDown()
  }
}
