import DeviceVocabulary

/// The wish for one device of the wall.
public struct WallDeviceWish: Sendable, Equatable, Codable {
  public var device: String
  public var wishes: [WallWish]
}

extension WallComposition {
  /// The scene or the clock says that the displays are off.
  public var isResting: Bool { sceneThatCounts?.isDark == true || rests && !isMeeting }

  /// Whether its display is to be on: while they rest only where a call, a hand or a meeting has put something.
  public func isOn(_ tile: WallTile) -> Bool { !isResting || tile.layer != .base || tile.isIdentified }

  /// The whole wish for each device, in order of their names.
  public func deviceWishes() -> [WallDeviceWish] {
    var wishes = plan.devices.map { WallDeviceWish(device: $0, wishes: []) }
    func add(_ device: String, _ wish: WallWish) {
      guard let index = wishes.firstIndex(where: { $0.device == device }) else { return }
      // One picture over several outputs is one window.
      guard !wishes[index].wishes.contains(where: { $0.number == wish.number }) else { return }
      wishes[index].wishes.append(wish)
    }
    let heard = heardOutput
    for tile in tiles {
      for need in needs(of: tile) {
        add(need.port.device, WallWish(need.port.number, voiced(need.setting, tile, isHeard: tile.output == heard)))
      }
    }
    for index in wishes.indices { wishes[index].wishes.sort { $0.number < $1.number } }
    return wishes
  }

  /// The source that is to be heard, by the meeting or the scene.
  public var sound: String? { sceneThatCounts?.sound }

  /// The one output that is heard: the first that shows the scene's sound and has a loudspeaker.
  public var heardOutput: Int? {
    guard let sound else { return nil }
    return tiles.first { $0.source == sound && isOn($0) && !$0.isIdentified && plan.output($0.output)?.hasSpeaker == true }?
      .output
  }

  /// Whatever has a loudspeaker is silent unless it is the one that is heard. Where no scene has a sound, nothing is said of it.
  private func voiced(_ setting: WallSetting, _ tile: WallTile, isHeard: Bool) -> WallSetting {
    guard plan.scenes.contains(where: { $0.sound != nil }), plan.output(tile.output)?.hasSpeaker == true else { return setting }
    switch setting {
    case .display(var display):
      display.isMuted = display.isOn ? !isHeard : nil
      return .display(display)
    case .picture(var picture):
      picture.isHeard = isHeard
      return .picture(picture)
    case .route: return setting
    }
  }

  /// What has to be so at the devices for a tile to be so; whether it is heard stands beside it.
  public func needs(of tile: WallTile) -> [(port: WallPort, setting: WallSetting)] {
    guard let output = plan.output(tile.output) else { return [] }
    let source = tile.source.flatMap { plan.source($0) }
    var needs: [(WallPort, WallSetting)] = []
    if let matrix = output.matrix { needs.append((matrix, .route(source?.input(of: matrix.device) ?? 0))) }
    if let display = output.display {
      let part =
        output.sharesPictures
        ? WallPart(
          columns: UInt8(clamping: tile.cells.width), rows: UInt8(clamping: tile.cells.height),
          position: tile.cells.position(column: output.column, row: output.row)) : nil
      needs.append((display, .display(DisplaySetting(isOn: isOn(tile), input: output.displayInput, part: part))))
    }
    if let player = output.player, let first = plan.outputs(in: tile.cells).first, let frame = frame(of: tile.cells) {
      let number = UInt16(clamping: first.number)
      let picture = WallPicture(source: tile.source ?? "", address: "", frame: frame, mosaic: plan.mosaic(of: tile.cells))
      needs.append((WallPort(device: player, number: number), .picture(picture)))
    }
    return needs.map { (port: $0.0, setting: $0.1) }
  }

  private func frame(of cells: WallCells) -> WallFrame? {
    let frames = plan.outputs(in: cells).compactMap(\.frame)
    guard let left = frames.map(\.x).min(), let top = frames.map(\.y).min() else { return nil }
    let right = frames.map { $0.x + $0.width }.max() ?? left
    let bottom = frames.map { $0.y + $0.height }.max() ?? top
    return WallFrame(x: left, y: top, width: right - left, height: bottom - top)
  }
}
