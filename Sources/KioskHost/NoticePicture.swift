/// The words for a terminal that does not work, as a picture: drawn by the machine's own browser while that still works, because nothing else
/// on it can draw Chinese letters. In its file it is one line of text: `linli-picture VERSION WIDTH HEIGHT RUNS end`, where a run is the
/// colour (5 bits red, 6 green, 5 blue) and the number of pixels that have it, four hexadecimal digits each.
struct NoticePicture: Equatable {
  var width: Int
  var height: Int
  /// Of the page that drew it: another text needs another picture.
  var version: String
  /// Row by row.
  var pixels: [UInt16]

  static let mark = "linli-picture "
  /// Larger than any screen that a terminal has.
  static let pixelLimit = 4096 * 4096

  /// Reads what a browser printed, which has more around it, or a file; anything that is not whole is refused.
  init?(_ bytes: [UInt8]) {
    guard let start = Self.place(of: Array(Self.mark.utf8), in: bytes) else { return nil }
    let fields = bytes[start...].prefix { $0 != UInt8(ascii: "<") && $0 != UInt8(ascii: "\n") }
      .split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    guard fields.count == 6, fields[5].elementsEqual("end".utf8), (1...16).contains(fields[1].count),
      let width = Self.number(fields[2]), let height = Self.number(fields[3]), width * height <= Self.pixelLimit
    else { return nil }
    let runs = Array(fields[4])
    guard runs.count % 8 == 0 else { return nil }
    var pixels: [UInt16] = []
    pixels.reserveCapacity(width * height)
    for run in stride(from: 0, to: runs.count, by: 8) {
      guard let colour = Self.hexadecimal(runs[run..<(run + 4)]), let count = Self.hexadecimal(runs[(run + 4)..<(run + 8)]),
        count > 0, pixels.count + Int(count) <= width * height
      else { return nil }
      pixels.append(contentsOf: repeatElement(colour, count: Int(count)))
    }
    guard pixels.count == width * height else { return nil }
    self.init(width: width, height: height, version: String(decoding: fields[1], as: UTF8.self), pixels: pixels)
  }

  init(width: Int, height: Int, version: String, pixels: [UInt16]) {
    self.width = width
    self.height = height
    self.version = version
    self.pixels = pixels
  }

  /// As it is kept in a file.
  var text: [UInt8] {
    var text = Array("\(Self.mark)\(version) \(width) \(height) ".utf8)
    var run = 0
    for (place, colour) in pixels.enumerated() {
      run += 1
      guard place + 1 == pixels.count || pixels[place + 1] != colour || run == 0xFFFF else { continue }
      Self.append(colour, to: &text)
      Self.append(UInt16(run), to: &text)
      run = 0
    }
    return text + Array(" end\n".utf8)
  }

  private static func append(_ value: UInt16, to text: inout [UInt8]) {
    for shift in [12, 8, 4, 0] {
      let digit = UInt8(truncatingIfNeeded: value >> shift) & 0xF
      text.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
    }
  }

  private static func hexadecimal(_ digits: ArraySlice<UInt8>) -> UInt16? {
    var value: UInt16 = 0
    for digit in digits {
      switch digit {
      case 0x30...0x39: value = value << 4 | UInt16(digit - 0x30)
      case 0x61...0x66: value = value << 4 | UInt16(digit - 0x57)
      default: return nil
      }
    }
    return value
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
    guard (1...5).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }),
      let number = Int(String(decoding: digits, as: UTF8.self)), number > 0
    else { return nil }
    return number
  }

  private static func place(of wanted: [UInt8], in bytes: [UInt8]) -> Int? {
    guard bytes.count >= wanted.count else { return nil }
    return (0...(bytes.count - wanted.count)).first { start in
      // In the page's own script the same words stand between other signs.
      bytes[start..<(start + wanted.count)].elementsEqual(wanted) && (start == 0 || bytes[start - 1] == UInt8(ascii: ">"))
    }
  }
}
