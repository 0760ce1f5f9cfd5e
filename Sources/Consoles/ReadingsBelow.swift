import DeviceVocabulary
import Station

/// The readings of a station below: `/api/children/{station}/readings`.
extension DeskRoutes {
  func readingsBelow(_ request: HTTPRequest) -> HTTPReply {
    guard let readings = readings(request.path[2]) else {
      return HTTPReply(404, .notFound, at: request.pathText, accepted: "the code of a station below, for instance tiexi-03")
    }
    return HTTPReply(
      status: 200,
      json: .object { json in
        json.key("readings")
        json.array(readings) { json, item in
          json.object {
            $0.field("device", item.measurand.device.description)
            $0.field("quantity", item.measurand.quantity.rawValue)
            $0.field("unit", item.measurand.quantity.unit)
            $0.field("value", item.value)
            $0.field("ageMilliseconds", item.age.microseconds / 1000)
            $0.field("timeToLiveMilliseconds", item.timeToLive.microseconds / 1000)
          }
        }
      })
  }
}
