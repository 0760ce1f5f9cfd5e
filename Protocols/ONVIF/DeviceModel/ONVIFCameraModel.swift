import DeviceKit
import ONVIFCodec
import RTSPCodec

/// A camera's ONVIF services, one connection at a time, and its answers to WS-Discovery, as a client sees them.
public struct ONVIFCameraModel: Machine, Sendable {
  public enum Input: Sendable, Equatable {
    case connected
    case disconnected
    case received([UInt8])
    /// By multicast.
    case datagram([UInt8])
    case wake
  }
  public enum Effect: Sendable, Equatable {
    case transmit([UInt8])
    case hangUp
    /// Back to where the last datagram came from.
    case datagram([UInt8])
  }

  /// What is wrong with it.
  public struct Faults: Sendable, Equatable {
    public var isSilent = false
    public var isGarbage = false
    /// Sends the first half of each answer, and hangs up.
    public var sendsHalf = false
    public var isChunked = false
    /// Gives no length and hangs up behind the answer.
    public var hasNoLength = false
    public var answersAfter = Interval.zero
    /// Of its clock against the real time.
    public var clockAheadSeconds: Int64 = 0
    /// Its clock too wants a login.
    public var keepsClock = false
    /// It does not know GetCapabilities, or not GetServices.
    public var hasNoCapabilities = false
    public var hasNoServices = false
    /// What it calls itself, where that is a name that nobody reaches.
    public var ownName: String?
    /// As the host in the addresses of its streams; "": none.
    public var streamHost: String?
    /// It wants the login of HTTP.
    public var wantsWebLogin = false
    /// Says with each login of HTTP that its number was too old.
    public var isAlwaysStale = false
    /// The status with which it refuses logins: 400, 401 or 500.
    public var refusalStatus = 401
    /// Calls its refusal `s:Receiver`, without a code of its own (V: ipycam).
    public var hasPlainRefusal = false
    /// Answers to WS-Discovery with the action `ProbeMatch` and no `ProbeMatches` (V: ipycam).
    public var answersProbePlainly = false
    /// Presets are there, and it does not go to them.
    public var isStuck = false

    public init() {}
  }

  public var name = "Simulated"
  public var model = "WG-CAM"
  public var id = "urn:uuid:5f5a69c2-e0ae-504f-829b-00fab0e3a4d1"
  /// Where its services are reached, and its stream.
  public var address: ServiceAddress
  public var streamPort = 554
  public var user: String
  public var password: String
  public var profiles: [CameraProfile]
  public var presets: [CameraPreset]
  /// It has a motor.
  public var moves: Bool
  public var faults = Faults()
  /// Seconds since 1970 at `Instant.zero`.
  public var unixSecondsAtZero: Int64

  /// What was asked and where it looks, for tests.
  public private(set) var operations: [String] = []
  public private(set) var wrongLogins = 0
  public private(set) var position: String?
  /// After five wrong logins nobody is let in any more.
  public var isLocked: Bool { wrongLogins >= Self.lockAfter }
  public static let lockAfter = 5

  private let sha1: @Sendable ([UInt8]) -> [UInt8]
  private let md5: @Sendable ([UInt8]) -> [UInt8]
  private var reader = WebReader()
  private var webNonces: UInt64 = 0
  /// Those that were given out last: a client may keep one for its next requests.
  private var validNonces: [String] = []
  /// Those of the last logins: none is taken twice.
  private var usedNonces: [[UInt8]] = []
  private var pending: [(due: Instant, bytes: [UInt8], hangsUp: Bool)] = []
  private var datagrams: [(due: Instant, bytes: [UInt8])] = []
  private var messages: UInt8 = 0

  public init(
    address: ServiceAddress, user: String = "", password: String = "", unixSecondsAtZero: Int64 = 1_795_000_000,
    sha1: @escaping @Sendable ([UInt8]) -> [UInt8], md5: @escaping @Sendable ([UInt8]) -> [UInt8]
  ) {
    self.address = address
    self.user = user
    self.password = password
    self.unixSecondsAtZero = unixSecondsAtZero
    self.sha1 = sha1
    self.md5 = md5
    profiles = [
      CameraProfile(token: "p0", name: "main", width: 1920, height: 1080, encoding: "H264", stream: "/ch1/main"),
      CameraProfile(token: "p1", name: "sub", width: 640, height: 360, encoding: "H264", stream: "/ch1/sub"),
    ]
    presets = [CameraPreset(token: "1", name: "door"), CameraPreset(token: "2", name: "yard & gate")]
    moves = true
  }

  public var deadline: Instant? { [pending.first?.due, datagrams.first?.due].compactMap { $0 }.min() }

  public mutating func handle(_ input: Input, at now: Instant, into effects: inout Effects<Effect>) {
    switch input {
    case .connected:
      reader.startOver()
      pending.removeAll()
    case .disconnected: pending.removeAll()
    case .received(let bytes):
      for piece in reader.push(bytes) {
        switch piece {
        case .request(let request): answer(request, now)
        case .response, .garbage: pending.append((now, [], true))
        }
      }
    case .datagram(let bytes): if let id = Discovery.probeID(bytes) { answerProbe(id, now) }
    case .wake: break
    }
    while let first = pending.first, first.due <= now, effects.room > 2 {
      pending.removeFirst()
      if !first.bytes.isEmpty { effects.append(.transmit(first.bytes)) }
      if first.hangsUp { effects.append(.hangUp) }
    }
    while let first = datagrams.first, first.due <= now, effects.room > 0 {
      datagrams.removeFirst()
      effects.append(.datagram(first.bytes))
    }
  }

  // MARK: - Answers

  private mutating func answer(_ request: WebRequest, _ now: Instant) {
    guard !faults.isSilent else { return }
    guard !faults.isGarbage else { return pending.append((now + faults.answersAfter, Array("SSH-2.0-x\r\n\r\n".utf8), true)) }
    var response = response(request, now)
    // One connection at a time: who keeps one open would keep everybody else out.
    response.headers.append(WebHeader("Connection", "close"))
    var bytes = faults.isChunked ? response.chunked(size: 37) : response.bytes
    if faults.hasNoLength {
      let lines = ["HTTP/1.1 \(response.status) \(response.reason)"] + response.headers.map { "\($0.name): \($0.value)" }
      bytes = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + response.body
    }
    if faults.sendsHalf { bytes = Array(bytes.prefix(bytes.count / 2)) }
    pending.append((now + faults.answersAfter, bytes, true))
  }

  private mutating func response(_ request: WebRequest, _ now: Instant) -> WebResponse {
    guard request.method == "POST" else { return WebResponse(405, "Method Not Allowed") }
    guard let envelope = try? SOAPReader.read(request.body), let asked = envelope.child("Body")?.children.first else {
      return fault("Sender", "WellFormed", "Not well-formed", status: 400)
    }
    operations.append(asked.name)
    if operations.count > 200 { operations.removeFirst(100) }
    if asked.name == "GetSystemDateAndTime" {
      guard !faults.keepsClock || isAllowed(request, envelope, now) else { return refusal() }
      return ok(clock(at: now))
    }
    guard isAllowed(request, envelope, now) else { return refusal() }
    return operation(asked, now)
  }

  private mutating func operation(_ asked: SOAPElement, _ now: Instant) -> WebResponse {
    switch asked.name {
    case "GetCapabilities" where !faults.hasNoCapabilities: return ok(capabilities)
    case "GetServices" where !faults.hasNoServices: return ok(services)
    case "GetDeviceInformation":
      return ok(
        "<tds:GetDeviceInformationResponse><tds:Manufacturer>Linli</tds:Manufacturer><tds:Model>\(SOAPText.escaped(model))</tds:Model>"
          + "<tds:FirmwareVersion>1.0</tds:FirmwareVersion><tds:SerialNumber>1</tds:SerialNumber>"
          + "<tds:HardwareId>1</tds:HardwareId></tds:GetDeviceInformationResponse>")
    case "GetProfiles":
      return ok("<trt:GetProfilesResponse>\(profiles.map(written).joined())</trt:GetProfilesResponse>")
    case "GetStreamUri":
      guard let profile = profile(asked), let path = profile.stream else { return noProfile }
      let host = faults.streamHost ?? faults.ownName ?? address.host
      let uri = host.isEmpty ? "rtsp://\(path)" : "rtsp://\(host):\(streamPort)\(path)"
      return ok(
        "<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>\(SOAPText.escaped(uri))</tt:Uri>"
          + "<tt:InvalidAfterConnect>false</tt:InvalidAfterConnect><tt:InvalidAfterReboot>false</tt:InvalidAfterReboot>"
          + "<tt:Timeout>PT0S</tt:Timeout></trt:MediaUri></trt:GetStreamUriResponse>")
    case "GetPresets" where moves:
      guard profile(asked) != nil else { return noProfile }
      let list = presets.map {
        "<tptz:Preset token=\"\(SOAPText.escaped($0.token))\"><tt:Name>\(SOAPText.escaped($0.name))</tt:Name></tptz:Preset>"
      }
      return ok("<tptz:GetPresetsResponse>\(list.joined())</tptz:GetPresetsResponse>")
    case "GotoPreset" where moves:
      guard profile(asked) != nil else { return noProfile }
      guard let token = asked.value("PresetToken"), presets.contains(where: { $0.token == token }) else {
        return fault("Sender", "NoToken", "The requested preset token does not exist", status: 400)
      }
      guard !faults.isStuck else { return fault("Receiver", "Action", "PTZ motor failure", status: 500) }
      position = token
      return ok("<tptz:GotoPresetResponse/>")
    default: return fault("Receiver", "ActionNotSupported", "Optional Action Not Implemented", status: 500)
    }
  }

  private func profile(_ asked: SOAPElement) -> CameraProfile? {
    asked.value("ProfileToken").flatMap { token in profiles.first { $0.token == token } }
  }

  private var noProfile: WebResponse { fault("Sender", "NoProfile", "Profile token does not exist", status: 400) }

  // MARK: - Logins

  private mutating func isAllowed(_ request: WebRequest, _ envelope: SOAPElement, _ now: Instant) -> Bool {
    guard !user.isEmpty else { return true }
    guard !isLocked else { return false }
    let login = CameraLogin(user: user, password: password, sha1: sha1, md5: md5)
    let isRight: Bool
    if faults.wantsWebLogin {
      guard let given = request.headers.value("Authorization"), let right = isWebLogin(given, request, login) else {
        return false
      }
      isRight = right
      if isRight, faults.isAlwaysStale { return false }
    } else {
      guard let token = envelope.child("Header")?.child("Security").flatMap({ UsernameToken($0) }) else { return false }
      isRight = isToken(token, login, now)
    }
    if !isRight { wrongLogins += 1 }
    return isRight
  }

  private mutating func isToken(_ token: UsernameToken, _ login: CameraLogin, _ now: Instant) -> Bool {
    guard token.user == user, token.digest == UsernameToken.digest(nonce: token.nonce, created: token.created, login),
      let created = CameraTime.seconds(token.created), abs(created - unixSeconds(now)) <= 300, !usedNonces.contains(token.nonce)
    else { return false }
    usedNonces.append(token.nonce)
    if usedNonces.count > 50 { usedNonces.removeFirst() }
    return true
  }

  /// `nil`: with a number that is not one of its own, or too old: that says nothing of the password.
  private func isWebLogin(_ given: String, _ request: WebRequest, _ login: CameraLogin) -> Bool? {
    let fields = DigestChallenge.fields(of: given, scheme: "digest") ?? []
    func field(_ name: String) -> String { fields.last { $0.name == name }?.value ?? "" }
    guard validNonces.contains(field("nonce")) else { return nil }
    let challenge = DigestChallenge(realm: model, nonce: field("nonce"), hasQuality: !field("qop").isEmpty)
    return field("username") == user && field("uri") == request.path
      && field("response")
        == challenge.response(
          method: request.method, uri: request.path, user: login.user, password: login.password, counted: field("nc"),
          ownNonce: field("cnonce"), md5: login.md5)
  }

  private mutating func refusal() -> WebResponse {
    let code = faults.hasPlainRefusal ? "" : "NotAuthorized"
    var response = fault(
      faults.hasPlainRefusal ? "Receiver" : "Sender", code, "Sender not authorized",
      status: faults.wantsWebLogin ? 401 : faults.refusalStatus)
    if faults.wantsWebLogin {
      webNonces += 1
      let nonce = "4f2c9a\(webNonces)"
      validNonces = (validNonces + [nonce]).suffix(8)
      response.headers.append(
        WebHeader(
          "WWW-Authenticate",
          "Digest realm=\"\(model)\", qop=\"auth\", nonce=\"\(nonce)\"" + (faults.isAlwaysStale ? ", stale=\"true\"" : "")))
    }
    return response
  }

  func unixSeconds(_ now: Instant) -> Int64 {
    unixSecondsAtZero + Int64(now.microseconds / 1_000_000) + faults.clockAheadSeconds
  }

  // MARK: - Discovery

  private mutating func answerProbe(_ probe: String, _ now: Instant) {
    guard !faults.isSilent else { return }
    messages &+= 1
    let own = Discovery.id([UInt8](repeating: messages, count: 16))
    let match = discoveryMatch
    let (action, body) =
      faults.answersProbePlainly
      ? ("ProbeMatch", "<d:ProbeMatch>\(match)</d:ProbeMatch>")
      : ("ProbeMatches", "<d:ProbeMatches><d:ProbeMatch>\(match)</d:ProbeMatch></d:ProbeMatches>")
    let text =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?><e:Envelope xmlns:e=\"\(SOAPNames.envelope)\" xmlns:w=\"\(SOAPNames.addressing)\""
      + " xmlns:d=\"\(SOAPNames.discovery)\" xmlns:q7=\"http://www.onvif.org/ver10/network/wsdl\"><e:Header>"
      + "<w:MessageID>\(own)</w:MessageID><w:RelatesTo>\(SOAPText.escaped(probe))</w:RelatesTo>"
      + "<w:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</w:To>"
      + "<w:Action>\(SOAPNames.discovery)/\(action)</w:Action></e:Header><e:Body>\(body)</e:Body></e:Envelope>"
    datagrams.append((now + faults.answersAfter, faults.isGarbage ? Array("<e:Env".utf8) : Array(text.utf8)))
    if datagrams.count > 16 { datagrams.removeFirst() }
  }
}
