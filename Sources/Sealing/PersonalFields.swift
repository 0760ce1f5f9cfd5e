import DeviceVocabulary
import ResidentCardCodec
import Transports

/// What a visitor has left, or a card has told: as little as the call-back and the comparison at the window need. Each value lies in locked
/// memory of its own; on its way to and from the sealed form (UTF-8 JSON) it is moved from buffer to buffer, never through a `String`.
public struct PersonalFields: Sendable {
  public enum Field: String, Sendable, CaseIterable {
    case name, number, address, phone

    /// Bytes of UTF-8.
    public var limit: Int {
      switch self {
      case .name: 120
      case .number: 32
      case .address: 400
      case .phone: 32
      }
    }
  }

  private var values: [SecretBuffer?] = Field.allCases.map { _ in nil }
  private let pages: SecretBuffer.PageKeeper?

  public init(pages: SecretBuffer.PageKeeper? = LockedPages.keep) { self.pages = pages }

  public var isEmpty: Bool { values.allSatisfy { $0 == nil } }

  public func buffer(_ field: Field) -> SecretBuffer? { values[Self.place(field)] }

  /// Answers false, and changes nothing, when it is too long, is no UTF-8, or holds a control character. What is empty is left out.
  @discardableResult
  public mutating func set(_ field: Field, _ utf8: some Sequence<UInt8>) -> Bool {
    let buffer = SecretBuffer(capacity: field.limit, pages: pages)
    for byte in utf8 where !buffer.append(byte) { return false }
    return put(field, buffer)
  }

  /// The same from memory that is erased by whoever owns it.
  @discardableResult
  public mutating func set(_ field: Field, from source: SecretBuffer) -> Bool {
    let buffer = SecretBuffer(capacity: field.limit, pages: pages)
    let fits = source.withSpan { span in
      for index in span.indices where !buffer.append(span[index]) { return false }
      return true
    }
    return fits && put(field, buffer)
  }

  private mutating func put(_ field: Field, _ buffer: SecretBuffer) -> Bool {
    let isGood = buffer.withSpan { span in
      for index in span.indices where span[index] < 0x20 || span[index] == 0x7F { return false }
      return (try? UTF8Span(validating: span)) != nil
    }
    guard isGood else { return false }
    values[Self.place(field)] = buffer.isEmpty ? nil : buffer
    return true
  }

  /// A copy on the heap, for a page: it cannot be erased.
  public func text(_ field: Field) -> String? {
    buffer(field)?.withSpan { span in
      var bytes: [UInt8] = []
      for index in span.indices { bytes.append(span[index]) }
      return String(decoding: bytes, as: UTF8.self)
    }
  }

  /// As on the screen of the terminal where a card was read.
  public var maskedNumber: String? {
    buffer(.number)?.withSpan { span in
      MaskedCard.number { place in for index in span.indices { place(Unicode.Scalar(span[index])) } }
    }
  }

  public func wipe() { for value in values { value?.wipe() } }

  private static func place(_ field: Field) -> Int {
    switch field {
    case .name: 0
    case .number: 1
    case .address: 2
    case .phone: 3
    }
  }

  // MARK: - Sealed form

  private static let quote = UInt8(ascii: "\"")
  private static let escape = UInt8(ascii: "\\")

  /// `{"name":"…","phone":"…"}`. Answers false when it does not fit: `content` is empty then.
  public func write(to content: SecretBuffer) -> Bool {
    content.wipe()
    return append(to: content, masked: false)
  }

  /// The same for a page, behind what is there: of the number only what is needed to compare it.
  public func writeMasked(to content: SecretBuffer) -> Bool { append(to: content, masked: true) }

  private func append(to content: SecretBuffer, masked: Bool) -> Bool {
    var isFirst = true
    var fits = true
    func put(_ byte: UInt8) { fits = content.append(byte) && fits }
    put(UInt8(ascii: "{"))
    for field in Field.allCases {
      guard let value = buffer(field) else { continue }
      if !isFirst { put(UInt8(ascii: ",")) }
      isFirst = false
      for byte in "\"\(field.rawValue)\":\"".utf8 { put(byte) }
      if masked, field == .number {
        for byte in (maskedNumber ?? "").utf8 { put(byte) }
        put(Self.quote)
        continue
      }
      let valueFits = value.withSpan { span in
        for index in span.indices {
          let byte = span[index]
          if byte == Self.quote || byte == Self.escape, !content.append(Self.escape) { return false }
          if !content.append(byte) { return false }
        }
        return true
      }
      fits = fits && valueFits
      put(Self.quote)
    }
    put(UInt8(ascii: "}"))
    if !fits { content.wipe() }
    return fits
  }

  /// Reads what `write` wrote, and nothing else: `nil` for any other bytes.
  public init?(reading content: SecretBuffer, pages: SecretBuffer.PageKeeper? = LockedPages.keep) {
    self.init(pages: pages)
    let buffers = Field.allCases.map { SecretBuffer(capacity: $0.limit, pages: pages) }
    let found = content.withSpan { Self.parse($0, into: buffers) }
    guard let found else { return nil }
    for (field, buffer) in zip(Field.allCases, buffers) where found.contains(field.rawValue) {
      guard !buffer.isEmpty, put(field, buffer) else { return nil }
    }
  }

  /// The names of the fields that stood there, in order.
  private static func parse(_ span: Span<UInt8>, into buffers: [SecretBuffer]) -> [String]? {
    var at = 0
    func take(_ byte: UInt8) -> Bool {
      guard at < span.count, span[at] == byte else { return false }
      at += 1
      return true
    }
    guard take(UInt8(ascii: "{")) else { return nil }
    var found: [String] = []
    for (field, buffer) in zip(Field.allCases, buffers) {
      let key = Array("\"\(field.rawValue)\":\"".utf8)
      let start = at
      guard found.isEmpty || take(UInt8(ascii: ",")) else { break }
      guard at + key.count <= span.count, key.indices.allSatisfy({ span[at + $0] == key[$0] }) else {
        at = start
        continue
      }
      at += key.count
      while true {
        guard at < span.count else { return nil }
        if span[at] == quote { break }
        if span[at] == escape {
          at += 1
          guard at < span.count, span[at] == quote || span[at] == escape else { return nil }
        }
        guard buffer.append(span[at]) else { return nil }
        at += 1
      }
      at += 1
      found.append(field.rawValue)
    }
    guard take(UInt8(ascii: "}")), at == span.count else { return nil }
    return found
  }
}

extension PersonalFields: CustomStringConvertible, CustomReflectable {
  public var description: String { "PersonalFields" }
  public var customMirror: Mirror { Mirror(self, children: []) }
}
