import DeviceVocabulary

/// The display wall (显示大屏) of a site: what hangs where, what can be shown, and how it is arranged.
public struct WallPlan: Sendable, Equatable, Codable {
  /// Where it hangs, by the id of a place; `nil`: not known. A silent call (胁迫) from there is not shown on it.
  public var place: String?
  public var columns: Int
  public var rows: Int
  /// One for each cell of the grid, in rising order of their numbers.
  public var outputs: [Output]
  public var sources: [Source]
  public var layouts: [WallLayout]
  public var scenes: [Scene]
  /// The outputs that calls for help use first, in this order, each with the region it stands in where that is free; after them, or where
  /// there are none, the regions of the layout from the largest to the smallest.
  public var callOutputs: [Int]
  /// What is shown to visitors (参观模式) instead of what is not for them; `nil`: nothing.
  public var visitorSource: String?
  /// What stands where no region is; `nil`: nothing, which not every matrix can show.
  public var idleSource: String?
  /// A region with several sources shows each for so long.
  public var rotationSeconds: Int
  /// When the displays are on; empty: always. A call, a meeting, a source put up by hand or a scene that somebody has chosen since brings
  /// them on at other times too.
  public var displayHours: [Scene.Span]
  /// Between two displays that are switched on.
  public var powerOnGapMilliseconds: Int
  /// Width of the bar between two pictures, in thousandths of a picture's width: the drawn wall shows it, and a player's picture that
  /// spans outputs leaves it out.
  public var bezelThousandths: Int

  public init(
    columns: Int, rows: Int, outputs: [Output], sources: [Source], layouts: [WallLayout], scenes: [Scene],
    callOutputs: [Int] = [],
    visitorSource: String? = nil, idleSource: String? = nil, rotationSeconds: Int = 15, displayHours: [Scene.Span] = [],
    powerOnGapMilliseconds: Int = 500, bezelThousandths: Int = 0
  ) {
    self.columns = columns
    self.rows = rows
    self.outputs = outputs
    self.sources = sources
    self.layouts = layouts
    self.scenes = scenes
    self.callOutputs = callOutputs
    self.visitorSource = visitorSource
    self.idleSource = idleSource
    self.rotationSeconds = rotationSeconds
    self.displayHours = displayHours
    self.powerOnGapMilliseconds = powerOnGapMilliseconds
    self.bezelThousandths = bezelThousandths
  }

  /// One cell of the wall, and the devices that its picture comes through.
  public struct Output: Sendable, Equatable, Codable {
    /// 1...64, as it is painted on it.
    public var number: Int
    /// Counted from 1, from the upper left.
    public var column: Int
    public var row: Int
    /// The output of a matrix that feeds it.
    public var matrix: WallPort?
    /// The panel or projector itself, where it can be spoken with.
    public var display: WallPort?
    /// The input at which the display has the wall's picture, by the name of its driver.
    public var displayInput: String?
    /// The display can show a part of a picture that spans several of them.
    public var sharesPictures: Bool
    /// The player that draws it, and where on the player's desktop.
    public var player: String?
    public var frame: WallFrame?
    /// What it shows can be heard: its display, or its player's PC, has a loudspeaker for it.
    public var hasSpeaker: Bool
    /// How the display hangs, in degrees clockwise: for whoever draws it.
    public var rotation: Int

    public init(
      number: Int, column: Int, row: Int, matrix: WallPort? = nil, display: WallPort? = nil, displayInput: String? = nil,
      sharesPictures: Bool = false, player: String? = nil, frame: WallFrame? = nil, hasSpeaker: Bool = false,
      rotation: Int = 0
    ) {
      self.number = number
      self.column = column
      self.row = row
      self.matrix = matrix
      self.display = display
      self.displayInput = displayInput
      self.sharesPictures = sharesPictures
      self.player = player
      self.frame = frame
      self.hasSpeaker = hasSpeaker
      self.rotation = rotation
    }
  }

  public struct Source: Sendable, Equatable, Codable {
    public var id: String
    public var name: String
    public var kind: Kind
    public var level: Level
    /// What it looks at: a place of this station (`hall`), or of one below (`tiexi-03/hall`, `tiexi-03`).
    public var place: String?
    /// Not for visitors, and opened by hand for a reason only.
    public var isSensitive: Bool
    /// Where it enters each matrix: its inputs, counted from 1.
    public var inputs: [WallPort]
    /// A player can fetch it; the address is not here, because it may hold a password.
    public var isPlayable: Bool
    /// It can be asked to turn to a position that it remembers (a preset); `nil`: it cannot.
    public var motor: Motor?

    public enum Kind: String, Sendable, Codable, CaseIterable { case camera, computer, conference, board, test }
    /// Whose it is (公共安全视频 分级接入).
    public enum Level: String, Sendable, Codable, CaseIterable { case community, street, district }

    public struct Motor: Sendable, Equatable, Codable {
      /// Where a call for help that it is shown for turns it; `nil`: it stays as it is.
      public var callPreset: String?

      public init(callPreset: String? = nil) {
        self.callPreset = callPreset
      }
    }

    public init(
      id: String, name: String, kind: Kind, level: Level = .community, place: String? = nil, isSensitive: Bool = false,
      inputs: [WallPort] = [], isPlayable: Bool = false, motor: Motor? = nil
    ) {
      self.id = id
      self.name = name
      self.kind = kind
      self.level = level
      self.place = place
      self.isSensitive = isSensitive
      self.inputs = inputs
      self.isPlayable = isPlayable
      self.motor = motor
    }

    /// Whoever wants to see it by hand says why.
    public var needsReason: Bool { kind == .camera || isSensitive }

    public func input(of matrix: String) -> UInt16? { inputs.first { $0.device == matrix }?.number }
  }

  /// What one touch puts up (预案).
  public struct Scene: Sendable, Equatable, Codable {
    public var id: String
    public var name: String
    public var layout: String
    /// Sources of the layout's regions that differ from its own.
    public var regions: [Assignment]
    /// The source that is heard; `nil`: none.
    public var sound: String?
    /// Relay outputs that it switches.
    public var lights: [Light]
    /// The displays are off.
    public var isDark: Bool
    /// It overlays the base scene while a meeting lasts.
    public var isMeeting: Bool
    /// When it is the base scene of its own accord.
    public var schedule: [Span]

    public struct Assignment: Sendable, Equatable, Codable {
      public var region: String
      public var sources: [String]

      public init(region: String, sources: [String]) {
        self.region = region
        self.sources = sources
      }
    }
    public struct Light: Sendable, Equatable, Codable {
      public var device: DeviceID
      public var output: UInt8
      public var isOn: Bool

      public init(device: DeviceID, output: UInt8, isOn: Bool) {
        self.device = device
        self.output = output
        self.isOn = isOn
      }
    }
    /// Minutes after local midnight; `from` > `to` runs over midnight, equal means the whole day. Days as in the roster.
    public struct Span: Sendable, Equatable, Codable {
      public var fromMinute: Int
      public var toMinute: Int
      public var weekdays: [Int]

      public init(fromMinute: Int, toMinute: Int, weekdays: [Int] = []) {
        self.fromMinute = fromMinute
        self.toMinute = toMinute
        self.weekdays = weekdays
      }
    }

    public init(
      id: String, name: String, layout: String, regions: [Assignment] = [], sound: String? = nil, lights: [Light] = [],
      isDark: Bool = false, isMeeting: Bool = false, schedule: [Span] = []
    ) {
      self.id = id
      self.name = name
      self.layout = layout
      self.regions = regions
      self.sound = sound
      self.lights = lights
      self.isDark = isDark
      self.isMeeting = isMeeting
      self.schedule = schedule
    }
  }
}

/// Named regions over the grid (布局). They do not overlap; cells that no region covers show nothing.
public struct WallLayout: Sendable, Equatable, Codable {
  public var id: String
  public var name: String
  public var regions: [Region]

  public struct Region: Sendable, Equatable, Codable {
    public var name: String
    public var cells: WallCells
    /// Several take turns.
    public var sources: [String]

    public init(name: String, cells: WallCells, sources: [String]) {
      self.name = name
      self.cells = cells
      self.sources = sources
    }
  }

  public init(id: String, name: String, regions: [Region]) {
    self.id = id
    self.name = name
    self.regions = regions
  }
}

/// A rectangle of the grid: counted from 1, from the upper left.
public struct WallCells: Sendable, Hashable, Codable {
  public var column: Int
  public var row: Int
  public var width: Int
  public var height: Int

  public init(column: Int, row: Int, width: Int = 1, height: Int = 1) {
    self.column = column
    self.row = row
    self.width = width
    self.height = height
  }

  // A journal may hold any numbers.
  private static func bounded(_ value: Int) -> Int { Int(Int16(clamping: value)) }
  private var left: Int { Self.bounded(column) }
  private var top: Int { Self.bounded(row) }
  private var right: Int { left + Self.bounded(width) }
  private var bottom: Int { top + Self.bounded(height) }

  public var count: Int { Self.bounded(width) * Self.bounded(height) }
  public func contains(column: Int, row: Int) -> Bool {
    (left..<max(left, right)).contains(column) && (top..<max(top, bottom)).contains(row)
  }
  public func overlaps(_ other: WallCells) -> Bool {
    left < other.right && other.left < right && top < other.bottom && other.top < bottom
  }
  public func contains(_ other: WallCells) -> Bool {
    left <= other.left && other.right <= right && top <= other.top && other.bottom <= bottom
  }
  /// Two parts of it, side by side or, where it is higher than wide, one over the other; the first is not the smaller one. `nil`: it is one cell.
  var halves: (WallCells, WallCells)? {
    guard count > 1 else { return nil }
    var (one, other) = (self, self)
    if width >= height {
      one.width = (width + 1) / 2
      other.column += one.width
      other.width -= one.width
    } else {
      one.height = (height + 1) / 2
      other.row += one.height
      other.height -= one.height
    }
    return (one, other)
  }

  /// From 1, row by row, as displays count that share a picture.
  func position(column: Int, row: Int) -> UInt8 {
    UInt8(clamping: (Self.bounded(row) - top) * (right - left) + Self.bounded(column) - left + 1)
  }
}

extension WallPlan.Output {
  /// Of every device that its picture comes through; a player's window has the output's number.
  var ports: [WallPort] {
    [matrix, display, player.map { WallPort(device: $0, number: UInt16(clamping: number)) }].compactMap { $0 }
  }
}

extension WallPlan {
  public func output(_ number: Int) -> Output? { outputs.first { $0.number == number } }
  public func source(_ id: String) -> Source? { sources.first { $0.id == id } }
  public func scene(_ id: String) -> Scene? { scenes.first { $0.id == id } }
  /// The rectangle that these outputs fill, else each by itself.
  func cells(of outputs: [Output]) -> [WallCells] {
    let (columns, rows) = (outputs.map(\.column), outputs.map(\.row))
    guard let left = columns.min(), let right = columns.max(), let top = rows.min(), let bottom = rows.max() else { return [] }
    let whole = WallCells(column: left, row: top, width: right - left + 1, height: bottom - top + 1)
    return whole.count == outputs.count ? [whole] : outputs.map { WallCells(column: $0.column, row: $0.row) }
  }
  func outputs(in cells: WallCells) -> [Output] { outputs.filter { cells.contains(column: $0.column, row: $0.row) } }
  /// The wall's devices, in order of their names.
  public var devices: [String] {
    Set(outputs.flatMap { $0.ports.map(\.device) }).sorted()
  }

  /// Whether this source's picture can come to that output at all.
  public func reaches(_ source: Source, _ output: Output) -> Bool {
    if output.player != nil { return source.isPlayable }
    if let matrix = output.matrix { return source.input(of: matrix.device) != nil }
    return false
  }

  /// The scene that the clock asks for; the first of the file where none does.
  func scheduled(at clock: WallClock) -> Scene? {
    let found = scenes.first { scene in
      scene.schedule.contains { clock.isWithin(fromMinute: $0.fromMinute, toMinute: $0.toMinute, weekdays: $0.weekdays) }
    }
    return found ?? scenes.first { !$0.isMeeting }
  }

  /// The nearest minute of the day at which the schedule may ask for something else, in milliseconds from now.
  func millisecondsToNextScheduled(at clock: WallClock) -> Int64? {
    let edges = (scenes.flatMap(\.schedule) + displayHours).flatMap { [$0.fromMinute, $0.toMinute] }
    return edges.map { clock.millisecondsUntil(minuteOfDay: Int64($0)) }.min()
  }
}
