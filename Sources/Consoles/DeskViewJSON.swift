import DeviceVocabulary
import Station

/// The view as the page gets it: the same form that `DeskView: Codable` has (a test holds the two together), written in one pass.
extension DeskView {
  func json() -> JSONText {
    let cards = incidents.count + recentlyClosed.count + faults.count
    let below =
      children.reduce(0) { $0 + 2 + $1.incidents.count + $1.lost.count + $1.recentlyClosed.count + $1.faults.count }
      + handOvers.count
    var json = JSONText(reserving: 1024 + 512 * (cards + below) + 256 * callPoints.count)
    json.object { json in
      json.field("site", site)
      json.field("station", station)
      json.field("revision", revision)
      json.field("entries", entries)
      json.field("asOfMilliseconds", asOfMilliseconds)
      json.field("clockSynchronised", clockSynchronised)
      json.field("sound", sound.rawValue)
      json.key("journal")
      json.object {
        $0.field("condition", journal.condition.rawValue)
        $0.field("waiting", journal.waiting)
      }
      json.key("incidents")
      json.array(incidents) { $1.write(to: &$0) }
      json.key("recentlyClosed")
      json.array(recentlyClosed) { $1.write(to: &$0) }
      json.key("faults")
      json.array(faults) { $1.write(to: &$0) }
      json.key("callPoints")
      json.array(callPoints) { $1.write(to: &$0) }
      json.key("posts")
      json.array(posts) { $1.write(to: &$0) }
      json.field("onDuty", onDuty)
      json.key("statistics")
      statistics.write(to: &json)
      json.field("overdueMatters", optional: overdueMatters)
      writeLink(to: &json)
      if let receiver {
        json.key("receiver")
        json.object {
          $0.field("name", receiver.name)
          $0.field("condition", receiver.condition.rawValue)
          $0.field("waiting", receiver.waiting)
          $0.field("lastAcceptedMilliseconds", optional: receiver.lastAcceptedMilliseconds)
          $0.field("silentSinceMilliseconds", optional: receiver.silentSinceMilliseconds)
        }
      }
    }
    return json
  }
}

extension DeskView.IncidentCard {
  func write(to json: inout JSONText) {
    json.object {
      if let handedDown {
        $0.key("handedDown")
        handedDown.write(to: &$0)
      }
      $0.field("id", id)
      $0.field("button", button.description)
      $0.field("place", place)
      $0.field("placeName", placeName)
      $0.field("mark", mark.rawValue)
      $0.field("phase", phase.rawValue)
      $0.field("pressedAtMilliseconds", pressedAtMilliseconds)
      $0.field("ageSeconds", ageSeconds)
      $0.field("presses", presses)
      $0.field("silent", silent)
      $0.field("bypassed", bypassed)
      $0.field("lampWish", lampWish.rawValue)
      $0.field("lampShown", optional: lampShown?.rawValue)
      $0.field("owner", optional: owner)
      $0.field("formerOwners", formerOwners)
      $0.field("takenFrom", takenFrom)
      $0.field("offeredTo", optional: offeredTo)
      $0.field("escalationStep", escalationStep)
      $0.field("escalatedTo", escalatedTo)
      $0.field("nextStepSeconds", optional: nextStepSeconds)
      $0.field("raisedAgain", raisedAgain)
      $0.field("secondsToAcknowledge", optional: secondsToAcknowledge)
      $0.field("secondsToScene", optional: secondsToScene)
      $0.field("note", optional: note)
      $0.field("waits", waits)
      $0.field("falseAlarm", falseAlarm)
      $0.field("recorded", recorded)
      $0.field("closedMilliseconds", optional: closedMilliseconds)
      $0.field("ownerAway", ownerAway)
    }
  }
}

extension DeskView.FaultCard {
  func write(to json: inout JSONText) {
    json.object {
      $0.field("key", key.description)
      $0.field("whatChinese", whatChinese)
      $0.field("whatEnglish", whatEnglish)
      $0.field("whereText", whereText)
      $0.field("sinceMilliseconds", sinceMilliseconds)
      $0.field("adviceChinese", adviceChinese)
      $0.field("adviceEnglish", adviceEnglish)
      $0.field("present", present)
      $0.field("silenced", silenced)
      $0.field("retesting", retesting)
      $0.field("retestFailedMilliseconds", optional: retestFailedMilliseconds)
      $0.field("detail", detail)
    }
  }
}

extension DeskView.CallPointCard {
  fileprivate func write(to json: inout JSONText) {
    json.object { json in
      json.field("button", button.description)
      json.field("place", place)
      json.field("placeName", placeName)
      json.field("silent", silent)
      json.field("health", health.rawValue)
      json.field("lampWish", lampWish.rawValue)
      json.field("lampShown", optional: lampShown?.rawValue)
      if let bypass {
        json.key("bypass")
        json.object {
          $0.field("post", bypass.post)
          $0.field("reason", bypass.reason)
          $0.field("remainingSeconds", bypass.remainingSeconds)
        }
      }
      json.field("testAnnounced", testAnnounced)
    }
  }
}

extension SitePlan.Post {
  func write(to json: inout JSONText) {
    json.object {
      $0.field("id", id)
      $0.field("name", name)
      $0.field("phone", optional: phone)
      $0.field("place", optional: place)
    }
  }
}

extension Statistics {
  func write(to json: inout JSONText) {
    json.object { json in
      for mark in Mark.allCases {
        json.key(mark.rawValue)
        json.object {
          $0.field("opened", self[mark].opened)
          $0.field("falseAlarms", self[mark].falseAlarms)
          $0.field("closed", self[mark].closed)
          $0.field("escalated", self[mark].escalated)
        }
      }
    }
  }
}
