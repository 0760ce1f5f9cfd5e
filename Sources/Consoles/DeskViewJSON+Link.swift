import DeviceVocabulary
import Station

/// The line to the parent and the stations below, in the form that `DeskView: Codable` has.
extension DeskView {
  func writeLink(to json: inout JSONText) {
    if let link {
      json.key("link")
      link.write(to: &json)
    }
    json.key("notices")
    json.array(notices) { json, notice in
      json.object {
        $0.field("number", notice.number)
        $0.field("post", notice.post)
        $0.field("text", notice.text)
        $0.field("atMilliseconds", notice.atMilliseconds)
      }
    }
    json.key("children")
    json.array(children) { $1.write(to: &$0) }
    json.key("handOvers")
    json.array(handOvers) { $1.write(to: &$0) }
  }
}

extension DeskView.LinkCard {
  fileprivate func write(to json: inout JSONText) {
    json.object { json in
      json.field("parent", parent)
      json.key("paths")
      json.array(paths) { json, path in
        json.object {
          $0.field("name", path.name)
          $0.field("state", path.state.rawValue)
          $0.field("lastProofMilliseconds", optional: path.lastProofMilliseconds)
          $0.field("reason", path.reason)
        }
      }
      json.field("waiting", waiting)
      json.field("waitingCalls", waitingCalls)
      json.field("proofLastMilliseconds", optional: proofLastMilliseconds)
      json.field("proofTookMilliseconds", optional: proofTookMilliseconds)
      json.field("availabilityPerMille", optional: availabilityPerMille)
    }
  }
}

extension DeskView.ChildCard {
  fileprivate func write(to json: inout JSONText) {
    json.object { json in
      json.field("station", station)
      json.field("name", name)
      json.field("program", program)
      json.field("state", state.rawValue)
      json.key("paths")
      json.array(paths) { json, path in
        json.object {
          $0.field("name", path.name)
          $0.field("isUp", path.isUp)
          $0.field("lastHeardMilliseconds", path.lastHeardMilliseconds)
        }
      }
      json.field("lastHeardMilliseconds", optional: lastHeardMilliseconds)
      json.field("waiting", waiting)
      if let map {
        json.key("map")
        json.object {
          $0.field("x", map.x)
          $0.field("y", map.y)
        }
      }
      json.key("incidents")
      json.array(incidents) { $1.write(to: &$0) }
      json.key("lost")
      json.array(lost) { $1.write(to: &$0) }
      json.key("faults")
      json.array(faults) { $1.write(to: &$0) }
      json.key("posts")
      json.array(posts) { $1.write(to: &$0) }
      json.key("pending")
      json.array(pending) { $1.write(to: &$0) }
      if let failure {
        json.key("failure")
        failure.write(to: &json)
      }
      json.key("statistics")
      statistics.write(to: &json)
      json.key("recentlyClosed")
      json.array(recentlyClosed) { $1.write(to: &$0) }
      json.key("strays")
      json.array(strays) { $0.value($1) }
    }
  }
}

extension DeskView.PendingCard {
  fileprivate func write(to json: inout JSONText) {
    json.object {
      $0.field("number", number)
      $0.field("incident", optional: incident)
      $0.field("action", action)
      $0.field("post", post)
      $0.field("ageSeconds", ageSeconds)
    }
  }
}

extension DeskView.FailureCard {
  fileprivate func write(to json: inout JSONText) {
    json.object {
      $0.field("incident", optional: incident)
      $0.field("action", action)
      $0.field("post", post)
      $0.field("chinese", chinese)
      $0.field("english", english)
      $0.field("atMilliseconds", atMilliseconds)
    }
  }
}
