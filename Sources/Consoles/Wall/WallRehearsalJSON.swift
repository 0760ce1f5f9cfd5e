import DeviceVocabulary
import Station

extension WallRehearsal {
  func write(to json: inout JSONText) {
    json.field("answer", "rehearsed")
    json.key("outputs")
    json.array(tiles) { json, tile in
      json.object {
        $0.field("number", tile.output)
        $0.field("source", optional: tile.source)
        $0.field("layer", tile.layer.name)
        $0.key("region")
        $0.object { tile.cells.write(to: &$0) }
      }
    }
    json.key("switched")
    json.array(switched) { json, device in
      json.object {
        $0.field("device", device.device)
        $0.key("ports")
        $0.array(device.wishes) { $0.value($1.number) }
      }
    }
    json.key("left")
    json.array(left) { $1.write(to: &$0) }
  }
}
