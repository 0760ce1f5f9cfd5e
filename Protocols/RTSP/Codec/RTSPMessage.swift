/// RFC 2326: text lines with CRLF, an empty line, and as many bytes as `Content-Length` says.
public struct RTSPRequest: Sendable, Equatable {
  public var method: String
  public var uri: String
  public var headers: [RTSPHeader]

  public init(_ method: String, _ uri: String, _ headers: [RTSPHeader]) {
    self.method = method
    self.uri = uri
    self.headers = headers
  }

  public var bytes: [UInt8] {
    Array((["\(method) \(uri) RTSP/1.0"] + headers.map { "\($0.name): \($0.value)" }).joined(separator: "\r\n").utf8)
      + Array("\r\n\r\n".utf8)
  }

  public subscript(name: String) -> String? { headers.value(name) }
}

public struct RTSPResponse: Sendable, Equatable {
  public var status: Int
  public var reason: String
  public var headers: [RTSPHeader]
  public var body: [UInt8]

  public init(_ status: Int, _ reason: String, _ headers: [RTSPHeader] = [], body: [UInt8] = []) {
    self.status = status
    self.reason = reason
    self.headers = headers
    self.body = body
  }

  public var bytes: [UInt8] {
    let length = body.isEmpty ? [] : [RTSPHeader("Content-Length", "\(body.count)")]
    let lines = ["RTSP/1.0 \(status) \(reason)"] + (headers + length).map { "\($0.name): \($0.value)" }
    return Array(lines.joined(separator: "\r\n").utf8) + Array("\r\n\r\n".utf8) + body
  }

  public subscript(name: String) -> String? { headers.value(name) }
}

public struct RTSPHeader: Sendable, Equatable {
  public var name: String
  public var value: String

  public init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

extension [RTSPHeader] {
  /// Names are the same in any case.
  public func value(_ name: String) -> String? { first { $0.name.lowercased() == name.lowercased() }?.value }
}

/// The channels of a `Transport` line, `RTP/AVP/TCP;unicast;interleaved=0-1` (RFC 2326, 12.39).
public struct InterleavedChannels: Sendable, Equatable {
  public var pictures: UInt8

  /// `nil`: the line names none that there is.
  public init?(_ transport: String) {
    let parts = transport.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
    guard let part = parts.first(where: { $0.lowercased().hasPrefix("interleaved=") }),
      let first = UInt8(part.drop { $0 != "=" }.dropFirst().prefix { $0 != "-" })
    else { return nil }
    pictures = first
  }
}

/// One thing that arrives.
public enum RTSPPiece: Sendable, Equatable {
  case request(RTSPRequest)
  case response(RTSPResponse)
  /// `$`, channel, length: a packet of the stream itself. Its bytes are not kept.
  case packet(channel: UInt8, length: Int)
  /// Not RTSP, or longer than anything that is spoken here.
  case garbage
}

/// Cuts what arrives into messages and packets, in bounded memory. After garbage nothing more is understood until it starts over: there is
/// no mark to find the next message by.
public struct RTSPReader: Sendable {
  public static let headLimit = 8_192
  public static let bodyLimit = 65_536

  private enum State {
    case between
    case head([UInt8])
    case body(RTSPPiece, missing: Int, [UInt8])
    case packetHead([UInt8])
    case packet(channel: UInt8, length: Int, missing: Int)
    case lost
  }
  private var state = State.between

  public init() {}

  public mutating func startOver() { state = .between }

  public mutating func push(_ bytes: some Sequence<UInt8>) -> [RTSPPiece] {
    var pieces: [RTSPPiece] = []
    for byte in bytes { if let piece = push(byte) { pieces.append(piece) } }
    return pieces
  }

  private mutating func push(_ byte: UInt8) -> RTSPPiece? {
    switch state {
    case .lost: return nil
    case .between:
      // An empty line between messages is allowed.
      if byte == 0x0D || byte == 0x0A { return nil }
      state = byte == 0x24 ? .packetHead([]) : .head([byte])
      return nil
    case .packetHead(var head):
      head.append(byte)
      guard head.count == 3 else {
        state = .packetHead(head)
        return nil
      }
      let length = Int(head[1]) << 8 | Int(head[2])
      state = length == 0 ? .between : .packet(channel: head[0], length: length, missing: length)
      return length == 0 ? .packet(channel: head[0], length: 0) : nil
    case .packet(let channel, let length, let missing):
      state = missing == 1 ? .between : .packet(channel: channel, length: length, missing: missing - 1)
      return missing == 1 ? .packet(channel: channel, length: length) : nil
    case .head(var head):
      state = .lost
      head.append(byte)
      guard head.count <= Self.headLimit else { return .garbage }
      guard byte == 0x0A, head.suffix(4) == [13, 10, 13, 10] || head.suffix(2) == [10, 10] else {
        state = .head(head)
        return nil
      }
      return opened(head)
    case .body(let piece, let missing, var body):
      state = .lost
      body.append(byte)
      guard missing == 1 else {
        state = .body(piece, missing: missing - 1, body)
        return nil
      }
      state = .between
      if case .response(var response) = piece {
        response.body = body
        return .response(response)
      }
      return piece
    }
  }

  private mutating func opened(_ head: [UInt8]) -> RTSPPiece? {
    guard let piece = Self.message(head) else { return .garbage }
    let headers: [RTSPHeader]
    switch piece {
    case .request(let request): headers = request.headers
    case .response(let response): headers = response.headers
    default: return .garbage
    }
    let length = headers.value("Content-Length")
    guard let count = length.map({ Int($0) ?? -1 }) ?? 0 as Int?, (0...Self.bodyLimit).contains(count) else { return .garbage }
    state = count == 0 ? .between : .body(piece, missing: count, [])
    return count == 0 ? piece : nil
  }

  private static func message(_ head: [UInt8]) -> RTSPPiece? {
    let lines = head.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }).map { String(decoding: $0, as: UTF8.self) }
    guard let first = lines.first else { return nil }
    var headers: [RTSPHeader] = []
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { return nil }
      let value = line[line.index(after: colon)...]
      headers.append(RTSPHeader(String(line[..<colon]), String(value.drop { $0 == " " || $0 == "\t" })))
    }
    let words = first.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
    guard words.count >= 2 else { return nil }
    if words[0].hasPrefix("RTSP/") {
      guard words[1].utf8.count == 3, let status = Int(words[1]), (100..<600).contains(status) else { return nil }
      return .response(RTSPResponse(status, words.count > 2 ? words[2] : "", headers))
    }
    guard words.count == 3, words[2].hasPrefix("RTSP/"), !words[0].isEmpty, words[0].allSatisfy({ $0.isUppercase || $0 == "_" })
    else { return nil }
    return .request(RTSPRequest(words[0], words[1], headers))
  }
}
