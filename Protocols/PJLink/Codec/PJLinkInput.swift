/// Inputs by the names of the site file: `DIGITAL1` is `31`.
public enum PJLinkInput {
  public static let kinds = ["RGB", "VIDEO", "DIGITAL", "STORAGE", "NETWORK", "INTERNAL"]

  /// `nil` for what is no input's code. Letters are class 2's.
  public static func name(_ code: String) -> String? {
    let code = Array(code.uppercased().utf8)
    guard code.count == 2, (0x31...0x36).contains(code[0]), isNumber(code[1]) else { return nil }
    return kinds[Int(code[0] - 0x31)] + String(decoding: [code[1]], as: UTF8.self)
  }

  public static func code(_ name: String) -> String? {
    for (at, kind) in kinds.enumerated() where name.hasPrefix(kind) {
      let rest = Array(name.utf8.dropFirst(kind.utf8.count))
      guard rest.count == 1, isNumber(rest[0]) else { return nil }
      return "\(at + 1)" + String(decoding: rest, as: UTF8.self)
    }
    return nil
  }

  /// Class 1 knows five kinds, and numbers only.
  public static func needsClass2(_ code: String) -> Bool {
    code.hasPrefix("6") || code.utf8.last.map { !(0x31...0x39).contains($0) } ?? false
  }

  private static func isNumber(_ byte: UInt8) -> Bool { (0x31...0x39).contains(byte) || (0x41...0x5A).contains(byte) }
}
