import DeviceKit
import RTSPCodec

/// Text inside a document.
public enum SOAPText {
  public static func escaped(_ text: String) -> String {
    var written = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": written += "&amp;"
      case "<": written += "&lt;"
      case ">": written += "&gt;"
      case "\"": written += "&quot;"
      default: if scalar.value >= 0x20 || scalar == "\n" || scalar == "\t" { written.unicodeScalars.append(scalar) }
      }
    }
    return written
  }

  /// As it may go onto a terminal, a page and into the journal: one line of at most `limit` characters, each of which is short too.
  public static func plain(_ text: String, limit: Int = 80) -> String {
    let scalars = text.unicodeScalars.map { $0 == "\n" || $0 == "\t" || $0 == "\r" ? " " : $0 }.filter(\.isPlainText).prefix(
      limit * 4)
    return String(SOAPElement.trimmed(String(String.UnicodeScalarView(scalars))).prefix(limit))
  }
}

/// The services that are spoken here, by their namespaces.
public enum CameraService: String, Sendable, CaseIterable {
  case device = "http://www.onvif.org/ver10/device/wsdl"
  case media = "http://www.onvif.org/ver10/media/wsdl"
  case ptz = "http://www.onvif.org/ver20/ptz/wsdl"
}

/// One thing that a camera is asked.
public enum CameraRequest: Sendable, Equatable {
  /// By its own clock: logins are refused whose time is another one.
  case systemDateAndTime
  case capabilities
  /// The newer form of `capabilities`; some have only one of both.
  case services
  case deviceInformation
  case profiles
  case streamAddress(profile: String)
  case presets(profile: String)
  case goToPreset(profile: String, preset: String)

  public var service: CameraService {
    switch self {
    case .systemDateAndTime, .capabilities, .services, .deviceInformation: .device
    case .profiles, .streamAddress: .media
    case .presets, .goToPreset: .ptz
    }
  }

  public var operation: String {
    switch self {
    case .systemDateAndTime: "GetSystemDateAndTime"
    case .capabilities: "GetCapabilities"
    case .services: "GetServices"
    case .deviceInformation: "GetDeviceInformation"
    case .profiles: "GetProfiles"
    case .streamAddress: "GetStreamUri"
    case .presets: "GetPresets"
    case .goToPreset: "GotoPreset"
    }
  }

  private var content: String {
    func token(_ name: String, _ value: String) -> String { "<\(name)>\(SOAPText.escaped(value))</\(name)>" }
    return switch self {
    case .systemDateAndTime, .deviceInformation, .profiles: ""
    case .capabilities: "<Category>All</Category>"
    case .services: "<IncludeCapability>false</IncludeCapability>"
    case .streamAddress(let profile):
      "<StreamSetup><Stream xmlns=\"http://www.onvif.org/ver10/schema\">RTP-Unicast</Stream>"
        + "<Transport xmlns=\"http://www.onvif.org/ver10/schema\"><Protocol>RTSP</Protocol></Transport></StreamSetup>"
        + token("ProfileToken", profile)
    case .presets(let profile): token("ProfileToken", profile)
    case .goToPreset(let profile, let preset): token("ProfileToken", profile) + token("PresetToken", preset)
    }
  }

  /// The whole envelope.
  public func envelope(_ token: UsernameToken?) -> String {
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><s:Envelope xmlns:s=\"\(SOAPNames.envelope)\">"
      + (token.map { "<s:Header>\($0.xml)</s:Header>" } ?? "")
      + "<s:Body><\(operation) xmlns=\"\(service.rawValue)\">\(content)</\(operation)></s:Body></s:Envelope>"
  }

  /// One request on a connection of its own.
  public func message(to address: ServiceAddress, token: UsernameToken?, login: WebHeader?) -> WebRequest {
    let type = "application/soap+xml; charset=utf-8; action=\"\(service.rawValue)/\(operation)\""
    let headers = [
      WebHeader("Host", address.authority), WebHeader("User-Agent", "linli"), WebHeader("Content-Type", type),
      WebHeader("Connection", "close"),
    ]
    return WebRequest("POST", address.path, headers + (login.map { [$0] } ?? []), body: Array(envelope(token).utf8))
  }
}

public enum SOAPNames {
  public static let envelope = "http://www.w3.org/2003/05/soap-envelope"
  public static let addressing = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
  public static let discovery = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
  public static let schema = "http://www.onvif.org/ver10/schema"
}

/// What came back.
public enum CameraReply: Sendable, Equatable {
  /// The element inside the body.
  case answer(SOAPElement)
  /// It refuses, in its own words.
  case fault(CameraFault)
  /// What answers does not speak SOAP.
  case noSOAP
  /// It asks for a login, or for another one.
  case unauthorized(DigestChallenge?)

  public init(_ response: WebResponse) {
    let body = (try? SOAPReader.read(response.body)).flatMap { $0.name == "Envelope" ? $0.child("Body") : nil }
    let fault = body?.child("Fault").map(CameraFault.init)
    if response.status == 401 || fault?.isAboutLogin == true {
      self = .unauthorized(
        DigestChallenge(response.headers.filter { $0.name.lowercased() == "www-authenticate" }.map(\.value)))
    } else if let fault {
      self = .fault(fault)
    } else if (200..<300).contains(response.status), let answer = body?.children.first {
      self = .answer(answer)
    } else if (400..<600).contains(response.status) {
      self = .fault(CameraFault(status: response.status, reason: response.reason))
    } else {
      self = .noSOAP
    }
  }
}

/// Why a camera refuses, shortly and on one line.
public struct CameraFault: Sendable, Equatable {
  /// Of its codes the innermost one, without its prefix: `NotAuthorized`, `ActionNotSupported`, `NoProfile`.
  public var code: String
  public var reason: String

  init(_ fault: SOAPElement) {
    // SOAP 1.2 has Code/Subcode/Subcode and Reason/Text; 1.1 has faultcode and faultstring.
    let codes = ([fault.value("faultcode")] + (fault.child("Code").map { Self.values($0) } ?? [])).compactMap { $0 }
    let innermost = codes.last ?? ""
    code = SOAPText.plain(innermost.split(separator: ":").last.map(String.init) ?? innermost, limit: 40)
    reason = SOAPText.plain(fault.value("Reason", "Text") ?? fault.value("faultstring") ?? "")
  }

  init(status: Int, reason: String) {
    code = "HTTP \(status)"
    self.reason = SOAPText.plain(reason)
  }

  private static func values(_ code: SOAPElement) -> [String?] {
    [code.value("Value")] + (code.child("Subcode").map { values($0) } ?? [])
  }

  /// Some say it with a code of their own, and only the reason tells (V: ipycam).
  var isAboutLogin: Bool {
    if ["NotAuthorized", "FailedAuthentication", "InvalidSecurity", "InvalidSecurityToken"].contains(code) { return true }
    let words = reason.lowercased()
    return ["not authorized", "unauthorized", "not authorised", "authority failure"].contains { words.contains($0) }
  }

  public var text: String { reason.isEmpty ? code : "\(code): \(reason)" }
}
