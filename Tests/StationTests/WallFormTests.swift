import DeviceKit
import DeviceVocabulary
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
}
