import DeviceKit
import DeviceVocabulary

/// What the operator's console shows of the wall: what was read back, and how long ago; wishes stand beside it and are never shown as facts.
public struct WallView: Sendable, Equatable {
  public var revision: UInt64
  public var asOfMilliseconds: Int64
  public var site: String
  /// What was decided is on disk.
  public var recorded: Bool
  public var plan: WallPlan
  /// Without telephone numbers.
  public var posts: [SitePlan.Post]
  /// In order of the outputs' numbers.
  public var tiles: [Tile]
  public var scenes: [SceneCard]
  public var layouts: [WallLayout]
  /// Layouts that were drawn on the page, so that their last change can be undone.
  public var drawn: [String]
  /// Of these: those whose former form brings in what needs a reason.
  public var undoingNeedsReason: [String] = []
  public var pins: [PinCard]
  public var sources: [SourceCard]
  public var devices: [DeviceCard]
  public var meeting: String?
  public var hasVisitors: Bool
  /// Outputs that were read to show visitors what is not for them, or what nobody knows.
  public var exposed: [Int]
  public var isArmed: Bool
  /// The displays are to be off: the scene or the clock says so.
  public var displaysRest: Bool
  /// What is to be heard; `nil`: nothing.
  public var sound: SoundCard?
  /// What the scene switches beside the pictures.
  public var lights: [LightCard] = []
  /// Calls for which the wall has no room.
  public var left: [WallCall]
  /// Calls whose camera is on the wall for another one.
  public var beside: [WallBeside] = []
  /// Calls at whose place no source looks.
  public var withoutCamera: [WallCall] = []
  /// Silent calls from the wall's own room.
  public var keptOff: [WallCall] = []
  /// The last change of shift, and when it was signed.
  public var shift: WallShift?
  public var shiftMilliseconds: Int64?
  /// What is acted on, so that it can be said which of it was seen.
  public var forms = WallForms()

  public struct Tile: Sendable, Equatable {
    public var output: Int
    /// What it should show; `nil`: nothing.
    public var wished: String?
    /// What it was read to show; `nil`: nothing, or it is not known.
    public var shown: String?
    /// Its display was read to be off.
    public var isOff: Bool
    public var layer: WallLayer
    public var cells: WallCells
    public var isHidden: Bool
    /// It shows another source for a moment, so that somebody sees which one it is.
    public var isIdentified: Bool
    public var proof: WallProof
    /// Why its picture is not verified although its route is; `nil`: it is, or nobody can see it.
    public var pictureTrouble: BilingualText?
    /// How old the oldest reading is that `proof` rests on; of a device that does not answer: for how long it has not.
    public var ageMilliseconds: Int64?
    public var troubles: [WallTrouble]
    public var measured: [Measured]
  }
  public struct Measured: Sendable, Equatable {
    public var quantity: WallQuantity
    public var value: Int64
    public var ageMilliseconds: Int64
    /// What is older is no longer known.
    public var timeToLiveMilliseconds: Int64 { quantity.timeToLive.microseconds / 1000 }
  }
  public struct SceneCard: Sendable, Equatable {
    public var id: String
    public var name: String
    public var isMeeting: Bool
    public var lit: Lit
    /// Its layout was drawn with pictures that are not for everybody: whoever puts it up says why.
    public var needsReason = false
    /// For so long these are still seen; `nil`: there are none, or they are seen no longer.
    public var secondsLeft: Int?
    /// How much of it is read back, once it is wished; `later`: it was chosen, or is its time, and a meeting lies over it.
    public enum Lit: String, Sendable { case off, wished, half, full, later }
  }
  public struct PinCard: Sendable, Equatable {
    public var pin: WallPin
    public var sinceMilliseconds: Int64
    public var secondsLeft: Int?
  }
  public struct SourceCard: Sendable, Equatable {
    public var source: WallPlan.Source
    /// `nil`: nobody has asked it.
    public var state: SourceState?
    public var ageMilliseconds: Int64?
    /// For how long it has stood so.
    public var standsMilliseconds: Int64?
  }
  public struct SoundCard: Sendable, Equatable {
    public var source: String
    /// Where it comes from; `nil`: no output that shows it has a loudspeaker.
    public var output: Int?
    /// That output was read to be heard, not longer ago than the time to live.
    public var isHeard: Bool

    public init(source: String, output: Int?, isHeard: Bool) {
      self.source = source
      self.output = output
      self.isHeard = isHeard
    }
  }
  public struct LightCard: Sendable, Equatable {
    public var light: WallPlan.Scene.Light
    /// Its module answers, and was read to have it so.
    public var isProved: Bool
  }
  public struct DeviceCard: Sendable, Equatable {
    public var name: String
    public var health: Health
    public var description: WallDescription?
    /// Where it was asked and what came of that; `nil`: nobody has opened it yet, or it comes by itself.
    public var line: WallLineStanding?
    /// For how long it has stood so.
    public var standsMilliseconds: Int64?

    public init(
      name: String, health: Health, description: WallDescription? = nil, line: WallLineStanding? = nil,
      standsMilliseconds: Int64? = nil
    ) {
      self.name = name
      self.health = health
      self.description = description
      self.line = line
      self.standsMilliseconds = standsMilliseconds
    }
  }
}

extension WallView {
  /// What is to be said of a device that does not answer; `nil`: it does.
  public func reason(of device: DeviceCard) -> BilingualText? {
    if device.health == .online { return nil }
    if let text = device.line?.text { return text }
    guard plan.outputs.contains(where: { $0.player == device.name }) else { return BilingualText("还没有应答", "no answer yet") }
    return BilingualText(
      "播放机没有来连接:在站点的电脑上运行 linli wall play --player \(device.name);在别的电脑上要先用 ssh 转发站点的套接字",
      "the player does not come: run linli wall play --player \(device.name) on the station's PC; on another one, ssh has to forward the station's socket first"
    )
  }
}

extension Station {
  /// - Parameter onDisk: the fold of what is on disk, while something is not.
  public func wallView(onDisk: StationState?) -> WallView? {
    guard let onDisk else { return wallView(recorded: true) }
    var shown = self
    shown.state = onDisk
    return shown.wallView(recorded: false)
  }

  private func wallView(recorded: Bool) -> WallView? {
    guard let wallPlan = plan.wall, let composition = composeWall() else { return nil }
    let tiles = composition.tiles.map { card($0, composition) }
    let wall = state.wall
    return WallView(
      revision: revision, asOfMilliseconds: self.wall.unixMilliseconds, site: plan.name, recorded: recorded, plan: wallPlan,
      posts: plan.posts.map { SitePlan.Post(id: $0.id, name: $0.name, phone: nil, place: $0.place) },
      tiles: tiles, scenes: wall.scenes(of: wallPlan).map { card($0, tiles) }, layouts: wall.layouts(of: wallPlan),
      drawn: wall.drawn.map(\.id),
      undoingNeedsReason: wall.drawn.map(\.id).filter { guardedByUndoing($0, wallPlan) != nil },
      pins: wall.pins.map { item in
        WallView.PinCard(
          pin: item.pin, sinceMilliseconds: item.since.wallMilliseconds,
          secondsLeft: item.pin.seconds.map { max(0, min($0, 86_400) - seconds(elapsed(since: item.since))) })
      },
      sources: wallPlan.sources.map { source in
        let known = wallFacts.sources.first { $0.id == source.id }
        return WallView.SourceCard(
          source: source, state: known?.state(at: now), ageMilliseconds: known.map { age($0.asOf) },
          standsMilliseconds: known.map { known in
            age(known.state(at: now) == .unconfirmed ? known.asOf + Station.sourceTimeToLive : known.since)
          })
      },
      devices: wallFacts.devices.map(card),
      meeting: wall.meeting, hasVisitors: wall.hasVisitors,
      exposed: wall.hasVisitors ? exposed(tiles) : [], isArmed: wall.isArmed, displaysRest: composition.isResting,
      sound: soundCard(composition), lights: lightCards,
      left: composition.left, beside: composition.beside, withoutCamera: callsWithoutCamera(wallPlan),
      keptOff: callsKeptOff(wallPlan),
      shift: wall.shift?.shift, shiftMilliseconds: wall.shift?.at.wallMilliseconds, forms: forms(wallPlan))
  }

  private func age(_ moment: Instant) -> Int64 { (now - moment).microseconds / 1000 }

  private func card(_ tile: WallTile, _ composition: WallComposition) -> WallView.Tile {
    var (proof, asOf) = proof(of: tile, composition)
    var trouble = proof == .verified(picture: false) ? pictureSeen(of: tile, composition)?.text : nil
    // The way is right, and nothing comes on it: whoever asks the sources knows, where no picture can be seen.
    if proof == .verified(picture: nil), let dead = deadReason(tile.source) {
      proof = .verified(picture: false)
      trouble = BilingualText("信号源没有画面", "its source gives none") + dead
    }
    let place = composition.plan.output(tile.output)?.display
    let display = place.flatMap { wallFacts.port($0) }
    let isOff = place.map { wallFacts.isDisplayOn($0) == false } ?? false
    return WallView.Tile(
      output: tile.output, wished: tile.source, shown: isOff ? nil : shownSource(tile, composition), isOff: isOff,
      layer: tile.layer, cells: tile.cells, isHidden: tile.isHidden, isIdentified: tile.isIdentified, proof: proof,
      pictureTrouble: trouble,
      ageMilliseconds: asOf.map(age), troubles: display?.troubles ?? [],
      measured: (display?.measured ?? []).map {
        WallView.Measured(quantity: $0.quantity, value: $0.value, ageMilliseconds: age($0.asOf))
      })
  }

  private func deadReason(_ source: String?) -> BilingualText? {
    guard let known = wallFacts.sources.first(where: { $0.id == source }), case .dead(let reason) = known.state(at: now) else {
      return nil
    }
    // Where whoever asked it says why, he says so in both languages.
    let parts = reason.split(separator: " / ", maxSplits: 1)
    guard let chinese = parts.first, let english = parts.last else { return BilingualText("", "") }
    return BilingualText(": \(chinese)", ": \(english)")
  }

  private func card(_ device: WallFacts.Device) -> WallView.DeviceCard {
    let since = device.line.map { _ in device.lineSince } ?? device.goneSince
    return WallView.DeviceCard(
      name: device.name, health: device.health, description: device.description, line: device.line ?? device.standing,
      standsMilliseconds: since.map(age))
  }

  /// Outputs that show what is not for visitors, or of which nobody can say what they show.
  private func exposed(_ tiles: [WallView.Tile]) -> [Int] {
    tiles.filter { tile in
      guard let shown = tile.shown else {
        if case .verified = tile.proof { return false }
        return !tile.isOff
      }
      return plan.wall?.source(shown)?.isSensitive ?? true
    }.map(\.output)
  }

  private func soundCard(_ composition: WallComposition) -> WallView.SoundCard? {
    guard let source = composition.sound, composition.tiles.contains(where: { composition.isOn($0) }) else { return nil }
    let tile = composition.heardOutput.flatMap { composition.tile($0) }
    let isHeard = tile.map { tile in
      composition.needs(of: tile).contains { need in
        guard let fact = wallFacts.port(need.port), now - fact.asOf <= Self.wallTimeToLive else { return false }
        return fact.setting.isHeard == true
      }
    }
    return WallView.SoundCard(source: source, output: tile?.output, isHeard: isHeard ?? false)
  }

  /// By what was read: the matrix's input, or the player's source. With a display alone nobody knows more than that it is on.
  private func shownSource(_ tile: WallTile, _ composition: WallComposition) -> String? {
    guard let output = composition.plan.output(tile.output) else { return nil }
    if let matrix = output.matrix, case .route(let input)? = wallFacts.port(matrix)?.setting, input > 0, input != .max {
      let port = WallPort(device: matrix.device, number: input)
      // An input that is no source shows something all the same.
      return composition.plan.sources.first { $0.inputs.contains(port) }?.id ?? "\(port)"
    }
    for need in composition.needs(of: tile) {
      if case .picture(let picture)? = wallFacts.port(need.port)?.setting { return picture.source.isEmpty ? nil : picture.source }
    }
    return nil
  }

  /// Lit is a scene that counts and whose own tiles are all read back; those that a call or a hand has taken over are not its.
  private func card(_ scene: WallPlan.Scene, _ tiles: [WallView.Tile]) -> WallView.SceneCard {
    var card = WallView.SceneCard(id: scene.id, name: scene.name, isMeeting: scene.isMeeting, lit: .off)
    card.needsReason = plan.wall.map { !state.wall.byHand(scene.layout, of: $0).isEmpty } ?? false
    if card.needsReason, let view = state.wall.viewed?.first(where: { $0.layout == scene.layout }) {
      card.secondsLeft = max(0, Self.viewSeconds - seconds(elapsed(since: view.since)))
    }
    guard scene.isMeeting ? state.wall.meeting == scene.id : wallScene?.id == scene.id else { return card }
    if !scene.isMeeting, state.wall.meeting != nil {
      card.lit = .later
      return card
    }
    let own = tiles.filter { $0.layer == (scene.isMeeting ? .meeting : .base) }
    // What is hidden from visitors, or on a display that rests, is not seen.
    let proved = own.count { $0.proof.isWhole && !$0.isHidden && ($0.isOff == scene.isDark || $0.wished == nil) }
    // Nothing of it is on the wall: nothing of it is proved.
    let isWhole = proved == own.count && lightCards.allSatisfy(\.isProved)
    card.lit = proved == 0 ? .wished : isWhole ? .full : .half
    return card
  }
}
