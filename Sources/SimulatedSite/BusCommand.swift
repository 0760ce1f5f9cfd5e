import CallPanelCodec
import CallPanelDeviceModel
import DeviceKit

/// What can be said to a simulated bus, as a person types it: `press 3/1`, `fault 2 late 400`, `wire cut 4`.
public enum BusCommand: Sendable, Equatable {
  case hand(node: Int, PanelHand)
  /// The same for every panel.
  case all(PanelHand)
  /// Press, and let go after so many milliseconds.
  case tap(node: Int, button: UInt8, milliseconds: Int)
  case wire(SimulatedBus.WireFault)
  case show
  case signs

  /// How long a finger stays on a button unless said otherwise.
  public static let tapMilliseconds = 300

  public static let help = """
    press N/B            按一下 N 号面板的 B 号按钮 / press and let go
    hold N/B             按住不放(也是按钮卡住) / hold; this is how a stuck button is simulated, too
    release N/B          松开 / let go
    line N/B cut|short|ok  按钮线 / the button's line
    housing N open|closed  外壳 / the housing
    power N off|on|lost  断电、来电、来电但内存丢失 / off, on, on with its queue lost
    address N M          N 号面板改用地址 M,可与别的面板重复 / panel N gets address M, another panel's too
    baud N|all RATE      改波特率 / another baud rate: 4800, 9600, 19200, 38400, 57600, 115200
    fault N none|mute|jabber|flash|late MS|answers-for M|signs-as M
    wire ok|swapped|short|cut N|noise PERMILLE|loss PERMILLE|delay MS|duplicate PERMILLE
    show                 面板和灯 / panels and lamps
    signs                各灯亮过、蜂鸣器响过几次 / how often each lamp lit and each buzzer sounded
    N 是面板的次序,不是地址;cut N 断在 N 号面板之前 / N is the panel's place, not its address; cut N cuts in front of it
    """

  /// - Throws: `BusCommandError` naming what is wrong and what is accepted.
  public init(_ text: String) throws(BusCommandError) {
    let words = text.split(separator: " ").map(String.init)
    guard let verb = words.first else { throw .unknown("") }
    switch (verb, words.count) {
    case ("show", 1): self = .show
    case ("signs", 1): self = .signs
    case ("press", 2):
      let (node, button) = try Self.button(words[1])
      self = .tap(node: node, button: button, milliseconds: Self.tapMilliseconds)
    case ("hold", 2):
      let (node, button) = try Self.button(words[1])
      self = .hand(node: node, .press(button))
    case ("release", 2):
      let (node, button) = try Self.button(words[1])
      self = .hand(node: node, .release(button))
    case ("line", 3):
      let (node, button) = try Self.button(words[1])
      self = .hand(
        node: node, try Self.pick(words[2], ["cut": .cutLine(button), "short": .shortLine(button), "ok": .repairLine(button)]))
    case ("housing", 3):
      self = .hand(node: try Self.number(words[1]), try Self.pick(words[2], ["open": .openHousing, "closed": .closeHousing]))
    case ("power", 3):
      let hands: [String: PanelHand] = [
        "off": .powerOff, "on": .powerOn(.powerOn, keepsQueue: true), "lost": .powerOn(.powerOn, keepsQueue: false),
      ]
      self = .hand(node: try Self.number(words[1]), try Self.pick(words[2], hands))
    case ("address", 3):
      guard let address = UInt8(words[2]), (1...247).contains(address) else { throw .notAnAddress(words[2]) }
      self = .hand(node: try Self.number(words[1]), .configure(address: address, baudCode: nil))
    case ("baud", 3):
      let rates = (0...5).compactMap { code in PanelMap.baud(code: code).map { ("\($0)", code) } }
      let code = try Self.pick(words[2], Dictionary(uniqueKeysWithValues: rates))
      let hand = PanelHand.configure(address: nil, baudCode: code)
      self = words[1] == "all" ? .all(hand) : .hand(node: try Self.number(words[1]), hand)
    case ("fault", 3...4): self = .hand(node: try Self.number(words[1]), .fault(try Self.fault(words)))
    case ("wire", 2...3): self = .wire(try Self.wire(words))
    default: throw .unknown(text)
    }
  }

  private static func button(_ text: String) throws(BusCommandError) -> (Int, UInt8) {
    let parts = text.split(separator: "/").map(String.init)
    guard parts.count == 2, let node = Int(parts[0]), let button = UInt8(parts[1]), (1...8).contains(button) else {
      throw .notAButton(text)
    }
    return (node, button)
  }

  private static func number(_ text: String) throws(BusCommandError) -> Int {
    guard let number = Int(text), (0...60_000).contains(number) else { throw .notANumber(text) }
    return number
  }

  private static func pick<Value>(_ word: String, _ values: [String: Value]) throws(BusCommandError) -> Value {
    guard let value = values[word] else { throw .notAmong(word, values.keys.sorted()) }
    return value
  }

  private static func fault(_ words: [String]) throws(BusCommandError) -> PanelFault {
    if words.count == 3 { return try pick(words[2], ["none": .none, "mute": .mute, "jabber": .jabber, "flash": .flashBroken]) }
    let number = try number(words[3])
    if words[2] != "late", !(1...247).contains(number) { throw .notAnAddress(words[3]) }
    return try pick(
      words[2],
      [
        "late": .late(milliseconds: UInt16(clamping: number)), "answers-for": .answersFor(UInt8(clamping: number)),
        "signs-as": .signsAs(UInt8(clamping: number)),
      ])
  }

  private static func wire(_ words: [String]) throws(BusCommandError) -> SimulatedBus.WireFault {
    if words.count == 2 { return try pick(words[1], ["ok": .none, "swapped": .swapped, "short": .shorted]) }
    let number = try number(words[2])
    // How many panels there are, whoever has them knows.
    if words[1] == "cut", number < 1 { throw .notAPanel(words[2]) }
    if ["noise", "loss", "duplicate"].contains(words[1]), number > 1_000 { throw .notPerMille(words[2]) }
    return try pick(
      words[1],
      [
        "cut": .cutBefore(number - 1), "noise": .noisy(perMille: UInt32(clamping: number)),
        "loss": .lossy(perMille: UInt32(clamping: number)), "delay": .delayed(milliseconds: UInt32(clamping: number)),
        "duplicate": .doubled(perMille: UInt32(clamping: number)),
      ])
  }
}

public enum BusCommandError: Error, CustomStringConvertible, Equatable {
  case unknown(String)
  case notAButton(String)
  case notANumber(String)
  case notAnAddress(String)
  case notAPanel(String)
  case notPerMille(String)
  case notAmong(String, [String])
  case noPanel(Int, Int)

  public var description: String {
    switch self {
    case .unknown(let text): "不认识的命令 \"\(text)\";可用:\n\(BusCommand.help)"
    case .notAButton(let text): "\"\(text)\" 不是按钮,应写成 面板/按钮,如 3/1(按钮 1 至 8) / not a button such as 3/1"
    case .notANumber(let text): "\"\(text)\" 不是 0 至 60000 的数 / not a number from 0 to 60000"
    case .notAnAddress(let text): "\"\(text)\" 不是 1 至 247 的地址 / not an address from 1 to 247"
    case .notAPanel(let text): "\"\(text)\" 不是面板,从 1 号数起 / not a panel, they are counted from 1"
    case .notPerMille(let text): "\"\(text)\" 不是 0 至 1000 的千分数 / not a number per thousand from 0 to 1000"
    case .notAmong(let text, let names): "\"\(text)\" 不行,只能是: \(names.joined(separator: ", ")) / must be one of these"
    case .noPanel(let node, let count): "没有 \(node) 号面板,只有 1 至 \(count) / there is no panel \(node), only 1 to \(count)"
    }
  }
}
