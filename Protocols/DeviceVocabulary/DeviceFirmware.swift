/// What a device says of the firmware that runs in it (for our panels: 16 registers, Protocols/FirmwareUpdate/README.md).
///
/// Numbers only: it stands in journals and travels to the parent, where nothing in it can be long.
public struct DeviceFirmware: Sendable, Equatable, Codable {
  /// Number of the hardware.
  public var board: UInt16
  /// False for hardware that this program has never heard of.
  public var isBoardKnown: Bool
  /// Major in the high byte, minor in the low one.
  public var version: UInt16
  public var patch: UInt16
  /// The first eight bytes of the image's SHA-256; 0 where it has no header.
  public var build: UInt64
  /// The slot of the boot loader that it runs from; `nil` without a boot loader.
  public var slot: UInt16?
  /// Bits of what the self-test found; 0 = good.
  public var selfTest: UInt16
  /// It has to prove itself yet, or the one before it comes back.
  public var isOnTrial: Bool
  /// Faults since power-on, and of the last one: cause, program counter, link register.
  public var faults: UInt16
  public var lastFault: UInt16
  public var programCounter: UInt32
  public var linkRegister: UInt32

  public init(
    board: UInt16, isBoardKnown: Bool, version: UInt16, patch: UInt16, build: UInt64, slot: UInt16?, selfTest: UInt16 = 0,
    isOnTrial: Bool = false, faults: UInt16 = 0, lastFault: UInt16 = 0, programCounter: UInt32 = 0, linkRegister: UInt32 = 0
  ) {
    self.board = board
    self.isBoardKnown = isBoardKnown
    self.version = version
    self.patch = patch
    self.build = build
    self.slot = slot
    self.selfTest = selfTest
    self.isOnTrial = isOnTrial
    self.faults = faults
    self.lastFault = lastFault
    self.programCounter = programCounter
    self.linkRegister = linkRegister
  }

  /// The self-test has not come to its end yet.
  public static let selfTestUnfinished: UInt16 = 0x8000

  /// What the finished part of the self-test found; 0 = nothing.
  public var selfTestFailures: UInt16 { selfTest & ~Self.selfTestUnfinished }

  /// It has just been started: what it says of itself will change within seconds or minutes.
  public var isUnsettled: Bool { isOnTrial || selfTest & Self.selfTestUnfinished != 0 }

  public var release: FirmwareRelease { FirmwareRelease(version: version, patch: patch, build: build) }

  /// Which firmware this is and on what: all but how it fares, which changes while it runs.
  public var image: DeviceFirmware {
    DeviceFirmware(board: board, isBoardKnown: isBoardKnown, version: version, patch: patch, build: build, slot: slot)
  }
}

/// Which firmware: `1.4.2 (build 0123456789abcdef)`.
public struct FirmwareRelease: Sendable, Equatable, Codable, CustomStringConvertible {
  /// Major in the high byte, minor in the low one.
  public var version: UInt16
  public var patch: UInt16
  public var build: UInt64

  public init(version: UInt16, patch: UInt16, build: UInt64) {
    self.version = version
    self.patch = patch
    self.build = build
  }

  /// `1.4.2`
  public var number: String { "\(version >> 8).\(version & 0xFF).\(patch)" }

  /// 16 hexadecimal digits.
  public var buildText: String {
    let digits = String(build, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  public var description: String { "\(number) (build \(buildText))" }

  /// By its number alone; two builds of one number are neither older nor newer.
  public func isOlder(than other: FirmwareRelease) -> Bool {
    (version, patch) < (other.version, other.patch)
  }
}
