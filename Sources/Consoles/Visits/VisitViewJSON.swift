import Station

/// Who reads the picture of the visits.
enum VisitReader {
  /// Terminal, hall display and notice board: numbers and windows, never a matter.
  case hall
  /// Windows and the posts behind them.
  case window
}

extension VisitView {
  func json(for reader: VisitReader) -> JSONText {
    var json = JSONText(reserving: 8192)
    json.object { json in
      json.field("site", site)
      json.field("revision", revision)
      json.field("asOfMilliseconds", asOfMilliseconds)
      json.field("recorded", recorded)
      json.field("parentLostMilliseconds", optional: parentLostMilliseconds)
      json.key("services")
      json.array(zip(plan.services, queues)) { Self.write($1.0, $1.1, to: &$0) }
      json.key("windows")
      json.array(zip(plan.windows, windows)) { json, pair in
        json.object {
          $0.field("number", pair.0.number)
          $0.field("name", pair.0.name)
          $0.field("services", pair.0.services)
          if reader == .window { $0.field("post", pair.0.post) }
          guard let current = pair.1.current else { return }
          $0.key("current")
          current.write(to: &$0, for: reader)
        }
      }
      json.key("kiosks")
      json.array(kiosks) { json, kiosk in
        json.object {
          $0.field("id", kiosk.id)
          $0.field("place", kiosk.place)
          $0.field("help", kiosk.help.rawValue)
          $0.field("helpAsked", kiosk.helpAsked)
          $0.field("reader", optional: kiosk.reader?.name)
          $0.field("smartCards", kiosk.hasSmartCards)
          $0.field("screenWidth", optional: plan.kiosks.first { $0.id == kiosk.id }?.screenWidthMillimetres)
          if !kiosk.interrupted.isEmpty { $0.field("interrupted", kiosk.interrupted) }
          guard let hold = kiosk.hold else { return }
          $0.field("heldSince", hold.since.wallMilliseconds)
          if reader == .window { $0.field("heldBy", hold.post) }
        }
      }
      json.key("places")
      json.array(places) { json, place in
        json.object {
          $0.field("id", place.id)
          $0.field("name", place.name)
        }
      }
      json.key("hazardKinds")
      json.array(plan.hazardKinds) { json, kind in
        json.object {
          $0.field("id", kind.id)
          $0.field("name", kind.name)
        }
      }
      writeCounts(to: &json)
      if reader == .window { writeForWindows(to: &json) }
    }
    return json
  }

  private static func write(_ service: VisitPlan.Service, _ queue: Queue, to json: inout JSONText) {
    json.object {
      $0.field("id", service.id)
      $0.field("name", service.name)
      $0.field("letter", service.letter)
      $0.field("kind", service.kind.rawValue)
      $0.field("bring", service.bring)
      $0.field("flow", service.flow)
      $0.field("duties", service.duties)
      $0.field("limitHours", service.limitHours)
      $0.field("waiting", queue.waiting)
      $0.field("lastNumber", queue.lastNumber)
    }
  }

  /// Counts only: of hazards on the notice board, and of what is kept here (本机保存了什么).
  private func writeCounts(to json: inout JSONText) {
    json.key("counts")
    json.object {
      $0.field("tickets", counts.tickets)
      $0.field("matters", counts.matters)
      $0.field("overdue", counts.overdue)
      $0.field("hazards", counts.hazards)
      $0.field("hazardsHandled", counts.hazardsHandled)
      $0.key("ratings")
      $0.array(counts.ratings) { $0.value($1) }
    }
    json.key("kept")
    json.object {
      $0.field("tickets", keptTickets)
      $0.field("matters", keptMatters)
      $0.field("sealed", keptContacts)
      $0.field("hazards", max(0, counts.hazards - counts.hazardsHandled))
      $0.field("ratings", counts.ratings.reduce(0) { $0 &+ $1 })
      $0.field("closedDays", plan.keepClosedDays)
      $0.field("contact", plan.contact)
      $0.field("journalMonths", optional: journalMonths)
      $0.key("rows")
      $0.array(keptCounts) { json, row in
        json.object {
          $0.field("kind", row.kind.rawValue)
          $0.field("count", optional: row.count)
        }
      }
      guard let cleared, let clearedMilliseconds else { return }
      $0.key("cleared")
      $0.object {
        $0.field("atMilliseconds", clearedMilliseconds)
        $0.field("tickets", cleared.tickets)
        $0.field("matters", cleared.matters)
        $0.field("keys", cleared.keys)
        $0.field("files", cleared.files)
      }
    }
    guard let signed = plan.signedOff else { return }
    json.key("signedOff")
    json.object {
      $0.field("by", signed.by)
      $0.field("date", signed.date)
    }
  }

  private func writeForWindows(to json: inout JSONText) {
    json.field("sealTo", optional: sealTo)
    json.key("posts")
    json.array(posts) { json, post in
      json.object {
        $0.field("id", post.id)
        $0.field("name", post.name)
      }
    }
    json.key("waiting")
    json.array(waiting) { $1.write(to: &$0, for: .window) }
    json.key("aside")
    json.array(aside) { $1.write(to: &$0, for: .window) }
    json.key("matters")
    json.array(matters) { $1.write(to: &$0) }
    json.key("hazards")
    json.array(hazards) { json, hazard in
      json.object {
        $0.field("id", hazard.id)
        $0.field("kind", hazard.kind)
        $0.field("place", hazard.place)
        $0.field("atMilliseconds", hazard.atMilliseconds)
      }
    }
    json.key("helps")
    json.array(helps) { json, help in
      json.object {
        $0.field("kiosk", help.kiosk)
        $0.field("place", help.place)
        $0.field("sinceMilliseconds", help.sinceMilliseconds)
      }
    }
  }
}

extension VisitView.TicketCard {
  func write(to json: inout JSONText, for reader: VisitReader) {
    json.object {
      $0.field("number", id.shown)
      $0.field("calls", calls)
      $0.field("calledMilliseconds", optional: calledMilliseconds)
      // On the display in the hall stands who is called where, and nothing of what for.
      guard reader == .window else { return }
      $0.field("id", id.description)
      $0.field("service", service)
      $0.field("priority", priority)
      $0.field("phase", phase.rawValue)
      $0.field("window", optional: window)
      $0.field("takenMilliseconds", takenMilliseconds)
      $0.field("slip", slip.rawValue)
      $0.field("matter", optional: matter)
      $0.field("hasContact", !sealed.isEmpty)
    }
  }
}

extension VisitView.MatterCard {
  func write(to json: inout JSONText) {
    json.object {
      $0.field("id", matter.id)
      $0.field("number", matter.ticket.shown)
      $0.field("service", matter.service)
      $0.field("phase", matter.phase.rawValue)
      $0.field("owner", matter.owner)
      $0.field("formerOwners", matter.formerOwners)
      $0.field("offeredTo", optional: matter.offer?.to)
      if let refused = matter.refused {
        $0.field("refusedMilliseconds", refused.at.wallMilliseconds)
        $0.field("refusedBy", optional: refused.post)
        $0.field("refusedReason", refused.reason)
      }
      $0.field("openedMilliseconds", matter.openedAt.wallMilliseconds)
      $0.field("hoursLeft", optional: hoursLeft)
      $0.field("overdue", matter.overdue)
      $0.field("overdueSinceMilliseconds", optional: overdueSinceMilliseconds)
      $0.field("result", optional: matter.result?.rawValue)
      $0.field("note", matter.note)
      $0.field("rating", optional: matter.rating)
      $0.field("hasContact", !matter.sealed.isEmpty)
    }
  }
}
