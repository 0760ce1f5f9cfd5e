/// An element of an XML document as cameras write them: by its local name. What a prefix stands for is not looked up: devices pick prefixes at
/// random, and some forget to declare them.
public struct SOAPElement: Sendable, Equatable {
  public var name: String
  public var attributes: [Attribute]
  /// Of its own, without that of the elements inside it.
  public var text: String
  public var children: [SOAPElement]

  public struct Attribute: Sendable, Equatable {
    public var name: String
    public var value: String
  }

  public init(_ name: String, attributes: [Attribute] = [], text: String = "", children: [SOAPElement] = []) {
    self.name = name
    self.attributes = attributes
    self.text = text
    self.children = children
  }

  /// The first one of that name right inside it.
  public func child(_ name: String) -> SOAPElement? { children.first { $0.name == name } }
  public func all(_ name: String) -> [SOAPElement] { children.filter { $0.name == name } }
  public func attribute(_ name: String) -> String? { attributes.first { $0.name == name }?.value }

  /// The first of that name anywhere inside it, from the top down and from left to right.
  public func find(_ name: String) -> SOAPElement? {
    for child in children {
      if child.name == name { return child }
      if let found = child.find(name) { return found }
    }
    return nil
  }

  /// All of that name anywhere inside it; none of them is looked into.
  public func findAll(_ name: String) -> [SOAPElement] {
    children.flatMap { $0.name == name ? [$0] : $0.findAll(name) }
  }

  /// The text of what `path` leads to, without the blanks around it.
  public func value(_ path: String...) -> String? {
    var place: SOAPElement? = self
    for name in path { place = place?.child(name) }
    return place.map { Self.trimmed($0.text) }
  }

  static func trimmed(_ text: String) -> String {
    func isBlank(_ scalar: Unicode.Scalar) -> Bool { scalar == " " || scalar == "\n" || scalar == "\r" || scalar == "\t" }
    let scalars = text.unicodeScalars
    guard let first = scalars.firstIndex(where: { !isBlank($0) }), let last = scalars.lastIndex(where: { !isBlank($0) }) else {
      return ""
    }
    return String(scalars[first...last])
  }
}

/// Why a document is not read.
public enum SOAPMistake: Error, Sendable, Equatable {
  /// Longer, deeper or of more parts than anything that a camera has to say.
  case tooLarge
  /// A document type: with it come entities that grow without end.
  case documentType
  case notXML
}

/// Reads the part of XML that devices use, forgivingly where nothing is lost by it: an undeclared prefix, a lone `&`, an element that another
/// name closes is not forgiven.
public enum SOAPReader {
  public static let sizeLimit = 262_144
  public static let depthLimit = 40
  public static let elementLimit = 10_000

  public static func read(_ bytes: [UInt8]) throws(SOAPMistake) -> SOAPElement {
    guard bytes.count <= sizeLimit else { throw .tooLarge }
    var scan = Scan(bytes)
    return try scan.document()
  }
}

private struct Scan {
  private let bytes: [UInt8]
  private var at = 0
  /// From the outermost to the innermost that is still open, with the text of each as bytes.
  private var open: [(element: SOAPElement, text: [UInt8])] = []
  private var elements = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func document() throws(SOAPMistake) -> SOAPElement {
    while at < bytes.count {
      guard bytes[at] == UInt8(ascii: "<") else {
        take(text: ascending(to: UInt8(ascii: "<")))
        continue
      }
      if skip("<?") {
        try pass("?>")
      } else if skip("<!--") {
        try pass("-->")
      } else if skip("<![CDATA[") {
        let start = at
        try pass("]]>")
        if !open.isEmpty { open[open.count - 1].text += bytes[start..<at - 3] }
      } else if skip("<!") {
        throw .documentType
      } else if skip("</") {
        if let root = try close() { return root }
      } else {
        at += 1
        if let root = try begin() { return root }
      }
    }
    throw .notXML
  }

  private func ascending(to byte: UInt8) -> Range<Int> { at..<(bytes[at...].firstIndex(of: byte) ?? bytes.count) }

  private mutating func take(text range: Range<Int>) {
    at = range.upperBound
    if !open.isEmpty { open[open.count - 1].text += Self.plain(bytes[range]) }
  }

  private mutating func skip(_ mark: String) -> Bool {
    guard bytes[at...].starts(with: mark.utf8) else { return false }
    at += mark.utf8.count
    return true
  }

  /// To behind the mark.
  private mutating func pass(_ mark: String) throws(SOAPMistake) {
    while at < bytes.count {
      if skip(mark) { return }
      at += 1
    }
    throw .notXML
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
  private static func isName(_ byte: UInt8) -> Bool {
    !isBlank(byte) && byte > 0x20 && !"<>/='\"&".utf8.contains(byte)
  }

  private mutating func blanks() { while at < bytes.count, Self.isBlank(bytes[at]) { at += 1 } }

  /// Without its prefix.
  private mutating func name() throws(SOAPMistake) -> String {
    let start = at
    while at < bytes.count, Self.isName(bytes[at]) { at += 1 }
    guard start < at else { throw .notXML }
    let whole = bytes[start..<at]
    let local = whole.lastIndex(of: UInt8(ascii: ":")).map { whole[($0 + 1)...] } ?? whole
    guard !local.isEmpty else { throw .notXML }
    return String(decoding: local, as: UTF8.self)
  }

  private mutating func begin() throws(SOAPMistake) -> SOAPElement? {
    elements += 1
    guard elements <= SOAPReader.elementLimit, open.count < SOAPReader.depthLimit else { throw .tooLarge }
    var element = SOAPElement(try name())
    while true {
      blanks()
      guard at < bytes.count else { throw .notXML }
      if skip("/>") { return finish(element) }
      if skip(">") {
        open.append((element, []))
        return nil
      }
      let attribute = try name()
      blanks()
      guard skip("=") else { throw .notXML }
      blanks()
      guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") || bytes[at] == UInt8(ascii: "'") else { throw .notXML }
      let quote = bytes[at]
      at += 1
      let range = ascending(to: quote)
      guard range.upperBound < bytes.count else { throw .notXML }
      guard element.attributes.count < 64 else { throw .tooLarge }
      element.attributes.append(
        SOAPElement.Attribute(name: attribute, value: String(decoding: Self.plain(bytes[range]), as: UTF8.self)))
      at = range.upperBound + 1
    }
  }

  private mutating func close() throws(SOAPMistake) -> SOAPElement? {
    let closed = try name()
    blanks()
    guard skip(">"), let innermost = open.popLast(), innermost.element.name == closed else { throw .notXML }
    var element = innermost.element
    element.text = String(decoding: innermost.text, as: UTF8.self)
    return finish(element)
  }

  private mutating func finish(_ element: SOAPElement) -> SOAPElement? {
    guard !open.isEmpty else { return element }
    open[open.count - 1].element.children.append(element)
    return nil
  }

  /// With what its references stand for. A lone `&`, as some devices write it into addresses, stands for itself.
  private static func plain(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    guard bytes.contains(UInt8(ascii: "&")) else { return Array(bytes) }
    var found: [UInt8] = []
    var index = bytes.startIndex
    while index < bytes.endIndex {
      if bytes[index] == UInt8(ascii: "&"), let end = bytes[index...].prefix(12).firstIndex(of: UInt8(ascii: ";")),
        let scalar = scalar(String(decoding: bytes[(index + 1)..<end], as: UTF8.self))
      {
        found += Array(String(scalar).utf8)
        index = end + 1
      } else {
        found.append(bytes[index])
        index += 1
      }
    }
    return found
  }

  private static func scalar(_ reference: String) -> Unicode.Scalar? {
    switch reference {
    case "amp": return "&"
    case "lt": return "<"
    case "gt": return ">"
    case "quot": return "\""
    case "apos": return "'"
    default:
      guard reference.hasPrefix("#") else { return nil }
      let digits = reference.dropFirst()
      let value = digits.hasPrefix("x") ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
      guard let value, value > 0 else { return nil }
      return Unicode.Scalar(value)
    }
  }
}
