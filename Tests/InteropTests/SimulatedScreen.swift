import Foundation
import TestSupport
import Testing

/// A screen that nobody sees (Xvfb), and what stands on it. `Tools/setup test` installs what is needed; without it these tests fail.
final class SimulatedScreen {
  let display: String
  let width: Int
  let height: Int
  private let shell: Shell

  init(_ shell: Shell, width: Int = 960, height: Int = 540) throws {
    self.shell = shell
    self.width = width
    self.height = height
    let file = "\(shell.folder)/display"
    try shell.start(
      ["Xvfb", "-displayfd", "1", "-screen", "0", "\(width)x\(height)x24", "-nolisten", "tcp"], program: "/usr/bin/env", log: file
    )
    var number = ""
    try shell.waitUntil("there is a screen; Tools/setup test installs it") {
      number = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
      return number.hasSuffix("\n")
    }
    display = ":" + number.dropLast()
  }

  struct Colour: Equatable, CustomStringConvertible {
    var red: Int
    var green: Int
    var blue: Int
    var description: String { "(\(red), \(green), \(blue))" }
    /// Decoders and screens round.
    func isNear(_ other: (red: Int, green: Int, blue: Int)) -> Bool {
      abs(red - other.red) < 16 && abs(green - other.green) < 16 && abs(blue - other.blue) < 16
    }
    var isBlack: Bool { isNear((0, 0, 0)) }
  }

  /// The colours at these places, all of one moment.
  func colours(_ places: [(x: Int, y: Int)]) throws -> [Colour] {
    let file = "\(shell.folder)/screen.rgb"
    try? FileManager.default.removeItem(atPath: file)
    let (code, text) = try shell.run(
      ["-display", display, "-window", "root", "-depth", "8", "rgb:\(file)"], program: "/usr/bin/import")
    let data = try #require(FileManager.default.contents(atPath: file), "import \(code) \(text)")
    try FileManager.default.removeItem(atPath: file)
    try #require(data.count == width * height * 3)
    return places.map { place in
      let at = (place.y * width + place.x) * 3
      return Colour(red: Int(data[at]), green: Int(data[at + 1]), blue: Int(data[at + 2]))
    }
  }
}
