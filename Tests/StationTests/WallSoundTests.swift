import DeviceKit
import DeviceVocabulary
import Station
import Testing

/// What is heard of the wall: one source, from one place, and only said when it was read back.
@Suite struct WallSoundTests {
  /// Panels 1 and 3 have loudspeakers; the day's scene lets the map be heard, the meeting what it shows.
  private static func bench() -> Bench {
    var plan = Bench.walled
    for index in [0, 2] { plan.wall?.outputs[index].hasSpeaker = true }
    plan.wall?.scenes[0].sound = "map"
    plan.wall?.scenes[3].sound = "meet"
    var bench = Bench(plan: plan)
    for device in plan.wall?.devices ?? [] { bench.give(.wall(device, .healthChanged(.online))) }
    bench.obeyWall()
    bench.obeyWall()
    return bench
  }

  @Test func oneOutputIsHeardAndTheOthersAreSilent() {
    let bench = Self.bench()
    #expect((1...3).map { bench.isMuted($0) } == [false, nil, true], "nothing is said of those without a loudspeaker")
    #expect(bench.wallView?.sound == .init(source: "map", output: 1, isHeard: true))
  }

  @Test func aSceneWithoutSoundIsSilent() {
    var bench = Self.bench()
    bench.wall(.scene("night"))
    #expect(bench.isMuted(1) == true && bench.isMuted(3) == true && bench.wallView?.sound == nil)
  }

  @Test func theMeetingIsHeardOverTheScene() {
    var bench = Self.bench()
    bench.wall(.beginMeeting(scene: "meeting"))
    #expect(bench.wallView?.sound == .init(source: "meet", output: 1, isHeard: true), "panel 1 is not silent, whatever it shows")
    bench.wall(.endMeeting)
    // A call covers the map: nothing is heard that is not seen.
    bench.press("A/1/2", sequence: 1)
    #expect(bench.wallView?.sound == .init(source: "map", output: nil, isHeard: false) && bench.isMuted(1) == true)
  }

  @Test func aLoudspeakerThatDoesNotObeyTakesNoPictureAway() {
    var bench = Self.bench()
    bench.wall(.scene("night"))
    bench.give(.wall("p1", .notSwitched(1, .unchanged)))
    #expect(bench.view.faults.contains { $0.key == FaultKey("output 1:outputNotHeard") && $0.present })
    #expect(!bench.view.faults.contains { $0.key.kind == .outputNotSwitched })
    bench.press("A/1/2", sequence: 1)
    #expect(bench.wished[0] == "cam-yard", "the call stands where it always stands")
    bench.wall(.scene("night"))
    bench.obeyWall()
    #expect(bench.view.faults.first { $0.key.kind == .outputNotHeard }?.present == false)
  }

  @Test func whereNoSceneHasASoundNothingIsSilenced() {
    var plan = Bench.walled
    plan.wall?.outputs[0].hasSpeaker = true
    var bench = Bench(plan: plan)
    for device in plan.wall?.devices ?? [] { bench.give(.wall(device, .healthChanged(.online))) }
    bench.obeyWall()
    #expect(bench.isMuted(1) == nil && bench.wallView?.sound == nil)
  }
}

extension Bench {
  fileprivate func isMuted(_ number: Int) -> Bool? {
    guard case .display(let setting)? = wallWishes["p\(number)"]?.first?.setting else { return nil }
    return setting.isMuted
  }
}
