/// What a queue ticket says. There is no place in it for anything about the person who holds it.
public struct TicketSlip: Sendable, Hashable {
  public enum Mark: Sendable, Hashable { case drill, test }

  /// The site's name.
  public var site: String
  /// Such as A001.
  public var number: String
  public var service: String
  /// How many are before it; `nil`: not known.
  public var waiting: Int?
  /// The window or the room to go to.
  public var place: String
  /// Date and time as they are to be read.
  public var moment: String
  /// By which the holder asks what became of it; four digits.
  public var code: String
  /// Empty: none is printed.
  public var qr: String
  /// What happens next, a paragraph each.
  public var next: [String]
  /// Taken while the parent could not be reached.
  public var isWaitingToReport: Bool
  public var mark: Mark?

  public init(
    site: String, number: String, service: String, waiting: Int? = nil, place: String = "", moment: String, code: String = "",
    qr: String = "", next: [String] = [], isWaitingToReport: Bool = false, mark: Mark? = nil
  ) {
    self.site = site
    self.number = number
    self.service = service
    self.waiting = waiting
    self.place = place
    self.moment = moment
    self.code = code
    self.qr = qr
    self.next = next
    self.isWaitingToReport = isWaitingToReport
    self.mark = mark
  }

  /// Bytes of the code's text; longer ones are not printed.
  public static let qrLimit = 213
  static let paragraphLimit = 8
  /// Of each text that may be long.
  static let lineLimit = 4
}

extension TicketSlip {
  /// The whole slip, from `1B 40` to the cut. No line is longer than the paper is wide, nothing in a text becomes a command, and no four
  /// bytes of it look like a status request.
  ///
  /// - Parameter modules: the code as dark modules, for printers that get it as an image; `nil`: no code then.
  public func bytes(_ profile: PrinterProfile, _ table: DoubleByteTable, modules: [[Bool]]? = nil) -> [UInt8] {
    var writer = SlipWriter(profile: profile, table: table)
    writer.begin()
    if let mark { writer.block(mark == .drill ? "【演练】" : "【测试】", times: 2, bold: true) }
    writer.block(site, times: SlipText.columns(site) * 2 <= profile.paper.columns ? 2 : 1, bold: true)
    writer.put(.feedDots(8))
    writer.block("您的号码")
    writer.block(number, times: 6, bold: true)
    writer.block(service, times: 2)
    if let waiting { writer.block("前面等候：\(max(waiting, 0)) 人") }
    if !place.isEmpty { writer.block("办理地点：\(place)", bold: true) }
    if !code.isEmpty { writer.block("查询码：\(code)", bold: true) }
    writer.put(.feedDots(16))
    writer.code(qr, modules)
    if isWaitingToReport { writer.block("【待上报】网络中断，已保存，恢复后自动上报", bold: true) }
    writer.put(.align(.left))
    if !next.isEmpty { writer.rule() }
    for paragraph in next.prefix(Self.paragraphLimit) { writer.block(paragraph) }
    writer.rule()
    writer.put(.align(.centre))
    writer.block(moment)
    writer.end()
    return writer.bytes
  }
}

/// Puts a slip together, command by command.
struct SlipWriter {
  let profile: PrinterProfile
  let table: DoubleByteTable
  private(set) var bytes: [UInt8] = []
  private var columns: Int { profile.paper.columns }

  init(profile: PrinterProfile, table: DoubleByteTable) {
    self.profile = profile
    self.table = table
  }

  mutating func put(_ command: PrinterCommand) { bytes += command.bytes }

  mutating func begin() {
    put(.initialise)
    // After 1B 40, because some printers leave the mode then.
    put(.doubleByte(true))
    put(.lineSpacing(34))
    put(.align(.centre))
  }

  /// A text in lines of its own, as large as asked where the paper is wide enough for the whole of it.
  mutating func block(_ text: String, times: Int = 1, bold: Bool = false) {
    let wanted = SlipText.columns(text)
    guard wanted > 0 else { return }
    let most = profile.sizing == .doubled ? 2 : 8
    let scale = max(min(times, most, columns / wanted), 1)
    if bold { put(.bold(true)) }
    size(scale, bold)
    for line in SlipText.wrap(text, columns: columns / scale, limit: TicketSlip.lineLimit) {
      bytes += SlipText.bytes(line, table)
      put(.lineFeed)
    }
    size(1, false)
    if bold { put(.bold(false)) }
    // Large type fills its line to the edge: what follows would touch it.
    if scale > 1 { put(.feedDots(12)) }
  }

  /// `1B 21` sets all modes, bold among them.
  private mutating func size(_ scale: Int, _ bold: Bool) {
    switch profile.sizing {
    case .scaled: put(.size(width: UInt8(scale), height: UInt8(scale)))
    case .doubled:
      let doubled: CharacterStyle = scale > 1 ? [.doubleWidth, .doubleHeight] : []
      put(.style(bold ? doubled.union(.bold) : doubled))
      put(.doubleByteStyle(doubled))
    }
  }

  mutating func rule() {
    bytes += [UInt8](repeating: 0x2D, count: columns)
    put(.lineFeed)
  }

  mutating func code(_ text: String, _ modules: [[Bool]]?) {
    let data = SlipText.clean(text).reduce(into: [UInt8]()) { $0 += Array(String($1).utf8) }
    guard !data.isEmpty, data.count <= TicketSlip.qrLimit else { return }
    switch profile.code {
    case .none: return
    case .printer:
      let dots = Self.moduleDots(Self.modules(forBytes: data.count), profile.paper)
      put(.qr(.model(50)))
      put(.qr(.moduleDots(UInt8(dots))))
      put(.qr(.correction(.medium)))
      put(.qr(.store(data)))
      put(.qr(.print))
    case .raster:
      guard let modules, (1...177).contains(modules.count), modules.allSatisfy({ $0.count == modules.count }),
        let image = RasterImage(modules: modules, scale: Self.moduleDots(modules.count, profile.paper))
      else { return }
      put(.raster(image))
    }
    put(.lineFeed)
  }

  /// At least two dots, so that no byte of the image is 10h, with which a status request begins.
  private static func moduleDots(_ modules: Int, _ paper: PrinterProfile.Paper) -> Int {
    max(min(7, paper.dots * 5 / 8 / modules), 2)
  }

  /// What a code of level M in bytes takes, versions 1 ... 10.
  private static func modules(forBytes count: Int) -> Int {
    let capacities = [14, 26, 42, 62, 84, 106, 122, 152, 180, TicketSlip.qrLimit]
    return 21 + 4 * (capacities.firstIndex { count <= $0 } ?? capacities.count - 1)
  }

  mutating func end() {
    put(.align(.left))
    bytes += profile.separator
  }
}
