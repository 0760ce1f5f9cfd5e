import DeviceVocabulary
import FirmwareUpdateCodec
import Station

/// What a panel says of itself, for the terminal.
public enum PanelText {
  /// `固件 1.2.3 (build …) 硬件 microbit 分区 0`, and what is not as it should be.
  public static func line(_ identity: DeviceIdentity) -> String {
    guard let about = identity.about else {
      return "固件 / firmware \(identity.firmware.isEmpty ? "-" : identity.firmware) (协议 / map \(map(identity)))"
    }
    let slot = about.slot.map { "分区 / slot \($0)" } ?? "无引导程序 / no boot loader"
    return (["固件 / firmware \(about.release)", "硬件 / board \(board(about.board))", slot] + remarks(identity)).joined(
      separator: ", ")
  }

  /// All that is known, a line each.
  public static func table(_ identity: DeviceIdentity) -> String {
    var lines = [
      "机身号 / unit: \(unit(identity.unit))",
      "型号 / product: \(identity.vendor) \(identity.product), 按钮 / buttons \(identity.buttons)",
      "协议 / map: \(map(identity))",
    ]
    if let about = identity.about {
      lines += [
        "固件 / firmware: \(about.release)", "硬件 / board: \(board(about.board))",
        "分区 / slot: " + (about.slot.map { "\($0)" } ?? "无引导程序,不能从总线更新 / no boot loader: no update over the bus"),
        "自检 / self-test: \(FirmwareTexts.selfTest(about).both)",
        "试运行 / on trial: \(about.isOnTrial ? "是 / yes" : "否 / no")", "故障记录 / faults: \(FirmwareTexts.fault(about).both)",
      ]
    } else {
      lines.append("固件 / firmware: \(identity.firmware.isEmpty ? "-" : identity.firmware) (这台面板不说更多 / this panel says no more)")
    }
    return lines.map { "  \($0)\n" }.joined()
  }

  /// What is not as it should be; empty when all is well.
  public static func remarks(_ identity: DeviceIdentity) -> [String] {
    var found: [String] = []
    if identity.isOfUnknownProtocol == true { found.append("协议版本不认识 / unknown map \(map(identity))") }
    guard let about = identity.about else { return found }
    if !about.isBoardKnown { found.append("硬件不认识 / unknown board") }
    if about.selfTestFailures != 0 { found.append("自检没有通过 / self-test failed: \(FirmwareTexts.selfTest(about).both)") }
    if about.isOnTrial { found.append("试运行,未确认 / on trial, not confirmed") }
    return found
  }

  /// As the desk writes it and as the boards' manuals do: `1001 (0x000003E9)`.
  public static func unit(_ number: UInt32) -> String {
    let digits = String(number, radix: 16, uppercase: true)
    return "\(number) (0x\(String(repeating: "0", count: 8 - digits.count))\(digits))"
  }

  public static func board(_ number: UInt16) -> String { PanelBoard(rawValue: number).map { "\($0)" } ?? "\(number)" }

  private static func map(_ identity: DeviceIdentity) -> String {
    "\(identity.protocolVersion >> 8).\(identity.protocolVersion & 0xFF)"
  }
}
