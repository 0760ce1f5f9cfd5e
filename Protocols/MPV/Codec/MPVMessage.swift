/// What a client asks of mpv: one line, `{"command":["name",…],"request_id":n}`.
public struct MPVRequest: Sendable, Equatable {
  public var id: Int
  public var command: [JSONValue]

  public init(id: Int, _ command: [JSONValue]) {
    self.id = id
    self.command = command
  }

  public var bytes: [UInt8] {
    JSONValue.object([.init("command", .list(command)), .init("request_id", .number(Double(id)))]).bytes + [0x0A]
  }

  /// Without a number it has 0, as mpv answers it.
  public init?(_ line: some Sequence<UInt8>) {
    guard let value = JSONValue(line), case .list(let command)? = value["command"] else { return nil }
    self.init(id: value["request_id"]?.whole ?? 0, command)
  }

  public static func get(_ id: Int, _ property: String) -> MPVRequest {
    MPVRequest(id: id, [.text("get_property"), .text(property)])
  }
  public static func set(_ id: Int, _ property: String, _ value: JSONValue) -> MPVRequest {
    MPVRequest(id: id, [.text("set_property"), .text(property), value])
  }
  /// Replaces what is shown. Its answer means *queued*.
  public static func load(_ id: Int, _ address: String) -> MPVRequest {
    MPVRequest(id: id, [.text("loadfile"), .text(address), .text("replace")])
  }
  public static func stop(_ id: Int) -> MPVRequest { MPVRequest(id: id, [.text("stop")]) }
  public static func quit(_ id: Int) -> MPVRequest { MPVRequest(id: id, [.text("quit")]) }
}

/// What mpv says: the answer to a request, or what happens, between any two lines.
public enum MPVMessage: Sendable, Equatable {
  /// `error` is `success`, or one of a few texts.
  case reply(id: Int, error: String, data: JSONValue?)
  case startFile(entry: Int)
  /// `reason`: eof, stop, quit, error, redirect; of an older mpv without the entry.
  case endFile(entry: Int?, reason: String, error: String?)
  /// The first picture is up.
  case playbackRestart
  case idle
  case event(String)

  public static let success = "success"

  /// `nil`: no line of mpv.
  public init?(_ line: some Sequence<UInt8>) {
    guard let value = JSONValue(line) else { return nil }
    if let name = value["event"]?.text {
      switch name {
      case "start-file":
        guard let entry = value["playlist_entry_id"]?.whole else { return nil }
        self = .startFile(entry: entry)
      case "end-file":
        self = .endFile(
          entry: value["playlist_entry_id"]?.whole, reason: value["reason"]?.text ?? "", error: value["file_error"]?.text)
      case "playback-restart": self = .playbackRestart
      case "idle": self = .idle
      default: self = .event(name)
      }
    } else if let error = value["error"]?.text {
      self = .reply(id: value["request_id"]?.whole ?? 0, error: error, data: value["data"])
    } else {
      return nil
    }
  }

  public var bytes: [UInt8] {
    var members: [JSONValue.Member] = []
    func event(_ name: String) { members.append(.init("event", .text(name))) }
    switch self {
    case .reply(let id, let error, let data):
      if let data { members.append(.init("data", data)) }
      members += [.init("request_id", .number(Double(id))), .init("error", .text(error))]
    case .startFile(let entry):
      event("start-file")
      members.append(.init("playlist_entry_id", .number(Double(entry))))
    case .endFile(let entry, let reason, let error):
      event("end-file")
      members.append(.init("reason", .text(reason)))
      if let entry { members.append(.init("playlist_entry_id", .number(Double(entry)))) }
      if let error { members.append(.init("file_error", .text(error))) }
    case .playbackRestart: event("playback-restart")
    case .idle: event("idle")
    case .event(let name): event(name)
    }
    return JSONValue.object(members).bytes + [0x0A]
  }
}

/// Cuts what arrives into lines, in bounded memory.
public struct LineCutter: Sendable {
  public enum Piece: Sendable, Equatable {
    case line([UInt8])
    /// A line that is longer than any that is spoken here: dropped up to its end.
    case tooLong
  }

  public static let limit = 65_536
  private var begun: [UInt8] = []
  private var isDropping = false

  public init() {}

  public mutating func startOver() { self = LineCutter() }

  public mutating func push(_ bytes: some Sequence<UInt8>) -> [Piece] {
    var pieces: [Piece] = []
    for byte in bytes {
      guard byte != 0x0A else {
        if !isDropping, !begun.isEmpty { pieces.append(.line(begun)) }
        begun.removeAll(keepingCapacity: true)
        isDropping = false
        continue
      }
      guard !isDropping else { continue }
      begun.append(byte)
      if begun.count > Self.limit {
        begun.removeAll()
        isDropping = true
        pieces.append(.tooLong)
      }
    }
    return pieces
  }
}
