import DeviceVocabulary

/// What is wrong with a layout, wherever it comes from: the site file, the editor, an imported text.
public enum WallLayoutProblem: Sendable, Equatable {
  case noRegions
  case outside(region: String)
  case overlap(String, String)
  case repeated(region: String)
  case unknownSource(region: String, String)
  case unreachable(region: String, source: String, output: Int)
  /// An output there shows pictures whole only.
  case notShared(region: String, output: Int)
  /// More displays would share its picture than displays can.
  case tooManyShare(region: String)
  /// The region lies on players or matrices of several devices.
  case severalPlayers(region: String)
  case tooLong(region: String)
  case gap(column: Int, row: Int)

  public var chinese: String {
    switch self {
    case .noRegions: "布局里没有区域"
    case .outside(let region): "区域 \"\(region)\" 超出了大屏"
    case .overlap(let first, let second): "区域 \"\(first)\" 和 \"\(second)\" 重叠"
    case .repeated(let region): "区域 \"\(region)\" 写了两次"
    case .unknownSource(let region, let source): "区域 \"\(region)\" 里没有信号源 \"\(source)\""
    case .unreachable(let region, let source, let output): "信号源 \"\(source)\" 到不了区域 \"\(region)\" 的输出 \(output)"
    case .notShared(let region, let output): "输出 \(output) 不能与别的屏拼接,区域 \"\(region)\" 不能跨屏"
    case .tooManyShare(let region): "区域 \"\(region)\" 太大:屏拼接每边最多 15 块(一边超过 10 时另一边最多 6),一共最多 100 块"
    case .severalPlayers(let region): "区域 \"\(region)\" 跨了两台播放机"
    case .tooLong(let region): "区域 \"\(region.prefix(20))…\" 的名字太长,或信号源超过 16 个"
    case .gap(let column, let row): "第 \(row) 行第 \(column) 列没有区域"
    }
  }

  public var english: String {
    switch self {
    case .noRegions: "the layout has no regions"
    case .outside(let region): "region \"\(region)\" reaches beyond the wall"
    case .overlap(let first, let second): "regions \"\(first)\" and \"\(second)\" overlap"
    case .repeated(let region): "region \"\(region)\" is given twice"
    case .unknownSource(let region, let source): "region \"\(region)\" names a source \"\(source)\" that there is not"
    case .unreachable(let region, let source, let output):
      "source \"\(source)\" cannot reach output \(output) of region \"\(region)\""
    case .notShared(let region, let output): "output \(output) shows pictures whole only: region \"\(region)\" cannot span it"
    case .tooManyShare(let region):
      "region \"\(region)\" is too large: displays share a picture up to 15 a side (6 where the other is over 10), 100 in all"
    case .severalPlayers(let region): "region \"\(region)\" spans two players"
    case .tooLong(let region): "region \"\(region.prefix(20))…\" has too long a name, or more than 16 sources"
    case .gap(let column, let row): "no region covers row \(row), column \(column)"
    }
  }
}

extension WallPlan {
  public static let sourcesPerRegion = 16
  public static let nameLimit = 40

  /// Everything that keeps a layout from being shown; empty: nothing.
  public func problems(of layout: WallLayout) -> [WallLayoutProblem] {
    var found: [WallLayoutProblem] = layout.regions.isEmpty ? [.noRegions] : []
    for (index, region) in layout.regions.enumerated() {
      let cells = region.cells
      if region.name.isEmpty || region.name.count > Self.nameLimit || region.sources.count > Self.sourcesPerRegion {
        found.append(.tooLong(region: region.name))
      }
      guard (1...columns).contains(cells.column), (1...rows).contains(cells.row), cells.width > 0, cells.height > 0,
        cells.width <= columns - cells.column + 1, cells.height <= rows - cells.row + 1
      else {
        found.append(.outside(region: region.name))
        continue
      }
      let others = layout.regions[..<index]
      if others.contains(where: { $0.name == region.name }) { found.append(.repeated(region: region.name)) }
      if let other = others.first(where: { $0.cells.overlaps(cells) }) { found.append(.overlap(other.name, region.name)) }
      found += problems(of: region)
    }
    return found
  }

  private func problems(of region: WallLayout.Region) -> [WallLayoutProblem] {
    let covered = outputs(in: region.cells)
    var found: [WallLayoutProblem] = []
    for id in region.sources {
      guard let source = source(id) else {
        found.append(.unknownSource(region: region.name, id))
        continue
      }
      if let output = covered.first(where: { !reaches(source, $0) }) {
        found.append(.unreachable(region: region.name, source: id, output: output.number))
      }
    }
    guard region.cells.count > 1 else { return found }
    if Set(covered.map(\.player)).count > 1 { found.append(.severalPlayers(region: region.name)) }
    if let whole = covered.first(where: { $0.player == nil && !$0.sharesPictures }) {
      found.append(.notShared(region: region.name, output: whole.number))
    }
    let (width, height) = (region.cells.width, region.cells.height)
    let canShare = max(width, height) <= 15 && (max(width, height) <= 10 || min(width, height) <= 6) && width * height <= 100
    if covered.contains(where: \.sharesPictures), !canShare { found.append(.tooManyShare(region: region.name)) }
    return found
  }

  /// Cells that a layout leaves dark.
  public func gaps(of layout: WallLayout) -> [WallLayoutProblem] {
    outputs.filter { output in !layout.regions.contains { $0.cells.contains(column: output.column, row: output.row) } }
      .map { .gap(column: $0.column, row: $0.row) }
  }
}
