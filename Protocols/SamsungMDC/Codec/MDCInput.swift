/// The inputs of a panel by the names of the site file.
public enum MDCInput {
  /// In rising order of the codes; where two codes are one input, the one that can be set.
  public static let names: [(code: UInt8, name: String)] = [
    (0x04, "S-VIDEO"), (0x08, "COMPONENT"), (0x0C, "AV"), (0x0D, "AV2"), (0x0E, "SCART"), (0x14, "PC"), (0x18, "DVI"),
    (0x1E, "BNC"),
    (0x20, "MAGICINFO"), (0x21, "HDMI1"), (0x23, "HDMI2"), (0x25, "DP1"), (0x26, "DP2"), (0x27, "DP3"), (0x30, "RF"),
    (0x31, "HDMI3"), (0x33, "HDMI4"), (0x40, "DTV"), (0x50, "PLUGIN"), (0x55, "HDBASET"), (0x56, "OCM"), (0x60, "MAGICINFO-S"),
    (0x61, "WIDI"), (0x62, "USB"), (0x63, "URL"), (0x64, "IWB"), (0x65, "BROWSER"), (0x66, "WORKSPACE"),
  ]

  /// Codes that are told when another one was set: the same socket with a PC's timing.
  public static func canonical(_ code: UInt8) -> UInt8 {
    switch code {
    case 0x1F: 0x18
    case 0x22: 0x21
    case 0x24: 0x23
    case 0x32: 0x31
    case 0x34: 0x33
    default: code
    }
  }

  /// A code without a name is `0x7A`.
  public static func name(_ code: UInt8) -> String {
    let code = canonical(code)
    if let known = names.first(where: { $0.code == code }) { return known.name }
    let digits = String(code, radix: 16, uppercase: true)
    return "0x" + (digits.count < 2 ? "0" : "") + digits
  }

  /// `nil` for anything that `name` does not say.
  public static func code(_ name: String) -> UInt8? {
    if let known = names.first(where: { $0.name == name }) { return known.code }
    guard name.hasPrefix("0x"), let code = UInt8(name.dropFirst(2), radix: 16), Self.name(code) == name else { return nil }
    return code
  }
}
