/// Test pictures without a network: `test:1` … `test:64`, each of a colour of its own with its number in white, and a square that blinks.
public struct TestPicture: Sendable, Equatable {
  public let number: Int

  static let width = 640
  static let height = 360

  /// `nil` for anything but `test:1` … `test:64`.
  public init?(address: String) {
    guard address.hasPrefix("test:"), let number = Int(address.dropFirst(5)), (1...64).contains(number) else { return nil }
    self.number = number
  }

  /// What mpv is to load for an address of the site file; `nil`: nothing can.
  public static func resolve(_ address: String) -> String? {
    guard address.hasPrefix("test:") else { return address.isEmpty ? nil : address }
    return TestPicture(address: address)?.stream
  }

  /// Red, green, blue, 0...255: neighbours in number are far apart in hue.
  public var colour: (red: Int, green: Int, blue: Int) {
    // 137° further each time, dark enough for white digits.
    let hue = (number * 137) % 360
    let rising = (hue % 60) * 170 / 60
    switch hue / 60 {
    case 0: return (170, rising, 0)
    case 1: return (170 - rising, 170, 0)
    case 2: return (0, 170, rising)
    case 3: return (0, 170 - rising, 170)
    case 4: return (rising, 0, 170)
    default: return (170, 0, 170 - rising)
    }
  }

  /// Digits are drawn as seven bars each, so that no font is needed.
  var stream: String {
    let (red, green, blue) = colour
    func hex(_ value: Int) -> String { (value < 16 ? "0" : "") + String(value, radix: 16) }
    let digits = "\(number)".compactMap(\.wholeNumberValue)
    let left = (Self.width - digits.count * 110 + 40) / 2
    var boxes = digits.enumerated().flatMap { index, digit in Self.bars(digit, x: left + index * 110) }
    boxes.append("drawbox=x=20:y=20:w=24:h=24:color=white:t=fill:enable=lt(mod(t\\,1)\\,0.5)")
    return "av://lavfi:color=c=0x\(hex(red))\(hex(green))\(hex(blue)):size=\(Self.width)x\(Self.height):rate=25,"
      + boxes.joined(separator: ",")
  }

  private static func bars(_ digit: Int, x: Int) -> [String] {
    // Top, upper left, upper right, middle, lower left, lower right, bottom.
    let lit = ["1110111", "0010010", "1011101", "1011011", "0111010", "1101011", "1101111", "1010010", "1111111", "1111011"]
    let places = [
      (0, 0, 70, 14), (0, 0, 14, 75), (56, 0, 14, 75), (0, 61, 70, 14), (0, 61, 14, 75), (56, 61, 14, 75), (0, 122, 70, 14),
    ]
    return zip(lit[digit], places).filter { $0.0 == "1" }.map { _, place in
      "drawbox=x=\(x + place.0):y=\(112 + place.1):w=\(place.2):h=\(place.3):color=white:t=fill"
    }
  }
}
