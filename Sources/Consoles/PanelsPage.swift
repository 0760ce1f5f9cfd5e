import DeviceVocabulary
import NIOCore
import NIOPosix
import Station

/// Where the panels page takes its panels from, and to whom it hands what people do to them.
public protocol PanelsSource: Sendable {
  /// What every panel shows now, in a fixed order. Called five times a second while a page is open; must not wait.
  func panels() -> [PanelDrawing]
  /// Which faults can be planted; fixed.
  func faults() -> [PanelFault]
  /// One line as typed on the simulator's console, for instance `press 3/1`, `release 3/1`; returns what it says.
  func command(_ text: String) async -> String
}

/// A simulated panel, drawn from the panel's own model: what its lamps and buzzer do, not what anybody wishes.
public struct PanelDrawing: Sendable, Equatable, Codable {
  public var node: UInt8
  public var name: String
  /// Faults that are planted in it now, as `PanelFault.id`.
  public var faults: [String]
  public var buttons: [Button]

  public struct Button: Sendable, Equatable, Codable {
    /// Counted from 1.
    public var number: UInt8
    public var held: Bool
    public var indicator: Indicator
    /// The lamp at this moment of its pattern.
    public var lampOn: Bool
    public var buzzer: Bool
    public var line: LineState

    public init(number: UInt8, held: Bool, indicator: Indicator, lampOn: Bool, buzzer: Bool, line: LineState) {
      self.number = number
      self.held = held
      self.indicator = indicator
      self.lampOn = lampOn
      self.buzzer = buzzer
      self.line = line
    }
  }

  public init(node: UInt8, name: String, faults: [String] = [], buttons: [Button]) {
    self.node = node
    self.name = name
    self.faults = faults
    self.buttons = buttons
  }
}

/// A fault that the page offers in a panel's menu. `{node}` in the commands is replaced by the panel's node.
public struct PanelFault: Sendable, Equatable, Codable {
  public var id: String
  public var chinese: String
  public var english: String
  public var plant: String
  public var heal: String

  public init(id: String, chinese: String, english: String, plant: String, heal: String) {
    self.id = id
    self.chinese = chinese
    self.english = english
    self.plant = plant
    self.heal = heal
  }
}

/// A page that draws simulated panels with their lamps, to be pressed with a finger or the keyboard.
public final class PanelsPage: Sendable {
  public var port: Int { server.port }

  private let server: HTTPServer

  /// Listens at once; parameters and errors as for `DutyDesk`.
  public init(
    address: String = "127.0.0.1", port: Int, webRoot: String, limits: ServerLimits = .standard, source: any PanelsSource
  ) throws(ConsoleError) {
    let address = try LoopbackAddress(address)
    let files = WebFiles(root: webRoot, names: PanelsRoutes.fileNames)
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let loop = group.next()
    let hub = EventHub(loop: loop, limits: limits) { JSONText.object { $0.field("station", "live") }.string }
    let routes = PanelsRoutes(files: files, hub: hub, source: source)
    self.server = try HTTPServer(
      address: address, port: port, limits: limits, group: group, gate: LoopGate(loop: loop), routes: routes)
    let last = NIOLoopBoundBox<[PanelDrawing]?>.makeBoxSendingValue(nil, eventLoop: loop)
    loop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(200)) { _ in
      let panels = source.panels()
      guard panels != last.value else { return }
      last.value = panels
      hub.broadcast(EventHub.event("panels", data: PanelsRoutes.json(panels).bytes))
    }
  }

  public func stop() { server.stop() }
}

struct PanelsRoutes: Routes {
  static let fileNames = ["panels.html", "panels.css", "panels.js", "dom.js", "words.js", "lamp.css", "lamp.js", "favicon.svg"]

  let files: WebFiles
  let hub: EventHub
  let source: any PanelsSource

  func route(_ request: HTTPRequest) -> RouteResult {
    let known = ["api/panels", "api/faults", "api/texts", "api/events", "api/command"]
    let path = request.path.joined(separator: "/")
    guard known.contains(path) || path.isEmpty || files[path] != nil else {
      return .reply(HTTPReply(404, .notFound, at: request.pathText, accepted: "/ and " + known.joined(separator: ", ")))
    }
    let method = path == "api/command" ? "POST" : "GET"
    guard (request.method == .post) == (method == "POST") else {
      return .reply(HTTPReply(405, .wrongMethod, at: request.pathText, accepted: method, allow: method))
    }
    switch path {
    case "api/panels": return .reply(HTTPReply(status: 200, json: Self.json(source.panels())))
    case "api/faults": return .reply(HTTPReply(status: 200, json: Self.json(source.faults())))
    case "api/texts": return .reply(HTTPReply(status: 200, json: PageWords.catalogue(PageWords.panels)))
    case "api/events": return .events(hub)
    case "api/command": return command(request.body)
    default:
      return files[path.isEmpty ? "panels.html" : path].map { .reply($0) }
        ?? .reply(HTTPReply(404, .notFound, at: path, accepted: "/"))
    }
  }

  private func command(_ body: SecretBuffer?) -> RouteResult {
    do throws(BadRequest) {
      let text = try BodyFields(body, accepted: ["command"]).text("command")
      return .later { [source] in
        let said = await source.command(text)
        return HTTPReply(status: 200, json: .object { $0.field("said", said) })
      }
    } catch {
      return .reply(HTTPReply(400, error.fault, at: error.place, accepted: error.accepted))
    }
  }

  static func json(_ panels: [PanelDrawing]) -> JSONText {
    var json = JSONText()
    json.array(panels) { json, panel in
      json.object { json in
        json.field("node", panel.node)
        json.field("name", panel.name)
        json.field("faults", panel.faults)
        json.key("buttons")
        json.array(panel.buttons) { json, button in
          json.object {
            $0.field("number", button.number)
            $0.field("held", button.held)
            $0.field("indicator", button.indicator.rawValue)
            $0.field("lampOn", button.lampOn)
            $0.field("buzzer", button.buzzer)
            $0.field("line", button.line.rawValue)
          }
        }
      }
    }
    return json
  }

  private static func json(_ faults: [PanelFault]) -> JSONText {
    var json = JSONText()
    json.array(faults) { json, fault in
      json.object {
        $0.field("id", fault.id)
        $0.field("chinese", fault.chinese)
        $0.field("english", fault.english)
        $0.field("plant", fault.plant)
        $0.field("heal", fault.heal)
      }
    }
    return json
  }
}
