import DeviceKit
import Foundation
import Sealing
import Station
import StationLinkCodec
import StationRuntime
import Synchronization
import Transports
import Uplink

/// The keys of what a running station seals: beside its journal, on a thread of their own, so that no decision waits for them.
final class RunSealing: Sendable {
  /// `nil` until `open`: the journal's lock comes first, so that a second start touches nothing.
  var sealer: FieldSealer? { state.withLock { $0.sealer } }
  private let queue = DispatchQueue(label: "keys")
  private struct State {
    var sealer: FieldSealer?
    /// What was asked for before there was one.
    var waiting: [@Sendable (FieldSealer) -> Void] = []
    var tell: (@Sendable (StationInput) -> Bool)?
    /// Deleted since the last nightly report.
    var deleted = 0
  }
  private let state = Mutex(State())

  private func perform(_ work: @escaping @Sendable (FieldSealer) -> Void) {
    let sealer = state.withLock { state in
      if state.sealer == nil { state.waiting.append(work) }
      return state.sealer
    }
    if let sealer { queue.async { work(sealer) } }
  }

  /// What the station is told goes into its journal and onto its desk.
  func open(_ site: Site, folder: String, tell: @escaping @Sendable (StationInput) -> Bool) {
    var keys: KeyDatabase?
    var problem: String?
    let path = folder + "/" + KeyDatabase.fileName
    let plan = site.visitPages?.sealTo
    // Without sealTo there may be keys of earlier days: they go when their time has come.
    if plan != nil || FileManager.default.fileExists(atPath: path) {
      try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      do throws(KeyDatabaseError) { keys = try KeyDatabase(path: path) } catch { problem = "\(error)" }
    }
    let recipient = plan.map { SealRecipient(name: $0.name, publicKey: $0.key) }
    if let recipient, !recipient.isUsable { problem = "\(SealError.badKey)" }
    let sealer = FieldSealer(station: site.plan.station, recipient: recipient, keys: keys, now: { MonotonicClock.now() })
    if let problem { Terminal.log(problem) }
    // A fault of a database that is mended, or no longer wanted, is over.
    _ = tell(.sealing(problem))
    let waiting = state.withLock { state in
      (state.sealer, state.tell) = (sealer, tell)
      defer { state.waiting = [] }
      return state.waiting
    }
    for work in waiting { queue.async { work(sealer) } }
  }

  var keeper: StationRuntime.KeyKeeper {
    StationRuntime.KeyKeeper(
      forget: { keys in self.perform { sealer in for key in keys { sealer.handOver(key) } } },
      shred: { keys in
        self.perform { sealer in
          sealer.shred(keys)
          self.state.withLock { $0.deleted += keys.count }
        }
      },
      sweep: { sweep in self.perform { self.carryOut(sweep, $0) } })
  }

  private func carryOut(_ sweep: StationRuntime.KeySweep, _ sealer: FieldSealer) {
    do throws(KeyDatabaseError) {
      let found = try sealer.sweep(named: sweep.named, at: sweep.at)
      state.withLock { $0.deleted += found.deleted }
      if found.deleted > 0 { Terminal.log("没有用的密钥已销毁: \(found.deleted) / keys that nothing needs were destroyed") }
      if found.missing > 0 {
        Terminal.log(
          "密钥库里缺 \(found.missing) 把密钥,它们封存的信息打不开了 / \(found.missing) keys are missing: what they sealed cannot be opened")
      }
    } catch {
      Terminal.log("\(error)")
      _ = state.withLock { $0.tell }?(.sealing("\(error)"))
    }
    guard let files = sweep.nightlyFiles else { return }
    let (tell, deleted) = state.withLock { ($0.tell, $0.deleted) }
    // Not told, because the mailbox is full: the station asks again.
    if tell?(.swept(keys: deleted, files: files)) == true { state.withLock { $0.deleted -= deleted } }
  }

  /// What goes to the parent: wrapped keys, a stretch of names at a time.
  func source(station: String) -> KeySource {
    KeySource(revision: { self.sealer?.revision ?? 0 }) { after in
      guard let keys = self.sealer?.wrappedKeys(after: after, limit: LinkKeys.limit) else { return nil }
      // A full stretch ends with its last name, and there may be more behind it.
      let through = keys.count < LinkKeys.limit ? "" : keys.last?.name ?? ""
      return LinkKeys(
        station: station, after: after, through: through,
        keys: keys.map { LinkKeys.Item(name: $0.name, recipient: $0.recipient, wrapped: $0.bytes) })
    }
  }

  /// How many keys are kept, as of the last time that one came or went; `nil`: not known.
  var keyCount: Int? { sealer?.count }

  /// Returns when all that was asked for is done.
  func stop() { queue.sync {} }
}
