import DeviceKit
import DeviceVocabulary
import ResidentCardCodec
import ResidentCardDeviceModel

/// Cards of people who do not exist: their numbers have right check digits, and regions that were given to no place.
enum SyntheticPeople {
  struct Person {
    var card: SyntheticCard
    var name: String
    var number: String
  }

  /// Always the same ones, in this order. Every second one has moved.
  static let all: [Person] = {
    let kinds = Array(repeating: CardKind.resident, count: 12) + [.regional, .regional, .foreign2017, .foreign2023]
    return kinds.enumerated().map { index, kind in
      let seed = UInt64(index + 1)
      return person(.person(kind, seed: seed, newestAddress: index % 2 == 1 ? "测试省示例市新址路\(seed)号" : nil))
    }
  }()

  private static func person(_ card: SyntheticCard) -> Person {
    let buffer = SecretBuffer(capacity: CardText.length)
    buffer.fill(from: card.text)
    func field(_ field: CardField) -> String {
      var text = ""
      CardText(buffer)?.forEachCharacter(of: field) { text.unicodeScalars.append($0) }
      return text
    }
    return Person(card: card, name: field(.name).isEmpty ? field(.latinName) : field(.name), number: field(.number))
  }

  static var list: String {
    all.enumerated().map { "\($0 + 1)  \($1.name)  \($1.number)  \($1.card.kind.rawValue)\n" }.joined()
  }
}

struct CardCommandError: Error {
  var text: String
}

/// What a person says to the simulated reader.
enum CardCommandLine {
  case ping, list, show
  case hands([CardReaderModel.Hand])
  case fault(CardReaderModel.Fault?)

  static let help = """
    put [--number N|号码] [--name 姓名] [--kind KIND]
                          放一张卡(都是虚构的人);KIND: \(CardKind.allCases.map(\.rawValue).joined(separator: ", "))
                          a card of somebody who does not exist
    take                  拿走 / takes it away
    half N                放一张卡,读出 N 字节后拿走 / taken away after N bytes of its record
    ghost                 找得到、选不中的东西 / something that is found and is no card
    two                   两张卡叠在一起 / two cards
    fault silent | slow MS | garbled | checksum | length | dead | selftest | unauthorised | none
                          读卡器故障 / what is the matter with the reader
    unplug, plug          拔掉、插上 / the reader's plug
    list                  有哪些卡 / whose cards there are
    show                  现状 / how it is
    """

  init(_ line: String) throws(CardCommandError) {
    let words = line.split(separator: " ").map(String.init)
    switch words.first {
    case "ping" where words.count == 1: self = .ping
    case "list" where words.count == 1: self = .list
    case "show" where words.count == 1: self = .show
    case "put": self = .hands([.put(try Self.card(Array(words.dropFirst())))])
    case "take" where words.count == 1: self = .hands([.take])
    case "ghost" where words.count == 1: self = .hands([.putGhost])
    case "two" where words.count == 1: self = .hands([.putTwoCards])
    case "half" where words.count == 2:
      guard let count = Int(words[1]), (0...1294).contains(count) else { throw CardCommandError(text: "half 0...1294") }
      self = .hands([.put(try Self.card([])), .takeAtByte(count)])
    case "unplug" where words.count == 1: self = .hands([.unplug])
    case "plug" where words.count == 1: self = .hands([.plug])
    case "fault" where words.count > 1: self = .fault(try Self.fault(Array(words.dropFirst())))
    default: throw CardCommandError(text: "不认识的命令 / unknown command:\n\(Self.help)")
    }
  }

  private static func card(_ options: [String]) throws(CardCommandError) -> SyntheticCard {
    var people = Array(SyntheticPeople.all.enumerated())
    var rest = options[...]
    while let option = rest.popFirst() {
      guard let value = rest.popFirst() else { throw CardCommandError(text: "\(option) 后面缺少值 / needs a value") }
      switch option {
      case "--number": people = people.filter { "\($0.offset + 1)" == value || $0.element.number == value }
      case "--name": people = people.filter { $0.element.name == value }
      case "--kind": people = people.filter { $0.element.card.kind.rawValue == value }
      default: throw CardCommandError(text: "不认识 / unknown: \(option); --number, --name, --kind")
      }
    }
    guard let person = people.first else {
      throw CardCommandError(text: "没有这样的卡,有 / no such card; there are:\n\(SyntheticPeople.list)")
    }
    return person.element.card
  }

  private static func fault(_ words: [String]) throws(CardCommandError) -> CardReaderModel.Fault? {
    switch words {
    case ["none"]: return nil
    case ["silent"]: return .silent
    case ["garbled"]: return .garbled
    case ["checksum"]: return .wrongChecksum
    case ["length"]: return .wrongLength
    case ["dead"]: return .dead
    case ["selftest"]: return .selfTestFailed
    case ["unauthorised"]: return .notAuthorised
    default:
      guard words.count == 2, words[0] == "slow", let delay = Int(words[1]), (1...60_000).contains(delay) else {
        throw CardCommandError(
          text: "fault silent, slow 1...60000, garbled, checksum, length, dead, selftest, unauthorised, none")
      }
      return .slow(reply: .milliseconds(delay), gap: .milliseconds(min(delay / 10, 100)))
    }
  }
}
