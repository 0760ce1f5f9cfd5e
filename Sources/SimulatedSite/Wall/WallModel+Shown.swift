import DeviceVocabulary
import LineProtocolDeviceModel
import PJLinkCodec
import SamsungMDCCodec
import SamsungMDCDeviceModel

/// What a device of the wall really shows, whatever it says.
extension WallModel {
  /// Which input an output of a matrix has; `nil`: it is no matrix, has no power, or no such output.
  public func input(_ output: UInt16) -> UInt16? {
    switch self {
    case .matrix(let model): model.isPowered ? model.core.input(output) : nil
    case .panels, .projector: nil
    }
  }

  /// What a display really does; `nil`: it is no display, or has no power.
  public func display(_ port: UInt16) -> DisplaySetting? {
    guard case .panels(let model) = self, let id = UInt8(exactly: port), let panel = model[id], panel.isPowered else {
      return nil
    }
    let shared = panel.layout.first.map {
      WallPart(columns: $0 & 0x0F, rows: $0 >> 4, position: panel.layout.last ?? 0)
    }
    return DisplaySetting(
      isOn: panel.isOn, input: MDCInput.name(panel.input), part: panel.isWall ? shared : .whole)
  }

  public var text: String {
    switch self {
    case .matrix(let model): Self.routes(model.core, model.isPowered)
    case .panels(let model):
      model.panels.map { panel in
        let state = panel.isPowered ? (panel.isOn ? "开 on" : "待机 standby") : "断电 no power"
        let part =
          panel.isWall ? "\(panel.layout.first.map { "\($0 & 0x0F)x\($0 >> 4)" } ?? "")#\(panel.layout.last ?? 0)" : "1x1"
        return "\(panel.id): \(state) \(MDCInput.name(panel.input)) \(part)\(panel.isLocked ? " 🔒" : "")"
      }.joined(separator: "; ")
    case .projector(let model):
      model.isPowered ? "class \(model.traits.level) \(model.unit.power) \(PJLinkInput.shown(model.unit.input))" : "断电 no power"
    }
  }

  private static func routes(_ core: MatrixCore, _ isPowered: Bool) -> String {
    guard isPowered else { return "断电 no power" }
    return core.routes.enumerated().map { "\($0 + 1)←\($1)\(core.locked.contains(UInt16($0 + 1)) ? "🔒" : "")" }.joined(
      separator: " ")
  }
}
