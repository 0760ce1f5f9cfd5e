import CallPanelCodec
import Support

/// Why the processor last failed, in memory that no start clears: read and told to the host after the restart.
///
/// The first 16 words of the kept memory (common.ld), at the same place in every image of a board.
struct FaultRecord {
  enum Cause: UInt32 {
    case none = 0
    /// A trap of Swift (undefined instruction) or a hard fault.
    case trap = 1
    case bus = 2
    case usage = 3
    case memoryProtection = 4
    case watchdog = 5
    case stack = 6
  }

  static let words = 16
  private static let magic: UInt32 = 0x4641_554C

  /// Of the last fault since power-on.
  private(set) var cause = Cause.none
  private(set) var programCounter: UInt32 = 0
  private(set) var linkRegister: UInt32 = 0
  /// Faults since power-on.
  private(set) var count: UInt32 = 0
  /// What led to this start, when a fault or the program itself did: a `PanelResetCause`, else 0.
  private(set) var restart: UInt32 = 0

  /// What the kept memory holds; all 0 after a loss of power.
  init() {
    guard let at = FaultRecord.memory, at[0] == FaultRecord.magic, at[6] == FaultRecord.checksum(at) else { return }
    cause = Cause(rawValue: at[1]) ?? .trap
    programCounter = at[2]
    linkRegister = at[3]
    count = at[4]
    restart = at[5]
  }

  /// Memory was kept over the start, and no fault led to it: what an earlier start found good is good still.
  static var isCalmRestart: Bool {
    guard let at = FaultRecord.memory, at[0] == FaultRecord.magic, at[6] == FaultRecord.checksum(at) else { return false }
    return at[5] == 0 || at[5] == UInt32(PanelResetCause.software.rawValue)
  }

  /// The cause of this start; the hardware's own word counts where the record says nothing.
  var resetCause: PanelResetCause {
    PanelResetCause(rawValue: UInt8(truncatingIfNeeded: restart)) ?? .unknown
  }

  /// From here on a start that nobody asked for is not taken for the one before.
  mutating func noteStarted() {
    restart = 0
    store()
  }

  private func store() {
    guard let at = FaultRecord.memory else { return }
    at[0] = FaultRecord.magic
    at[1] = cause.rawValue
    at[2] = programCounter
    at[3] = linkRegister
    at[4] = count
    at[5] = restart
    at[6] = FaultRecord.checksum(at)
  }

  /// Keeps what failed and starts anew.
  static func restart(_ cause: Cause, programCounter: UInt32, linkRegister: UInt32) -> Never {
    var record = FaultRecord()
    record.cause = cause
    record.programCounter = programCounter
    record.linkRegister = linkRegister
    record.count = record.count == .max ? .max : record.count &+ 1
    record.restart = UInt32((cause == .watchdog ? PanelResetCause.watchdog : .fault).rawValue)
    record.store()
    Processor.restart()
  }

  /// A restart that the program wants: a new image, or back to the old one.
  static func restartAsAsked() -> Never {
    var record = FaultRecord()
    record.restart = UInt32(PanelResetCause.software.rawValue)
    record.store()
    Processor.restart()
  }

  private static var memory: UnsafeMutablePointer<UInt32>? { UnsafeMutablePointer(bitPattern: support_kept_start()) }

  private static func checksum(_ at: UnsafeMutablePointer<UInt32>) -> UInt32 {
    var sum: UInt32 = 0x1357_9BDF
    var index = 0
    while index < 6 {
      sum = (sum << 5 | sum >> 27) ^ at[index]
      index &+= 1
    }
    return sum
  }
}

/// Every fault and the watchdog's last warning end here, on a fresh stack (fault.c). `entry` is a `FaultRecord.Cause`.
@c(faultTaken) func faultTaken(_ entry: UInt32, _ programCounter: UInt32, _ linkRegister: UInt32) {
  var cause = FaultRecord.Cause(rawValue: entry) ?? .trap
  // The entry reads no frame that lies outside of the stack: then the stack is what failed.
  if programCounter == 0 && linkRegister == 0 { cause = .stack }
  #if !CORTEX_M0
    if cause == .trap {
      // CFSR (Armv7-M ARM B3.2.15): memory management, bus, usage from the lowest byte up. A trap of Swift is an undefined instruction.
      let status = Processor.CFSR.load()
      if status & 0x0000_1010 != 0 {
        cause = .stack
      } else if status & 0x0000_00FF != 0 {
        cause = .memoryProtection
      } else if status & 0x0000_FF00 != 0 {
        cause = .bus
      } else if status & 0xFFFE_0000 != 0 {
        cause = .usage
      }
      Processor.CFSR.store(status)
    }
  #endif
  FaultRecord.restart(cause, programCounter: programCounter, linkRegister: linkRegister)
}

/// An interrupt that nobody enabled came all the same: a defect, and recorded as one.
@c(unexpectedHandler) func unexpectedHandler() { FaultRecord.restart(.trap, programCounter: 1, linkRegister: 0) }
