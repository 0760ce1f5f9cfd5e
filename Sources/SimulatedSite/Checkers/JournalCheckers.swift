import Crypto
import DeviceKit
import Journal
import Station

/// The stored bytes form one chain without a hole, reckoned here from the published formula and not by the journal.
struct ChainChecker: SiteChecker {
  private(set) var findings: [SiteFinding] = []

  mutating func see(_ fact: SiteFact, at now: Instant) {}

  mutating func finish(_ end: SiteEnd, at now: Instant) {
    var previous = [UInt8](repeating: 0, count: 32)
    var epoch: UInt32 = 0
    var sequence: UInt64 = 0
    for entry in end.entries {
      let follows = entry.epoch == epoch ? entry.sequence == sequence + 1 : entry.epoch > epoch && entry.sequence == 1
      if !follows { find(now, "\(entry.position) follows \(epoch)/\(sequence)") }
      (epoch, sequence) = (entry.epoch, entry.sequence)
      var digest = SHA256()
      digest.update(data: previous)
      withUnsafeBytes(of: epoch.bigEndian) { digest.update(bufferPointer: $0) }
      withUnsafeBytes(of: sequence.bigEndian) { digest.update(bufferPointer: $0) }
      digest.update(data: entry.body)
      previous = Array(digest.finalize())
      if previous != entry.hash.bytes {
        find(now, "\(entry.position): the hash does not fit the stored bytes")
        previous = entry.hash.bytes
      }
    }
    if end.entries.isEmpty { find(now, "there is no journal at the end") }
  }

  private mutating func find(_ at: Instant, _ text: String) {
    findings.append(SiteFinding(checker: "chain", at: at, text: text))
  }
}

/// A snapshot is a cache: the state is the same without it.
struct FoldChecker: SiteChecker {
  private(set) var findings: [SiteFinding] = []

  mutating func see(_ fact: SiteFact, at now: Instant) {
    guard case .folded(let fromSnapshot, let fromZero) = fact, fromSnapshot != fromZero else { return }
    let text = "after \(fromZero.entries) entries the state differs from the one folded from the first entry"
    findings.append(SiteFinding(checker: "fold", at: now, text: text))
  }

  mutating func finish(_ end: SiteEnd, at now: Instant) {}
}
