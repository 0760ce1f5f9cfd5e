import DeviceVocabulary

/// WS-Discovery: who asks by multicast, and is answered directly.
public enum Discovery {
  public static let group = "239.255.255.250"
  public static let port = 3702

  /// - Parameter id: of the message, as `Discovery.id` makes it.
  public static func probe(id: String) -> [UInt8] {
    let text =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?><s:Envelope xmlns:s=\"\(SOAPNames.envelope)\" xmlns:a=\"\(SOAPNames.addressing)\""
      + " xmlns:d=\"\(SOAPNames.discovery)\" xmlns:dn=\"http://www.onvif.org/ver10/network/wsdl\"><s:Header>"
      + "<a:MessageID>\(id)</a:MessageID><a:To s:mustUnderstand=\"1\">urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To>"
      + "<a:Action s:mustUnderstand=\"1\">\(SOAPNames.discovery)/Probe</a:Action></s:Header>"
      + "<s:Body><d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe></s:Body></s:Envelope>"
    return Array(text.utf8)
  }

  /// `uuid:…` of 16 bytes.
  public static func id(_ bytes: [UInt8]) -> String {
    let digits = hexadecimal(bytes)
    let cuts = [0, 8, 12, 16, 20, 32]
    let text = Array(digits.utf8)
    let parts = zip(cuts, cuts.dropFirst()).map { from, to in
      String(decoding: text[min(from, text.count)..<min(to, text.count)], as: UTF8.self)
    }
    return "uuid:" + parts.joined(separator: "-")
  }

  /// The message's id of a probe that this camera has to answer; `nil`: it is none, or asks for another kind of device.
  public static func probeID(_ datagram: [UInt8]) -> String? {
    guard let envelope = try? SOAPReader.read(datagram), let probe = envelope.child("Body")?.child("Probe") else { return nil }
    let kinds = (probe.value("Types") ?? "").split { $0 == " " || $0 == "\n" }.map { $0.split(separator: ":").last ?? $0 }
    guard kinds.isEmpty || kinds.contains(where: { ["NetworkVideoTransmitter", "Device"].contains($0) }) else { return nil }
    return envelope.child("Header")?.value("MessageID")
  }

  /// What a datagram says of cameras. Both forms are read: with `ProbeMatches` around the answers, and without (V: ipycam).
  ///
  /// - Parameter ids: of our own probes: what answers another's is left out.
  public static func matches(_ datagram: [UInt8], to ids: [String]) -> [DiscoveredCamera] {
    guard let envelope = try? SOAPReader.read(datagram) else { return [] }
    if let related = envelope.child("Header")?.value("RelatesTo"), !ids.contains(related) { return [] }
    let body = envelope.child("Body") ?? envelope
    let found = body.findAll("ProbeMatch").isEmpty ? [body] : body.findAll("ProbeMatch")
    return found.prefix(16).compactMap(DiscoveredCamera.init)
  }
}

/// A camera that answered.
public struct DiscoveredCamera: Sendable, Equatable {
  /// Its own name for itself, which stays when its address changes; may be "".
  public var id: String
  /// From its scopes, for people; may be "".
  public var name: String
  public var model: String
  public var place: String
  /// As it gives them: the host may be one that nobody reaches.
  public var addresses: [ServiceAddress]

  public init(id: String, name: String, model: String, place: String = "", addresses: [ServiceAddress]) {
    self.id = id
    self.name = name
    self.model = model
    self.place = place
    self.addresses = addresses
  }

  init?(_ match: SOAPElement) {
    guard let given = match.find("XAddrs") else { return nil }
    addresses = SOAPElement.trimmed(given.text).split { $0 == " " || $0 == "\n" || $0 == "\t" || $0 == "\r" }.prefix(8)
      .compactMap { ServiceAddress(String($0)) }
    guard !addresses.isEmpty else { return nil }
    id = SOAPText.plain(match.find("EndpointReference")?.value("Address") ?? "", limit: 100)
    let scopes = (match.find("Scopes")?.text ?? "").split { $0 == " " || $0 == "\n" || $0 == "\t" || $0 == "\r" }
    func scope(_ kind: String) -> String {
      let start = "onvif://www.onvif.org/\(kind)/"
      let found = scopes.first { $0.lowercased().hasPrefix(start) }
      return SOAPText.plain(found.map { Self.decoded($0.dropFirst(start.count)) } ?? "", limit: 40)
    }
    (name, model, place) = (scope("name"), scope("hardware"), scope("location"))
  }

  /// `%20` is a blank.
  private static func decoded(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == 0x25, rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The one to speak with: where it answered from comes first, as the others may lead nowhere.
  ///
  /// - Parameter host: that the answer came from, as a number; `nil`: this machine, where each of its addresses will do.
  public func address(answeredFrom host: String?) -> ServiceAddress? {
    guard let host else { return addresses.first }
    return addresses.first { $0.host == host } ?? addresses.first.map { ServiceAddress(host: host, port: $0.port, path: $0.path) }
  }
}
