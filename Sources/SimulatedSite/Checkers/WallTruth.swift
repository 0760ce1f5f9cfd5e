import DeviceKit
import DeviceVocabulary
import Station

/// What one output of the wall really shows: by the devices themselves.
struct WallTruth: Equatable {
  var output: Int
  /// The matrix's input; `nil`: it has no power.
  var input: UInt16?
  /// `nil`: it has no power, or nobody can speak with it.
  var display: DisplaySetting?
}

/// What an output is to show, by the console's own wish and the site file, and by nothing that the station believes.
struct WallExpectation: Equatable {
  var input: UInt16?
  var display: DisplaySetting?

  init(_ tile: WallView.Tile, _ view: WallView) {
    guard let output = view.plan.output(tile.output) else { return }
    if let matrix = output.matrix {
      input = tile.wished.flatMap { view.plan.source($0) }.flatMap { $0.input(of: matrix.device) }
    }
    guard output.display != nil else { return }
    let isOn = !view.displaysRest || tile.layer != .base || tile.isIdentified
    let cells = tile.cells
    let position = (output.row - cells.row) * cells.width + output.column - cells.column + 1
    display = DisplaySetting(
      isOn: isOn, input: output.displayInput,
      part: WallPart(
        columns: UInt8(clamping: cells.width), rows: UInt8(clamping: cells.height), position: UInt8(clamping: position)))
  }

  func isRoute(of truth: WallTruth) -> Bool { input == nil || truth.input == input }

  /// One that is off shows nothing of its picture.
  func isDisplay(of truth: WallTruth) -> Bool {
    guard let display else { return true }
    guard let real = truth.display else { return false }
    return real.isOn == display.isOn && (!real.isOn || real.input == display.input && real.part == display.part)
  }

  /// A device that it needs has no power.
  func isDark(_ truth: WallTruth) -> Bool { input != nil && truth.input == nil || display != nil && truth.display == nil }

  func isSo(_ truth: WallTruth) -> Bool { isRoute(of: truth) && isDisplay(of: truth) }
}
