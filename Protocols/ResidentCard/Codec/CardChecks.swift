/// What does not fit in a card that was read whole. It says nothing about its holder.
public struct CardDoubts: OptionSet, Sendable, Hashable {
  public var rawValue: UInt8

  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The number has not its form, or a wrong check digit.
  public static let number = CardDoubts(rawValue: 1)
  /// No day of the calendar, or one that nobody who lives was born on.
  public static let birth = CardDoubts(rawValue: 2)
  /// The number says another day of birth.
  public static let birthInNumber = CardDoubts(rawValue: 4)
  /// The validity has no beginning or end, or ends before it begins.
  public static let validity = CardDoubts(rawValue: 8)
  /// Characters that may not be shown.
  public static let characters = CardDoubts(rawValue: 16)
  /// The reader does not know how to read the address that was added last.
  public static let newestAddress = CardDoubts(rawValue: 32)
}

/// A day as cards write it: YYYYMMDD.
public struct CardDate: Sendable, Equatable, Comparable {
  public var year: Int
  public var month: Int
  public var day: Int

  /// `nil` for a day that is in no calendar.
  public init?(year: Int, month: Int, day: Int) {
    guard (1...9999).contains(year), (1...12).contains(month), (1...Self.days(month, year)).contains(day) else { return nil }
    self.year = year
    self.month = month
    self.day = day
  }

  /// A field as it stands on a card, `nil` unless it is eight digits of a day.
  init?(_ text: CardText, _ field: CardField) {
    var digits = 0
    var value = 0
    text.forEachCharacter(of: field) { scalar in
      guard digits >= 0, digits < 8, let digit = scalar.decimal else {
        digits = -1
        return
      }
      value = value * 10 + digit
      digits += 1
    }
    guard digits == 8 else { return nil }
    self.init(year: value / 10000, month: value / 100 % 100, day: value % 100)
  }

  public static func < (left: CardDate, right: CardDate) -> Bool {
    (left.year, left.month, left.day) < (right.year, right.month, right.day)
  }

  private static func days(_ month: Int, _ year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }
}

/// How long a card is valid.
public enum CardEnd: Sendable, Equatable {
  case day(CardDate)
  /// 长期
  case never
}

/// ISO 7064 MOD 11-2, as GB 11643 uses it.
public struct CheckDigit: Sendable {
  private var register = 0

  public init() {}

  /// Takes the next of the digits, the check digit left out; what is no digit counts as 0.
  public mutating func update(_ digit: Int) {
    register = (register + ((0...9).contains(digit) ? digit : 0)) * 2 % 11
  }

  /// 0 ... 9, and 10, which is written X.
  public var value: Int { (12 - register) % 11 }

  public var scalar: Unicode.Scalar { value == 10 ? "X" : Unicode.Scalar(UInt8(0x30 + value)) }
}

extension Unicode.Scalar {
  var decimal: Int? { (0x30...0x39).contains(value) ? Int(value) - 0x30 : nil }
  var isCapital: Bool { (0x41...0x5A).contains(value) }
}

extension CardText {
  public var birth: CardDate? { CardDate(self, .birth) }
  public var validFrom: CardDate? { CardDate(self, .validFrom) }

  /// `nil` when it is neither a day nor 长期.
  public var validTo: CardEnd? {
    if let day = CardDate(self, .validTo) { return .day(day) }
    var matched = 0
    forEachCharacter(of: .validTo) { scalar in
      matched = (matched == 0 && scalar == "长") || (matched == 1 && scalar == "期") ? matched + 1 : -1
    }
    return matched == 2 ? .never : nil
  }

  /// What does not fit. The earliest and the latest plausible year of birth are wide: no clock is asked.
  public func doubts(births years: ClosedRange<Int> = 1900...2099) -> CardDoubts {
    var doubts: CardDoubts = []
    if !hasGoodNumber { doubts.insert(.number) }
    if let birth {
      if !years.contains(birth.year) { doubts.insert(.birth) }
      if !numberAgrees(with: birth) { doubts.insert(.birthInNumber) }
    } else {
      doubts.insert(.birth)
    }
    switch (validFrom, validTo) {
    case (.some, .never): break
    case (let from?, .day(let to)) where from < to: break
    default: doubts.insert(.validity)
    }
    for field in CardField.allCases {
      forEachCharacter(of: field) { if $0 == "\u{FFFD}" { doubts.insert(.characters) } }
    }
    return doubts
  }

  /// 17 digits and their check digit, or, on a foreigner's card of 2017, three letters and twelve digits.
  private var hasGoodNumber: Bool {
    var places = 0
    var isGood = true
    var check = CheckDigit()
    var last: Unicode.Scalar?
    let isLettered = kind == .foreign2017
    forEachCharacter(of: .number) { scalar in
      if isLettered {
        isGood = isGood && (places < 3 ? scalar.isCapital : scalar.decimal != nil)
      } else if places < 17 {
        isGood = isGood && scalar.decimal != nil
        check.update(scalar.decimal ?? 0)
      }
      last = scalar
      places += 1
    }
    if isLettered { return isGood && places == 15 }
    return isGood && places == 18 && last == check.scalar
  }

  /// Digits 7 to 14. Foreigners' numbers are not looked at: what stands where in them comes from one source.
  private func numberAgrees(with birth: CardDate) -> Bool {
    guard kind == .resident || kind == .regional else { return true }
    var place = 0
    var value = 0
    forEachCharacter(of: .number) { scalar in
      if (6..<14).contains(place) { value = value * 10 + (scalar.decimal ?? 0) }
      place += 1
    }
    return value == birth.year * 10000 + birth.month * 100 + birth.day
  }
}
