public enum PJLinkPower: String, Sendable, Equatable {
  case standby = "0"
  case on = "1"
  case cooling = "2"
  case warming = "3"
}

/// ERST: six digits.
public struct PJLinkFaults: Sendable, Equatable {
  public enum Degree: UInt8, Sendable { case none, warning, error }
  public enum Part: Int, Sendable, CaseIterable { case fan, lamp, temperature, cover, filter, other }

  private var degrees: [Degree]

  public init() {
    degrees = Part.allCases.map { _ in .none }
  }

  public init?(_ value: String) {
    let read = value.utf8.compactMap { $0 >= 0x30 ? Degree(rawValue: $0 - 0x30) : nil }
    guard read.count == Part.allCases.count, value.utf8.count == read.count else { return nil }
    degrees = read
  }

  public subscript(part: Part) -> Degree {
    get { degrees[part.rawValue] }
    set { degrees[part.rawValue] = newValue }
  }

  public var value: String { degrees.map { "\($0.rawValue)" }.joined() }
}

public enum PJLinkHours {
  /// LAMP: `hours on` for up to eight lamps; the hours of the oldest.
  public static func lamps(_ value: String) -> Int64? {
    let words = value.split(separator: " ")
    guard !words.isEmpty, words.count % 2 == 0, words.count <= 16 else { return nil }
    let hours = stride(from: 0, to: words.count, by: 2).compactMap { number(words[$0]) }
    return hours.count == words.count / 2 ? hours.max() : nil
  }

  /// FILT.
  public static func filter(_ value: String) -> Int64? { number(value[...]) }

  private static func number(_ text: Substring) -> Int64? {
    guard (1...6).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int64(text)
  }
}

/// AVMT.
public enum PJLinkMute {
  public static let picture = "11"
  public static let pictureShown = "10"

  /// Whether the picture is dark by order.
  public static func isPictureMuted(_ value: String) -> Bool? {
    switch value {
    case "11", "31": true
    case "21", "30", "10", "20": false
    default: nil
    }
  }
}
