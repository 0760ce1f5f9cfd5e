import DeviceVocabulary
import Station

/// What was handed over between levels, in the form that `DeskView: Codable` has.
extension DeskView.HandOverCard {
  func write(to json: inout JSONText) {
    json.object {
      $0.field("station", station)
      $0.field("incident", incident)
      $0.field("placeName", placeName)
      $0.field("mark", mark.rawValue)
      $0.field("isUp", isUp)
      $0.field("from", from)
      $0.field("to", to)
      $0.field("stage", stage.rawValue)
      $0.field("owner", optional: owner)
      $0.field("refusedBy", optional: refusedBy)
      $0.field("reason", optional: reason)
      $0.field("chinese", optional: chinese)
      $0.field("english", optional: english)
      $0.field("attempts", attempts)
      $0.field("offeredMilliseconds", offeredMilliseconds)
      $0.field("sinceMilliseconds", sinceMilliseconds)
      $0.field("due", optional: due?.rawValue)
      $0.field("dueMilliseconds", optional: dueMilliseconds)
      $0.field("dueInSeconds", optional: dueInSeconds)
    }
  }
}

extension DeskView.HandedDownCard {
  func write(to json: inout JSONText) {
    json.object {
      $0.field("from", from)
      $0.field("onSceneWithinSeconds", onSceneWithinSeconds)
      $0.field("resolveWithinSeconds", resolveWithinSeconds)
      $0.field("onSceneDueMilliseconds", optional: onSceneDueMilliseconds)
      $0.field("onSceneInSeconds", optional: onSceneInSeconds)
      $0.field("resolveDueMilliseconds", optional: resolveDueMilliseconds)
      $0.field("resolveInSeconds", optional: resolveInSeconds)
    }
  }
}
