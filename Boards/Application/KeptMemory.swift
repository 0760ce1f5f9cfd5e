import CallPanelDeviceModel
import DeviceKit
import FirmwareUpdateCodec
import FirmwareUpdateDeviceModel
import Support

/// The cells that survive a reset, behind the fault record (common.ld). Each is written at once and in order, as a register is.
struct KeptMemory: KeptCells {
  private static let cells = 0x480 / 4 - FaultRecord.words

  mutating func cell(_ index: Int) -> UInt32 {
    index >= 0 && index < KeptMemory.cells ? KeptMemory.place(index).load() : 0
  }

  mutating func setCell(_ index: Int, _ value: UInt32) {
    if index >= 0 && index < KeptMemory.cells { KeptMemory.place(index).store(value) }
  }

  private static func place(_ index: Int) -> Register {
    register(support_kept_start() &+ UInt(truncatingIfNeeded: FaultRecord.words &+ index) << 2)
  }
}

/// The image that runs: its header lies in front of it.
enum Image {
  static func about<Memory: BoardMemory>(in memory: inout Memory) -> FirmwareAbout {
    let header = UInt32(truncatingIfNeeded: support_image_start()) &- ImageHeader.payloadOffset
    var bytes = FixedBytes<128>()
    while bytes.count < ImageHeader.length { bytes.append(memory.read(header &+ UInt32(truncatingIfNeeded: bytes.count))) }
    let slot: UInt16 = header == Memory.layout.slot1 ? 1 : 0
    if var found = ImageHeader(bytes) { return FirmwareAbout(&found, slot: slot) }
    // Put into the flash without a header: by a debugger.
    var about = FirmwareAbout()
    about.board = Memory.kind.rawValue
    about.version = FirmwareAbout.ownVersion
    about.slot = slot
    return about
  }
}
