import DeviceVocabulary
import ESCPOSCodec

/// Which faults were told. A sensor at its limit flickers: what it says counts at once, that it is well only when it has said so twice.
struct FaultBook: Sendable {
  private(set) var present: [PrinterFault] = []
  private var cleanRounds: [PrinterFault: Int] = [:]

  static let roundsUntilOver = 2
  /// Which of the faults a whole round of answers can take back.
  static let told: [PrinterFault] = [.coverOpen, .paperOut, .cutterError, .error, .offline, .paperNearEnd]

  func has(_ fault: PrinterFault) -> Bool { present.contains(fault) }

  /// The one that a person should hear of first.
  var worst: PrinterFault? { PrinterFault.allCases.first { $0.blocks && has($0) } }

  /// True when it is news.
  mutating func raise(_ fault: PrinterFault) -> Bool {
    cleanRounds[fault] = nil
    guard !has(fault) else { return false }
    present.append(fault)
    return true
  }

  mutating func clear(_ fault: PrinterFault) -> Bool {
    cleanRounds[fault] = nil
    guard let index = present.firstIndex(of: fault) else { return false }
    present.remove(at: index)
    return true
  }

  /// A round did not show this fault; true when it is over now.
  mutating func isClean(of fault: PrinterFault) -> Bool {
    guard has(fault) else { return false }
    let rounds = cleanRounds[fault, default: 0] + 1
    cleanRounds[fault] = rounds
    return rounds >= Self.roundsUntilOver && clear(fault)
  }

  /// What a whole round says; `offline` only where nothing else explains it.
  static func faults(_ status: PrinterStatus) -> [PrinterFault] {
    var found: [PrinterFault] = []
    if status.contains(.coverOpen) { found.append(.coverOpen) }
    if !status.isDisjoint(with: [.paperOut, .paperEndStop]) { found.append(.paperOut) }
    if status.contains(.cutterError) { found.append(.cutterError) }
    if !status.isDisjoint(with: [.unrecoverableError, .recoverableError, .selfRecoveringError])
      || status.contains(.error) && found.isEmpty
    {
      found.append(.error)
    }
    if status.contains(.paperNearEnd), !found.contains(.paperOut) { found.append(.paperNearEnd) }
    if !status.isDisjoint(with: [.offline, .waitsForRecovery]), !found.contains(where: { $0.blocks }) { found.append(.offline) }
    return found
  }
}
