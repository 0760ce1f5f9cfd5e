/// Something that a technician has asked of a device and that takes its time: how far it has come. The driver does it between its polls.
public struct DeviceJob: Sendable, Equatable, Codable {
  /// The number that whoever asked for it gave: a job of another number is another one's.
  public var ticket: UInt32
  public var kind: Kind
  public var step: Step
  /// Blocks of the image that the device has, of `total`.
  public var done: UInt16 = 0
  public var total: UInt16 = 0
  /// How much the device has verified, 0...100.
  public var percent: UInt16 = 0
  /// What ran when it began.
  public var before: FirmwareRelease?
  /// The image that was picked for the device.
  public var image: FirmwareRelease?
  /// Why, when `step` is `failed`.
  public var failure: JobFailure?

  public enum Kind: String, Sendable, Codable, CaseIterable {
    case update
    /// Its lamps blink, so that a person sees which it is.
    case identify
    /// A new address and speed.
    case readdress
  }

  public enum Step: String, Sendable, Codable, CaseIterable {
    /// Not begun: the device is asked what runs there.
    case asking
    case sending, verifying
    /// The new image was started; nothing has been heard of it yet.
    case restarting
    /// The new image runs and has to prove itself.
    case onTrial
    /// A new address waits for a finger on a button.
    case awaitingFinger
    /// It was given a new address and does not answer at the old one any more: it may have moved, or have lost its power.
    case away
    /// It stayed away from the old address. Whether it answers at the new one could not be asked: neither done nor failed.
    case unverified
    case done, failed
  }

  public init(ticket: UInt32, kind: Kind, step: Step = .asking) {
    self.ticket = ticket
    self.kind = kind
    self.step = step
  }

  public var isOver: Bool { step == .done || step == .failed || step == .unverified }
}

/// Why a job came to nothing. `JobTexts` (Station) has the words for each.
public enum JobFailure: String, Error, Sendable, Codable, CaseIterable {
  // What was asked cannot be done there; nothing was changed.
  case notAnImage, notSigned, otherBoard, otherSlot, wrongLength, noUpdate, noBootLoader, stillOnTrial, otherJobUnderWay
  // The device refused the image.
  case headerRefused, hashWrong, signatureWrong, memoryFailed, aborted
  // The dialogue came to no end.
  case silent, makesNoSense, otherUnit
  // The image was whole, but does not run.
  case notStarted, reverted, notConfirmed
  /// The device takes no such order.
  case refused
  /// Nobody held a button in time, so everything is as it was.
  case noFinger
  /// It was away and answers at its old address again: it lost its power, or no button was held.
  case stillHere
  /// Somebody called it off.
  case calledOff

  /// Whether the device itself may need looking at: what was wrong with the request alone is no fault of the site.
  public var isOfDevice: Bool {
    switch self {
    case .notAnImage, .notSigned, .otherBoard, .otherSlot, .wrongLength, .noUpdate, .noBootLoader, .stillOnTrial,
      .otherJobUnderWay, .refused,
      .noFinger, .stillHere, .calledOff:
      false
    case .headerRefused, .hashWrong, .signatureWrong, .memoryFailed, .aborted, .silent, .makesNoSense, .otherUnit, .notStarted,
      .reverted, .notConfirmed:
      true
    }
  }
}
