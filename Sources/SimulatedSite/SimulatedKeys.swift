import Crypto
import DeviceKit
import Foundation
import Station

/// The key database of a simulated station. A key is on its disk before anybody is given the field, and a power cut takes nothing of it; the
/// sealing itself is real, with keys from a seed.
final class SimulatedKeys {
  struct Key {
    var name: String
    var secret: SymmetricKey
  }

  /// On the disk, oldest first.
  private(set) var kept: [Key] = []
  /// Of this run of the program: their entries may be on their way.
  private var fresh: Set<String> = []
  private var random = SeededRandom(seed: 0x5EA1)
  private var count: UInt64 = 0

  /// - Parameter isKept: false plants a defect.
  func seal(_ plain: [UInt8], isKept: Bool) -> SealedField? {
    count += 1
    let name = "key-\(count)"
    let secret = SymmetricKey(data: (0..<4).flatMap { _ in withUnsafeBytes(of: random.next()) { Array($0) } })
    let nonce = [UInt8](repeating: 0, count: 4) + withUnsafeBytes(of: count) { Array($0) }
    guard let nonce = try? ChaChaPoly.Nonce(data: nonce),
      let box = try? ChaChaPoly.seal(plain, using: secret, nonce: nonce, authenticating: Array(name.utf8))
    else { return nil }
    if isKept { kept.append(Key(name: name, secret: secret)) }
    fresh.insert(name)
    return SealedField(key: name, bytes: Array(box.combined))
  }

  static func open(_ field: SealedField, with key: Key) -> [UInt8]? {
    guard let box = try? ChaChaPoly.SealedBox(combined: field.bytes),
      let plain = try? ChaChaPoly.open(box, using: key.secret, authenticating: Array(field.key.utf8))
    else { return nil }
    return Array(plain)
  }

  func shred(_ names: [String]) { kept.removeAll { names.contains($0.name) } }

  /// Deletes what nothing names.
  func sweep(named: Set<String>) -> Int {
    let before = kept.count
    kept.removeAll { !named.contains($0.name) && !fresh.contains($0.name) }
    return before - kept.count
  }

  func programEnded() { fresh = [] }
}

/// Somebody with a card: of nobody's name, under a region that there is not.
struct SimulatedPerson {
  /// Begins the name of each, and stands nowhere else.
  static let surname = "甄隐"
  static let region = "99000019"

  var name: String
  var number: String

  init(_ index: UInt32) {
    let digits = String(index)
    name = Self.surname + digits
    number = Self.region + String(repeating: "0", count: 10 - digits.count) + digits
  }

  var plain: [UInt8] { Array("{\"name\":\"\(name)\",\"number\":\"\(number)\"}".utf8) }
}
