import DeviceKit
import DeviceVocabulary
import ModbusRTUCodec
import StationRuntime

/// What a simulated site is made of: its wires and panels, drawn from a seed or chosen.
public struct SiteLayout: Sendable, Equatable {
  public struct Wire: Sendable, Equatable {
    public var name: String
    public var panels: Int
    /// Buttons a panel, 1...4.
    public var buttons: UInt8
    public var baud: Int
    /// How long the adapter holds bytes back.
    public var adapterLatency: Interval

    public init(name: String, panels: Int, buttons: UInt8, baud: Int, adapterLatency: Interval) {
      self.name = name
      self.panels = panels
      self.buttons = buttons
      self.baud = baud
      self.adapterLatency = adapterLatency
    }
  }

  /// The line to a street centre.
  public struct Line: Sendable, Equatable {
    public struct Way: Sendable, Equatable {
      public var name: String
      public var latency: Interval
      public var bitsPerSecond: Int

      public init(name: String, latency: Interval, bitsPerSecond: Int = 2_000_000) {
        self.name = name
        self.latency = latency
        self.bitsPerSecond = bitsPerSecond
      }
    }

    public var ways: [Way]

    public init(ways: [Way]) {
      self.ways = ways
    }
  }

  public var wires: [Wire]
  /// The station above, if there is one.
  public var line: Line?
  /// Every so many call points one is a duress button.
  public var silentEvery: Int
  /// The community has a terminal and two windows.
  public var hasVisits: Bool
  /// The community's display wall, if it has one.
  public var wall: Wall?

  public init(wires: [Wire], line: Line? = nil, silentEvery: Int = 9, hasVisits: Bool = false, wall: Wall? = nil) {
    self.wall = wall
    self.hasVisits = hasVisits
    self.wires = wires
    self.line = line
    self.silentEvery = silentEvery
  }

  /// One or two pairs of wires with 1 to 16 panels at an ordinary baud rate; three of four with a street centre above, on one way or two.
  public init(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    let count = random.chance(1, in: 3) ? 2 : 1
    let names = ["A", "B"]
    wires = []
    for name in names.prefix(count) {
      let bauds = [9600, 19200, 38400, 115_200]
      let latencies = [0, 0, 1, 16]
      wires.append(
        Wire(
          name: name, panels: 1 + Int(random.below(16)), buttons: UInt8(1 + random.below(4)),
          baud: bauds[Int(random.below(4))], adapterLatency: .milliseconds(latencies[Int(random.below(4))])))
    }
    silentEvery = 9
    // Draws of its own, so that the other parts of a site are the same with windows and without.
    var own = SeededRandom(seed: seed ^ 0x7151)
    hasVisits = own.chance(1, in: 2)
    var wall = SeededRandom(seed: seed ^ 0x3A11)
    if wall.chance(1, in: 3) { self.wall = Wall(&wall) }
    guard random.chance(3, in: 4) else { return }
    let ways = ["main", "mobile"].prefix(random.chance(1, in: 2) ? 2 : 1)
    line = Line(
      ways: ways.map { name in
        Line.Way(
          name: name, latency: .milliseconds(1 + Int(random.below(80))),
          bitsPerSecond: [256_000, 2_000_000, 20_000_000][Int(random.below(3))])
      })
  }

  /// The site of design.md's budgets: 16 panels at 19,200 baud.
  public static let sixteen = SiteLayout(
    wires: [Wire(name: "A", panels: 16, buttons: 2, baud: 19200, adapterLatency: .milliseconds(1))], silentEvery: 1000)

  static let posts = ["desk", "lead", "patrol"]
  static let station = "sim"
  static let kiosk = "hall"
  static let streetPosts = ["centre", "chief"]

  func isSilent(wire: Int, panel: Int, button: UInt8) -> Bool {
    (wire * 64 + panel * 4 + Int(button)) % silentEvery == silentEvery - 1
  }

  /// As a technician would write it: the site goes through the same reader as in the field.
  var siteFile: String {
    var text = "site: {name: 模拟站, station: \(Self.station)}\nplaces:\n"
    for (wire, plan) in wires.enumerated() {
      for panel in 0..<plan.panels { text += "  - {id: p\(wire)-\(panel), name: \(plan.name) \(panel + 1), grid: G01}\n" }
    }
    text += "posts:\n" + Self.posts.map { "  - {id: \($0), name: \($0)}\n" }.joined() + "buses:\n"
    for (wire, plan) in wires.enumerated() {
      text += "  - name: \(plan.name)\n    port: /dev/simulated-\(plan.name)\n    baud: \(plan.baud)\n    panels:\n"
      for panel in 0..<plan.panels {
        let buttons = (1...plan.buttons).map { button in
          "{button: \(button), place: p\(wire)-\(panel)\(isSilent(wire: wire, panel: panel, button: button) ? ", silent: true" : "")}"
        }
        text += "      - {node: \(panel + 1), name: 面板, buttons: [\(buttons.joined(separator: ", "))]}\n"
      }
    }
    if let wall { text += wallText(wall) }
    if let line {
      text += "parent:\n  paths:\n"
      for (index, way) in line.ways.enumerated() { text += "    - {name: \(way.name), host: street-\(index)}\n" }
    }
    if hasVisits { text += Self.visits }
    return text + "escalation: {steps: [{after: 30, posts: [lead]}, {after: 60}, {after: 120}], onSceneWithin: 300}\n"
  }

  private static let visits = """
    visits:
      services:
        - {id: civil, name: 证明, letter: A}
        - {id: dispute, name: 调解, letter: B, kind: dispute, offerMinutes: 1}
      windows:
        - {number: 1, name: 一号, post: desk, services: [civil, dispute]}
        - {number: 3, name: 三号, post: lead, services: [dispute]}
      kiosks: [{id: \(kiosk), place: p0-0}]
      hazards: [{id: lamp, name: 路灯}]
      contact: 前台

    """

  /// The street centre: no wires, one station below.
  var streetFile: String {
    """
    site: {name: 模拟街道, station: street}
    places: [{id: hall, name: 大厅, grid: G01}]
    posts: [\(Self.streetPosts.map { "{id: \($0), name: \($0)}" }.joined(separator: ", "))]
    children:
      stations: [{station: \(Self.station), name: 模拟站}]

    """
  }
}
