import DeviceKit
import DeviceVocabulary
import MPVCodec
import MPVDeviceModel
import MPVDriver
import Testing

/// Whether a window is heard.
@Suite struct SoundTests {
  private func wish(_ rig: inout TileRig, _ source: String, _ isHeard: Bool?) {
    var picture = TileRig.picture(source, source.hasPrefix("mute") ? source : nil)
    picture.isHeard = isHeard
    rig.give(.wished([WallWish(TileRig.number, .picture(picture))]))
  }
  private func heard(_ rig: TileRig) -> Bool? {
    for item in rig.events.reversed() { if case .observed(_, let setting) = item.event { return setting.isHeard } }
    return nil
  }

  @Test func aWindowIsSilentUntilItIsWishedOtherwise() {
    var rig = TileRig()
    wish(&rig, "door", nil)
    rig.pass(.seconds(5))
    #expect(rig.shown == "door" && heard(rig) == nil)
    #expect(rig.model?.commands.contains { $0.hasPrefix("set_property aid") } == false)
    wish(&rig, "door", true)
    rig.pass(.seconds(1))
    #expect(heard(rig) == true && rig.loads.count == 1, "its picture is left alone")
    wish(&rig, "yard", false)
    rig.pass(.seconds(1))
    #expect(rig.shown == "yard" && heard(rig) == false)
  }

  @Test func anotherProcessIsHeardAgain() {
    var rig = TileRig()
    wish(&rig, "door", true)
    rig.pass(.seconds(2))
    rig.hand(.die)
    rig.pass(.seconds(5))
    #expect(rig.started == 2 && rig.shown == "door" && heard(rig) == true)
  }

  @Test func aSourceWithoutSoundIsToldAndShown() {
    var rig = TileRig()
    wish(&rig, "mute", true)
    rig.pass(.seconds(10))
    #expect(rig.shown == "mute" && rig.picture == .moving && heard(rig) == false)
    #expect(rig.refusals == [.unchanged] && rig.loads.count == 1)
  }
}
