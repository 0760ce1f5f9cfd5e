import AlarmReceivers
import ArgumentParser
import Consoles
import StaffAccess
import DeviceKit
import Foundation
import Station
import StationRuntime
import Synchronization
import Transports

struct SiteArgument: ParsableArguments {
  @Argument(help: "站点文件 / site file (YAML)") var site: String

  func load() throws -> Site { try Self.read(site) }

  static func read(_ path: String) throws -> Site {
    try SiteFile.read(try SiteFile.text(of: path), file: path) { port in
      // Only the machine at hand can tell what a link or an adapter's number means; what is not there keeps the name that it was given.
      guard !port.hasPrefix("/") else { return URL(fileURLWithPath: port).resolvingSymlinksInPath().path }
      return (try? PortSelector(parsing: port).resolve())?.path ?? port
    }
  }

  /// The second destination of calls, if the site has one. Without its key nothing is sent, least of all in clear; the station takes
  /// calls all the same, and `problem` becomes a fault.
  func receiver(_ site: Site) -> (link: ReceiverLink?, problem: String?) {
    guard let plan = site.alarmReceiver else { return (nil, nil) }
    do {
      let link = try ReceiverLink(
        plan: plan, key: plan.keyFile.map(path), journalFolder: path(site.journalFolder), log: { Terminal.log($0) })
      return (link, nil)
    } catch {
      return (nil, "\(error)")
    }
  }

  /// Relative paths in a site file are meant from where the file lies.
  func path(_ relative: String) -> String {
    relative.hasPrefix("/")
      ? relative
      : (site as NSString).deletingLastPathComponent.isEmpty
        ? relative : (site as NSString).deletingLastPathComponent + "/" + relative
  }
}

struct Run: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "运行站点 / runs a station")
  @OptionGroup var file: SiteArgument
  @Option(help: "网页文件夹 / folder of the page files") var web: String?
  @Option(
    help: "把输入录到这个文件(新建,或接在已有的录制后面),可用 linli replay 重放 / records the station's inputs, to a new file or behind an older recording"
  ) var record: String?

  func run() async throws {
    CrashPrivacy.begin()
    let signals = Signals()
    let site = try file.load()
    for warning in site.warnings { Terminal.log("\(warning)") }
    // Before the journal is made: what refuses the start should leave nothing behind.
    try Self.checkSocket(Socket.station(file.site))
    let board = ViewBoard()
    let pages = PageHolder()
    let visits = RunVisits()
    let wall = try RunWall(site)
    let sealing = RunSealing()
    let (receiver, receiverProblem) = file.receiver(site)
    let newest = NewestTime()
    let link = RunLink(newest: newest)
    let enrolment = RunEnrolment(site, siteFolder: file.folder, isServing: { link.isServing })
    var options = StationRuntime.Options(
      program: Linli.version, recording: record, log: { Terminal.log($0) },
      onView: { view in
        var view = view
        view.receiver = receiver?.status
        board.put(view)
        pages.publish(view)
        wall.publish(view)
        Terminal.shared.show(view)
      })
    options.onSynchronisedTime = { newest.note($0) }
    options.onVisits = { visits.publish($0) }
    options.onWall = { wall.publish($0) }
    options.wall = wall.hands
    let kept = KeptBesides(site: site, staffFile: file.path(StaffBook.fileName), recording: record)
    visits.addKept { kept.add(to: &$0, keys: sealing.keyCount) }
    options.onStall = {
      pages.lost()
      visits.lost()
      wall.lost()
    }
    options.onCommit = {
      receiver?.wake()
      link.wake()
    }
    options.onCommand = { link.command($0, $1) }
    if site.alarmReceiver != nil {
      let cursor = ReceiverCursorFile(folder: file.path(site.journalFolder))
      options.othersThrough = { cursor.load()?.readThrough ?? .start }
    }
    options.keys = sealing.keeper
    let runtime = try StationRuntime(site: site, journalFolder: file.path(site.journalFolder), options: options)
    if let receiverProblem {
      Terminal.log(receiverProblem)
      _ = runtime.tell(.refusing, detail: receiverProblem)
    } else if receiver == nil {
      // A fault of one that was taken out of the site file is over.
      _ = runtime.tell(.unknown, detail: "")
    }
    sealing.open(site, folder: file.path(site.journalFolder)) { runtime.tell($0) }
    receiver?.start { runtime.tell($0, detail: $1) }
    link.start(site, file, runtime, keys: sealing.source(station: site.plan.station))
    enrolment.resume()
    let panels = PanelOrders()
    let staff = Self.staffDoor(file, runtime)
    let staffReader = RunStaffReader(site, staffFile: file.path(StaffBook.fileName), door: staff) { runtime.tell($0) }
    let sealDesk = SealDesk(door: staff, posts: { visits.posts(of: $0) ?? SealedFolder.posts(of: $0, file) }) { note, post in
      let answer = waitFor { await runtime.submit(post: post, action: .opening(note)) }
      return answer == .done ? nil : DeskControl.text(answer)
    }
    let control = try Self.openSocket(Socket.station(file.site)) { line, client in
      if let said = sealDesk.say(line) { return said }
      if let said = staffReader.say(line) { return said }
      if let said = wall.playerSays(line, client) { return said }
      if let said = wall.say(
        line, staff: staff, submit: { post, action in waitFor { await runtime.submit(post: post, action: action) } })
      {
        return said
      }
      if let said = enrolment.say(line) ?? panels.say(line, tell: { runtime.tell($0) }) { return said }
      return DeskControl.answer(line, board: board, readings: { link.readings($0, runtime) }, buses: { runtime.buses }) {
        post, action in
        waitFor { await runtime.submit(post: post, action: action) }
      }
    }
    let devices = TechBoard(freeMebibytes: { RunTech.freeMebibytes(file.path(site.journalFolder)) }) {
      var sources = RunTech.sources(site, runtime)
      visits.tell(&sources)
      wall.tell(&sources)
      sources.isStaffReaderReady = staff.cards.isReady
      return sources
    }
    let desk = try DutyDesk(
      port: site.deskPort, webRoot: WebRoot.find(web), staff: staff, readings: { link.readings($0, runtime) }, devices: devices,
      submit: { await runtime.submit(post: $0, action: $1) })
    pages.open(desk, board.get())
    var missing = desk.missingFiles
    missing += try visits.start(site, file, web: web, staff: staff, sealer: sealing.sealer, runtime: runtime) {
      await runtime.submit(post: $0, action: $1)
    }
    missing += try wall.start(site, web: web, staff: staff, runtime: runtime) { await runtime.submit(post: $0, action: $1) }
    Self.tellMissing(missing, runtime)
    ServiceManager().ready()
    Terminal.log("\(site.plan.name): 运行中 / running")
    Terminal.log("值班台 / duty desk: http://127.0.0.1:\(desk.port)/")
    Terminal.log("技术员 / technician: http://127.0.0.1:\(desk.port)/tech")
    await signals.stop()
    Terminal.log("正在停止 / stopping")
    ServiceManager().stopping()
    control?.stop()
    desk.stationLost()
    visits.lost()
    wall.lost()
    enrolment.stop()
    link.stop()
    runtime.shutDown()
    receiver?.stop()
    desk.stop()
    visits.stop()
    wall.stop()
    staffReader.stop()
    sealing.stop()
  }
}

extension Run {
  /// Who comes and goes, and who is refused, stands in the journal.
  private static func staffDoor(_ file: SiteArgument, _ runtime: StationRuntime) -> StaffDoor {
    let door = StaffDoor(path: file.path(StaffBook.fileName)) { runtime.tell(.access(AccessNote($0))) }
    if let problem = door.problem { Terminal.log("\(problem)") }
    return door
  }

  /// Pages that cannot be shown are no reason to take no calls.
  private static func tellMissing(_ files: [String], _ runtime: StationRuntime) {
    let problem = files.first.map { "\($0)" + (files.count > 1 ? " … (\(files.count))" : "") }
    if let problem { Terminal.log("网页文件缺失,求助照常受理 / files of the pages are missing, calls are taken all the same: \(problem)") }
    // A fault of an earlier start is over.
    _ = runtime.tell(.pages(missing: problem))
  }

  /// A disk without room for it is no reason to be without a desk: the pages work all the same.
  private static func openSocket(_ path: String, answer: @escaping @Sendable (String, ControlClient) -> String) throws
    -> ControlSocket?
  {
    do {
      return try ControlSocket(path: path, answer: answer)
    } catch {
      guard error.isDisk else { throw error }
      Terminal.log("linli desk 用不了 / linli desk cannot be used: \(error)")
      return nil
    }
  }

  /// That another station has the socket is said by the journal, which knows its process.
  private static func checkSocket(_ path: String) throws {
    do throws(ControlError) {
      try ControlSocket.check(path)
    } catch .inUse {
      return
    }
  }
}

/// Listens for the wish to stop from its making on: a program that can be reached can also be stopped cleanly.
final class Signals {
  private let wishes: AsyncStream<Void>
  private let sources: [any DispatchSourceSignal]

  init() {
    let (wishes, wish) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    self.wishes = wishes
    sources = [SIGTERM, SIGINT].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { wish.yield() }
      source.resume()
      return source
    }
  }

  /// Returns when the program was asked to stop, also when that was before.
  func stop() async {
    for await _ in wishes { return }
  }
}

/// Runs async work from a thread that may wait (the control socket's own).
func waitFor<Value: Sendable>(_ body: @escaping @Sendable () async -> Value) -> Value {
  let box = WaitBox<Value>()
  Task {
    box.put(await body())
  }
  return box.take()
}

private final class WaitBox<Value: Sendable>: @unchecked Sendable {
  // `value` is written before the semaphore is signalled and read after it was waited for.
  private var value: Value?
  private let semaphore = DispatchSemaphore(value: 0)

  func put(_ value: Value) {
    self.value = value
    semaphore.signal()
  }

  func take() -> Value {
    while true {
      semaphore.wait()
      if let value { return value }
    }
  }
}

/// The station may have something to show before its pages are open.
final class PageHolder: Sendable {
  private let desk = Mutex<DutyDesk?>(nil)

  func publish(_ view: DeskView) { desk.withLock { $0 }?.publish(view) }

  func lost() { desk.withLock { $0 }?.stationLost() }

  func open(_ new: DutyDesk, _ first: DeskView?) {
    desk.withLock { $0 = new }
    if let first { new.publish(first) }
  }
}

/// Where the page files lie: as told, beside an installed program, or in the sources that this program was built from.
enum WebRoot {
  /// Where nothing is found, the place where an installed program has them: whoever opens them says what is missing.
  static func find(_ told: String?) -> String {
    if let told { return told }
    let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    let installed = program.deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("share/linli/web")
    var candidates = [installed]
    var folder = program.deletingLastPathComponent()
    while folder.path != "/" {
      candidates.append(folder.appendingPathComponent("Sources/Consoles/Web"))
      folder.deleteLastPathComponent()
    }
    return candidates.first { FileManager.default.fileExists(atPath: $0.path + "/desk.html") }?.path ?? installed.path
  }
}
