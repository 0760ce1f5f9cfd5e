import DeviceKit
import DeviceVocabulary
import Foundation
import Testing

@testable import Station

/// What is said of a picture of the software wall that is not as it should be.
@Suite struct WallPictureTests {
  private static let frame = WallFrame(x: 0, y: 0, width: 960, height: 540)
  private static let key = FaultKey(.output(1), .pictureNotOpened)

  /// Two windows of one player; a scene with two sources, and one with a source over both.
  private static func bench() -> Bench {
    var plan = Bench.plan
    plan.wall = WallPlan(
      columns: 2, rows: 1,
      outputs: Bench.twoWindows,
      sources: [
        .init(id: "gate", name: "东门", kind: .camera, isPlayable: true),
        .init(id: "map", name: "地图", kind: .computer, isPlayable: true),
      ],
      layouts: [
        WallLayout(
          id: "two", name: "二",
          regions: [("左", 1, "gate"), ("右", 2, "map")].map { name, column, source in
            .init(name: name, cells: WallCells(column: column, row: 1), sources: [source])
          }),
        WallLayout(
          id: "one", name: "一",
          regions: [.init(name: "全", cells: WallCells(column: 1, row: 1, width: 2, height: 1), sources: ["gate"])]),
        WallLayout(
          id: "maps", name: "图",
          regions: [.init(name: "全", cells: WallCells(column: 1, row: 1, width: 2, height: 1), sources: ["map"])]),
      ],
      scenes: [
        .init(id: "two", name: "二", layout: "two"), .init(id: "one", name: "一", layout: "one"),
        .init(id: "maps", name: "图", layout: "maps"),
      ])
    var bench = Bench(plan: plan)
    bench.give(.wall("pc", .healthChanged(.online)))
    bench.obeyWall()
    for number in [UInt16(1), 2] { bench.give(.wall("pc", .pictureObserved(number, .moving))) }
    return bench
  }

  /// As a driver tells it: what is the matter, then what the window has.
  private static func fail(_ bench: inout Bench, _ reason: String = "loading failed") {
    bench.give(.wall("pc", .pictureObserved(1, .none(reason: reason))))
    bench.obeyWall()
  }

  @Test func aSourceThatCannotBeOpenedHasACardThatGoesWhenItPlays() throws {
    var bench = Self.bench()
    #expect(!bench.faults.contains { $0.present })
    Self.fail(&bench)
    let card = try #require(bench.faults.first { $0.key == Self.key })
    #expect(card.present && card.whereText.contains("1"))
    #expect(card.detail == "信号源“东门”:打不开,读不到(loading failed) / source 东门: cannot be opened: loading failed")
    #expect(bench.faults.filter(\.present).count == 1, "one card for one cause")
    #expect(bench.proof(1) == .verified(picture: false) && bench.proof(2) == .verified(picture: true))
    #expect(bench.tile(1)?.pictureTrouble?.chinese == "打不开,读不到(loading failed)" && bench.tile(2)?.pictureTrouble == nil)
    // Another process for the window has loaded nothing yet: that is no better.
    bench.give(.wall("pc", .observed(1, .picture(WallPicture(source: "", address: "", frame: Self.frame)))))
    #expect(bench.has(Self.key))
    bench.give(.wall("pc", .pictureObserved(1, .moving)))
    bench.obeyWall()
    #expect(!bench.has(Self.key) && bench.tile(1)?.pictureTrouble == nil)
  }

  /// Who asks the sources says that it is dead: the same cause is told once, whoever is first.
  @Test func aDeadSourceHasOneCard() {
    let dead = FaultKey(.source("gate"), .sourceDead)
    var bench = Self.bench()
    bench.give(.source("gate", .dead(reason: "no answer")))
    Self.fail(&bench)
    #expect(bench.has(dead) && !bench.has(Self.key))
    bench = Self.bench()
    Self.fail(&bench)
    #expect(bench.has(Self.key))
    bench.give(.source("gate", .dead(reason: "no answer")))
    #expect(bench.has(dead) && !bench.has(Self.key))
    // The camera answers, and mpv still cannot open it: that is another matter.
    bench.give(.source("gate", .live))
    #expect(!bench.has(dead) && bench.has(Self.key))
  }

  @Test func onePictureOverTwoOutputsHasOneCard() {
    var bench = Self.bench()
    bench.wall(.scene("one"))
    Self.fail(&bench)
    #expect(bench.faults.filter { $0.present && $0.key.kind == .pictureNotOpened }.map(\.key) == [Self.key])
    #expect([1, 2].allSatisfy { bench.proof($0) == .verified(picture: false) })
  }

  /// The window is to show something else: nobody blames that for what was before.
  @Test func anotherSourceIsNotBlamed() {
    var bench = Self.bench()
    Self.fail(&bench)
    bench.wall(.scene("maps"))
    #expect(!bench.has(Self.key))
    // The window repeats itself while the other source loads.
    bench.give(.wall("pc", .pictureObserved(1, .none(reason: "loading failed"))))
    #expect(!bench.has(Self.key))
  }

  @Test func aPlayerThatIsNotThereSaysNothingOfTheSource() {
    var bench = Self.bench()
    bench.give(.wall("pc", .pictureObserved(1, .noProcess)))
    bench.obeyWall()
    #expect(!bench.has(Self.key) && bench.has(FaultKey(.output(1), .pictureBlack)))
  }

  /// A recording of before has no reason in it, and is replayed.
  @Test func whatWasRecordedWithoutAReasonIsRead() throws {
    let old = Data(#"{"frozen":{"seconds":7}}"#.utf8)
    #expect(try JSONDecoder().decode(PictureState.self, from: old) == .frozen(seconds: 7))
    let new = PictureState.frozen(seconds: 7, because: .buffering)
    #expect(try JSONDecoder().decode(PictureState.self, from: JSONEncoder().encode(new)) == new)
  }

  /// A pause of a moment is said on the tile, a long one is a card as well.
  @Test(arguments: PictureState.Standstill.allCases) func whyAPictureStandsIsSaid(_ why: PictureState.Standstill) {
    var bench = Self.bench()
    let frozen = FaultKey(.output(1), .pictureFrozen)
    bench.give(.wall("pc", .pictureObserved(1, .frozen(seconds: 2, because: why))))
    #expect(bench.proof(1) == .verified(picture: false) && !bench.has(frozen))
    #expect(bench.tile(1)?.pictureTrouble?.chinese.contains(why == .paused ? "暂停" : "缓冲") == true)
    bench.give(.wall("pc", .pictureObserved(1, .frozen(seconds: 5, because: why))))
    #expect(bench.has(frozen) && bench.faults.first { $0.key == frozen }?.detail.contains(why == .paused ? "暂停" : "缓冲") == true)
    bench.give(.wall("pc", .pictureObserved(1, .moving)))
    #expect(!bench.has(frozen) && bench.proof(1) == .verified(picture: true))
  }
}

extension Bench {
  fileprivate var faults: [DeskView.FaultCard] { view.faults }
  fileprivate func has(_ key: FaultKey) -> Bool { view.faults.contains { $0.key == key && $0.present } }
  fileprivate func tile(_ output: Int) -> WallView.Tile? { wallView?.tiles.first { $0.output == output } }

  /// A player without a screen, or a window that nobody sees: the source's address is not to blame.
  @Test func whatThePlayerLacksIsNoFaultOfTheSource() {
    for (reason, word) in [("vo:couldn't open the X11 display (:77)!", "打不开显示"), ("off screen 1280x720", "桌面(1280x720)")] {
      let text = PictureState.none(reason: reason).text
      #expect(text?.chinese.contains(word) == true && text?.chinese.contains("地址") == false && text?.english.isEmpty == false)
    }
  }
}
