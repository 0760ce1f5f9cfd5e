import DeviceKit

/// A matrix that nobody has heard of, as a technician describes it. Made only of what can work.
public struct LineSettings: Sendable, Equatable {
  /// What the site file says.
  public struct Text: Sendable, Equatable {
    /// Ends each command.
    public var terminator = "\\r"
    public var route = ""
    /// `nil`: it says nothing when it switches.
    public var acknowledgement: String?
    public var refusal: String?
    public var read = ""
    public var readAnswer = ""
    /// What it says by itself to somebody who comes.
    public var greeting: String?
    /// What the wire counts from: 0 or 1.
    public var base = 1
    /// The number on the wire that takes an output's input away.
    public var noInput: Int?
    public var pauseMilliseconds = 20
    public var answerLimitMilliseconds = 1_000
    public var inputs: UInt16?
    public var outputs: UInt16?

    public init() {}
  }

  public let terminator: [UInt8]
  public let route: LineTemplate
  public let acknowledgement: LineTemplate?
  public let refusal: LineTemplate?
  public let read: LineTemplate
  public let readAnswer: LineTemplate
  public let greeting: LineTemplate?
  public let base: UInt16
  public let noInput: UInt16?
  public let pause: Interval
  public let answerLimit: Interval
  public let inputs: UInt16?
  public let outputs: UInt16?

  public init(_ text: Text) throws(LineSettingsError) {
    terminator = try Self.template(text.terminator, "terminator").bytes(output: 0, input: 0)
    route = try Self.template(text.route, "route", output: true, input: true)
    acknowledgement = try Self.optional(text.acknowledgement, "acknowledgement")
    refusal = try Self.optional(text.refusal, "refusal")
    read = try Self.template(text.read, "read", output: true)
    readAnswer = try Self.template(text.readAnswer, "readAnswer", input: true)
    greeting = try Self.optional(text.greeting, "greeting")
    let end = try Self.template(text.terminator, "terminator")
    guard !end.namesInput, !end.namesOutput, !end.hasAny else { throw .placeInTerminator }
    guard !terminator.isEmpty else { throw .empty("terminator") }
    guard !Self.isNameOfAnEnd(text.terminator) else { throw .terminatorInWords }
    for (key, template) in [("route", route), ("read", read)] where template.hasAny { throw .anyInCommand(key) }
    guard !read.namesInput else { throw .inputInQuestion }
    guard let base = UInt16(exactly: text.base), base <= 1 else { throw .outOfRange("base", "0, 1") }
    self.base = base
    noInput = try text.noInput.map { number throws(LineSettingsError) in try Self.number(number, "noInput", 0...65_535) }
    pause = .milliseconds(Int(try Self.number(text.pauseMilliseconds, "pause", 0...10_000)))
    answerLimit = .milliseconds(Int(try Self.number(text.answerLimitMilliseconds, "answerLimit", 50...30_000)))
    inputs = text.inputs
    outputs = text.outputs
    // The first input always is there; of the others it is known where the site file says how many.
    if let noInput, noInput >= base, noInput - base < max(text.inputs ?? 1, 1) { throw .noInputIsAnInput(noInput) }
  }

  /// `CRLF`, `0D 0A`: the name of what ends a command would be sent as letters.
  private static func isNameOfAnEnd(_ text: String) -> Bool {
    let letters = text.uppercased().filter { $0.isLetter || $0.isNumber }
    let names = ["CR", "LF", "CRLF", "LFCR", "NL", "ENTER", "RETURN", "0D", "0A", "0D0A", "0X0D", "0X0A", "0X0D0A", "0X0D0X0A"]
    return names.contains(letters) && !text.contains("\\")
  }

  private static func template(_ text: String, _ key: String, output: Bool = false, input: Bool = false)
    throws(LineSettingsError) -> LineTemplate
  {
    guard !text.isEmpty else { throw .empty(key) }
    let template: LineTemplate
    do { template = try LineTemplate(text) } catch { throw .template(key, error) }
    if output, !template.namesOutput { throw .lacks(key, "{out}") }
    if input, !template.namesInput { throw .lacks(key, "{in}") }
    return template
  }

  private static func optional(_ text: String?, _ key: String) throws(LineSettingsError) -> LineTemplate? {
    guard let text else { return nil }
    return try template(text, key)
  }

  private static func number(_ number: Int, _ key: String, _ range: ClosedRange<Int>) throws(LineSettingsError) -> UInt16 {
    guard range.contains(number), let short = UInt16(exactly: number) else {
      throw .outOfRange(key, "\(range.lowerBound)...\(range.upperBound)")
    }
    return short
  }
}

public enum LineSettingsError: Error, Equatable {
  case empty(String)
  case lacks(String, String)
  case template(String, LineTemplateError)
  case anyInCommand(String)
  case inputInQuestion
  case placeInTerminator
  case terminatorInWords
  /// On the wire.
  case noInputIsAnInput(UInt16)
  case outOfRange(String, String)

  /// The key of the site file that is wrong.
  public var key: String {
    switch self {
    case .empty(let key), .lacks(let key, _), .template(let key, _), .anyInCommand(let key), .outOfRange(let key, _): key
    case .inputInQuestion: "read"
    case .placeInTerminator, .terminatorInWords: "terminator"
    case .noInputIsAnInput: "noInput"
    }
  }

  public var chinese: String {
    switch self {
    case .empty(let key): "\(key) 不能空"
    case .lacks(let key, let place): "\(key) 里没有 \(place)"
    case .template(let key, let error): "\(key): \(error.chinese)"
    case .anyInCommand(let key): "\(key) 是发出去的命令,不能用 {any}"
    case .inputInQuestion: "read 是问输出接的是哪一路,不能有 {in}"
    case .placeInTerminator: "terminator 是命令的结尾,不能有 {in}、{out} 或 {any}"
    case .terminatorInWords: "terminator 不写名称,写转义:CR 写 '\\r',LF 写 '\\n',CRLF 写 '\\r\\n'"
    case .noInputIsAnInput(let number): "noInput: \(number) 也是一路输入的编号(从 base 数起);断开要用别的编号,没有就不写 noInput"
    case .outOfRange(let key, let range): "\(key) 只能是 \(range)"
    }
  }

  public var english: String {
    switch self {
    case .empty(let key): "\(key) is empty"
    case .lacks(let key, let place): "\(key) has no \(place)"
    case .template(let key, let error): "\(key): \(error.english)"
    case .anyInCommand(let key): "\(key) is a command that is sent: {any} is for patterns"
    case .inputInQuestion: "read asks which input an output has: there is no {in} in it"
    case .placeInTerminator: "terminator ends a command: there is no {in}, {out} or {any} in it"
    case .terminatorInWords: "terminator is no name but an escape: '\\r' for CR, '\\n' for LF, '\\r\\n' for CRLF"
    case .noInputIsAnInput(let number):
      "noInput: \(number) is an input's number, too, counted from base; give another, or leave it out where there is none"
    case .outOfRange(let key, let range): "\(key) is one of \(range)"
    }
  }
}
