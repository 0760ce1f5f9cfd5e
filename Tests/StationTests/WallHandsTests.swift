import DeviceKit
import DeviceVocabulary
import Station
import Testing

/// What operators do to the wall by hand, and what they are told.
@Suite struct WallHandsTests {
  /// A picture takes the whole place of another, or none of it.
  @Test func aPictureByHandCutsNoOther() {
    var bench = Bench.withWall()
    let pair = WallCells(column: 1, row: 1, width: 2, height: 1)
    #expect(bench.wall(.pin(source: "board", pair, reason: nil)) == .done)
    for cells in [WallCells(column: 2, row: 1), WallCells(column: 2, row: 1, width: 2, height: 2)] {
      #expect(bench.wall(.pin(source: "map", cells, reason: nil)) == .refused(.pinOverlaps), "\(cells)")
    }
    #expect(bench.wished.prefix(2) == ["board", "board"])
    #expect(bench.wall(.pin(source: "map", WallCells(column: 1, row: 1, width: 3, height: 2), reason: nil)) == .done)
    #expect(bench.wished.prefix(6) == ["map", "map", "map", "map", "map", "map"])
    #expect(bench.wallView?.pins.map(\.pin.id) == [2], "what it covers whole it replaces")
    #expect(
      bench.wall(.pin(source: "map", WallCells(column: 1, row: 1, width: 3, height: 2), reason: nil)) == .done, "the same place")
    #expect(bench.wall(.pin(source: "map", WallCells(column: 3, row: 3), reason: nil)) == .done, "beside it")
    #expect(
      bench.wall(.pin(source: "map", WallCells(column: 3, row: 3, width: 2, height: 1), reason: nil)) == .refused(.layoutWrong))
  }

  @Test func whatCannotBeIsSaidInItsOwnWords() {
    var plan = Bench.walled
    plan.wall?.outputs[1].sharesPictures = false
    plan.wall?.sources.append(.init(id: "far", name: "far", kind: .computer, inputs: [WallPort(device: "other", number: 1)]))
    var bench = Bench(plan: plan)
    let pair = WallCells(column: 1, row: 1, width: 2, height: 1)
    #expect(bench.wall(.pin(source: "map", pair, reason: nil)) == .refused(.cannotSpan))
    #expect(bench.wall(.pin(source: "far", WallCells(column: 1, row: 1), reason: nil)) == .refused(.sourceDoesNotReach))
  }

  /// A call at a place that no camera looks at cannot come onto the wall, and that is known.
  @Test func aCallWithoutACameraIsNamed() {
    for isSeen in [true, false] {
      var plan = Bench.walled
      if !isSeen { plan.wall?.sources.removeAll { $0.place == "hall" } }
      var bench = Bench(plan: plan)
      bench.press("A/1/1", sequence: 1)
      #expect(bench.wallView?.withoutCamera == (isSeen ? [] : [WallCall(station: nil, id: 1)]))
      #expect(bench.wallView?.left == [])
    }
  }

  @Test func typedNamesAreMarkedAndShort() throws {
    var bench = Bench.withWall()
    for name in ["", "  ", String(repeating: "张", count: 21), "张\n三"] {
      #expect(bench.wall(.handOver(from: name, to: "李", isTyped: true)) == .refused(.namesNeeded))
    }
    #expect(bench.wall(.handOver(from: "李", to: "李", isTyped: true)) == .refused(.sameName))
    #expect(bench.wall(.handOver(from: "张", to: "李", isTyped: true)) == .done)
    #expect(bench.wallView?.shift?.isTyped == true)
    #expect(try #require(bench.wallChanges.last).text.contains("未登录,姓名为手填"))
    #expect(bench.wall(.handOver(from: "o01", to: "o02")) == .done)
    #expect(bench.wallView?.shift?.isTyped == nil)
    #expect(try #require(bench.wallChanges.last).text.contains("双方签字"))
  }

  /// Each quantity lives as long as three rounds of the driver that asks for it.
  @Test func aMeasuredValueHasAnAgeAndALife() throws {
    var bench = Bench.withWall()
    bench.give(.wall("p1", .measured(1, .temperatureCelsius, 42)))
    bench.give(.wall("p1", .measured(1, .hours, 1200)))
    bench.pass(.seconds(100))
    let measured = try #require(bench.wallView?.tiles.first?.measured)
    #expect(measured.map(\.ageMilliseconds) == [100_000, 100_000])
    #expect(measured.map { $0.ageMilliseconds > $0.timeToLiveMilliseconds } == [true, false])
  }
}
