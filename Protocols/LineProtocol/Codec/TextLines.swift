import DeviceKit

/// Cuts a stream into lines at CR, LF or both (or another byte), of at most `limit` bytes. Empty lines are left out, spaces at both ends too.
public struct TextLines: Sendable {
  public enum Piece: Sendable, Equatable {
    case line([UInt8])
    /// Said once for each line that is too long; what follows up to its end is left out.
    case tooLong
  }

  private let limit: Int
  private let end: UInt8?
  private var line: [UInt8] = []
  private var isSkipping = false

  public init(limit: Int = 256, end: UInt8? = nil) {
    self.limit = limit
    self.end = end
  }

  /// What came of a line that is not ended yet.
  public var open: [UInt8] { line }

  public mutating func push(_ byte: UInt8) -> Piece? {
    if byte == 0x0D || byte == 0x0A || byte == end {
      defer {
        line.removeAll(keepingCapacity: true)
        isSkipping = false
      }
      let trimmed = line.trimmed
      return isSkipping || trimmed.isEmpty ? nil : .line(trimmed)
    }
    guard !isSkipping else { return nil }
    guard line.count < limit else {
      isSkipping = true
      line.removeAll(keepingCapacity: true)
      return .tooLong
    }
    line.append(byte)
    return nil
  }

  public mutating func startOver() {
    line.removeAll(keepingCapacity: true)
    isSkipping = false
  }
}

extension [UInt8] {
  /// Without spaces, tabs and zeros at both ends.
  public var trimmed: [UInt8] {
    func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0 }
    guard let first = firstIndex(where: { !isBlank($0) }), let last = lastIndex(where: { !isBlank($0) }) else { return [] }
    return Array(self[first...last])
  }

  /// What a device says, for people: at most `limit` characters, nothing that a terminal would obey.
  public func plainText(limit: Int = 40) -> String {
    String(String(decoding: self, as: UTF8.self).unicodeScalars.lazy.filter(\.isPlainText).prefix(limit).map(Character.init))
  }
}

/// What came of something whose end is not known: whether it begins as a device of a certain kind begins.
extension Collection<UInt8> {
  /// Whether `word` stands at the beginning: all of it, or as much as there is here, two bytes at least.
  public func begins(as word: some Collection<UInt8>) -> Bool { count >= 2 && zip(self, word).allSatisfy(==) }

  /// Cut at CR and LF, without empty ones; the last may go on.
  public var textLines: [SubSequence] { split { $0 == 0x0D || $0 == 0x0A } }
}
