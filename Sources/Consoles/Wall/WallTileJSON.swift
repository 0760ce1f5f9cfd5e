import DeviceVocabulary
import Station

extension WallView.Tile {
  func write(_ place: WallPlan.Output, to json: inout JSONText) {
    json.object { json in
      json.field("number", output)
      json.field("column", place.column)
      json.field("row", place.row)
      json.field("rotation", place.rotation)
      json.field("matrix", optional: place.matrix?.description)
      json.field("display", optional: place.display?.description)
      json.field("player", optional: place.player)
      json.field("wished", optional: wished)
      json.field("shown", optional: shown)
      json.field("off", isOff)
      json.key("region")
      json.object { cells.write(to: &$0) }
      json.field("layer", layer.name)
      if let call = layer.call {
        json.key("call")
        call.write(to: &json)
      }
      if case .pin(let pin) = layer { json.field("pin", pin) }
      json.field("hidden", isHidden)
      json.field("identified", isIdentified)
      proof.write(to: &json)
      if let pictureTrouble { json.field("reason", pictureTrouble.both) }
      json.field("ageMilliseconds", optional: ageMilliseconds)
      json.field("troubles", troubles.map(\.rawValue))
      json.key("measured")
      json.array(measured) { json, item in
        json.object {
          $0.field("quantity", item.quantity.rawValue)
          $0.field("value", item.value)
          $0.field("ageMilliseconds", item.ageMilliseconds)
          $0.field("timeToLiveMilliseconds", item.timeToLiveMilliseconds)
        }
      }
    }
  }
}

extension WallProof {
  /// `verified` with `picture` true, false or left out; the others with what is the matter.
  fileprivate func write(to json: inout JSONText) {
    switch self {
    case .verified(let picture):
      json.field("proof", "verified")
      if let picture { json.field("picture", picture) }
    case .switching: json.field("proof", "switching")
    case .poweringOn: json.field("proof", "poweringOn")
    case .notSwitched(let refusal):
      json.field("proof", "notSwitched")
      json.field("reason", refusal.text)
    case .stale: json.field("proof", "stale")
    case .unreachable(let device, let line):
      json.field("proof", "unreachable")
      json.field("device", device)
      json.field("reason", optional: line?.short?.both)
    }
  }
}
