import DeviceVocabulary

extension WallPlan {
  /// How a player is to cut up a picture over these cells; `nil`: it lies there as it is.
  func mosaic(of cells: WallCells) -> WallMosaic? {
    let covered = outputs(in: cells)
    let frames = covered.compactMap(\.frame)
    guard frames.count == covered.count, let left = frames.map(\.x).min(), let top = frames.map(\.y).min() else { return nil }
    guard covered.contains(where: { $0.rotation != 0 }) || bezelThousandths > 0 && covered.count > 1 else { return nil }
    func extents(_ index: KeyPath<Output, Int>, _ length: (WallFrame, Bool) -> Int) -> [(index: Int, length: Int)] {
      Set(covered.map { $0[keyPath: index] }).sorted().map { wanted in
        let lengths = covered.filter { $0[keyPath: index] == wanted }.map { length($0.frame ?? frames[0], $0.isUpright) }
        return (wanted, lengths.max() ?? 0)
      }
    }
    let columns = extents(\.column) { $1 ? $0.width : $0.height }
    let rows = extents(\.row) { $1 ? $0.height : $0.width }
    // The bars are as wide between rows as between columns.
    let bar = (columns.first?.length ?? 0) * bezelThousandths / 1000
    func start(_ all: [(index: Int, length: Int)], _ index: Int) -> Int {
      all.filter { $0.index < index }.reduce(0) { $0 + $1.length + bar }
    }
    func whole(_ all: [(index: Int, length: Int)]) -> Int { all.reduce(0) { $0 + $1.length } + bar * max(0, all.count - 1) }
    let panes = covered.map { output in
      let frame = output.frame ?? frames[0]
      return WallMosaic.Pane(
        part: WallFrame(
          x: start(columns, output.column), y: start(rows, output.row), width: output.isUpright ? frame.width : frame.height,
          height: output.isUpright ? frame.height : frame.width), left: frame.x - left, top: frame.y - top,
        rotation: output.rotation)
    }
    return WallMosaic(width: whole(columns), height: whole(rows), panes: panes)
  }
}

extension WallPlan.Output {
  fileprivate var isUpright: Bool { rotation % 180 == 0 }
}
