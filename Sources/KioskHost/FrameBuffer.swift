import Foundation
import Glibc

/// The screen's memory as the kernel shows it (`/dev/fb0`): for when no browser and no display server draws on it any more.
public struct FrameBuffer: Sendable, Equatable {
  public var path: String
  /// For a file that stands for a screen, which cannot be asked; `nil`: the device is asked.
  public var form: Form?

  public init(path: String, form: Form? = nil) {
    self.path = path
    self.form = form
  }

  /// What most machines call it.
  public static let usual = "/dev/fb0"

  /// How pixels lie in it.
  public struct Form: Sendable, Equatable {
    public var width: Int
    public var height: Int
    public var bitsPerPixel: Int
    /// Bytes from one row to the next.
    public var stride: Int
    /// Where what is seen begins.
    var xOffset = 0
    var yOffset = 0
    var red: Channel
    var green: Channel
    var blue: Channel

    struct Channel: Sendable, Equatable {
      var shift: Int
      var bits: Int
    }

    /// As usual on PCs: red uppermost.
    public init?(width: Int, height: Int, bitsPerPixel: Int, stride: Int) {
      self.width = width
      self.height = height
      self.bitsPerPixel = bitsPerPixel
      self.stride = stride
      red = bitsPerPixel == 16 ? Channel(shift: 11, bits: 5) : Channel(shift: 16, bits: 8)
      green = bitsPerPixel == 16 ? Channel(shift: 5, bits: 6) : Channel(shift: 8, bits: 8)
      blue = bitsPerPixel == 16 ? Channel(shift: 0, bits: 5) : Channel(shift: 0, bits: 8)
      if !isUsable { return nil }
    }

    /// `1920x1080x32,7680`.
    public init?(_ text: String) {
      guard let found = text.wholeMatch(of: #/(\d{1,5})x(\d{1,5})x(\d{1,2}),(\d{1,6})/#), let width = Int(found.1),
        let height = Int(found.2), let bits = Int(found.3), let stride = Int(found.4)
      else { return nil }
      self.init(width: width, height: height, bitsPerPixel: bits, stride: stride)
    }

    var bytesPerPixel: Int { bitsPerPixel / 8 }

    fileprivate var isUsable: Bool {
      [16, 24, 32].contains(bitsPerPixel) && (64...16384).contains(width) && (64...16384).contains(height)
        && width * height <= NoticePicture.pixelLimit && (0...16384).contains(xOffset) && (0...65536).contains(yOffset)
        && stride >= (xOffset + width) * bytesPerPixel && stride <= 1 << 20
        && [red, green, blue].allSatisfy { (1...8).contains($0.bits) && $0.shift >= 0 && $0.shift + $0.bits <= bitsPerPixel }
    }

    /// What the kernel answers to `FBIOGET_VSCREENINFO` and `FBIOGET_FSCREENINFO` (linux/fb.h).
    fileprivate init?(device: Int32) {
      var variable = [UInt32](repeating: 0, count: 40)
      var fixed = [UInt8](repeating: 0, count: 128)
      let isAnswered =
        variable.withUnsafeMutableBytes { part in part.baseAddress.map { ioctl(device, 0x4600, $0) } } == 0
        && fixed.withUnsafeMutableBytes { part in part.baseAddress.map { ioctl(device, 0x4602, $0) } } == 0
      guard isAnswered else { return nil }
      // Behind a name of 16 bytes, an address of the machine's width, four words and three half words.
      let place = 16 + MemoryLayout<UInt>.size + 16 + 8
      let stride = fixed.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: UInt32.self) }
      func number(_ place: Int) -> Int { Int(variable[place]) }
      width = number(0)
      height = number(1)
      xOffset = number(4)
      yOffset = number(5)
      bitsPerPixel = number(6)
      self.stride = Int(stride)
      red = Channel(shift: number(8), bits: number(9))
      green = Channel(shift: number(11), bits: number(12))
      blue = Channel(shift: number(14), bits: number(15))
      if !isUsable { return nil }
    }
  }

  /// `nil`: it cannot be opened, or is not of a kind that we draw on.
  public var knownForm: Form? {
    let (file, form) = opened
    if file >= 0 { close(file) }
    return form
  }

  private var opened: (file: Int32, Form?) {
    let file = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY)
    guard file >= 0 else { return (file, nil) }
    return (file, form ?? Form(device: file))
  }

  /// Draws a picture over all that is seen, as large as it fits, on white.
  ///
  /// - Returns: whether every row was taken.
  func draw(_ picture: NoticePicture) -> Bool {
    let (file, form) = opened
    guard file >= 0 else { return false }
    defer { close(file) }
    guard let form else { return false }
    for y in 0..<form.height {
      let row = form.row(y, of: picture)
      let start = (form.yOffset + y) * form.stride + form.xOffset * form.bytesPerPixel
      guard pwrite(file, row, row.count, off_t(start)) == row.count else { return false }
    }
    return true
  }
}

extension FrameBuffer.Form {
  func row(_ y: Int, of picture: NoticePicture) -> [UInt8] {
    var row: [UInt8] = []
    row.reserveCapacity(width * bytesPerPixel)
    let drawn = size(of: picture)
    let (left, top) = ((width - drawn.width) / 2, (height - drawn.height) / 2)
    for x in 0..<width {
      var colour: UInt16 = 0xFFFF
      if (left..<(left + drawn.width)).contains(x), (top..<(top + drawn.height)).contains(y) {
        let (fromX, fromY) = ((x - left) * picture.width / drawn.width, (y - top) * picture.height / drawn.height)
        colour = picture.pixels[fromY * picture.width + fromX]
      }
      let value = pixel(colour)
      for byte in 0..<bytesPerPixel { row.append(UInt8(truncatingIfNeeded: value >> (8 * byte))) }
    }
    return row
  }

  /// As large as it fits, in its own proportions.
  private func size(of picture: NoticePicture) -> (width: Int, height: Int) {
    if width * picture.height <= height * picture.width { return (width, max(1, width * picture.height / picture.width)) }
    return (max(1, height * picture.width / picture.height), height)
  }

  func pixel(_ colour: UInt16) -> UInt32 {
    func part(_ value: UInt16, _ bits: Int, _ channel: Channel) -> UInt32 {
      let all = (1 << bits) - 1
      return UInt32((Int(value) & all) * ((1 << channel.bits) - 1) / all) << UInt32(channel.shift)
    }
    return part(colour >> 11, 5, red) | part(colour >> 5, 6, green) | part(colour, 5, blue)
  }
}
