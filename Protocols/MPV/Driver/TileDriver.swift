import DeviceKit
import DeviceVocabulary
import MPVCodec

/// One window of the software wall: one mpv process, spoken with by its JSON IPC. `.reopen` asks for a new process with its socket open.
///
/// - An answer to `loadfile` means queued; the picture is up at `playback-restart` behind `start-file` with the same `playlist_entry_id`,
///   and moves when `time-pos` advances (`switch.txt`). Only then is it told as shown.
/// - `property unavailable` for `path` is an idle window, no mistake (`answers.txt`).
/// - `loadfile` keeps `pause`, and `osd-msg1` expands `${…}`: the one is cleared, the other doubled.
/// - A source that accepts and never answers ends by the demuxer's own limit, or never: it is loaded again, then the process is changed.
public struct TileDriver: WallDriver {
  enum State: Equatable {
    /// No process, or it was given up. Can transition to: opening.
    case down(retry: Instant)
    /// A process was asked for. Can transition to: identifying, down.
    case opening(limit: Instant)
    /// It answers its socket; who it is and what it shows was asked. Can transition to: online, down.
    case identifying(limit: Instant)
    /// Can transition to: down.
    case online
  }

  /// What was asked, for its answer.
  enum Question: Equatable {
    case version, path, label, size, sound, black, position, paused, buffering, image, load, stop, change
  }
  struct Asked {
    var id: Int
    var question: Question
    var limit: Instant
  }

  static let answerLimit = Interval.seconds(3)
  static let restPoll = Interval.seconds(2)
  /// Between two looks at a new picture, until it moves.
  static let firstPoll = Interval.milliseconds(40)
  static let backOffSeconds = [1, 2, 5, 10]

  let settings: TileSettings
  var state = State.down(retry: .zero)
  var health: Health?
  var wall: WallConvergence
  var show = Show.unknown
  /// What was read last.
  var facts = Facts()
  var asked: [Asked] = []
  var nextPoll = Instant.zero
  /// The number stands over the picture until then.
  var identifyUntil: Instant?
  var lastProcessChange: Instant?
  /// The entry that began last: `start-file` may come before the answer to `loadfile`.
  var lastBegun: Int?
  var toldPicture: (state: PictureState, at: Instant)?
  var hasWindow = false
  private var lines = LineCutter()
  private var lastID = 0
  /// Questions whose answers do not count any more.
  private var late: [Int] = []
  private var failures = 0
  private var hasHeardGarbage = false
  private var random: SeededRandom
  var outbox: [WallEffect] = []
  /// Lines that were not mpv's, and answers that nobody asked for.
  public private(set) var garbage = 0

  /// What the window's process was read to have.
  struct Facts: Equatable {
    var path: String?
    var label = ""
    var width = 0
    var height = 0
    /// A track of sound is played.
    var isHeard = false
    /// The place in the stream since which all of the picture is black.
    var blackSince: Double?
    /// Why the picture stands.
    var standstill: PictureState.Standstill?
  }

  public init(_ settings: TileSettings, seed: UInt64 = 1) {
    self.settings = settings
    wall = WallConvergence(ports: [settings.number])
    random = SeededRandom(seed: seed)
  }

  public func isOwn(_ beginning: [UInt8]) -> Bool { beginning.first == UInt8(ascii: "{") }

  public var deadline: Instant? {
    if !outbox.isEmpty { return .zero }
    switch state {
    case .down(let retry): return retry
    case .opening(let limit): return limit
    case .identifying(let limit): return limit
    case .online:
      let found = [asked.map(\.limit).min(), nextPoll, show.deadline(settings.patience), wall.deadline, identifyUntil]
      return found.compactMap { $0 }.min()
    }
  }

  public mutating func handle(_ input: WallInput, at now: Instant, into effects: inout Effects<WallEffect>) {
    switch input {
    case .linkUp: begin(now)
    case .linkDown: if isUp || isOpening { fall(now, .absent) }
    case .received(let bytes): if isUp { take(bytes, now) }
    case .wished(let wishes): wall.take(wishes.filter { $0.number == settings.number }, at: now)
    case .identify(let number, let seconds): if number == settings.number { identify(Int(seconds), now) }
    case .retest:
      wall.retest(at: now)
      show.retryNow(now)
      if case .down = state { state = .down(retry: now) }
    case .wake: break
    }
    run(now)
    while effects.room > 0, !outbox.isEmpty { effects.append(outbox.removeFirst()) }
  }

  var isUp: Bool {
    switch state {
    case .identifying, .online: true
    default: false
    }
  }
  private var isOpening: Bool { if case .opening = state { true } else { false } }

  // MARK: - The process

  private mutating func begin(_ now: Instant) {
    lines.startOver()
    asked.removeAll()
    hasHeardGarbage = false
    hasWindow = false
    wall.forgetFacts(at: now)
    facts = Facts()
    show = .unknown
    toldPicture = nil
    state = .identifying(limit: now + Self.answerLimit)
    tellHealth(.identifying)
    ask(.version, now) { .get($0, "mpv-version") }
    ask(.label, now) { .get($0, "osd-msg1") }
    ask(.sound, now) { .get($0, "aid") }
    ask(.path, now) { .get($0, "path") }
  }

  private mutating func run(_ now: Instant) {
    switch state {
    case .down(let retry):
      guard retry <= now else { return }
      state = .opening(limit: now + settings.startLimit)
      if health == nil { tellHealth(.opening) }
      outbox.append(.reopen)
    case .opening(let limit): if limit <= now { fall(now, .absent) }
    case .identifying(let limit): if limit <= now { fall(now, hasHeardGarbage ? .faulted : .absent) }
    case .online: work(now)
    }
  }

  private mutating func work(_ now: Instant) {
    guard !asked.contains(where: { $0.limit <= now }) else { return fall(now, .absent) }
    if let until = identifyUntil, until <= now {
      identifyUntil = nil
      writeLabel(now)
    }
    watchPicture(now)
    guard case .online = state else { return }
    if nextPoll <= now { poll(now) }
    if let wish = wall.due(at: now).first, case .picture(let picture) = wish.setting { bring(picture, now) }
  }

  /// The process is of no use: another one after a while, later each time.
  mutating func fall(_ now: Instant, _ next: Health) {
    let seconds = Self.backOffSeconds[min(failures, Self.backOffSeconds.count - 1)]
    failures += 1
    state = .down(retry: now + .milliseconds(seconds * 800 + Int(random.below(UInt32(seconds * 400)))))
    asked.removeAll()
    wall.forgetFacts(at: now)
    show = .unknown
    toldPicture = nil
    tellHealth(next)
  }

  /// This one hangs at a source; another one begins at once.
  mutating func changeProcess(_ now: Instant) {
    lastProcessChange = now
    asked.removeAll()
    wall.forgetFacts(at: now)
    show = .unknown
    state = .opening(limit: now + settings.startLimit)
    outbox.append(.reopen)
  }

  mutating func tellHealth(_ next: Health) {
    guard health != next else { return }
    health = next
    outbox.append(.event(.healthChanged(next)))
  }

  // MARK: - Lines

  private mutating func take(_ bytes: [UInt8], _ now: Instant) {
    for piece in lines.push(bytes) {
      // An answer may have ended the process.
      guard isUp else { return }
      guard case .line(let line) = piece, let message = MPVMessage(line) else {
        garbage &+= 1
        hasHeardGarbage = true
        continue
      }
      switch message {
      case .reply(let id, let error, let data): answered(id, error, data, now)
      case .startFile(let entry): began(entry, now)
      case .playbackRestart: pictureIsUp(now)
      case .endFile(let entry, let reason, let error): ended(entry, reason, error, now)
      case .idle: show.becameIdle()
      case .event: break
      }
    }
  }

  mutating func ask(_ question: Question, _ now: Instant, _ request: (Int) -> MPVRequest) {
    lastID = lastID >= 1_000_000_000 ? 1 : lastID + 1
    asked.append(Asked(id: lastID, question: question, limit: now + Self.answerLimit))
    outbox.append(.write(request(lastID).bytes))
  }

  /// Their answers come too late to mean anything.
  mutating func forget(_ questions: [Question]) {
    late = (late + asked.filter { questions.contains($0.question) }.map(\.id)).suffix(32)
    asked.removeAll { questions.contains($0.question) }
  }

  func isAsked(_ question: Question) -> Bool { asked.contains { $0.question == question } }

  private mutating func answered(_ id: Int, _ error: String, _ data: JSONValue?, _ now: Instant) {
    guard let index = asked.firstIndex(where: { $0.id == id }) else {
      if !late.contains(id) { garbage &+= 1 }
      return
    }
    let question = asked.remove(at: index).question
    let isGood = error == MPVMessage.success
    switch question {
    case .version:
      guard isGood, let version = data?.text, version.hasPrefix("mpv") else { return fall(now, .faulted) }
      outbox.append(.event(.described(WallDescription(model: "mpv", firmware: String(version.prefix(40)), outputs: 1))))
    case .label: facts.label = data?.text ?? ""
    case .size:
      facts.width = data?["w"]?.whole ?? facts.width
      facts.height = data?["h"]?.whole ?? facts.height
    // `false` or `no`: none; else the track's number.
    case .sound: if isGood { facts.isHeard = data.map { $0.flag != false && $0.text != "no" } ?? false }
    case .black: facts.blackSince = isGood ? data.flatMap(Self.blackSince) : nil
    case .path:
      facts.path = isGood ? data?.text : nil
      wasRead(now)
    case .position: if isGood, let position = data?.number { moved(position, now) }
    case .paused: if isGood { stands(data?.flag == true ? .paused : nil, now) }
    case .buffering: if isGood, data?["underrun"]?.flag == true, facts.standstill == nil { stands(.buffering, now) }
    case .image: if isGood, data?.flag == true { isStill(now) }
    case .load: queued(isGood ? data?["playlist_entry_id"]?.whole : nil, error, now)
    case .stop, .change: break
    }
  }

  /// The path was read: what the window shows is known.
  private mutating func wasRead(_ now: Instant) {
    show.wasRead(path: facts.path)
    if case .identifying = state {
      state = .online
      nextPoll = now
      tellHealth(.online)
      observe(isReadBack: false, now)
      return
    }
    guard !show.isBusy else { return }
    failures = 0
    observe(isReadBack: true, now)
  }

  mutating func observe(isReadBack: Bool, _ now: Instant) {
    for event in wall.observed(settings.number, .picture(fact), isReadBack: isReadBack, at: now) { tell(event) }
  }

  /// What it shows, with the address that it was fetched from.
  private var fact: WallPicture {
    let shown = show.picture
    var frame = settings.frame
    if facts.width > 0, facts.height > 0 { (frame.width, frame.height) = (facts.width, facts.height) }
    var label = identifyUntil == nil ? Self.unescaped(facts.label) : shown?.label ?? ""
    // A label that is cut off by nothing is what was wished; a window without a source has none.
    if shown == nil, facts.path == nil, facts.label.isEmpty { label = "" }
    return WallPicture(
      source: shown?.source ?? (facts.path == nil ? "" : "?"), address: shown?.address ?? "", label: label, frame: frame,
      isHeard: mindsSound ? facts.isHeard : nil)
  }

  private var mindsSound: Bool { wall.port(settings.number)?.wish?.isHeard != nil }

  /// Addresses may hold passwords: none leaves.
  mutating func tell(_ event: WallEvent) {
    if case .observed(let number, .picture(var picture)) = event {
      picture.address = ""
      return outbox.append(.event(.observed(number, .picture(picture))))
    }
    outbox.append(.event(event))
  }
}
