import Crypto
import DeviceKit
import DeviceVocabulary
import Foundation
import Station
import Synchronization
import Transports

/// Seals personal fields, and opens them again as long as this program holds their keys: until the visit was handed over or is over, or the
/// program ends. After that only whoever has the private key can (design.md, decision 6). Safe from any thread.
public final class FieldSealer: Sendable {
  private let station: String
  private let recipient: SealRecipient?
  private let keys: KeyDatabase?
  private let pages: SecretBuffer.PageKeeper?
  private let now: @Sendable () -> Instant
  private let held = Mutex<[Held]>([])
  private let counted = Mutex<(count: Int?, revision: UInt64)>((nil, 0))
  private let counting = NSLock()

  private struct Held {
    var name: String
    var plain: SecretBuffer?
    var sealedAt: Instant
  }

  /// Plain keys in memory at once; each has a locked page. The oldest goes first: its field is then for its reader alone.
  static let heldLimit = 256
  /// So long after its sealing nothing names a key only because nothing ever will.
  public static let grace = Interval.seconds(600)

  /// - Parameters:
  ///   - station: by its name in the site file; a key is wrapped for it.
  ///   - keys: `nil` when the database cannot be used.
  ///   - now: the monotonic clock.
  public init(
    station: String, recipient: SealRecipient?, keys: KeyDatabase?, pages: SecretBuffer.PageKeeper? = LockedPages.keep,
    now: @escaping @Sendable () -> Instant
  ) {
    self.station = station
    self.recipient = recipient.flatMap { $0.isUsable ? $0 : nil }
    self.keys = keys
    self.pages = pages
    self.now = now
    countKeys()
  }

  /// Somebody may read it, and its key can be kept. Where this is false nothing personal is written anywhere.
  public var isReady: Bool { recipient != nil && keys != nil }

  /// - Parameter what: the kind of value, for instance `card`: stands in clear in the field, and in the audit.
  /// - Returns: when the wrapped key is on the disk. Whoever does not get the field into the journal shreds its key.
  public func seal(_ content: SecretBuffer, what: StaticString) throws(SealError) -> SealedField {
    guard let recipient else { throw .nobodyMayRead }
    guard let keys else { throw .keyNotKept("no key database") }
    let kind = "\(what)"
    let overhead = 2 + kind.utf8.count + FieldCipher.nonceBytes + FieldCipher.tagBytes
    guard !content.isEmpty, kind.utf8.count <= FieldCipher.kindLimit, content.count + overhead <= SealedField.limit else {
      throw .tooLong
    }
    let name = Self.freshName()
    let key = SymmetricKey(size: .bits256)
    let plain = SecretBuffer(capacity: FieldCipher.keyBytes, pages: pages)
    key.withUnsafeBytes { bytes in
      _ = plain.fill {
        $0.copyMemory(from: bytes); return bytes.count
      }
    }
    let sealed = content.withSpan { span in
      span.withUnsafeBytes { bytes in Result { try FieldCipher.seal(bytes, with: key, named: name, kind: kind) } }
        .mapError { _ in SealError.tooLong }
    }
    let bytes = try sealed.get()
    guard let wrapped = wrap(plain, name, kind, to: recipient) else { throw .badKey }
    do throws(KeyDatabaseError) {
      try keys.add(.init(name: name, recipient: recipient.mark, bytes: wrapped))
    } catch {
      throw .keyNotKept(error.reason)
    }
    countKeys()
    held.withLock { held in
      held.append(Held(name: name, plain: plain, sealedAt: now()))
      // Those that gave up their key long ago are not needed here either.
      let old = now()
      held.removeAll { $0.plain == nil && old - $0.sealedAt >= Self.grace }
      let full = held.count { $0.plain != nil } - Self.heldLimit
      if full > 0, let oldest = held.firstIndex(where: { $0.plain != nil }) { held[oldest].plain = nil }
    }
    return SealedField(key: name, bytes: bytes)
  }

  private func wrap(_ plain: SecretBuffer, _ name: String, _ kind: String, to recipient: SealRecipient) -> [UInt8]? {
    plain.withSpan { span in
      span.withUnsafeBytes { bytes in
        var data = Data(bytes)
        defer { FieldCipher.erase(&data) }
        return try? FieldCipher.wrap(data, key: name, kind: kind, station: station, to: recipient.publicKey)
      }
    }
  }

  private static func freshName() -> String {
    var random = SystemRandomNumberGenerator()
    let words = (random.next(), random.next())
    func hex(_ word: UInt64) -> String {
      let text = String(word, radix: 16)
      return String(repeating: "0", count: 16 - text.count) + text
    }
    return hex(words.0) + hex(words.1)
  }

  /// Whether `open` can succeed here.
  public func holds(_ key: String) -> Bool { held.withLock { $0.contains { $0.name == key && $0.plain != nil } } }

  /// The content, once `audit` has written that it was opened; `nil` when that could not be written, when the key is no longer held here,
  /// or when the field is not what was sealed with it.
  public func open(_ field: SealedField, for purpose: Purpose, audit: (SecretOpening) -> Bool) -> SecretBuffer? {
    guard let plain = held.withLock({ held in held.first { $0.name == field.key }?.plain }),
      let kind = FieldCipher.kind(of: field)
    else { return nil }
    guard audit(SecretOpening(what: kind, purpose: purpose)) else { return nil }
    let content = SecretBuffer(capacity: SealedField.limit, pages: pages)
    let isOpen = plain.withSpan { span in
      span.withUnsafeBytes { bytes in
        bytes.count == FieldCipher.keyBytes && FieldCipher.open(field, with: SymmetricKey(data: bytes), into: content)
      }
    }
    return isOpen ? content : nil
  }

  /// Forgets the plain key: the visit is somebody else's now, or over. The wrapped one stays for its reader.
  public func handOver(_ key: String) {
    held.withLock { held in
      for index in held.indices where held[index].name == key {
        held[index].plain?.wipe()
        held[index].plain = nil
      }
    }
  }

  /// What these keys sealed is opened by nobody any more. What the disk refuses now is tried again by the next `sweep`.
  public func shred(_ keys: [String]) {
    forget(keys)
    _ = try? self.keys?.delete(keys)
    countKeys()
  }

  private func forget(_ keys: [String]) {
    held.withLock { held in
      for index in held.indices where keys.contains(held[index].name) { held[index].plain?.wipe() }
      held.removeAll { keys.contains($0.name) }
    }
  }

  /// What a comparison of the key database with the station's state found.
  public struct Sweep: Sendable, Equatable {
    /// Keys that nothing named: deleted.
    public var deleted: Int
    /// Named, and not there: what they sealed cannot be opened any more.
    public var missing: Int
  }

  /// Deletes keys that nothing names, except those that were sealed less than `grace` before: their entry may be on its way.
  ///
  /// - Parameters:
  ///   - named: every key that a ticket or a matter names, decided or on disk.
  ///   - moment: when that was collected.
  public func sweep(named: Set<String>, at moment: Instant) throws(KeyDatabaseError) -> Sweep {
    guard let keys else { return Sweep(deleted: 0, missing: 0) }
    let fresh = held.withLock { held in Set(held.filter { moment - $0.sealedAt < Self.grace }.map(\.name)) }
    let present = try keys.names()
    let orphans = present.filter { !named.contains($0) && !fresh.contains($0) }
    forget(orphans)
    let deleted = try keys.delete(orphans)
    countKeys()
    return Sweep(deleted: deleted, missing: named.subtracting(present).count)
  }

  /// How many wrapped keys are kept, after the last that came or went; `nil`: not known. Waits for no disk.
  public var count: Int? { counted.withLock { $0.count } }
  /// Rises with every key that came or went. Waits for no disk.
  public var revision: UInt64 { counted.withLock { $0.revision } }

  /// Wrapped keys behind a name, in order; `nil` when they cannot be read.
  public func wrappedKeys(after name: String, limit: Int) -> [KeyDatabase.WrappedKey]? {
    keys.flatMap { try? $0.keys(after: name, limit: limit) }
  }

  private func countKeys() {
    counting.lock()
    defer { counting.unlock() }
    let count = keys.flatMap { try? $0.count() }
    counted.withLock { $0 = (count, $0.revision &+ 1) }
  }
}
