import Glibc

/// The two-byte codes of GB18030 (those of GBK and GB2312 among them), asked of the system's iconv once: what a printer's Chinese font
/// is addressed by.
public struct ChineseText: Sendable {
  /// By code, from 8140h on, 0: none. Private-use characters are left out: no font has them.
  private let scalars: [UInt16]
  /// By scalar value below 10000h, 0: none.
  private let codes: [UInt16]

  public enum Failure: Error, Sendable, Equatable, CustomStringConvertible {
    case noConverter(code: Int32)
    /// So many characters were found where more than 20,000 are expected.
    case incomplete(count: Int)

    public var description: String {
      switch self {
      case .noConverter(let code):
        """
        系统没有 GB18030 转换模块，中文号单无法打印：apt install libc6 libc-gconv-modules-extra / \
        this system's iconv has no GB18030 module, so no Chinese can be printed (\(SystemText.error(code)))
        """
      case .incomplete(let count):
        "系统的 GB18030 转换模块不完整 / this system's GB18030 module is incomplete: \(count) characters"
      }
    }
  }

  private static let firstCode = 0x8140
  private static let lastCode = 0xFEFE

  /// - Parameter charset: another name, for tests.
  public init(charset: String = "GB18030") throws(Failure) {
    let converter = iconv_open("UTF-32LE", charset)
    guard converter != iconv_t(bitPattern: -1), let converter else { throw .noConverter(code: errno) }
    defer { iconv_close(converter) }
    var scalars = [UInt16](repeating: 0, count: Self.lastCode - Self.firstCode + 1)
    var codes = [UInt16](repeating: 0, count: 0x10000)
    var count = 0
    for code in Self.firstCode...Self.lastCode where Self.isTwoByte(code) {
      guard let scalar = Self.convert(code, converter), scalar < 0x10000, !(0xE000...0xF8FF).contains(scalar) else { continue }
      scalars[code - Self.firstCode] = UInt16(scalar)
      if codes[Int(scalar)] == 0 { codes[Int(scalar)] = UInt16(code) }
      count += 1
    }
    guard count > 20_000 else { throw .incomplete(count: count) }
    self.scalars = scalars
    self.codes = codes
  }

  private static func isTwoByte(_ code: Int) -> Bool {
    let trail = code & 0xFF
    return trail >= 0x40 && trail != 0x7F && trail != 0xFF
  }

  private static func convert(_ code: Int, _ converter: iconv_t) -> UInt32? {
    var source: (UInt8, UInt8) = (UInt8(code >> 8), UInt8(code & 0xFF))
    var result: (UInt32, UInt32) = (0, 0)
    return withUnsafeMutableBytes(of: &source) { source in
      withUnsafeMutableBytes(of: &result) { result in
        var input = source.baseAddress?.assumingMemoryBound(to: CChar.self)
        var inputLeft = source.count
        var output = result.baseAddress?.assumingMemoryBound(to: CChar.self)
        var outputLeft = result.count
        // Back to its first state, whatever the code before has left.
        iconv(converter, nil, nil, nil, nil)
        let answer = iconv(converter, &input, &inputLeft, &output, &outputLeft)
        guard answer == 0, inputLeft == 0, outputLeft == 4 else { return nil }
        return UInt32(littleEndian: result.load(as: UInt32.self))
      }
    }
  }

  public func code(_ scalar: Unicode.Scalar) -> (UInt8, UInt8)? {
    guard scalar.value >= 0x80, scalar.value < 0x10000 else { return nil }
    let code = codes[Int(scalar.value)]
    return code == 0 ? nil : (UInt8(code >> 8), UInt8(code & 0xFF))
  }

  public func scalar(_ lead: UInt8, _ trail: UInt8) -> Unicode.Scalar? {
    let code = Int(lead) << 8 | Int(trail)
    guard (Self.firstCode...Self.lastCode).contains(code), scalars[code - Self.firstCode] != 0 else { return nil }
    return Unicode.Scalar(scalars[code - Self.firstCode])
  }
}
