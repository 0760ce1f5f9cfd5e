/// What a printer is told, in either direction of the codec (README.md, "Commands"). Characters and real-time requests are not commands:
/// see `PrinterItem`.
public enum PrinterCommand: Sendable, Hashable {
  case initialise
  /// Bytes from 81h on pair up to Chinese characters.
  case doubleByte(Bool)
  /// Size and underline of double-byte characters on older printers.
  case doubleByteStyle(CharacterStyle)
  case codePage(UInt8)
  case align(Alignment)
  /// Width and height, 1 ... 8.
  case size(width: UInt8, height: UInt8)
  case style(CharacterStyle)
  case bold(Bool)
  /// 0 off, 1 one dot, 2 two dots.
  case underline(UInt8)
  case inverse(Bool)
  case font(UInt8)
  case upsideDown(Bool)
  case lineFeed
  case feedLines(UInt8)
  case feedDots(UInt8)
  /// `nil`: the printer's own.
  case lineSpacing(UInt8?)
  case cut(partial: Bool)
  /// Feeds to the cutter and so many dots more, then cuts.
  case feedAndCut(partial: Bool, dots: UInt8)
  case drawer(pin: UInt8, on: UInt8, off: UInt8)
  case buzzer(times: UInt8, length: UInt8)
  case qr(QRFunction)
  case raster(RasterImage)
  /// 1 paper, 2 drawer; answered when everything before it has been processed.
  case askInOrder(UInt8)
  /// Automatic status back: bit 0 drawer, 1 offline, 2 error, 3 paper; 0 off.
  case automaticStatus(UInt8)
  /// Of a known length and of no interest here: code tables, motion units, margins.
  case other([UInt8])
}

public enum Alignment: UInt8, Sendable, Hashable, CaseIterable { case left, centre, right }

/// The bits of `1B 21` and of `1C 21` in one form.
public struct CharacterStyle: OptionSet, Sendable, Hashable {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  public static let bold = CharacterStyle(rawValue: 1)
  public static let doubleHeight = CharacterStyle(rawValue: 2)
  public static let doubleWidth = CharacterStyle(rawValue: 4)
  public static let underline = CharacterStyle(rawValue: 8)
  public static let smallFont = CharacterStyle(rawValue: 16)
}

/// `GS ( k` with cn = 49.
public enum QRFunction: Sendable, Hashable {
  /// 49 model 1, 50 model 2, 51 micro.
  case model(UInt8)
  /// Dots a module, 1 ... 16.
  case moduleDots(UInt8)
  case correction(QRCorrection)
  case store([UInt8])
  case print
}

public enum QRCorrection: UInt8, Sendable, Hashable, CaseIterable {
  case low = 0x30
  case medium, quartile, high
}

/// `GS v 0`: one bit a dot, the most significant one left, rows filled up to whole bytes.
public struct RasterImage: Sendable, Hashable {
  public let bytesPerRow: Int
  public let rows: Int
  public let bytes: [UInt8]

  /// More than this is taken for noise: as wide as the widest head and a metre long.
  public static let bytesPerRowLimit = 104
  public static let rowLimit = 8_000
  public static let byteLimit = 262_144

  static func isPossible(bytesPerRow: Int, rows: Int) -> Bool {
    (1...bytesPerRowLimit).contains(bytesPerRow) && (1...rowLimit).contains(rows) && bytesPerRow * rows <= byteLimit
  }

  /// `nil` when the sizes do not fit together, or are beyond the limits.
  public init?(bytesPerRow: Int, rows: Int, bytes: [UInt8]) {
    guard Self.isPossible(bytesPerRow: bytesPerRow, rows: rows), bytes.count == bytesPerRow * rows else { return nil }
    self.bytesPerRow = bytesPerRow
    self.rows = rows
    self.bytes = bytes
  }

  /// Modules of a code, each `scale` dots wide and high.
  public init?(modules: [[Bool]], scale: Int) {
    guard let width = modules.first?.count, (1...32).contains(scale), modules.count <= Self.rowLimit / scale,
      width <= Self.bytesPerRowLimit * 8 / scale
    else { return nil }
    let perRow = (width * scale + 7) / 8
    var bytes: [UInt8] = []
    for row in modules {
      var line = [UInt8](repeating: 0, count: perRow)
      for dot in 0..<width * scale where dot / scale < row.count && row[dot / scale] { line[dot / 8] |= 0x80 >> UInt8(dot % 8) }
      for _ in 0..<scale { bytes += line }
    }
    self.init(bytesPerRow: perRow, rows: modules.count * scale, bytes: bytes)
  }

  public func isDark(row: Int, column: Int) -> Bool {
    guard (0..<rows).contains(row), (0..<bytesPerRow * 8).contains(column) else { return false }
    return bytes[row * bytesPerRow + column / 8] & (0x80 >> UInt8(column % 8)) != 0
  }
}
