import DeviceKit
import DeviceVocabulary
import StationRuntime
import Testing

@testable import SimulatedSite

/// What is done to simulated devices by hand.
@Suite struct WallHandTests {
  private static func model(_ kind: WallDevicePlan.Kind) throws -> WallModel {
    var plan = WallDevicePlan(name: "d", kind: kind, connection: .network(host: "10.0.0.5", port: 1))
    plan.ports = [1]
    return try #require(WallModel(plan, inputs: 16))
  }

  private static func done(_ hand: WallHand, _ model: inout WallModel) -> Bool { model.hand(hand, at: .zero) != nil }

  /// The names are those of the site file, and no other word gets onto the wire by that way.
  @Test func aRemoteControlKnowsTheNamesOfTheSiteFile() throws {
    var projector = try Self.model(.pjlink)
    #expect(Self.done(.remote(1, "DIGITAL2"), &projector) && projector.text.hasSuffix(" DIGITAL2"))
    for word in ["32", "HDMI1", "digital1", "DIGITAL"] { #expect(!Self.done(.remote(1, word), &projector), "\(word)") }
    #expect(!Self.done(.remote(2, "DIGITAL1"), &projector) && projector.text.hasSuffix(" DIGITAL2"))
    // Another word is said on purpose only.
    #expect(Self.done(.odd(1, "DIGITAL2"), &projector) && projector.text.hasSuffix(" INPT=DIGITAL2"))
    var panel = try Self.model(.samsungMDC)
    #expect(Self.done(.remote(1, "HDMI2"), &panel) && panel.text.contains("HDMI2"))
    #expect(!Self.done(.remote(1, "DIGITAL2"), &panel) && !Self.done(.odd(1, "HDMI2"), &panel))
    var hub = try Self.model(.videohub)
    #expect(!Self.done(.remote(1, "HDMI2"), &hub))
  }

  /// What there is not is not done in silence.
  @Test func aMatrixHasItsOutputsAndOnePlug() throws {
    var hub = try Self.model(.videohub)
    #expect(Self.done(.lock(16, true), &hub) && Self.done(.route(16, 16), &hub) && Self.done(.route(1, 0), &hub))
    for hand in [WallHand.lock(17, true), .lock(0, true), .route(17, 1), .route(0, 1), .route(1, 17), .power(1, false)] {
      #expect(!Self.done(hand, &hub), "\(hand)")
    }
    #expect(hub.hasPower && hub.extent.english.contains("outputs 1 to 16, inputs 0 to 16"))
    var projector = try Self.model(.pjlink)
    #expect(
      !Self.done(.power(2, false), &projector) && !Self.done(.lock(3, true), &projector)
        && Self.done(.power(1, false), &projector))
  }

  /// All that a site file can name and that has a line is stood in for.
  @Test(arguments: WallDevicePlan.Kind.allCases.filter { ![.line, .player].contains($0) })
  func eachKindHasAModel(_ kind: WallDevicePlan.Kind) throws {
    var model = try Self.model(kind)
    #expect(model.hasPower && Self.done(.power(nil, false), &model) && !model.hasPower)
  }
}
