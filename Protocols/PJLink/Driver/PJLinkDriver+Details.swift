import DeviceKit
import DeviceVocabulary
import PJLinkCodec

/// What is read at rest besides what it shows.
enum Detail: Sendable, Equatable, CaseIterable {
  case model, maker, name, software, faults, lamps, filter, resolution

  func command(level: UInt8) -> PJLinkCommand {
    switch self {
    case .maker: PJLinkCommand("INF1")
    case .model: PJLinkCommand("INF2")
    case .name: PJLinkCommand("NAME")
    case .software: PJLinkCommand("SVER", level: 2)
    case .faults: PJLinkCommand("ERST")
    case .lamps: PJLinkCommand("LAMP")
    case .filter: PJLinkCommand("FILT", level: 2)
    case .resolution: PJLinkCommand("IRES", level: 2)
    }
  }

  /// The class that knows it.
  var level: UInt8 {
    switch self {
    case .maker, .model, .name, .faults, .lamps: 1
    case .software, .filter, .resolution: 2
    }
  }

  var every: Interval {
    switch self {
    case .maker, .model, .name, .software: .seconds(3_600)
    case .faults, .resolution: .seconds(15)
    case .lamps, .filter: .seconds(600)
    }
  }
}

struct DetailTurn: Sendable, Equatable {
  var detail: Detail
  var due: Instant
}

extension PJLinkDriver {
  mutating func schedule(_ detail: Detail, _ due: Instant) {
    for at in details.indices where details[at].detail == detail { details[at].due = due }
  }

  mutating func learned(_ detail: Detail, _ reply: PJLinkReply, at now: Instant) {
    // What is not fitted is not asked for again.
    schedule(detail, reply.error == .undefined ? .distantFuture : now + detail.every)
    let value = reply.error == nil ? reply.value : ""
    switch detail {
    case .maker, .model, .name, .software:
      note(detail, plain(value))
      describe(at: now)
    case .faults:
      guard let faults = PJLinkFaults(value) else { return }
      for part in PJLinkFaults.Part.allCases { setTrouble(trouble(part), faults[part] != .none) }
    case .lamps: if let hours = PJLinkHours.lamps(value) { measured(.lampHours, hours) }
    case .filter: if let hours = PJLinkHours.filter(value) { measured(.filterHours, hours) }
    case .resolution: if isOn, !value.isEmpty { setTrouble(.noSignal, value == "-") }
    }
  }

  private mutating func measured(_ quantity: WallQuantity, _ value: Int64) {
    outbox.append(.event(.measured(Self.port, quantity, value)))
  }

  private func trouble(_ part: PJLinkFaults.Part) -> WallTrouble {
    switch part {
    case .fan: .fan
    case .lamp: .lamp
    case .temperature: .temperature
    case .cover: .cover
    case .filter: .filter
    case .other: .other
    }
  }

  /// A device's text goes onto pages: no control characters, at most 40.
  func plain(_ text: String) -> String {
    var plain = String.UnicodeScalarView()
    for scalar in text.unicodeScalars where scalar.isPlainText && scalar.value >= 0x20 && plain.count < 40 {
      plain.append(scalar)
    }
    return String(plain)
  }

  private mutating func note(_ detail: Detail, _ text: String) {
    switch detail {
    case .model: product = text.isEmpty ? "PJLink" : text
    case .maker: if !text.isEmpty { maker = text }
    case .name: description.name = text
    default: description.firmware = text
    }
    description.model = [maker, product].filter { !$0.isEmpty }.joined(separator: " ")
    description.outputs = 1
  }

  /// Told when all of it was asked.
  mutating func describe(at now: Instant) {
    guard description != toldDescription, !description.model.isEmpty,
      !details.contains(where: { [.model, .maker, .name, .software].contains($0.detail) && $0.due <= now })
    else { return }
    toldDescription = description
    outbox.append(.event(.described(description)))
  }
}
