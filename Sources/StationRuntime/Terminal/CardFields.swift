import DeviceVocabulary
import ResidentCardCodec

/// The fields of a card as JSON, `{"name":"…","number":"…","address":"…"}`, written byte for byte from one locked buffer into another: no
/// string of it is ever made.
enum CardFields {
  /// 35 characters of up to three bytes, twice, and the names; what is longer than a field is not on any card.
  static let capacity = 768

  /// - Parameter target: erased first. `false`: it was too small, and holds nothing.
  static func write(_ content: SecretBuffer, newestAddress: SecretBuffer?, into target: SecretBuffer) -> Bool {
    target.wipe()
    guard let text = CardText(content) else { return false }
    var writer = Writer(target: target)
    writer.put("{\"name\":\"")
    var hasName = false
    text.forEachCharacter(of: .name) { _ in hasName = true }
    text.forEachCharacter(of: hasName ? .name : .latinName) { writer.put($0) }
    writer.put("\",\"number\":\"")
    text.forEachCharacter(of: .number) { writer.put($0) }
    writer.put("\",\"address\":\"")
    if let newestAddress, !newestAddress.isEmpty {
      CardText.forEachCharacter(ofAddress: newestAddress) { writer.put($0) }
    } else {
      text.forEachCharacter(of: .address) { writer.put($0) }
    }
    writer.put("\"}")
    if !writer.fits { target.wipe() }
    return writer.fits
  }

  private struct Writer {
    let target: SecretBuffer
    var fits = true

    mutating func put(_ literal: StaticString) {
      for index in 0..<literal.utf8CodeUnitCount { put(byte: literal.utf8Start[index]) }
    }

    mutating func put(_ scalar: Unicode.Scalar) {
      if scalar == "\"" || scalar == "\\" { put(byte: UInt8(ascii: "\\")) }
      for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter { put(byte: byte) }
    }

    mutating func put(byte: UInt8) { if !target.append(byte) { fits = false } }
  }
}
