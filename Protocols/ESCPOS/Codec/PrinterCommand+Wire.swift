extension PrinterCommand {
  public var bytes: [UInt8] {
    switch self {
    case .initialise: [0x1B, 0x40]
    case .doubleByte(let on): [0x1C, on ? 0x26 : 0x2E]
    case .doubleByteStyle(let style): [0x1C, 0x21, style.doubleByteBits]
    case .codePage(let page): [0x1B, 0x74, page]
    case .align(let alignment): [0x1B, 0x61, alignment.rawValue]
    case .size(let width, let height):
      [0x1D, 0x21, (min(max(width, 1), 8) - 1) << 4 | (min(max(height, 1), 8) - 1)]
    case .style(let style): [0x1B, 0x21, style.singleByteBits]
    case .bold(let on): [0x1B, 0x45, on ? 1 : 0]
    case .underline(let dots): [0x1B, 0x2D, min(dots, 2)]
    case .inverse(let on): [0x1D, 0x42, on ? 1 : 0]
    case .font(let font): [0x1B, 0x4D, font]
    case .upsideDown(let on): [0x1B, 0x7B, on ? 1 : 0]
    case .lineFeed: [0x0A]
    case .feedLines(let count): [0x1B, 0x64, count]
    case .feedDots(let count): [0x1B, 0x4A, count]
    case .lineSpacing(let dots?): [0x1B, 0x33, dots]
    case .lineSpacing(nil): [0x1B, 0x32]
    case .cut(let partial): [0x1D, 0x56, partial ? 1 : 0]
    case .feedAndCut(let partial, let dots): [0x1D, 0x56, partial ? 0x42 : 0x41, dots]
    case .drawer(let pin, let on, let off): [0x1B, 0x70, pin, on, off]
    case .buzzer(let times, let length): [0x1B, 0x42, times, length]
    case .qr(let function): function.bytes
    case .raster(let image):
      [0x1D, 0x76, 0x30, 0] + littleEndian(image.bytesPerRow) + littleEndian(image.rows) + image.bytes
    case .askInOrder(let what): [0x1D, 0x72, what]
    case .automaticStatus(let what): [0x1D, 0x61, what]
    case .other(let bytes): bytes
    }
  }
}

func littleEndian(_ value: Int) -> [UInt8] { [UInt8(truncatingIfNeeded: value), UInt8(truncatingIfNeeded: value >> 8)] }

extension QRFunction {
  /// The length field has two bytes, three of which the function takes itself.
  public static let storeLimit = 65_532

  var bytes: [UInt8] {
    switch self {
    case .model(let model): [0x1D, 0x28, 0x6B, 4, 0, 0x31, 0x41, model, 0]
    case .moduleDots(let dots): [0x1D, 0x28, 0x6B, 3, 0, 0x31, 0x43, dots]
    case .correction(let level): [0x1D, 0x28, 0x6B, 3, 0, 0x31, 0x45, level.rawValue]
    case .store(let data):
      [0x1D, 0x28, 0x6B] + littleEndian(min(data.count, Self.storeLimit) + 3) + [0x31, 0x50, 0x30] + data.prefix(Self.storeLimit)
    case .print: [0x1D, 0x28, 0x6B, 3, 0, 0x31, 0x51, 0x30]
    }
  }

  /// What stands behind `pH`.
  init?(_ body: [UInt8]) {
    guard body.count >= 3, body[0] == 0x31 else { return nil }
    switch (body[1], body.count) {
    case (0x41, 4): self = .model(body[2])
    case (0x43, 3): self = .moduleDots(body[2])
    case (0x45, 3):
      guard let level = QRCorrection(rawValue: body[2]) else { return nil }
      self = .correction(level)
    case (0x50, _): self = .store(Array(body[3...]))
    case (0x51, 3): self = .print
    default: return nil
    }
  }
}

extension CharacterStyle {
  private static let singleByte: [(CharacterStyle, UInt8)] = [
    (.smallFont, 0x01), (.bold, 0x08), (.doubleHeight, 0x10), (.doubleWidth, 0x20), (.underline, 0x80),
  ]
  private static let doubleByte: [(CharacterStyle, UInt8)] = [(.doubleWidth, 0x04), (.doubleHeight, 0x08), (.underline, 0x80)]

  var singleByteBits: UInt8 { Self.singleByte.reduce(0) { contains($1.0) ? $0 | $1.1 : $0 } }
  var doubleByteBits: UInt8 { Self.doubleByte.reduce(0) { contains($1.0) ? $0 | $1.1 : $0 } }

  init(singleByteBits bits: UInt8) {
    self = Self.singleByte.reduce([]) { bits & $1.1 != 0 ? $0.union($1.0) : $0 }
  }

  init(doubleByteBits bits: UInt8) {
    self = Self.doubleByte.reduce([]) { bits & $1.1 != 0 ? $0.union($1.0) : $0 }
  }
}
