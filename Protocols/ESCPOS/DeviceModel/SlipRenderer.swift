import ESCPOSCodec

/// The head, the paper and the modes of a printer: turns items into a slip.
struct SlipRenderer: Sendable {
  private let traits: PrinterTraits
  private let table: DoubleByteTable
  private(set) var slip: PrintedSlip
  /// Lines of paper that were used since the last time this was taken.
  var usedLines = 0

  private var alignment = Alignment.left
  private var look = PrintedSlip.Look()
  /// Of Chinese, where it has a size of its own.
  private var chineseSize = (width: 1, height: 1)
  private var isChineseUnderlined = false
  private var lineSpacing = Self.ownSpacing
  private var line: [PrintedSlip.Run] = []
  private var lineDots = 0
  private var code = PrintedSlip.QR(data: [], moduleDots: 3, correction: .low, alignment: .left)

  static let ownSpacing = 30
  /// More elements than any paper roll is long; what follows is not kept.
  static let elementLimit = 4_000

  init(traits: PrinterTraits, table: DoubleByteTable) {
    self.traits = traits
    self.table = table
    slip = PrintedSlip(dots: traits.dots)
  }

  /// Power was cut: the paper stays, everything else is forgotten.
  mutating func forget() {
    resetModes()
    line = []
    lineDots = 0
    code.data = []
  }

  mutating func take() -> PrintedSlip {
    defer { slip = PrintedSlip(dots: traits.dots) }
    return slip
  }

  private mutating func resetModes() {
    alignment = .left
    look = PrintedSlip.Look()
    chineseSize = (1, 1)
    isChineseUnderlined = false
    lineSpacing = Self.ownSpacing
  }

  /// True when the slip ends here.
  mutating func handle(_ item: PrinterItem) -> Bool {
    switch item {
    case .character(let byte): put(byte < 0x80 ? Unicode.Scalar(byte) : "·", isWide: false)
    case .pair(let lead, let trail): put(table.decode(lead, trail) ?? "？", isWide: true)
    case .rejected(.loneLead): put("?", isWide: false)
    case .command(let command): return handle(command)
    case .rejected, .realTime: break
    }
    return false
  }

  private mutating func handle(_ command: PrinterCommand) -> Bool {
    switch command {
    case .initialise:
      resetModes()
      line = []
      lineDots = 0
    case .doubleByteStyle(let style):
      chineseSize = (style.contains(.doubleWidth) ? 2 : 1, style.contains(.doubleHeight) ? 2 : 1)
      isChineseUnderlined = style.contains(.underline)
    case .align(let alignment): if line.isEmpty { self.alignment = alignment }
    case .size(let width, let height):
      (look.width, look.height) = (Int(width), Int(height))
      if traits.scalesChinese { chineseSize = (Int(width), Int(height)) }
    case .style(let style):
      (look.width, look.height) = (style.contains(.doubleWidth) ? 2 : 1, style.contains(.doubleHeight) ? 2 : 1)
      look.isBold = style.contains(.bold)
      look.isUnderlined = style.contains(.underline)
      look.isSmall = style.contains(.smallFont)
    case .bold(let on): look.isBold = on
    case .underline(let dots): look.isUnderlined = dots > 0
    case .inverse(let on): look.isInverse = on
    case .font(let font): look.isSmall = font & 1 == 1
    case .upsideDown(let on): look.isUpsideDown = on
    case .lineFeed: endLine()
    case .feedLines(let count):
      if !line.isEmpty { endLine() }
      feed(Int(count) * lineSpacing)
    case .feedDots(let count):
      if !line.isEmpty { endLine() }
      feed(Int(count))
    case .lineSpacing(let dots): lineSpacing = dots.map { Int($0) } ?? Self.ownSpacing
    case .cut(let partial): return cut(partial)
    case .feedAndCut(let partial, let dots):
      feed(Int(dots))
      return cut(partial)
    case .drawer: add(.drawer, 0)
    case .buzzer: add(.buzzer, 0)
    case .qr(let function): handle(function)
    case .raster(let image):
      if !line.isEmpty { endLine() }
      add(.image(image, alignment), image.rows)
    case .doubleByte, .codePage, .askInOrder, .automaticStatus, .other: break
    }
    return false
  }

  private mutating func handle(_ function: QRFunction) {
    guard traits.hasQR else {
      // The first two bytes are taken for a command that does nothing, and what follows for text.
      for byte in PrinterCommand.qr(function).bytes.dropFirst(2) where (0x20..<0x7F).contains(byte) {
        put(Unicode.Scalar(byte), isWide: false)
      }
      return
    }
    switch function {
    case .model: break
    case .moduleDots(let dots): code.moduleDots = dots
    case .correction(let level): code.correction = level
    case .store(let data): code.data = data
    case .print:
      guard !code.data.isEmpty else { return }
      if !line.isEmpty { endLine() }
      code.alignment = alignment
      add(.qr(code), 29 * Int(code.moduleDots))
    }
  }

  private mutating func put(_ scalar: Unicode.Scalar, isWide: Bool) {
    var look = look
    if isWide {
      (look.width, look.height) = chineseSize
      look.isUnderlined = look.isUnderlined || isChineseUnderlined
      look.isSmall = false
    }
    let dots = (isWide ? 24 : look.isSmall ? 9 : 12) * look.width
    if lineDots + dots > traits.dots, !line.isEmpty {
      slip.overflows += 1
      endLine()
    }
    lineDots += dots
    if let last = line.indices.last, line[last].look == look {
      line[last].text.unicodeScalars.append(scalar)
      line[last].dots += dots
    } else {
      line.append(PrintedSlip.Run(text: String(Character(scalar)), look: look, dots: dots))
    }
  }

  private mutating func endLine() {
    let height = line.map { 24 * $0.look.height }.max() ?? 0
    let advance = max(lineSpacing, height)
    add(.line(PrintedSlip.Line(runs: line, alignment: alignment, advance: advance)), advance)
    line = []
    lineDots = 0
  }

  private mutating func feed(_ dots: Int) { if dots > 0 { add(.feed(dots), dots) } }

  private mutating func cut(_ partial: Bool) -> Bool {
    if !line.isEmpty { endLine() }
    guard traits.hasCutter else { return false }
    add(.cut(partial: partial), 0)
    return true
  }

  private mutating func add(_ element: PrintedSlip.Element, _ dots: Int) {
    if dots > 0 { usedLines += max(dots / Self.ownSpacing, 1) }
    if slip.elements.count < Self.elementLimit { slip.elements.append(element) }
  }
}
