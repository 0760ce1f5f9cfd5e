import DeviceKit
import MPVCodec

/// The other end of mpv's IPC socket: one process with one window, as a client sees it. What a real mpv does with a source is played by the
/// source's address: `stuck…` accepts and never answers, `missing…` and `refused…` fail, `file:still…` is a picture without motion, `mute…` has no
/// sound, `black…` is black, `short…` ends after 10 s; everything else plays.
public struct MPVModel: Machine, Sendable {
  public enum Input: Sendable, Equatable {
    case received([UInt8])
    case hand(Hand)
    case wake
  }
  public enum Effect: Sendable, Equatable {
    case transmit([UInt8])
    /// The process has ended.
    case hangUp
  }
  /// What befalls it.
  public enum Hand: Sendable, Equatable {
    case frozen(Bool)
    /// Takes everything and says nothing.
    case silent(Bool)
    /// Bytes between its lines.
    case garbage(Bool)
    /// Says yes to `loadfile` and does not load.
    case locked(Bool)
    case die
    /// Answers so much later.
    case delay(Interval)
    /// Somebody else at the socket loads this.
    case foreign(String)
    /// The source ends now.
    case sourceEnds
    /// Somebody covers the lens.
    case covered(Bool)
    /// Somebody pauses it, by a key or by its socket.
    case paused(Bool)
    /// Nothing comes, and mpv waits for it.
    case starved(Bool)
  }

  struct Playing: Equatable {
    var entry: Int
    var address: String
    var shownAt: Instant?
  }

  public static let pictureAfter = Interval.milliseconds(60)
  static let shortLength = Interval.seconds(10)

  public private(set) var isAlive = true
  /// As the command line set it.
  public private(set) var width: Int
  public private(set) var height: Int
  public private(set) var properties: [JSONValue.Member] = [
    .init("osd-msg1", .text("")), .init("pause", .flag(false)), .init("osd-font-size", .number(55)),
    .init("video-latency-hacks", .flag(true)), .init("force-window", .text("no")),
    .init("aid", .text("no")),
  ]
  /// Lines that were understood.
  public private(set) var commands: [String] = []
  private var lines = LineCutter()
  private var playing: Playing?
  private var entries = 0
  private var frozenAt: Instant?
  private var pausedAt: Instant?
  private var starvedAt: Instant?
  private var isSilent = false
  private var isNoisy = false
  private var isLocked = false
  /// Places in the stream, as its filter has seen them last.
  private var black: (start: Double?, end: Double?) = (nil, nil)
  private var delay = Interval.zero
  /// What is said then, in order.
  private var pending: [(due: Instant, said: Said)] = []
  private var random: SeededRandom

  private enum Said {
    case bytes([UInt8])
    /// The picture of this entry comes up.
    case picture(Int)
    case fails(Int, String)
    case ends(Int)
  }

  public init(width: Int = 960, height: Int = 540, seed: UInt64 = 1) {
    self.width = width
    self.height = height
    random = SeededRandom(seed: seed)
  }

  /// What the window shows, if a picture is up.
  public var address: String? { playing?.shownAt == nil ? nil : playing?.address }
  public var label: String { property("osd-msg1")?.text ?? "" }
  private func property(_ name: String) -> JSONValue? { properties.first { $0.name == name }?.value }

  public var deadline: Instant? { pending.map(\.due).min() }

  public mutating func handle(_ input: Input, at now: Instant, into effects: inout Effects<Effect>) {
    guard isAlive else { return }
    switch input {
    case .received(let bytes):
      for piece in lines.push(bytes) {
        guard case .line(let line) = piece else { continue }
        guard let request = MPVRequest(line) else {
          if line.first == 0x7B { say(.reply(id: 0, error: "invalid parameter", data: nil), now) }
          continue
        }
        obey(request, now)
      }
    case .hand(let hand): take(hand, now, &effects)
    case .wake: break
    }
    while isAlive, let index = pending.firstIndex(where: { $0.due <= now }), effects.room > 1 {
      let said = pending.remove(at: index).said
      perform(said, now, &effects)
    }
  }

  private mutating func take(_ hand: Hand, _ now: Instant, _ effects: inout Effects<Effect>) {
    switch hand {
    case .frozen(let isOn): frozenAt = isOn ? frozenAt ?? now : nil
    case .paused(let isOn): pause(isOn, now)
    case .starved(let isOn): starvedAt = isOn ? starvedAt ?? now : nil
    case .silent(let isOn): isSilent = isOn
    case .garbage(let isOn): isNoisy = isOn
    case .locked(let isOn): isLocked = isOn
    case .delay(let interval): delay = interval
    case .die:
      isAlive = false
      effects.append(.hangUp)
    case .foreign(let address): load(address, now)
    case .covered(let isOn):
      let position = playing?.shownAt.map { Double((now - $0).microseconds) / 1_000_000 } ?? 0
      if isOn { black.start = position } else { black.end = position }
    case .sourceEnds: if let entry = playing?.entry { pending.append((now, .ends(entry))) }
    }
  }

  private mutating func perform(_ said: Said, _ now: Instant, _ effects: inout Effects<Effect>) {
    switch said {
    case .bytes(let bytes):
      guard !isSilent else { return }
      if isNoisy, random.chance(1, in: 3) {
        effects.append(.transmit((0..<random.below(30)).map { _ in UInt8(random.below(256)) } + [0x0A]))
      }
      effects.append(.transmit(bytes))
    case .picture(let entry):
      guard playing?.entry == entry else { return }
      playing?.shownAt = now
      say(.event("video-reconfig"), now)
      say(.playbackRestart, now)
    case .fails(let entry, let error):
      guard playing?.entry == entry else { return }
      playing = nil
      say(.endFile(entry: entry, reason: "error", error: error), now)
      say(.idle, now)
    case .ends(let entry):
      guard playing?.entry == entry else { return }
      playing = nil
      say(.endFile(entry: entry, reason: "eof", error: nil), now)
      say(.idle, now)
    }
  }

  private mutating func say(_ message: MPVMessage, _ now: Instant) { pending.append((now + delay, .bytes(message.bytes))) }

  private mutating func answer(_ id: Int, _ error: String = MPVMessage.success, _ data: JSONValue? = nil, _ now: Instant) {
    say(.reply(id: id, error: error, data: data), now)
  }

  // MARK: - Commands

  private mutating func obey(_ request: MPVRequest, _ now: Instant) {
    let words = request.command
    commands.append(words.map { $0.text ?? String(decoding: $0.bytes, as: UTF8.self) }.joined(separator: " "))
    if commands.count > 500 { commands.removeFirst(250) }
    switch (words.first?.text, words.dropFirst().first?.text) {
    case ("get_property", let name?): get(request.id, name, now)
    case ("set_property", let name?): set(request.id, name, words.dropFirst(2).first, now)
    case ("loadfile", let address?):
      guard !isLocked else {
        return answer(request.id, MPVMessage.success, .object([.init("playlist_entry_id", .number(0))]), now)
      }
      answer(request.id, MPVMessage.success, .object([.init("playlist_entry_id", .number(Double(entries + 1)))]), now)
      load(address, now)
    case ("stop", _):
      answer(request.id, MPVMessage.success, .null, now)
      if let old = playing {
        playing = nil
        say(.endFile(entry: old.entry, reason: "stop", error: nil), now)
        say(.idle, now)
      }
    case ("quit", _):
      answer(request.id, MPVMessage.success, .null, now)
    default: answer(request.id, "invalid parameter", nil, now)
    }
  }

  private mutating func load(_ address: String, _ now: Instant) {
    if let old = playing { say(.endFile(entry: old.entry, reason: "stop", error: nil), now) }
    entries += 1
    playing = Playing(entry: entries, address: address)
    black = (address.hasPrefix("black") ? 0 : nil, nil)
    say(.startFile(entry: entries), now)
    let due = now + delay
    if address.hasPrefix("stuck") { return }
    if address.hasPrefix("missing") { return pending.append((due + .milliseconds(5), .fails(entries, "loading failed"))) }
    if address.hasPrefix("refused") {
      return pending.append((due + .milliseconds(5), .fails(entries, "unrecognized file format")))
    }
    // As seen with mpv 0.35.1.
    let isHurried = property("video-latency-hacks")?.flag == true
    say(.event("file-loaded"), now)
    if address.hasPrefix("file:still"), isHurried { pending.append((due + Self.pictureAfter, .ends(entries))) }
    pending.append((due + Self.pictureAfter, .picture(entries)))
    if address.hasPrefix("short") { pending.append((due + Self.shortLength, .ends(entries))) }
  }

  private mutating func get(_ id: Int, _ name: String, _ now: Instant) {
    switch name {
    case "mpv-version": answer(id, MPVMessage.success, .text("mpv 0.35.1"), now)
    case "path":
      playing.map { answer(id, MPVMessage.success, .text($0.address), now) } ?? answer(id, "property unavailable", nil, now)
    case "time-pos":
      guard let shown = playing?.shownAt else { return answer(id, "property unavailable", nil, now) }
      let isStill = playing?.address.hasPrefix("file:still") == true
      let end = [frozenAt, pausedAt, starvedAt].compactMap { $0 }.min() ?? now
      answer(id, MPVMessage.success, .number(isStill ? 0 : Double(max(0, (end - shown).microseconds)) / 1_000_000), now)
    case "demuxer-cache-state":
      answer(id, MPVMessage.success, .object([.init("underrun", .flag(starvedAt != nil))]), now)
    case "current-tracks/video/image":
      guard playing?.shownAt != nil else { return answer(id, "property unavailable", nil, now) }
      answer(id, MPVMessage.success, .flag(playing?.address.hasPrefix("file:still") == true), now)
    case "vf-metadata/black":
      let members = [black.start.map { ("lavfi.black_start", $0) }, black.end.map { ("lavfi.black_end", $0) }].compactMap { $0 }
      answer(id, MPVMessage.success, .object(members.map { .init($0.0, .text("\($0.1)")) }), now)
    case "aid" where playing?.address.hasPrefix("mute") == true: answer(id, MPVMessage.success, .flag(false), now)
    case "osd-dimensions":
      answer(id, MPVMessage.success, .object([.init("w", .number(Double(width))), .init("h", .number(Double(height)))]), now)
    default:
      guard let value = property(name) else { return answer(id, "property not found", nil, now) }
      answer(id, MPVMessage.success, value, now)
    }
  }

  /// Also between two sources: the next one stands as well.
  private mutating func pause(_ isOn: Bool, _ now: Instant) {
    pausedAt = isOn ? pausedAt ?? now : nil
    for index in properties.indices where properties[index].name == "pause" { properties[index].value = .flag(isOn) }
  }

  private mutating func set(_ id: Int, _ name: String, _ value: JSONValue?, _ now: Instant) {
    guard let value else { return answer(id, "invalid parameter", nil, now) }
    if name == "geometry" {
      let numbers = (value.text ?? "").split { !$0.isNumber }.compactMap { Int($0) }
      guard numbers.count == 4 else { return answer(id, "error accessing property", nil, now) }
      (width, height) = (numbers[0], numbers[1])
      return answer(id, MPVMessage.success, .null, now)
    }
    if name == "pause", let isOn = value.flag {
      pause(isOn, now)
      return answer(id, MPVMessage.success, .null, now)
    }
    guard let index = properties.firstIndex(where: { $0.name == name }) else { return answer(id, "property not found", nil, now) }
    switch (properties[index].value, value) {
    case (.flag, .flag), (.text, .text), (.number, .number): properties[index].value = value
    default: return answer(id, "unsupported format for accessing property", nil, now)
    }
    answer(id, MPVMessage.success, .null, now)
  }
}
