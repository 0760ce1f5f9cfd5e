import ESCPOSCodec

/// What came out of a printer between two cuts.
public struct PrintedSlip: Sendable, Equatable {
  /// What the head reaches.
  public var dots: Int
  public var elements: [Element]
  /// Lines that were longer than the paper is wide and went on below.
  public var overflows: Int

  public enum Element: Sendable, Equatable {
    case line(Line)
    /// Paper that was fed, in dots.
    case feed(Int)
    case qr(QR)
    case image(RasterImage, Alignment)
    case cut(partial: Bool)
    case drawer
    case buzzer
  }

  public struct QR: Sendable, Equatable {
    public var data: [UInt8]
    public var moduleDots: UInt8
    public var correction: QRCorrection
    public var alignment: Alignment

    public init(data: [UInt8], moduleDots: UInt8, correction: QRCorrection, alignment: Alignment) {
      self.data = data
      self.moduleDots = moduleDots
      self.correction = correction
      self.alignment = alignment
    }

    public var text: String { String(decoding: data, as: UTF8.self) }
  }

  public struct Line: Sendable, Equatable {
    public var runs: [Run]
    public var alignment: Alignment
    /// How far the paper moved.
    public var advance: Int

    public var text: String { runs.map(\.text).joined() }
    public var dots: Int { runs.reduce(0) { $0 + $1.dots } }
    /// The tallest run.
    public var height: Int { runs.map { 24 * $0.look.height }.max() ?? 0 }
    public var isEmpty: Bool { runs.isEmpty }
  }

  /// Characters that look alike.
  public struct Run: Sendable, Equatable {
    public var text: String
    public var look: Look
    public var dots: Int
  }

  public struct Look: Sendable, Equatable {
    public var width = 1
    public var height = 1
    public var isBold = false
    public var isUnderlined = false
    public var isInverse = false
    public var isUpsideDown = false
    public var isSmall = false

    public init() {}
  }

  public init(dots: Int) {
    self.dots = dots
    elements = []
    overflows = 0
  }

  public var lines: [Line] { elements.compactMap { if case .line(let line) = $0 { line } else { nil } } }
  public var codes: [QR] { elements.compactMap { if case .qr(let code) = $0 { code } else { nil } } }
  public var images: [RasterImage] { elements.compactMap { if case .image(let image, _) = $0 { image } else { nil } } }
  /// Something is on it.
  public var isBlank: Bool { !elements.contains { if case .feed = $0 { false } else { true } } }

  /// For a terminal: one line for each, large type told behind it.
  public var text: String {
    let columns = dots / 12
    func place(_ text: String, _ width: Int, _ alignment: Alignment) -> String {
      let free = max(columns - width, 0)
      let left = alignment == .left ? 0 : alignment == .right ? free : free / 2
      return String(repeating: " ", count: left) + text + "\n"
    }
    return elements.map { element in
      switch element {
      case .line(let line):
        let scale = line.runs.map(\.look.width).max() ?? 1
        let note = scale > 1 ? " ×\(scale)" : ""
        return line.isEmpty ? "\n" : place(line.text + note, SlipText.columns(line.text), line.alignment)
      case .feed: return "\n"
      case .qr(let code): return place("[QR \(code.text)]", SlipText.columns(code.text) + 5, code.alignment)
      case .image(let image, let alignment):
        let note = "[图像 \(image.bytesPerRow * 8)×\(image.rows)]"
        return place(note, SlipText.columns(note), alignment)
      case .cut(let partial): return String(repeating: partial ? "- " : "-", count: partial ? columns / 2 : columns) + "✂\n"
      case .drawer: return "[钱箱]\n"
      case .buzzer: return "[蜂鸣]\n"
      }
    }.joined()
  }
}
