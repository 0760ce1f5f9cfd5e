import DeviceKit
import LineProtocolCodec

/// A line of Protocol 3000: `#01@VID 2>1` to a unit, `~01@VID 2>1 OK` from one, without its end.
public struct P3000Line: Sendable, Equatable {
  public enum Outcome: Sendable, Equatable {
    case ok
    case error(UInt16)
  }

  /// `nil`: for any, from one that does not say.
  public var machine: UInt8?
  /// In capitals; empty: the handshake.
  public var command: String
  public var parameters: String
  public var outcome: Outcome?

  public init(machine: UInt8? = nil, _ command: String, _ parameters: String = "", _ outcome: Outcome? = nil) {
    self.machine = machine
    self.command = command
    self.parameters = parameters
    self.outcome = outcome
  }

  static let answerStart = UInt8(ascii: "~")

  /// From a unit; `nil`: not one of its lines.
  public init?(answer line: [UInt8]) {
    guard line.first == Self.answerStart else { return nil }
    self.init(line.dropFirst())
    takeOutcome()
  }

  /// To a unit.
  public init?(request line: [UInt8]) {
    guard line.first == 0x23 else { return nil }
    self.init(line.dropFirst())
  }

  private init(_ rest: ArraySlice<UInt8>) {
    var rest = rest
    if let at = rest.firstIndex(of: 0x40), let machine = UInt8(String(decoding: rest[..<at], as: UTF8.self)) {
      self.machine = machine
      rest = rest[rest.index(after: at)...]
    }
    let words = Array(rest).trimmed.split(separator: 0x20, maxSplits: 1)
    command = words.first.map { String(decoding: $0, as: UTF8.self).uppercased() } ?? ""
    parameters = words.count > 1 ? String(decoding: Array(words[1]).trimmed, as: UTF8.self) : ""
  }

  /// `OK` stands behind a space, or right behind a number; `ERR003` too, or instead of the command.
  private mutating func takeOutcome() {
    if parameters.isEmpty, command == "OK" || Self.error(command) != nil {
      outcome = Self.error(command).map { .error($0) } ?? .ok
      command = ""
    } else if command == "ERR", let code = UInt16(parameters) {
      outcome = .error(code)
      (command, parameters) = ("", "")
    } else if let code = Self.error(parameters.split(separator: " ").last.map(String.init) ?? "") {
      outcome = .error(code)
      parameters = parameters.split(separator: " ").dropLast().joined(separator: " ")
    } else if parameters == "OK" || parameters.hasSuffix(" OK") || parameters.hasSuffix("OK") && isNumber(beforeLast: 2) {
      outcome = .ok
      parameters = String(decoding: Array(parameters.utf8.dropLast(2)).trimmed, as: UTF8.self)
    }
  }

  private func isNumber(beforeLast length: Int) -> Bool {
    parameters.utf8.dropLast(length).last.map { (0x30...0x39).contains($0) } ?? false
  }

  private static func error(_ word: String) -> UInt16? {
    guard word.uppercased().hasPrefix("ERR"), word.utf8.count == 6 else { return nil }
    return UInt16(word.dropFirst(3))
  }

  private var body: [UInt8] {
    var text = machine.map { ($0 < 10 ? "0" : "") + "\($0)@" } ?? ""
    text += parameters.isEmpty ? command : "\(command) \(parameters)"
    return Array(text.utf8)
  }

  public var request: [UInt8] { [0x23] + body + [0x0D] }

  public var answer: [UInt8] {
    var bytes = [Self.answerStart] + body
    switch outcome {
    case .ok?: bytes += Array((bytes.count > 1 ? " OK" : "OK").utf8)
    case .error(let code)?: bytes += Array("\(command.isEmpty ? "" : " ")ERR".utf8) + decimal(code, width: 3)
    case nil: break
    }
    return bytes + [0x0D, 0x0A]
  }

  /// `2>1,1>2`: as they stand on the wire; `nil` where one is none. An output of `nil` is all of them.
  public var routes: [(input: UInt16, output: UInt16?)]? {
    var found: [(input: UInt16, output: UInt16?)] = []
    for part in parameters.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: ">", omittingEmptySubsequences: false).map { Array($0.utf8).trimmed }
      guard ends.count == 2, let input = number(ends[0]) else { return nil }
      guard ends[1] != [0x2A] else {
        found.append((input, nil))
        continue
      }
      guard let output = number(ends[1]), output > 0 else { return nil }
      found.append((input, output))
    }
    return found
  }

  /// `0,3,1`: layer, output, input, as far as they are numbers.
  public var numbers: [UInt16]? {
    let numbers = parameters.split(separator: ",", omittingEmptySubsequences: false).map { number(Array($0.utf8).trimmed) }
    return numbers.contains(nil) ? nil : numbers.compactMap { $0 }
  }

  public static func meaning(_ code: UInt16) -> String? {
    switch code {
    case 1: "syntax"
    case 2: "command not available"
    case 3: "parameter out of range"
    case 4: "unauthorised"
    default: nil
    }
  }
}

func number(_ digits: [UInt8]) -> UInt16? {
  guard (1...5).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
  return UInt16(String(decoding: digits, as: UTF8.self))
}
