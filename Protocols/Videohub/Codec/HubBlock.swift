import DeviceKit
import LineProtocolCodec

/// A header, lines below it, an empty line: all that goes over the wire, both ways. `ACK` and `NAK` are headers without a colon and without
/// lines.
public struct HubBlock: Sendable, Equatable {
  public var header: String
  public var lines: [String]

  public static let ack = HubBlock("ACK")
  public static let nak = HubBlock("NAK")
  public static let ping = HubBlock("PING")
  public static let routing = "VIDEO OUTPUT ROUTING"
  public static let preamble = "PROTOCOL PREAMBLE"
  public static let device = "VIDEOHUB DEVICE"
  public static let locks = "VIDEO OUTPUT LOCKS"
  public static let inputLabels = "INPUT LABELS"
  public static let outputLabels = "OUTPUT LABELS"
  public static let configuration = "CONFIGURATION"
  public static let endPrelude = "END PRELUDE"

  public init(_ header: String, _ lines: [String] = []) {
    self.header = header
    self.lines = lines
  }

  /// The hub counts from 0, we from 1.
  public static func routing(_ routes: [MatrixRoute]) -> HubBlock {
    HubBlock(routing, routes.compactMap { $0.output > 0 && $0.input > 0 ? "\($0.output - 1) \($0.input - 1)" : nil })
  }

  public var bytes: [UInt8] {
    let isAnswer = self == .ack || self == .nak
    var text = header + (isAnswer ? "\n" : ":\n")
    for line in lines { text += line + "\n" }
    return Array((text + "\n").utf8)
  }

  /// `index text` of each line that is one; labels contain spaces.
  public var entries: [(index: UInt16, text: Substring)] {
    lines.compactMap { line in
      let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, let index = UInt16(parts[0]) else { return nil }
      return (index, parts[1])
    }
  }

  /// Of a routing block; lines that are none are left out.
  public var routes: [MatrixRoute] {
    entries.compactMap { index, text in
      guard let input = UInt16(text), input < .max, index < .max else { return nil }
      return MatrixRoute(index + 1, from: input + 1)
    }
  }

  /// What stands behind `key: `; `nil` without such a line.
  public func value(_ key: String) -> String? {
    for line in lines where line.hasPrefix(key + ":") {
      return String(decoding: Array(line.utf8.dropFirst(key.utf8.count + 1)).trimmed, as: UTF8.self)
    }
    return nil
  }
}

/// Finds blocks in a stream, and its beginning again after what is none.
public struct HubBlockDecoder: Sendable {
  public enum Piece: Sendable, Equatable {
    case block(HubBlock)
    /// A line outside of a block, or a block that another one cut off.
    case stray
    /// A line without an end, or a block with too many lines.
    case tooLong
  }

  /// A hub with 288 outputs sends as many lines.
  public static let lineLimit = 2_048
  public static let byteLimit = 512

  private var line: [UInt8] = []
  private var block: HubBlock?
  /// Until the next empty line everything belongs to something that was not understood.
  private var isSkipping = false
  private var isLineTooLong = false

  public init() {}

  public mutating func push(_ byte: UInt8, into pieces: inout [Piece]) {
    guard byte == 0x0A else {
      guard !isLineTooLong else { return }
      guard line.count < Self.byteLimit else {
        isLineTooLong = true
        block = nil
        return pieces.append(.tooLong)
      }
      return line.append(byte)
    }
    defer {
      line.removeAll(keepingCapacity: true)
      isLineTooLong = false
    }
    if isLineTooLong {
      isSkipping = true
    } else {
      take(line.trimmed.filter { $0 != 0x0D }, into: &pieces)
    }
  }

  private mutating func take(_ line: [UInt8], into pieces: inout [Piece]) {
    guard !line.isEmpty else {
      isSkipping = false
      if let ended = block.take() { pieces.append(.block(ended)) }
      return
    }
    // No line below a header looks like one: labels begin with a number, keys have small letters.
    if let header = Self.header(line) {
      if block != nil { pieces.append(.stray) }
      block = HubBlock(header)
      isSkipping = false
      return
    }
    guard !isSkipping else { return }
    guard let open = block else {
      isSkipping = true
      return pieces.append(.stray)
    }
    guard open.lines.count < Self.lineLimit else {
      block = nil
      isSkipping = true
      return pieces.append(.tooLong)
    }
    block?.lines.append(String(decoding: line, as: UTF8.self))
  }

  private static func header(_ line: [UInt8]) -> String? {
    if line == Array("ACK".utf8) || line == Array("NAK".utf8) { return String(decoding: line, as: UTF8.self) }
    guard line.last == 0x3A, line.count > 1, (0x41...0x5A).contains(line[0]) else { return nil }
    let name = line.dropLast()
    // `END PRELUDE`, `VIDEO OUTPUT ROUTING`, and whatever comes with new models.
    guard name.allSatisfy({ (0x41...0x5A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x20 }) else { return nil }
    return String(decoding: name, as: UTF8.self)
  }

  public mutating func startOver() { self = HubBlockDecoder() }
}
