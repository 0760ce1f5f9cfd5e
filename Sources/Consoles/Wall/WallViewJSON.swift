import DeviceVocabulary
import Station

extension WallView {
  /// Which sources are not to be named while visitors stand before the pages.
  var sourcesToConceal: Set<String> {
    hasVisitors ? Set(plan.sources.filter(\.isSensitive).map(\.id)) : []
  }

  /// - Parameter isForPages: a page may stand in the visitors' sight: while they are here it is not even told what is not for them.
  func json(_ open: WallOpenCards = WallOpenCards(), isForPages: Bool = false) -> JSONText {
    let isConcealed = isForPages && hasVisitors
    let concealed = isForPages ? sourcesToConceal : []
    var json = JSONText(reserving: 16_384)
    json.object { json in
      json.field("site", site)
      json.field("revision", revision)
      json.field("asOfMilliseconds", asOfMilliseconds)
      json.field("recorded", recorded)
      json.field("columns", plan.columns)
      json.field("rows", plan.rows)
      json.field("bezelThousandths", plan.bezelThousandths)
      json.field("meeting", optional: meeting)
      json.field("visitors", hasVisitors)
      json.key("exposed")
      json.array(exposed) { $0.value($1) }
      json.field("armed", isArmed)
      json.field("displaysRest", displaysRest)
      if let sound {
        json.key("sound")
        json.object {
          $0.field("source", sound.source)
          $0.field("output", optional: sound.output)
          $0.field("heard", sound.isHeard)
        }
      }
      json.key("lights")
      json.array(lights) { json, card in
        json.object {
          $0.field("output", "\(card.light.device)/\(card.light.output)")
          $0.field("on", card.light.isOn)
          $0.field("proved", card.isProved)
        }
      }
      json.key("posts")
      json.array(posts) { json, post in
        json.object {
          $0.field("id", post.id)
          $0.field("name", post.name)
        }
      }
      json.key("outputs")
      json.array(zip(plan.outputs, tiles)) { $1.1.write($1.0, to: &$0) }
      json.key("scenes")
      json.array(scenes) { json, scene in
        json.object {
          $0.field("id", scene.id)
          $0.field("name", scene.name)
          $0.field("meeting", scene.isMeeting)
          $0.field("lit", scene.lit.rawValue)
          $0.field("needsReason", scene.needsReason)
          $0.field("secondsLeft", optional: scene.secondsLeft)
        }
      }
      json.key("layouts")
      json.array(layouts) { json, layout in
        layout.write(
          to: &json, isDrawn: drawn.contains(layout.id), undoingNeedsReason: undoingNeedsReason.contains(layout.id),
          undoingEndsScene: forms.endingScenes.contains(layout.id), form: forms.layouts[layout.id])
      }
      json.key("pins")
      json.array(pins) { json, card in
        json.object {
          $0.field("id", card.pin.id)
          $0.field("source", card.pin.source)
          card.pin.cells.write(to: &$0)
          $0.field("post", card.pin.post)
          if !isConcealed { $0.field("reason", optional: card.pin.reason) }
          $0.field("sinceMilliseconds", card.sinceMilliseconds)
          $0.field("secondsLeft", optional: card.secondsLeft)
        }
      }
      json.key("sources")
      json.array(sources) { $1.write(to: &$0, isConcealed: concealed.contains($1.source.id)) }
      json.key("devices")
      json.array(devices) { json, device in
        json.object {
          $0.field("name", device.name)
          $0.field("health", device.health.rawValue)
          $0.field("address", optional: device.line.flatMap { $0.address.isEmpty ? nil : $0.address })
          $0.field("line", optional: device.line?.state.name)
          $0.field("reason", optional: reason(of: device)?.both)
          $0.field("standsMilliseconds", optional: device.standsMilliseconds)
          $0.field("model", optional: device.description?.model)
          $0.field("firmware", optional: device.description?.firmware)
        }
      }
      json.key("left")
      json.array(left) { $1.write(to: &$0) }
      json.key("beside")
      json.array(beside) { json, item in
        json.object {
          $0.key("call")
          item.call.write(to: &$0)
          $0.key("first")
          item.first.write(to: &$0)
        }
      }
      json.key("calls")
      json.array(open.calls) { json, card in
        json.object {
          $0.key("call")
          card.call.write(to: &$0)
          // All that visitors learn of it: where help is wanted, as whoever stands there sees himself.
          $0.field("place", card.place)
          $0.field("phase", card.phase.rawValue)
          $0.field("drill", card.isDrill)
          $0.field("waits", card.waits)
          $0.field("withoutCamera", withoutCamera.contains(card.call))
          $0.field("keptOff", keptOff.contains(card.call))
          $0.field("silent", card.isSilentHere)
          $0.field("quietFor", card.quietPosts)
          $0.field("openedMilliseconds", card.openedMilliseconds)
        }
      }
      json.key("faults")
      json.array(open.faults) { json, fault in
        json.object {
          $0.field("key", fault.key.description)
          $0.field("chinese", fault.whatChinese)
          $0.field("english", fault.whatEnglish)
          if !isConcealed || fault.key.namesNoPlace(concealed) {
            $0.field("where", fault.whereText)
            // It may name the source.
            if !isConcealed || ![.pictureNotOpened, .outputCannot].contains(fault.key.kind) { $0.field("detail", fault.detail) }
          }
          $0.field("adviceChinese", fault.adviceChinese)
          $0.field("adviceEnglish", fault.adviceEnglish)
          $0.field("ofWall", fault.key.isOfTheWall)
          $0.field("retesting", fault.retesting)
          $0.field("retestFailedMilliseconds", optional: fault.retestFailedMilliseconds)
        }
      }
      json.key("bypassed")
      json.array(open.bypassed) { json, point in
        json.object {
          guard !isConcealed else { return }
          $0.field("place", point.placeName)
          $0.field("reason", point.bypass?.reason ?? "")
        }
      }
      json.field("handOverList", forms.handOver)
      if let shift, !isConcealed {
        json.key("shift")
        json.object {
          $0.field("from", shift.from)
          $0.field("to", shift.to)
          $0.field("typed", shift.isTyped ?? false)
          $0.field("atMilliseconds", optional: shiftMilliseconds)
        }
      }
    }
    return json
  }
}

extension WallLineStanding.State {
  /// For scripts.
  fileprivate var name: String {
    switch self {
    case .connecting: "connecting"
    case .open: "open"
    case .answering: "answering"
    case .failed(let failure):
      switch failure {
      case .nameUnknown: "nameUnknown"
      case .refused: "refused"
      case .unreachable: "unreachable"
      case .unanswered: "unanswered"
      case .lost: "lost"
      case .portMissing: "portMissing"
      case .portAmbiguous: "portAmbiguous"
      case .portBusy: "portBusy"
      case .portForbidden: "portForbidden"
      case .portUnfit: "portUnfit"
      case .hungUp: "hungUp"
      case .silent: "silent"
      case .notUnderstood: "notUnderstood"
      case .damaged: "damaged"
      case .unmatched: "unmatched"
      case .unansweredAsDescribed: "silent"
      case .flooding: "flooding"
      case .wrongNumber: "wrongNumber"
      case .passwordWrong: "passwordWrong"
      case .system(let code): "errno\(code)"
      }
    }
  }
}

extension WallLayer {
  var name: String {
    switch self {
    case .base: "base"
    case .meeting: "meeting"
    case .drill: "drill"
    case .call: "call"
    case .pin: "pin"
    }
  }
}

extension WallCells {
  func write(to json: inout JSONText) {
    json.field("column", column)
    json.field("row", row)
    json.field("width", width)
    json.field("height", height)
  }
}

extension WallCall {
  func write(to json: inout JSONText) {
    json.object {
      $0.field("station", optional: station)
      $0.field("id", id)
    }
  }
}

extension WallLayout {
  func write(to json: inout JSONText, isDrawn: Bool, undoingNeedsReason: Bool, undoingEndsScene: Bool, form: String?) {
    json.object { json in
      json.field("id", id)
      json.field("name", name)
      json.field("drawn", isDrawn)
      json.field("undoingNeedsReason", undoingNeedsReason)
      json.field("undoingEndsScene", undoingEndsScene)
      json.field("form", optional: form)
      json.key("regions")
      json.array(regions) { json, region in
        json.object {
          $0.field("name", region.name)
          region.cells.write(to: &$0)
          $0.field("sources", region.sources)
        }
      }
    }
  }
}

extension WallView.SourceCard {
  /// - Parameter isConcealed: without its name, its place, and whatever tells them.
  fileprivate func write(to json: inout JSONText, isConcealed: Bool) {
    json.object {
      $0.field("id", source.id)
      if !isConcealed { $0.field("name", source.name) }
      $0.field("kind", source.kind.rawValue)
      $0.field("level", source.level.rawValue)
      if !isConcealed { $0.field("place", optional: source.place) }
      $0.field("sensitive", source.isSensitive)
      switch state {
      case .live: $0.field("state", "live")
      case .stale: $0.field("state", "stale")
      case .unconfirmed: $0.field("state", "unconfirmed")
      case .dead(let reason):
        $0.field("state", "dead")
        if !isConcealed { $0.field("reason", reason) }
      case nil: break
      }
      $0.field("ageMilliseconds", optional: ageMilliseconds)
      $0.field("standsMilliseconds", optional: standsMilliseconds)
      if let motor = source.motor, !isConcealed {
        $0.field("turns", true)
        $0.field("callPreset", optional: motor.callPreset)
      }
    }
  }
}
