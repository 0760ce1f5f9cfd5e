import DeviceVocabulary
import Foundation

/// What a player and its station say to each other through the station's socket, one line of JSON each way:
///
///     wall player pc1 wish 17 pc-hall/4711/1790000000000000  → PlayerWish, as soon as its revision is another one than 17, after 1.5 s at the latest
///     wall player pc1 tell pc-hall/4711/1790000000000000 {…} → ok; {…} is a PlayerReport
///     wall player pc1 leave pc-hall/4711/1790000000000000    → ok
///
/// Who asks first has the name (`PlayerInstance`), until it leaves, ends, or says nothing for 3 s; another one is told `held: …` meanwhile, and
/// nothing of what it reports counts.
public struct PlayerWish: Sendable, Equatable, Codable {
  /// Another one whenever anything here changes, also when the station has started again.
  public var revision: UInt64
  /// With the addresses of the sources, which may hold passwords: nothing of this is printed or kept.
  public var wishes: [WallWish]
  /// The last of what was asked for once; those with a number that the player has not seen count.
  public var orders: [PlayerOrder]

  public init(revision: UInt64, wishes: [WallWish], orders: [PlayerOrder] = []) {
    self.revision = revision
    self.wishes = wishes
    self.orders = orders
  }
}

public struct PlayerOrder: Sendable, Equatable, Codable {
  public var id: UInt64
  /// The window that shows its number for so long; `nil`: everything is read and tried again.
  public var identify: UInt16?
  public var seconds: UInt8

  public init(id: UInt64, identify: UInt16?, seconds: UInt8 = 0) {
    self.id = id
    self.identify = identify
    self.seconds = seconds
  }
}

public struct PlayerReport: Sendable, Equatable, Codable {
  public var events: [WallEvent]

  public init(events: [WallEvent]) {
    self.events = events
  }

  /// A request of the control socket is no longer than this, in bytes.
  static let lineLimit = 3_500

  /// As few lines as hold them all, in order.
  public static func lines(_ events: [WallEvent], player: String, as instance: PlayerInstance) -> [String] {
    var lines: [String] = []
    var rest = events[...]
    while !rest.isEmpty {
      var count = min(rest.count, 24)
      while true {
        let line = PlayerLine.tell(player, PlayerReport(events: Array(rest.prefix(count))), as: instance)
        guard line.utf8.count > lineLimit, count > 1 else {
          if line.utf8.count <= lineLimit { lines.append(line) }
          break
        }
        count /= 2
      }
      rest = rest.dropFirst(count)
    }
    return lines
  }
}

public enum PlayerLine {
  public static let done = "ok\n"
  /// What an answer begins with when another program has the name.
  static let held = "held: "

  /// - Parameter known: the revision that the player has; 0: it has just started.
  public static func wish(_ player: String, known: UInt64, as instance: PlayerInstance) -> String {
    "wall player \(player) wish \(known) \(instance)"
  }
  public static func tell(_ player: String, _ report: PlayerReport, as instance: PlayerInstance) -> String {
    "wall player \(player) tell \(instance) \(encode(report))"
  }
  /// It ends: another one may have the name at once.
  public static func leave(_ player: String, as instance: PlayerInstance) -> String { "wall player \(player) leave \(instance)" }

  /// Who has the name, for people; `nil`: this is another answer.
  public static func holder(in answer: String) -> String? {
    answer.hasPrefix(held) ? answer.dropFirst(held.count).trimmingCharacters(in: .whitespacesAndNewlines) : nil
  }

  public static func encode(_ value: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
  }

  public static func decode<Value: Decodable>(_ text: some StringProtocol, as: Value.Type) -> Value? {
    try? JSONDecoder().decode(Value.self, from: Data(text.utf8))
  }
}

extension WallEvent {
  /// As a player may say it: a window's picture, without an address, in short plain text. `nil`: not for a player to say.
  var fromPlayer: WallEvent? {
    func plain(_ text: String) -> String {
      String(String.UnicodeScalarView(text.unicodeScalars.filter(\.isPlainText).prefix(40)))
    }
    func isWindow(_ number: UInt16) -> Bool { (1...256).contains(number) }
    switch self {
    case .observed(let number, .picture(var picture)):
      picture.address = ""
      picture.mosaic = nil
      picture.source = plain(picture.source)
      picture.label = plain(picture.label)
      return isWindow(number) ? .observed(number, .picture(picture)) : nil
    case .observed, .healthChanged, .lineChanged, .restarted: return nil
    case .notSwitched(let number, let refusal):
      let short: WallRefusal =
        switch refusal {
        case .refused(let text): .refused(plain(text))
        case .impossible(let text): .impossible(plain(text))
        case .unchanged, .unanswered, .contested: refusal
        }
      return isWindow(number) ? .notSwitched(number, short) : nil
    case .described(let found):
      return .described(WallDescription(model: plain(found.model), name: plain(found.name), firmware: plain(found.firmware)))
    case .pictureObserved(let number, let state):
      let short = if case .none(let reason) = state { PictureState.none(reason: plain(reason)) } else { state }
      return isWindow(number) ? .pictureObserved(number, short) : nil
    case .troubleChanged(let number, _, _), .measured(let number, _, _): return isWindow(number) ? self : nil
    }
  }
}
