/// One line of a message's head.
public struct WebHeader: Sendable, Equatable {
  public var name: String
  public var value: String

  public init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

extension [WebHeader] {
  /// Names are the same in any case.
  public func value(_ name: String) -> String? { first { $0.name.lowercased() == name.lowercased() }?.value }
}

/// HTTP/1.1 as far as SOAP needs it: one request on a connection, one answer.
public struct WebRequest: Sendable, Equatable {
  public var method: String
  public var path: String
  public var headers: [WebHeader]
  public var body: [UInt8]

  public init(_ method: String, _ path: String, _ headers: [WebHeader] = [], body: [UInt8] = []) {
    self.method = method
    self.path = path
    self.headers = headers
    self.body = body
  }

  public var bytes: [UInt8] {
    let lines = ["\(method) \(path) HTTP/1.1"] + headers.map { "\($0.name): \($0.value)" } + ["Content-Length: \(body.count)"]
    return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body
  }
}

public struct WebResponse: Sendable, Equatable {
  public var status: Int
  public var reason: String
  public var headers: [WebHeader]
  public var body: [UInt8]

  public init(_ status: Int, _ reason: String, _ headers: [WebHeader] = [], body: [UInt8] = []) {
    self.status = status
    self.reason = reason
    self.headers = headers
    self.body = body
  }

  public var bytes: [UInt8] {
    let lines =
      ["HTTP/1.1 \(status) \(reason)"] + headers.map { "\($0.name): \($0.value)" } + ["Content-Length: \(body.count)"]
    return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body
  }

  /// The same in pieces, as servers send that do not know its length before.
  public func chunked(size: Int) -> [UInt8] {
    let lines = ["HTTP/1.1 \(status) \(reason)"] + headers.map { "\($0.name): \($0.value)" } + ["Transfer-Encoding: chunked"]
    var written = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    for start in stride(from: 0, to: body.count, by: max(1, size)) {
      let piece = body[start..<min(start + max(1, size), body.count)]
      written += Array("\(String(piece.count, radix: 16));a=b\r\n".utf8) + piece + [13, 10]
    }
    return written + Array("0\r\n\r\n".utf8)
  }
}

/// What arrives on one side of a connection.
public enum WebPiece: Sendable, Equatable {
  case request(WebRequest)
  case response(WebResponse)
  /// No HTTP, or longer than anything that is spoken here.
  case garbage
}

/// Cuts what arrives into messages, in bounded memory. After garbage nothing more is understood until it starts over.
public struct WebReader: Sendable {
  public static let headLimit = 16_384
  public static let bodyLimit = SOAPReader.sizeLimit

  private enum State: Equatable {
    case head
    case body(missing: Int)
    /// The answer is over when the connection is.
    case toTheEnd
    case chunkSize
    case chunk(missing: Int)
    /// The line's end behind a piece.
    case chunkEnd
    case trailer(lines: Int)
    case lost
  }
  private var state = State.head
  /// The head, or a line within the body.
  private var line: [UInt8] = []
  private var body: [UInt8] = []
  /// Of which the head has been read.
  private var begun = WebPiece.garbage

  public init() {}

  public mutating func startOver() { self = WebReader() }

  public mutating func push(_ bytes: some Sequence<UInt8>) -> [WebPiece] {
    var pieces: [WebPiece] = []
    for byte in bytes { if let piece = push(byte) { pieces.append(piece) } }
    return pieces
  }

  /// The connection is over: an answer without a length is whole then.
  public mutating func ended() -> WebPiece? {
    defer { state = .lost }
    return state == .toTheEnd ? whole() : nil
  }

  private mutating func garbage() -> WebPiece {
    state = .lost
    line = []
    body = []
    return .garbage
  }

  private mutating func push(_ byte: UInt8) -> WebPiece? {
    switch state {
    case .lost: return nil
    case .head:
      // An empty line before a message is allowed.
      if line.isEmpty, byte == 13 || byte == 10 { return nil }
      line.append(byte)
      guard line.count <= Self.headLimit else { return garbage() }
      guard byte == 10, line.suffix(4) == [13, 10, 13, 10] || line.suffix(2) == [10, 10] else { return nil }
      return opened()
    case .body(let missing):
      body.append(byte)
      state = .body(missing: missing - 1)
      return missing == 1 ? whole() : nil
    case .toTheEnd:
      body.append(byte)
      return body.count <= Self.bodyLimit ? nil : garbage()
    case .chunkSize:
      guard byte == 10 else {
        line.append(byte)
        return line.count <= 100 ? nil : garbage()
      }
      return chunkBegins()
    case .chunk(let missing):
      body.append(byte)
      state = missing == 1 ? .chunkEnd : .chunk(missing: missing - 1)
    case .chunkEnd:
      guard byte == 13 || byte == 10 else { return garbage() }
      if byte == 10 { state = .chunkSize }
    case .trailer(let lines):
      if byte == 13 { return nil }
      guard byte == 10 else {
        line.append(byte)
        return line.count <= 1_000 ? nil : garbage()
      }
      if line.isEmpty { return whole() }
      line = []
      guard lines < 20 else { return garbage() }
      state = .trailer(lines: lines + 1)
    }
    return nil
  }

  private mutating func chunkBegins() -> WebPiece? {
    let digits = String(decoding: line.prefix { $0 != UInt8(ascii: ";") && $0 != 13 && $0 != 32 }, as: UTF8.self)
    line = []
    guard (1...6).contains(digits.utf8.count), digits.utf8.allSatisfy({ $0 != 0x2B && $0 != 0x2D }),
      let size = Int(digits, radix: 16), body.count + size <= Self.bodyLimit
    else { return garbage() }
    state = size == 0 ? .trailer(lines: 0) : .chunk(missing: size)
    return nil
  }

  private mutating func whole() -> WebPiece? {
    defer { startOver() }
    switch begun {
    case .request(var request):
      request.body = body
      return .request(request)
    case .response(var response):
      response.body = body
      return .response(response)
    case .garbage: return .garbage
    }
  }

  private mutating func opened() -> WebPiece? {
    guard let piece = Self.message(line) else { return garbage() }
    line = []
    let headers: [WebHeader]
    switch piece {
    case .request(let request): headers = request.headers
    case .response(let response):
      // "Go on": the answer itself is still to come.
      if (100..<200).contains(response.status) { return nil }
      headers = response.headers
    case .garbage: return garbage()
    }
    begun = piece
    if headers.value("Transfer-Encoding")?.lowercased().contains("chunked") == true {
      state = .chunkSize
      return nil
    }
    guard let text = headers.value("Content-Length") else {
      guard case .response(let response) = piece, response.status != 204 else { return whole() }
      state = .toTheEnd
      return nil
    }
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let length = Int(text), length <= Self.bodyLimit else {
      return garbage()
    }
    if length == 0 { return whole() }
    state = .body(missing: length)
    return nil
  }

  private static func message(_ head: [UInt8]) -> WebPiece? {
    let lines = head.split(whereSeparator: { $0 == 10 || $0 == 13 }).map { String(decoding: $0, as: UTF8.self) }
    guard let first = lines.first else { return nil }
    var headers: [WebHeader] = []
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { return nil }
      headers.append(
        WebHeader(String(line[..<colon]), SOAPElement.trimmed(String(line[line.index(after: colon)...]))))
    }
    let words = first.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
    guard words.count >= 2 else { return nil }
    if words[0].hasPrefix("HTTP/1.") {
      guard words[1].utf8.count == 3, let status = Int(words[1]), (100..<600).contains(status) else { return nil }
      return .response(WebResponse(status, words.count > 2 ? words[2] : "", headers))
    }
    guard words.count == 3, words[2].hasPrefix("HTTP/1."), words[1].hasPrefix("/") else { return nil }
    return .request(WebRequest(words[0], words[1], headers))
  }
}
