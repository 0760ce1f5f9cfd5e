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

  public var wires: [Wire]
  /// Every so many call points one is a duress button.
  public var silentEvery: Int

  public init(wires: [Wire], silentEvery: Int = 9) {
    self.wires = wires
    self.silentEvery = silentEvery
  }

  /// One or two pairs of wires with 1 to 16 panels at an ordinary baud rate.
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
  }

  /// The site of design.md's budgets: 16 panels at 19,200 baud.
  public static let sixteen = SiteLayout(
    wires: [Wire(name: "A", panels: 16, buttons: 2, baud: 19200, adapterLatency: .milliseconds(1))], silentEvery: 1000)

  static let posts = ["desk", "lead", "patrol"]

  func isSilent(wire: Int, panel: Int, button: UInt8) -> Bool {
    (wire * 64 + panel * 4 + Int(button)) % silentEvery == silentEvery - 1
  }

  /// As a technician would write it: the site goes through the same reader as in the field.
  var siteFile: String {
    var text = "site: {name: 模拟站, station: sim}\nplaces:\n"
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
    return text + "escalation: {steps: [{after: 30, posts: [lead]}, {after: 60}, {after: 120}], onSceneWithin: 300}\n"
  }
}
