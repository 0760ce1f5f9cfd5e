import CallPanelCodec
import DeviceKit
import FirmwareUpdateCodec
import FirmwareUpdateDeviceModel
import ModbusRTUCodec

// Firmware update as registers (Protocols/FirmwareUpdate/README.md): each block counts only whole, so its values are staged first.
extension PanelCore {
  static func isWholeUpdate(_ start: UInt16, _ count: UInt16) -> Bool {
    switch start {
    case UpdateMap.begin: count == UpdateMap.beginCount
    case UpdateMap.block: count == UpdateMap.blockCount
    case UpdateMap.order: count == UpdateMap.orderCount
    default: false
    }
  }

  /// Asked for each register of a whole block.
  mutating func checkUpdate(_ address: UInt16, _ value: UInt16) throws(ModbusException) {
    switch address {
    case UpdateMap.block:
      let status = update.status
      guard status.state == .receiving, value <= status.nextBlock, value < status.blocks else { throw .illegalDataValue }
      guard value < status.nextBlock || update.isReady else { throw .busy }
    case UpdateMap.order &+ 2:
      guard UpdateCommand(rawValue: value) != nil else { throw .illegalDataValue }
    default: break
    }
  }

  mutating func stageUpdate(_ address: UInt16, _ value: UInt16) {
    let start = address >= UpdateMap.order ? UpdateMap.order : address >= UpdateMap.block ? UpdateMap.block : UpdateMap.begin
    let place = Int(address &- start) &* 2
    updateStage[place] = UInt8(truncatingIfNeeded: value >> 8)
    updateStage[place &+ 1] = UInt8(truncatingIfNeeded: value)
  }

  // Not inlined: the header of a beginning update is the one big value that a request copies.
  @inline(never) mutating func obeyUpdate(_ start: UInt16) {
    switch start {
    case UpdateMap.begin:
      guard isForThisUnit() else { return }
      var header = FixedBytes<128>()
      header.append(from: &updateStage, at: 4, length: 128)
      update.begin(header, at: now)
    case UpdateMap.block:
      var block = FixedBytes<64>()
      block.append(from: &updateStage, at: 2, length: 64)
      _ = update.take(updateStage.word(at: 0), &block, at: now)
    case UpdateMap.order:
      guard isForThisUnit(), let command = UpdateCommand(rawValue: updateStage.word(at: 4)) else { return }
      update.order(command, at: now)
    default: break
    }
  }

  private mutating func isForThisUnit() -> Bool {
    UInt32(updateStage.word(at: 0)) << 16 | UInt32(updateStage.word(at: 2)) == unit
  }

  /// "major.minor.patch" in digits, as the identification tells it.
  mutating func composeVersion() {
    versionText.removeAll()
    appendDecimal(about.version >> 8)
    versionText.append(0x2E)
    appendDecimal(about.version & 0xFF)
    versionText.append(0x2E)
    appendDecimal(about.patch)
  }

  private mutating func appendDecimal(_ number: UInt16) {
    var rest = number
    var unit: UInt16 = 10_000
    var begun = false
    while unit > 0 {
      var digit: UInt8 = 0
      while rest >= unit {
        rest &-= unit
        digit &+= 1
      }
      if digit > 0 || begun || unit == 1 {
        versionText.append(0x30 &+ digit)
        begun = true
      }
      unit /= 10
    }
  }
}

extension FirmwareAbout {
  /// The version of this logic; an image's header may tell a later one.
  public static let ownVersion: UInt16 = 0x0101

  /// A panel without a header or a boot loader.
  public static var bare: FirmwareAbout {
    var about = FirmwareAbout()
    about.board = PanelBoard.simulated.rawValue
    about.version = ownVersion
    return about
  }

  /// What the header of the image in `slot` says of it.
  public init(_ header: inout ImageHeader, slot: UInt16) {
    self.init()
    board = header.board
    version = header.version
    patch = header.patch
    self.slot = slot
    var index = 0
    while index < 8 {
      buildID = buildID << 8 | UInt64(header.hashByte(index))
      index &+= 1
    }
  }
}
