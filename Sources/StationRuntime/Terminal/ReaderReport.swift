import DeviceVocabulary
import ResidentCardCodec

/// What a reader's thread tells, in order.
public enum ReaderReport: Sendable {
  case event(ReaderEvent)
  /// Just before `event(.read)`.
  case record(CardRecord)
  case health(Health)
}
