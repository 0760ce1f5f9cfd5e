import DeviceVocabulary
import Station

/// The wall, the lines to other computers, and this one.
extension TechPicture {
  var wallDevices: [TechDevice] {
    guard let wall else { return [] }
    return wall.devices.map { device in
      let place = sources.wallDevices[device.name]
      // A fault of an output is repaired at what shows it, or at what feeds that.
      let outputs = wall.plan.outputs.filter { ($0.display?.device ?? $0.player ?? $0.matrix?.device) == device.name }.map(
        \.number)
      let own = desk.faults.filter { fault in
        switch fault.key.subject {
        case .wall(let name): name == device.name
        case .output(let number): outputs.contains(number)
        default: false
        }
      }
      var facts = place.map { [TechDevice.Fact("kind", $0.kind)] } ?? []
      if let said = device.description {
        facts.append(TechDevice.Fact("model", [said.model, said.name].filter { !$0.isEmpty }.joined(separator: " ")))
        if !said.firmware.isEmpty { facts.append(TechDevice.Fact("firmware", said.firmware)) }
      }
      if !outputs.isEmpty { facts.append(TechDevice.Fact("outputs", outputs.map(String.init).joined(separator: ", "))) }
      for tile in wall.tiles where outputs == [tile.output] {
        facts += tile.measured.map { TechDevice.Fact($0.quantity.rawValue, "\($0.value)", ageMilliseconds: $0.ageMilliseconds) }
      }
      let isBroken = own.contains { $0.present && !$0.key.kind.isInformation }
      let level: TechDevice.Level =
        switch device.health {
        case .online: isBroken ? .bad : .good
        case .opening, .identifying: .unknown
        case .absent: isBroken ? .bad : .unknown
        case .stale, .faulted: .bad
        }
      // Whoever has said what it is has answered in this run of the program.
      let wasHeard = device.health != .absent || device.description != nil
      return TechDevice(
        id: "wall \(device.name)", kind: .wallDevice, name: device.name, at: place?.at ?? "",
        state: wasHeard ? Texts.text(device.health) : TechWords.neverAnswered, level: level,
        heard: wasHeard ? .byChange : .never, facts: facts, faults: own)
    }
  }

  var wallSources: [TechDevice] {
    guard let wall else { return [] }
    return wall.sources.map { card in
      let own = desk.faults.filter { $0.key.subject == .source(card.source.id) }
      let (state, level): (BilingualText, TechDevice.Level) =
        switch card.state {
        case .live: (TechWords.live, .good)
        case .stale: (TechWords.pictureStands, .bad)
        case .dead: (TechWords.noPicture, .bad)
        case .unconfirmed: (TechWords.notConfirmed, .unknown)
        case nil: (TechWords.notAsked, .unknown)
        }
      var facts: [TechDevice.Fact] = []
      if case .dead(let reason) = card.state { facts.append(TechDevice.Fact("remark", reason)) }
      return TechDevice(
        id: "source \(card.source.id)", kind: .source, name: card.source.name,
        at: sources.sources[card.source.id] ?? card.source.inputs.map(\.description).joined(separator: ", "),
        state: state, level: level, sinceMilliseconds: card.standsMilliseconds.map { wall.asOfMilliseconds - $0 },
        heard: card.ageMilliseconds.map { .ago($0) } ?? .byChange, facts: facts, faults: own)
    }
  }

  var paths: [TechDevice] {
    (desk.link?.paths ?? []).map { path in
      let own = desk.faults.filter { $0.key.subject == .path(path.name) }
      var facts = path.reason.isEmpty ? [] : [TechDevice.Fact("remark", path.reason)]
      if let link = desk.link { facts.append(TechDevice.Fact("waiting", "\(link.waiting)")) }
      let level: TechDevice.Level =
        switch path.state {
        case .up: .good
        case .connecting: .unknown
        case .degraded, .down, .refused: .bad
        }
      return TechDevice(
        id: "path \(path.name)", kind: .path, name: path.name, at: sources.paths[path.name] ?? "",
        state: Texts.text(path.state), level: level,
        heard: path.lastProofMilliseconds.map { .ago(max(0, desk.asOfMilliseconds - $0)) } ?? .never, facts: facts, faults: own)
    }
  }

  var receiver: TechDevice? {
    desk.receiver.map { receiver in
      TechDevice(
        id: "receiver", kind: .receiver, name: "", at: receiver.name, state: Texts.text(receiver.condition),
        level: receiver.condition == .answering ? .good : receiver.condition == .unknown ? .unknown : .bad,
        sinceMilliseconds: receiver.silentSinceMilliseconds,
        heard: receiver.lastAcceptedMilliseconds.map { .ago(max(0, desk.asOfMilliseconds - $0)) } ?? .never,
        facts: [TechDevice.Fact("waiting", "\(receiver.waiting)")], faults: desk.faults.filter { $0.key.subject == .receiver })
    }
  }

  var clock: TechDevice {
    TechDevice(
      id: "clock", kind: .clock, name: "", at: "", state: desk.clockSynchronised ? TechWords.clockGood : TechWords.clockBad,
      level: desk.clockSynchronised ? .good : .bad, heard: .byChange, facts: [], faults: [])
  }

  var disk: TechDevice {
    let own = desk.faults.filter { $0.key.subject == .journal }
    var facts = [TechDevice.Fact("entries", "\(desk.entries)")]
    if let free = sources.freeMebibytes { facts.append(TechDevice.Fact("free", "\(free) MiB")) }
    if desk.journal.waiting > 0 { facts.append(TechDevice.Fact("unwritten", "\(desk.journal.waiting)")) }
    let isBroken = desk.journal.condition != .healthy || own.contains(where: \.present)
    return TechDevice(
      id: "disk", kind: .disk, name: "", at: "", state: Texts.text(desk.journal.condition), level: isBroken ? .bad : .good,
      heard: .byChange, facts: facts, faults: own)
  }

  func other(_ fault: DeskView.FaultCard) -> TechDevice {
    TechDevice(
      id: "fault \(fault.key)", kind: .other, name: fault.whereText, at: "",
      state: fault.present ? TechWords.outOfOrder : TechWords.causeGone,
      level: fault.present && !fault.key.kind.isInformation ? .bad : .unknown, sinceMilliseconds: fault.sinceMilliseconds,
      heard: .byChange, facts: [], faults: [fault])
  }
}
