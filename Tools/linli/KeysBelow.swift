import Foundation
import Sealing
import StationLinkCodec

/// The wrapped keys of stations below, at their parent: in a database of its own, because what nothing names here is not swept but goes when the
/// child says so.
final class KeysBelow: Sendable {
  private let keys: KeyDatabase?
  private let queue = DispatchQueue(label: "keys-below")

  init(folder: String) {
    do throws(KeyDatabaseError) {
      keys = try KeyDatabase(path: folder + "/" + KeyDatabase.belowFileName)
    } catch {
      keys = nil
      Terminal.log("\(error)")
    }
  }

  /// Off the event loop, because it waits for the disk.
  func take(_ stretch: LinkKeys, of child: String) async -> Int? {
    await withCheckedContinuation { continuation in
      queue.async { continuation.resume(returning: self.put(stretch, child)) }
    }
  }

  private func put(_ stretch: LinkKeys, _ child: String) -> Int? {
    let prefix = KeyDatabase.prefix(of: child)
    let given = stretch.keys.map {
      KeyDatabase.WrappedKey(name: prefix + $0.name, recipient: $0.recipient, bytes: $0.wrapped)
    }
    do throws(KeyDatabaseError) {
      return try keys?.replace(
        of: prefix, after: stretch.after, through: stretch.through, with: given, limit: LinkKeys.held)
    } catch {
      Terminal.log("\(error)")
      return nil
    }
  }
}
