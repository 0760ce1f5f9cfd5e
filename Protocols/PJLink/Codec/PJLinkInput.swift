import DeviceKit

/// Inputs by the names of the site file: `DIGITAL1` is `31`.
public enum PJLinkInput {
  public static let kinds = ["RGB", "VIDEO", "DIGITAL", "STORAGE", "NETWORK", "INTERNAL"]

  /// `nil` for what is no input's code. Letters are class 2's.
  public static func name(_ code: String) -> String? {
    let code = Array(code.uppercased().utf8)
    guard code.count == 2, (0x31...0x36).contains(code[0]), isNumber(code[1]) else { return nil }
    return kinds[Int(code[0] - 0x31)] + String(decoding: [code[1]], as: UTF8.self)
  }

  /// As it is told and shown. What is no input's code is `INPT=` and the projector's own word, at most 16 characters of it: whatever that
  /// is, it is no name of the site file, which a wish could have.
  public static func shown(_ value: String) -> String {
    if let known = name(value) { return known }
    var word = String.UnicodeScalarView()
    for scalar in value.unicodeScalars.prefix(16) where scalar.isPlainText && scalar.value >= 0x20 { word.append(scalar) }
    return "INPT=" + String(word)
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
