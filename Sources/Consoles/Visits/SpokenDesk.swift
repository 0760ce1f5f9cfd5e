import NIOConcurrencyHelpers
import NIOCore
import Station

/// The machine's own voice, for pages whose browser has none.
public struct StationVoice: Sendable {
  public enum Speaker: Sendable, Equatable { case hall, terminal }

  /// Says a text in place of what the same speaker is saying; answers whether it was heard to its end.
  public var say: @Sendable (_ text: String, _ language: String, _ speaker: Speaker) async -> Bool
  public var hush: @Sendable (Speaker) -> Void

  public init(
    say: @escaping @Sendable (_ text: String, _ language: String, _ speaker: Speaker) async -> Bool,
    hush: @escaping @Sendable (Speaker) -> Void
  ) {
    self.say = say
    self.hush = hush
  }
}

/// Turns what a page wants to have said into words: keys of the page's own catalogue, names of the site file by their ids, and numbers. No text of
/// a page's making is ever spoken, or reaches a program.
struct SpokenWords: Sendable {
  /// `service/legal`: the name that the site file gives it.
  var names: [String: String] = [:]
  var kiosks: Set<String> = []

  init() {}

  init(_ view: VisitView) {
    for service in view.plan.services { names["service/\(service.id)"] = service.name }
    for kind in view.plan.hazardKinds { names["hazard/\(kind.id)"] = kind.name }
    for place in view.places { names["place/\(place.id)"] = place.name }
    kiosks = Set(view.kiosks.map(\.id))
  }

  static let limit = 120
  private static let catalogue = Dictionary((PageWords.common + PageWords.hall).map { ($0.key, $0.text) }) { first, _ in first }

  /// `whatFor;ahead count=2;service/legal;#A001`: one part after another.
  func text(_ parts: String, language: String) -> String? {
    let parts = parts.split(separator: ";", omittingEmptySubsequences: false)
    guard parts.count <= Self.limit else { return nil }
    var said: [String] = []
    for part in parts {
      guard let text = self.part(part, language) else { return nil }
      said.append(text)
    }
    return said.joined(separator: language == "en" ? ". " : "。")
  }

  private func part(_ part: Substring, _ language: String) -> String? {
    if part.hasPrefix("#") { return Self.isNumber(part.dropFirst()) ? Self.spelled(part.dropFirst()) : nil }
    if let name = names[String(part)] { return name }
    let fields = part.split(separator: " ", omittingEmptySubsequences: false)
    guard let key = fields.first, let word = Self.catalogue[String(key)] else { return nil }
    var text = language == "en" ? word.english : word.chinese
    for field in fields.dropFirst() {
      let pair = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard pair.count == 2, text.contains("{\(pair[0])}"), Self.isNumber(pair[1]) else { return nil }
      text = text.replacing("{\(pair[0])}", with: Self.spelled(pair[1]))
    }
    return text.contains("{") ? nil : text
  }

  /// `A001`, `17`, `1,3`, `A005,B002`, `10:32` and nothing longer.
  private static func isNumber(_ text: Substring) -> Bool {
    !text.isEmpty && text.utf8.count <= 48
      && text.wholeMatch(of: #/[A-Z]?[0-9]{1,5}(,[A-Z]?[0-9]{1,5}){0,8}|[0-9]{1,2}(:[0-9]{2}){1,2}/#) != nil
  }

  private static func spelled(_ number: Substring) -> String { String(number).replacing(",", with: "、") }
}

/// What the hall's pages ask of the voice: seldom enough, and only where there is one.
final class SpokenDesk: Sendable {
  private struct State {
    var words = SpokenWords()
    var startedAt: [String: NIODeadline] = [:]
  }
  private let state = NIOLockedValueBox(State())
  let voice: StationVoice?

  /// Nobody hears more than that, and each time starts a program.
  private static let pause = TimeAmount.milliseconds(200)

  init(_ voice: StationVoice?) { self.voice = voice }

  func note(_ view: VisitView) {
    guard voice != nil else { return }
    let words = SpokenWords(view)
    state.withLockedValue { $0.words = words }
  }

  func presence() -> HTTPReply { HTTPReply(status: 200, json: .object { $0.field("voice", voice != nil) }) }

  static let form = "{\"language\": \"zh\" | \"en\", \"parts\": \"whatFor;ahead count=2;service/legal;#A001\"}"

  /// - Parameter terminal: `nil`: the display over the windows, which says numbers and windows and nothing else.
  func say(_ request: HTTPRequest, _ terminal: String?) throws(BadRequest) -> RouteResult {
    let fields = try BodyFields(request.body, accepted: ["language", "parts"])
    let (language, parts) = (try fields.text("language"), try fields.text("parts"))
    guard language == "zh" || language == "en" else { throw BadRequest(fault: .badBody, place: "language", accepted: Self.form) }
    let words = state.withLockedValue { $0.words }
    if let terminal, !words.kiosks.contains(terminal) { return Self.answer(false) }
    guard let text = words.text(parts, language: language), terminal != nil || parts.hasPrefix("pleaseCome "),
      terminal != nil || !parts.contains(";")
    else { throw BadRequest(fault: .badBody, place: "parts", accepted: Self.form) }
    guard let voice, mayStart(terminal ?? "") else { return Self.answer(false) }
    return .later {
      let isSaid = await voice.say(text, language, terminal == nil ? .hall : .terminal)
      return Self.reply(isSaid)
    }
  }

  func hush() -> RouteResult {
    voice?.hush(.terminal)
    return Self.answer(true)
  }

  private func mayStart(_ speaker: String) -> Bool {
    let now = NIODeadline.now()
    return state.withLockedValue { state in
      if let last = state.startedAt[speaker], now - last < Self.pause { return false }
      state.startedAt[speaker] = now
      return true
    }
  }

  private static func reply(_ isSaid: Bool) -> HTTPReply {
    HTTPReply(status: 200, json: .object { $0.field("answer", isSaid ? "done" : "silent") })
  }
  private static func answer(_ isSaid: Bool) -> RouteResult { .reply(reply(isSaid)) }
}
