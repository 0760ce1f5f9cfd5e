import DeviceKit
import Foundation
import Station

/// Whatever happens, a sealed field that a ticket or a matter has opens with the key on the disk to what was sealed, a key that nothing names is
/// gone after the next start, and nothing personal stands in any journal in clear.
struct SealChecker: SiteChecker {
  private(set) var findings: [SiteFinding] = []
  private var sealed: [String: [UInt8]] = [:]
  private var fields: [SealedField] = []

  mutating func see(_ fact: SiteFact, at now: Instant) {
    switch fact {
    case .sealed(let field, let plain): sealed[field.key] = plain
    case .folded(_, let state): fields = state.visits.sealedFields
    case .keys(let keys, let isSwept): compare(keys, isSwept, now)
    default: break
    }
  }

  private mutating func compare(_ keys: [SimulatedKeys.Key], _ isSwept: Bool, _ now: Instant) {
    for field in fields {
      guard let key = keys.first(where: { $0.name == field.key }) else {
        find(now, "\(field.key) is named and cannot be opened: it is not there")
        continue
      }
      let plain = SimulatedKeys.open(field, with: key)
      if plain == nil || plain != sealed[field.key] { find(now, "\(field.key) does not open what was sealed with it") }
    }
    guard isSwept else { return }
    for key in keys where !fields.contains(where: { $0.key == key.name }) {
      find(now, "\(key.name) is kept, and nothing names it")
    }
  }

  mutating func finish(_ end: SiteEnd, at now: Instant) {
    let words = [SimulatedPerson.surname, SimulatedPerson.region].map { Data($0.utf8) }
    for (name, entries) in [("journal", end.entries), ("street's journal", end.street?.entries ?? [])] {
      let leaks = entries.filter { entry in words.contains { Data(entry.body).range(of: $0) != nil } }
      if let first = leaks.first { find(now, "the \(name) has somebody's name or number in clear: entry \(first.sequence)") }
    }
  }

  private mutating func find(_ at: Instant, _ text: String) {
    findings.append(SiteFinding(checker: "seal", at: at, text: text))
  }
}
