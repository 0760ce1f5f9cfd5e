import DeviceKit
import DeviceVocabulary
import Foundation
import Testing

@testable import Station

/// Whoever signs, saves or undoes says what he was shown: what has become another since is neither signed nor overwritten.
@Suite struct WallFormTests {
  private func layout(_ id: String, _ source: String) throws -> WallLayout {
    try WallLayoutText.read("layout \(id) 试画\n1,1 3x3 all: \(source)\n")
  }

  private func form(_ id: String, _ bench: Bench) -> String? { bench.wallView?.forms.layouts[id] }

  // MARK: - The list of a change of shift

  @Test func aListThatNobodySawIsNotSigned() throws {
    var bench = Bench.withWall()
    let seen = try #require(bench.wallView?.forms.handOver)
    bench.press("A/1/2", sequence: 1)
    for isTyped in [nil, true] {
      #expect(bench.wall(.handOver(from: "o01", to: "o02", isTyped: isTyped, list: seen)) == .refused(.listChanged))
    }
    #expect(bench.station.state.wall.shift == nil)
    let list = try #require(bench.wallView?.forms.handOver)
    #expect(bench.wall(.handOver(from: "o01", to: "o02", list: list)) == .done)
    #expect(bench.station.state.wall.shift?.shift.calls == [.init(station: nil, id: 1)])
    #expect(bench.wallView?.forms.handOver == list, "to sign it opens nothing")
  }

  @Test func whateverIsListedMakesItAnother() throws {
    var bench = Bench.withWall()
    var seen: Set<String> = []
    func note(_ what: String) {
      let isNew = seen.insert(bench.wallView?.forms.handOver ?? "").inserted
      #expect(isNew, "\(what)")
    }
    note("nothing")
    bench.ask("desk", .bypass(ButtonID("A/1/1"), reason: "装修", minutes: 60))
    note("a bypass")
    bench.give(.wall("p3", .healthChanged(.absent)))
    bench.pass(.seconds(4))
    note("a fault")
    bench.wall(.pin(source: "map", WallCells(column: 3, row: 1), reason: nil))
    note("a pin")
    bench.wall(.arm(false))
    note("disarmed")
    bench.wall(.visitors(true))
    note("visitors")
    bench.wall(.beginMeeting(scene: "meeting"))
    note("a meeting")
    bench.press("A/1/2", sequence: 1)
    note("a call")
    #expect(seen.allSatisfy { $0.count == 16 })
  }

  // MARK: - A layout that two change

  @Test func whatSomebodyElseHasSavedIsNotOverwrittenUnseen() throws {
    var bench = Bench.withWall()
    let began = try #require(form("big", bench))
    #expect(bench.wall(.saveLayout(try layout("big", "map"), form: began), by: "lead") == .done)
    #expect(bench.wall(.saveLayout(try layout("big", "board"), form: began)) == .refused(.layoutChanged))
    #expect(bench.wished == Array(repeating: "map", count: 9))
    // Before he is asked for a reason, too, as what needs one may be another by then.
    #expect(bench.wall(.saveLayout(try layout("big", "gate"), form: began)) == .refused(.layoutChanged))
    #expect(bench.wall(.saveLayout(try layout("big", "board"), form: form("big", bench))) == .done)
    #expect(bench.wall(.saveLayout(try layout("big", "map"))) == .done, "a script means it whatever it is")
  }

  @Test func twoWhoDrawANewLayoutOfOneNameAreToldOfEachOther() throws {
    var bench = Bench.withWall()
    #expect(form("trial", bench) == nil)
    #expect(bench.wall(.saveLayout(try layout("trial", "map"), form: WallForms.ofNothing), by: "lead") == .done)
    #expect(bench.wall(.saveLayout(try layout("trial", "board"), form: WallForms.ofNothing)) == .refused(.layoutChanged))
    #expect(bench.wall(.undoLayout("trial", form: form("trial", bench))) == .done)
    #expect(bench.wall(.saveLayout(try layout("trial", "board"), form: WallForms.ofNothing)) == .done)
  }

  /// Also where the form of before was the same.
  @Test func undoneByTwoItIsTakenBackOnce() throws {
    var bench = Bench.withWall()
    for _ in 0..<3 { bench.wall(.saveLayout(try layout("trial", "map"))) }
    let seen = form("trial", bench)
    #expect(bench.wall(.undoLayout("trial", form: seen), by: "lead") == .done)
    #expect(bench.wall(.undoLayout("trial", form: seen)) == .refused(.layoutChanged))
    #expect(bench.station.state.wall.drawn.first?.forms.count == 2)
    let last = form("trial", bench)
    bench.wall(.undoLayout("trial"))
    bench.wall(.undoLayout("trial"))
    #expect(bench.wall(.undoLayout("trial", form: last)) == .refused(.layoutChanged))
    #expect(bench.wall(.undoLayout("trial")) == .refused(.unknownLayout))
  }

  // MARK: - The scene of a drawn layout

  /// Chosen, held while it does not switch by itself, or waiting below a meeting.
  @Test(arguments: ["chosen", "held", "meeting"]) func aSceneThatIsNoMoreDoesNotComeBackByItself(how: String) throws {
    var bench = Bench.withWall()
    let day = bench.wished
    bench.wall(.saveLayout(try layout("trial", "map")))
    bench.wall(.saveLayout(try layout("trial", "board")))
    if how == "meeting" { bench.wall(.beginMeeting(scene: "meeting")) }
    bench.wall(.scene("trial"))
    if how == "held" { bench.wall(.arm(false)) }
    bench.wall(.undoLayout("trial"))
    #expect(bench.station.state.wall.scene == "trial", "it has a form yet")
    #expect(bench.wallView?.forms.endingScenes == ["trial"])
    bench.wall(.undoLayout("trial"))
    #expect(bench.wallChanges.last == .layoutUndone("trial", post: "desk", scene: "day"))
    #expect(bench.wallChanges.last?.text.contains("按时间表") == true)
    let wall = bench.station.state.wall
    #expect(wall.scene == nil && wall.sceneBy == nil && wall.sceneAt == nil && wall.held?.scene != "trial")
    bench.wall(.saveLayout(try layout("trial", "map")))
    if how == "meeting" { bench.wall(.endMeeting) }
    #expect(bench.wished == day && bench.wallView?.scenes.filter { $0.lit != .off }.map(\.id) == ["day"])
  }

  @Test func whatIsTakenBackOfTheSiteFilesLayoutLeavesItsScene() throws {
    var bench = Bench.withWall()
    bench.wall(.scene("night"))
    bench.wall(.saveLayout(try layout("big", "map")))
    #expect(bench.wallView?.forms.endingScenes == [])
    bench.wall(.undoLayout("big", reason: "再看东门"))
    #expect(bench.station.state.wall.scene == "night" && bench.wallView?.scenes[1].lit != .off)
  }

  /// Its scene was chosen from a site file that has it no more, or from a journal of before.
  @Test func aLayoutThatIsOnlySavedIsNotPutUpByWhatWasChosenBefore() throws {
    var bench = Bench.withWall()
    let day = bench.wished
    bench.wall(.saveLayout(try layout("trial", "map")))
    bench.wall(.scene("trial"))
    let old = #"{"layoutUndone":{"_0":"trial","post":"desk"}}"#
    let change = try JSONDecoder().decode(WallChange.self, from: Data(old.utf8))
    #expect(change == .layoutUndone("trial", post: "desk"))
    bench.station.state.apply(Entry(time: bench.station.stamp, change: .wall(change)))
    #expect(bench.station.state.wall.scene == "trial" && bench.wished == day)
    #expect(bench.wall(.saveLayout(try layout("trial", "map"))) == .done)
    #expect(bench.wished == day && bench.station.state.wall.scene == nil)
  }

  @Test func aLayoutWithTheNameOfAnotherScenesIsRefused() throws {
    var bench = Bench.withWall()
    for id in ["night", "meeting"] {
      let action = WallAction.saveLayout(try layout(id, "map"))
      let answer = bench.wall(action)
      #expect(answer == .refused(.layoutNamesScene))
      let view = try #require(bench.wallView)
      let text = try #require(action.mistake(answer, view))
      #expect(text.chinese.contains("day, night, dark, meeting") && text.english.contains("day, night, dark, meeting"))
      #expect(text.chinese.contains("字母、数字、- 和 _") && text.english.contains("letters, digits, - and _"))
    }
    #expect(bench.wallChanges == [])
    // Where the site file's layout has the id itself, it is that one's new form.
    var plan = Bench.walled
    plan.wall?.scenes[0].id = "big"
    bench = Bench(plan: plan)
    #expect(bench.wall(.saveLayout(try layout("big", "map"))) == .done)
    #expect(bench.wished == Array(repeating: "map", count: 9))
  }
}
