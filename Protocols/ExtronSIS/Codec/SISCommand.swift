import DeviceKit
import LineProtocolCodec

/// What is said to a unit. Most commands end with their verb; those that begin with ESC end with CR.
public enum SISCommand: Sendable, Equatable {
  case tie(MatrixRoute, SISLayer)
  /// All at once.
  case quick([MatrixRoute], SISLayer)
  case tieOfAll(input: UInt16, SISLayer)
  case readTie(output: UInt16, SISLayer)
  case verbose(UInt8)
  case information, partNumber, firmware
  case unknown

  public var bytes: [UInt8] {
    switch self {
    case .tie(let route, let layer): tie(route, layer)
    case .quick(let routes, let layer): [0x1B] + Array("+Q".utf8) + routes.flatMap { tie($0, layer) } + [0x0D]
    case .tieOfAll(let input, let layer): decimal(input) + [0x2A, layer.verb]
    case .readTie(let output, let layer): decimal(output) + [layer.verb]
    case .verbose(let level): [0x1B] + decimal(UInt16(level)) + Array("CV".utf8) + [0x0D]
    case .information: [0x49]
    case .partNumber: [0x4E]
    case .firmware: [0x51]
    case .unknown: []
    }
  }

  private func tie(_ route: MatrixRoute, _ layer: SISLayer) -> [UInt8] {
    decimal(route.input) + [0x2A] + decimal(route.output) + [layer.verb]
  }
}

/// Finds commands in what a unit receives. CR and LF between them are nothing: some programs end each command so.
public struct SISCommandDecoder: Sendable {
  static let limit = 512
  private var bytes: [UInt8] = []

  public init() {}

  public mutating func startOver() { bytes = [] }

  public mutating func push(_ byte: UInt8) -> SISCommand? {
    if let first = bytes.first, first == 0x1B {
      guard byte == 0x0D || byte == 0x7C else {
        if bytes.count < Self.limit { bytes.append(byte) }
        return nil
      }
      defer { bytes = [] }
      return escape(Array(bytes.dropFirst()))
    }
    switch byte {
    case 0x0D, 0x0A:
      defer { bytes = [] }
      return bytes.isEmpty ? nil : .unknown
    case 0x1B:
      bytes = [byte]
      return nil
    // Digits and what stands between them.
    case 0x30...0x39, 0x2A:
      if bytes.count < Self.limit { bytes.append(byte) }
      return nil
    default:
      defer { bytes = [] }
      return plain(bytes, byte)
    }
  }

  private func plain(_ before: [UInt8], _ verb: UInt8) -> SISCommand {
    let parts = String(decoding: before, as: UTF8.self).split(separator: "*", omittingEmptySubsequences: false)
    if let layer = SISLayer(verb: verb), let first = decimalNumber(parts[0]) {
      switch parts.count {
      case 1: return .readTie(output: first, layer)
      case 2 where parts[1].isEmpty: return .tieOfAll(input: first, layer)
      case 2: return decimalNumber(parts[1]).map { .tie(MatrixRoute($0, from: first), layer) } ?? .unknown
      default: return .unknown
      }
    }
    guard before.isEmpty else { return .unknown }
    switch verb {
    case 0x49, 0x69: return .information
    case 0x4E, 0x6E: return .partNumber
    case 0x51, 0x71: return .firmware
    default: return .unknown
    }
  }

  private func escape(_ body: [UInt8]) -> SISCommand {
    if body.starts(with: Array("+Q".utf8)) || body.starts(with: Array("+q".utf8)) { return quick(Array(body.dropFirst(2))) }
    let text = String(decoding: body, as: UTF8.self).lowercased()
    guard text.hasSuffix("cv"), let level = decimalNumber(text.dropLast(2)), level <= 3 else { return .unknown }
    return .verbose(UInt8(level))
  }

  private func quick(_ body: [UInt8]) -> SISCommand {
    var routes: [MatrixRoute] = []
    var layers: Set<SISLayer> = []
    var inner = SISCommandDecoder()
    for byte in body {
      switch inner.push(byte) {
      case .tie(let route, let layer)?:
        routes.append(route)
        layers.insert(layer)
      case nil: break
      default: return .unknown
      }
    }
    // One layer in this project; mixed ones are made as picture and sound together.
    guard inner.bytes.isEmpty, !routes.isEmpty else { return .unknown }
    return .quick(routes, layers.count == 1 ? layers.first ?? .all : .all)
  }
}
