import DeviceKit
import DeviceVocabulary

/// What somebody acts on at a page, by short names. He says with them what he was shown; where it is another by then he is refused, instead of
/// signing or overwriting what he has not seen.
public struct WallForms: Sendable, Equatable {
  /// Of the list that is signed at a change of shift.
  public var handOver = ""
  /// Of each layout as it is now, by its id.
  public var layouts: [String: String] = [:]
  /// Drawn layouts whose scene counts, and whose last form is all that is left of them: undoing it gives the wall back to the clock.
  public var endingScenes: [String] = []

  /// Instead of the name of a form: there was no such layout.
  public static let ofNothing = "none"
}

extension Station {
  func forms(_ wallPlan: WallPlan) -> WallForms {
    let wall = state.wall
    return WallForms(
      handOver: shift("", "", "").listed,
      layouts: Dictionary(
        wall.layouts(of: wallPlan).map { ($0.id, wall.form($0.id, of: wallPlan)) }, uniquingKeysWith: { first, _ in first }),
      endingScenes: wall.drawn.map(\.id).filter { $0 == wallScene?.id && sceneInstead(ofUndoing: $0, wallPlan) != nil })
  }

  /// Nobody else has changed it since.
  ///
  /// - Parameter form: what it was when whoever asks began; `nil`: he did not say, as a script, and means it whatever it is by now.
  func isStill(_ form: String?, _ id: String, _ wallPlan: WallPlan) -> Bool {
    form.map { $0 == state.wall.form(id, of: wallPlan) } ?? true
  }

  /// A layout of this id could never be put up: what has it is a scene of the site file, of another layout.
  func isOfAnotherScene(_ id: String, _ wallPlan: WallPlan) -> Bool {
    wallPlan.scene(id) != nil && !wallPlan.layouts.contains { $0.id == id }
  }

  /// The scene of the clock, where undoing takes a layout away whose scene was chosen, or is held: it must not come back by itself when
  /// somebody draws another layout of that name.
  func sceneInstead(ofUndoing id: String, _ wallPlan: WallPlan) -> String? {
    guard state.wall.drawn.first(where: { $0.id == id })?.forms.count == 1, wallPlan.scene(id) == nil,
      !wallPlan.layouts.contains(where: { $0.id == id }), [state.wall.scene, state.wall.held?.scene].contains(id)
    else { return nil }
    return wallPlan.scheduled(at: wall)?.id ?? ""
  }

  /// Longer lists are on the desk: what is signed has to fit into an entry.
  private static let shiftLimit = 500

  func shift(_ from: String, _ to: String, _ post: String) -> WallShift {
    let own = state.incidents.map { WallCall(station: nil, id: $0.id) }
    let below = state.children.flatMap { child in child.fold.incidents.map { WallCall(station: child.station, id: $0.id) } }
    var shift = WallShift(
      from: from, to: to, post: post, calls: Array((own + below).prefix(Self.shiftLimit)),
      bypassed: Array(state.bypasses.map(\.button).prefix(Self.shiftLimit)),
      faults: Array(state.faults.filter(\.present).map(\.key).prefix(Self.shiftLimit)), pins: state.wall.pins.map(\.pin.id))
    (shift.isArmed, shift.hasVisitors, shift.meeting) = (state.wall.isArmed, state.wall.hasVisitors, state.wall.meeting)
    return shift
  }
}

extension WallShift {
  /// The name of what is open, whoever signs it.
  var listed: String {
    var digest = WallDigest()
    digest.add(calls.map { "\($0.station ?? "")/\($0.id)" })
    digest.add(bypassed.map(\.description))
    digest.add(faults.map(\.description))
    digest.add(pins.map(String.init))
    digest.add(["\(isArmed ?? true)", "\(hasVisitors ?? false)", meeting ?? ""])
    return digest.text
  }
}

extension WallState {
  /// The name of a layout's form as it is now.
  func form(_ id: String, of plan: WallPlan) -> String {
    guard let layout = layout(id, of: plan) else { return WallForms.ofNothing }
    var digest = WallDigest()
    // The same drawn again is another form: it can be undone once more.
    digest.add(["\(drawn.first { $0.id == id }?.forms.count ?? 0)", WallLayoutText.write(layout)])
    return digest.text
  }
}

/// Tells apart what became another; it keeps nobody from anything (FNV-1a, 64 bits).
private struct WallDigest {
  private var value: UInt64 = 0xCBF2_9CE4_8422_2325

  mutating func add(_ list: [String]) {
    for item in list {
      for byte in item.utf8 { step(byte) }
      step(Self.endOfItem)
    }
    step(Self.endOfList)
  }

  /// Neither of them is ever in a text.
  private static let (endOfItem, endOfList): (UInt8, UInt8) = (0xFE, 0xFF)

  private mutating func step(_ byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }

  var text: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
