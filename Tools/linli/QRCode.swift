import Foundation

/// A QR code in the terminal, by libqrencode when it is installed: opened at run time, so that nothing needs it to build or to run.
enum QRCode {
  /// `QRcode` of qrencode.h 4.1; the library's answer is read with this layout.
  private struct Symbol {
    var version: Int32
    var width: Int32
    var data: UnsafeMutablePointer<UInt8>?
  }

  private typealias Encode =
    @convention(c) (
      _ text: UnsafePointer<CChar>, _ version: Int32, _ level: Int32, _ hint: Int32, _ caseSensitive: Int32
    ) -> UnsafeMutableRawPointer?
  private typealias Free = @convention(c) (UnsafeMutableRawPointer?) -> Void

  /// The code as lines of half blocks, or what to install to see one.
  static func text(_ content: String) -> String {
    guard let rows = rows(content) else {
      return "(二维码需要软件包 libqrencode4: apt install libqrencode4 / the QR code needs the package libqrencode4)"
    }
    return lines(rows).joined(separator: "\n")
  }

  /// Dark modules are true; `nil` when the library is not there.
  static func rows(_ content: String) -> [[Bool]]? {
    guard let library = dlopen("libqrencode.so.4", RTLD_NOW | RTLD_LOCAL) else { return nil }
    defer { dlclose(library) }
    guard let encodeSymbol = dlsym(library, "QRcode_encodeString"), let freeSymbol = dlsym(library, "QRcode_free") else {
      return nil
    }
    let encode = unsafeBitCast(encodeSymbol, to: Encode.self)
    let free = unsafeBitCast(freeSymbol, to: Free.self)
    // Smallest version that fits, level M (15 % may be unreadable), 8-bit hint: the library picks the alphanumeric mode by itself.
    guard let answer = encode(content, 0, 1, 2, 1) else { return nil }
    defer { free(answer) }
    let symbol = answer.load(as: Symbol.self)
    guard (21...177).contains(symbol.width), let data = symbol.data else { return nil }
    let width = Int(symbol.width)
    return (0..<width).map { row in (0..<width).map { data[row * width + $0] & 1 == 1 } }
  }

  /// Two rows a line, with the quiet zone of four; white on black is set, because a terminal may have any colours.
  static func lines(_ rows: [[Bool]]) -> [String] {
    let quiet = 4
    let size = rows.count
    func isDark(_ row: Int, _ column: Int) -> Bool {
      rows.indices.contains(row) && (0..<size).contains(column) && rows[row][column]
    }
    return stride(from: -quiet, to: size + quiet, by: 2).map { row in
      let blocks = (-quiet..<size + quiet).map { column in
        switch (isDark(row, column), isDark(row + 1, column)) {
        case (false, false): "█"
        case (false, true): "▀"
        case (true, false): "▄"
        case (true, true): " "
        }
      }
      return "\u{1B}[97;40m\(blocks.joined())\u{1B}[0m"
    }
  }
}
