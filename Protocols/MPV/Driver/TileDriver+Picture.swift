import DeviceKit
import DeviceVocabulary
import MPVCodec

/// From the wish for a picture to frames that are seen to move.
extension TileDriver {
  /// A picture that was asked for.
  struct Load: Equatable {
    var picture: WallPicture
    var since: Instant
    /// mpv's number for it, known from the answer to `loadfile`.
    var entry: Int?
    /// `start-file` has said that this one begins.
    var hasBegun = false
    /// How mpv writes its address.
    var path: String?
    /// How often it was loaded, or its process changed, without a picture that moves.
    var attempts = 1
  }

  enum Show: Equatable {
    /// Nothing was read yet. Can transition to: other, idle, loading.
    case unknown
    /// Nothing is loaded.
    case idle
    /// Something that was not asked for here.
    case other
    /// Asked for, and no picture yet. Can transition to: shown, failed, loading.
    case loading(Load)
    /// The first picture was up. Can transition to: loading, failed, other, idle.
    case shown(Load, Motion)
    /// No picture to be had; tried again then.
    case failed(Load, retry: Instant)
  }

  struct Motion: Equatable {
    var position: Double?
    var movedAt: Instant
    var hasMoved = false
    var isStill = false
    /// When mpv was asked why it stands.
    var askedWhy: Instant?
  }

  /// The filter that notices a picture that is black all over, by its label on mpv's command line.
  public static let blackFilter = "black"
  static let retrySeconds = [2, 5, 10, 30]
  static let processInterval = Interval.seconds(60)
  /// A picture that stands for so long is asked why. A slow camera has a frame a second.
  static let standsAfter = Interval.milliseconds(1_500)

  // MARK: - Asking

  /// Brings the window to a picture that it does not show.
  mutating func bring(_ picture: WallPicture, _ now: Instant) {
    if picture.source.isEmpty {
      wall.wasSent(settings.number, at: now)
      show = .idle
      forget([.load, .position, .image, .path])
      ask(.stop, now) { .stop($0) }
      writeLabel(now)
      nextPoll = now
      return
    }
    guard !picture.address.isEmpty else {
      for event in wall.failed(settings.number, .impossible("\(picture.source): no address"), at: now) { tell(event) }
      return
    }
    if let shown = show.picture, shown.source == picture.source, shown.address == picture.address { return correct(picture, now) }
    wall.wasSent(settings.number, at: now)
    load(Load(picture: picture, since: now), now)
  }

  /// The picture is right; what stands over it or the window's size is not.
  private mutating func correct(_ picture: WallPicture, _ now: Instant) {
    wall.wasSent(settings.number, at: now)
    show.relabel(picture)
    writeLabel(now)
    setSound(picture, now)
    let frame = settings.frame
    if facts.width != frame.width || facts.height != frame.height {
      ask(.change, now) { .set($0, "geometry", .text("\(frame.width)x\(frame.height)+\(frame.x)+\(frame.y)")) }
    }
    nextPoll = now
  }

  private mutating func load(_ load: Load, _ now: Instant) {
    show = .loading(load)
    // What was asked of the one before says nothing of this one.
    forget([.load, .position, .image, .path, .black, .paused, .buffering])
    (facts.blackSince, facts.standstill) = (nil, nil)
    toldPicture = nil
    ask(.change, now) { .set($0, "pause", .flag(false)) }
    // For files it would end a still picture at once.
    ask(.change, now) { .set($0, "video-latency-hacks", .flag(!load.picture.address.hasPrefix("file:"))) }
    setSound(load.picture, now)
    ask(.load, now) { .load($0, load.picture.address) }
    if identifyUntil == nil, Self.unescaped(facts.label) != load.picture.label { writeLabel(now) }
  }

  /// A window plays no sound unless it is wished; with none chosen mpv does not even open the machine's sound.
  private mutating func setSound(_ picture: WallPicture, _ now: Instant) {
    guard let isHeard = picture.isHeard, isHeard != facts.isHeard || isHeard else { return }
    ask(.change, now) { .set($0, "aid", .text(isHeard ? "auto" : "no")) }
    ask(.sound, now) { .get($0, "aid") }
  }

  // MARK: - What mpv says of it

  mutating func queued(_ entry: Int?, _ error: String, _ now: Instant) {
    guard case .loading(var load) = show else { return }
    guard let entry else {
      show = .failed(load, retry: now + retryInterval(load))
      for event in wall.failed(settings.number, .refused(String(error.prefix(40))), at: now) { tell(event) }
      return
    }
    load.entry = entry
    if lastBegun == entry { load.hasBegun = true }
    show = .loading(load)
  }

  mutating func began(_ entry: Int, _ now: Instant) {
    lastBegun = entry
    switch show {
    case .loading(var load):
      guard load.entry == nil || load.entry == entry else { return }
      if load.entry == entry { load.hasBegun = true }
      show = .loading(load)
      ask(.path, now) { .get($0, "path") }
    case .shown(let load, _), .failed(let load, _): if load.entry != entry { show = .other }
    case .idle, .unknown, .other: show = .other
    }
  }

  mutating func pictureIsUp(_ now: Instant) {
    guard case .loading(let load) = show, load.hasBegun else { return }
    show = .shown(load, Motion(position: nil, movedAt: now))
    ask(.image, now) { .get($0, "current-tracks/video/image") }
    ask(.position, now) { .get($0, "time-pos") }
    nextPoll = now + Self.firstPoll
  }

  mutating func moved(_ position: Double, _ now: Instant) {
    guard case .shown(var load, var motion) = show else { return }
    guard let before = motion.position, before != position else {
      let isKnown = motion.position != nil
      motion.position = position
      if isKnown { askWhyItStands(&motion, now) }
      show = .shown(load, motion)
      return
    }
    facts.standstill = nil
    let isFirst = !motion.hasMoved
    motion.position = position
    motion.movedAt = now
    motion.hasMoved = true
    load.attempts = 0
    show = .shown(load, motion)
    tellPicture(isBlack(at: position) ? .black : .moving, now)
    if isFirst { isShown(now) }
  }

  private mutating func askWhyItStands(_ motion: inout Motion, _ now: Instant) {
    guard now - motion.movedAt >= Self.standsAfter, motion.askedWhy.map({ now - $0 >= Self.standsAfter }) ?? true else { return }
    motion.askedWhy = now
    ask(.paused, now) { .get($0, "pause") }
    // `paused-for-cache` stays false without a cache; that nothing has come to be shown is so all the same.
    ask(.buffering, now) { .get($0, "demuxer-cache-state") }
  }

  /// What mpv says of a picture that stands. Nobody's pause is wished: it goes on at once.
  mutating func stands(_ why: PictureState.Standstill?, _ now: Instant) {
    guard case .shown(_, let motion) = show else { return }
    facts.standstill = why
    guard let why else { return }
    tellPicture(.frozen(seconds: motion.stands(now), because: why), now)
    if why == .paused { ask(.change, now) { .set($0, "pause", .flag(false)) } }
  }

  /// Shorter than this is a cut of the film, or a lamp that is switched on.
  static let blackSeconds = 5.0
  private func isBlack(at position: Double) -> Bool { facts.blackSince.map { position - $0 >= Self.blackSeconds } ?? false }

  /// What mpv's filter has noticed, all of it since the picture was loaded: begun and ended, the last of each.
  static func blackSince(_ said: JSONValue) -> Double? {
    guard let start = said["lavfi.black_start"]?.text.flatMap({ Double($0) }) else { return nil }
    let end = said["lavfi.black_end"]?.text.flatMap { Double($0) }
    return end.map { start > $0 } ?? true ? start : nil
  }

  /// A still picture has no more to prove than that it is up.
  mutating func isStill(_ now: Instant) {
    guard case .shown(let load, var motion) = show else { return }
    motion.isStill = true
    motion.hasMoved = true
    motion.movedAt = now
    show = .shown(load, motion)
    tellPicture(.moving, now)
    isShown(now)
  }

  private mutating func isShown(_ now: Instant) {
    keepWindow(now)
    observe(isReadBack: true, now)
    nextPoll = now
  }

  mutating func ended(_ entry: Int?, _ reason: String, _ error: String?, _ now: Instant) {
    let load: Load
    let ran: Bool
    switch show {
    case .loading(let found): (load, ran) = (found, false)
    case .shown(let found, let motion):
      (load, ran) = (found, motion.hasMoved && motion.movedAt - found.since >= settings.patience)
    default: return
    }
    guard entry == nil || entry == load.entry, load.hasBegun, reason != "stop", reason != "redirect" else { return }
    if ran, reason == "eof" {
      var again = load
      again.since = now
      (again.entry, again.path, again.hasBegun, again.attempts) = (nil, nil, false, 1)
      return self.load(again, now)
    }
    failedToShow(load, String((error ?? reason).prefix(40)), now)
  }

  /// The window has what was wished, and there is no picture to be had.
  private mutating func failedToShow(_ load: Load, _ reason: String, _ now: Instant) {
    show = .failed(load, retry: now + retryInterval(load))
    tellPicture(.none(reason: reason), now)
    observe(isReadBack: true, now)
  }

  private func retryInterval(_ load: Load) -> Interval {
    .seconds(Self.retrySeconds[min(max(0, load.attempts - 1), Self.retrySeconds.count - 1)])
  }

  // MARK: - Watching

  mutating func watchPicture(_ now: Instant) {
    switch show {
    case .loading(let load):
      guard load.since + settings.patience <= now else { return }
      tellPicture(.none(reason: "no picture"), now)
      observe(isReadBack: true, now)
      again(load, now)
    case .shown(let load, let motion):
      guard !motion.isStill, motion.movedAt + settings.patience <= now else { return }
      tellPicture(.frozen(seconds: motion.stands(now), because: facts.standstill), now)
      observe(isReadBack: true, now)
      again(load, now)
    case .failed(let load, let retry):
      guard retry <= now else { return }
      var next = load
      next.attempts += 1
      (next.since, next.entry, next.path, next.hasBegun) = (now, nil, nil, false)
      self.load(next, now)
    case .unknown, .idle, .other: break
    }
  }

  /// A source that hangs: loaded again first, then by another process, then now and then.
  private mutating func again(_ load: Load, _ now: Instant) {
    var next = load
    next.attempts = max(2, load.attempts + 1)
    (next.since, next.entry, next.path, next.hasBegun) = (now, nil, nil, false)
    if load.attempts <= 1 { return self.load(next, now) }
    if lastProcessChange.map({ now - $0 >= Self.processInterval }) ?? true { return changeProcess(now) }
    show = .failed(next, retry: now + retryInterval(next))
  }

  mutating func poll(_ now: Instant) {
    if case .shown(_, let motion) = show, !motion.hasMoved {
      nextPoll = now + Self.firstPoll
      if !isAsked(.position) { ask(.position, now) { .get($0, "time-pos") } }
      return
    }
    nextPoll = now + Self.restPoll
    if case .shown(_, let motion) = show {
      if !isAsked(.black) { ask(.black, now) { .get($0, "vf-metadata/\(Self.blackFilter)") } }
      if motion.isStill {
        tellPicture(facts.blackSince == nil ? .moving : .black, now)
      } else if !isAsked(.position) {
        ask(.position, now) { .get($0, "time-pos") }
      }
    } else if case .failed = show {
      // It is tried again more and more seldom; that there is no picture stays known meanwhile.
      if let told = toldPicture { tellPicture(told.state, now) }
    } else if case .idle = show, case .picture(let wish)? = wall.port(settings.number)?.wish, wish.source.isEmpty {
      // A window that is black before its first picture has no trouble.
      tellPicture(.black, now)
    }
    guard !isAsked(.path) else { return }
    ask(.size, now) { .get($0, "osd-dimensions") }
    if !isAsked(.label) { ask(.label, now) { .get($0, "osd-msg1") } }
    if !isAsked(.sound) { ask(.sound, now) { .get($0, "aid") } }
    ask(.path, now) { .get($0, "path") }
  }

  mutating func tellPicture(_ picture: PictureState, _ now: Instant) {
    if let told = toldPicture, told.state == picture, now - told.at < WallConvergence.proofInterval { return }
    toldPicture = (picture, now)
    tell(.pictureObserved(settings.number, picture))
  }
}

extension TileDriver.Motion {
  /// For so many whole seconds.
  fileprivate func stands(_ now: Instant) -> UInt32 { UInt32(clamping: (now - movedAt).microseconds / 1_000_000) }
}

extension TileDriver.Show {
  /// A picture is on its way: what the path says now is not what will be.
  var isBusy: Bool {
    switch self {
    case .loading: true
    case .shown(_, let motion): !motion.hasMoved
    default: false
    }
  }

  /// What was asked for here and is in the window, with or without a picture.
  var picture: WallPicture? {
    switch self {
    case .loading(let load), .shown(let load, _), .failed(let load, _): load.picture
    case .unknown, .idle, .other: nil
    }
  }

  func deadline(_ patience: Interval) -> Instant? {
    switch self {
    case .loading(let load): load.since + patience
    case .shown(_, let motion): motion.isStill ? nil : motion.movedAt + patience
    case .failed(_, let retry): retry
    case .unknown, .idle, .other: nil
    }
  }

  mutating func retryNow(_ now: Instant) { if case .failed(let load, _) = self { self = .failed(load, retry: now) } }

  mutating func becameIdle() { if case .other = self { self = .idle } }

  mutating func relabel(_ picture: WallPicture) {
    switch self {
    case .shown(var load, let motion):
      load.picture = picture
      self = .shown(load, motion)
    case .failed(var load, let retry):
      load.picture = picture
      self = .failed(load, retry: retry)
    case .loading(var load):
      load.picture = picture
      self = .loading(load)
    default: break
    }
  }

  /// Somebody else may have given the window another source.
  mutating func wasRead(path: String?) {
    switch self {
    case .unknown: self = path == nil ? .idle : .other
    case .idle: if path != nil { self = .other }
    case .other: if path == nil { self = .idle }
    case .loading(var load):
      if load.hasBegun, load.path == nil { load.path = path }
      self = .loading(load)
    case .shown(var load, let motion):
      if load.path == nil { load.path = path } else if path != load.path { self = path == nil ? .idle : .other; return }
      self = .shown(load, motion)
    case .failed: break
    }
  }
}
