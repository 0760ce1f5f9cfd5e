/// What a reader of smart cards tells: of cards of the staff, and of cards that somebody presents.
public enum SmartCardEvent: Sendable {
  /// It has answered and takes cards.
  case ready
  case detached
  case present(SmartCard)
  /// Something lies there that does not work. Told once while it lies there.
  case unusable(SmartCardDefect)
  /// Nothing lies there any more. What was told with `present` is erased.
  case removed
  /// It does not come to itself: a person has to look. Told once for each fault.
  case repairNeeded(SmartCardRepair)
  /// What was told with `repairNeeded` is over.
  case repaired
}

/// A card that lies there. What identifies it is in buffers that are erased when it is taken away; it prints nothing of them.
public struct SmartCard: Sendable {
  /// Counted from 1 since the program began: says nothing about which card it is.
  public var number: UInt32
  /// What it said when it got power.
  public var answerToReset: SecretBuffer
  /// Of a card without contacts, where the reader tells it.
  public var uid: SecretBuffer?

  public init(number: UInt32, answerToReset: SecretBuffer, uid: SecretBuffer?) {
    self.number = number
    self.answerToReset = answerToReset
    self.uid = uid
  }

  public func wipe() {
    answerToReset.wipe()
    uid?.wipe()
  }
}

extension SmartCard: CustomStringConvertible, CustomReflectable {
  public var description: String { "card \(number)" }
  public var customMirror: Mirror { Mirror(self, children: []) }
}

public enum SmartCardDefect: String, Sendable, Codable, CaseIterable {
  /// It says nothing at any voltage.
  case mute
  /// What it says is no answer of a card, or of one that this reader cannot speak with.
  case unknown
}

public enum SmartCardRepair: String, Sendable, Codable, CaseIterable {
  /// It is not plugged in.
  case absent
  /// Plugged in, and answers nothing.
  case silent
  /// What it answers makes no sense.
  case garbled
  /// It leaves more to the host than this program does.
  case unsupported
  /// The system's service for cards does not answer.
  case noService
}

/// Why a command to a card came to nothing.
public enum SmartCardFailure: String, Error, Sendable, Codable, CaseIterable {
  case noCard
  /// It was taken away meanwhile.
  case cardRemoved
  /// Another command is under way.
  case busy
  /// No answer within the limit.
  case timedOut
  /// The card does not answer, or not as its protocol wants it.
  case cardFailed
  case answerTooLong
  /// It is no command, or too long for this reader.
  case notACommand
  case outOfOrder
}
