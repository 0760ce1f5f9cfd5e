import DeviceKit
import DeviceVocabulary
import SamsungMDCCodec
import SamsungMDCDeviceModel
import Testing

/// The loudspeaker of a panel.
@Suite struct SoundTests {
  private func on(_ isMuted: Bool?) -> DisplaySetting { DisplaySetting(isOn: true, input: "HDMI1", isMuted: isMuted) }

  @Test func itIsSilencedAndHeardAsWished() {
    var rig = MDCRig.single()
    rig.wish([1: on(true)])
    rig.pass(.seconds(2))
    #expect(rig.sets == [MDCRequest(0x13, id: 1, data: [1])] && rig.isVerified(1) && rig.model[1]?.isAudioMuted == true)
    rig.wish([1: on(false)])
    rig.pass(.seconds(2))
    #expect(rig.sets.count == 2 && rig.isVerified(1) && rig.model[1]?.isAudioMuted == false)
    // Somebody used the remote control.
    rig.hand(1, .sound(muted: true))
    rig.pass(.seconds(12))
    #expect(rig.isVerified(1) && rig.model[1]?.isAudioMuted == false)
  }

  @Test func nobodyWhoDoesNotMindIsSilenced() {
    var rig = MDCRig.single()
    rig.hand(1, .sound(muted: true))
    rig.wish([1: on(nil)])
    rig.pass(.seconds(60))
    #expect(rig.sets == [] && rig.isVerified(1) && rig.model[1]?.isAudioMuted == true)
    let facts = rig.events.compactMap { if case .observed(_, let setting) = $0 { setting } else { nil } }
    #expect(!facts.isEmpty && facts.allSatisfy { $0.isHeard == nil })
  }

  @Test func aPanelWithoutALoudspeakerSaysSoAndShowsItsPicture() {
    var rig = MDCRig.single()
    rig.hand(1, .sound(muted: nil))
    rig.wish([1: DisplaySetting(isOn: true, input: "HDMI2", isMuted: false)])
    rig.pass(.seconds(60))
    #expect(rig.refusals(1) == [.impossible("no loudspeaker")] && rig.model[1]?.input == 0x23)
    #expect(rig.sets.count { $0.command == 0x14 } == 1, "the input is set once")
  }

  @Test func aLockedLoudspeakerIsTold() {
    var rig = MDCRig.single()
    rig.pass(.seconds(2))
    rig.hand(1, .locked(true))
    rig.wish([1: on(true)])
    rig.pass(.seconds(5))
    #expect(rig.refusals(1) == [.unchanged] && rig.sets.count == 3)
  }
}
